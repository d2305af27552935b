"""How fresh the data of a connection are, and how its last syncs went: as it is shown everywhere."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from crossdock.resources.common import Timestamp
from crossdock.store.connections import freshness
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.freshness import EndedRunRow, Freshness, percentile
from crossdock.store.database.engine import Database
from crossdock.wire import stamp


class EndedRun(Struct, kw_only=True, forbid_unknown_fields=True):
    """Outcome of a sync."""

    id: Annotated[str, Meta(description="Names the run in our logs.")]
    outcome: Literal["completed", "failed"]
    error: str | None
    started_at: Timestamp
    ended_at: Timestamp
    duration_seconds: float
    records_per_second: float
    pages: int
    received: int
    created: int
    updated: int
    unchanged: int
    deleted: int
    set_aside: Annotated[int, Meta(description="Records that did not fit.")]


class Lag(Struct, kw_only=True, forbid_unknown_fields=True):
    """Longest time that a change took to get here, over the runs of the last week."""

    p50: float
    p90: float
    p99: float
    runs: Annotated[int, Meta(description="How many runs this is said of.")]


class FunctionFreshness(Struct, kw_only=True, forbid_unknown_fields=True):
    """Freshness of the records of one function."""

    function_name: str
    sync_frequency: Annotated[int, Meta(description="Seconds between two syncs.")]
    is_paused: bool
    age_seconds: Annotated[
        float | None, Meta(description="Since fresh_as_of. Null: never synced to the end.")
    ]
    fresh_as_of: Annotated[
        Timestamp | None,
        Meta(description="What the connected system changed before this is here."),
    ]
    latest_data: Annotated[Timestamp | None, Meta(description="The newest change that is held.")]
    set_aside: Annotated[
        int, Meta(description="How many records could not be taken in, or not wholly; see errors.")
    ]
    last_run: EndedRun | None
    lag_seconds: Annotated[Lag | None, Meta(description="Null before two runs completed.")]


async def available_freshness(
    database: Database, connection: ConnectionRow, off: frozenset[str], now_ms: int
) -> list[FunctionFreshness]:
    """The freshness of every function that a connection syncs and that is not switched off."""
    return [
        function
        for function in await all_freshness(database, connection, now_ms)
        if not connection.is_off(function.function_name, off)
    ]


async def all_freshness(
    database: Database, connection: ConnectionRow, now_ms: int
) -> list[FunctionFreshness]:
    """The freshness of every function that a connection has a schedule of."""
    rows = await freshness.of_connection(database, connection.id, now_ms)
    return [describe(row, now_ms) for row in rows]


def describe(function: Freshness, now_ms: int) -> FunctionFreshness:
    """A function's freshness as it is shown."""
    fresh_ms, latest = function.fresh_ms, function.latest_data
    return FunctionFreshness(
        function_name=function.function,
        sync_frequency=function.every_seconds,
        is_paused=function.paused,
        age_seconds=None if fresh_ms is None else _seconds((now_ms - fresh_ms) / 1000),
        fresh_as_of=None if fresh_ms is None else stamp(fresh_ms),
        latest_data=None if latest is None else stamp(latest * 1000),
        set_aside=function.set_aside,
        last_run=_run(function.runs[-1]) if function.runs else None,
        lag_seconds=_lag(function.lags) if function.lags else None,
    )


def _run(run: EndedRunRow) -> EndedRun:
    return EndedRun(
        id=run.job_id,
        outcome="completed" if run.state == "done" else "failed",
        error=run.error if run.state == "failed" else None,
        started_at=stamp(run.started_ms),
        ended_at=stamp(run.ended_ms),
        duration_seconds=_seconds(run.seconds),
        records_per_second=round(run.records_per_second, 1),
        pages=run.pages,
        received=run.received,
        created=run.created,
        updated=run.updated,
        unchanged=run.unchanged,
        deleted=run.gone,
        set_aside=run.quarantined,
    )


def _lag(lags: list[float]) -> Lag:
    p50, p90, p99 = (_seconds(percentile(lags, share)) for share in (0.5, 0.9, 0.99))
    return Lag(p50=p50, p90=p90, p99=p99, runs=len(lags))


def _seconds(value: float) -> float:
    return round(max(0.0, value), 3)
