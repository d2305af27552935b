"""The log of what was sent, to whom, and what they answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.store.engine import Database, Row, Transaction
from crossdock.store.secrets import Vault

EXPUNGED = b"EXPUNGED"


class Exchange(msgspec.Struct, kw_only=True):
    """What is kept encrypted of an attempt: where it went, and the headers of both sides."""

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
    exchange: Exchange


_COLUMNS = "id, endpoint, message_id, at_ms, status, code, duration_ms, manual, response, exchange"


async def sealed(vault: Vault, organization_id: str, one: Attempt) -> tuple[Any, ...]:
    """An attempt as a row."""
    plain = msgspec.json.encode(one.exchange)
    exchange = await vault.seal(organization_id, f"attempt {one.id}", plain)
    return (
        one.id, one.endpoint, one.message_id, one.at_ms, one.status, one.code, one.duration_ms,
        int(one.manual), one.response, exchange,
    )  # fmt: skip


async def add(transaction: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Stores what `sealed` made."""
    await transaction.append("webhook_attempts", _COLUMNS.split(", "), rows)


async def _opened(vault: Vault, organization_id: str, row: Row) -> Attempt:
    plain = await vault.open(organization_id, f"attempt {row[0]}", bytes(row[9]))
    return Attempt(
        id=row[0], endpoint=row[1], message_id=row[2], at_ms=row[3], status=row[4], code=row[5],
        duration_ms=row[6], manual=bool(row[7]), response=bytes(row[8]),
        exchange=msgspec.json.decode(plain, type=Exchange),
    )  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """SQL after WHERE, with its values; `a` is the attempt."""

    sql: str
    values: Sequence[Any]


async def page(
    database: Database, vault: Vault, organization_id: str, asked: Condition, limit: int, *, descending: bool
) -> list[Attempt]:
    """Attempts in the order of their ids."""
    names = ", ".join(f"a.{one}" for one in _COLUMNS.split(", "))
    order = "DESC" if descending else "ASC"
    rows = await database.fetch(
        f"SELECT {names} FROM webhook_attempts a WHERE {asked.sql} ORDER BY a.id {order} LIMIT ?",
        *asked.values, limit,
    )  # fmt: skip
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
    """Erases what a receiver answered."""
    await database.execute("UPDATE webhook_attempts SET response = ? WHERE id = ?", EXPUNGED, attempt_id)


async def counts(database: Database, endpoint: int, since_id: str, until_id: str) -> dict[int, int]:
    """How many attempts ended how, of those with an id in between."""
    rows = await database.fetch(
        "SELECT status, count(*) FROM webhook_attempts WHERE endpoint = ? AND id >= ? AND id < ? "
        "GROUP BY status",
        endpoint, since_id, until_id,
    )  # fmt: skip
    return {row[0]: row[1] for row in rows}
