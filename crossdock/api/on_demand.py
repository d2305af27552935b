"""Windows that a caller asks for: a backfill of one function, ahead of the connection's schedules."""

from datetime import datetime, timedelta

from starlette.responses import Response

from crossdock.api import bodies, schemas
from crossdock.api.door import Visit
from crossdock.api.replies import reply
from crossdock.api.tokens import Pages
from crossdock.errors import BadRequest, Forbidden, Invalid, NotFound
from crossdock.integrations.registry import integration
from crossdock.store import on_demand
from crossdock.store.on_demand import Window
from crossdock.sync import on_demand as windows
from crossdock.sync.endings import described

LONGEST = timedelta(days=3 * 365 + 1)
PAGE = 100


async def created(visit: Visit) -> Response:
    """Opens a window."""
    visit.arguments()
    body = bodies.read(await visit.request.body(), schemas.AskedSyncJob)
    door, connection = visit.door, visit.connection
    start_ms, end_ms = _window(body, door.clock())
    windows.check_enabled(integration(connection.type, connection.integration), body.function_name)
    if door.is_off(connection, body.function_name):
        raise Forbidden(f"{body.function_name} is disabled for this connection")
    window = await windows.ask(
        door.database, connection, body.function_name, start_ms=start_ms, end_ms=end_ms, now_ms=door.clock()
    )
    door.wake()
    return reply(_shown(visit, window))


def _window(body: schemas.CreateSyncJobRequest, now_ms: int) -> tuple[int, int]:
    """The window in milliseconds. Raises Invalid naming every time that does not fit."""
    faults: dict[str, list[str]] = {}
    moments = {}
    for name in ("start_time", "end_time"):
        text = getattr(body, name)
        try:
            moments[name] = int(datetime.fromisoformat(text).timestamp() * 1000)
        except ValueError:
            faults[name] = [f"there is no such time: {text!r}"]
    if not faults:
        faults = _misfits(body, moments["start_time"], moments["end_time"], now_ms)
    if faults:
        raise Invalid({"json": faults})
    return moments["start_time"], moments["end_time"]


def _misfits(
    body: schemas.CreateSyncJobRequest, start_ms: int, end_ms: int, now_ms: int
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, moment in (("start_time", start_ms), ("end_time", end_ms)):
        if moment > now_ms:
            found[name] = [f"{getattr(body, name)} is in the future"]
    if end_ms <= start_ms:
        found.setdefault("end_time", []).append(f"{body.end_time} is not after {body.start_time}")
    elif end_ms - start_ms > LONGEST / timedelta(milliseconds=1):
        found.setdefault("start_time", []).append("the window is longer than three years")
    return found


async def listed(visit: Visit) -> Response:
    """The connection's windows, the newest first."""
    given = visit.arguments()
    pages = Pages(visit.door.page_key, visit.connection.id, "on-demand syncs")
    token = given.get("page_token")
    before = None if token is None else str(pages.after(str(token), None)[0])
    found = await on_demand.page(visit.door.database, visit.connection.id, before, PAGE + 1)
    shown = [_shown(visit, one) for one in found[:PAGE]]
    more = pages.token((found[PAGE - 1].id,), None) if len(found) > PAGE else None
    return reply(schemas.SyncJobList(data=shown, next_token=more, total_count=len(shown)))


async def one(visit: Visit) -> Response:
    return reply(_shown(visit, await _found(visit)))


async def cancelled(visit: Visit) -> Response:
    """Cancels an open window; one that runs stops before its next page."""
    window = await _found(visit)
    if not await windows.cancel(visit.door.database, window, visit.door.clock()):
        now = await _found(visit)
        raise BadRequest(f"the sync job {now.id} is {now.status}; only an open one can be cancelled")
    visit.door.wake()
    return reply(_shown(visit, await _found(visit)))


async def _found(visit: Visit) -> Window:
    window_id = str(visit.arguments()["sync_job_id"])
    window = await on_demand.get(visit.door.database, visit.connection.id, window_id)
    if window is None:
        raise NotFound(f"there is no sync job {window_id!r}", record_id=window_id)
    return window


def _shown(visit: Visit, window: Window) -> schemas.SyncJob:
    return schemas.SyncJob(**described(visit.connection, window))
