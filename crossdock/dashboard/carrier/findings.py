"""What the audit of a carrier's charges finds, with amounts of money, and as a file for its claim desk."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

from crossdock.dashboard.carrier.head import CarrierHead, carrier_of, head_of, title_of
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.rendering import POLICY
from crossdock.people.audit_export import safe
from crossdock.store.carriers import findings
from crossdock.store.carriers.claims import STATES
from crossdock.store.carriers.findings import FindingSum

PAGE = 50
AT_ONCE = 1000
FINDINGS = "/carrier/audit/findings"
FILTERS = ("rule", "state", "tracking_number", "invoice_id")
COLUMNS = (
    "rule", "account_id", "invoice_id", "tracking_number", "amount", "currency", "message", "charges",
    "found_at", "state", "note", "id",
)  # fmt: skip
MEANINGS = {
    "duplicate_charge": "The same charge more than once for a parcel",
    "matched_refund": "Given back, together with the charge it gives back",
    "unmatched_refund": "Given back without a charge that it belongs to",
    "overbilled_weight": "Billed for clearly more than the stated weight; the amount is an estimate",
    "charged_not_shipped": "A tracking number that no order, return or inbound shipment has",
    "unusual_surcharge": "Far above what this surcharge costs on this account",
    "unreconciled_invoice": "Line items that do not come to the invoice's total",
}
"""What each rule finds, in a line; docs/carrier-audit.md defines them."""


class RuleSum(msgspec.Struct, kw_only=True):
    """The findings of a rule in one currency, added up."""

    rule: str
    meaning: str
    currency: str
    findings: int
    amount: Decimal


class FindingsPage(msgspec.Struct, kw_only=True):
    """Findings as `GET /carrier/audit/findings` has them, and the sums of all, by rule and currency."""

    carrier: CarrierHead
    findings: list[dict[str, Any]]
    sums: list[RuleSum]
    rules: list[str]
    states: list[str]
    filters: dict[str, str]
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    """A page of findings."""
    connection = await carrier_of(visit)
    filters = visit.query(*FILTERS)
    wanted = {**filters, **visit.query("page_token"), "limit": PAGE}
    answer = await visit.inside.get(FINDINGS, wanted, connection.uid)
    sums = await findings.finding_sums(visit.door.database, connection.id)
    head = await head_of(visit, connection)
    page = FindingsPage(
        carrier=head,
        findings=answer["data"],
        sums=[_sum(finding_sum) for finding_sum in sums],
        rules=list(MEANINGS),
        states=list(STATES),
        filters=filters,
        next_token=answer["next_token"],
    )
    return visit.view("carrier/findings.html", page, title=title_of(head, "findings"))


def _sum(finding_sum: FindingSum) -> RuleSum:
    return RuleSum(
        rule=finding_sum.rule,
        meaning=MEANINGS.get(finding_sum.rule, ""),
        currency=finding_sum.currency,
        findings=finding_sum.findings,
        amount=finding_sum.amount,
    )


async def exported(visit: DashboardContext) -> Response:
    """All findings that fit, as CSV, in pieces."""
    connection = await carrier_of(visit)
    filters = visit.query(*FILTERS)
    first = await visit.inside.get(FINDINGS, {**filters, "limit": AT_ONCE}, connection.uid)
    headers = {
        **POLICY.headers,
        "content-disposition": f'attachment; filename="findings-{connection.uid}.csv"',
    }
    pieces = _pieces(visit, connection.uid, filters, first)
    return StreamingResponse(pieces, headers=headers, media_type="text/csv; charset=utf-8")


async def _pieces(
    visit: DashboardContext, uid: str, filters: Mapping[str, str], answer: dict[str, Any]
) -> AsyncIterator[bytes]:
    """The lines of the file. answer: the first page."""
    yield _lines([COLUMNS])
    while True:
        yield _lines([_cells(finding) for finding in answer["data"]])
        if answer["next_token"] is None:
            return
        wanted = {**filters, "limit": AT_ONCE, "page_token": answer["next_token"]}
        answer = await visit.inside.get(FINDINGS, wanted, uid)


def _cells(finding: dict[str, Any]) -> list[str]:
    items = finding["details"].get("line_items", [])
    charges = "; ".join(f"{item['charge_description'] or '?'} {item['net_cost']}" for item in items)
    claim = finding["claim"] or {"state": "open", "note": ""}
    values = {**finding, "charges": charges, "state": claim["state"], "note": claim["note"]}
    return ["" if values[name] is None else safe(str(values[name])) for name in COLUMNS]


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")
