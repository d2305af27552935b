"""Connections: one customer's system each, with its credentials, token, errors and use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from crossdock.store.access import Caller, digest, functions_of, new_token
from crossdock.store.engine import Database, Row, Transaction
from crossdock.store.jobs import abandon
from crossdock.store.secrets import Vault


@dataclass(frozen=True)
class Connection:
    """A connection without its secrets. `id` is the store's own number, `uid` the id that users see."""

    id: int
    uid: str
    organization_id: str
    type: str
    integration: str
    customer_id: str | None
    me: str | None
    disabled_functions: frozenset[str]
    webhooks_disabled: bool
    times_used: int
    last_used_ms: int | None
    created_ms: int
    organization_disabled: frozenset[str] | None = None
    """Functions that are off for the organization; None: those of the operator's settings."""
    derived_ledger: bool = False
    """Whether the organization wants a ledger of stock where the system keeps none."""

    def is_off(self, function: str, off_by_settings: frozenset[str]) -> bool:
        """Whether a function is switched off for this connection."""
        off = off_by_settings if self.organization_disabled is None else self.organization_disabled
        return function in off or function in self.disabled_functions


@dataclass(frozen=True)
class Problem:
    """Why a connection, or one of its functions, does not sync. function "": the whole connection."""

    connection_id: int
    function: str
    kind: str
    message: str
    url: str
    first_ms: int
    last_ms: int


_COLUMNS = (
    "c.id, c.uid, c.organization_id, c.type, c.integration, c.customer_id, c.me, c.disabled_functions, "
    "c.webhooks_disabled, c.times_used, c.last_used_ms, c.created_ms, o.disabled_functions, o.derived_ledger"
)
_FROM = "connections c JOIN organizations o ON o.id = c.organization_id"
_COUNT = 14


def _connection(row: Row) -> Connection:
    values = list(row[:_COUNT])
    values[7] = functions_of(values[7]) or frozenset()
    values[8] = bool(values[8])
    values[12] = functions_of(values[12])
    values[13] = bool(values[13])
    return Connection(*values)


@dataclass(frozen=True)
class Sealed:
    """The secrets of a connection that is about to be stored."""

    token: str
    sealed_token: bytes
    sealed_credentials: bytes


async def seal(vault: Vault, connection: Connection, credentials: Mapping[str, str]) -> Sealed:
    """Encrypts a new connection's credentials, and makes its access token."""
    fresh = new_token("ct")
    return Sealed(
        token=fresh,
        sealed_token=await vault.seal(connection.organization_id, _token_of(connection), fresh.encode()),
        sealed_credentials=await seal_credentials(vault, connection, credentials),
    )


async def seal_credentials(vault: Vault, connection: Connection, credentials: Mapping[str, str]) -> bytes:
    encoded = msgspec.json.encode(dict(credentials))
    return await vault.seal(connection.organization_id, _credentials_of(connection), encoded)


def _token_of(connection: Connection) -> str:
    return f"token of {connection.uid}"


def _credentials_of(connection: Connection) -> str:
    return f"credentials of {connection.uid}"


async def create(transaction: Transaction, connection: Connection, sealed: Sealed) -> Connection:
    """Stores a connection; it comes back with the number that the store gave it."""
    row = await transaction.fetch_one(
        "INSERT INTO connections (uid, organization_id, type, integration, customer_id, credentials, token, "
        "token_digest, me, disabled_functions, webhooks_disabled, times_used, created_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) RETURNING id",
        connection.uid, connection.organization_id, connection.type, connection.integration,
        connection.customer_id, sealed.sealed_credentials, sealed.sealed_token, digest(sealed.token),
        connection.me, ",".join(sorted(connection.disabled_functions)), connection.webhooks_disabled,
        connection.created_ms,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("the database returned no id for a new connection")
    return replace(connection, id=row[0])


async def by_token(database: Database, key: str, token: str) -> tuple[Caller | None, Connection | None]:
    """Whose API key this is, and which connection the token opens for them; None for what does not work."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS}, k.organization_id, k.id, k.kind FROM api_keys k "
        "LEFT JOIN organizations o ON o.id = k.organization_id LEFT JOIN connections c "
        "ON c.token_digest = ? AND c.organization_id = k.organization_id AND c.deleted_ms IS NULL "
        "WHERE k.digest = ? AND k.revoked_ms IS NULL",
        digest(token), digest(key),
    )  # fmt: skip
    if row is None:
        return None, None
    caller = Caller(organization_id=row[_COUNT], key_id=row[_COUNT + 1], read_only=row[_COUNT + 2] != "full")
    return caller, None if row[0] is None else _connection(row)


async def by_uid(database: Database, uid: str, organization_id: str | None = None) -> Connection | None:
    """A connection by the id that users see; of this organization, if one is given."""
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.uid = ? AND c.deleted_ms IS NULL"
    row = await database.fetch_one(sql, uid)
    if row is None or organization_id not in (None, row[2]):
        return None
    return _connection(row)


async def by_id(database: Database, connection_id: int) -> Connection | None:
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.id = ? AND c.deleted_ms IS NULL"
    row = await database.fetch_one(sql, connection_id)
    return None if row is None else _connection(row)


async def by_ids(database: Database, connection_ids: Iterable[int]) -> dict[int, Connection]:
    """Those of these connections that are there, by their numbers."""
    ids = list(connection_ids)
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.id IN ({marks}) AND c.deleted_ms IS NULL"
    return {row[0]: _connection(row) for row in await database.fetch(sql, *ids)}


async def of_type(database: Database, kind: str) -> list[Connection]:
    """All connections of a vertical."""
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.type = ? AND c.deleted_ms IS NULL ORDER BY c.id"
    return [_connection(row) for row in await database.fetch(sql, kind)]


async def page(
    database: Database, organization_id: str | None, after: int = 0, limit: int = 1000
) -> list[Connection]:
    """An organization's connections (None: everybody's), oldest first."""
    where, values = (
        ("", ()) if organization_id is None else ("c.organization_id = ? AND ", (organization_id,))
    )
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {where}c.id > ? AND c.deleted_ms IS NULL "
        "ORDER BY c.id LIMIT ?",
        *values, after, limit,
    )  # fmt: skip
    return [_connection(row) for row in rows]


async def credentials(database: Database, vault: Vault, connection: Connection) -> dict[str, str]:
    """What the vendor is signed in to with. Never log or return it."""
    sealed = await _secret(database, connection, "credentials")
    opened = await vault.open(connection.organization_id, _credentials_of(connection), sealed)
    found: dict[str, str] = msgspec.json.decode(opened)
    return found


async def token(database: Database, vault: Vault, connection: Connection) -> str:
    """The connection's access token."""
    sealed = await _secret(database, connection, "token")
    opened = await vault.open(connection.organization_id, _token_of(connection), sealed)
    return opened.decode()


async def _secret(database: Database, connection: Connection, column: str) -> bytes:
    row = await database.fetch_one(f"SELECT {column} FROM connections WHERE id = ?", connection.id)
    if row is None or row[0] is None:
        raise LookupError(f"connection {connection.uid} was deleted")
    return bytes(row[0])


async def lock(database: Database, transaction: Transaction, connection_id: int) -> bool:
    """Other transactions that lock this connection wait until this one ends. False when it was deleted."""
    sql = f"SELECT id FROM connections WHERE id = ? AND deleted_ms IS NULL{database.locking}"
    return bool(await transaction.fetch(sql, connection_id))


async def is_muted(transaction: Transaction, connection_id: int) -> bool:
    """Whether events about its records are not told, at this moment."""
    row = await transaction.fetch_one("SELECT webhooks_disabled FROM connections WHERE id = ?", connection_id)
    return row is not None and bool(row[0])


async def change(transaction: Transaction, connection_id: int, changes: Mapping[str, Any]) -> None:
    """Sets columns of a connection; the names are this module's callers' own, never a user's."""
    assignments = ", ".join(f"{name} = ?" for name in changes)
    await transaction.execute(
        f"UPDATE connections SET {assignments} WHERE id = ?", *changes.values(), connection_id
    )


async def delete(transaction: Transaction, connection_id: int, now_ms: int) -> bool:
    """Closes a connection for good: its token, credentials and schedules are gone. False when it was."""
    gone = await transaction.execute(
        "UPDATE connections SET deleted_ms = ?, credentials = NULL, token = NULL, token_digest = NULL "
        "WHERE id = ? AND deleted_ms IS NULL",
        now_ms, connection_id,
    )  # fmt: skip
    # The jobs first: a run that is about to end begins there, so that nobody waits for each other.
    await abandon(transaction, connection_id, "the connection was deleted", now_ms)
    await transaction.execute("DELETE FROM schedules WHERE connection_id = ?", connection_id)
    await transaction.execute("DELETE FROM connection_errors WHERE connection_id = ?", connection_id)
    return gone == 1


async def count_use(database: Database, uses: Mapping[int, tuple[int, int]]) -> None:
    """Adds API calls: {connection: (how many, last at ms)}."""
    async with database.transaction() as transaction:
        await transaction.executemany(
            "UPDATE connections SET times_used = times_used + ?, last_used_ms = ? WHERE id = ?",
            [(count, last, connection_id) for connection_id, (count, last) in uses.items()],
        )


# What keeps a connection from syncing


async def problems(database: Database, connection_ids: Iterable[int]) -> dict[int, list[Problem]]:
    """The problems of each of these connections."""
    found: dict[int, list[Problem]] = {}
    for connection_id in connection_ids:
        rows = await database.fetch(
            "SELECT connection_id, function, kind, message, url, first_ms, last_ms FROM connection_errors "
            "WHERE connection_id = ? ORDER BY first_ms, function",
            connection_id,
        )
        found[connection_id] = [Problem(*row) for row in rows]
    return found


async def note_problem(transaction: Transaction, problem: Problem) -> Problem | None:
    """Stores a problem; what was stored before, or None when it is new."""
    row = await transaction.fetch_one(
        "SELECT connection_id, function, kind, message, url, first_ms, last_ms FROM connection_errors "
        "WHERE connection_id = ? AND function = ?",
        problem.connection_id, problem.function,
    )  # fmt: skip
    before = None if row is None else Problem(*row)
    await transaction.execute(
        "INSERT INTO connection_errors (connection_id, function, kind, message, url, first_ms, last_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, function) DO UPDATE "
        "SET kind = excluded.kind, message = excluded.message, url = excluded.url, "
        "last_ms = excluded.last_ms",
        problem.connection_id, problem.function, problem.kind, problem.message, problem.url,
        problem.first_ms, problem.last_ms,
    )  # fmt: skip
    return before


async def clear_problem(transaction: Transaction, connection_id: int, function: str) -> Problem | None:
    """Removes a problem; what it was, or None when there was none."""
    row = await transaction.fetch_one(
        "DELETE FROM connection_errors WHERE connection_id = ? AND function = ? "
        "RETURNING connection_id, function, kind, message, url, first_ms, last_ms",
        connection_id, function,
    )  # fmt: skip
    return None if row is None else Problem(*row)
