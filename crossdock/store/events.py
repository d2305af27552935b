"""The events that happened, in the order they were stored, with the body that is sent."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.store.engine import Database, Transaction
from crossdock.store.webhooks import deliveries, handovers
from crossdock.store.webhooks.deliveries import New


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


async def add(transaction: Transaction, events: Iterable[EventRow]) -> None:
    """Stores events, and what is to be sent of them to whom, at the end of this transaction.

    An organization's events are numbered in the order they are committed, so that whoever has read up to
    one has missed none before it. For this, transactions that tell of one organization end one after the
    other; only their ends do, and as they hold all other locks by then, they can't wait for each other.
    """
    given = list(events)
    rows = [tuple(vars(one).values()) for one in given]
    organizations = sorted({one.organization_id for one in given})

    async def write() -> None:
        for one in organizations:
            await transaction.in_turn(handovers.order_of(one))
        await transaction.executemany(
            "INSERT INTO events (id, organization_id, connection_id, type, resource, record_id, at_ms, "
            "body, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        handed = await handovers.handed(transaction, organizations)
        for one in organizations:
            if one in handed:
                continue
            mine = [event for event in given if event.organization_id == one]
            told = [New(event.id, event.type) for event in mine]
            await deliveries.fan_out(transaction, one, told, mine[0].at_ms)
        if handed:
            await transaction.notify(deliveries.CHANNEL)

    transaction.at_end(write)


async def of_connection(database: Database, connection_id: int, after: int = 0) -> list[tuple[int, EventRow]]:
    """A connection's events after a sequence number, each with its own."""
    rows = await database.fetch(
        "SELECT seq, id, organization_id, connection_id, type, resource, record_id, at_ms, body, "
        "sealed FROM events WHERE connection_id = ? AND seq > ? ORDER BY seq",
        connection_id, after,
    )  # fmt: skip
    return [(row[0], EventRow(*row[1:])) for row in rows]
