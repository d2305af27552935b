"""Rate cards: agreed prices or discounts, uploaded as CSV, to compare base charges with. Pure.

service,zone,weight,unit,currency,price       a price up to a weight; zone, unit and currency may be blank
service,discount_percent,minimum,currency     a discount off the list price; the minimum may be blank
"""

import csv
import io
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from crossdock.audit.findings import to_cent
from crossdock.errors import FileRefused
from crossdock.invoices.columns import normalized
from crossdock.store.carriers.charges import ChargeRow

MOST_NUMBER, MOST_PLACES = Decimal(10) ** 9, 12
MOST_BYTES, MOST_ROWS = 5_000_000, 200_000
PRICE_COLUMNS = ("service", "zone", "weight", "unit", "currency", "price")
DISCOUNT_COLUMNS = ("service", "discount_percent", "minimum", "currency")
WANTED = f"{','.join(PRICE_COLUMNS)} or {','.join(DISCOUNT_COLUMNS)}"


@dataclass(frozen=True)
class CardPrice:
    """The agreed price of a charge, and the place in the card that says so."""

    amount: Decimal
    because: str


@dataclass(frozen=True)
class Discount:
    """An agreed discount off the list price, and the least that remains to be paid."""

    share: Decimal
    minimum: Decimal


@dataclass
class RateCard:
    """The agreed prices of an account. Keys: service, zone, unit, currency, each "" for any."""

    steps: dict[tuple[str, str, str, str], dict[Decimal, Decimal]] = field(default_factory=dict)
    discounts: dict[tuple[str, str], Discount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._weights = {key: sorted(prices) for key, prices in self.steps.items()}

    def price_of(self, charge: ChargeRow) -> CardPrice | None:
        """The agreed price of a base charge; None where the card has none for it."""
        return self._by_weight(charge) or self._by_discount(charge)

    def _by_weight(self, charge: ChargeRow) -> CardPrice | None:
        if charge.billed_weight is None:
            return None
        weight = Decimal(charge.billed_weight)
        for key in _fitting(charge):
            if key in self.steps and (card_price := self._step(key, weight)):
                return card_price
        return None

    def _by_discount(self, charge: ChargeRow) -> CardPrice | None:
        service, currency = _key(charge.service or ""), _key(charge.currency or "")
        discount = self.discounts.get((service, currency)) or self.discounts.get((service, ""))
        return (
            None if discount is None or charge.gross is None else _discounted(discount, Decimal(charge.gross))
        )

    def _step(self, key: tuple[str, str, str, str], weight: Decimal) -> CardPrice | None:
        weights = self._weights[key]
        position = bisect_left(weights, weight)
        if position == len(weights):
            return None
        step = weights[position]
        return CardPrice(self.steps[key][step], f"up to {step.normalize():f}")


@dataclass(frozen=True)
class RateCards:
    """The rate cards of a connection, by account; "": that of all accounts."""

    cards: Mapping[str, RateCard] = field(default_factory=dict)

    def price_of(self, charge: ChargeRow) -> CardPrice | None:
        """The agreed price of a base charge; None where no card has one."""
        card = self.cards.get(charge.account_id) or self.cards.get("")
        return None if card is None else card.price_of(charge)


def read_rate_card(text: str) -> RateCard:
    """A rate card out of CSV. Raises FileRefused that names the row, the column and what was wanted."""
    if len(text.encode()) > MOST_BYTES:
        raise FileRefused(f"a rate card has at most {MOST_BYTES:,} bytes")
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        header = [normalized(cell) for cell in next(lines, [])]
        rows = [dict(zip(header, row, strict=False)) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as problem:
        raise FileRefused(f"the rate card is no CSV: {problem}") from None
    if len(rows) > MOST_ROWS:
        raise FileRefused(f"a rate card has at most {MOST_ROWS:,} rows, this one has {len(rows):,}")
    if {"service", "weight", "price"} <= set(header):
        return RateCard(steps=_steps(rows))
    if {"service", "discount_percent"} <= set(header):
        return RateCard(discounts=_discounts(rows))
    raise FileRefused(
        f"a rate card has the columns {WANTED}; this one has {','.join(header)[:200] or 'none'}"
    )


def _steps(rows: list[dict[str, str]]) -> dict[tuple[str, str, str, str], dict[Decimal, Decimal]]:
    steps: dict[tuple[str, str, str, str], dict[Decimal, Decimal]] = {}
    for number, row in enumerate(rows, 2):
        zone, unit, currency = (_key(row.get(name, "")) for name in ("zone", "unit", "currency"))
        key = (_service(row, number), zone, unit, currency)
        weight, price = _number(row, "weight", number), _number(row, "price", number)
        prices = steps.setdefault(key, {})
        if prices.get(weight, price) != price:
            raise FileRefused(f"row {number}: there are two prices for the same service, zone and weight")
        prices[weight] = price
    return steps


def _discounts(rows: list[dict[str, str]]) -> dict[tuple[str, str], Discount]:
    discounts: dict[tuple[str, str], Discount] = {}
    for number, row in enumerate(rows, 2):
        percent = _number(row, "discount_percent", number)
        if percent > 100:
            raise FileRefused(f"row {number}: discount_percent is {percent}, which is above 100")
        minimum = _number(row, "minimum", number) if row.get("minimum", "").strip() else Decimal(0)
        key = (_service(row, number), _key(row.get("currency", "")))
        discount = Discount(percent / 100, minimum)
        if discounts.setdefault(key, discount) != discount:
            raise FileRefused(f"row {number}: there are two discounts for the same service and currency")
    return discounts


def _service(row: Mapping[str, str], number: int) -> str:
    service = _key(row.get("service", ""))
    if not service:
        raise FileRefused(f"row {number}: service is blank; it is the name that invoices have")
    return service


def _number(row: Mapping[str, str], name: str, number: int) -> Decimal:
    text = (row.get(name) or "").strip()
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= MOST_NUMBER or value != round(value, MOST_PLACES):
        wanted = "a number such as 12.34, not below zero"
        raise FileRefused(f"row {number}: {name} is {text[:40]!r}, wanted {wanted}")
    return value


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()


def _fitting(charge: ChargeRow) -> list[tuple[str, str, str, str]]:
    """The keys that a charge may stand under, the closest first."""
    texts = (charge.service, charge.zone, charge.weight_unit, charge.currency)
    service, zone, unit, currency = (_key(text or "") for text in texts)
    return [
        (service, at_zone, at_unit, at_currency)
        for at_zone in dict.fromkeys((zone, ""))
        for at_unit in dict.fromkeys((unit, ""))
        for at_currency in dict.fromkeys((currency, ""))
    ]


def _discounted(discount: Discount, gross: Decimal) -> CardPrice:
    amount = max(to_cent(gross * (1 - discount.share)), discount.minimum)
    return CardPrice(amount, f"{discount.share * 100:f} % off {gross:f}")
