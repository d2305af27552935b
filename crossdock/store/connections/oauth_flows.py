"""Consents that were begun, until somebody comes back with them or their time is over. Each is taken once."""

from crossdock.store.database.engine import Database

KEPT_MS = 3_600_000
"""So long those whose time is over are still told from those that never were."""


async def add(
    database: Database, flow_id: str, organization_id: str, content: bytes, *, now_ms: int, expires_ms: int
) -> None:
    """Keep a consent, and remove those whose time is long over. content: sealed."""
    async with database.transaction() as transaction:
        await transaction.execute("DELETE FROM oauth_flows WHERE expires_ms < ?", now_ms - KEPT_MS)
        await transaction.execute(
            "INSERT INTO oauth_flows (id, organization_id, content, expires_ms) VALUES (?, ?, ?, ?)",
            flow_id, organization_id, content, expires_ms,
        )  # fmt: skip


async def replace(database: Database, flow_id: str, content: bytes) -> None:
    """Keep other content of a consent. content: sealed."""
    await database.execute("UPDATE oauth_flows SET content = ? WHERE id = ?", content, flow_id)


async def take(database: Database, flow_id: str) -> tuple[str, bytes] | None:
    """The organization and the sealed content of a consent; from now on there is no such consent."""
    async with database.transaction() as transaction:
        row = await transaction.fetch_one(
            "DELETE FROM oauth_flows WHERE id = ? RETURNING organization_id, content", flow_id
        )
    return None if row is None else (str(row[0]), bytes(row[1]))
