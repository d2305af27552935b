"""The access token of a connection: looked at, and replaced while the one before goes on working for a time.

    token ──rotated──▶ retired ──its grace is over──▶ nobody's
      ▲                  still opens the connection
      └── another one, shown once here and whenever somebody with a full key looks at it

Every look and every rotation is in the audit log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.errors import NotFound
from crossdock.store.connections import connections, retired_tokens
from crossdock.store.connections.access import new_token
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.retired_tokens import CurrentToken, RetiredToken
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.secrets import Vault
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import Actor, AuditEntry
from crossdock.wire import stamp

GRACE_SECONDS = 86_400
LONGEST_GRACE_SECONDS = 7 * 86_400


@dataclass(frozen=True)
class RotatedToken:
    """A token that was just made. previous_until_ms: until when the one before works; None: it does not."""

    token: str
    previous_until_ms: int | None


async def rotate_token(
    database: Database,
    vault: Vault,
    connection: ConnectionRow,
    grace_seconds: int,
    now_ms: int,
    *,
    actor: Actor,
) -> RotatedToken:
    """Give a connection another access token.

    grace_seconds: how long the one before works on, 0 to LONGEST_GRACE_SECONDS; with 0 all before it end,
    those too that an earlier rotation had left some time. Raises NotFound for a deleted connection.
    """
    token, until_ms = new_token("ct"), now_ms + grace_seconds * 1000
    sealed = await connections.seal_token(vault, connection, token)
    detail = {"previous_works_until": stamp(until_ms) if grace_seconds else None}
    entry = AuditEntry(
        connection.organization_id, actor, "access_token.rotated", connection.uid, detail=detail
    )

    async def work(transaction: Transaction) -> None:
        await _hold(transaction, connection)
        await retired_tokens.replace_token(transaction, connection.id, token, sealed, now_ms, until_ms)
        await audit_log.note(transaction, entry, now_ms)

    await database.transact(work)
    return RotatedToken(token, until_ms if grace_seconds else None)


async def look_at_token(
    database: Database, vault: Vault, connection: ConnectionRow, now_ms: int, *, actor: Actor
) -> str:
    """The access token of a connection; that somebody looked is noted first. Raises NotFound."""
    entry = AuditEntry(connection.organization_id, actor, "access_token.viewed", connection.uid)

    async def work(transaction: Transaction) -> None:
        await _hold(transaction, connection)
        await audit_log.note(transaction, entry, now_ms)

    await database.transact(work)
    try:
        return await connections.token(database, vault, connection)
    except LookupError:
        raise _deleted(connection) from None


async def tokens_of(
    database: Database, connection: ConnectionRow, now_ms: int
) -> tuple[CurrentToken, Sequence[RetiredToken]]:
    """The tokens of a connection, as far as they may be told of. Raises NotFound."""
    try:
        return await retired_tokens.of_connection(database, connection.id, now_ms)
    except LookupError:
        raise _deleted(connection) from None


async def _hold(transaction: Transaction, connection: ConnectionRow) -> None:
    if not await connections.lock(transaction, connection.id):
        raise _deleted(connection)


def _deleted(connection: ConnectionRow) -> NotFound:
    return NotFound("the connection was deleted", record_id=connection.uid)
