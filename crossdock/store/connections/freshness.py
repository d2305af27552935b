"""How old the data of each function are, and how its runs went.

Data are as of the moment when the last run that went to its end began: what the vendor changed before
that is here. The lag of a run is how long a change at the vendor could take to get here: from the start
of the run before it, which just missed the change, to its own end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from crossdock.store.database.engine import Database, Row
from crossdock.store.records import quarantine
from crossdock.store.states import JobKinds

WEEK_MS = 7 * 86_400_000
"""Lag is told of this long."""


@dataclass(frozen=True)
class EndedRunRow:
    """A scheduled or forced run that ended."""

    job_id: str
    state: str
    error: str | None
    started_ms: int
    ended_ms: int
    pages: int
    received: int
    created: int
    updated: int
    unchanged: int
    gone: int
    quarantined: int

    @property
    def seconds(self) -> float:
        return max(0, self.ended_ms - self.started_ms) / 1000

    @property
    def records_per_second(self) -> float:
        # A run over before the clock moved took half a millisecond, more or less.
        return self.received / max(self.seconds, 0.0005)


@dataclass
class Freshness:
    """One function of a connection."""

    function: str
    every_seconds: int
    paused: bool
    fresh_ms: int | None
    latest_data: int | None
    set_aside: int = 0
    """How many of its records are in quarantine now, in whole or in part."""
    runs: list[EndedRunRow] = field(default_factory=list)
    """Those of the last week, and at least the last one, oldest first."""

    @property
    def lags(self) -> list[float]:
        """The time that changes could take, in seconds, for each run that completed."""
        done = [run for run in self.runs if run.state == "done"]
        return sorted((after.ended_ms - before.started_ms) / 1000 for before, after in pairwise(done))


async def of_connection(database: Database, connection_id: int, now_ms: int) -> list[Freshness]:
    """The functions of a connection, by name."""
    rows = await database.fetch(
        "SELECT function, every_seconds, paused, fresh_ms, latest_data FROM schedules "
        "WHERE connection_id = ? ORDER BY function",
        connection_id,
    )
    aside = await quarantine.counts(database, connection_id)
    freshnesses = {
        row[0]: Freshness(row[0], row[1], bool(row[2]), row[3], row[4], aside.get(row[0], 0)) for row in rows
    }
    for function, run in await _runs(database, connection_id, now_ms - WEEK_MS):
        if function in freshnesses:
            freshnesses[function].runs.append(run)
    for freshness in freshnesses.values():
        if not freshness.runs:
            freshness.runs = await _last_run(database, connection_id, freshness.function)
    return list(freshnesses.values())


_SELECT = (
    "SELECT j.function, j.id, j.state, j.error, COALESCE(r.started_ms, j.ended_ms), j.ended_ms, "
    "COALESCE(r.pages, 0), COALESCE(r.received, 0), COALESCE(r.created, 0), COALESCE(r.updated, 0), "
    "COALESCE(r.unchanged, 0), COALESCE(r.gone, 0), COALESCE(r.quarantined, 0) "
    "FROM jobs j LEFT JOIN runs r ON r.job_id = j.id "
    f"WHERE j.connection_id = ? AND j.kind = '{JobKinds.SYNC}' AND j.ended_ms IS NOT NULL"
)


async def _runs(database: Database, connection_id: int, since_ms: int) -> list[tuple[str, EndedRunRow]]:
    rows = await database.fetch(
        f"{_SELECT} AND j.created_ms >= ? ORDER BY j.ended_ms, j.id", connection_id, since_ms
    )
    return [(row[0], _run(row)) for row in rows]


async def _last_run(database: Database, connection_id: int, function: str) -> list[EndedRunRow]:
    rows = await database.fetch(
        f"{_SELECT} AND j.function = ? ORDER BY j.created_ms DESC LIMIT 1", connection_id, function
    )
    return [_run(row) for row in rows]


def _run(row: Row) -> EndedRunRow:
    return EndedRunRow(*tuple(row)[1:])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of sorted values does not exceed."""
    return values[max(0, math.ceil(len(values) * share) - 1)]
