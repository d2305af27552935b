"""Applications: whose messages go to whose endpoints.

Each organization has one under its own id, which all its events belong to. It may add others, for messages
of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.people import audit_log


@dataclass(frozen=True, kw_only=True)
class App:
    """An application. rate: messages a second, for endpoints that have no limit of their own."""

    id: str
    organization_id: str
    uid: str | None
    name: str
    rate: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_ms: int = 0
    updated_ms: int = 0


_COLUMNS = "id, organization_id, uid, name, rate, metadata, created_ms, updated_ms"


def _app(row: Row) -> App:
    return App(
        id=row[0], organization_id=row[1], uid=row[2], name=row[3], rate=row[4],
        metadata=msgspec.json.decode(row[5]), created_ms=row[6], updated_ms=row[7],
    )  # fmt: skip


async def ensure_own(database: Database, organization_id: str) -> None:
    """Make the application that the organization's events belong to, where it is missing."""
    if await database.fetch_one("SELECT 1 FROM webhook_apps WHERE id = ?", organization_id):
        return
    await database.execute(
        f"INSERT INTO webhook_apps ({_COLUMNS}) "
        "SELECT id, id, id, name, NULL, '{}', created_ms, created_ms FROM organizations WHERE id = ? ON "
        "CONFLICT DO NOTHING",
        organization_id,
    )


async def find(reader: Database | Transaction, organization_id: str, reference: str) -> App | None:
    """By id or uid."""
    row = await reader.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_apps WHERE organization_id = ? AND (id = ? OR uid = ?)",
        organization_id,
        reference,
        reference,
    )
    return None if row is None else _app(row)


async def named(transaction: Transaction, organization_id: str, uid: str) -> App | None:
    """The application with this uid."""
    row = await transaction.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_apps WHERE organization_id = ? AND uid = ?", organization_id, uid
    )
    return None if row is None else _app(row)


async def uid_of(transaction: Transaction, app_id: str) -> str | None:
    row = await transaction.fetch_one("SELECT uid FROM webhook_apps WHERE id = ?", app_id)
    return None if row is None else row[0]


async def page(
    database: Database, organization_id: str, after: str | None, limit: int, *, descending: bool
) -> list[App]:
    """Applications in the order of their ids, from behind an id."""
    comparison, order = ("<", "DESC") if descending else (">", "ASC")
    beyond = f" AND id {comparison} ?" if after is not None else ""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM webhook_apps WHERE organization_id = ?{beyond} ORDER BY id {order} LIMIT ?",
        organization_id,
        *([after] if after is not None else []),
        limit,
    )
    return [_app(row) for row in rows]


async def put(transaction: Transaction, app: App) -> None:
    """Store an application, new or changed."""
    await transaction.execute(
        f"INSERT INTO webhook_apps ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET uid = excluded.uid, name = excluded.name, rate = excluded.rate, "
        "metadata = excluded.metadata, "
        "updated_ms = excluded.updated_ms",
        app.id, app.organization_id, app.uid, app.name, app.rate,
        msgspec.json.encode(dict(app.metadata)).decode(), app.created_ms, app.updated_ms,
    )  # fmt: skip
    done = "created" if app.updated_ms == app.created_ms else "changed"
    await audit_log.note_act(
        transaction, app.organization_id, f"webhook_application.{done}", app.id, app.updated_ms, name=app.name
    )


async def delete(transaction: Transaction, app_id: str) -> None:
    await transaction.execute("DELETE FROM webhook_apps WHERE id = ?", app_id)


async def rates(database: Database, application_ids: list[str]) -> dict[str, int]:
    """The limits of those of these applications that have one."""
    condition, bound = database.one_of("id", application_ids)
    rows = await database.fetch(
        f"SELECT id, rate FROM webhook_apps WHERE {condition} AND rate IS NOT NULL", bound
    )
    return {row[0]: row[1] for row in rows}
