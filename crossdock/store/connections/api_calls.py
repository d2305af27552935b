"""The log of API calls: who called what, when, and how that went. Never secrets, never who a person is."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from crossdock.store.database.engine import Database, Row

COUNTED = 100_000
"""Facets count so many calls, the newest, and no more."""
MOST_VALUES = 50
"""So many values of a facet are told, the most frequent."""


@dataclass(frozen=True)
class ApiCall:
    """A call. id: sorts by time; duration_us: microseconds until the answer was sent.

    detail: headers and bodies without secrets, as JSON (`web.call_details`); None: they were not kept.
    """

    id: str
    organization_id: str
    at_ms: int
    request_id: str
    method: str
    path: str
    status: int
    duration_us: int
    key_id: str | None
    connection_uid: str | None
    detail: str | None = None


@dataclass(frozen=True)
class CallFilter:
    """The calls that are wanted. None: whatever it is."""

    organization_id: str
    since_ms: int | None = None
    until_ms: int | None = None
    statuses: tuple[int, int] | None = None
    """From one up to another, both of them."""
    method: str | None = None
    path_prefix: str | None = None
    connection_uid: str | None = None

    def where(self) -> tuple[str, list[object]]:
        """The condition in SQL, and its values."""
        clauses: list[str] = ["organization_id = ?"]
        bound: list[object] = [self.organization_id]
        pairs: list[tuple[str, tuple[object, ...] | None]] = [
            ("id >= ?", None if self.since_ms is None else (call_id(self.since_ms, ""),)),
            ("id < ?", None if self.until_ms is None else (call_id(self.until_ms + 1, ""),)),
            ("status BETWEEN ? AND ?", self.statuses),
            ("method = ?", None if self.method is None else (self.method,)),
            ("connection_uid = ?", None if self.connection_uid is None else (self.connection_uid,)),
            (
                "substr(path, 1, ?) = ?",
                None if self.path_prefix is None else (len(self.path_prefix), self.path_prefix),
            ),
        ]
        for clause, extra_items in pairs:
            if extra_items is not None:
                clauses.append(clause)
                bound += extra_items
        return " AND ".join(clauses), bound


def call_id(at_ms: int, request_id: str) -> str:
    """The id of a call: sorts by its time; the same however often it is stored."""
    return f"call_{max(0, at_ms):015d}_{request_id}"


_COLUMNS = "id, organization_id, at_ms, request_id, method, path, status, duration_us, key_id, connection_uid"


async def add(database: Database, calls: Sequence[ApiCall]) -> None:
    """Store calls; those that are stored already stay as they are."""
    async with database.transaction() as transaction:
        await transaction.executemany(
            f"INSERT INTO api_calls ({_COLUMNS}, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            [astuple(call) for call in calls],
        )


async def page(
    database: Database, call_filter: CallFilter, before: str | None, limit: int
) -> list[tuple[ApiCall, str | None]]:
    """The calls, the newest first, older than the id `before`; each with the name of its key."""
    where, values = call_filter.where()
    older = "" if before is None else " AND id < ?"
    rows = await database.fetch(
        f"SELECT c.*, k.name FROM (SELECT {_COLUMNS} FROM api_calls WHERE {where}{older} "
        "ORDER BY id DESC LIMIT ?) c LEFT JOIN api_keys k ON k.id = c.key_id ORDER BY c.id DESC",
        *values,
        *([] if before is None else [before]),
        limit,
    )
    return [_named(row) for row in rows]


async def get(database: Database, organization_id: str, identifier: str) -> tuple[ApiCall, str | None] | None:
    """A call with its details, and the name of its key; None: the organization has no such call."""
    columns = ", ".join(f"c.{name}" for name in (*_COLUMNS.split(", "), "detail"))
    rows = await database.fetch(
        f"SELECT {columns}, k.name FROM api_calls c LEFT JOIN api_keys k ON k.id = c.key_id "
        "WHERE c.id = ? AND c.organization_id = ?",
        identifier,
        organization_id,
    )
    return _named(rows[0]) if rows else None


def _named(row: Row) -> tuple[ApiCall, str | None]:
    *values, name = row
    return ApiCall(*values), name


FACETS = ("method", "status", "connection_uid", "key_id")


async def facets(
    database: Database, call_filter: CallFilter, columns: Sequence[str] = FACETS, counted: int = COUNTED
) -> dict[str, list[tuple[object, int]]]:
    """The number of calls with each value, by column; the most frequent values first. Null is no value.

    counted: so many calls are looked at, the newest.
    """
    where, values = call_filter.where()
    newest = f"SELECT {', '.join(columns)} FROM api_calls WHERE {where} ORDER BY id DESC LIMIT {counted}"
    fields: dict[str, list[tuple[object, int]]] = {}
    for column in columns:
        rows = await database.fetch(
            f"SELECT {column}, count(*) FROM ({newest}) c WHERE {column} IS NOT NULL "
            f"GROUP BY {column} ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES}",
            *values,
        )
        fields[column] = [(row[0], int(row[1])) for row in rows]
    return fields


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove calls from before a moment, some at a time; return how many: none at the end."""
    return await database.execute(
        "DELETE FROM api_calls WHERE id IN (SELECT id FROM api_calls WHERE at_ms < ? ORDER BY at_ms LIMIT ?)",
        before_ms,
        at_most,
    )
