"""How fresh the data of a connection are: an extension, beside what GET /connections shows."""

from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.door import Visit
from crossdock.api.replies import reply
from crossdock.changes.document import stamp
from crossdock.errors import NotFound
from crossdock.store import connections, freshness
from crossdock.store.freshness import EndedRun, Freshness, percentile


async def of_connection(visit: Visit) -> Response:
    """Every function that the connection syncs."""
    door = visit.door
    uid = str(visit.arguments()["connection_id"])
    connection = await connections.by_uid(door.database, uid, visit.caller.organization_id)
    if connection is None:
        raise NotFound(f"there is no connection {uid!r}", record_id=uid)
    found = await freshness.of_connection(door.database, connection.id, door.clock())
    shown = [described(one, door.clock()) for one in found if not door.is_off(connection, one.function)]
    return reply(schemas.ConnectionFreshness(connection_id=connection.uid, data=shown))


def described(one: Freshness, now_ms: int) -> schemas.FunctionFreshness:
    """A function as the API and the command line show it."""
    return schemas.FunctionFreshness(
        function_name=one.function,
        sync_frequency=one.every_seconds,
        is_paused=one.paused,
        age_seconds=None if one.fresh_ms is None else _seconds((now_ms - one.fresh_ms) / 1000),
        fresh_as_of=None if one.fresh_ms is None else stamp(one.fresh_ms),
        latest_data=None if one.latest_data is None else stamp(one.latest_data * 1000),
        last_run=_run(one.runs[-1]) if one.runs else None,
        lag_seconds=_lag(one.lags) if one.lags else None,
    )


def _run(one: EndedRun) -> schemas.EndedRun:
    return schemas.EndedRun(
        id=one.job_id,
        outcome="completed" if one.state == "done" else "failed",
        error=one.error if one.state == "failed" else None,
        started_at=stamp(one.started_ms),
        ended_at=stamp(one.ended_ms),
        duration_seconds=_seconds(one.seconds),
        records_per_second=round(one.records_per_second, 1),
        pages=one.pages,
        received=one.received,
        created=one.created,
        updated=one.updated,
        unchanged=one.unchanged,
        deleted=one.gone,
        set_aside=one.quarantined,
    )


def _lag(lags: list[float]) -> schemas.Lag:
    p50, p90, p99 = (_seconds(percentile(lags, share)) for share in (0.5, 0.9, 0.99))
    return schemas.Lag(p50=p50, p90=p90, p99=p99, runs=len(lags))


def _seconds(value: float) -> float:
    return round(max(0.0, value), 3)
