"""What a carrier's `layout.py` says of one form of its invoices. Pure, as all that it names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossdock.invoices.accumulator import InvoiceAccumulator
from crossdock.invoices.columns import Columns, TableHead
from crossdock.invoices.contract import ReadRecord
from crossdock.kit.contract import Raw
from crossdock.kit.files import Parcel

Divide = Callable[[Raw, Sequence[Parcel]], list[Raw]]
"""A charge of an order and the order's parcels → a record for each; the first has the charge's own id."""


@dataclass(frozen=True)
class Layout:
    """One form of a carrier's invoices."""

    recognises: Callable[[TableHead], bool]
    """Whether a file that begins so is one: by its content alone."""
    reads: Callable[[Columns, InvoiceAccumulator], ReadRecord]
    """Makes what reads each record below the header."""
    variant: str | None = None
    currency: str | None = None
    """What amounts are in when the file does not say."""
    delimiters: str = ",;\t"
    header_rows: int = 1
    divide: Divide | None = None
    """Divides its charges, where they are of orders, among the parcels of these once those are known."""
    columns: tuple[str, ...] = ()
    """The names by position, for files without a header."""

    @property
    def is_split(self) -> bool:
        """Check whether its charges are of orders, whose parcels stand in another file."""
        return self.divide is not None
