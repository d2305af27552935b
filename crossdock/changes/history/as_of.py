"""Reading records as they were at the end of a second: one, or a page of a list.

    store/history ─ documents and later changes, of one moment ─▶ past ─ wound back ─▶ store/fits ─▶ page

Lists go through the records that are there and those that are gone, in the order of their ids, some at a
time: nothing is held but a page and a batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.changes import document as documents
from crossdock.changes.history import past
from crossdock.changes.history.past import PastChange, PastState, Rewind
from crossdock.resources.schema import Kind, Resource
from crossdock.store.database.engine import Database
from crossdock.store.records import history
from crossdock.store.records.history import HistoryChange, Span, Trail
from crossdock.store.records.matching import meets
from crossdock.store.records.query import RecordPage, RecordQuery, Value
from crossdock.wire import decoder, seconds

BATCH = 500
CHANGES = 20_000
"""How many changes a batch may hold, however often its records have changed."""
STRETCH = 1000
"""How many changes of one record are read at a time to tell them."""
LOOKED_AT = 10_000
"""After so many records a page ends, full or not: a rare value does not keep anybody waiting."""


async def one(
    database: Database, resource: Resource, connection_id: int, record_id: str, end_ms: int
) -> PastState | None:
    """A record as it was right before a moment, also when it was gone then; None: nobody had seen it."""
    trails = await _whole_trail(database, resource, connection_id, record_id, end_ms)
    return past.at(resource, trails[0], end_ms) if trails else None


async def page(database: Database, resource: Resource, connection_id: int, query: RecordQuery) -> RecordPage:
    """A page as it was at the end of the second `query.as_of`, by id. It may be short of its limit."""
    if query.as_of is None:
        raise ValueError("the query does not say as of when")
    end_ms = (query.as_of + 1) * 1000
    after = "" if query.after is None else str(query.after[-1])
    kept_data: list[bytes] = []
    last = after
    looked_at, has_more = 0, True
    while has_more and looked_at < LOOKED_AT:
        trails, has_more = await _batch(
            database, resource, connection_id, Span(query.ids, after, BATCH), end_ms
        )
        for trail in trails:
            state = past.at(resource, trail, end_ms)
            if state is not None and _is_shown(resource, state, query):
                if len(kept_data) == query.limit:
                    return RecordPage.of(kept_data, (last,))
                kept_data.append(state.document)
                last = trail.id
            after = trail.id
        looked_at += len(trails)
    return RecordPage.of(kept_data, (after,) if has_more else None)


def _is_shown(resource: Resource, state: PastState, query: RecordQuery) -> bool:
    return not state.is_gone and belongs(resource, state, query)


@dataclass(frozen=True)
class HistoricalRecord:
    """A page of the changes of a record, from the newest back, each with its fields."""

    changes: list[tuple[HistoryChange, list[PastChange]]]
    after: int | None
    """The number of the last change, which the next page begins behind. None: there are no more."""


async def changes(
    database: Database,
    resource: Resource,
    connection_id: int,
    record_id: str,
    *,
    parent: str | None,
    before: int | None,
    limit: int,
) -> HistoricalRecord | None:
    """The changes of a record, behind the change `before`; None where there is no such record.

    It is wound back from what it is now, so a page costs as much as all pages up to it.
    """
    trails, _ = await history.trails(
        database, resource, connection_id, Span((record_id,), limit=1), since_ms=0, limit=STRETCH
    )
    if not trails:
        return None
    rewind, rows = Rewind(resource, trails[0]), trails[0].changes
    if resource.parent and rewind.fields[resource.parent] != parent:
        return None
    pairs: list[tuple[HistoryChange, list[PastChange]]] = []
    while rows:
        for change in rows:
            if before is None or change.id < before:
                if len(pairs) == limit:
                    return HistoricalRecord(pairs, pairs[-1][0].id)
                pairs.append((change, rewind.told(change)))
            rewind.undo(change)
        is_last = len(rows) < STRETCH
        rows = [] if is_last else await history.older(
            database, resource, connection_id, record_id, before=rows[-1].id, limit=STRETCH
        )  # fmt: skip
    return HistoricalRecord(pairs, None)


async def _batch(
    database: Database, resource: Resource, connection_id: int, span: Span, end_ms: int
) -> tuple[list[Trail], bool]:
    """The next records, each with all its later changes; and whether there may be more behind them."""
    trails, complete = await history.trails(
        database, resource, connection_id, span, since_ms=end_ms, limit=CHANGES
    )
    if complete:
        return trails, len(trails) == span.limit
    if len(trails) > 1:
        # Of the last one changes may be missing: the next batch begins with it.
        return trails[:-1], True
    return await _whole_trail(database, resource, connection_id, trails[0].id, end_ms), True


async def _whole_trail(
    database: Database, resource: Resource, connection_id: int, record_id: str, end_ms: int
) -> list[Trail]:
    """One record with all its later changes, however many."""
    span = Span((record_id,), limit=1)
    trails, _ = await history.trails(
        database, resource, connection_id, span, since_ms=end_ms, limit=1_000_000_000
    )
    return trails


def belongs(resource: Resource, state: PastState, query: RecordQuery) -> bool:
    """Check whether a record, as it was, belongs to a list."""
    if not query.conditions and not resource.parent:
        return True
    fields = decoder.decode(state.document)
    if resource.parent and fields[resource.parent] != query.parent:
        return False
    return meets(query.conditions, _values(resource, fields, state.hidden), documents.tags(fields))


def _values(
    resource: Resource, fields: Mapping[str, Any], hidden: Mapping[str, str | None]
) -> dict[str, Value | None]:
    """The values that filters look at, by column."""
    values: dict[str, Value | None] = {}
    for name, column in resource.filters.items():
        value: Any = hidden.get(name) if column.hidden else fields.get(name)
        is_time = column.kind is Kind.TIME and value is not None
        values[name] = seconds(value) if is_time else value
    return values
