"""Raw records as vendors sent them, of connections that keep them: compressed, then encrypted."""

import zlib
from collections.abc import Iterable, Mapping

from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.secrets import Vault

LARGEST_BYTES = 64 * 2**20
"""Of one record, unpacked: more than is ever stored."""


async def put(
    transaction: Transaction,
    vault: Vault,
    connection: ConnectionRow,
    resource_key: str,
    encoded: Mapping[str, bytes],
) -> None:
    """Keep what the vendor sent of these records, in place of what it sent before. encoded: JSON, by id."""
    sealed = {
        record_id: await vault.seal(
            connection.organization_id, _context(connection, resource_key, record_id), zlib.compress(raw)
        )
        for record_id, raw in encoded.items()
    }
    await transaction.executemany(
        "INSERT INTO raw_records (connection_id, resource, id, raw) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (connection_id, resource, id) DO UPDATE SET raw = excluded.raw",
        [(connection.id, resource_key, record_id, raw) for record_id, raw in sealed.items()],
    )


async def get(
    database: Database, vault: Vault, connection: ConnectionRow, resource_key: str, record_id: str
) -> bytes | None:
    """The JSON that the vendor sent; None where none is kept."""
    row = await database.fetch_one(
        "SELECT raw FROM raw_records WHERE connection_id = ? AND resource = ? AND id = ?",
        connection.id, resource_key, record_id,
    )  # fmt: skip
    if row is None:
        return None
    context = _context(connection, resource_key, record_id)
    packed = await vault.open(connection.organization_id, context, bytes(row[0]))
    return zlib.decompressobj().decompress(packed, LARGEST_BYTES)


async def first_ids(database: Database, connection_id: int, resource_key: str, limit: int) -> list[str]:
    """The first ids of the records whose raw form is kept."""
    rows = await database.fetch(
        "SELECT id FROM raw_records WHERE connection_id = ? AND resource = ? ORDER BY id LIMIT ?",
        connection_id, resource_key, limit,
    )  # fmt: skip
    return [str(row[0]) for row in rows]


async def forget(transaction: Transaction, connection_id: int, resource_key: str, ids: Iterable[str]) -> None:
    """Forget what the vendor sent of these records."""
    await transaction.executemany(
        "DELETE FROM raw_records WHERE connection_id = ? AND resource = ? AND id = ?",
        [(connection_id, resource_key, record_id) for record_id in ids],
    )


async def forget_all(transaction: Transaction, connection_id: int) -> None:
    await transaction.execute("DELETE FROM raw_records WHERE connection_id = ?", connection_id)


def _context(connection: ConnectionRow, resource_key: str, record_id: str) -> str:
    return f"raw {resource_key} {record_id} of {connection.uid}"
