"""How far the feed of each organization was followed, and when its channels are to be planned.

An organization is followed while it has a channel. It begins with what is wrong at that moment (BEGIN).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.store.database.engine import Database, Transaction

BEGIN, NOT_FOLLOWED = -1, 2**62
NEVER = 2**62


@dataclass(frozen=True)
class FeedPosition:
    """Up to which event the feed of an organization was taken in."""

    organization_id: str
    seq: int


async def follow(transaction: Transaction, organization_id: str) -> None:
    """Follow an organization from now on, and plan its channels at once."""
    await transaction.execute(
        f"INSERT INTO alert_positions (organization_id, seq, due_ms) VALUES (?, {BEGIN}, 0) "
        "ON CONFLICT (organization_id) DO UPDATE SET due_ms = 0, "
        f"seq = CASE WHEN alert_positions.seq = {NOT_FOLLOWED} THEN {BEGIN} ELSE alert_positions.seq END",
        organization_id,
    )


async def leave(transaction: Transaction, organization_id: str) -> None:
    """Follow an organization no more: it has no channel."""
    await transaction.execute(
        f"UPDATE alert_positions SET seq = {NOT_FOLLOWED} WHERE organization_id = ?", organization_id
    )


async def plan_at(transaction: Transaction, organization_id: str, due_ms: int) -> None:
    """Plan the organization's channels at this moment."""
    await transaction.execute(
        f"INSERT INTO alert_positions (organization_id, seq, due_ms) VALUES (?, {NOT_FOLLOWED}, ?) "
        "ON CONFLICT (organization_id) DO UPDATE SET due_ms = excluded.due_ms",
        organization_id,
        due_ms,
    )


async def due(database: Database, now_ms: int) -> list[str]:
    """Organizations whose channels are to be planned now."""
    rows = await database.fetch(
        "SELECT organization_id FROM alert_positions WHERE due_ms <= ? ORDER BY due_ms", now_ms
    )
    return [row[0] for row in rows]


async def behind(database: Database) -> list[FeedPosition]:
    """Organizations that have events which were not taken in."""
    rows = await database.fetch(
        "SELECT p.organization_id, p.seq FROM alert_positions p WHERE EXISTS (SELECT 1 FROM events e "
        "WHERE e.organization_id = p.organization_id AND e.seq > p.seq) "
        f"OR p.seq = {BEGIN} ORDER BY p.organization_id"
    )
    return [FeedPosition(*row) for row in rows]


async def move(transaction: Transaction, organization_id: str, seq: int) -> None:
    """Note that the feed was taken in up to this event."""
    await transaction.execute(
        "UPDATE alert_positions SET seq = ? WHERE organization_id = ? AND seq < ?", seq, organization_id, seq
    )


@dataclass(frozen=True)
class FollowedEvent:
    """An event of the feed as alerts look at it. body: of those whose words are needed."""

    seq: int
    type: str
    connection_id: int
    at_ms: int
    body: bytes


async def last_seq(transaction: Transaction, organization_id: str) -> int:
    """The place of the newest event of an organization; 0 when there is none."""
    row = await transaction.fetch_one(
        "SELECT COALESCE(max(seq), 0) FROM events WHERE organization_id = ?", organization_id
    )
    return 0 if row is None else int(row[0])


async def after(
    transaction: Transaction, position: FeedPosition, types: Sequence[str], limit: int
) -> list[FollowedEvent]:
    """The next events, in order, whatever their type; bodies only of these types."""
    marks = ", ".join("?" * len(types))
    rows = await transaction.fetch(
        "SELECT seq, type, connection_id, at_ms, "
        f"CASE WHEN type IN ({marks}) AND NOT sealed THEN body END FROM events "
        "WHERE organization_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        *types, position.organization_id, position.seq, limit,
    )  # fmt: skip
    return [FollowedEvent(row[0], row[1], row[2], row[3], bytes(row[4] or b"")) for row in rows]
