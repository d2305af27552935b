"""What a driver says when its database can't work now, and telling of it once."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog

from crossdock.errors import LockConflict, Unavailable

Made = TypeVar("Made")

BROKEN_AT_MOST = 2
"""Connections that are found to be broken, one after the other, before that is told."""

log = structlog.get_logger()


class Outage:
    """Around statements: what says that the database can't do it now becomes Unavailable.

    Told in the log once when it begins and once when it is over.
    """

    def __init__(self, name: str, trouble: Callable[[BaseException], str]) -> None:
        self._what = name
        self._trouble = trouble
        self._failures = 0

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if problem is None or not (text := self._trouble(problem)):
            return
        detail = str(problem) or type(problem).__name__
        if isinstance(problem, _CONFLICTS):
            log.info("transaction undone by another", what=self._what, detail=detail)
            raise LockConflict(f"the database {text}", detail=detail) from problem
        if self._failures == 0:
            log.warning("database unavailable", what=self._what, error=text, detail=detail)
        self._failures += 1
        raise Unavailable(f"the database {text}", detail=detail) from problem

    def over(self) -> None:
        """Note that the database works, and log the end of an outage."""
        if self._failures:
            log.info("database available again", what=self._what, failures=self._failures)
            self._failures = 0


_SQLITE_TROUBLES = {
    sqlite3.SQLITE_BUSY: "is busy",
    sqlite3.SQLITE_LOCKED: "is busy",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_PERM: "is read-only",
    sqlite3.SQLITE_FULL: "is full",
    sqlite3.SQLITE_IOERR: "can't be read or written",
    sqlite3.SQLITE_CANTOPEN: "can't be opened",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is damaged",
}


def sqlite_trouble(problem: BaseException) -> str:
    """The trouble that keeps the database from working; empty when it is something else."""
    # The lowest byte is the primary code; those above it say more.
    return _SQLITE_TROUBLES.get(getattr(problem, "sqlite_errorcode", 0) & 0xFF, "")


BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InternalClientError,  # how the driver finds that the server ended an idle connection
    ConnectionError,
)
"""What PostgreSQL's driver raises on a connection that is gone; another one may work."""

_CONFLICTS = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

_POSTGRES_TROUBLES: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ("is read-only", (asyncpg.ReadOnlySQLTransactionError,)),
    ("is full", (asyncpg.DiskFullError,)),
    (
        "is busy",
        (
            *_CONFLICTS,
            asyncpg.LockNotAvailableError,
            asyncpg.QueryCanceledError,
            asyncpg.TooManyConnectionsError,
        ),
    ),
    (
        "does not answer",
        (
            *BROKEN,
            asyncpg.OperatorInterventionError,
            asyncpg.InsufficientResourcesError,
            asyncpg.PostgresSystemError,
            asyncpg.InvalidAuthorizationSpecificationError,
            OSError,  # time-outs too
        ),
    ),
)


def postgres_trouble(problem: BaseException) -> str:
    """The trouble that keeps the database from working; empty when it is something else."""
    # Of a value that it can't send the driver raises a ValueError, which quotes that value.
    is_of_a_value = isinstance(problem, ValueError)
    if isinstance(problem, asyncpg.InterfaceError) and "clos" in str(problem) and not is_of_a_value:
        return "does not answer"  # "connection is closed", "pool is closing": it went away under us
    return next((text for text, kinds in _POSTGRES_TROUBLES if isinstance(problem, kinds)), "")


def trouble(problem: BaseException) -> str:
    """The trouble that keeps a database from working, when a driver's error tells of one; else empty."""
    return sqlite_trouble(problem) or postgres_trouble(problem)


async def on_another(work: Callable[[], Awaitable[Made]]) -> Made:
    """Do the work; on another connection when its own broke, perhaps while nobody used it.

    For what may be done again: reads, and beginning.
    """
    for _ in range(BROKEN_AT_MOST):
        try:
            return await work()
        except BROKEN:
            continue  # the pool opens another one in its place
    return await work()
