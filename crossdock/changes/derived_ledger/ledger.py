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

from crossdock.kit.contract import Fields
from crossdock.kit.registry import Integration, get_integration
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Transaction
from crossdock.store.records import ledger as balances
from crossdock.store.records.ledger import LedgerBalance
from crossdock.wire import decoder, hashed, stamp

MARK = "derived"
PREFIX = f"{MARK}:"

Stock = dict[str | None, int]
"""Units by warehouse. None: what belongs to no warehouse that is known."""

_pairs = msgspec.json.Decoder(list[tuple[str | None, int]])


@dataclass(frozen=True)
class LedgerItem:
    """An item of stock, as it is stored or was last."""

    document: bytes
    is_gone: bool = False


def can_derive(integration: Integration) -> bool:
    """Check whether an integration shows stock, and has no ledger of its own."""
    reads = integration.manifest.functions.read
    return (
        integration.type == INVENTORY.type
        and INVENTORY.function in reads
        and INVENTORY_LEDGER.function not in reads
    )


def is_derived(connection: ConnectionRow, integration: Integration) -> bool:
    """Check whether this connection's ledger is a derived one."""
    return connection.derived_ledger and can_derive(integration)


# Pure


def stock(item: Mapping[str, Any]) -> Stock:
    """The units of an item by warehouse; together they are what it says to have on hand."""
    onhands: Stock = {key: item["onhand"] for key, item in item["inventory_by_warehouse_id"].items()}
    remaining_onhand = item["onhand"] - sum(onhands.values())
    return onhands | ({None: remaining_onhand} if remaining_onhand or not onhands else {})


def difference(before: Stock, now: Stock) -> Stock:
    """The change of units in each warehouse, where there is one."""
    fromkeys = dict.fromkeys((*before, *now))
    fields = {fromkey: now.get(fromkey, 0) - before.get(fromkey, 0) for fromkey in fromkeys}
    return {key: units for key, units in fields.items() if units}


def entries(
    item: Mapping[str, Any], moved: Stock, number: int, now_ms: int, reason: str | None
) -> list[Fields]:
    """Entries for what has moved. number: of the item's changes, so that no two entries have one id."""
    now = stamp(now_ms)
    return [
        {
            "id": entry_id(item["id"], key, number, now_ms),
            "created_date": now,
            "updated_date": now,
            "entry_date": now,
            "inventory_item_id": item["id"],
            "sku": item["sku"] or "",
            "quantity": units,
            "raw_event_type": MARK,
            "event_type": "adjustment",
            "reason": reason,
            "warehouse_id": key,
            "warehouse_customer_id": item["warehouse_customer_id"],
        }
        for key, units in moved.items()
    ]


def entry_id(item_id: str, key: str | None, number: int, now_ms: int) -> str:
    """Ids stand in the order of time."""
    parts = [item_id, str(number), *([] if key is None else [key])]
    return f"{PREFIX}{now_ms:014}:{hashed(*(part.encode() for part in parts)).hex()}"


# With the store


async def is_wanted(transaction: Transaction, connection: ConnectionRow) -> bool:
    """Check whether this transaction, which is about to change stock, has to keep the connection's ledger.

    It has its turn at the stock already, and asks the store, not the connection as it was read: so either
    it sees that the ledger was switched on, or whoever opens the ledger sees what it stored.
    """
    integration = get_integration(connection.type, connection.integration)
    return can_derive(integration) and await balances.is_on(transaction, connection.organization_id)


async def derived(
    transaction: Transaction,
    connection: ConnectionRow,
    items: Mapping[str, LedgerItem],
    now_ms: int,
) -> list[Fields]:
    """The entries that bring these items' balances to their stock; the balances are stored."""
    known_ledger_balances = await balances.of_items(transaction, connection.id, items)
    fields: list[Fields] = []
    changed: list[LedgerBalance] = []
    for item_id, ledger_item in items.items():
        item = decoder.decode(ledger_item.document)
        balance = known_ledger_balances.get(item_id)
        before = {} if balance is None else dict(_pairs.decode(balance.stock))
        now: Stock = {} if ledger_item.is_gone else stock(item)
        moved = difference(before, now)
        if balance is not None and not moved:
            continue
        number = 1 if balance is None else balance.changes + 1
        fields += entries(item, moved, number, now_ms, _reason(balance, ledger_item))
        changed.append(LedgerBalance(item_id, msgspec.json.encode(list(now.items())).decode(), number))
    await balances.put(transaction, connection.id, changed)
    return fields


def _reason(balance: LedgerBalance | None, item: LedgerItem) -> str | None:
    if item.is_gone:
        return "the item is gone"
    return "opening stock" if balance is None else None


def of_rows(rows: Iterable[tuple[str, bytes]], *, is_deleted: bool = False) -> dict[str, LedgerItem]:
    """Items by id, from ids and documents."""
    return {record_id: LedgerItem(document, is_deleted) for record_id, document in rows}
