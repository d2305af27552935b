"""The events that happened, in the order they were stored, with the body that is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.records.packing import bulky_keys, packed, unpacked_bodies
from crossdock.store.webhooks import channels, deliveries, handovers
from crossdock.store.webhooks.deliveries import NewMessage


@dataclass(frozen=True)
class EventRow:
    id: str
    organization_id: str
    connection_id: int
    """0: of a connection that never came to be."""
    type: str
    resource: str | None
    record_id: str | None
    at_ms: int
    body: bytes
    sealed: bool = False
    """The body is encrypted: it tells an access token."""
    customer: str | None = None
    """Whose system it was then, as a channel holds it; None: nobody said."""
    connection: str | None = None
    """The connection's id as users see it. Not stored: the connection has it."""

    @property
    def message(self) -> NewMessage:
        """The message that tells of it."""
        return NewMessage(self.id, self.type, channels.of_event(self.connection, self.customer))


async def add(transaction: Transaction, events: Iterable[EventRow]) -> None:
    """Store events, and what is to be sent of them to whom, at the end of this transaction.

    An organization's events are numbered in the order they are committed, so that whoever has read up to
    one has missed none before it. For this, transactions that tell of one organization end one after the
    other; only their ends do, and as they hold all other locks by then, they can't wait for each other.
    """
    given_events = list(events)
    if not given_events:
        return
    bodies = await _bodies(transaction, given_events)
    rows = [_values(event, body) for event, body in zip(given_events, bodies, strict=True)]
    organizations = sorted({event.organization_id for event in given_events})

    async def write() -> None:
        for organization in organizations:
            await transaction.in_turn(handovers.order_of(organization))
        await transaction.executemany(
            "INSERT INTO events (id, organization_id, connection_id, type, resource, record_id, at_ms, "
            "body, sealed, customer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        handed = await handovers.handed(transaction, organizations)
        for organization in organizations:
            if organization in handed:
                continue
            mine = [event for event in given_events if event.organization_id == organization]
            new_messages = [event.message for event in mine]
            await deliveries.fan_out(transaction, organization, new_messages, mine[0].at_ms)
        if handed:
            await transaction.notify(deliveries.CHANNEL)

    transaction.at_end(write)


async def _bodies(transaction: Transaction, events: Sequence[EventRow]) -> list[bytes]:
    """The bodies as they are stored: those about bulky records packed."""
    bodies = [event.body for event in events]
    by_connection: dict[int, list[int]] = {}
    for place, event in enumerate(events):
        if event.resource in bulky_keys() and not event.sealed:
            by_connection.setdefault(event.connection_id, []).append(place)
    for connection_id, places in by_connection.items():
        stored = await packed(transaction, connection_id, [bodies[place] for place in places])
        for place, body in zip(places, stored, strict=True):
            bodies[place] = body
    return bodies


def _values(event: EventRow, body: bytes) -> tuple[Any, ...]:
    """The columns of an event, as they are inserted."""
    return (
        event.id, event.organization_id, event.connection_id, event.type, event.resource, event.record_id,
        event.at_ms, body, event.sealed, event.customer,
    )  # fmt: skip


async def of_connection(database: Database, connection_id: int, after: int = 0) -> list[tuple[int, EventRow]]:
    """A connection's events after a sequence number, each with its own."""
    rows = await database.fetch(
        "SELECT seq, id, organization_id, connection_id, type, resource, record_id, at_ms, body, "
        "sealed, customer FROM events WHERE connection_id = ? AND seq > ? ORDER BY seq",
        connection_id,
        after,
    )
    events = [EventRow(*row[1:]) for row in rows]
    bodies = await unpacked_bodies(database, [(event.body, event.sealed) for event in events])
    return [
        (row[0], replace(event, body=body)) for row, event, body in zip(rows, events, bodies, strict=True)
    ]
