"""Vendor records that did not fit, with the reason, until they do."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.store.engine import Database, Transaction


@dataclass(frozen=True)
class Refused:
    """A record set aside. `raw` is its beginning; `size` how long it is, in bytes."""

    key: str
    reason: str
    raw: bytes
    size: int


@dataclass(frozen=True)
class Kept:
    """One that is in quarantine."""

    function: str
    key: str
    reason: str
    raw: bytes
    size: int
    job_id: str
    first_ms: int
    last_ms: int


async def put(
    transaction: Transaction,
    connection_id: int,
    function: str,
    job_id: str,
    refused: Iterable[Refused],
    now_ms: int,
) -> None:
    await transaction.executemany(
        "INSERT INTO quarantine (connection_id, function, key, reason, raw, size, job_id, first_ms, last_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, function, key) DO UPDATE "
        "SET reason = excluded.reason, raw = excluded.raw, size = excluded.size, job_id = excluded.job_id, "
        "last_ms = excluded.last_ms",
        [
            (connection_id, function, one.key, one.reason, one.raw, one.size, job_id, now_ms, now_ms)
            for one in refused
        ],
    )


async def release(transaction: Transaction, connection_id: int, function: str, keys: Iterable[str]) -> None:
    """These fit now."""
    await transaction.executemany(
        "DELETE FROM quarantine WHERE connection_id = ? AND function = ? AND key = ?",
        [(connection_id, function, key) for key in keys],
    )


async def release_of(
    transaction: Transaction, connection_id: int, function: str, causes: Iterable[str]
) -> None:
    """What was set aside by these, runs or files, is not any more."""
    await transaction.executemany(
        "DELETE FROM quarantine WHERE connection_id = ? AND function = ? AND job_id = ?",
        [(connection_id, function, one) for one in causes],
    )


async def keys(database: Database, connection_id: int, function: str) -> set[str]:
    rows = await database.fetch(
        "SELECT key FROM quarantine WHERE connection_id = ? AND function = ?", connection_id, function
    )
    return {row[0] for row in rows}


async def of_connection(database: Database, connection_id: int, function: str | None = None) -> list[Kept]:
    """What is in quarantine, the latest first."""
    one = "" if function is None else " AND function = ?"
    values = () if function is None else (function,)
    rows = await database.fetch(
        "SELECT function, key, reason, raw, size, job_id, first_ms, last_ms FROM quarantine "
        f"WHERE connection_id = ?{one} ORDER BY last_ms DESC, key LIMIT 1000",
        connection_id, *values,
    )  # fmt: skip
    return [Kept(*row) for row in rows]
