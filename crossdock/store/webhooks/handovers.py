"""How far each organization's events were handed to another server that sends them.

    one of ours sends ──begin──▶ handed over, from the event after `seq` on ──end──▶ one of ours sends

An event is stored for one of the two sides: with deliveries at our endpoints, or behind its organization's
`seq`. Which side is on is looked at, and changed, while no event of the organization can be stored. The row
without an organization says that handing over is on; an organization that came later has no row at first,
and all its events are handed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.store.database.engine import Database, Transaction
from crossdock.store.webhooks import channels, deliveries
from crossdock.store.webhooks.deliveries import NewMessage

AT_ONCE = 1000
_ALL = ""
"""In the place of an organization: handing over is on."""
_SWITCH = "handing over, on or off"
_IS_ON = f"EXISTS (SELECT 1 FROM webhook_handovers WHERE organization_id = '{_ALL}')"

REACHED = (
    "SELECT COALESCE((SELECT h.seq FROM webhook_handovers h WHERE h.organization_id = o.id), "
    f"CASE WHEN {_IS_ON} THEN 0 ELSE {2**62} END)"
)
"""Up to which event nothing of the organization `o` waits to be handed over."""


def order_of(organization_id: str) -> str:
    """The turn in which transactions that store events of an organization end."""
    return f"events of {organization_id}"


async def handed(transaction: Transaction, organization_ids: Sequence[str]) -> set[str]:
    """The organizations among these whose events are handed over, and not sent by us. In their turn."""
    marks = ", ".join("?" * len(organization_ids))
    rows = await transaction.fetch(
        f"SELECT organization_id FROM webhook_handovers WHERE organization_id IN ('{_ALL}', {marks})",
        *organization_ids,
    )
    texts = {str(row[0]) for row in rows}
    return set(organization_ids) if _ALL in texts else texts


async def begin(database: Database) -> None:
    """Hand over what happens from now on. What happened before stays ours to send.

    Broken off, it is taken up by the next call: an organization that has its row is done.
    """
    if await is_on(database):
        return
    for row in await database.fetch("SELECT id FROM organizations ORDER BY id"):
        async with database.transaction() as transaction:
            await transaction.in_turn(order_of(row[0]))
            await transaction.execute(
                "INSERT INTO webhook_handovers (organization_id, seq) SELECT CAST(? AS TEXT), "
                "COALESCE((SELECT max(seq) FROM events WHERE organization_id = ?), 0) WHERE TRUE "
                "ON CONFLICT DO NOTHING",
                row[0],
                row[0],
            )
    async with database.transaction() as transaction:
        await transaction.in_turn(_SWITCH)
        await transaction.execute(
            "INSERT INTO webhook_handovers (organization_id, seq) VALUES (?, 0) ON CONFLICT DO NOTHING", _ALL
        )


async def end(database: Database, now_ms: int) -> None:
    """Hand over nothing more: we send what was not handed over, and all that happens from now on.

    Broken off, it is taken up by the next call.
    """
    if await is_on(database):
        async with database.transaction() as transaction:
            await transaction.in_turn(_SWITCH)
            # Who came later and has no row yet: all of its events are taken back.
            await transaction.execute(
                "INSERT INTO webhook_handovers (organization_id, seq) SELECT id, 0 FROM organizations "
                f"WHERE {_IS_ON} ON CONFLICT DO NOTHING"
            )
            await transaction.execute("DELETE FROM webhook_handovers WHERE organization_id = ?", _ALL)
    for row in await database.fetch("SELECT organization_id FROM webhook_handovers ORDER BY organization_id"):
        while await _take_back(database, row[0], now_ms):
            pass


async def _take_back(database: Database, organization_id: str, now_ms: int) -> bool:
    """Some events that were not handed over become ours to send; whether there may be more."""
    async with database.transaction() as transaction:
        await transaction.in_turn(order_of(organization_id))
        row = await transaction.fetch_one(
            "SELECT seq FROM webhook_handovers WHERE organization_id = ?", organization_id
        )
        if row is None:
            return False  # another process did it
        waiting = await transaction.fetch(
            "SELECT e.seq, e.id, e.type, c.uid, e.customer FROM events e LEFT JOIN connections c "
            "ON c.id = e.connection_id WHERE e.organization_id = ? AND e.seq > ? ORDER BY e.seq LIMIT ?",
            organization_id,
            row[0],
            AT_ONCE,
        )
        new_messages = [
            NewMessage(items[1], items[2], channels.of_event(items[3], items[4])) for items in waiting
        ]
        await deliveries.fan_out(transaction, organization_id, new_messages, now_ms)
        if len(waiting) < AT_ONCE:
            await transaction.execute(
                "DELETE FROM webhook_handovers WHERE organization_id = ?", organization_id
            )
            return False
        await transaction.execute(
            "UPDATE webhook_handovers SET seq = ? WHERE organization_id = ?", waiting[-1][0], organization_id
        )
    return True


async def is_on(database: Database) -> bool:
    row = await database.fetch_one("SELECT 1 FROM webhook_handovers WHERE organization_id = ?", _ALL)
    return row is not None


@dataclass(frozen=True)
class HandoverBacklog:
    """An organization with events that were not handed over. problem: what kept them the last time."""

    organization_id: str
    name: str
    seq: int
    tries: int
    problem: str


_BEHIND = (
    "FROM organizations o LEFT JOIN webhook_handovers h ON h.organization_id = o.id WHERE EXISTS "
    "(SELECT 1 FROM events e WHERE e.organization_id = o.id AND e.seq > COALESCE(h.seq, 0)) "
    f"AND {_IS_ON}"
)


async def claim(database: Database, now_ms: int, until_ms: int) -> HandoverBacklog | None:
    """An organization that is due, and nobody else's until then. None while handing over is off."""
    for row in await database.fetch(
        f"SELECT o.id, o.name, h.seq {_BEHIND} AND COALESCE(h.due_ms, 0) <= ? ORDER BY o.id", now_ms
    ):
        async with database.transaction() as transaction:
            if row[2] is None:
                await _add_late(transaction, row[0])
            items = await transaction.fetch_one(
                "UPDATE webhook_handovers SET due_ms = ? WHERE organization_id = ? AND due_ms <= ? "
                "RETURNING seq, tries, problem",
                until_ms,
                row[0],
                now_ms,
            )
        if items is not None:
            return HandoverBacklog(row[0], row[1], items[0], items[1], items[2])
    return None


async def _add_late(transaction: Transaction, organization_id: str) -> None:
    """A row for an organization that came after handing over began, unless that has ended meanwhile."""
    await transaction.in_turn(_SWITCH)
    await transaction.execute(
        f"INSERT INTO webhook_handovers (organization_id, seq) SELECT CAST(? AS TEXT), 0 WHERE {_IS_ON} "
        "ON CONFLICT DO NOTHING",
        organization_id,
    )


async def next_ms(database: Database) -> int | None:
    """The time when the next organization is due; None: all is handed over."""
    row = await database.fetch_one(f"SELECT min(COALESCE(h.due_ms, 0)) {_BEHIND}")
    return None if row is None else row[0]


async def after(database: Database, organization_id: str, seq: int, limit: int) -> list[tuple[int, str]]:
    """(place, id) of the next events."""
    rows = await database.fetch(
        "SELECT seq, id FROM events WHERE organization_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        organization_id,
        seq,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


async def record_progress(
    database: Database, handover_backlog: HandoverBacklog, seq: int, due_ms: int, problem: str = ""
) -> None:
    """Record how far a hand-over is now, when it goes on, and what keeps it."""
    await database.execute(
        "UPDATE webhook_handovers SET seq = CASE WHEN seq < ? THEN ? ELSE seq END, due_ms = ?, tries = ?, "
        "problem = ? WHERE organization_id = ?",
        seq,
        seq,
        due_ms,
        handover_backlog.tries + 1 if problem else 0,
        problem,
        handover_backlog.organization_id,
    )


@dataclass(frozen=True)
class HandoverState:
    """The state of handing over."""

    oldest_ms: int | None
    """When the first event happened that was not handed over."""
    failing: int
    """Organizations that got no farther when it was last tried."""
    problem: str
    """Why, for one of them."""


async def state(database: Database) -> HandoverState | None:
    """The state of handing over now; None: it is off."""
    if not await is_on(database):
        return None
    oldest = await database.fetch_one(
        "SELECT min((SELECT e.at_ms FROM events e WHERE e.organization_id = o.id "
        "AND e.seq > COALESCE(h.seq, 0) ORDER BY e.seq LIMIT 1)) "
        "FROM organizations o LEFT JOIN webhook_handovers h ON h.organization_id = o.id"
    )
    failing = await database.fetch_one("SELECT count(*), max(problem) FROM webhook_handovers WHERE tries > 0")
    count, problem = (0, None) if failing is None else failing
    return HandoverState(None if oldest is None else oldest[0], count, problem or "")
