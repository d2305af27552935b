"""Sessions of people who signed in. The cookie's value is stored as its digest only."""

from dataclasses import dataclass
from typing import Literal

from crossdock.store.connections.access import digest
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.people.users import Role

Method = Literal["password", "link", "sign_on"]
Stage = Literal["second_factor", "open"]


@dataclass(frozen=True)
class UserSession:
    """A session. stage second_factor: the password was right, and nothing is open yet."""

    id: str
    user_id: str
    organization_id: str | None
    method: Method
    stage: Stage
    tries: int
    address: str
    agent: str
    created_ms: int
    used_ms: int
    expires_ms: int


@dataclass(frozen=True)
class SignedIn:
    """A session with its user and their role in its organization, all of this moment."""

    session: UserSession
    email: str
    name: str
    disabled_ms: int | None
    has_second_factor: bool
    role: Role | None
    """None: a member of no organization, or of this one no longer."""
    by_sign_on: bool
    """Whether single sign-on alone opens the organization to this user."""
    organization_name: str
    wants_second_factor: bool
    is_sign_on_enforced: bool
    break_glass_user_id: str | None


_COLUMNS = (
    "s.id, s.user_id, s.organization_id, s.method, s.stage, s.tries, s.address, s.agent, s.created_ms, "
    "s.used_ms, s.expires_ms"
)
_COUNT = 11


async def add(transaction: Transaction, session: UserSession, token: str) -> None:
    await transaction.execute(
        "INSERT INTO user_sessions (id, digest, user_id, organization_id, method, stage, tries, address, "
        "agent, created_ms, used_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        session.id, digest(token), session.user_id, session.organization_id, session.method, session.stage,
        session.tries, session.address, session.agent, session.created_ms, session.used_ms,
        session.expires_ms,
    )  # fmt: skip


async def signed_in(database: Database, token: str) -> SignedIn | None:
    """The holder of this token: one keyed read."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS}, u.email, u.name, u.disabled_ms, u.totp_confirmed_ms, m.role, m.by_sign_on, "
        "o.name, o.wants_second_factor, g.is_enforced, g.break_glass_user_id FROM user_sessions s "
        "JOIN users u ON u.id = s.user_id "
        "LEFT JOIN memberships m ON m.user_id = s.user_id AND m.organization_id = s.organization_id "
        "LEFT JOIN organizations o ON o.id = m.organization_id "
        "LEFT JOIN sign_on_settings g ON g.organization_id = m.organization_id WHERE s.digest = ?",
        digest(token),
    )
    return None if row is None else _signed_in(row)


def _signed_in(row: Row) -> SignedIn:
    email, name, disabled_ms, totp_ms, role, by_sign_on, organization, wants, is_enforced, break_glass = row[
        _COUNT:
    ]
    return SignedIn(
        UserSession(*row[:_COUNT]), email, name, disabled_ms, totp_ms is not None, role, bool(by_sign_on),
        organization or "",
        bool(wants), bool(is_enforced), break_glass,
    )  # fmt: skip


async def of_user(reader: Database | Transaction, user_id: str, now_ms: int) -> list[UserSession]:
    """The sessions of a user that are not over, the newest first."""
    rows = await reader.fetch(
        f"SELECT {_COLUMNS} FROM user_sessions s WHERE s.user_id = ? AND s.expires_ms > ? ORDER BY s.id DESC",
        user_id, now_ms,
    )  # fmt: skip
    return [UserSession(*row) for row in rows]


async def note_use(database: Database, session_id: str, now_ms: int) -> None:
    await database.execute("UPDATE user_sessions SET used_ms = ? WHERE id = ?", now_ms, session_id)


async def set_organization(transaction: Transaction, session_id: str, organization_id: str) -> None:
    await transaction.execute(
        "UPDATE user_sessions SET organization_id = ? WHERE id = ?", organization_id, session_id
    )


async def take_try(transaction: Transaction, session_id: str) -> int:
    """Count a try of a second factor; how many that makes. 0: there is no such half-open session."""
    row = await transaction.fetch_one(
        "UPDATE user_sessions SET tries = tries + 1 WHERE id = ? AND stage = 'second_factor' RETURNING tries",
        session_id,
    )
    return 0 if row is None else int(row[0])


async def end(transaction: Transaction, user_id: str, session_id: str) -> bool:
    """End a session of this user; False when there is none."""
    sql = "DELETE FROM user_sessions WHERE user_id = ? AND id = ?"
    return await transaction.execute(sql, user_id, session_id) == 1


async def end_all(transaction: Transaction, user_id: str, *, except_id: str = "") -> int:
    """End all sessions of a user, but for one; how many."""
    sql = "DELETE FROM user_sessions WHERE user_id = ? AND id <> ?"
    return await transaction.execute(sql, user_id, except_id)


async def end_in_organization(transaction: Transaction, user_id: str, organization_id: str) -> int:
    """End a user's sessions by the single sign-on of an organization, and take the others out of it."""
    await transaction.execute(
        "DELETE FROM user_sessions WHERE user_id = ? AND organization_id = ? AND method = 'sign_on'",
        user_id, organization_id,
    )  # fmt: skip
    return await transaction.execute(
        "UPDATE user_sessions SET organization_id = NULL WHERE user_id = ? AND organization_id = ?",
        user_id, organization_id,
    )  # fmt: skip


async def was_here(reader: Database | Transaction, user_id: str, address: str) -> bool:
    """Check whether a session of this user was opened wholly from an address."""
    row = await reader.fetch_one(
        "SELECT 1 FROM user_sessions WHERE user_id = ? AND address = ? AND stage = 'open' LIMIT 1",
        user_id, address,
    )  # fmt: skip
    return row is not None


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove sessions, links, sign-ons and failures that were over before a moment; how many sessions."""
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM sign_in_links WHERE expires_ms < ?", before_ms)
        await transaction.execute("DELETE FROM sign_on_flows WHERE expires_ms < ?", before_ms)
        await transaction.execute("DELETE FROM sign_in_failures WHERE last_ms < ?", before_ms - 86_400_000)
        return await transaction.execute(
            "DELETE FROM user_sessions WHERE id IN "
            "(SELECT id FROM user_sessions WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)",
            before_ms, at_most,
        )  # fmt: skip
