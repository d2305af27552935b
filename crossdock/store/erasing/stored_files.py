"""Files that came in, as an erasure goes through them."""

from dataclasses import dataclass

from crossdock.store.database.engine import Database, Transaction


@dataclass(frozen=True)
class StoredObject:
    """A file and where its bytes lie."""

    seq: int
    id: str
    object: str
    size: int
    uid: str
    """The id of its connection, as users see it."""


async def after(
    database: Database, organization_id: str, connection_id: int | None, seq: int
) -> StoredObject | None:
    """The next file of an organization, or of one of its connections, behind this one."""
    condition = "" if connection_id is None else " AND f.connection_id = ?"
    values = () if connection_id is None else (connection_id,)
    row = await database.fetch_one(
        "SELECT f.seq, f.id, f.object, f.size, c.uid FROM received_files f "
        "JOIN connections c ON c.id = f.connection_id "
        f"WHERE c.organization_id = ?{condition} AND f.seq > ? ORDER BY f.seq LIMIT 1",
        organization_id, *values, seq,
    )  # fmt: skip
    return None if row is None else StoredObject(int(row[0]), row[1], row[2], int(row[3]), row[4])


async def replace_object(transaction: Transaction, file: StoredObject, key: str, size: int) -> bool:
    """Have a file's row name other bytes. False: it was removed, or names others already.

    Its hash stays that of what arrived, so that the same file is known when it comes again.
    """
    changed = await transaction.execute(
        "UPDATE received_files SET object = ?, size = ? WHERE id = ? AND object = ?",
        key, size, file.id, file.object,
    )  # fmt: skip
    return changed == 1
