"""What is wrong with connections: what keeps them from syncing, and what of their data was set aside.

A connection has at most one problem of each aspect of each function. Kinds, by aspect:

    sync      invalid_credentials  login_throttled                       the whole connection: function ""
              missing_permission  unexpected_answer  request_refused     one function
              system_unavailable  system_throttled  address_refused
              no_progress  internal_error
    writes    missing_permission                                         one write, not blocking
    records   records_set_aside                                          not blocking
    files     file_refused                                               not blocking
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction

ASPECTS = {"records_set_aside": "records", "file_refused": "files"}
"""Of the kinds that block nothing; all others are of the aspect "sync", or of "writes"."""

WRITES = "writes"

TRANSIENT = frozenset({"system_unavailable", "system_throttled", "no_progress"})
"""Kinds that a run gets over at the place where it met them."""


class ProblemExample(TypedDict):
    """One record, or file, that a problem is about."""

    id: str
    reason: str


@dataclass(frozen=True)
class ConnectionProblem:
    """A problem of a connection, or of one of its functions. function "": the whole connection."""

    connection_id: int
    function: str
    kind: str
    message: str
    url: str
    first_ms: int
    last_ms: int
    count: int = 0
    """How many records or files it is about; 0 where it is about none."""
    examples: tuple[ProblemExample, ...] = ()
    is_write: bool = False
    """Whether its function is a write: no sync needs it."""

    @property
    def aspect(self) -> str:
        return WRITES if self.is_write else ASPECTS.get(self.kind, "sync")

    @property
    def is_blocking(self) -> bool:
        """Check whether it keeps what it affects from syncing."""
        return self.aspect == "sync"


_COLUMNS = "connection_id, function, kind, message, url, first_ms, last_ms, count, examples, aspect"


def _problem(row: Row) -> ConnectionProblem:
    values = list(row)
    values[8] = tuple(msgspec.json.decode(values[8], type=list[ProblemExample]))
    values[9] = values[9] == WRITES
    return ConnectionProblem(*values)


async def of_connections(
    database: Database | Transaction, connection_ids: Iterable[int]
) -> dict[int, list[ConnectionProblem]]:
    """The problems of each of these connections, oldest first."""
    result: dict[int, list[ConnectionProblem]] = {}
    for connection_id in connection_ids:
        rows = await database.fetch(
            f"SELECT {_COLUMNS} FROM connection_errors WHERE connection_id = ? "
            "ORDER BY first_ms, function, aspect",
            connection_id,
        )
        result[connection_id] = [_problem(row) for row in rows]
    return result


async def of_connection(database: Database | Transaction, connection_id: int) -> list[ConnectionProblem]:
    """The problems of a connection, oldest first."""
    return (await of_connections(database, [connection_id]))[connection_id]


async def get(
    transaction: Database | Transaction, connection_id: int, function: str, aspect: str = "sync"
) -> ConnectionProblem | None:
    """The problem of this aspect of a function; None when there is none."""
    row = await transaction.fetch_one(
        f"SELECT {_COLUMNS} FROM connection_errors WHERE connection_id = ? AND function = ? AND aspect = ?",
        connection_id,
        function,
        aspect,
    )
    return None if row is None else _problem(row)


async def note(transaction: Transaction, problem: ConnectionProblem) -> ConnectionProblem | None:
    """Store a problem; return what was stored before, or None when it is new."""
    before = await get(transaction, problem.connection_id, problem.function, problem.aspect)
    await transaction.execute(
        f"INSERT INTO connection_errors ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (connection_id, function, aspect) DO UPDATE SET kind = excluded.kind, "
        "message = excluded.message, url = excluded.url, last_ms = excluded.last_ms, "
        "count = excluded.count, examples = excluded.examples",
        problem.connection_id, problem.function, problem.kind, problem.message, problem.url,
        problem.first_ms, problem.last_ms, problem.count,
        msgspec.json.encode(list(problem.examples)).decode(), problem.aspect,
    )  # fmt: skip
    return before


async def clear(
    transaction: Transaction, connection_id: int, function: str, aspect: str = "sync"
) -> ConnectionProblem | None:
    """Remove a problem; return what it was, or None when there was none."""
    row = await transaction.fetch_one(
        "DELETE FROM connection_errors WHERE connection_id = ? AND function = ? AND aspect = ? "
        f"RETURNING {_COLUMNS}",
        connection_id,
        function,
        aspect,
    )
    return None if row is None else _problem(row)


async def clear_all(transaction: Transaction, connection_id: int, aspect: str) -> list[ConnectionProblem]:
    """Remove all problems of an aspect; return what they were, in the order of their functions."""
    rows = await transaction.fetch(
        f"DELETE FROM connection_errors WHERE connection_id = ? AND aspect = ? RETURNING {_COLUMNS}",
        connection_id,
        aspect,
    )
    return sorted(map(_problem, rows), key=lambda problem: problem.function)


async def clear_of(
    transaction: Transaction, connection_id: int, functions: Iterable[str]
) -> list[ConnectionProblem]:
    """Remove all problems of these functions; return what they were."""
    condition, bound = transaction.one_of("function", functions)
    rows = await transaction.fetch(
        f"DELETE FROM connection_errors WHERE connection_id = ? AND {condition} RETURNING {_COLUMNS}",
        connection_id,
        bound,
    )
    return sorted(map(_problem, rows), key=lambda problem: (problem.function, problem.aspect))
