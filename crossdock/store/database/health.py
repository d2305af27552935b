"""What `crossdock doctor` asks the database."""

from dataclasses import dataclass

from crossdock.store.database.engine import Database
from crossdock.store.database.gauges import ACTIVE, everywhere
from crossdock.store.states import JOB_IS_RUNNING


@dataclass(frozen=True)
class ClockSkew:
    """The database's clock against ours, and how far ahead anything stored is dated, in seconds."""

    apart: float
    ahead: float


async def server(database: Database) -> tuple[str, bool]:
    """The version of the database's software, and whether it is one that Crossdock runs on."""
    row = await database.fetch_one(database.version)
    text = "" if row is None else str(row[0]).split()[0]
    parts = tuple(int(part) for part in text.split(".") if part.isdigit())
    return text, parts >= database.oldest


async def write(database: Database) -> None:
    """Write something that changes nothing. Raises Unavailable when that can't be done."""
    await database.execute("UPDATE alembic_version SET version_num = version_num")


async def skew(database: Database, before_ms: int, after_ms: int) -> ClockSkew:
    """A comparison of the clocks.

    before_ms, after_ms: ours around the call; what comes out is exact to half the time between them.
    """
    row = await database.fetch_one(f"SELECT {database.clock}")
    theirs = int(row[0]) if row else after_ms
    newest = await database.fetch_one(
        "SELECT max(at) FROM (SELECT max(at_ms) AS at FROM events UNION ALL SELECT max(at_ms) FROM history "
        "UNION ALL SELECT max(created_ms) FROM jobs UNION ALL SELECT max(ended_ms) FROM jobs) latest"
    )
    ahead = int(newest[0]) - after_ms if newest and newest[0] is not None else 0
    return ClockSkew(_outside(theirs, before_ms, after_ms) / 1000, max(0, ahead) / 1000)


def _outside(theirs: int, before_ms: int, after_ms: int) -> int:
    """By how much a moment lies outside the time in which it was taken."""
    return theirs - after_ms if theirs > after_ms else min(0, theirs - before_ms)


async def standing_still(database: Database, before_ms: int) -> list[tuple[str, str, int]]:
    """(job, function, when it last got on) of syncs that run and stored nothing since a moment."""
    rows = await database.fetch(
        "SELECT j.id, j.function, r.progress_ms FROM jobs j JOIN runs r ON r.job_id = j.id "
        f"WHERE j.{JOB_IS_RUNNING} AND r.progress_ms < ? ORDER BY r.progress_ms",
        before_ms,
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def late_connections(database: Database, now_ms: int, disabled: str, intervals: int) -> dict[str, int]:
    """In how many connections a function's data are older than so many of its intervals.

    Those whose vendor prepares them just now are not counted.
    """
    rows = await database.fetch(
        f"SELECT s.function, count(*) FROM {ACTIVE} AND s.fresh_ms IS NOT NULL "
        "AND s.fresh_ms + s.every_seconds * CAST(? AS BIGINT) < CAST(? AS BIGINT) "
        "AND NOT EXISTS (SELECT 1 FROM jobs j JOIN runs r ON r.job_id = j.id WHERE j.kind = 'sync' "
        "AND j.connection_id = s.connection_id AND j.function = s.function AND j.state = 'queued' "
        "AND r.waited_seconds > 0) "
        "GROUP BY s.function ORDER BY s.function",
        everywhere(disabled),
        intervals * 1000,
        now_ms,
    )
    return {row[0]: row[1] for row in rows}
