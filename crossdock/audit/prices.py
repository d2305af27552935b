"""The price list of an account, derived from its own invoices: service, zone, weight → price. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from crossdock.store.carriers.charges import ChargeRow, PriceRow

ENOUGH_PRICES, USUAL_SHARE = 5, Decimal("0.8")
"""A price is usual where so many charges had it, and such a share of all in its time."""
NEAR = 45 * 86_400
"""A price is taken for that of a day before its first or after its last charge if no other is nearer."""
MOST_PRICES = 400_000
"""Prices that are held; where an account has more, none is derived, as none repeats."""

PriceCell = tuple[str, str, str, str, str, str]
"""Account, service, zone, weight, unit, currency."""


@dataclass(frozen=True)
class UsualPrice:
    """A price of a cell, and how often and when it was charged. first and last: seconds."""

    amount: Decimal
    charges: int
    first: int
    last: int


class PriceList:
    """The prices of all cells."""

    def __init__(self, rows: Iterable[PriceRow] = ()) -> None:
        cells: dict[PriceCell, dict[Decimal, UsualPrice]] = {}
        for row in rows:
            amount = Decimal(row.net)
            if amount > 0:
                cell = (row.account_id, row.service, row.zone, _plain(row.weight), row.unit, row.currency)
                prices = cells.setdefault(cell, {})
                price = UsualPrice(amount, row.charges, row.first, row.last)
                prices[amount] = price if amount not in prices else _joined(prices[amount], price)
        self._cells = {cell: list(prices.values()) for cell, prices in cells.items()}

    def _at(self, cell: PriceCell, day: int) -> list[UsualPrice]:
        """The prices of a cell on a day, else near to it."""
        every = self._cells.get(cell, ())
        prices = [price for price in every if price.first <= day <= price.last]
        return prices or [price for price in every if price.first - NEAR <= day <= price.last + NEAR]

    def usual(self, charge: ChargeRow, weight: Decimal | None = None) -> UsualPrice | None:
        """The usual price of a charge's cell at its time, or of another weight; None where none is clear."""
        cell = _cell_of(charge, weight)
        prices = [] if cell is None else self._at(cell, charge.charged_on)
        if not prices:
            return None
        best = max(prices, key=lambda price: price.charges)
        in_all = sum(price.charges for price in prices)
        if best.charges < ENOUGH_PRICES or best.charges < USUAL_SHARE * in_all:
            return None
        return best


def _joined(price: UsualPrice, other: UsualPrice) -> UsualPrice:
    """Two rows of one price as one: some files write 9.5 and some 9.50."""
    first, last = min(price.first, other.first), max(price.last, other.last)
    return UsualPrice(price.amount, price.charges + other.charges, first, last)


def _cell_of(charge: ChargeRow, weight: Decimal | None) -> PriceCell | None:
    text = charge.billed_weight if weight is None else format(weight, "f")
    if charge.service is None or charge.zone is None or text is None:
        return None
    unit, currency = charge.weight_unit or "", charge.currency or ""
    return charge.account_id, charge.service, charge.zone, _plain(text), unit, currency


def _plain(weight: str) -> str:
    """A weight as a key: "10" for "10.0"."""
    return weight.rstrip("0").rstrip(".") if "." in weight else weight
