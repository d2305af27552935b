"""Ledgers as numbered events with levels, for programs that know items by numbers.

    nobody asked for it ─▶ nothing is kept
    somebody asks       ─▶ entries: all are placed, in parts ─▶ levels: item by item ─▶ whole
    an entry is stored  ─▶ placed in the same transaction, from the first part on

Numbers are an item's for ever. One that is called by a whole number below `FIRST_GIVEN` has that number; all
others are given one from there on, in the order in which they are met.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.changes.plan import CommitPlan
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.records import numbered_events as store
from crossdock.store.records.numbered_events import (
    BEGINNING,
    LedgerPhase,
    NumberedEvent,
    NumberedItem,
    Position,
)
from crossdock.wire import decoder, seconds

AT_ONCE = 1000
ITEMS_AT_ONCE = 100
FIRST_GIVEN = 2_000_000_000
"""The first number that is given out: below 2^31, as clients may hold numbers in 32 bits."""
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_SKU_KEY = re.compile(r"([1-9][0-9]{0,9})_[0-9]+")
"""An item that is called by its product and its variant, as programs with numbers call them."""


@dataclass(frozen=True)
class Movement:
    """The part of a ledger entry that is placed."""

    entry_id: str
    date: int
    item_id: str
    quantity: int

    @property
    def position(self) -> Position:
        return (self.date, self.entry_id)


# Pure


def movement(entry_id: str, document: bytes) -> Movement:
    entry = decoder.decode(document)
    return Movement(
        entry_id, seconds(entry["entry_date"]), entry["inventory_item_id"], units(entry["quantity"])
    )


def units(quantity: Any) -> int:
    """A quantity in whole units: an exact one with a fraction is rounded half up."""
    return int(Decimal(str(quantity)).to_integral_value(ROUND_HALF_UP))


def own_number(text: str) -> int | None:
    """The number that an item or product is called by; None where it has to be given one."""
    number = int(text) if _NUMBER.fullmatch(text) else FIRST_GIVEN
    return number if number < FIRST_GIVEN else None


def product_number(item_id: str, number: int) -> int:
    """The number of the product that an item is of: the first half of `13_691`, else the item's own."""
    match = _SKU_KEY.fullmatch(item_id)
    return (own_number(match[1]) if match else None) or number


def appended(item: NumberedItem, moved: Sequence[Movement]) -> tuple[NumberedItem, list[NumberedEvent]]:
    """Events that are all newer than those of the item, in their order; and the item after them."""
    total, events = item.total, []
    for part in moved:
        total += part.quantity
        events.append(NumberedEvent(part.entry_id, part.date, item.number, part.quantity, total))
    return replace(item, total=total, last=moved[-1].position), events


def _by_item(moved: Sequence[Movement]) -> dict[str, list[Movement]]:
    by_item: dict[str, list[Movement]] = {}
    for part in sorted(moved, key=lambda part: part.position):
        by_item.setdefault(part.item_id, []).append(part)
    return by_item


def first_positions(
    items: Mapping[str, NumberedItem], moved: Iterable[Movement], removed: Iterable[tuple[str, Position]]
) -> dict[str, Position]:
    """From where on the levels of items are to be computed anew: those to which more than new events came."""
    positions = list(removed)
    touched = {item_id for item_id, _ in positions}
    for part in moved:
        if part.item_id in touched or part.position < items[part.item_id].last:
            positions.append((part.item_id, part.position))
            touched.add(part.item_id)
    first: dict[str, Position] = {}
    for item_id, position in positions:
        first[item_id] = min(position, first.get(item_id, position))
    return first


# While entries are stored


async def follow(transaction: Transaction, plan: CommitPlan) -> None:
    """Place what a plan stores of a ledger, and take out what it deletes."""
    if plan.target.resource is not INVENTORY_LEDGER or not (plan.rows or plan.tombstones):
        return
    connection_id = plan.target.connection.id
    if await store.phase(transaction, connection_id) is None:
        return
    moved = [movement(row.id, row.document) for row in plan.rows]
    await place(transaction, connection_id, moved, removed=plan.tombstones)


async def place(
    transaction: Transaction, connection_id: int, moved: Sequence[Movement], removed: Iterable[str] = ()
) -> None:
    """Place entries, and take others out. An entry that was placed before is placed anew."""
    known = await store.known(transaction, connection_id, [*(part.entry_id for part in moved), *removed])
    if known:
        await store.remove(transaction, connection_id, known)
    item_ids = {part.item_id for part in moved} | {item_id for item_id, _ in known.values()}
    items = await _numbered(transaction, connection_id, sorted(item_ids))
    added: list[NumberedEvent] = []
    changed: dict[str, NumberedItem] = {}
    for item_id, parts in _by_item(moved).items():
        changed[item_id], events = appended(items[item_id], parts)
        added += events
    await store.add(transaction, connection_id, added)
    for item_id, position in first_positions(items, moved, known.values()).items():
        changed[item_id] = await _leveled(transaction, connection_id, items[item_id], position)
    await store.put_items(transaction, connection_id, changed.values())


async def _leveled(
    transaction: Transaction, connection_id: int, item: NumberedItem, start: Position
) -> NumberedItem:
    total, last = await store.level(transaction, connection_id, item.number, start)
    return replace(item, total=total, last=last)


async def _numbered(
    transaction: Transaction, connection_id: int, item_ids: Sequence[str]
) -> dict[str, NumberedItem]:
    """Items by id, each with a number: the one that it has, or a new one."""
    items = await store.items(transaction, connection_id, item_ids)
    fresh = [item_id for item_id in item_ids if item_id not in items]
    if not fresh:
        return items
    highest = max(await store.highest_number(transaction, connection_id), FIRST_GIVEN - 1)
    made = []
    for item_id in fresh:
        number = own_number(item_id)
        if number is None:
            number = highest = highest + 1
        made.append(NumberedItem(item_id, number, product_number(item_id, number)))
    await store.put_items(transaction, connection_id, made)
    return items | {item.item_id: item for item in made}


# When somebody asks for the first time


async def open_further(database: Database, connection_id: int) -> bool:
    """Number the next part of a ledger, in a transaction of its own; return whether it is whole now.

    Begun at once by several, they take turns and go on where the last one was.
    """

    async def work(transaction: Transaction) -> bool:
        # In this order: entries are stored in the turn of either, and never in both.
        for resource in (INVENTORY, INVENTORY_LEDGER):
            await transaction.in_turn(f"{resource.key} of {connection_id}")
        reached = await store.phase(transaction, connection_id) or LedgerPhase("entries", "")
        if reached.phase == "entries":
            reached = await _place_further(transaction, connection_id, reached.position)
        elif reached.phase == "levels":
            reached = await _level_further(transaction, connection_id, reached.position)
        await store.set_phase(transaction, connection_id, reached)
        return reached.phase == "whole"

    return await database.transact(work)


async def _place_further(transaction: Transaction, connection_id: int, after: str) -> LedgerPhase:
    """Place entries in the order of their ids. Their levels are computed when all are there."""
    entries = await store.entries_after(transaction, connection_id, after, AT_ONCE)
    moved = [movement(entry_id, document) for entry_id, document in entries]
    items = await _numbered(transaction, connection_id, sorted({part.item_id for part in moved}))
    await store.add(
        transaction, connection_id,
        [
            NumberedEvent(part.entry_id, part.date, items[part.item_id].number, part.quantity)
            for part in moved
        ],
    )  # fmt: skip
    if len(entries) < AT_ONCE:
        return LedgerPhase("levels", "")
    return LedgerPhase("entries", entries[-1][0])


async def _level_further(transaction: Transaction, connection_id: int, after: str) -> LedgerPhase:
    items = await store.items_after(transaction, connection_id, after, ITEMS_AT_ONCE)
    leveled = [await _leveled(transaction, connection_id, item, BEGINNING) for item in items]
    await store.put_items(transaction, connection_id, leveled)
    if len(items) < ITEMS_AT_ONCE:
        return LedgerPhase("whole", "")
    return LedgerPhase("levels", items[-1].item_id)
