"""Connections as the API shows them, and changing them."""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.api import schemas
from crossdock.api.context import RequestContext
from crossdock.api.platform_schemas import ConnectionItem
from crossdock.connections.disconnect import disconnect
from crossdock.connections.lookup import get_connection, no_connection
from crossdock.connections.overview import ConnectionOverview, latest_sync_ms, overviews
from crossdock.connections.problems import affected_endpoints, affected_resource
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.connections.schedules import Schedule
from crossdock.store.people.audit_log import acting
from crossdock.web.dependencies import Dependencies
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply
from crossdock.wire import stamp

PAGE = 1000


async def get_list(visit: RequestContext) -> Response:
    """A page of the organization's connections, oldest first."""
    door, organization = visit.door, visit.caller.organization_id
    arguments = visit.arguments()
    if token := arguments.get("access_token"):
        _, connection = await connections.by_token(door.database, _key(visit), str(token), door.clock())
        return reply(await _list(door, [connection] if connection else [], None))
    if visit.caller.is_bound:
        return reply(await _list(door, await _bound(visit), None))
    pages = PageTokens(door.page_key, 0, f"connections of {organization}")
    after = pages.key_or_none(arguments.get("page_token") or None)
    rows = await paginate(
        PAGE,
        lambda limit: connections.page(door.database, organization, int(after[0]) if after else 0, limit),
        lambda row: pages.token((str(row.id),), None),
    )
    return reply(await _list(door, rows.items, rows.next_token))


async def _bound(visit: RequestContext) -> list[ConnectionRow]:
    """The connections that the key is bound to, oldest first: few, as they were named when it was made."""
    uids, organization = visit.caller.connection_uids, visit.caller.organization_id
    rows = [await connections.by_uid(visit.door.database, uid, organization) for uid in uids]
    return sorted((row for row in rows if row is not None), key=lambda row: row.id)


def _key(visit: RequestContext) -> str:
    return visit.request.headers["x-trackstar-api-key"]


async def get_item(visit: RequestContext) -> Response:
    """One connection."""
    connection = await of_path(visit)
    shown = await _list(visit.door, [connection], None)
    return reply(ConnectionItem(data=shown.data[0]))


async def of_path(visit: RequestContext) -> ConnectionRow:
    """The organization's connection that the path names. Raises NotFound."""
    uid = str(visit.arguments()["connection_id"])
    connection = await get_connection(visit.door.database, uid, visit.caller.organization_id)
    if visit.with_token not in (None, connection):
        raise no_connection(uid)
    return connection


async def deleted(visit: RequestContext) -> Response:
    """Delete the connection that the token belongs to."""
    visit.arguments()
    door = visit.door
    await disconnect(door.database, visit.connection, door.clock(), door.subscriptions.leave, actor=acting())
    visit.door.wake()
    return reply(schemas.DeletedConnection(id=visit.connection.uid))


async def _list(
    door: Dependencies, rows: Sequence[ConnectionRow], next_token: str | None
) -> schemas.ConnectionList:
    shown = [_shown(overview) for overview in await overviews(door.database, rows, door.settings.off)]
    return schemas.ConnectionList(data=shown, next_token=next_token, total_count=len(shown))


def _shown(overview: ConnectionOverview) -> schemas.Connection:
    row, plans = overview.connection, overview.available_schedules
    return schemas.Connection(
        connection_id=row.uid,
        integration_name=row.integration,
        integration_display_name=overview.system,
        customer_id=row.customer_id,
        created_at=stamp(row.created_ms),
        last_used=_when(row.last_used_ms),
        times_used=row.times_used,
        latest_sync=_when(latest_sync_ms(plans)),
        sync_schedules=[_schedule(overview, plan) for plan in plans],
        historical_sync_completed={plan.function: plan.first_done_ms is not None for plan in plans},
        errors=[_error(overview, problem) for problem in overview.problems],
        available_actions=overview.available_actions,
        available_endpoints=overview.available_endpoints,
        integration_type=row.type,  # type: ignore[arg-type]
        webhooks_disabled=row.webhooks_disabled,
        me=None if row.me is None else msgspec.json.decode(row.me, type=dict[str, Any]),
    )


def _schedule(overview: ConnectionOverview, plan: Schedule) -> schemas.SyncSchedule:
    return schemas.SyncSchedule(
        function_name=plan.function,
        latest_sync=_when(plan.last_end_ms),
        last_crawl_start=_when(plan.last_start_ms),
        last_crawl_end=_when(plan.last_end_ms),
        latest_data=_when(plan.latest_data and plan.latest_data * 1000),
        sync_frequency=plan.every_seconds,
        in_progress=plan.function in overview.running,
        sync_status=overview.status(plan),
    )


def _error(overview: ConnectionOverview, problem: ConnectionProblem) -> schemas.ConnectionError:
    affected = affected_endpoints(overview.connection, problem)
    return schemas.ConnectionError(
        error_message=problem.message,
        affected_endpoints=[schemas.AffectedEndpoint(**endpoint) for endpoint in affected],
        first_seen=stamp(problem.first_ms),
        last_seen=stamp(problem.last_ms),
        error_type=problem.kind,  # type: ignore[arg-type]
        resource=affected_resource(overview.connection, problem),
        message=problem.message,
        count=problem.count or msgspec.UNSET,
        examples=[schemas.SetAside(**example) for example in problem.examples] or msgspec.UNSET,
    )


def _when(moment_ms: int | None) -> str | None:
    return None if moment_ms is None else stamp(moment_ms)
