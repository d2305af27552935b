"""Ledgers as events with numbers and levels, kept beside their entries: rows, and searches in them.

The level of an event is the sum of its item's quantities up to it. What level the item has is told by its
stock, so whoever reads shifts all levels of an item by the same number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crossdock.store.database.engine import Database, Row, Transaction

Phase = Literal["entries", "levels", "whole"]
Position = tuple[int, str]
"""Where an event stands among those of its item: its date in seconds, and the id of its entry."""

BEGINNING: Position = (-(2**62), "")
SORTS = {"date": "date, entry_id", "number": "number, date, entry_id"}


@dataclass(frozen=True)
class LedgerPhase:
    """The progress of numbering a ledger. position: in `phase`, the id of the last entry or item that was."""

    phase: Phase
    position: str


@dataclass(frozen=True)
class NumberedItem:
    """An item of a ledger. total: of the quantities of all its events; last: its newest event."""

    item_id: str
    number: int
    product_number: int
    total: int = 0
    last: Position = BEGINNING


@dataclass(frozen=True)
class NumberedEvent:
    """An entry of a ledger, placed."""

    entry_id: str
    date: int
    number: int
    quantity: int
    level: int = 0


@dataclass(frozen=True)
class Interval:
    """The whole numbers that a search wants of a column: from `low` to `high`, without those in `without`.

    None: no bound.
    """

    low: int | None = None
    high: int | None = None
    without: tuple[int, ...] = ()


@dataclass(frozen=True)
class EventSearch:
    """A search for events."""

    wanted: Mapping[Literal["date", "number"], Interval]
    sort: Literal["date", "number"]
    limit: int
    offset: int


@dataclass(frozen=True)
class ShownEvent:
    """An event with all that is shown of it. item: the document of its stock; None: there is none."""

    event: NumberedEvent
    item_id: str
    product_number: int
    total: int
    entry: bytes
    item: bytes | None


# How far it is


async def phase(transaction: Transaction, connection_id: int) -> LedgerPhase | None:
    """The progress of a ledger, held by this transaction; None: nobody has asked for it."""
    row = await transaction.fetch_one(
        f"SELECT phase, position FROM numbered_ledgers WHERE connection_id = ?{transaction.locking}",
        connection_id,
    )
    return None if row is None else LedgerPhase(*row)


async def is_whole(database: Database, connection_id: int) -> bool:
    row = await database.fetch_one(
        "SELECT phase FROM numbered_ledgers WHERE connection_id = ?", connection_id
    )
    return row is not None and row[0] == "whole"


async def set_phase(transaction: Transaction, connection_id: int, reached: LedgerPhase) -> None:
    await transaction.execute(
        "INSERT INTO numbered_ledgers (connection_id, phase, position) VALUES (?, ?, ?) "
        "ON CONFLICT (connection_id) DO UPDATE SET phase = excluded.phase, position = excluded.position",
        connection_id, reached.phase, reached.position,
    )  # fmt: skip


async def entries_after(
    transaction: Transaction, connection_id: int, entry_id: str, limit: int
) -> list[tuple[str, bytes]]:
    """The next entries of the ledger in the order of their ids, with their documents."""
    rows = await transaction.fetch(
        "SELECT id, document FROM wms_inventory_ledger WHERE connection_id = ? AND id > ? "
        "ORDER BY id LIMIT ?",
        connection_id, entry_id, limit,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


async def items_after(
    transaction: Transaction, connection_id: int, item_id: str, limit: int
) -> list[NumberedItem]:
    """The next items in the order of their ids."""
    rows = await transaction.fetch(
        "SELECT item_id, number, product_number, total, last_date, last_entry FROM numbered_items "
        "WHERE connection_id = ? AND item_id > ? ORDER BY item_id LIMIT ?",
        connection_id, item_id, limit,
    )  # fmt: skip
    return [_item(row) for row in rows]


def _item(row: Row) -> NumberedItem:
    return NumberedItem(row[0], row[1], row[2], row[3], (row[4], row[5]))


# Items


async def items(
    transaction: Transaction, connection_id: int, item_ids: Iterable[str]
) -> dict[str, NumberedItem]:
    """Items by id, of these ids, as far as they have a number."""
    condition, bound = transaction.one_of("item_id", item_ids)
    rows = await transaction.fetch(
        "SELECT item_id, number, product_number, total, last_date, last_entry FROM numbered_items "
        f"WHERE connection_id = ? AND {condition}",
        connection_id, bound,
    )  # fmt: skip
    return {row[0]: _item(row) for row in rows}


async def highest_number(transaction: Transaction, connection_id: int) -> int:
    """The highest number of an item; 0 where there is none."""
    row = await transaction.fetch_one(
        "SELECT number FROM numbered_items WHERE connection_id = ? ORDER BY number DESC LIMIT 1",
        connection_id,
    )
    return 0 if row is None else int(row[0])


async def put_items(transaction: Transaction, connection_id: int, changed: Iterable[NumberedItem]) -> None:
    """Store items. A number stays what it is."""
    await transaction.executemany(
        "INSERT INTO numbered_items "
        "(connection_id, item_id, number, product_number, total, last_date, last_entry) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, item_id) DO UPDATE "
        "SET total = excluded.total, last_date = excluded.last_date, last_entry = excluded.last_entry",
        [
            (connection_id, item.item_id, item.number, item.product_number, item.total, *item.last)
            for item in changed
        ],
    )


# Events


async def known(
    transaction: Transaction, connection_id: int, entry_ids: Iterable[str]
) -> dict[str, tuple[str, Position]]:
    """The places of those of these entries that have one: the id of the item, and the position."""
    condition, bound = transaction.one_of("e.entry_id", entry_ids)
    rows = await transaction.fetch(
        "SELECT e.entry_id, i.item_id, e.date FROM numbered_events e JOIN numbered_items i "
        "ON i.connection_id = e.connection_id AND i.number = e.number "
        f"WHERE e.connection_id = ? AND {condition}",
        connection_id, bound,
    )  # fmt: skip
    return {row[0]: (row[1], (row[2], row[0])) for row in rows}


async def remove(transaction: Transaction, connection_id: int, entry_ids: Iterable[str]) -> None:
    condition, bound = transaction.one_of("entry_id", entry_ids)
    await transaction.execute(
        f"DELETE FROM numbered_events WHERE connection_id = ? AND {condition}", connection_id, bound
    )


async def add(transaction: Transaction, connection_id: int, events: Iterable[NumberedEvent]) -> None:
    await transaction.executemany(
        "INSERT INTO numbered_events (connection_id, entry_id, date, number, quantity, level) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, entry_id) DO UPDATE "
        "SET date = excluded.date, number = excluded.number, quantity = excluded.quantity, "
        "level = excluded.level",
        [
            (connection_id, event.entry_id, event.date, event.number, event.quantity, event.level)
            for event in events
        ],
    )


async def level(
    transaction: Transaction, connection_id: int, number: int, start: Position
) -> tuple[int, Position]:
    """Compute the levels of an item's events from a position on. The item's total, and its newest event."""
    before = await transaction.fetch_one(
        "SELECT level FROM numbered_events WHERE connection_id = ? AND number = ? "
        "AND (date, entry_id) < (?, ?) ORDER BY date DESC, entry_id DESC LIMIT 1",
        connection_id, number, *start,
    )  # fmt: skip
    await transaction.execute(
        "UPDATE numbered_events SET level = summed.level FROM (SELECT entry_id, "
        "SUM(quantity) OVER (ORDER BY date, entry_id) + ? AS level FROM numbered_events "
        "WHERE connection_id = ? AND number = ? AND (date, entry_id) >= (?, ?)) AS summed "
        "WHERE numbered_events.connection_id = ? AND numbered_events.entry_id = summed.entry_id",
        0 if before is None else int(before[0]), connection_id, number, *start, connection_id,
    )  # fmt: skip
    newest = await transaction.fetch_one(
        "SELECT level, date, entry_id FROM numbered_events WHERE connection_id = ? AND number = ? "
        "ORDER BY date DESC, entry_id DESC LIMIT 1",
        connection_id, number,
    )  # fmt: skip
    return (0, BEGINNING) if newest is None else (int(newest[0]), (int(newest[1]), newest[2]))


# Searches


async def count(database: Database, connection_id: int, search: EventSearch) -> int:
    """Count the events that a search finds, whatever its limit and offset."""
    where, bound = _where(search)
    rows = await database.fetch(
        f"SELECT COUNT(*) FROM numbered_events e WHERE e.connection_id = ?{where}", connection_id, *bound
    )
    return int(rows[0][0])


async def page(database: Database, connection_id: int, search: EventSearch) -> list[ShownEvent]:
    """The events of a search, in its order. Those are found by an index alone, and then looked up."""
    where, bound = _where(search)
    order = SORTS[search.sort]
    rows = await database.fetch(
        "SELECT f.entry_id, f.date, f.number, e.quantity, e.level, i.item_id, i.product_number, i.total, "
        "l.document, s.document FROM (SELECT e.entry_id, e.date, e.number FROM numbered_events e "
        f"WHERE e.connection_id = ?{where} ORDER BY {order} LIMIT ? OFFSET ?) f "
        "JOIN numbered_events e ON e.connection_id = ? AND e.entry_id = f.entry_id "
        "JOIN numbered_items i ON i.connection_id = ? AND i.number = f.number "
        "JOIN wms_inventory_ledger l ON l.connection_id = ? AND l.id = f.entry_id "
        "LEFT JOIN wms_inventory s ON s.connection_id = ? AND s.id = i.item_id "
        f"ORDER BY {', '.join(f'f.{name}' for name in order.split(', '))}",
        connection_id, *bound, search.limit, search.offset, *[connection_id] * 4,
    )  # fmt: skip
    return [ShownEvent(NumberedEvent(*row[:5]), *row[5:]) for row in rows]


def _where(search: EventSearch) -> tuple[str, Sequence[int]]:
    """The conditions of a search, and what is bound in them."""
    parts: list[str] = []
    bound: list[int] = []
    for column, interval in search.wanted.items():
        tests = [(">=", interval.low), ("<=", interval.high), *(("<>", text) for text in interval.without)]
        for sign, value in tests:
            if value is not None:
                parts.append(f" AND e.{column} {sign} ?")
                bound.append(value)
    return "".join(parts), bound
