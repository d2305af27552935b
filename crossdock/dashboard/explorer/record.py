"""The page of a record: as a form, as JSON, its history, its relations, its tags, what can be done."""

import secrets
from typing import Any, Literal, get_args
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.explorer import snippets, tags
from crossdock.dashboard.explorer.columns import label
from crossdock.dashboard.explorer.lists import PARENT
from crossdock.dashboard.explorer.related import RelatedGroup, related
from crossdock.dashboard.explorer.shelf import (
    ShelfAction,
    ShelfConnection,
    actions_of,
    connection_of,
    note_write,
    resource_of,
    shelf_connection,
)
from crossdock.dashboard.explorer.snippets import ApiRequest
from crossdock.dashboard.explorer.tags import TagRow
from crossdock.dashboard.inside import FilledPath, decoded
from crossdock.errors import Conflict, NotFound
from crossdock.resources.catalogue import tag_writes
from crossdock.resources.schema import Resource
from crossdock.store.connections.connections import ConnectionRow

View = Literal["form", "json", "history", "related", "tags"]
VIEWS: tuple[View, ...] = get_args(View)
FLAWS = {
    "x-crossdock-stale": "This is an older state: what the system sent last did not fit and was set aside.",
    "x-crossdock-partial": "Some of it is not as the system sent it: what did not fit was left out.",
}
CHANGES = 50


class RecordView(msgspec.Struct, kw_only=True):
    """A record. as_of: the moment that it is shown at; flaw: what is not as the connected system has it.

    below: what its list is narrowed to; before: its tags, for whoever changes them.
    """

    connection: ShelfConnection
    resource: str
    is_listed: bool
    record_id: str
    label: str
    view: View
    views: list[View]
    record: dict[str, Any]
    is_gone: bool
    as_of: str
    flaw: str
    flaw_reason: str
    request: ApiRequest
    actions: list[ShelfAction]
    below: str
    changes: list[dict[str, Any]] = []
    next_token: str | None = None
    related: list[RelatedGroup] = []
    tags: list[TagRow] = []
    before: str = ""


async def shown(visit: DashboardContext) -> Response:
    """A record, in one of its views."""
    row = await connection_of(visit)
    resource = resource_of(visit, row)
    query = visit.query("view", "as_of", "page_token", PARENT)
    record_id, as_of, below = visit.part("record_id"), query.get("as_of", ""), query.get(PARENT, "")
    path = record_path(resource, record_id, below)
    answer, is_gone = await _record(visit, row, path, as_of)
    record = decoded(answer)["data"]
    flaw = next((name for name in FLAWS if name in answer.headers), "")
    page = RecordView(
        connection=shelf_connection(row),
        resource=resource.name,
        is_listed=resource.listed,
        record_id=record_id,
        label=label(resource, record) or record_id,
        view=next((name for name in VIEWS if name == query.get("view")), VIEWS[0]),
        views=[name for name in VIEWS if name != "tags" or resource.taggable],
        record=record,
        is_gone=is_gone,
        as_of=as_of,
        flaw=FLAWS.get(flaw, ""),
        flaw_reason=answer.headers.get(flaw, ""),
        request=snippets.get_request(visit.door.settings.url, path.raw, {"as_of": as_of} if as_of else {}),
        actions=[] if as_of or is_gone else actions_of(visit, row, resource, record),
        below=below,
    )
    await _filled(visit, row, resource, path, page, query.get("page_token", ""))
    return visit.view("explorer/record.html", page, title=page.label)


async def _filled(
    visit: DashboardContext, row: ConnectionRow, resource: Resource, path: FilledPath, page: RecordView,
    page_token: str,
) -> None:  # fmt: skip
    """Add what the chosen view shows besides the record."""
    if page.view == "history":
        history = await visit.inside.get(
            FilledPath(f"{path.pattern}/history", path.values),
            {"limit": CHANGES, "page_token": page_token},
            connection_id=row.uid,
        )
        page.changes, page.next_token = history["data"], history["next_token"]
    elif page.view == "related":
        page.related = await related(visit, row, resource, page.record_id, page.record)
    elif page.view == "tags":
        page.tags, page.before = tags.rows(page.record.get(tags.TAGS)), tags.state(page.record)


def record_path(resource: Resource, record_id: str, below: str) -> FilledPath:
    """The path of the API that reads a record. Raises NotFound for resources whose records none reads."""
    if resource.one_path is None:
        raise NotFound("Records of this kind are read in lists only.")
    values = {resource.id_name: record_id}
    if resource.parent:
        values[resource.parent] = below
    return FilledPath(resource.one_path, values)


async def _record(
    visit: DashboardContext, row: ConnectionRow, path: FilledPath, as_of: str
) -> tuple[Response, bool]:
    """The API's answer, and whether the connected system has the record no more. Raises NotFound."""
    query = {"as_of": as_of}
    try:
        return await visit.inside.answer("GET", path, query, connection_id=row.uid), False
    except NotFound:
        with_gone = query | {"include_deleted": "true"}
        return await visit.inside.answer("GET", path, with_gone, connection_id=row.uid), True


async def tagged(visit: DashboardContext) -> Response:
    """Set the tags of a record, unless somebody else has set them meanwhile."""
    row = await connection_of(visit)
    resource, record_id = resource_of(visit, row), visit.part("record_id")
    write = next((write for write in tag_writes() if write.resource is resource), None)
    if write is None or write.id_name is None:
        raise NotFound("Records of this kind have no tags.")
    record = (await visit.inside.get(record_path(resource, record_id, ""), connection_id=row.uid))["data"]
    if tags.state(record) != visit.text("before"):
        raise Conflict("Somebody else has changed these tags meanwhile: open the record again.")
    await note_write(visit, row, write, record_id)
    path = FilledPath(write.path, {write.id_name: record_id})
    await visit.inside.send(
        write.method, path, {tags.TAGS: tags.written(visit.fields)}, connection_id=row.uid
    )
    return visit.onward(record_address(row.uid, resource.name, record_id), view="tags", done="tagged")


def record_address(connection_id: str, resource: str, record_id: str) -> str:
    """The path of a record's page, below the dashboard."""
    return f"/explorer/{connection_id}/record/{resource}/{quote(record_id)}"


def new_key() -> str:
    """A key by which a write is known, however often its form is sent."""
    return f"form-{secrets.token_hex(12)}"
