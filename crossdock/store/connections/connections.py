"""Connections: one customer's system each, with its credentials, token, errors and use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from crossdock.resources import switches
from crossdock.store.connections.access import (
    CALLER,
    WORKS,
    ApiCaller,
    caller_of,
    digest,
    functions_of,
    new_token,
)
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault
from crossdock.store.jobs.queue import fail_open_work


@dataclass(frozen=True)
class ConnectionRow:
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
    """Functions of this type that are off for the organization; None: those of the operator's settings."""
    derived_ledger: bool = False
    """Whether the organization wants a ledger of stock where the system keeps none."""
    quantities: str = "rounded"
    """How a quantity that is no whole number is sent: "rounded", or "exact"."""

    enabled_functions: frozenset[str] = frozenset()
    """Functions that are on for this connection whatever the organization says; "*": all."""
    keep_raw: bool = False
    """Whether its records are kept as the vendor sent them, besides."""
    custom_fields: str = ""
    """Fields of its account that are laid over its records, as `kit.additional` stores them."""
    lookback_days: int | None = None
    """How far back its first syncs read; None: as the organization has it."""

    def is_off(self, function: str, off_by_settings: frozenset[str]) -> bool:
        """Check whether a function is switched off for this connection."""
        if function in self.disabled_functions:
            return True
        if switches.EVERYTHING in self.enabled_functions or function in self.enabled_functions:
            return False
        if self.organization_disabled is not None:
            return function in self.organization_disabled
        return function in off_by_settings or f"{self.type}:{function}" in off_by_settings


_COLUMNS = (
    "c.id, c.uid, c.organization_id, c.type, c.integration, c.customer_id, c.me, c.disabled_functions, "
    "c.webhooks_disabled, c.times_used, c.last_used_ms, c.created_ms, o.disabled_functions, "
    "o.derived_ledger, c.quantities, c.enabled_functions, c.keep_raw, c.custom_fields, "
    "c.lookback_days"
)
_FROM = "connections c JOIN organizations o ON o.id = c.organization_id"
_COUNT = 19


def _connection(row: Row) -> ConnectionRow:
    (
        number, uid, organization_id, kind, integration, customer_id, me, disabled_functions,
        webhooks_disabled, times_used, last_used_ms, created_ms, organization_disabled,
        derived_ledger, quantity_style, enabled_functions, keep_raw, custom_fields,
        lookback_days,
    ) = row[:_COUNT]  # fmt: skip
    return ConnectionRow(
        id=number,
        uid=uid,
        organization_id=organization_id,
        type=kind,
        integration=integration,
        customer_id=customer_id,
        me=me,
        disabled_functions=functions_of(disabled_functions) or frozenset(),
        webhooks_disabled=bool(webhooks_disabled),
        times_used=times_used,
        last_used_ms=last_used_ms,
        created_ms=created_ms,
        organization_disabled=switches.list_of(organization_disabled, kind),
        derived_ledger=bool(derived_ledger),
        quantities=quantity_style,
        enabled_functions=functions_of(enabled_functions) or frozenset(),
        keep_raw=bool(keep_raw),
        custom_fields=custom_fields,
        lookback_days=lookback_days,
    )


@dataclass(frozen=True)
class SealedCredentials:
    """The secrets of a connection that is about to be stored."""

    token: str
    sealed_token: bytes
    sealed_credentials: bytes


async def seal(vault: Vault, connection: ConnectionRow, credentials: Mapping[str, str]) -> SealedCredentials:
    """Encrypt a new connection's credentials, and make its access token."""
    fresh = new_token("ct")
    return SealedCredentials(
        token=fresh,
        sealed_token=await seal_token(vault, connection, fresh),
        sealed_credentials=await seal_credentials(vault, connection, credentials),
    )


async def seal_credentials(vault: Vault, connection: ConnectionRow, credentials: Mapping[str, str]) -> bytes:
    encoded = msgspec.json.encode(dict(credentials))
    return await vault.seal(connection.organization_id, _credentials_of(connection), encoded)


async def seal_token(vault: Vault, connection: ConnectionRow, token: str) -> bytes:
    """Encrypt an access token of a connection."""
    return await vault.seal(connection.organization_id, _token_of(connection), token.encode())


def _token_of(connection: ConnectionRow) -> str:
    return f"token of {connection.uid}"


def _credentials_of(connection: ConnectionRow) -> str:
    return f"credentials of {connection.uid}"


async def create(
    transaction: Transaction, connection: ConnectionRow, sealed: SealedCredentials
) -> ConnectionRow:
    """Store a connection; return it with the number that the store gave it."""
    row = await transaction.fetch_one(
        "INSERT INTO connections (uid, organization_id, type, integration, customer_id, credentials, token, "
        "token_digest, me, disabled_functions, enabled_functions, webhooks_disabled, times_used, created_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) RETURNING id",
        connection.uid, connection.organization_id, connection.type, connection.integration,
        connection.customer_id, sealed.sealed_credentials, sealed.sealed_token, digest(sealed.token),
        connection.me, ",".join(sorted(connection.disabled_functions)),
        ",".join(sorted(connection.enabled_functions)), connection.webhooks_disabled, connection.created_ms,
    )  # fmt: skip
    if row is None:
        raise RuntimeError("the database returned no id for a new connection")
    return replace(connection, id=row[0])


async def by_token(
    database: Database, key: str, token: str, now_ms: int
) -> tuple[ApiCaller | None, ConnectionRow | None]:
    """The owner of an API key, and the connection the token opens for them; None for what does not work."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS}, {CALLER} FROM api_keys k "
        "LEFT JOIN organizations o ON o.id = k.organization_id LEFT JOIN connections c "
        "ON c.token_digest = ? AND c.organization_id = k.organization_id AND c.deleted_ms IS NULL "
        f"WHERE {WORKS}",
        digest(token),
        digest(key),
        now_ms,
    )
    if row is None:
        return None, None
    caller = caller_of(row[_COUNT:])
    reaches = row[0] is not None and caller.reaches(row[1])
    return caller, _connection(row) if reaches else None


async def by_access_token(database: Database, token: str) -> ConnectionRow | None:
    """The connection that a token opens, whoever shows it."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.token_digest = ? AND c.deleted_ms IS NULL", digest(token)
    )
    return None if row is None else _connection(row)


async def by_uid(database: Database, uid: str, organization_id: str | None = None) -> ConnectionRow | None:
    """A connection by the id that users see; of this organization, if one is given."""
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.uid = ? AND c.deleted_ms IS NULL"
    row = await database.fetch_one(sql, uid)
    if row is None or organization_id not in (None, row[2]):
        return None
    return _connection(row)


async def names_of(transaction: Transaction, connection_id: int) -> tuple[str, str]:
    """The organization of a connection, and the id that users see; of one that is gone, empty texts."""
    row = await transaction.fetch_one(
        "SELECT organization_id, uid FROM connections WHERE id = ?", connection_id
    )
    return ("", "") if row is None else (str(row[0]), str(row[1]))


async def by_id(database: Database | Transaction, connection_id: int) -> ConnectionRow | None:
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.id = ? AND c.deleted_ms IS NULL"
    row = await database.fetch_one(sql, connection_id)
    return None if row is None else _connection(row)


async def by_ids(database: Database | Transaction, connection_ids: Iterable[int]) -> dict[int, ConnectionRow]:
    """The connections with these numbers that are there, by number."""
    ids = list(connection_ids)
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.id IN ({marks}) AND c.deleted_ms IS NULL"
    return {row[0]: _connection(row) for row in await database.fetch(sql, *ids)}


async def among(database: Database, organization_id: str, uids: Sequence[str]) -> set[str]:
    """The ids among these that connections of an organization have."""
    if not uids:
        return set()
    condition, bound = database.one_of("uid", uids)
    rows = await database.fetch(
        f"SELECT uid FROM connections WHERE organization_id = ? AND deleted_ms IS NULL AND {condition}",
        organization_id,
        bound,
    )
    return {row[0] for row in rows}


async def of_type(database: Database, kind: str) -> list[ConnectionRow]:
    """All connections of a vertical."""
    sql = f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.type = ? AND c.deleted_ms IS NULL ORDER BY c.id"
    return [_connection(row) for row in await database.fetch(sql, kind)]


async def of_integration(
    database: Database, organization_id: str, integration: str, kind: str | None, limit: int
) -> list[ConnectionRow]:
    """An organization's connections to one integration, oldest first. kind: their vertical; None: any."""
    where, values = ("", ()) if kind is None else ("c.type = ? AND ", (kind,))
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE c.organization_id = ? AND {where}c.integration = ? "
        "AND c.deleted_ms IS NULL ORDER BY c.id LIMIT ?",
        organization_id,
        *values,
        integration,
        limit,
    )
    return [_connection(row) for row in rows]


async def page(
    database: Database, organization_id: str | None, after: int = 0, limit: int = 1000
) -> list[ConnectionRow]:
    """An organization's connections (None: everybody's), oldest first."""
    where, values = (
        ("", ()) if organization_id is None else ("c.organization_id = ? AND ", (organization_id,))
    )
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE {where}c.id > ? AND c.deleted_ms IS NULL "
        "ORDER BY c.id LIMIT ?",
        *values,
        after,
        limit,
    )
    return [_connection(row) for row in rows]


async def credentials(database: Database, vault: Vault, connection: ConnectionRow) -> dict[str, str]:
    """The credentials that the vendor is signed in to with. Never log or return them."""
    sealed = await _secret(database, connection, "credentials")
    opened = await vault.open(connection.organization_id, _credentials_of(connection), sealed)
    body: dict[str, str] = msgspec.json.decode(opened)
    return body


async def token(database: Database, vault: Vault, connection: ConnectionRow) -> str:
    """The connection's access token."""
    sealed = await _secret(database, connection, "token")
    opened = await vault.open(connection.organization_id, _token_of(connection), sealed)
    return opened.decode()


async def _secret(database: Database, connection: ConnectionRow, column: str) -> bytes:
    row = await database.fetch_one(f"SELECT {column} FROM connections WHERE id = ?", connection.id)
    if row is None or row[0] is None:
        raise LookupError(f"connection {connection.uid} was deleted")
    return bytes(row[0])


async def lock(transaction: Transaction, connection_id: int) -> bool:
    """Other transactions that lock this connection wait until this one ends. False when it was deleted."""
    sql = f"SELECT id FROM connections WHERE id = ? AND deleted_ms IS NULL{transaction.locking}"
    return bool(await transaction.fetch(sql, connection_id))


async def is_muted(transaction: Transaction, connection_id: int) -> bool:
    """Check whether events about its records are not told, at this moment."""
    row = await transaction.fetch_one("SELECT webhooks_disabled FROM connections WHERE id = ?", connection_id)
    return row is not None and bool(row[0])


async def quantities(transaction: Transaction, connection_id: int) -> str:
    """The way quantities that are no whole numbers are sent, at this moment."""
    row = await transaction.fetch_one("SELECT quantities FROM connections WHERE id = ?", connection_id)
    return "rounded" if row is None else str(row[0])


async def additions(transaction: Transaction, connection_id: int) -> tuple[str, bool]:
    """The custom fields, and whether raw records are kept, at this moment."""
    row = await transaction.fetch_one(
        "SELECT custom_fields, keep_raw FROM connections WHERE id = ?", connection_id
    )
    return ("", False) if row is None else (str(row[0]), bool(row[1]))


async def change(transaction: Transaction, connection_id: int, changes: Mapping[str, Any]) -> None:
    """Set columns of a connection; the names are this module's callers' own, never a user's."""
    assignments = ", ".join(f"{name} = ?" for name in changes)
    await transaction.execute(
        f"UPDATE connections SET {assignments} WHERE id = ?", *changes.values(), connection_id
    )


FORGOTTEN_AT_ONCE = (
    "connection_errors", "sign_ins", "sessions", "inbound_subscriptions", "notices", "retired_tokens",
)  # fmt: skip
"""What holds secrets, or has work done: gone in the moment in which a connection is deleted."""


async def delete(transaction: Transaction, connection_id: int, now_ms: int) -> bool:
    """Close a connection for good: its secrets, schedules and account are gone. False when it was closed."""
    rows = await transaction.execute(
        "UPDATE connections SET deleted_ms = ?, credentials = NULL, token = NULL, token_digest = NULL, "
        "me = NULL, customer_id = NULL, custom_fields = '' WHERE id = ? AND deleted_ms IS NULL",
        now_ms,
        connection_id,
    )
    # The jobs first: a run that is about to end begins there, so that nobody waits for each other.
    await fail_open_work(transaction, connection_id, "the connection was deleted", now_ms)
    await transaction.execute("DELETE FROM schedules WHERE connection_id = ?", connection_id)
    for table in FORGOTTEN_AT_ONCE:
        await transaction.execute(f"DELETE FROM {table} WHERE connection_id = ?", connection_id)
    return rows == 1


@dataclass(frozen=True)
class TokenUse:
    """The calls of a connection, and the last of them. current_ms: with the token that it has now."""

    count: int
    last_ms: int
    current_ms: int | None = None


async def count_use(database: Database, uses: Mapping[int, TokenUse]) -> None:
    """Add API calls, by connection."""
    async with database.transaction() as transaction:
        await transaction.executemany(
            "UPDATE connections SET times_used = times_used + ?, last_used_ms = ?, "
            "token_used_ms = COALESCE(?, token_used_ms) WHERE id = ?",
            [
                (use.count, use.last_ms, use.current_ms, connection_id)
                for connection_id, use in sorted(uses.items())
            ],
        )
