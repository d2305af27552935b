"""Vendor records that did not fit, wholly or in part, with the reason, until they do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from crossdock.store.database.engine import Database, Transaction

NAMELESS = "without "
"""How the keys of records begin that nobody knows the id of: "without id: 0a1b…", "without end"."""

Kind = Literal["whole", "partial"]
"""partial: the record is stored, but for what the reason says."""


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record set aside. `raw` is its beginning; `size` how long it is, in bytes."""

    key: str
    reason: str
    raw: bytes
    size: int
    kind: Kind = "whole"


@dataclass(frozen=True)
class QuarantineRow:
    """One that is in quarantine."""

    function: str
    key: str
    reason: str
    raw: bytes
    size: int
    job_id: str
    first_ms: int
    last_ms: int
    kind: Kind = "whole"


_COLUMNS = "function, key, reason, raw, size, job_id, first_ms, last_ms, kind"


@dataclass(frozen=True)
class QuarantineSummary:
    """A summary of a function's quarantine. `examples` are pairs of key and reason, the latest first."""

    count: int
    examples: list[tuple[str, str]]


async def put(
    transaction: Transaction,
    connection_id: int,
    function: str,
    job_id: str,
    refused: Iterable[QuarantinedRecord],
    now_ms: int,
) -> None:
    await transaction.executemany(
        "INSERT INTO quarantine (connection_id, function, key, reason, raw, size, job_id, first_ms, last_ms, "
        "kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, function, key) DO UPDATE "
        "SET reason = excluded.reason, raw = excluded.raw, size = excluded.size, job_id = excluded.job_id, "
        "last_ms = excluded.last_ms, kind = excluded.kind",
        [
            (
                connection_id,
                function,
                quarantined_record.key,
                quarantined_record.reason,
                quarantined_record.raw,
                quarantined_record.size,
                job_id,
                now_ms,
                now_ms,
                quarantined_record.kind,
            )
            for quarantined_record in refused
        ],
    )


async def release(transaction: Transaction, connection_id: int, function: str, keys: Iterable[str]) -> None:
    """Release records that fit now."""
    await transaction.executemany(
        "DELETE FROM quarantine WHERE connection_id = ? AND function = ? AND key = ?",
        [(connection_id, function, key) for key in keys],
    )


async def release_twins(
    transaction: Transaction, connection_id: int, function: str, keys: Iterable[str], reason: str
) -> None:
    """Release records that were set aside for this reason only, as it no longer holds."""
    await transaction.executemany(
        "DELETE FROM quarantine WHERE connection_id = ? AND function = ? AND key = ? AND reason = ?",
        [(connection_id, function, key, reason) for key in keys],
    )


async def release_unmet(transaction: Transaction, connection_id: int, function: str, job_id: str) -> None:
    """Release what a run that saw all did not set aside again: it fits, or the vendor has it no more."""
    await transaction.execute(
        "DELETE FROM quarantine WHERE connection_id = ? AND function = ? AND job_id <> ?",
        connection_id,
        function,
        job_id,
    )


async def release_nameless(
    transaction: Transaction, connection_id: int, function: str, before_ms: int
) -> None:
    """Release records without a known id, last met before: a run of changes never meets them again."""
    await transaction.execute(
        "DELETE FROM quarantine WHERE connection_id = ? AND function = ? AND key LIKE ? AND last_ms < ?",
        connection_id, function, f"{NAMELESS}%", before_ms,
    )  # fmt: skip


async def release_of(
    transaction: Transaction, connection_id: int, function: str, causes: Iterable[str]
) -> None:
    """Release what was set aside by these, runs or files."""
    await transaction.executemany(
        "DELETE FROM quarantine WHERE connection_id = ? AND function = ? AND job_id = ?",
        [(connection_id, function, cause) for cause in causes],
    )


async def keys(database: Database, connection_id: int, function: str) -> set[str]:
    rows = await database.fetch(
        "SELECT key FROM quarantine WHERE connection_id = ? AND function = ?", connection_id, function
    )
    return {row[0] for row in rows}


async def of_connection(
    database: Database, connection_id: int, function: str | None = None
) -> list[QuarantineRow]:
    """The records in quarantine, the latest first."""
    text = "" if function is None else " AND function = ?"
    values = () if function is None else (function,)
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM quarantine WHERE connection_id = ?{text} "
        "ORDER BY last_ms DESC, key LIMIT 1000",
        connection_id,
        *values,
    )
    return [QuarantineRow(*row) for row in rows]


async def page(
    database: Database, connection_id: int, function: str, after: tuple[str, str] | None, limit: int
) -> list[QuarantineRow]:
    """The records in quarantine by function and key. function "": any; after: those of the last one."""
    clauses, values = ["connection_id = ?"], list[object]([connection_id])
    if function:
        clauses.append("function = ?")
        values.append(function)
    if after is not None:
        clauses.append("(function, key) > (?, ?)")
        values += after
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM quarantine WHERE {' AND '.join(clauses)} ORDER BY function, key LIMIT ?",
        *values, limit,
    )  # fmt: skip
    return [QuarantineRow(*row) for row in rows]


async def summary(
    database: Database | Transaction, connection_id: int, function: str, examples: int = 3
) -> QuarantineSummary:
    """The number of records in quarantine, and some of them."""
    row = await database.fetch_one(
        "SELECT count(*) FROM quarantine WHERE connection_id = ? AND function = ?", connection_id, function
    )
    rows = await database.fetch(
        "SELECT key, reason FROM quarantine WHERE connection_id = ? AND function = ? "
        "ORDER BY last_ms DESC, key LIMIT ?",
        connection_id,
        function,
        examples,
    )
    return QuarantineSummary(int(row[0]) if row else 0, [(str(key), str(reason)) for key, reason in rows])


async def get(database: Database, connection_id: int, function: str, key: str) -> QuarantineRow | None:
    """The entry of this record in quarantine; None when it fits."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM quarantine WHERE connection_id = ? AND function = ? AND key = ?",
        connection_id,
        function,
        key,
    )
    return None if row is None else QuarantineRow(*row)


async def counts(database: Database, connection_id: int) -> dict[str, int]:
    """The number of records in quarantine, by function."""
    rows = await database.fetch(
        "SELECT function, count(*) FROM quarantine WHERE connection_id = ? GROUP BY function", connection_id
    )
    return {row[0]: int(row[1]) for row in rows}
