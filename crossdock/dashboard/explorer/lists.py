"""The list of a resource: its filters, its records as a table, and the request that gives the same."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.explorer import filters, snippets
from crossdock.dashboard.explorer.columns import RecordColumn, columns, label
from crossdock.dashboard.explorer.filters import FilterBar
from crossdock.dashboard.explorer.shelf import (
    ShelfAction,
    ShelfConnection,
    ShelfResource,
    actions_of,
    connection_of,
    imports_of,
    resource_of,
    shelf,
    shelf_connection,
)
from crossdock.dashboard.explorer.snippets import ApiRequest
from crossdock.dashboard.inside import FilledPath
from crossdock.errors import Invalid
from crossdock.resources.catalogue import by_function
from crossdock.resources.schema import Resource
from crossdock.store.connections.connections import ConnectionRow

PAGE = 50
PARENT = "below"
"""The parameter of the address that names what a list is narrowed to: the warehouse of locations."""
MOST_PARENTS = 200
OWN = frozenset({"format", "done", PARENT, "limit", filters.FIELD, filters.OPERATOR, filters.VALUE})


class ParentChoice(msgspec.Struct, kw_only=True):
    id: str
    name: str


class RecordsPage(msgspec.Struct, kw_only=True):
    """A page of records. faults: why there is none; sent: the parameters that the API was asked with.

    parents: what the list is narrowed to one of, where it is; below: the chosen one.
    """

    connection: ShelfConnection
    resources: list[ShelfResource]
    resource: str
    is_taggable: bool
    has_pages: bool
    columns: list[RecordColumn]
    records: list[dict[str, Any]]
    bar: FilterBar
    sent: dict[str, str]
    next_token: str | None
    request: ApiRequest | None
    actions: list[ShelfAction]
    imports: list[str]
    faults: list[str]
    parents: list[ParentChoice]
    below: str


async def listed(visit: DashboardContext) -> Response:
    """A page of a resource's records."""
    row = await connection_of(visit)
    resource = resource_of(visit, row)
    pairs = visit.request.query_params.multi_items()
    if any(name == filters.FIELD for name, _ in pairs):
        asked = filters.written(pairs) | visit.query(PARENT)
        return visit.onward(f"/explorer/{row.uid}/list/{resource.name}", **asked)
    sent = filters.sent_filters(pairs, OWN)
    below = visit.query(PARENT).get(PARENT, "")
    parents = await _parents(visit, row, resource)
    answer, faults = await _answer(visit, row, resource, below, sent)
    shown = {name: value for name, value in sent.items() if name != "page_token"}
    page = RecordsPage(
        connection=shelf_connection(row),
        resources=await shelf(visit, row),
        resource=resource.name,
        is_taggable=resource.taggable,
        has_pages=resource.one_path is not None,
        columns=list(columns(resource)),
        records=answer["data"],
        bar=filters.bar(resource, shown),
        sent=sent,
        next_token=answer["next_token"],
        request=_request(visit, resource, below, sent),
        actions=actions_of(visit, row, resource),
        imports=imports_of(visit, row, resource),
        faults=faults,
        parents=parents,
        below=below,
    )
    title = resource.name.replace("_", " ").capitalize()
    return visit.view("explorer/list.html", page, title=title, status=422 if faults else 200)


def list_path(resource: Resource, below: str) -> FilledPath:
    return FilledPath(resource.path, {resource.parent: below} if resource.parent else {})


async def _answer(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, below: str, sent: dict[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """The answer of the API, and the faults that it names in what was asked."""
    nothing: dict[str, Any] = {"data": [], "next_token": None}
    if not resource.listed or (resource.parent and not below):
        return nothing, []
    try:
        path = list_path(resource, below)
        return await visit.inside.get(path, sent | {"limit": PAGE}, connection_id=row.uid), []
    except Invalid as fault:
        parts = fault.detail.values()
        return nothing, [
            f"{name}: {text}" for part in parts for name, texts in part.items() for text in texts
        ]


async def _parents(visit: DashboardContext, row: ConnectionRow, resource: Resource) -> list[ParentChoice]:
    """The records that a list below something else may be narrowed to."""
    if not resource.parent:
        return []
    above = by_function(resource.type)[f"get_{resource.parent.removesuffix('_id')}s"]
    answer = await visit.inside.get(above.path, {"limit": MOST_PARENTS}, connection_id=row.uid)
    return [ParentChoice(id=record["id"], name=label(above, record)) for record in answer["data"]]


def _request(
    visit: DashboardContext, resource: Resource, below: str, sent: dict[str, str]
) -> ApiRequest | None:
    if not resource.listed or (resource.parent and not below):
        return None
    query = sent | {"limit": str(PAGE)}
    return snippets.get_request(visit.door.settings.url, list_path(resource, below).raw, query)
