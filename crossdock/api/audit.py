"""What the audit of a carrier's charges found, and what each shipment cost."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.api import carrier_schemas as schemas
from crossdock.api.door import Visit
from crossdock.api.files import offered
from crossdock.api.replies import reply
from crossdock.api.tokens import Pages
from crossdock.audit.follow import ORDER_RESOURCES, comparable
from crossdock.audit.rules import ZERO, net
from crossdock.changes.document import decoder, stamp
from crossdock.store import audit, connections
from crossdock.store.audit import Charge, Shipped, StoredFinding

FILTERS = ("rule", "tracking_number", "invoice_id")


async def listed(visit: Visit) -> Response:
    """A page of findings, by id."""
    offered(visit)
    door, connection, given = visit.door, visit.connection, visit.arguments()
    filters = {name: str(given[name]) for name in FILTERS if name in given}
    pages = Pages(door.page_key, connection.id, "audit findings")
    limit = int(given["limit"])
    after = str(pages.after(str(given["page_token"]), None)[0]) if "page_token" in given else ""
    found = await audit.findings(door.database, connection.id, filters, after, limit + 1)
    last = await audit.last(door.database, connection.id)
    shown = [_finding(one) for one in found[:limit]]
    more = pages.token((found[limit - 1].id,), None) if len(found) > limit else None
    return reply(
        schemas.AuditFindingList(
            data=shown, next_token=more, total_count=len(shown),
            audited_at=None if last is None else stamp(last),
        )
    )  # fmt: skip


def _finding(one: StoredFinding) -> schemas.AuditFinding:
    return schemas.AuditFinding(
        id=one.id, rule=one.rule, amount=Decimal(one.amount), currency=one.currency,
        tracking_number=one.tracking_number, account_id=one.account_id, invoice_id=one.invoice_id,
        message=one.message, details=decoder.decode(one.detail), found_at=stamp(one.first_ms),
    )  # fmt: skip


async def costs(visit: Visit) -> Response:
    """What was charged for each tracking number, and for which orders."""
    offered(visit)
    door, connection, given = visit.door, visit.connection, visit.arguments()
    others = await audit.same_customer(door.database, connection)
    only = await _only(visit, others, given)
    pages = Pages(door.page_key, connection.id, "shipment costs")
    limit = int(given["limit"])
    after = str(pages.after(str(given["page_token"]), None)[0]) if "page_token" in given else ""
    parcels = await audit.parcels(door.database, connection.id, after, limit + 1, only)
    more = pages.token((parcels[limit - 1],), None) if len(parcels) > limit else None
    shown = await _costs(visit, others, parcels[:limit])
    return reply(schemas.ShipmentCostList(data=shown, next_token=more, total_count=len(shown)))


async def _only(visit: Visit, others: Sequence[int], given: dict[str, Any]) -> list[str] | None:
    """The parcels that are asked for; None: all."""
    wanted = [comparable(str(given["tracking_number"]))] if "tracking_number" in given else None
    if "order_id" not in given:
        return wanted
    of_order = await audit.numbers_of(visit.door.database, others, [str(given["order_id"])])
    return of_order if wanted is None else [one for one in wanted if one in of_order]


async def _costs(visit: Visit, others: Sequence[int], parcels: Sequence[str]) -> list[schemas.ShipmentCost]:
    database = visit.door.database
    charges = await audit.of_parcels(database, visit.connection.id, parcels)
    shipped: dict[str, list[Shipped]] = {}
    for one in await audit.shipped(database, others, parcels):
        if one.resource in _ORDER_KEYS:
            shipped.setdefault(one.tracking_number, []).append(one)
    of = await connections.by_ids(database, {one.connection_id for some in shipped.values() for one in some})
    uids = {one.id: one.uid for one in of.values()}
    return [
        _cost(list(group), shipped.get(parcel, []), uids)
        for (parcel, _), group in groupby(charges, key=lambda one: (one.parcel, one.currency))
    ]


_ORDER_KEYS = {one.key: one.type for one in ORDER_RESOURCES}


def _cost(
    charges: Sequence[Charge], shipped: Iterable[Shipped], uids: dict[int, str]
) -> schemas.ShipmentCost:
    by_category: dict[str, Decimal] = {}
    for one in charges:
        by_category[one.category] = by_category.get(one.category, ZERO) + net(one)
    gross = sum((Decimal(one.gross) for one in charges if one.gross is not None), ZERO)
    return schemas.ShipmentCost(
        tracking_number=charges[0].tracking_number,
        currency=charges[0].currency,
        net_cost=sum(map(net, charges), ZERO),
        gross_cost=gross,
        by_category=by_category,
        service=_said(charges, "service"),
        zone=_said(charges, "zone"),
        billed_weight=_decimal(_said(charges, "billed_weight")),
        actual_weight=_decimal(_said(charges, "actual_weight")),
        weight_unit=_said(charges, "weight_unit"),
        charges=[_charge(one) for one in charges],
        orders=[
            schemas.ShipmentOrder(
                connection_id=uids[one.connection_id],
                integration_type=msgspec.convert(_ORDER_KEYS[one.resource], Any),
                order_id=one.record_id,
                order_number=one.order_number,
            )
            for one in shipped
            if one.connection_id in uids
        ],
    )


def _charge(one: Charge) -> schemas.ShipmentCharge:
    return schemas.ShipmentCharge(
        invoice_line_item_id=one.item_id, invoice_id=one.invoice_id or None,
        charge_category=one.category, charge_description=one.label or None,
        net_cost=_decimal(one.net), gross_cost=_decimal(one.gross),
    )  # fmt: skip


def _said(charges: Iterable[Charge], name: str) -> str | None:
    """The first that any of the rows says."""
    return next((value for one in charges if (value := getattr(one, name)) is not None), None)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
