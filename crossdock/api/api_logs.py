"""Reading the log of API calls. An extension: the contract names these paths and no more."""

from collections.abc import Mapping

from starlette.responses import Response

from crossdock.api import platform_schemas as schemas
from crossdock.api.context import RequestContext
from crossdock.api.records.query import moment
from crossdock.errors import Invalid
from crossdock.store.connections import api_calls
from crossdock.store.connections.api_calls import ApiCall, CallFilter
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply
from crossdock.wire import stamp


async def get_list(visit: RequestContext) -> Response:
    """A page of the organization's calls, the newest first."""
    arguments = visit.arguments()
    pages = PageTokens(visit.door.page_key, 0, f"api logs of {visit.caller.organization_id}")
    before = pages.key_or_none(arguments.get("page_token"))
    search = call_filter(visit.caller.organization_id, arguments)
    calls = await paginate(
        int(arguments["limit"]),
        lambda limit: api_calls.page(
            visit.door.database, search, None if before is None else str(before[0]), limit
        ),
        lambda row: pages.token((row[0].id,), None),
    )
    shown = [shown_call(call, key_name) for call, key_name in calls.items]
    return reply(schemas.ApiLogList(data=shown, next_token=calls.next_token, total_count=len(shown)))


async def facets(visit: RequestContext) -> Response:
    """The number of calls of each method, status, connection and key."""
    arguments = visit.arguments()
    counted = await api_calls.facets(
        visit.door.database, call_filter(visit.caller.organization_id, arguments)
    )
    names = {"connection_uid": "connection_id", "key_id": "api_key_id"}
    shown = {
        names.get(column, column): [
            schemas.ApiLogFacet(value=str(value), count=count) for value, count in pairs
        ]
        for column, pairs in counted.items()
    }
    return reply(schemas.ApiLogFacets(data=schemas.ApiLogFacetsData(**shown)))


def call_filter(organization_id: str, arguments: Mapping[str, str | bool | int]) -> CallFilter:
    """The filter that a query asks for. Raises Invalid."""
    since, until = arguments.get("created_date[gte]"), arguments.get("created_date[lte]")
    texts = {
        name: str(arguments[name]) for name in ("method", "path_prefix", "connection_id") if name in arguments
    }
    return CallFilter(
        organization_id,
        since_ms=None if since is None else moment(str(since)) * 1000,
        until_ms=None if until is None else moment(str(until)) * 1000 + 999,
        statuses=_statuses(arguments),
        method=texts.get("method"),
        path_prefix=texts.get("path_prefix"),
        connection_uid=texts.get("connection_id"),
    )


def _statuses(arguments: Mapping[str, str | bool | int]) -> tuple[int, int] | None:
    """404 is one status, 4xx a hundred of them."""
    text = str(arguments.get("status", "")).lower()
    if not text:
        return (400, 599) if arguments.get("errors_only") else None
    if len(text) == 3 and text[0] in "12345" and text[1:] == "xx":
        first = int(text[0]) * 100
        return first, first + 99
    if len(text) == 3 and text.isascii() and text.isdigit():
        return int(text), int(text)
    raise Invalid({"query": {"status": [f"{text[:20]!r} is not a status such as 404 or 4xx"]}})


def shown_call(call: ApiCall, key_name: str | None) -> schemas.ApiLog:
    """A call as it is read."""
    return schemas.ApiLog(
        id=call.id,
        request_id=call.request_id,
        created_date=stamp(call.at_ms),
        method=call.method,
        path=call.path,
        status=call.status,
        duration_ms=call.duration_us / 1000,
        connection_id=call.connection_uid,
        api_key_id=call.key_id,
        api_key_name=key_name,
    )
