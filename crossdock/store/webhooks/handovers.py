"""How far each organization's events were handed to another server that sends them."""

from dataclasses import dataclass

from crossdock.store.engine import Database


async def begin(database: Database) -> None:
    """What happened before handing over began was sent by us: it begins behind it.

    An organization that comes later begins at its first event.
    """
    await database.execute(
        "INSERT INTO webhook_handovers (organization_id, seq) SELECT o.id, COALESCE((SELECT max(e.seq) "
        "FROM events e WHERE e.organization_id = o.id), 0) FROM organizations o WHERE TRUE "
        "ON CONFLICT DO NOTHING"
    )


@dataclass(frozen=True)
class Behind:
    """An organization with events that were not handed over."""

    organization_id: str
    name: str
    seq: int
    tries: int


_BEHIND = (
    "FROM organizations o LEFT JOIN webhook_handovers h ON h.organization_id = o.id WHERE EXISTS "
    "(SELECT 1 FROM events e WHERE e.organization_id = o.id AND e.seq > COALESCE(h.seq, 0))"
)


async def claim(database: Database, now_ms: int, until_ms: int) -> Behind | None:
    """An organization that is due, and nobody else's until then."""
    for row in await database.fetch(
        f"SELECT o.id, o.name {_BEHIND} AND COALESCE(h.due_ms, 0) <= ? ORDER BY o.id", now_ms
    ):
        async with database.transaction() as transaction:
            await transaction.execute(
                "INSERT INTO webhook_handovers (organization_id, seq) VALUES (?, 0) ON CONFLICT DO NOTHING",
                row[0],
            )
            taken = await transaction.fetch_one(
                "UPDATE webhook_handovers SET due_ms = ? WHERE organization_id = ? AND due_ms <= ? "
                "RETURNING seq, tries",
                until_ms, row[0], now_ms,
            )  # fmt: skip
        if taken is not None:
            return Behind(row[0], row[1], taken[0], taken[1])
    return None


async def next_ms(database: Database) -> int | None:
    """When the next organization is due; None: all is handed over."""
    row = await database.fetch_one(f"SELECT min(COALESCE(h.due_ms, 0)) {_BEHIND}")
    return None if row is None else row[0]


async def after(database: Database, organization_id: str, seq: int, limit: int) -> list[tuple[int, str]]:
    """(place, id) of the next events."""
    rows = await database.fetch(
        "SELECT seq, id FROM events WHERE organization_id = ? AND seq > ? ORDER BY seq LIMIT ?",
        organization_id, seq, limit,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


async def get_on(database: Database, behind: Behind, seq: int, due_ms: int, *, failed: bool) -> None:
    """How far it is now, and when it goes on."""
    await database.execute(
        "UPDATE webhook_handovers SET seq = CASE WHEN seq < ? THEN ? ELSE seq END, due_ms = ?, tries = ? "
        "WHERE organization_id = ?",
        seq, seq, due_ms, behind.tries + 1 if failed else 0, behind.organization_id,
    )  # fmt: skip
