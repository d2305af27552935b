"""What each shipment cost and whose order it was, and what an account costs beside."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.api.carrier import audit_schemas as schemas
from crossdock.api.carrier.files import offered
from crossdock.api.carrier.orders import ParcelOrders, orders_of
from crossdock.api.context import RequestContext
from crossdock.audit.findings import CENT, ZERO, in_order, last_text, total
from crossdock.audit.follow import ORDER_RESOURCES, comparable
from crossdock.store.carriers import audit, charges, trackings
from crossdock.store.carriers.audit import AuditSettings
from crossdock.store.carriers.charges import ChargeRow
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply

InvoiceKey = tuple[str, str, str]
"""Account, invoice, currency."""


async def costs(visit: RequestContext) -> Response:
    """The charges for each tracking number, and the orders that they were for."""
    offered(visit)
    door, connection, arguments = visit.door, visit.connection, visit.arguments()
    others = await trackings.same_customer(door.database, connection)
    only = await _only(visit, others, arguments)
    pages = PageTokens(door.page_key, connection.id, "shipment costs")
    after = pages.key_or_none(arguments.get("page_token")) or ("",)
    parcels = await paginate(
        int(arguments["limit"]),
        lambda limit: charges.parcels(door.database, connection.id, str(after[0]), limit, only),
        lambda parcel: pages.token((parcel,), None),
    )
    shown = await _costs(visit, others, parcels.items)
    return reply(schemas.ShipmentCostList(data=shown, next_token=parcels.next_token, total_count=len(shown)))


async def account_costs(visit: RequestContext) -> Response:
    """The charges without a tracking number, by account, invoice and label."""
    offered(visit)
    door, connection, arguments = visit.door, visit.connection, visit.arguments()
    pages = PageTokens(door.page_key, connection.id, "account costs")
    key = pages.key_or_none(arguments.get("page_token"))
    after = ("", "", "", "", "") if key is None else tuple(msgspec.json.decode(str(key[0]), type=list[str]))
    rows = await paginate(
        int(arguments["limit"]),
        lambda limit: charges.without_parcel(door.database, connection.id, after, limit),
        lambda row: pages.token((msgspec.json.encode(row.key).decode(),), None),
    )
    data = [
        schemas.AccountCost(
            account_id=row.account_id or None, invoice_id=row.invoice_id or None,
            charge_description=row.label or None, charge_category=row.category,
            currency=row.currency or None, charges=row.charges, net_cost=row.net,
        )
        for row in rows.items
    ]  # fmt: skip
    return reply(schemas.AccountCostList(data=data, next_token=rows.next_token, total_count=len(data)))


async def _only(visit: RequestContext, others: Sequence[int], arguments: dict[str, Any]) -> list[str] | None:
    """The parcels that are asked for; None: all."""
    comparables = [comparable(str(arguments["tracking_number"]))] if "tracking_number" in arguments else None
    if "order_id" not in arguments:
        return comparables
    of_order = await trackings.numbers_of(
        visit.door.database, others, str(arguments["order_id"]), ORDER_RESOURCES
    )
    return of_order if comparables is None else [text for text in comparables if text in of_order]


async def _costs(
    visit: RequestContext, others: Sequence[int], parcels: Sequence[str]
) -> list[schemas.ShipmentCost]:
    database, connection = visit.door.database, visit.connection
    rows = await charges.of_parcels(database, connection.id, parcels)
    orders = await orders_of(database, connection, parcels, others)
    shares = await _spread_shares(visit, rows)
    return [
        _cost(list(group), orders, shares)
        for _, group in groupby(rows, key=lambda charge: (charge.parcel, charge.currency))
    ]


async def _spread_shares(
    visit: RequestContext, rows: Sequence[ChargeRow]
) -> dict[InvoiceKey, Decimal] | None:
    """The costs without a tracking number per unit of parcels' costs, by invoice; None: not spread."""
    settings = await audit.settings(visit.door.database, visit.connection.id)
    of_all = settings.get("", AuditSettings())
    accounts = {row.account_id for row in rows if settings.get(row.account_id, of_all).spreads_costs}
    if not accounts:
        return None
    invoices = sorted({row.invoice_id for row in rows if row.account_id in accounts})
    sums = await charges.invoice_sums(visit.door.database, visit.connection.id, invoices)
    return {
        (row.account_id, row.invoice_id, row.currency): row.without_parcel / row.of_parcels
        for row in sums
        if row.account_id in accounts and row.of_parcels > 0
    }


def _cost(
    rows: Sequence[ChargeRow], orders: ParcelOrders, shares: dict[InvoiceKey, Decimal] | None
) -> schemas.ShipmentCost:
    by_category: dict[str, Decimal] = {}
    for charge in rows:
        by_category[charge.category] = by_category.get(charge.category, ZERO) + charge.amount
    gross = sum((Decimal(charge.gross) for charge in rows if charge.gross is not None), ZERO)
    net = total(rows)
    return schemas.ShipmentCost(
        tracking_number=rows[0].tracking_number,
        currency=rows[0].currency,
        net_cost=net,
        gross_cost=gross,
        spread_cost=None if shares is None else _spread(rows, shares),
        by_category=by_category,
        service=last_text(rows, "service"),
        zone=last_text(rows, "zone"),
        billed_weight=_weight(rows, "billed_weight"),
        actual_weight=_weight(rows, "actual_weight"),
        weight_unit=last_text(rows, "weight_unit"),
        charges=[_charge(charge) for charge in rows],
        orders=orders.of(rows[0].parcel, net),
    )


def _spread(rows: Iterable[ChargeRow], shares: dict[InvoiceKey, Decimal]) -> Decimal:
    spread = sum(
        (
            charge.amount * shares.get((charge.account_id, charge.invoice_id, charge.currency or ""), ZERO)
            for charge in rows
        ),
        ZERO,
    )
    return spread.quantize(CENT, ROUND_HALF_UP)


def _weight(rows: Sequence[ChargeRow], name: str) -> Decimal | None:
    """The weight of the last freight row that has one above zero: rows of surcharges often say 0."""
    ordered = in_order(rows)
    freight = [charge for charge in ordered if charge.category in ("base", "correction")]
    for charge in [*reversed(freight), *reversed(ordered)]:
        text = getattr(charge, name)
        if text is not None and Decimal(text) > 0:
            return Decimal(text)
    return None


def _charge(charge: ChargeRow) -> schemas.ShipmentCharge:
    return schemas.ShipmentCharge(
        invoice_line_item_id=charge.item_id, invoice_id=charge.invoice_id or None,
        charge_category=charge.category, charge_description=charge.label or None,
        net_cost=_decimal(charge.net), gross_cost=_decimal(charge.gross),
    )  # fmt: skip


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
