"""Webhooks that vendors send to us: each connection's address and secret, and what is to be read."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.store.connections.access import digest
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.secrets import Vault

_COLUMNS = "connection_id, path, secret, subscription, check_ms"


@dataclass(frozen=True)
class SubscriptionRow:
    """A connection's address for notices. `path` and `secret` are encrypted, `subscription` is JSON."""

    connection_id: int
    path: bytes
    secret: bytes
    subscription: str | None
    check_ms: int


def _row(row: Row) -> SubscriptionRow:
    return SubscriptionRow(row[0], bytes(row[1]), bytes(row[2]), row[3], row[4])


async def get(database: Database | Transaction, connection_id: int) -> SubscriptionRow | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM inbound_subscriptions WHERE connection_id = ?", connection_id
    )
    return None if row is None else _row(row)


async def by_path(database: Database, path: str) -> SubscriptionRow | None:
    """The subscription whose address ends so."""
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM inbound_subscriptions WHERE path_digest = ?", digest(path)
    )
    return None if row is None else _row(row)


async def create(database: Database, vault: Vault, connection: ConnectionRow, check_ms: int) -> None:
    """An address and a secret for a connection; where it has some, those stay."""
    path = secrets.token_urlsafe(32)
    sealed = await vault.seal(connection.organization_id, _path_of(connection), path.encode())
    secret = await seal_secret(vault, connection, secrets.token_urlsafe(32))
    async with database.transaction() as transaction:
        await transaction.execute(
            "INSERT INTO inbound_subscriptions (connection_id, path_digest, path, secret, check_ms) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            connection.id, digest(path), sealed, secret, check_ms,
        )  # fmt: skip


async def seal_secret(vault: Vault, connection: ConnectionRow, secret: str) -> bytes:
    return await vault.seal(connection.organization_id, _secret_of(connection), secret.encode())


async def open_path(vault: Vault, connection: ConnectionRow, row: SubscriptionRow) -> str:
    """The end of the connection's address."""
    return (await vault.open(connection.organization_id, _path_of(connection), row.path)).decode()


async def open_secret(vault: Vault, connection: ConnectionRow, row: SubscriptionRow) -> str:
    """The secret that the vendor signs with."""
    return (await vault.open(connection.organization_id, _secret_of(connection), row.secret)).decode()


def _path_of(connection: ConnectionRow) -> str:
    return f"inbound path of {connection.uid}"


def _secret_of(connection: ConnectionRow) -> str:
    return f"inbound secret of {connection.uid}"


async def change(transaction: Transaction, connection_id: int, **changes: Any) -> None:
    """Set columns of a subscription; the names are this module's callers' own."""
    assignments = ", ".join(f"{name} = ?" for name in changes)
    await transaction.execute(
        f"UPDATE inbound_subscriptions SET {assignments} WHERE connection_id = ?",
        *changes.values(), connection_id,
    )  # fmt: skip


async def due(database: Database, kind: str, integration: str, now_ms: int, limit: int) -> list[int]:
    """Connections of an integration that have no subscription, or one that is to be looked after."""
    rows = await database.fetch(
        "SELECT c.id FROM connections c LEFT JOIN inbound_subscriptions s ON s.connection_id = c.id "
        "WHERE c.type = ? AND c.integration = ? AND c.deleted_ms IS NULL "
        "AND (s.connection_id IS NULL OR s.check_ms <= ?) ORDER BY c.id LIMIT ?",
        kind, integration, now_ms, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


# Notices


@dataclass(frozen=True)
class NoticeRow:
    """A record that is to be read. revision: grows each time that the vendor tells of it."""

    id: str
    revision: int


async def take_turn(transaction: Transaction, connection_id: int) -> None:
    """Until this transaction ends nobody else adds notices of this connection, or finds none left."""
    await transaction.in_turn(f"notices of {connection_id}")


async def count(transaction: Transaction, connection_id: int, function: str) -> int:
    row = await transaction.fetch_one(
        "SELECT count(*) FROM notices WHERE connection_id = ? AND function = ?", connection_id, function
    )
    return 0 if row is None else int(row[0])


async def add(
    transaction: Transaction, connection_id: int, function: str, ids: Iterable[str], now_ms: int
) -> None:
    """Note records that are to be read; one that waits already is told of once more."""
    await transaction.executemany(
        "INSERT INTO notices (connection_id, function, id, revision, at_ms) VALUES (?, ?, ?, 1, ?) "
        "ON CONFLICT (connection_id, function, id) DO UPDATE SET revision = notices.revision + 1",
        [(connection_id, function, record_id, now_ms) for record_id in ids],
    )


async def waiting(database: Database, connection_id: int, function: str, limit: int) -> list[NoticeRow]:
    """The records that wait longest."""
    rows = await database.fetch(
        "SELECT id, revision FROM notices WHERE connection_id = ? AND function = ? "
        "ORDER BY at_ms, id LIMIT ?",
        connection_id, function, limit,
    )  # fmt: skip
    return [NoticeRow(row[0], row[1]) for row in rows]


async def settle(
    transaction: Transaction, connection_id: int, function: str, notices: Sequence[NoticeRow]
) -> None:
    """Remove the notices of records that were read. One that was told of again since is read again."""
    await transaction.executemany(
        "DELETE FROM notices WHERE connection_id = ? AND function = ? AND id = ? AND revision = ?",
        [(connection_id, function, notice.id, notice.revision) for notice in notices],
    )


async def forget(transaction: Transaction, connection_id: int, function: str) -> None:
    """Forget all notices of a function: the next sync finds what has changed."""
    await transaction.execute(
        "DELETE FROM notices WHERE connection_id = ? AND function = ?", connection_id, function
    )


async def is_waiting(database: Database, connection_id: int, function: str) -> bool:
    """Check whether there are records to read."""
    row = await database.fetch_one(
        "SELECT 1 FROM notices WHERE connection_id = ? AND function = ? LIMIT 1", connection_id, function
    )
    return row is not None
