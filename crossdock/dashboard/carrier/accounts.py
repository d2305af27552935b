"""The carrier connections, and what was spent with each."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

import msgspec
from starlette.responses import Response

from crossdock.connections.overview import overviews
from crossdock.dashboard.carrier.charts import (
    AmountChart,
    MonthAmount,
    Share,
    months_before,
    months_between,
    shares,
)
from crossdock.dashboard.carrier.head import CarrierHead, carrier_of, head_of, title_of
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid
from crossdock.store.carriers import findings, overview, spend
from crossdock.store.carriers.spend import SpendRow
from crossdock.store.connections import health
from crossdock.store.connections.health import ConnectionSearch
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.wire import stamp

PAGE = 50
MONTHS, MOST_MONTHS = 12, 60
SERVICES = 20
"""So many services are told, those with the largest sums; the rest is summed up."""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class Amount(msgspec.Struct, kw_only=True):
    """A sum in one currency; "": no currency is known."""

    currency: str
    amount: Decimal


class CarrierLine(msgspec.Struct, kw_only=True):
    """A carrier connection in the list. spent: of the last months, by currency."""

    connection_id: str
    customer_id: str | None
    system: str
    problems: int
    files: int
    refused_files: int
    latest_file: str | None
    spent: list[Amount]


class CarriersPage(msgspec.Struct, kw_only=True):
    """A page of carrier connections. since: the month that sums begin with."""

    carriers: list[CarrierLine]
    since: str
    filters: dict[str, str]
    next_token: str | None


class SpendPage(msgspec.Struct, kw_only=True):
    """Spend in one currency over some months. currencies, accounts: that there are."""

    carrier: CarrierHead
    filters: dict[str, str]
    currency: str
    currencies: list[str]
    accounts: list[str]
    total: Decimal
    charges: int
    undated: Decimal
    """The charges without a date, of all times: they are in no month."""
    chart: AmountChart
    categories: list[Share]
    services: list[Share]
    invoices: dict[str, int]
    findings: list[Amount]


async def listed(visit: DashboardContext) -> Response:
    """The carrier connections that fit, oldest first."""
    filters, database = visit.query("text"), visit.door.database
    search = ConnectionSearch(visit.organization_id, filters.get("text", ""), "carrier")
    tokens = PageTokens(visit.door.page_key, 0, f"dashboard carriers of {visit.organization_id}")
    after = tokens.key_or_none(visit.query("page_token").get("page_token"))
    current_page = await paginate(
        PAGE,
        lambda limit: health.fitting(database, search, int(after[0]) if after else 0, limit),
        lambda row: tokens.token((str(row.id),), None),
    )
    ids = [row.id for row in current_page.items]
    counts = await overview.file_counts(database, ids)
    since = months_before(stamp(visit.now_ms)[:7], MONTHS - 1)
    spent = _by_currency(await spend.since(database, ids, since))
    lines = []
    for looked_at in await overviews(database, current_page.items, visit.door.settings.off):
        row, count = looked_at.connection, counts.get(looked_at.connection.id)
        lines.append(
            CarrierLine(
                connection_id=row.uid,
                customer_id=row.customer_id,
                system=looked_at.system,
                problems=len(looked_at.problems),
                files=count.files if count else 0,
                refused_files=count.refused if count else 0,
                latest_file=stamp(count.latest_ms) if count else None,
                spent=spent.get(row.id, []),
            )
        )
    page = CarriersPage(carriers=lines, since=since, filters=filters, next_token=current_page.next_token)
    return visit.view("carrier/list.html", page, title="Carrier")


def _by_currency(rows: Iterable[tuple[int, str, str]]) -> dict[int, list[Amount]]:
    """The sums of each connection."""
    sums: dict[int, list[Amount]] = {}
    for (connection_id, currency), group in groupby(rows, key=lambda row: row[:2]):
        total = sum((Decimal(net) for _, _, net in group), Decimal(0))
        sums.setdefault(connection_id, []).append(Amount(currency=currency, amount=total))
    return sums


async def shown(visit: DashboardContext) -> Response:
    """Spend with a carrier: by month, category and service."""
    connection, database = await carrier_of(visit), visit.door.database
    head = await head_of(visit, connection)
    filters = visit.query("currency", "account", "from", "until")
    rows = await spend.of_connection(database, connection.id)
    currencies = _currencies(rows)
    currency = filters.get("currency") or (currencies[0] if currencies else "")
    fitting = [
        row for row in rows
        if row.currency == currency and filters.get("account", row.account_id) == row.account_id
    ]  # fmt: skip
    months = _months(filters, fitting, stamp(visit.now_ms)[:7])
    within = [row for row in fitting if months[0] <= row.month <= months[-1]]
    reconciled = await overview.reconciled_counts(database, connection.id)
    page = SpendPage(
        carrier=head,
        filters=filters,
        currency=currency,
        currencies=currencies,
        accounts=sorted({row.account_id for row in rows if row.account_id}),
        total=_total(within),
        charges=sum(row.charges for row in within),
        undated=_total(row for row in fitting if not row.month),
        chart=_chart(within, months, currency),
        categories=shares(_sums(within, "category")),
        services=_services(within),
        invoices={
            "total": sum(reconciled.values()), "adding_up": reconciled.get(True, 0),
            "not_adding_up": reconciled.get(False, 0),
        },
        findings=await _findings(visit, connection.id),
    )  # fmt: skip
    return visit.view("carrier/spend.html", page, title=title_of(head, "spend"))


def _currencies(rows: Sequence[SpendRow]) -> list[str]:
    """The currencies, that of the most charges first."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.currency] = counts.get(row.currency, 0) + row.charges
    return sorted(counts, key=lambda currency: (-counts[currency], currency))


def _months(filters: dict[str, str], rows: Sequence[SpendRow], now: str) -> list[str]:
    """The months to show: those asked for, else the last of those that have charges. Raises Invalid."""
    faults = {
        name: [f"is {text[:40]!r}; wanted is a month such as 2026-01"]
        for name in ("from", "until")
        if (text := filters.get(name)) and not _MONTH.fullmatch(text)
    }
    if faults:
        raise Invalid({"query": faults})
    last = filters.get("until") or max((row.month for row in rows), default="") or now
    first = filters.get("from") or months_before(last, MONTHS - 1)
    if first > last:
        raise Invalid({"query": {"from": [f"is {first}, which is after {last}"]}})
    return months_between(max(first, months_before(last, MOST_MONTHS - 1)), last)


def _total(rows: Iterable[SpendRow]) -> Decimal:
    return sum((Decimal(row.net) for row in rows), Decimal(0))


def _chart(rows: Sequence[SpendRow], months: Sequence[str], currency: str) -> AmountChart:
    sums = _sums(rows, "month")
    amounts = [
        MonthAmount(month=month, amount=amount, charges=charges)
        for month in months
        for amount, charges in [sums.get(month, (Decimal(0), 0))]
    ]
    return AmountChart(title="Charged by month", currency=currency, months=amounts)


def _sums(rows: Iterable[SpendRow], column: str) -> dict[str, tuple[Decimal, int]]:
    """Amount and number of charges by the value of a column."""
    sums: dict[str, tuple[Decimal, int]] = {}
    for row in rows:
        name = getattr(row, column)
        amount, charges = sums.get(name, (Decimal(0), 0))
        sums[name] = amount + Decimal(row.net), charges + row.charges
    return sums


def _services(rows: Sequence[SpendRow]) -> list[Share]:
    """The services with the largest sums, and all others as one."""
    sums = _sums(rows, "service")
    ordered = sorted(sums, key=lambda name: (-abs(sums[name][0]), name))
    kept = {name: sums[name] for name in ordered[:SERVICES]}
    rest = [sums[name] for name in ordered[SERVICES:]]
    if rest:
        others = sum((amount for amount, _ in rest), Decimal(0)), sum(charges for _, charges in rest)
        kept[f"{len(rest)} other services"] = others
    return shares(kept)


async def _findings(visit: DashboardContext, connection_id: int) -> list[Amount]:
    """Money that can be claimed, by the last audit."""
    sums: dict[str, Decimal] = {}
    for finding_sum in await findings.finding_sums(visit.door.database, connection_id):
        if finding_sum.direction != "recoverable":
            continue
        sums[finding_sum.currency] = sums.get(finding_sum.currency, Decimal(0)) + finding_sum.amount
    return [Amount(currency=currency, amount=amount) for currency, amount in sorted(sums.items())]
