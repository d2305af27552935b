"""The search for inventory events, over the ledger of a connection."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from crossdock.changes import numbered_events
from crossdock.connections import capabilities
from crossdock.deco_api.codes import CHANGE_TYPES, SUCCESS
from crossdock.deco_api.context import DecoContext
from crossdock.deco_api.searches import search
from crossdock.errors import Unavailable
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store.database.engine import Database
from crossdock.store.records import numbered_events as store
from crossdock.store.records.numbered_events import ShownEvent
from crossdock.web.responses import reply
from crossdock.wire import decoder

OPENING_SECONDS = 20.0
"""So long a request waits for a ledger that nobody asked for before. What was done by then stays done."""


async def find(visit: DecoContext) -> Response:
    """The events that meet all conditions, and how many there are."""
    door, connection = visit.door, visit.connection
    capabilities.check_read(connection, INVENTORY_LEDGER, door.settings.off)
    wanted = search(visit.params)
    await _opened(door.database, connection.id)
    total = await store.count(door.database, connection.id, wanted)
    rows = []
    if wanted.limit and wanted.offset < total:
        rows = await store.page(door.database, connection.id, wanted)
    shows_stock = bool(capabilities.synced_functions(connection, [INVENTORY.function], door.settings.off))
    status = {"code": SUCCESS, "severity": "SUCCESS", "description": ""}
    events = [event_of(row, shows_stock=shows_stock) for row in rows]
    return reply({"response_status": status, "inventory_events": events, "total": total})


async def _opened(database: Database, connection_id: int) -> None:
    """Have the ledger numbered. Raises Unavailable where that takes longer than a caller waits."""
    if await store.is_whole(database, connection_id):
        return
    until = asyncio.get_running_loop().time() + OPENING_SECONDS
    while not await numbered_events.open_further(database, connection_id):
        if asyncio.get_running_loop().time() > until:
            raise Unavailable("the ledger is being numbered for the first time: ask again soon")


def event_of(row: ShownEvent, *, shows_stock: bool) -> dict[str, Any]:
    """An event as the API has it. shows_stock: the newest level of the item is what its stock shows."""
    entry: Mapping[str, Any] = decoder.decode(row.entry)
    event, shift = row.event, 0
    if shows_stock and row.item is not None:
        shift = numbered_events.units(decoder.decode(row.item)["onhand"]) - row.total
    is_purchase = entry.get("object_type") == "inbound_shipment"
    return {
        "product_id": row.product_number,
        "dn_sku_id": row.item_id,
        "created_at": datetime.fromtimestamp(event.date, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "change_type": CHANGE_TYPES.get(entry["event_type"], CHANGE_TYPES["other"]),
        "po_number": entry.get("object_id") if is_purchase else None,
        "inventory_id": event.number,
        "po_line_id": None,
        "old_qty": shift + event.level - event.quantity,
        "new_qty": shift + event.level,
        "user": None,
    }
