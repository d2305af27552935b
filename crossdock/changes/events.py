"""Pure: a change → the event that is stored and sent. The body is spliced from stored bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.resources.catalogue import by_function
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.ids import new_id
from crossdock.store.records.events import EventRow
from crossdock.store.webhooks import channels
from crossdock.wire import encoder


@dataclass(frozen=True)
class Subject:
    """The record that an event is about."""

    resource: str
    record_id: str
    document: bytes


def record_event(
    connection: ConnectionRow,
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
        customer=channels.customer_key(connection.customer_id),
        connection=connection.uid,
    )


def connection_event(
    connection: ConnectionRow,
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
        customer=channels.customer_key(connection.customer_id),
        connection=connection.uid,
    )


def force_sync_event(connection: ConnectionRow, function: str, now_ms: int) -> EventRow:
    """The event of a function that was asked to sync now, and has done so or was given up: one for each."""
    resource = by_function(connection.type).get(function)
    data = {
        "function_name": function,
        "resource": function if resource is None else resource.name,
        "functions_synced": [function],
    }
    return connection_event(connection, "connection.force-sync-completed", data, now_ms)


def _body(
    connection: ConnectionRow, event_type: str, vertical: str, data: bytes, previous: Mapping[str, Any] | None
) -> bytes:
    envelope: dict[str, Any] = {
        "connection_id": connection.uid,
        "customer_id": connection.customer_id,
        "data": msgspec.Raw(data),
        "event_type": event_type,
        "integration_name": connection.integration,
        "integration_type": vertical,
    }
    if previous is not None:
        envelope["previous_attributes"] = previous
    return encoder.encode(envelope)
