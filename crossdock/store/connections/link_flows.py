"""Flows: an end user's way through the form, from opening it to its result, whatever window it ends in.

open ─ attempt ─┬─▶ done      with the connection and its auth code, in one transaction
  ▲  │          └─▶ failed    the next attempt may still succeed
  │  └─ waiting: the user is on a page of the vendor
  └─ an attempt says every few seconds that it goes on; one that falls silent is over
"""

import secrets
from dataclasses import dataclass

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault

KEPT_MS = 3_600_000
ATTEMPT_MS = 20_000
"""How long an attempt that falls silent keeps others from trying."""


class FlowError(msgspec.Struct, frozen=True, omit_defaults=True):
    """The reason why a flow failed, as the frame is told."""

    code: str
    message: str
    field: str | None = None
    fields: dict[str, list[str]] | None = None


@dataclass(frozen=True)
class LinkFlow:
    """A flow, as it stands. Its id is the form's: of one organization and subject only."""

    id: str
    organization_id: str
    subject: str
    status: str
    connection_id: int | None
    auth_code: str | None
    error: FlowError | None
    permissions: str | None
    """JSON, once they were checked."""
    is_attempted: bool
    """Whether somebody signs in for it now."""


_COLUMNS = "id, organization_id, subject, status, connection_id, result, error, permissions, attempt_until_ms"


async def begin(transaction: Transaction, flow_id: str, organization_id: str, subject: str, now: int) -> None:
    """Make a flow unless the subject has one of this id."""
    await transaction.execute(
        "INSERT INTO link_flows (id, organization_id, subject, status, attempt, attempt_until_ms, "
        "expires_ms) VALUES (?, ?, ?, 'open', '', 0, ?) ON CONFLICT DO NOTHING",
        flow_id, organization_id, subject, now + KEPT_MS,
    )  # fmt: skip


async def get(
    database: Database, vault: Vault, flow_id: str, organization_id: str, subject: str, now_ms: int
) -> LinkFlow | None:
    """The flow, if it is of this organization and subject, and not forgotten."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM link_flows WHERE id = ? AND organization_id = ? AND subject = ? "
        "AND expires_ms >= ?",
        flow_id, organization_id, subject, now_ms,
    )  # fmt: skip
    return None if row is None else await _opened(vault, row, now_ms)


async def attempt(
    transaction: Transaction, flow_id: str, organization_id: str, subject: str, now_ms: int
) -> str | None:
    """Take the turn to sign in for a flow: what `finish` and `fail` want; None: somebody else has it, or
    the flow is done."""
    mark = secrets.token_hex(8)
    count = await transaction.execute(
        "UPDATE link_flows SET attempt = ?, attempt_until_ms = ?, status = 'open', error = NULL "
        "WHERE id = ? AND organization_id = ? AND subject = ? AND status <> 'done' "
        "AND (attempt = '' OR attempt_until_ms < ?)",
        mark, now_ms + ATTEMPT_MS, flow_id, organization_id, subject, now_ms,
    )  # fmt: skip
    return mark if count == 1 else None


async def go_on(database: Database, flow_id: str, mark: str, now_ms: int) -> None:
    """Note that an attempt is still under way."""
    await database.execute(
        "UPDATE link_flows SET attempt_until_ms = ? WHERE id = ? AND attempt = ?",
        now_ms + ATTEMPT_MS, flow_id, mark,
    )  # fmt: skip


async def finish(
    transaction: Transaction, flow_id: str, mark: str, connection_id: int, result: bytes, expires_ms: int
) -> bool:
    """End a flow with its connection. False when the turn was somebody else's meanwhile. result: sealed."""
    count = await transaction.execute(
        "UPDATE link_flows SET status = 'done', connection_id = ?, result = ?, error = NULL, attempt = '', "
        "attempt_until_ms = 0, expires_ms = ? WHERE id = ? AND attempt = ? AND status <> 'done'",
        connection_id, result, expires_ms, flow_id, mark,
    )  # fmt: skip
    return count == 1


async def fail(database: Database, flow_id: str, mark: str, error: FlowError) -> None:
    """End an attempt that failed: another may follow."""
    await database.execute(
        "UPDATE link_flows SET status = 'failed', error = ?, attempt = '', attempt_until_ms = 0 "
        "WHERE id = ? AND attempt = ? AND status <> 'done'",
        msgspec.json.encode(error).decode(), flow_id, mark,
    )  # fmt: skip


async def wait(database: Database, flow_id: str, organization_id: str, subject: str) -> None:
    """Note that the user is on a page of the vendor."""
    await database.execute(
        "UPDATE link_flows SET status = 'waiting', error = NULL WHERE id = ? AND organization_id = ? "
        "AND subject = ? AND status <> 'done'",
        flow_id, organization_id, subject,
    )  # fmt: skip


async def fail_waiting(
    database: Database, flow_id: str, organization_id: str, subject: str, error: FlowError
) -> None:
    """End the visit of a page of the vendor that came to nothing."""
    await database.execute(
        "UPDATE link_flows SET status = 'failed', error = ? WHERE id = ? AND organization_id = ? "
        "AND subject = ? AND status = 'waiting'",
        msgspec.json.encode(error).decode(), flow_id, organization_id, subject,
    )  # fmt: skip


async def keep_permissions(database: Database, flow: LinkFlow, permissions: str) -> None:
    """Keep what was found out. permissions: JSON."""
    await database.execute(
        "UPDATE link_flows SET permissions = ? WHERE id = ? AND organization_id = ? AND subject = ?",
        permissions, flow.id, flow.organization_id, flow.subject,
    )  # fmt: skip


async def seal_code(vault: Vault, organization_id: str, flow_id: str, code: str) -> bytes:
    """The encrypted result of a flow that is about to end."""
    return await vault.seal(organization_id, _purpose(flow_id), code.encode())


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove flows whose time was over before a moment, some at a time; return how many."""
    return await database.execute(
        "DELETE FROM link_flows WHERE (organization_id, subject, id) IN "
        "(SELECT organization_id, subject, id FROM link_flows WHERE expires_ms < ? "
        "ORDER BY expires_ms LIMIT ?)",
        before_ms,
        at_most,
    )


async def _opened(vault: Vault, row: Row, now_ms: int) -> LinkFlow:
    (flow_id, organization_id, subject, status, connection_id, result, error, permissions, until_ms) = row
    code = None if result is None else await vault.open(organization_id, _purpose(flow_id), bytes(result))
    return LinkFlow(
        flow_id, organization_id, subject, status, connection_id,
        None if code is None else code.decode(),
        None if error is None else msgspec.json.decode(error, type=FlowError),
        permissions, until_ms >= now_ms,
    )  # fmt: skip


def _purpose(flow_id: str) -> str:
    return f"result of flow {flow_id}"
