"""Pure: a change → the event that is stored and sent. The body is spliced from stored bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.changes.document import encoder
from crossdock.store.connections import Connection
from crossdock.store.events import EventRow
from crossdock.store.ids import new_id


@dataclass(frozen=True)
class Subject:
    """The record that an event is about."""

    resource: str
    record_id: str
    document: bytes


def record_event(
    connection: Connection,
    event_type: str,
    subject: Subject,
    now_ms: int,
    previous: Mapping[str, Any] | None = None,
) -> EventRow:
    """An event about a record. previous: old values, where the event shows them."""
    return EventRow(
        id=new_id("msg", now_ms),
        organization_id=connection.organization_id,
        connection_id=connection.id,
        type=event_type,
        resource=subject.resource,
        record_id=subject.record_id,
        at_ms=now_ms,
        body=_body(connection, event_type, connection.type, subject.document, previous),
    )


def connection_event(
    connection: Connection,
    event_type: str,
    data: Mapping[str, Any],
    now_ms: int,
    *,
    vertical: str = "general",
    previous: Mapping[str, Any] | None = None,
) -> EventRow:
    """An event about the connection itself.

    vertical: what it says as `integration_type`; "general" for all but the end of a first sync.
    previous: old values, where the event shows them.
    """
    return EventRow(
        id=new_id("msg", now_ms),
        organization_id=connection.organization_id,
        connection_id=connection.id,
        type=event_type,
        resource=None,
        record_id=None,
        at_ms=now_ms,
        body=_body(connection, event_type, vertical, encoder.encode(data), previous),
    )


def _body(
    connection: Connection, event_type: str, vertical: str, data: bytes, previous: Mapping[str, Any] | None
) -> bytes:
    envelope: dict[str, Any] = {
        "connection_id": connection.uid,
        "data": msgspec.Raw(data),
        "event_type": event_type,
        "integration_name": connection.integration,
        "integration_type": vertical,
    }
    if previous is not None:
        envelope["previous_attributes"] = previous
    return encoder.encode(envelope)
