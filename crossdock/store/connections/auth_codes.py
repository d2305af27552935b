"""Auth codes: what a backend exchanges once for the access token of a connection. Only digests are kept."""

from dataclasses import dataclass

from crossdock.store.connections.access import digest, new_token
from crossdock.store.database.engine import Database, Transaction


@dataclass(frozen=True)
class AuthCode:
    """An auth code of an organization, without the code."""

    connection_id: int
    expires_ms: int
    is_used: bool


def new_code() -> str:
    return new_token("ac")


async def add(
    transaction: Transaction, code: str, organization_id: str, connection_id: int, expires_ms: int
) -> None:
    """Keep a code for a connection."""
    await transaction.execute(
        "INSERT INTO auth_codes (digest, organization_id, connection_id, expires_ms, is_used) "
        "VALUES (?, ?, ?, ?, ?)",
        digest(code), organization_id, connection_id, expires_ms, False,
    )  # fmt: skip


async def get(transaction: Transaction, code: str, organization_id: str) -> AuthCode | None:
    """The code, if it is this organization's."""
    row = await transaction.fetch_one(
        "SELECT connection_id, expires_ms, is_used FROM auth_codes WHERE digest = ? AND organization_id = ?",
        digest(code),
        organization_id,
    )
    return None if row is None else AuthCode(row[0], row[1], bool(row[2]))


async def use(transaction: Transaction, code: str, now_ms: int) -> bool:
    """Use up a code. False when it was used, or its time is over: of many who try at once, one is first."""
    count = await transaction.execute(
        "UPDATE auth_codes SET is_used = ? WHERE digest = ? AND is_used = ? AND expires_ms >= ?",
        True, digest(code), False, now_ms,
    )  # fmt: skip
    return count == 1


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove codes whose time was over before a moment, some at a time; return how many."""
    return await database.execute(
        "DELETE FROM auth_codes WHERE digest IN "
        "(SELECT digest FROM auth_codes WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)",
        before_ms,
        at_most,
    )
