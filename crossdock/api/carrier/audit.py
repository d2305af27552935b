"""What the audit of a carrier's charges found, and what was done about it."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.api.carrier import audit_schemas as schemas
from crossdock.api.carrier.files import offered
from crossdock.api.carrier.orders import orders_of
from crossdock.api.context import RequestContext
from crossdock.api.records.query import moment
from crossdock.audit.claiming import way_to_claim
from crossdock.audit.findings import Certainty, Direction
from crossdock.audit.follow import comparable
from crossdock.errors import Invalid, NotFound
from crossdock.invoices.carriers import claim_desk_of
from crossdock.invoices.claim_desks import ClaimDesk
from crossdock.kit.registry import get_integration
from crossdock.store.carriers import audit, claims, findings
from crossdock.store.carriers.claims import Claim
from crossdock.store.carriers.findings import FindingSearch, StoredFinding
from crossdock.store.people.audit_log import acting, note_act
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply
from crossdock.wire import decoder, stamp, stamp_seconds

EQUAL = (
    "rule",
    "direction",
    "certainty",
    "account_id",
    "invoice_id",
    "currency",
    "part_of",
)
"""Parameters that are a column."""
MOST_AMOUNT = Decimal(10) ** 14
LEAST_EXPONENT = -4
"""Amounts have no more decimal places than this."""
BY_AMOUNT = "amount"
"""The order of the list."""


async def get_list(visit: RequestContext) -> Response:
    """A page of findings, the largest amount first."""
    offered(visit)
    door, connection, arguments = visit.door, visit.connection, visit.arguments()
    search = _search(arguments)
    pages = PageTokens(door.page_key, connection.id, "audit findings")
    key = pages.key_or_none(arguments.get("page_token"), BY_AMOUNT)
    before = None if key is None else (int(key[0]), str(key[-1]))
    rows = await paginate(
        int(arguments["limit"]),
        lambda limit: findings.findings(door.database, connection.id, search, before, limit),
        lambda row: pages.token((row[0], row[1].id), BY_AMOUNT),
    )
    last = await audit.last(door.database, connection.id)
    shown = await _shown(visit, [finding for _, finding in rows.items])
    return reply(
        schemas.AuditFindingList(
            data=shown, next_token=rows.next_token, total_count=len(shown),
            audited_at=None if last is None else stamp(last),
        )
    )  # fmt: skip


def _search(arguments: dict[str, Any]) -> FindingSearch:
    faults: dict[str, list[str]] = {}
    least, most = (_amount(arguments, name, faults) for name in ("min_amount", "max_amount"))
    if faults:
        raise Invalid({"query": faults})
    begin, end = (
        moment(str(arguments[name]), name) if name in arguments else None
        for name in ("charged_date[gte]", "charged_date[lte]")
    )
    numbers: list[str] = []
    if "tracking_number" in arguments:
        number = str(arguments["tracking_number"])
        numbers = list(dict.fromkeys((number, comparable(number))))
    return FindingSearch(
        {name: str(arguments[name]) for name in EQUAL if name in arguments}, numbers=numbers,
        state=arguments.get("state"), least=least, most=most, begin=begin,
        end=None if end is None else end + 1,
        # Whoever looks for a parcel is to find it, in a group or not.
        shows_parts="tracking_number" in arguments or arguments.get("parts") is True,
    )  # fmt: skip


def _amount(arguments: dict[str, Any], name: str, faults: dict[str, list[str]]) -> Decimal | None:
    if name not in arguments:
        return None
    try:
        amount = Decimal(str(arguments[name]))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MOST_AMOUNT:
        faults[name] = [f"is {str(arguments[name])[:40]!r}, wanted an amount such as 12.50"]
        return None
    return amount


async def claimed(visit: RequestContext) -> Response:
    """Set the state of a finding, its note and amount."""
    offered(visit)
    door, connection = visit.door, visit.connection
    finding_id, body = str(visit.arguments()["finding_id"]), await visit.body(schemas.AuditClaimBody)
    if body.amount is not None:
        _check_amount(body.amount)
    if not await findings.has_finding(door.database, connection.id, finding_id):
        raise NotFound(f"no audit has a finding {finding_id[:100]!r}", record_id=finding_id)
    actor = acting()
    amount = None if body.amount is None else format(body.amount, "f")
    claim = Claim(finding_id, body.state, body.note, actor.name or actor.id, door.clock(), amount)
    async with door.database.transaction() as transaction:
        await claims.put(transaction, connection.id, claim)
        await note_act(
            transaction, connection.organization_id, "finding.claimed", finding_id, door.clock(),
            state=body.state, connection=connection.uid,
        )  # fmt: skip
    return reply(schemas.AuditClaimItem(data=_claim(claim)))


def _check_amount(amount: Decimal) -> None:
    exponent = amount.as_tuple().exponent
    if not 0 <= amount <= MOST_AMOUNT:
        wanted = f"wanted an amount that is not below zero, at most {MOST_AMOUNT}"
    elif not isinstance(exponent, int) or exponent < LEAST_EXPONENT:
        wanted = "wanted an amount with at most four decimal places"
    else:
        return
    raise Invalid({"json": {"amount": [f"is {amount:.20g}, {wanted}"]}})


async def totals(visit: RequestContext) -> Response:
    """The sums of all findings of the last audit, by rule, direction, account, month and currency."""
    offered(visit)
    door, connection = visit.door, visit.connection
    sums = await findings.finding_sums(door.database, connection.id)
    last = await audit.last(door.database, connection.id)
    data = [
        schemas.AuditTotal(
            rule=row.rule, direction=msgspec.convert(row.direction, Direction),
            account_id=row.account_id or None, month=row.month or None, currency=row.currency or None,
            findings=row.findings, amount=row.amount,
        )
        for row in sums
    ]  # fmt: skip
    audited_at = None if last is None else stamp(last)
    return reply(schemas.AuditTotalList(data=data, total_count=len(data), audited_at=audited_at))


def _claim(claim: Claim) -> schemas.AuditClaim:
    return schemas.AuditClaim(
        state=claim.state, note=claim.note, amount=None if claim.amount is None else Decimal(claim.amount),
        changed_by=claim.actor, changed_at=stamp(claim.changed_ms),
    )  # fmt: skip


async def _shown(visit: RequestContext, rows: Sequence[StoredFinding]) -> list[schemas.AuditFinding]:
    """Findings with their claims, orders and files."""
    database, connection = visit.door.database, visit.connection
    known = await claims.of_findings(database, connection.id, [row.id for row in rows])
    details = [decoder.decode(row.detail) for row in rows]
    items = [item["invoice_line_item_id"] for detail in details for item in detail.get("line_items", ())]
    files = await findings.files_of(database, connection.id, items) if items else {}
    numbers = {comparable(row.tracking_number) for row in rows if row.tracking_number}
    orders = await orders_of(database, connection, sorted(numbers))
    desk = claim_desk_of(get_integration(connection.type, connection.integration))
    return [
        _finding(
            row, detail, known.get(row.id), desk,
            orders=orders.of(comparable(row.tracking_number or ""), Decimal(row.amount)),
            files=_files(detail, files),
        )
        for row, detail in zip(rows, details, strict=True)
    ]  # fmt: skip


def _files(detail: dict[str, Any], files: dict[str, tuple[str, str]]) -> list[schemas.FindingFile]:
    ids = [item["invoice_line_item_id"] for item in detail.get("line_items", ())]
    named = dict.fromkeys(files[item_id] for item_id in ids if item_id in files)
    return [schemas.FindingFile(file_id=file_id, file_name=name) for file_id, name in named]


def _finding(
    row: StoredFinding,
    detail: dict[str, Any],
    claim: Claim | None,
    desk: ClaimDesk,
    *,
    orders: list[schemas.ShipmentOrder],
    files: list[schemas.FindingFile],
) -> schemas.AuditFinding:
    how, until = way_to_claim(row, desk)
    return schemas.AuditFinding(
        id=row.id, rule=row.rule, direction=msgspec.convert(row.direction, Direction),
        certainty=msgspec.convert(row.certainty, Certainty), amount=Decimal(row.amount),
        currency=row.currency, tracking_number=row.tracking_number, account_id=row.account_id,
        invoice_id=row.invoice_id, service=row.service, zone=row.zone, charged_date=_date(row.charged_on),
        invoice_date=_date(row.invoiced_on), message=row.message, details=detail, orders=orders, files=files,
        how_to_claim=how, claim_until=until, part_of=row.part_of,
        found_at=stamp(row.first_ms), gone_at=None if row.gone_ms is None else stamp(row.gone_ms),
        claim=None if claim is None else _claim(claim),
    )  # fmt: skip


def _date(seconds: int) -> str | None:
    return stamp_seconds(seconds) if seconds else None
