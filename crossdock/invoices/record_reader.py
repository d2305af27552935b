"""The record of a file that is being read: its cells as texts, amounts and dates, and what does not fit."""

from collections.abc import Callable
from decimal import Decimal

from crossdock.invoices.amounts import AmbiguousAmount, NumberStyle, amount
from crossdock.invoices.columns import Columns
from crossdock.invoices.contract import Cells, LineItem
from crossdock.invoices.dates import date
from crossdock.kit.files import Fault, Parcel

_LONGEST_SHOWN = 200
_REMEMBERED = 10_000
"""Cells whose meaning is kept: amounts and dates repeat."""

Entry = LineItem | Fault | Parcel
"""What comes out of a file."""


class AmountStyle:
    """The way in which the amounts of one file are written; found out when a cell leaves it open."""

    def __init__(self, find_style: Callable[[set[int]], NumberStyle], decimals: bool | None) -> None:
        self.columns: set[int] = set()
        """Those that hold amounts."""
        self.decimals = decimals
        """Whether the currency has three decimals, or none; None: the file tells."""
        self._find_style = find_style
        self._style = NumberStyle.UNKNOWN

    def read(self, cell: str) -> Decimal | None:
        """The amount in a cell. Raises ValueError for what is no amount."""
        try:
            return amount(cell, self._style, decimals=self.decimals)
        except AmbiguousAmount:
            self._style = self._find_style(self.columns)
            return amount(cell, self._style)


class RecordReader:
    """One record after the other. Who reads sets `row` and `cells`."""

    def __init__(self, style: AmountStyle) -> None:
        self.columns = Columns([])
        self.row = 0
        self.cells: Cells = []
        self.out: list[Entry] = []
        """What was read and not handed on yet."""
        self.is_troubled = False
        """Whether anything of this record did not fit."""
        self.has_bad_amount = self.has_bad_date = False
        self.is_odd = False
        self.row_errors = 0
        self.rows = self.errors = self.warnings = 0
        self._style = style
        self._amounts: dict[str, Decimal | None] = {}
        self._dates: dict[str, str | None] = {}

    def money_at(self, *counts: int) -> None:
        """The columns that hold amounts: together they tell the decimal mark where a cell leaves it open."""
        self._style.columns.update(counts)

    def text(self, position: int) -> str | None:
        """The cell, trimmed; None when it is blank."""
        return self.cells[position].strip() or None

    def amount(self, position: int) -> Decimal | None:
        """The amount in a cell; None when it is blank, or no amount, which is reported."""
        cell = self.cells[position]
        if not cell:
            return None
        try:
            return self._amounts[cell]
        except KeyError:
            return self._new_amount(position, cell)

    def likely_amount(self, position: int) -> Decimal | None:
        """The amount in a cell of a record that is not read otherwise; None, without a fault: it is none."""
        try:
            return self._style.read(self.cells[position])
        except ValueError:
            return None

    def date(self, position: int, *, is_american: bool = False) -> str | None:
        """The moment in a cell; None when it is blank, or no date, which is reported."""
        cell = self.cells[position]
        if not cell:
            return None
        try:
            return self._dates[cell]
        except KeyError:
            return self._new_date(position, cell, is_american)

    def fault(self, position: int | None, message: str) -> None:
        """Report what does not fit in the record, or in one cell of it."""
        self.errors += 1
        self.row_errors += 1
        self.is_troubled = True
        self._report(position, message, is_warning=False)

    def warn(self, position: int | None, message: str) -> None:
        """Report what is odd, and has been taken as it is."""
        self.warnings += 1
        self._report(position, message, is_warning=True)

    def odd(self) -> None:
        """The layout does not know this kind of record: it may be a header."""
        self.is_odd = self.is_troubled = True

    @property
    def has_charged(self) -> bool:
        """Check whether a charge was read of the record."""
        return any(type(entry) is LineItem and entry.row == self.row for entry in self.out)

    def take_back(self, errors: int) -> None:
        """The record was none: the first faults that were reported in it are forgotten."""
        first = next((n for n, e in enumerate(self.out) if isinstance(e, Fault) and e.row == self.row), None)
        if first is not None:
            del self.out[first : first + errors]
        self.errors -= errors
        self.row_errors -= errors

    def begin_record(self) -> None:
        """Begin a record: nothing of it has been looked at."""
        self.row_errors = 0
        self.is_troubled = self.has_bad_amount = self.has_bad_date = self.is_odd = False

    def use_decimals(self, decimals: bool | None) -> None:
        """Read amounts on as the currency has them."""
        if decimals is not self._style.decimals:
            # The same cell may say something else now.
            self._style.decimals = decimals
            self._amounts = {}

    def _report(self, position: int | None, message: str, *, is_warning: bool) -> None:
        column, cell = None, ""
        if position is not None:
            column = self.columns.label(position)
            cell = self.cells[position].strip()[:_LONGEST_SHOWN] if position < len(self.cells) else ""
        self.out.append(Fault(self.row, column, cell, message, is_warning))

    def _new_amount(self, position: int, cell: str) -> Decimal | None:
        try:
            value = self._style.read(cell)
        except ValueError:
            self.has_bad_amount = True
            self.fault(position, "is no amount")
            return None
        if len(self._amounts) >= _REMEMBERED:
            self._amounts.clear()
        self._amounts[cell] = value
        return value

    def _new_date(self, position: int, cell: str, is_american: bool) -> str | None:
        try:
            moment = date(cell, is_american=is_american)
        except ValueError:
            self.has_bad_date = True
            self.fault(position, "is no date")
            return None
        if len(self._dates) >= _REMEMBERED:
            self._dates.clear()
        self._dates[cell] = moment
        return moment
