"""Events in the order they were committed, for consumers that ask for what is new.

A place in the feed is an event of the organization, by its id: nothing before it is missing, and it can
be checked. When it is not there, what came after it may not be there either (it was removed by age, or
the database is a copy from before it), and the reader must be told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from crossdock.resources.event_types import AUDIT_COMPLETED, SYNC_COMPLETED
from crossdock.store.database.engine import Database, Row
from crossdock.store.records.packing import unpacked_bodies

MOST_BYTES = 16 * 2**20
"""Of bodies on a page, but for one that is larger by itself."""
AT_ONCE = 100
"""Packed bodies that are unpacked at once."""
SCAN = 20_000
"""How many events are looked at for a page when only some types are wanted."""


@dataclass(frozen=True)
class FeedFilter:
    """A choice of events. types: only these; empty: all but those that one has to ask for by name."""

    organization_id: str
    connection_id: int | None = None
    types: tuple[str, ...] = ()
    limit: int = 1000


@dataclass(frozen=True)
class FeedEntry:
    """An event as the feed shows it. `connection`: the id that users see; None: it never came to be."""

    id: str
    organization_id: str
    connection: str | None
    type: str
    at_ms: int
    body: bytes
    sealed: bool


async def position(database: Database, organization_id: str, event_id: str) -> int | None:
    """The place of an event of this organization; None when it is not there."""
    row = await database.fetch_one(
        "SELECT seq FROM events WHERE id = ? AND organization_id = ?", event_id, organization_id
    )
    return None if row is None else int(row[0])


async def last(database: Database, organization_id: str) -> str | None:
    """The id of the newest event of an organization; None: nothing happened yet."""
    row = await database.fetch_one(
        "SELECT id FROM events WHERE organization_id = ? ORDER BY seq DESC LIMIT 1", organization_id
    )
    return None if row is None else str(row[0])


async def get(database: Database, event_id: str) -> FeedEntry | None:
    """An event by its id."""
    row = await database.fetch_one(
        "SELECT e.id, e.organization_id, c.uid, e.type, e.at_ms, e.body, e.sealed FROM events e "
        "LEFT JOIN connections c ON c.id = e.connection_id WHERE e.id = ?",
        event_id,
    )
    return None if row is None else (await _whole(database, [row]))[0]


async def page(database: Database, feed_filter: FeedFilter, after: int) -> tuple[list[FeedEntry], str | None]:
    """The next events behind a place, and the id of the last that was looked at; None: there is none."""
    # The edge is read first: what is committed from now on stands behind it.
    edge = await _edge(database, feed_filter, after)
    if edge is None:
        return [], None
    sizes = await _sizes(database, feed_filter, after, int(edge[0]))
    if not sizes:
        return [], str(edge[1])
    fitting = _fitting(size for _, size in sizes)
    feed_entries = await _entries(database, feed_filter, after, sizes[fitting - 1][0])
    if fitting == len(sizes) < feed_filter.limit and len(feed_entries) == fitting:
        return feed_entries, str(edge[1])
    return feed_entries, feed_entries[-1].id if feed_entries else None


async def _edge(database: Database, feed_filter: FeedFilter, after: int) -> Row | None:
    """The last event to look at: (seq, id)."""
    if feed_filter.types:
        scope, value = _scope(feed_filter)
        row = await database.fetch_one(
            f"SELECT e.seq, e.id FROM events e WHERE {scope} AND e.seq > ? ORDER BY e.seq LIMIT 1 OFFSET ?",
            value,
            after,
            SCAN - 1,
        )
        if row is not None:
            return row
    # The organization's last, also for one connection: the place of a quiet one must not fall behind.
    return await database.fetch_one(
        "SELECT seq, id FROM events WHERE organization_id = ? AND seq > ? ORDER BY seq DESC LIMIT 1",
        feed_filter.organization_id,
        after,
    )


async def _sizes(database: Database, feed_filter: FeedFilter, after: int, edge: int) -> list[tuple[int, int]]:
    """(place, bytes as they are stored) of each event of a page."""
    condition, values = _condition(database, feed_filter, after, edge)
    rows = await database.fetch(
        f"SELECT e.seq, length(e.body) FROM events e WHERE {condition} ORDER BY e.seq LIMIT ?",
        *values,
        feed_filter.limit,
    )
    return [(int(row[0]), int(row[1])) for row in rows]


async def _entries(database: Database, feed_filter: FeedFilter, after: int, edge: int) -> list[FeedEntry]:
    condition, values = _condition(database, feed_filter, after, edge)
    rows = await database.fetch(
        "SELECT e.id, e.organization_id, c.uid, e.type, e.at_ms, e.body, e.sealed FROM events e "
        f"LEFT JOIN connections c ON c.id = e.connection_id WHERE {condition} ORDER BY e.seq",
        *values,
    )
    entries: list[FeedEntry] = []
    total = 0
    for start in range(0, len(rows), AT_ONCE):
        # Stored they fit; packed ones grow, so the page may end earlier.
        whole = await _whole(database, rows[start : start + AT_ONCE])
        fitting = _fitting((len(entry.body) for entry in whole), total, least=int(not entries))
        entries += whole[:fitting]
        total += sum(len(entry.body) for entry in whole)
        if fitting < len(whole):
            break
    return entries


async def _whole(database: Database, rows: Sequence[Row]) -> list[FeedEntry]:
    bodies = await unpacked_bodies(database, [(row[5], bool(row[6])) for row in rows])
    return [
        FeedEntry(row[0], row[1], row[2], row[3], row[4], body, bool(row[6]))
        for row, body in zip(rows, bodies, strict=True)
    ]


def _fitting(sizes: Iterable[int], total: int = 0, least: int = 1) -> int:
    """How many of these fit on a page that holds so many bytes already."""
    return max(least, sum(so_far <= MOST_BYTES for so_far in accumulate(sizes, initial=total)) - 1)


def _scope(feed_filter: FeedFilter) -> tuple[str, str | int]:
    if feed_filter.connection_id is not None:
        return "e.connection_id = ?", feed_filter.connection_id
    return "e.organization_id = ?", feed_filter.organization_id


def _condition(
    database: Database, feed_filter: FeedFilter, after: int, edge: int
) -> tuple[str, tuple[Any, ...]]:
    scope, value = _scope(feed_filter)
    between = f"{scope} AND e.seq > ? AND e.seq <= ?"
    if feed_filter.types:
        kinds, bound = database.one_of("e.type", feed_filter.types)
        return f"{between} AND {kinds}", (value, after, edge, bound)
    # That a record is gone, and that a sync is over, is told under names that one has to ask for.
    over = f"e.type IN ('{SYNC_COMPLETED}', '{AUDIT_COMPLETED}')"
    hidden = f"{over} OR (e.resource IS NOT NULL AND e.type LIKE '%.deleted')"
    return f"{between} AND NOT ({hidden})", (value, after, edge)
