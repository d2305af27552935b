"""Access tokens that were replaced: each works until its time is over, and then is nobody's."""

from collections.abc import Mapping
from dataclasses import dataclass

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Database, Transaction


@dataclass(frozen=True)
class RetiredToken:
    """A token that was replaced, as it can be shown: never the token."""

    created_ms: int
    retired_ms: int
    expires_ms: int
    used_ms: int | None


@dataclass(frozen=True)
class CurrentToken:
    """The token that a connection has now, as it can be shown."""

    created_ms: int
    used_ms: int | None


async def connection_of(database: Database, token: str, now_ms: int) -> int | None:
    """The number of the connection that a replaced token still opens; None: it opens none."""
    row = await database.fetch_one(
        "SELECT connection_id FROM retired_tokens WHERE digest = ? AND expires_ms > ?", digest(token), now_ms
    )
    return None if row is None else int(row[0])


async def replace_token(
    transaction: Transaction, connection_id: int, token: str, sealed: bytes, now_ms: int, expires_ms: int
) -> None:
    """Give a connection another token; the one before works until then. Expired ones go.

    The transaction holds the connection.
    """
    await transaction.execute(
        "DELETE FROM retired_tokens WHERE connection_id = ? AND expires_ms <= ?", connection_id, now_ms
    )
    if expires_ms > now_ms:
        await transaction.execute(
            "INSERT INTO retired_tokens (digest, connection_id, created_ms, retired_ms, expires_ms, used_ms) "
            "SELECT token_digest, id, COALESCE(token_ms, created_ms), ?, ?, token_used_ms FROM connections "
            "WHERE id = ?",
            now_ms, expires_ms, connection_id,
        )  # fmt: skip
    else:
        await transaction.execute("DELETE FROM retired_tokens WHERE connection_id = ?", connection_id)
    await transaction.execute(
        "UPDATE connections SET token = ?, token_digest = ?, token_ms = ?, token_used_ms = NULL WHERE id = ?",
        sealed, digest(token), now_ms, connection_id,
    )  # fmt: skip


async def of_connection(
    database: Database, connection_id: int, now_ms: int
) -> tuple[CurrentToken, list[RetiredToken]]:
    """The token that a connection has, and those before that still work, the latest first.

    Raises LookupError when the connection was deleted.
    """
    row = await database.fetch_one(
        "SELECT COALESCE(token_ms, created_ms), token_used_ms FROM connections "
        "WHERE id = ? AND deleted_ms IS NULL",
        connection_id,
    )
    if row is None:
        raise LookupError(f"connection {connection_id} was deleted")
    rows = await database.fetch(
        "SELECT created_ms, retired_ms, expires_ms, used_ms FROM retired_tokens "
        "WHERE connection_id = ? AND expires_ms > ? ORDER BY retired_ms DESC, digest",
        connection_id,
        now_ms,
    )
    return CurrentToken(*row), [RetiredToken(*row) for row in rows]


async def note_use(database: Database, uses: Mapping[bytes, int]) -> None:
    """Note when replaced tokens were used last, by digest."""
    async with database.transaction() as transaction:
        await transaction.executemany(
            "UPDATE retired_tokens SET used_ms = ? WHERE digest = ?",
            [(last_ms, digest_of_token) for digest_of_token, last_ms in sorted(uses.items())],
        )


async def forget(database: Database, now_ms: int, at_most: int) -> int:
    """Remove tokens whose time is over, some at a time; return how many."""
    return await database.execute(
        "DELETE FROM retired_tokens WHERE digest IN "
        "(SELECT digest FROM retired_tokens WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?)",
        now_ms,
        at_most,
    )
