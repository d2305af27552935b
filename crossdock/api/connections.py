"""Connections as the API shows them, and changing them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.api import bodies, schemas
from crossdock.api.door import Door, Visit
from crossdock.api.replies import reply
from crossdock.api.tokens import Pages
from crossdock.changes.document import stamp
from crossdock.changes.ledger import is_derived
from crossdock.errors import NotFound
from crossdock.integrations.registry import Integration, integration
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store import connections, jobs, schedules
from crossdock.store.connections import Connection, Problem
from crossdock.store.jobs import Job
from crossdock.store.schedules import Schedule
from crossdock.sync.troubles import affected_endpoints

PAGE = 1000
LEDGER = INVENTORY_LEDGER.function


async def listed(visit: Visit) -> Response:
    """A page of the organization's connections, oldest first."""
    door, organization = visit.door, visit.caller.organization_id
    given = visit.arguments()
    if token := given.get("access_token"):
        _, found = await connections.by_token(door.database, _key(visit), str(token))
        return reply(await _list(door, [found] if found else [], None))
    pages = Pages(door.page_key, 0, f"connections of {organization}")
    page_token = given.get("page_token")
    after = int(pages.after(str(page_token), None)[0]) if page_token else 0
    rows = await connections.page(door.database, organization, after, PAGE + 1)
    more = pages.token((str(rows[PAGE - 1].id),), None) if len(rows) > PAGE else None
    return reply(await _list(door, rows[:PAGE], more))


def _key(visit: Visit) -> str:
    return visit.request.headers["x-trackstar-api-key"]


async def one(visit: Visit) -> Response:
    """One connection, in the shape of a list."""
    uid = str(visit.arguments()["connection_id"])
    found = await connections.by_uid(visit.door.database, uid, visit.caller.organization_id)
    if found is None:
        raise NotFound(f"there is no connection {uid!r}", record_id=uid)
    return reply(await _list(visit.door, [found], None))


async def updated(visit: Visit) -> Response:
    """Changes the connection that the token belongs to."""
    visit.arguments()
    body = bodies.read(await visit.request.body(), schemas.UpdateConnectionRequest, required=False)
    changes = {
        name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET
    }
    if changes:
        async with visit.door.database.transaction() as transaction:
            await connections.change(transaction, visit.connection.id, changes)
    return reply(schemas.UpdatedConnection(id=visit.connection.uid))


async def deleted(visit: Visit) -> Response:
    """Deletes the connection that the token belongs to."""
    visit.arguments()
    await visit.door.linker.disconnect(visit.connection)
    visit.door.wake()
    return reply(schemas.DeletedConnection(id=visit.connection.uid))


async def _list(door: Door, found: list[Connection], next_token: str | None) -> schemas.ConnectionList:
    ids = [one.id for one in found]
    plans = await schedules.of_connections(door.database, ids)
    problems = await connections.problems(door.database, ids)
    open_jobs = await jobs.open_jobs(door.database, ids)
    shown = [_shown(door, one, plans[one.id], problems[one.id], open_jobs[one.id]) for one in found]
    return schemas.ConnectionList(data=shown, next_token=next_token, total_count=len(shown))


def _shown(
    door: Door, one: Connection, plans: list[Schedule], problems: list[Problem], open_jobs: list[Job]
) -> schemas.Connection:
    behind = integration(one.type, one.integration)
    on = [plan for plan in plans if not door.is_off(one, plan.function)]
    ends = [plan.last_end_ms for plan in on if plan.last_end_ms]
    running = {job.function for job in open_jobs}
    troubled = {problem.function for problem in problems}
    return schemas.Connection(
        connection_id=one.uid,
        integration_name=one.integration,
        integration_display_name=behind.manifest.name,
        customer_id=one.customer_id,
        created_at=stamp(one.created_ms),
        last_used=_when(one.last_used_ms),
        times_used=one.times_used,
        latest_sync=_when(max(ends, default=None)),
        sync_schedules=[_schedule(plan, running, troubled) for plan in on],
        historical_sync_completed={plan.function: plan.first_done_ms is not None for plan in on},
        errors=[_error(one, problem) for problem in problems],
        available_actions=available_actions(door, one, behind),
        available_endpoints=available_endpoints(door, one, behind),
        integration_type=behind.manifest.type,
        webhooks_disabled=one.webhooks_disabled,
        me=None if one.me is None else msgspec.json.decode(one.me, type=dict[str, Any]),
    )


def available_actions(door: Door, connection: Connection, behind: Integration) -> list[str]:
    """What the connection can do and may do."""
    offered = [*behind.functions, *([LEDGER] if is_derived(connection, behind) else [])]
    return [one for one in offered if not door.is_off(connection, one)]


def available_endpoints(door: Door, connection: Connection, behind: Integration) -> list[str]:
    """The same in the contract's older form: "GET /orders"."""
    found = []
    derived = {LEDGER: INVENTORY_LEDGER} if is_derived(connection, behind) else {}
    for function, resource in (behind.resources | derived).items():
        if not door.is_off(connection, function):
            path = resource.path if resource.listed else str(resource.one_path)
            found.append(f"GET {path.removeprefix(f'/{resource.type}')}")
    return found


def _schedule(plan: Schedule, running: Iterable[str], troubled: set[str]) -> schemas.SyncSchedule:
    in_progress = plan.function in running
    return schemas.SyncSchedule(
        function_name=plan.function,
        latest_sync=_when(plan.last_end_ms),
        last_crawl_start=_when(plan.last_start_ms),
        last_crawl_end=_when(plan.last_end_ms),
        latest_data=_when(plan.latest_data and plan.latest_data * 1000),
        sync_frequency=plan.every_seconds,
        in_progress=in_progress,
        sync_status=_status(plan, in_progress, bool(troubled & {"", plan.function})),
    )


def _status(plan: Schedule, in_progress: bool, troubled: bool) -> Any:
    """A state of the contract's."""
    if plan.paused:
        return "disabled"
    if in_progress:
        return "sync_in_progress" if plan.first_done_ms else "first_sync_in_progress"
    return "error" if troubled or plan.last_outcome == "failed" else "enabled"


def _error(connection: Connection, problem: Problem) -> schemas.ConnectionError:
    endpoints = [schemas.AffectedEndpoint(**one) for one in affected_endpoints(connection, problem)]
    resources = integration(connection.type, connection.integration).resources
    return schemas.ConnectionError(
        error_message=problem.message,
        affected_endpoints=endpoints,
        first_seen=stamp(problem.first_ms),
        last_seen=stamp(problem.last_ms),
        error_type="missing_permission" if problem.function else "invalid_credentials",
        resource=resources[problem.function].name if problem.function else None,
        message=problem.message,
    )


def _when(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else stamp(moment_ms)
