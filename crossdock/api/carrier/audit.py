"""What the audit of a carrier's charges found, and what each shipment cost."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.api.carrier import schemas
from crossdock.api.carrier.files import offered
from crossdock.api.context import RequestContext
from crossdock.audit.follow import ORDER_RESOURCES, comparable
from crossdock.audit.rules import ZERO, net
from crossdock.errors import NotFound
from crossdock.store.carriers import audit, claims
from crossdock.store.carriers.audit import ChargeRow, ShippedRow, StoredFinding
from crossdock.store.carriers.claims import Claim
from crossdock.store.connections import connections
from crossdock.store.people.audit_log import acting, note_act
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply
from crossdock.wire import decoder, stamp

FILTERS = ("rule", "state", "tracking_number", "invoice_id")


async def get_list(visit: RequestContext) -> Response:
    """A page of findings, by id."""
    offered(visit)
    door, connection, arguments = visit.door, visit.connection, visit.arguments()
    filters = {name: str(arguments[name]) for name in FILTERS if name in arguments}
    pages = PageTokens(door.page_key, connection.id, "audit findings")
    after = pages.key_or_none(arguments.get("page_token")) or ("",)
    rows = await paginate(
        int(arguments["limit"]),
        lambda limit: audit.findings(door.database, connection.id, filters, str(after[0]), limit),
        lambda finding: pages.token((finding.id,), None),
    )
    last = await audit.last(door.database, connection.id)
    known = await claims.of_findings(door.database, connection.id, [finding.id for finding in rows.items])
    shown = [_finding(finding, known.get(finding.id)) for finding in rows.items]
    return reply(
        schemas.AuditFindingList(
            data=shown, next_token=rows.next_token, total_count=len(shown),
            audited_at=None if last is None else stamp(last),
        )
    )  # fmt: skip


async def claimed(visit: RequestContext) -> Response:
    """Set the state of a finding, and its note."""
    offered(visit)
    door, connection = visit.door, visit.connection
    finding_id, body = str(visit.arguments()["finding_id"]), await visit.body(schemas.AuditClaimBody)
    if not await audit.has_finding(door.database, connection.id, finding_id):
        raise NotFound(f"the last audit has no finding {finding_id[:100]!r}", record_id=finding_id)
    actor = acting()
    claim = Claim(finding_id, body.state, body.note, actor.name or actor.id, door.clock())
    async with door.database.transaction() as transaction:
        await claims.put(transaction, connection.id, claim)
        await note_act(
            transaction, connection.organization_id, "finding.claimed", finding_id, door.clock(),
            state=body.state, connection=connection.uid,
        )  # fmt: skip
    return reply(schemas.AuditClaimItem(data=_claim(claim)))


def _claim(claim: Claim) -> schemas.AuditClaim:
    return schemas.AuditClaim(
        state=claim.state, note=claim.note, changed_by=claim.actor, changed_at=stamp(claim.changed_ms)
    )


def _finding(stored_finding: StoredFinding, claim: Claim | None) -> schemas.AuditFinding:
    return schemas.AuditFinding(
        id=stored_finding.id,
        rule=stored_finding.rule,
        amount=Decimal(stored_finding.amount),
        currency=stored_finding.currency,
        tracking_number=stored_finding.tracking_number,
        account_id=stored_finding.account_id,
        invoice_id=stored_finding.invoice_id,
        message=stored_finding.message,
        details=decoder.decode(stored_finding.detail),
        found_at=stamp(stored_finding.first_ms),
        claim=None if claim is None else _claim(claim),
    )


async def costs(visit: RequestContext) -> Response:
    """The charges for each tracking number, and the orders that they were for."""
    offered(visit)
    door, connection, arguments = visit.door, visit.connection, visit.arguments()
    other_customers = await audit.same_customer(door.database, connection)
    only = await _only(visit, other_customers, arguments)
    pages = PageTokens(door.page_key, connection.id, "shipment costs")
    after = pages.key_or_none(arguments.get("page_token")) or ("",)
    parcels = await paginate(
        int(arguments["limit"]),
        lambda limit: audit.parcels(door.database, connection.id, str(after[0]), limit, only),
        lambda parcel: pages.token((parcel,), None),
    )
    shown = await _costs(visit, other_customers, parcels.items)
    return reply(schemas.ShipmentCostList(data=shown, next_token=parcels.next_token, total_count=len(shown)))


async def _only(
    visit: RequestContext, other_customers: Sequence[int], arguments: dict[str, Any]
) -> list[str] | None:
    """The parcels that are asked for; None: all."""
    comparables = [comparable(str(arguments["tracking_number"]))] if "tracking_number" in arguments else None
    if "order_id" not in arguments:
        return comparables
    of_order = await audit.numbers_of(visit.door.database, other_customers, [str(arguments["order_id"])])
    return of_order if comparables is None else [text for text in comparables if text in of_order]


async def _costs(
    visit: RequestContext, other_customers: Sequence[int], parcels: Sequence[str]
) -> list[schemas.ShipmentCost]:
    database = visit.door.database
    charges = await audit.of_parcels(database, visit.connection.id, parcels)
    shipped: dict[str, list[ShippedRow]] = {}
    for current_shipped in await audit.shipped(database, other_customers, parcels):
        if current_shipped.resource in _ORDER_KEYS:
            shipped.setdefault(current_shipped.tracking_number, []).append(current_shipped)
    of = await connections.by_ids(
        database, {shipped.connection_id for shipped_items in shipped.values() for shipped in shipped_items}
    )
    uids = {connection.id: connection.uid for connection in of.values()}
    return [
        _cost(list(group), shipped.get(parcel, []), uids)
        for (parcel, _), group in groupby(charges, key=lambda charge: (charge.parcel, charge.currency))
    ]


_ORDER_KEYS = {order_resource.key: order_resource.type for order_resource in ORDER_RESOURCES}


def _cost(
    charges: Sequence[ChargeRow], shipped: Iterable[ShippedRow], uids: dict[int, str]
) -> schemas.ShipmentCost:
    by_category: dict[str, Decimal] = {}
    for charge in charges:
        by_category[charge.category] = by_category.get(charge.category, ZERO) + net(charge)
    gross = sum((Decimal(charge.gross) for charge in charges if charge.gross is not None), ZERO)
    return schemas.ShipmentCost(
        tracking_number=charges[0].tracking_number,
        currency=charges[0].currency,
        net_cost=sum(map(net, charges), ZERO),
        gross_cost=gross,
        by_category=by_category,
        service=_first_text(charges, "service"),
        zone=_first_text(charges, "zone"),
        billed_weight=_decimal(_first_text(charges, "billed_weight")),
        actual_weight=_decimal(_first_text(charges, "actual_weight")),
        weight_unit=_first_text(charges, "weight_unit"),
        charges=[_charge(charge) for charge in charges],
        orders=[
            schemas.ShipmentOrder(
                connection_id=uids[shipped.connection_id],
                integration_type=msgspec.convert(_ORDER_KEYS[shipped.resource], Any),
                order_id=shipped.record_id,
                order_number=shipped.order_number,
            )
            for shipped in shipped
            if shipped.connection_id in uids
        ],
    )


def _charge(charge: ChargeRow) -> schemas.ShipmentCharge:
    return schemas.ShipmentCharge(
        invoice_line_item_id=charge.item_id, invoice_id=charge.invoice_id or None,
        charge_category=charge.category, charge_description=charge.label or None,
        net_cost=_decimal(charge.net), gross_cost=_decimal(charge.gross),
    )  # fmt: skip


def _first_text(charges: Iterable[ChargeRow], name: str) -> str | None:
    """The first that any of the rows says."""
    return next((value for charge in charges if (value := getattr(charge, name)) is not None), None)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
