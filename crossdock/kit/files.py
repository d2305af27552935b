"""Files of a connection, for systems whose API is files: what a client gets, and what it says of each.

Files          the files, oldest first, as the client of the connection reads them
FileOutcome    what came out of reading one: a summary, its invoices, what did not fit
Orders         what the files say of orders that are charged in one file, and listed in another
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import msgspec


@dataclass(frozen=True)
class FileRef:
    """A file of a connection, as it was received. Its content never changes."""

    id: str
    name: str
    received: datetime
    invoice_id: str | None = None
    """From what came with it, where the file itself is silent; `invoice_date` likewise: a UTC timestamp."""
    invoice_date: str | None = None


class Fault(msgspec.Struct, gc=False, omit_defaults=True):
    """A part of the file that does not fit. What else the row holds is still read."""

    row: int
    column: str | None
    """The header as delivered; None: it is about the whole row."""
    value: str
    """The cell, cut off at 200 characters."""
    message: str
    is_warning: bool = False
    """It is told, but takes nothing from the amounts: a refund with a positive sign."""


class Summary(msgspec.Struct, kw_only=True):
    """A file, summed up."""

    rows: int
    """Records below the header that are not blank."""
    line_items: int
    net: Decimal | None
    """None: there are several currencies, and no sum."""
    gross: Decimal | None
    currency: str | None
    reconciled: bool | None
    """True: every check passed and nothing failed. None: there was nothing to check."""
    gap: Decimal | None
    """What the file states as its totals, minus what its charges come to. None: unknown."""
    checks: int = 0
    checks_failed: int = 0
    errors: int = 0
    warnings: int = 0


class Statement(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A file's statements on one invoice besides its total: for when the invoice comes in several files."""

    checks: int = 0
    """Of its records."""
    failed: int = 0
    gap: Decimal = Decimal(0)
    """Of the checks of its records that failed."""
    misses: dict[str, Decimal] = {}
    """The same by shipment; of many only the first."""
    has_parts: bool = False
    """Whether a total may be one of each shipment."""
    parts: dict[str, Decimal] = {}
    """What is stated for each shipment, where that differs: by tracking number, or what the layout says."""
    is_split: bool = False
    """Whether its charges are divided among parcels that another file names."""


class Parcel(msgspec.Struct, gc=False, frozen=True):
    """A parcel of an order that is charged in another file."""

    row: int
    order: str
    tracking_number: str
    product_code: str | None = None
    is_returned: bool = False
    reason: str | None = None
    """Why it was not delivered."""
    returned_on: str | None = None
    """A date, "2026-01-31"."""
    delivered_on: str | None = None


class Invoice(msgspec.Struct, kw_only=True):
    """One invoice of a file, summed up. The fields mean what they mean in `Summary`."""

    invoice_id: str | None
    account_id: str | None
    """None: there are several, or none."""
    invoice_date: str | None
    due_date: str | None
    currency: str | None
    net: Decimal | None
    gross: Decimal | None
    stated_total: Decimal | None
    """What the file says that the invoice comes to, where it says so."""
    reconciled: bool | None
    gap: Decimal | None
    rows: int
    line_items: int
    errors: int
    statement: Statement = msgspec.field(default_factory=Statement)


@dataclass(frozen=True)
class FileOutcome:
    """The result of reading a file to its end, or the reason why it was not read."""

    refused: str | None = None
    carrier: str | None = None
    variant: str | None = None
    summary: Summary | None = None
    invoices: list[Invoice] = field(default_factory=list)
    """The first 10,000 of them."""
    faults: list[Fault] = field(default_factory=list)
    """The first 1,000 of them; the summary has their number."""


class Orders(Protocol):
    """The orders that the files of a connection charge in one file, and list in another."""

    async def note_charges(self, id: str, orders: Collection[str]) -> None:
        """The file has charges of these orders."""
        ...

    async def note_parcels(self, id: str, parcels: Sequence[Parcel]) -> None:
        """The file has these parcels."""
        ...

    async def parcels(self, orders: Collection[str]) -> Mapping[str, Sequence[Parcel]]:
        """The parcels of orders that any file has, each once, in the order in which they came."""
        ...

    async def keep_only(self, id: str, pieces: Collection[str]) -> None:
        """The charges of the file are divided into these records now; others that they were are gone."""
        ...


class Files(Protocol):
    """The files of one connection, oldest first: for systems whose API is files that they deliver."""

    async def after(self, last: str | None, *, start: datetime | None = None) -> list[FileRef]:
        """The next files after the one with the id `last` (None: from the first), at most 100; none: no more.

        start: only those received since. A `last` that is gone by now still says where to go on.
        """
        ...

    @property
    def orders(self) -> Orders: ...

    async def again(self) -> list[FileRef]:
        """Files that are to be read again, oldest first, at most 100; none: no more."""
        ...

    async def one(self, id: str) -> FileRef | None:
        """The file; None when it is not kept any more."""
        ...

    async def begin(self, id: str) -> int:
        """Note that its reading begins; tell how often that was since a page of it was stored."""
        ...

    async def give_up(self, id: str) -> None:
        """Note that its reading broke off for no fault of its own."""
        ...

    def open(self, id: str) -> AbstractAsyncContextManager[Path]:
        """The file on this machine, for as long as the block takes. Raises NotFound when it is gone."""
        ...

    async def note_read(self, id: str, outcome: FileOutcome) -> None:
        """Keep what came out of reading it, in place of what an earlier reading left. May be told twice."""
        ...
