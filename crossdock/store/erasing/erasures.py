"""Erasures: what was asked for, how far it is, and the proof that stays. Never the values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault
from crossdock.store.states import ErasureState, ErasureStates

Mode = Literal["erase", "show"]
Source = Literal["api", "command_line", "notice"]

_COLUMNS = (
    "id, organization_id, mode, state, source, actor, kinds, digests, progress, counts, examples, "
    "created_ms, updated_ms, ended_ms"
)


@dataclass(frozen=True)
class ErasureRow:
    """An erasure. digests: (kind, keyed digest in hex); counts: by place; examples: of shows only, masked."""

    id: str
    organization_id: str
    mode: Mode
    state: ErasureState
    source: Source
    actor: str
    kinds: list[str]
    digests: list[tuple[str, str]]
    progress: dict[str, Any]
    counts: dict[str, int]
    examples: list[dict[str, Any]]
    created_ms: int
    updated_ms: int
    ended_ms: int | None


async def seal(vault: Vault, organization_id: str, erasure_id: str, request: bytes) -> bytes:
    """The sealed form of a search, kept until the erasure is done."""
    return await vault.seal(organization_id, _context(erasure_id), request)


async def opened(database: Database, vault: Vault, erasure: ErasureRow) -> bytes | None:
    """The search of an erasure; None: it is done."""
    row = await database.fetch_one("SELECT request FROM erasures WHERE id = ?", erasure.id)
    if row is None or row[0] is None:
        return None
    return await vault.open(erasure.organization_id, _context(erasure.id), bytes(row[0]))


def _context(erasure_id: str) -> str:
    return f"erasure {erasure_id}"


async def add(transaction: Transaction, erasure: ErasureRow, request: bytes) -> None:
    """Store an erasure. request: as `seal` made it."""
    await transaction.execute(
        f"INSERT INTO erasures ({_COLUMNS}, request) VALUES ({', '.join('?' * 15)})",
        erasure.id, erasure.organization_id, erasure.mode, erasure.state, erasure.source, erasure.actor,
        _json(erasure.kinds), _json(erasure.digests), _json(erasure.progress), _json(erasure.counts),
        _json(erasure.examples), erasure.created_ms, erasure.updated_ms, erasure.ended_ms, request,
    )  # fmt: skip


async def advance(
    transaction: Transaction,
    erasure: ErasureRow,
    progress: Mapping[str, Any],
    counts: Mapping[str, int],
    examples: Sequence[Mapping[str, Any]],
    now_ms: int,
) -> None:
    """Note how far it is. counts and examples: all of them so far."""
    await transaction.execute(
        "UPDATE erasures SET progress = ?, counts = ?, examples = ?, updated_ms = ? WHERE id = ?",
        _json(progress), _json(counts), _json(examples), now_ms, erasure.id,
    )  # fmt: skip


async def keep_request(transaction: Transaction, erasure_id: str, request: bytes) -> None:
    """Replace what is searched for: more is known of the person now."""
    await transaction.execute("UPDATE erasures SET request = ? WHERE id = ?", request, erasure_id)


async def set_state(transaction: Transaction, erasure_id: str, state: ErasureState, now_ms: int) -> None:
    await transaction.execute(
        "UPDATE erasures SET state = ?, updated_ms = ? WHERE id = ?", state, now_ms, erasure_id
    )


async def end(transaction: Transaction, erasure_id: str, now_ms: int) -> None:
    """End an erasure. What was searched for is forgotten."""
    await transaction.execute(
        f"UPDATE erasures SET state = '{ErasureStates.DONE}', request = NULL, updated_ms = ?, ended_ms = ? "
        "WHERE id = ? AND ended_ms IS NULL",
        now_ms, now_ms, erasure_id,
    )  # fmt: skip


async def get(database: Database, erasure_id: str, organization_id: str | None = None) -> ErasureRow | None:
    """An erasure; of this organization only, where one is named."""
    condition = "" if organization_id is None else " AND organization_id = ?"
    values = () if organization_id is None else (organization_id,)
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM erasures WHERE id = ?{condition}", erasure_id, *values
    )
    return None if row is None else _erasure(row)


async def page(database: Database, organization_id: str, before: str | None, limit: int) -> list[ErasureRow]:
    """Erasures of an organization, the newest first, behind this one."""
    condition = "" if before is None else " AND id < ?"
    values = () if before is None else (before,)
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM erasures WHERE organization_id = ?{condition} ORDER BY id DESC LIMIT ?",
        organization_id, *values, limit,
    )  # fmt: skip
    return [_erasure(row) for row in rows]


async def forget_shown(database: Database, before_ms: int, at_most: int) -> int:
    """Remove shows that ended before a moment, some at a time; how many. Proofs of erasures stay."""
    async with database.transaction() as transaction:
        return await transaction.execute(
            "DELETE FROM erasures WHERE id IN (SELECT id FROM erasures WHERE mode = 'show' AND ended_ms < ? "
            "ORDER BY id LIMIT ?)",
            before_ms,
            at_most,
        )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _erasure(row: Row) -> ErasureRow:
    values = list(row)
    for place in range(6, 11):
        values[place] = msgspec.json.decode(values[place])
    values[7] = [(kind, digest) for kind, digest in values[7]]
    return ErasureRow(*values)
