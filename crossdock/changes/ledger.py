"""A ledger of stock for systems that keep none: the differences between what syncs found.

    stock of an item before ─┐
                             ├─ difference ─▶ entries, and the stock that all entries add up to
    stock of an item now    ─┘

Entries are marked `derived`. Those of an item in a warehouse add up to its stock there, and those of the item
to all of its stock, at every moment since it was opened: the balance is stored with them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.changes.document import decoder, hashed, stamp
from crossdock.integrations.contract import Fields
from crossdock.integrations.registry import Integration, integration
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store import ledger as balances
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction
from crossdock.store.ledger import Balance

MARK = "derived"
PREFIX = f"{MARK}:"

Stock = dict[str | None, int]
"""Units by warehouse. None: what belongs to no warehouse that is known."""

_pairs = msgspec.json.Decoder(list[tuple[str | None, int]])


@dataclass(frozen=True)
class Item:
    """An item of stock, as it is stored or was last."""

    document: bytes
    is_gone: bool = False


def can_derive(behind: Integration) -> bool:
    """Whether it shows stock, and has no ledger of its own."""
    reads = behind.manifest.functions.read
    return (
        behind.type == INVENTORY.type
        and INVENTORY.function in reads
        and INVENTORY_LEDGER.function not in reads
    )


def is_derived(connection: Connection, behind: Integration) -> bool:
    """Whether this connection's ledger is a derived one."""
    return connection.derived_ledger and can_derive(behind)


# Pure


def stock(item: Mapping[str, Any]) -> Stock:
    """The units of an item by warehouse; together they are what it says to have on hand."""
    found: Stock = {place: one["onhand"] for place, one in item["inventory_by_warehouse_id"].items()}
    rest = item["onhand"] - sum(found.values())
    return found | ({None: rest} if rest or not found else {})


def difference(before: Stock, now: Stock) -> Stock:
    """What has to be added in each warehouse, where that is anything."""
    places = dict.fromkeys((*before, *now))
    found = {place: now.get(place, 0) - before.get(place, 0) for place in places}
    return {place: units for place, units in found.items() if units}


def entries(
    item: Mapping[str, Any], moved: Stock, number: int, now_ms: int, reason: str | None
) -> list[Fields]:
    """Entries for what has moved. number: of the item's changes, so that no two entries have one id."""
    now = stamp(now_ms)
    return [
        {
            "id": entry_id(item["id"], place, number, now_ms),
            "created_date": now,
            "updated_date": now,
            "entry_date": now,
            "inventory_item_id": item["id"],
            "sku": item["sku"] or "",
            "quantity": units,
            "raw_event_type": MARK,
            "event_type": "adjustment",
            "reason": reason,
            "warehouse_id": place,
            "warehouse_customer_id": item["warehouse_customer_id"],
        }
        for place, units in moved.items()
    ]


def entry_id(item_id: str, place: str | None, number: int, now_ms: int) -> str:
    """Ids stand in the order of time."""
    parts = [item_id, str(number), *([] if place is None else [place])]
    return f"{PREFIX}{now_ms:014}:{hashed(*(one.encode() for one in parts)).hex()}"


# With the store


async def is_wanted(transaction: Transaction, connection: Connection) -> bool:
    """Whether this transaction, which is about to change stock, has to keep the ledger of this connection.

    It has its turn at the stock already, and asks the store, not the connection as it was read: so either
    it sees that the ledger was switched on, or whoever opens the ledger sees what it stored.
    """
    behind = integration(connection.type, connection.integration)
    return can_derive(behind) and await balances.is_on(transaction, connection.organization_id)


async def derived(
    database: Database,
    transaction: Transaction,
    connection: Connection,
    items: Mapping[str, Item],
    now_ms: int,
) -> list[Fields]:
    """The entries that bring these items' balances to their stock; the balances are stored."""
    known = await balances.of_items(database, transaction, connection.id, items)
    found: list[Fields] = []
    changed: list[Balance] = []
    for item_id, one in items.items():
        item = decoder.decode(one.document)
        balance = known.get(item_id)
        before = {} if balance is None else dict(_pairs.decode(balance.stock))
        now: Stock = {} if one.is_gone else stock(item)
        moved = difference(before, now)
        if balance is not None and not moved:
            continue
        number = 1 if balance is None else balance.changes + 1
        found += entries(item, moved, number, now_ms, _reason(balance, one))
        changed.append(Balance(item_id, msgspec.json.encode(list(now.items())).decode(), number))
    await balances.put(transaction, connection.id, changed)
    return found


def _reason(balance: Balance | None, item: Item) -> str | None:
    if item.is_gone:
        return "the item is gone"
    return "opening stock" if balance is None else None


def of_rows(rows: Iterable[tuple[str, bytes]], *, gone: bool = False) -> dict[str, Item]:
    """Items by id, from ids and documents."""
    return {record_id: Item(document, gone) for record_id, document in rows}
