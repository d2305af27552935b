"""Who calls: organizations, their API keys, and connections' access tokens. Only digests are compared.

Keys and tokens are 256 random bits, so a plain SHA-256 can't be guessed backwards; they are found by
digest through an index, which tells a guesser nothing about how close a guess was.
"""

import hashlib
import secrets
from dataclasses import dataclass

from crossdock.store.engine import Database, Row
from crossdock.store.ids import new_id


@dataclass(frozen=True)
class Caller:
    """An organization, by one of its API keys."""

    organization_id: str
    key_id: str
    read_only: bool


@dataclass(frozen=True)
class Organization:
    """Who owns keys and connections. None: as the operator's settings say."""

    id: str
    name: str
    lookback_days: int | None
    disabled_functions: frozenset[str] | None
    created_ms: int
    derived_ledger: bool = False
    """Whether a ledger of stock is derived for connections whose system keeps none."""


@dataclass(frozen=True)
class KeyInfo:
    """An API key as it can be shown: never the key."""

    id: str
    organization_id: str
    name: str
    kind: str
    hint: str
    created_ms: int
    revoked_ms: int | None


def new_token(prefix: str) -> str:
    """`prefix_` and 43 letters that can't be guessed. No dots: clients read regions out of those."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


_ORGANIZATION = "id, name, lookback_days, disabled_functions, created_ms, derived_ledger"


async def create_organization(database: Database, name: str, now_ms: int) -> str:
    made = new_id("org", now_ms)
    await database.execute(
        "INSERT INTO organizations (id, name, created_ms) VALUES (?, ?, ?)", made, name, now_ms
    )
    return made


async def organizations(database: Database) -> list[Organization]:
    """All of them, oldest first."""
    rows = await database.fetch(f"SELECT {_ORGANIZATION} FROM organizations ORDER BY id")
    return [_organization(row) for row in rows]


async def organization(database: Database, organization_id: str) -> Organization | None:
    row = await database.fetch_one(f"SELECT {_ORGANIZATION} FROM organizations WHERE id = ?", organization_id)
    return None if row is None else _organization(row)


def _organization(row: Row) -> Organization:
    return Organization(row[0], row[1], row[2], functions_of(row[3]), row[4], bool(row[5]))


def functions_of(text: str | None) -> frozenset[str] | None:
    """Names of functions as they are stored, separated by commas; None stays None."""
    return None if text is None else frozenset(filter(None, text.split(",")))


async def change_organization(
    database: Database,
    organization_id: str,
    *,
    lookback_days: int | None,
    disabled_functions: frozenset[str] | None,
    derived_ledger: bool,
) -> None:
    """Sets what an organization has differently; None: as the operator's settings say."""
    off = None if disabled_functions is None else ",".join(sorted(disabled_functions))
    await database.execute(
        "UPDATE organizations SET lookback_days = ?, disabled_functions = ?, derived_ledger = ? WHERE id = ?",
        lookback_days, off, derived_ledger, organization_id,
    )  # fmt: skip


async def create_key(
    database: Database, organization_id: str, *, name: str, read_only: bool, now_ms: int
) -> tuple[str, str]:
    """A new API key: its id and, this once, the key."""
    made, key = new_id("key", now_ms), new_token("ck")
    await database.execute(
        "INSERT INTO api_keys (id, organization_id, name, kind, digest, hint, created_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        made, organization_id, name, "read_only" if read_only else "full", digest(key), key[-4:], now_ms,
    )  # fmt: skip
    return made, key


async def keys(database: Database) -> list[KeyInfo]:
    """All API keys, oldest first, revoked ones too."""
    rows = await database.fetch(
        "SELECT id, organization_id, name, kind, hint, created_ms, revoked_ms FROM api_keys ORDER BY id"
    )
    return [KeyInfo(*row) for row in rows]


async def revoke_key(database: Database, key_id: str, now_ms: int) -> bool:
    """False when there is no such key that still works."""
    sql = "UPDATE api_keys SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL"
    return await database.execute(sql, now_ms, key_id) == 1


async def caller(database: Database, key: str) -> Caller | None:
    """Whose key this is, if it works."""
    row = await database.fetch_one(
        "SELECT organization_id, id, kind FROM api_keys WHERE digest = ? AND revoked_ms IS NULL", digest(key)
    )
    return None if row is None else _caller(row)


def _caller(row: Row) -> Caller:
    return Caller(organization_id=row[0], key_id=row[1], read_only=row[2] != "full")
