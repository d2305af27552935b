"""The log of what was sent, to whom, and what they answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from crossdock.errors import SettingsError
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault

EXPUNGED = b"EXPUNGED"

log = structlog.get_logger()


class AttemptExchange(msgspec.Struct, kw_only=True):
    """The part of an attempt that is kept encrypted: where it went, and the headers of both sides."""

    url: str
    method: str = "POST"
    sent: dict[str, str] = {}
    received: list[tuple[str, str]] | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try. code 0: there was no answer, and `response` says why."""

    id: str
    endpoint: int
    message_id: str
    at_ms: int
    status: int
    code: int
    duration_ms: int
    manual: bool
    response: bytes
    exchange: AttemptExchange


_COLUMNS = "id, endpoint, message_id, at_ms, status, code, duration_ms, manual, response, exchange"


async def sealed(vault: Vault, organization_id: str, attempt: Attempt) -> tuple[Any, ...]:
    """An attempt as a row."""
    plain = msgspec.json.encode(attempt.exchange)
    exchange = await vault.seal(organization_id, f"attempt {attempt.id}", plain)
    return (
        attempt.id,
        attempt.endpoint,
        attempt.message_id,
        attempt.at_ms,
        attempt.status,
        attempt.code,
        attempt.duration_ms,
        int(attempt.manual),
        attempt.response,
        exchange,
    )


async def add(transaction: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Store rows that `sealed` made."""
    await transaction.append("webhook_attempts", _COLUMNS.split(", "), rows)


async def _exchange(vault: Vault, organization_id: str, row: Row) -> AttemptExchange:
    """The encrypted part of an attempt; an empty one where it can't be opened, so that others are shown."""
    try:
        plain = await vault.open(organization_id, f"attempt {row[0]}", bytes(row[9]))
        return msgspec.json.decode(plain, type=AttemptExchange)
    except (SettingsError, msgspec.MsgspecError) as problem:
        log.error("an attempt can't be opened", attempt=row[0], error=str(problem))
        return AttemptExchange(url="")


async def _opened(vault: Vault, organization_id: str, row: Row) -> Attempt:
    return Attempt(
        id=row[0], endpoint=row[1], message_id=row[2], at_ms=row[3], status=row[4], code=row[5],
        duration_ms=row[6], manual=bool(row[7]), response=bytes(row[8]),
        exchange=await _exchange(vault, organization_id, row),
    )  # fmt: skip


@dataclass(frozen=True)
class AttemptCondition:
    """SQL after WHERE, with its values; `a` is the attempt."""

    sql: str
    values: Sequence[Any]


async def page(
    database: Database,
    vault: Vault,
    organization_id: str,
    attempt_condition: AttemptCondition,
    limit: int,
    *,
    descending: bool,
) -> list[Attempt]:
    """Attempts in the order of their ids."""
    names = ", ".join(f"a.{part}" for part in _COLUMNS.split(", "))
    order = "DESC" if descending else "ASC"
    rows = await database.fetch(
        f"SELECT {names} FROM webhook_attempts a WHERE {attempt_condition.sql} ORDER BY a.id {order} LIMIT ?",
        *attempt_condition.values,
        limit,
    )
    return [await _opened(vault, organization_id, row) for row in rows]


async def get(
    database: Database, vault: Vault, organization_id: str, message_id: str, attempt_id: str
) -> Attempt | None:
    """An attempt of a message."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_attempts WHERE id = ? AND message_id = ?", attempt_id, message_id
    )
    return None if row is None else await _opened(vault, organization_id, row)


async def expunge(database: Database, attempt_id: str) -> None:
    """Erase the answer of a receiver."""
    await database.execute("UPDATE webhook_attempts SET response = ? WHERE id = ?", EXPUNGED, attempt_id)


async def counts(database: Database, endpoint: int, since_id: str, until_id: str) -> dict[int, int]:
    """The number of attempts by status, of those with an id in between."""
    rows = await database.fetch(
        "SELECT status, count(*) FROM webhook_attempts WHERE endpoint = ? AND id >= ? AND id < ? "
        "GROUP BY status",
        endpoint,
        since_id,
        until_id,
    )
    return {row[0]: row[1] for row in rows}
