"""The event types that an organization added, and what it says of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.people import audit_log


@dataclass(frozen=True, kw_only=True)
class EventType:
    """An event type of an organization. schemas: JSON Schema by version."""

    name: str
    description: str
    archived: bool = False
    deprecated: bool = False
    schemas: Mapping[str, Any] | None = None
    group_name: str | None = None
    feature_flags: tuple[str, ...] | None = None
    created_ms: int = field(default=0)
    updated_ms: int = field(default=0)


_COLUMNS = (
    "name, description, archived, deprecated, schemas, group_name, feature_flags, created_ms, updated_ms"
)


def _type(row: Row) -> EventType:
    return EventType(
        name=row[0], description=row[1], archived=bool(row[2]), deprecated=bool(row[3]),
        schemas=None if row[4] is None else msgspec.json.decode(row[4]), group_name=row[5],
        feature_flags=None if row[6] is None else tuple(msgspec.json.decode(row[6])),
        created_ms=row[7], updated_ms=row[8],
    )  # fmt: skip


async def all_of(database: Database, organization_id: str) -> dict[str, EventType]:
    """By name."""
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM webhook_event_types WHERE organization_id = ?", organization_id
    )
    return {row[0]: _type(row) for row in rows}


async def get(reader: Database | Transaction, organization_id: str, name: str) -> EventType | None:
    row = await reader.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_event_types WHERE organization_id = ? AND name = ?",
        organization_id,
        name,
    )
    return None if row is None else _type(row)


async def put(transaction: Transaction, organization_id: str, event_type: EventType) -> None:
    """Store an event type, new or changed."""
    schemas = None if event_type.schemas is None else msgspec.json.encode(event_type.schemas).decode()
    flags = (
        None if event_type.feature_flags is None else msgspec.json.encode(event_type.feature_flags).decode()
    )
    await transaction.execute(
        f"INSERT INTO webhook_event_types (organization_id, {_COLUMNS}) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (organization_id, name) DO UPDATE SET "
        "description = excluded.description, "
        "archived = excluded.archived, deprecated = excluded.deprecated, schemas = excluded.schemas, "
        "group_name = excluded.group_name, feature_flags = excluded.feature_flags, "
        "updated_ms = excluded.updated_ms",
        organization_id,
        event_type.name,
        event_type.description,
        event_type.archived,
        event_type.deprecated,
        schemas,
        event_type.group_name,
        flags,
        event_type.created_ms,
        event_type.updated_ms,
    )
    done = "created" if event_type.updated_ms == event_type.created_ms else "changed"
    await audit_log.note_act(
        transaction, organization_id, f"event_type.{done}", event_type.name, event_type.updated_ms
    )


async def delete(transaction: Transaction, organization_id: str, name: str, now_ms: int) -> bool:
    """False when there was none."""
    sql = "DELETE FROM webhook_event_types WHERE organization_id = ? AND name = ?"
    if await transaction.execute(sql, organization_id, name) == 0:
        return False
    await audit_log.note_act(transaction, organization_id, "event_type.deleted", name, now_ms)
    return True
