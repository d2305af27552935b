"""What the audit of a carrier's charges finds, with amounts of money, and as a file for claims."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from crossdock.audit.claiming import COLUMNS, claim_row, evidence_of, has_charges, is_group
from crossdock.audit.findings import RULES
from crossdock.dashboard.carrier.accounts import Amount
from crossdock.dashboard.carrier.charts import AmountChart, MonthAmount, months_before, months_between
from crossdock.dashboard.carrier.head import CarrierHead, carrier_of, head_of, title_of
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.rendering import POLICY
from crossdock.errors import Invalid
from crossdock.store.carriers import findings
from crossdock.store.carriers.claims import STATES
from crossdock.store.carriers.findings import FindingSum

PAGE = 50
AT_ONCE = 1000
MONTHS = 12
FINDINGS = "/carrier/audit/findings"
AS_SENT = (
    "direction", "rule", "state", "account_id", "currency", "min_amount", "tracking_number", "invoice_id",
    "part_of",
)  # fmt: skip
"""Filters that the API has by the same names."""
DAYS = {"from": ("charged_date[gte]", "T00:00:00Z"), "until": ("charged_date[lte]", "T23:59:59Z")}
"""Filters by day: what the API calls them, and which moment of the day is meant."""
FILTERS = (*AS_SENT, *DAYS)
TITLES = {
    "recoverable": "To claim", "avoidable": "Avoidable", "to_look_at": "To look at",
    "credited": "Came back",
}  # fmt: skip
"""Of directions, in the order in which people act on them."""


class DirectionTotal(msgspec.Struct, kw_only=True):
    """All findings of a direction, in each currency."""

    direction: str
    title: str
    findings: int
    amounts: list[Amount]


class RuleSum(msgspec.Struct, kw_only=True):
    """The findings of a rule in one currency and direction, added up."""

    rule: str
    meaning: str
    direction: str
    currency: str
    findings: int
    amount: Decimal


class FindingsPage(msgspec.Struct, kw_only=True):
    """Findings as `GET /carrier/audit/findings` has them, each with evidence in words; sums of all."""

    carrier: CarrierHead
    findings: list[dict[str, Any]]
    directions: list[DirectionTotal]
    sums: list[RuleSum]
    chart: AmountChart | None
    """What can be claimed, by month, in the currency that has the most findings."""
    rules: list[str]
    states: list[str]
    titles: dict[str, str]
    accounts: list[str]
    currencies: list[str]
    filters: dict[str, str]
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    """A page of findings."""
    connection = await carrier_of(visit)
    filters = visit.query(*FILTERS)
    query = {**_query(filters), **visit.query("page_token"), "limit": PAGE}
    answer = await visit.inside.get(FINDINGS, query, connection.uid)
    sums = await findings.finding_sums(visit.door.database, connection.id)
    head = await head_of(visit, connection)
    page = FindingsPage(
        carrier=head,
        findings=[_with_evidence(finding) for finding in answer["data"]],
        directions=[_total(direction, sums) for direction in TITLES],
        sums=_by_rule(sums),
        chart=_chart(sums),
        rules=list(RULES),
        states=list(STATES),
        titles=TITLES,
        accounts=sorted({row.account_id for row in sums if row.account_id}),
        currencies=_currencies(sums),
        filters=filters,
        next_token=answer["next_token"],
    )
    return visit.view("carrier/findings.html", page, title=title_of(head, "findings"))


def _query(filters: Mapping[str, str]) -> dict[str, str]:
    """Filters by the names of the API. Raises Invalid for a day that is none."""
    query = {name: filters[name] for name in AS_SENT if name in filters}
    for name, (parameter, moment) in DAYS.items():
        if name in filters:
            try:
                query[parameter] = f"{date.fromisoformat(filters[name]).isoformat()}{moment}"
            except ValueError:
                problem = f"is {filters[name][:40]!r}; wanted is a day such as 2026-01-31"
                raise Invalid({"query": {name: [problem]}}) from None
    return query


def _with_evidence(finding: dict[str, Any]) -> dict[str, Any]:
    evidence = [{"name": name, "text": text} for name, text in evidence_of(finding["details"])]
    return {**finding, "evidence": evidence}


def _total(direction: str, sums: Sequence[FindingSum]) -> DirectionTotal:
    rows = [row for row in sums if row.direction == direction and row.rule != "not_judged"]
    amounts: dict[str, Decimal] = {}
    for row in rows:
        amounts[row.currency] = amounts.get(row.currency, Decimal(0)) + row.amount
    return DirectionTotal(
        direction=direction,
        title=TITLES[direction],
        findings=sum(row.findings for row in rows),
        amounts=[Amount(currency=currency, amount=amount) for currency, amount in sorted(amounts.items())],
    )


def _by_rule(sums: Sequence[FindingSum]) -> list[RuleSum]:
    """The sums over all accounts and months, to be claimed first, then the largest."""
    by_key: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for row in sums:
        count, amount = by_key.get((row.direction, row.rule, row.currency), (0, Decimal(0)))
        by_key[row.direction, row.rule, row.currency] = count + row.findings, amount + row.amount
    order = list(TITLES)
    return [
        RuleSum(
            rule=rule, meaning=RULES[rule].meaning if rule in RULES else "", direction=direction,
            currency=currency, findings=count, amount=amount,
        )
        for (direction, rule, currency), (count, amount) in sorted(
            by_key.items(), key=lambda entry: (order.index(entry[0][0]), -entry[1][1], entry[0])
        )
    ]  # fmt: skip


def _currencies(sums: Sequence[FindingSum]) -> list[str]:
    """The currencies, that of the most findings first."""
    counts: dict[str, int] = {}
    for row in sums:
        if row.currency:
            counts[row.currency] = counts.get(row.currency, 0) + row.findings
    return sorted(counts, key=lambda currency: (-counts[currency], currency))


def _chart(sums: Sequence[FindingSum]) -> AmountChart | None:
    """The amounts to claim in the last months that have some; None: there are none."""
    rows = [row for row in sums if row.direction == "recoverable" and row.month]
    currencies = _currencies(rows)
    if not currencies:
        return None
    by_month: dict[str, tuple[Decimal, int]] = {}
    for row in rows:
        if row.currency == currencies[0]:
            amount, count = by_month.get(row.month, (Decimal(0), 0))
            by_month[row.month] = amount + row.amount, count + row.findings
    last = max(by_month)
    months = [
        MonthAmount(month=month, amount=amount, charges=count)
        for month in months_between(months_before(last, MONTHS - 1), last)
        for amount, count in [by_month.get(month, (Decimal(0), 0))]
    ]
    return AmountChart(title="To claim, by month of the charge", currency=currencies[0], months=months)


async def exported(visit: DashboardContext) -> Response:
    """All findings that fit, as CSV, in pieces; in place of one that shows several, its members."""
    connection = await carrier_of(visit)
    query = _query(visit.query(*FILTERS)) | {"limit": str(AT_ONCE)}
    first = await visit.inside.get(FINDINGS, query, connection.uid)
    headers = {
        **POLICY.headers,
        "content-disposition": f'attachment; filename="findings-{connection.uid}.csv"',
    }
    pieces = _pieces(visit, connection.uid, query, first)
    return StreamingResponse(pieces, headers=headers, media_type="text/csv; charset=utf-8")


async def _pieces(
    visit: DashboardContext, uid: str, query: Mapping[str, str], answer: dict[str, Any]
) -> AsyncIterator[bytes]:
    """The lines of the file. answer: the first page."""
    yield _lines([COLUMNS])
    async for page in _pages(visit, uid, query, answer):
        yield _lines([claim_row(finding) for finding in page if has_charges(finding)])
        for group in page:
            if is_group(group):
                async for members in _members(visit, uid, group):
                    yield _lines([claim_row(finding) for finding in members])


async def _pages(
    visit: DashboardContext, uid: str, query: Mapping[str, str], answer: dict[str, Any]
) -> AsyncIterator[list[dict[str, Any]]]:
    """The findings of a query, page by page. answer: the first page."""
    while True:
        yield answer["data"]
        if answer["next_token"] is None:
            return
        answer = await visit.inside.get(FINDINGS, {**query, "page_token": answer["next_token"]}, uid)


async def _members(
    visit: DashboardContext, uid: str, group: dict[str, Any]
) -> AsyncIterator[list[dict[str, Any]]]:
    """The members of a group; a claim on it is one on each that has none of its own."""
    query = {"part_of": group["id"], "limit": str(AT_ONCE)}
    first = await visit.inside.get(FINDINGS, query, uid)
    async for page in _pages(visit, uid, query, first):
        yield [{**member, "claim": member["claim"] or _of_each(group["claim"])} for member in page]


def _of_each(claim: dict[str, Any] | None) -> dict[str, Any] | None:
    """The claim on a group as one on a member: the amount is that of all together."""
    return None if claim is None else {**claim, "amount": None}


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")
