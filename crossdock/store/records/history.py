"""What records were before: a row for each change, and how far back they reach.

The rows of a record, from the newest back, turn its document into every older one (`changes.past`).
Rows older than the horizon are forgotten; what is asked of a time before it can't be answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from crossdock.resources.schema import Resource
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.records.packing import unpacked

Kind = Literal["created", "updated", "gone", "back"]
"""`created` is only kept of records without stamps: all others say themselves since when they are."""

DAY_MS = 86_400_000
HORIZON = "history"

_CHANGE = "id, at_ms, kind, cause, job_id, event_id, previous, updated_before"


@dataclass(frozen=True)
class HistoryRow:
    """One change of a record, to be stored.

    previous: JSON, the old values by dotted path; or the old body whole, under the empty path, where putting
    values back would not give it byte for byte. updated_before: its `trackstar_updated_date` before, in
    seconds; None for a record without stamps.
    """

    connection_id: int
    resource: str
    record_id: str
    at_ms: int
    kind: Kind
    cause: str
    job_id: str | None
    event_id: str | None
    previous: bytes
    updated_before: int | None


@dataclass(frozen=True)
class HistoryChange:
    """One change of a record, as it was stored."""

    id: int
    at_ms: int
    kind: Kind
    cause: str
    job_id: str | None
    event_id: str | None
    previous: bytes
    updated_before: int | None


@dataclass
class Trail:
    """A record as it is, and its later changes from the newest back."""

    id: str
    document: bytes
    gone_ms: int | None = None
    """When it went; None: it is there."""
    hidden: Mapping[str, str | None] = field(default_factory=dict)
    """Its columns that the document does not show, as they are. Not kept of a record that is gone."""
    changes: list[HistoryChange] = field(default_factory=list)


@dataclass(frozen=True)
class Span:
    """A choice of records: those of some ids, or so many behind one."""

    ids: tuple[str, ...] | None = None
    after: str = ""
    limit: int = 500


async def add(transaction: Transaction, rows: Iterable[HistoryRow]) -> None:
    await transaction.executemany(
        "INSERT INTO history (connection_id, resource, record_id, at_ms, kind, cause, job_id, event_id, "
        "previous, updated_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [tuple(vars(history).values()) for history in rows],
    )


async def trails(
    database: Database, resource: Resource, connection_id: int, span: Span, *, since_ms: int, limit: int
) -> tuple[list[Trail], bool]:
    """Records in the order of their ids, tombstones among them, each with its changes since a moment.

    One statement, so that documents and changes are of one moment. It reads `limit` changes: when there are
    more, the second value is False, and of the last record only the newest changes may be there.
    """
    rows = await database.fetch(
        _trails_sql(database, resource, span),
        *_trails_values(database, resource, connection_id, span),
        connection_id, resource.key, since_ms, limit,
    )  # fmt: skip
    togethers = _together(resource, rows)
    if resource.bulky:
        whole = await unpacked(database, [trail.document for trail in togethers])
        for trail, document in zip(togethers, whole, strict=True):
            trail.document = document
    count = sum(len(trail.changes) for trail in togethers)
    if count < limit:
        return togethers, True
    # Records behind the one that the changes broke off at may have changes that were not read.
    last = max(trail.id for trail in togethers if trail.changes)
    return [trail for trail in togethers if trail.id <= last], False


def _trails_sql(database: Database, resource: Resource, span: Span) -> str:
    # Where a few ids are looked up, nothing may tempt SQLite to walk all that come before them.
    where = "id > ?" if span.ids is None else database.one_of("id", ())[0]
    hidden = "".join(f", {name}" for name in resource.hidden)
    nothing = ", CAST(NULL AS TEXT)" * len(resource.hidden)
    return (
        f"WITH live AS (SELECT id, document{hidden} FROM {resource.key} "
        f"WHERE connection_id = ? AND {where} ORDER BY id LIMIT ?), "
        f"buried AS (SELECT id, document, gone_ms FROM gone "
        f"WHERE connection_id = ? AND resource = ? AND {where} ORDER BY id LIMIT ?), "
        "page AS (SELECT id FROM (SELECT id FROM live UNION ALL SELECT id FROM buried) AS either "
        "ORDER BY id LIMIT ?) "
        "SELECT 0 AS part, id AS of_record, CAST(NULL AS BIGINT) AS id, CAST(NULL AS BIGINT) AS at_ms, "
        "CAST(NULL AS TEXT) AS kind, CAST(NULL AS TEXT) AS cause, CAST(NULL AS TEXT) AS job_id, "
        "CAST(NULL AS TEXT) AS event_id, document AS bytes, CAST(NULL AS BIGINT) AS updated_before"
        f"{hidden} FROM live WHERE id IN (SELECT id FROM page) "
        "UNION ALL SELECT 1, id, NULL, gone_ms, NULL, NULL, NULL, NULL, document, NULL"
        f"{nothing} FROM buried WHERE id IN (SELECT id FROM page) "
        f"UNION ALL SELECT 2, record_id, {_CHANGE}{nothing} "
        "FROM (SELECT * FROM history WHERE connection_id = ? AND resource = ? "
        "AND record_id IN (SELECT id FROM page) AND at_ms >= ? ORDER BY record_id, id DESC LIMIT ?) AS later"
    )


def _trails_values(
    database: Database, resource: Resource, connection_id: int, span: Span
) -> Sequence[object]:
    # Texts compare by code point here and in both databases.
    later = [identifier for identifier in span.ids or () if identifier > span.after]
    key = span.after if span.ids is None else database.one_of("id", later)[1]
    return (
        connection_id, key, span.limit,
        connection_id, resource.key, key, span.limit,
        span.limit,
    )  # fmt: skip


def _together(resource: Resource, rows: Iterable[Row]) -> list[Trail]:
    mapping: dict[str, Trail] = {}
    changes = []
    for row in rows:
        part, record_id = row[0], row[1]
        if part == 0:
            hidden = dict(zip(resource.hidden, tuple(row)[10:], strict=True))
            mapping[record_id] = Trail(record_id, row[8], hidden=hidden)
        elif part == 1:
            mapping.setdefault(record_id, Trail(record_id, row[8], gone_ms=row[3]))
        else:
            changes.append((record_id, _change(tuple(row)[2:10])))
    for record_id, history_change in sorted(changes, key=lambda change: -change[1].id):
        mapping[record_id].changes.append(history_change)
    return sorted(mapping.values(), key=lambda trail: trail.id)


def _change(row: Row) -> HistoryChange:
    """A row in the order of _CHANGE."""
    return HistoryChange(*row)


async def older(
    database: Database, resource: Resource, connection_id: int, record_id: str, *, before: int, limit: int
) -> list[HistoryChange]:
    """The next changes of a record, from the newest back, behind the one with this number."""
    rows = await database.fetch(
        f"SELECT {_CHANGE} FROM history WHERE connection_id = ? AND resource = ? AND record_id = ? "
        "AND id < ? ORDER BY id DESC LIMIT ?",
        connection_id, resource.key, record_id, before, limit,
    )  # fmt: skip
    return [_change(tuple(row)) for row in rows]


# How far back it reaches


async def kept_since(database: Database, now_ms: int, days: int) -> int:
    """Since when history is complete, in milliseconds; 0: from the beginning.

    days: how long it is kept, 0 for ever. What was forgotten under a shorter setting stays forgotten.
    """
    row = await database.fetch_one("SELECT at_ms FROM horizons WHERE name = ?", HORIZON)
    forgotten = 0 if row is None else int(row[0])
    return max(forgotten, now_ms - days * DAY_MS if days else 0)


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove changes from before a moment, some at a time; return how many: fewer than `at_most` at the end.

    The horizon moves in the same transaction, so nobody is told what is no longer known.
    """
    async with database.transaction() as transaction:
        await transaction.execute(
            "INSERT INTO horizons (name, at_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
            "SET at_ms = excluded.at_ms WHERE horizons.at_ms < excluded.at_ms",
            HORIZON,
            before_ms,
        )
        return await transaction.execute(
            "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
            before_ms,
            at_most,
        )
