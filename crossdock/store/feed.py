"""Events in the order they were committed, for consumers that ask for what is new.

A place in the feed is an event of the organization, by its id: nothing before it is missing, and it can
be checked. When it is not there, what came after it may not be there either (it was removed by age, or
the database is a copy from before it), and the reader must be told.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from crossdock.store.engine import Database, Row

MOST_BYTES = 16 * 2**20
"""Of bodies on a page, but for one that is larger by itself."""
SCAN = 20_000
"""How many events are looked at for a page when only some types are wanted."""


@dataclass(frozen=True)
class Wanted:
    """Whose events. types: only these; empty: all but those that one has to ask for by name."""

    organization_id: str
    connection_id: int | None = None
    types: tuple[str, ...] = ()
    limit: int = 1000


@dataclass(frozen=True)
class Told:
    """An event as the feed shows it. `connection`: the id that users see; None: it never came to be."""

    id: str
    organization_id: str
    connection: str | None
    type: str
    at_ms: int
    body: bytes
    sealed: bool


async def place(database: Database, organization_id: str, event_id: str) -> int | None:
    """Where an event of this organization stands; None when it is not there."""
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


async def one(database: Database, event_id: str) -> Told | None:
    """An event by its id."""
    row = await database.fetch_one(
        "SELECT e.id, e.organization_id, c.uid, e.type, e.at_ms, e.body, e.sealed FROM events e "
        "LEFT JOIN connections c ON c.id = e.connection_id WHERE e.id = ?",
        event_id,
    )
    return None if row is None else Told(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), bool(row[6]))


async def page(database: Database, wanted: Wanted, after: int) -> tuple[list[Told], str | None]:
    """The next events behind a place, and the id of the last that was looked at; None: there is none."""
    # The edge is read first: what is committed from now on stands behind it.
    edge = await _edge(database, wanted, after)
    if edge is None:
        return [], None
    sizes = await _sizes(database, wanted, after, int(edge[0]))
    if not sizes:
        return [], str(edge[1])
    fitting = max(1, sum(total <= MOST_BYTES for total in accumulate(size for _, size in sizes)))
    told = await _told(database, wanted, after, sizes[fitting - 1][0])
    if fitting == len(sizes) < wanted.limit:
        return told, str(edge[1])
    return told, told[-1].id if told else None


async def _edge(database: Database, wanted: Wanted, after: int) -> Row | None:
    """The last event to look at: (seq, id)."""
    if wanted.types:
        scope, whose = _scope(wanted)
        row = await database.fetch_one(
            f"SELECT e.seq, e.id FROM events e WHERE {scope} AND e.seq > ? ORDER BY e.seq LIMIT 1 OFFSET ?",
            whose, after, SCAN - 1,
        )  # fmt: skip
        if row is not None:
            return row
    # The organization's last, also for one connection: the place of a quiet one must not fall behind.
    return await database.fetch_one(
        "SELECT seq, id FROM events WHERE organization_id = ? AND seq > ? ORDER BY seq DESC LIMIT 1",
        wanted.organization_id, after,
    )  # fmt: skip


async def _sizes(database: Database, wanted: Wanted, after: int, edge: int) -> list[tuple[int, int]]:
    """(place, bytes) of each event of a page."""
    condition, values = _condition(database, wanted, after, edge)
    rows = await database.fetch(
        f"SELECT e.seq, length(e.body) FROM events e WHERE {condition} ORDER BY e.seq LIMIT ?",
        *values, wanted.limit,
    )  # fmt: skip
    return [(int(row[0]), int(row[1])) for row in rows]


async def _told(database: Database, wanted: Wanted, after: int, edge: int) -> list[Told]:
    condition, values = _condition(database, wanted, after, edge)
    rows = await database.fetch(
        "SELECT e.id, e.organization_id, c.uid, e.type, e.at_ms, e.body, e.sealed FROM events e "
        f"LEFT JOIN connections c ON c.id = e.connection_id WHERE {condition} ORDER BY e.seq",
        *values,
    )
    return [Told(row[0], row[1], row[2], row[3], row[4], bytes(row[5]), bool(row[6])) for row in rows]


def _scope(wanted: Wanted) -> tuple[str, str | int]:
    if wanted.connection_id is not None:
        return "e.connection_id = ?", wanted.connection_id
    return "e.organization_id = ?", wanted.organization_id


def _condition(database: Database, wanted: Wanted, after: int, edge: int) -> tuple[str, tuple[Any, ...]]:
    scope, whose = _scope(wanted)
    between = f"{scope} AND e.seq > ? AND e.seq <= ?"
    if wanted.types:
        kinds, bound = database.one_of("e.type", wanted.types)
        return f"{between} AND {kinds}", (whose, after, edge, bound)
    # Only a record that is gone is told under a name that one has to ask for.
    return f"{between} AND (e.resource IS NULL OR e.type NOT LIKE '%.deleted')", (whose, after, edge)
