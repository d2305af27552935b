"""Users, and which role each has in which organization."""

from dataclasses import dataclass
from typing import Literal

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import new_id

Role = Literal["owner", "developer", "viewer"]
ROLES: tuple[Role, ...] = ("owner", "developer", "viewer")


@dataclass(frozen=True)
class User:
    """A person. `email` as it was written; password_hash None: signs in by a link or single sign-on."""

    id: str
    email: str
    name: str
    password_hash: str | None
    created_ms: int
    disabled_ms: int | None
    last_sign_in_ms: int | None
    totp_confirmed_ms: int | None

    @property
    def has_second_factor(self) -> bool:
        return self.totp_confirmed_ms is not None


@dataclass(frozen=True)
class Membership:
    """A user's role in an organization."""

    organization_id: str
    organization_name: str
    user: User
    role: Role
    created_ms: int
    by_sign_on: bool = False
    """Whether single sign-on made it, and nobody's invitation: then a password does not open it."""


_USER = (
    "u.id, u.email, u.name, u.password_hash, u.created_ms, u.disabled_ms, u.last_sign_in_ms, "
    "u.totp_confirmed_ms"
)
_COUNT = 8
_MEMBERSHIP = (
    f"SELECT {_USER}, m.organization_id, o.name, m.role, m.created_ms, m.by_sign_on FROM memberships m "
    "JOIN users u ON u.id = m.user_id JOIN organizations o ON o.id = m.organization_id"
)


def email_key(email: str) -> str:
    """An address as it is compared: without the spaces around it, in any case."""
    return email.strip().casefold()


async def by_email(reader: Database | Transaction, email: str) -> User | None:
    row = await reader.fetch_one(f"SELECT {_USER} FROM users u WHERE u.email_key = ?", email_key(email))
    return None if row is None else User(*row)


async def by_id(reader: Database | Transaction, user_id: str) -> User | None:
    row = await reader.fetch_one(f"SELECT {_USER} FROM users u WHERE u.id = ?", user_id)
    return None if row is None else User(*row)


async def add(
    transaction: Transaction, email: str, name: str, password_hash: str | None, now_ms: int
) -> User:
    """A new user; who adds one has looked that there is none with this address, in turn."""
    user = User(new_id("user", now_ms), email.strip(), name, password_hash, now_ms, None, None, None)
    await transaction.execute(
        "INSERT INTO users (id, email, email_key, name, password_hash, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
        user.id, user.email, email_key(email), name, password_hash, now_ms,
    )  # fmt: skip
    return user


async def set_password(transaction: Transaction, user_id: str, password_hash: str | None) -> None:
    await transaction.execute("UPDATE users SET password_hash = ? WHERE id = ?", password_hash, user_id)


async def set_name(transaction: Transaction, user_id: str, name: str) -> None:
    await transaction.execute("UPDATE users SET name = ? WHERE id = ?", name, user_id)


async def set_disabled(transaction: Transaction, user_id: str, disabled_ms: int | None) -> None:
    await transaction.execute("UPDATE users SET disabled_ms = ? WHERE id = ?", disabled_ms, user_id)


async def note_sign_in(transaction: Transaction, user_id: str, now_ms: int) -> None:
    await transaction.execute("UPDATE users SET last_sign_in_ms = ? WHERE id = ?", now_ms, user_id)


async def everybody(database: Database) -> list[User]:
    """All users, oldest first."""
    return [User(*row) for row in await database.fetch(f"SELECT {_USER} FROM users u ORDER BY u.id")]


# Memberships


async def of_organization(reader: Database | Transaction, organization_id: str) -> list[Membership]:
    """The members of an organization, oldest first."""
    rows = await reader.fetch(
        f"{_MEMBERSHIP} WHERE m.organization_id = ? ORDER BY m.created_ms, u.id", organization_id
    )
    return [_membership(row) for row in rows]


async def of_user(reader: Database | Transaction, user_id: str) -> list[Membership]:
    """The organizations that a user is in, oldest first."""
    rows = await reader.fetch(f"{_MEMBERSHIP} WHERE m.user_id = ? ORDER BY o.id", user_id)
    return [_membership(row) for row in rows]


def _membership(row: Row) -> Membership:
    organization_id, name, role, created_ms, by_sign_on = row[_COUNT:]
    return Membership(organization_id, name, User(*row[:_COUNT]), role, created_ms, bool(by_sign_on))


async def put_member(
    transaction: Transaction, organization_id: str, user_id: str, role: Role, now_ms: int, *,
    by_sign_on: bool = False,
) -> None:  # fmt: skip
    """Make a user a member, with this role."""
    await transaction.execute(
        "INSERT INTO memberships (organization_id, user_id, role, by_sign_on, created_ms) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (organization_id, user_id) "
        "DO UPDATE SET role = excluded.role, by_sign_on = excluded.by_sign_on",
        organization_id, user_id, role, by_sign_on, now_ms,
    )  # fmt: skip


async def set_role(transaction: Transaction, organization_id: str, user_id: str, role: Role) -> None:
    await transaction.execute(
        "UPDATE memberships SET role = ? WHERE organization_id = ? AND user_id = ?",
        role, organization_id, user_id,
    )  # fmt: skip


async def remove_member(transaction: Transaction, organization_id: str, user_id: str) -> None:
    await transaction.execute(
        "DELETE FROM memberships WHERE organization_id = ? AND user_id = ?", organization_id, user_id
    )


async def set_wants_second_factor(transaction: Transaction, organization_id: str, *, wanted: bool) -> None:
    await transaction.execute(
        "UPDATE organizations SET wants_second_factor = ? WHERE id = ?", wanted, organization_id
    )
