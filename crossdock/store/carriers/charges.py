"""Charges: line items as the audit compares them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from crossdock.store.database.engine import Database, Transaction


@dataclass(frozen=True)
class ChargeRow:
    """A line item. Amounts and weights are decimal texts; "" and 0 where there is none."""

    item_id: str
    account_id: str
    invoice_id: str
    tracking_number: str
    parcel: str
    """The tracking number as it is compared."""
    label: str
    category: str
    gross: str | None
    net: str | None
    currency: str | None
    charged_on: int
    service: str | None
    zone: str | None
    billed_weight: str | None
    actual_weight: str | None
    weight_unit: str | None
    reason: str = ""
    """Why it was charged, where the row says more than that a parcel was sent: `Reason`."""
    shipped_on: int = 0
    invoiced_on: int = 0
    measures: str | None = None
    """JSON: `Measures`."""

    @property
    def amount(self) -> Decimal:
        """The cost after discounts; 0 where nobody knows. Kept: it is asked for some twenty times."""
        amount: Decimal | None = self.__dict__.get("_amount")
        if amount is None:
            amount = self.__dict__["_amount"] = Decimal(self.net or 0)
        return amount


_CHARGE = [field.name for field in fields(ChargeRow)]
_CHARGES = ", ".join(_CHARGE)


async def put_charges(transaction: Transaction, connection_id: int, charges: Iterable[ChargeRow]) -> None:
    sets = ", ".join(f"{name} = excluded.{name}" for name in _CHARGE[1:])
    await transaction.executemany(
        f"INSERT INTO charges (connection_id, {_CHARGES}) VALUES (?{', ?' * len(_CHARGE)}) "
        f"ON CONFLICT (connection_id, item_id) DO UPDATE SET {sets}",
        [(connection_id, *(getattr(charge, name) for name in _CHARGE)) for charge in charges],
    )


async def forget_charges(transaction: Transaction, connection_id: int, ids: Iterable[str]) -> None:
    await transaction.executemany(
        "DELETE FROM charges WHERE connection_id = ? AND item_id = ?",
        [(connection_id, identifier) for identifier in ids],
    )


# Reading them


async def by_parcel(
    database: Database, connection_id: int, after: tuple[str, str], limit: int
) -> list[ChargeRow]:
    """Charges behind (parcel, id), in that order."""
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? AND (parcel, item_id) > (?, ?) "
        "ORDER BY parcel, item_id LIMIT ?",
        connection_id,
        *after,
        limit,
    )
    return [ChargeRow(*row) for row in rows]


async def by_label(
    database: Database, connection_id: int, after: tuple[str, str, int, str], limit: int
) -> list[ChargeRow]:
    """Charges by label, account and date, behind (label, account, date, id)."""
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? "
        "AND (label, account_id, charged_on, item_id) > (?, ?, ?, ?) "
        "ORDER BY label, account_id, charged_on, item_id LIMIT ?",
        connection_id,
        *after,
        limit,
    )
    return [ChargeRow(*row) for row in rows]


async def of_invoice(
    database: Database, connection_id: int, account_id: str, invoice_id: str, after: str, limit: int
) -> list[ChargeRow]:
    """Charges of the invoice with this number and account, by id, behind one."""
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? AND invoice_id = ? AND item_id > ? "
        "AND account_id = ? ORDER BY item_id LIMIT ?",
        connection_id, invoice_id, after, account_id, limit,
    )  # fmt: skip
    return [ChargeRow(*row) for row in rows]


async def parcels(
    database: Database, connection_id: int, after: str, limit: int, only: Sequence[str] | None = None
) -> list[str]:
    """Parcels that were charged, in order; of only these, if some are given."""
    if only is None:
        condition, bound = "parcel > ?", after
    else:
        # Without a range, which would be walked in place of looking each of them up.
        condition, bound = database.one_of("parcel", [parcel for parcel in only if parcel > after])
    rows = await database.fetch(
        f"SELECT DISTINCT parcel FROM charges WHERE connection_id = ? AND {condition} "
        "ORDER BY parcel LIMIT ?",
        connection_id,
        bound,
        limit,
    )
    return [row[0] for row in rows]


async def of_parcels(database: Database, connection_id: int, parcels: Sequence[str]) -> list[ChargeRow]:
    """All charges of these parcels, by parcel and currency."""
    condition, bound = database.one_of("parcel", parcels)
    rows = await database.fetch(
        f"SELECT {_CHARGES} FROM charges WHERE connection_id = ? AND {condition} "
        "ORDER BY parcel, coalesce(currency, ''), item_id",
        connection_id,
        bound,
    )
    return [ChargeRow(*row) for row in rows]


@dataclass(frozen=True)
class PriceRow:
    """A price that base charges had: how many of them, and when first and last. Texts as in `ChargeRow`."""

    account_id: str
    service: str
    zone: str
    weight: str
    unit: str
    currency: str
    net: str
    charges: int
    first: int
    last: int


PriceKey = tuple[str, str, str, float, str, str]
"""Account, service, zone, weight, unit, currency: what prices are sorted by."""
NO_PRICE: PriceKey = ("", "", "", -1.0, "", "")

_PRICED = (
    "connection_id = ? AND category = 'base' AND reason = '' AND service IS NOT NULL AND zone IS NOT NULL "
    "AND billed_weight IS NOT NULL AND net IS NOT NULL"
)
_CELL = (
    "account_id, service, zone, CAST(billed_weight AS DOUBLE PRECISION), coalesce(weight_unit, ''), "
    "coalesce(currency, '')"
)


async def price_page(
    database: Database, connection_id: int, account_id: str | None, after: PriceKey, limit: int
) -> dict[PriceKey, list[PriceRow]]:
    """The prices of plain base charges, some cells at a time, behind one; account_id: of that alone."""
    mine, values = ("", []) if account_id is None else (" AND account_id = ?", [account_id])
    cells = await database.fetch(
        f"SELECT DISTINCT {_CELL} FROM charges WHERE {_PRICED}{mine} AND ({_CELL}) > (?, ?, ?, ?, ?, ?) "
        f"ORDER BY {_CELL} LIMIT ?",
        connection_id, *values, *after, limit,
    )  # fmt: skip
    if not cells:
        return {}
    rows = await database.fetch(
        f"SELECT {_CELL}, net, count(*), min(charged_on), max(charged_on) FROM charges WHERE {_PRICED}{mine} "
        f"AND ({_CELL}) >= (?, ?, ?, ?, ?, ?) AND ({_CELL}) <= (?, ?, ?, ?, ?, ?) GROUP BY {_CELL}, net",
        connection_id, *values, *cells[0], *cells[-1],
    )  # fmt: skip
    page: dict[PriceKey, list[PriceRow]] = {_price_key(cell): [] for cell in cells}
    for row in rows:
        account, service, zone, weight, unit, currency = key = _price_key(row)
        text = format(Decimal(repr(weight)).normalize(), "f")
        page[key].append(PriceRow(account, service, zone, text, unit, currency, row[6], *map(int, row[7:10])))
    return page


def _price_key(row: Sequence[Any]) -> PriceKey:
    return row[0], row[1], row[2], float(row[3]), row[4], row[5]


async def prices(database: Database, connection_id: int, limit: int) -> list[PriceRow]:
    """The prices of base charges that are plain shipments, cell by cell; no more than `limit`."""
    rows = await database.fetch(
        "SELECT account_id, service, zone, billed_weight, coalesce(weight_unit, ''), "
        "coalesce(currency, ''), net, count(*), min(charged_on), max(charged_on) FROM charges "
        f"WHERE {_PRICED} "
        "GROUP BY account_id, service, zone, billed_weight, coalesce(weight_unit, ''), "
        "coalesce(currency, ''), net LIMIT ?",
        connection_id,
        limit,
    )
    return [PriceRow(*row) for row in rows]


@dataclass(frozen=True)
class DiscountRow:
    """Base charges that cost the same at the same list price. Texts as in `ChargeRow`; last: seconds."""

    account_id: str
    service: str
    currency: str
    net: str
    gross: str
    charges: int
    last: int


async def discounts(database: Database, connection_id: int, limit: int) -> list[DiscountRow]:
    """The prices of base charges that a discount was given on; no more than `limit`."""
    rows = await database.fetch(
        "SELECT account_id, coalesce(service, ''), coalesce(currency, ''), net, gross, count(*), "
        "max(charged_on) FROM charges WHERE connection_id = ? AND category = 'base' AND reason = '' "
        "AND net IS NOT NULL AND gross IS NOT NULL AND net <> gross "
        "GROUP BY account_id, coalesce(service, ''), coalesce(currency, ''), net, gross LIMIT ?",
        connection_id,
        limit,
    )
    return [DiscountRow(*row) for row in rows]


async def sized(
    database: Database, connection_id: int, limit: int
) -> list[tuple[str, str, str, str | None, str, str]]:
    """Freight billed by volume, its size known: account, unit, billed, actual weight, reason, measures."""
    rows = await database.fetch(
        "SELECT account_id, weight_unit, billed_weight, actual_weight, reason, measures FROM charges "
        "WHERE connection_id = ? AND category IN ('base', 'correction') AND billed_weight IS NOT NULL "
        "AND weight_unit IS NOT NULL AND measures LIKE '%\"size\"%' "
        "AND (reason = 'charge_correction' OR measures LIKE '%\"basis\":\"dimensional\"%') "
        "ORDER BY item_id LIMIT ?",  # ids are hashes: a sample of all accounts
        connection_id,
        limit,
    )
    return [tuple(row) for row in rows]


# Costs of accounts


@dataclass(frozen=True)
class AccountCostRow:
    """Charges of an invoice without a tracking number that have one label. "" where none is known."""

    account_id: str
    invoice_id: str
    label: str
    category: str
    currency: str
    charges: int
    net: Decimal

    @property
    def key(self) -> tuple[str, ...]:
        """The key that rows are sorted by."""
        return self.account_id, self.invoice_id, self.label, self.category, self.currency


_BY_LABEL = "account_id, invoice_id, label, category, coalesce(currency, '')"


async def without_parcel(
    database: Database, connection_id: int, after: tuple[str, ...], limit: int
) -> list[AccountCostRow]:
    """Charges without a tracking number, added up by label, behind a key."""
    keys = await database.fetch(
        f"SELECT DISTINCT {_BY_LABEL} FROM charges WHERE connection_id = ? AND parcel = '' "
        f"AND ({_BY_LABEL}) > (?, ?, ?, ?, ?) ORDER BY {_BY_LABEL} LIMIT ?",
        connection_id, *after, limit,
    )  # fmt: skip
    if not keys:
        return []
    rows = await database.fetch(
        f"SELECT {_BY_LABEL}, net, count(*) FROM charges WHERE connection_id = ? AND parcel = '' "
        f"AND ({_BY_LABEL}) >= (?, ?, ?, ?, ?) AND ({_BY_LABEL}) <= (?, ?, ?, ?, ?) "
        f"GROUP BY {_BY_LABEL}, net",
        connection_id, *keys[0], *keys[-1],
    )  # fmt: skip
    sums: dict[tuple[str, ...], tuple[int, Decimal]] = {tuple(key): (0, Decimal(0)) for key in keys}
    for row in rows:
        count, net = sums[tuple(row[:5])]
        sums[tuple(row[:5])] = count + int(row[6]), net + Decimal(row[5] or 0) * int(row[6])
    return [
        AccountCostRow(key[0], key[1], key[2], key[3], key[4], count, net)
        for key, (count, net) in sums.items()
    ]


@dataclass
class InvoiceSum:
    """The sums of an invoice's charges in one currency, with a tracking number and without."""

    account_id: str
    invoice_id: str
    currency: str
    of_parcels: Decimal = Decimal(0)
    without_parcel: Decimal = Decimal(0)


async def invoice_sums(
    database: Database, connection_id: int, invoice_ids: Sequence[str]
) -> list[InvoiceSum]:
    """The sums of these invoices."""
    condition, bound = database.one_of("invoice_id", invoice_ids)
    rows = await database.fetch(
        "SELECT account_id, invoice_id, coalesce(currency, ''), parcel = '', net, count(*) FROM charges "
        f"WHERE connection_id = ? AND {condition} AND net IS NOT NULL "
        "GROUP BY account_id, invoice_id, coalesce(currency, ''), parcel = '', net",
        connection_id,
        bound,
    )
    sums: dict[tuple[str, str, str], InvoiceSum] = {}
    for account, invoice, currency, is_without, net, count in rows:
        invoice_sum = sums.setdefault((account, invoice, currency), InvoiceSum(account, invoice, currency))
        if is_without:
            invoice_sum.without_parcel += Decimal(net) * int(count)
        else:
            invoice_sum.of_parcels += Decimal(net) * int(count)
    return list(sums.values())
