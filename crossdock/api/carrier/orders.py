"""The orders that parcels were for, and what of a parcel's cost is each order's."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

import msgspec

from crossdock.api.carrier import audit_schemas as schemas
from crossdock.audit.follow import ORDER_RESOURCES
from crossdock.resources.wms.returns import RETURNS
from crossdock.store.carriers import trackings
from crossdock.store.carriers.trackings import ShippedRow
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database

CENT = Decimal("0.01")
_TYPES = {resource.key: resource.type for resource in (*ORDER_RESOURCES, RETURNS)}


@dataclass(frozen=True)
class OrderKey:
    """An order as one connection knows it."""

    connection_id: str
    type: str
    order_id: str
    order_number: str | None


@dataclass(frozen=True)
class ParcelOrders:
    """Orders by the tracking number that they were sent, or come back, with."""

    by_number: dict[str, list[OrderKey]]

    def of(self, number: str, amount: Decimal) -> list[schemas.ShipmentOrder]:
        """The orders of a number, with their shares: those that one connection knows share equally."""
        orders = self.by_number.get(number, [])
        counts: dict[str, int] = {}
        for order in orders:
            counts[order.connection_id] = counts.get(order.connection_id, 0) + 1
        shares = {connection: _shares(amount, count) for connection, count in counts.items()}
        return [
            schemas.ShipmentOrder(
                connection_id=order.connection_id, integration_type=msgspec.convert(order.type, Any),
                order_id=order.order_id, order_number=order.order_number,
                net_cost=shares[order.connection_id].pop(0),
            )
            for order in orders
        ]  # fmt: skip


def _shares(amount: Decimal, count: int) -> list[Decimal]:
    """An amount in equal parts to the cent; the first ones have the cents that are left over."""
    if count == 1:
        return [amount]
    share = (amount / count).quantize(CENT, ROUND_DOWN)
    shares = [share] * count
    rest = amount - share * count
    cents = int(abs(rest) / CENT)
    for position in range(cents):
        shares[position % count] += CENT if rest > 0 else -CENT
    shares[0] += amount - sum(shares)  # what is below a cent
    return shares


async def orders_of(
    database: Database, connection: ConnectionRow, numbers: Sequence[str], others: Sequence[int] | None = None
) -> ParcelOrders:
    """The orders of these tracking numbers. A return's freight is the cost of the order that comes back."""
    if others is None:
        others = await trackings.same_customer(database, connection)
    rows = [row for row in await trackings.shipped(database, others, numbers) if _is_of_order(row)]
    known = await connections.by_ids(database, {row.connection_id for row in rows})
    order_numbers = await _numbers_of_returned(database, rows)
    by_number: dict[str, dict[tuple[int, str], OrderKey]] = {}
    for row in rows:
        if row.connection_id in known:
            order_id, number = row.record_id, row.order_number
            if row.resource == RETURNS.key:
                order_id = row.order_id or ""
                number = order_numbers.get((row.connection_id, order_id))
            order = OrderKey(known[row.connection_id].uid, _TYPES[row.resource], order_id, number)
            by_number.setdefault(row.tracking_number, {}).setdefault((row.connection_id, order_id), order)
    return ParcelOrders({number: list(orders.values()) for number, orders in by_number.items()})


def _is_of_order(row: ShippedRow) -> bool:
    return row.resource in _TYPES and (row.resource != RETURNS.key or bool(row.order_id))


async def _numbers_of_returned(
    database: Database, rows: Sequence[ShippedRow]
) -> dict[tuple[int, str], str | None]:
    """The order numbers of orders that come back, by connection and id."""
    returned = [row for row in rows if row.order_id]
    if not returned:
        return {}
    ids = sorted({row.order_id or "" for row in returned})
    orders = await trackings.of_records(database, sorted({row.connection_id for row in returned}), ids)
    return {(row.connection_id, row.record_id): row.order_number for row in orders}
