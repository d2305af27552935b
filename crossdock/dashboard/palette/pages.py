"""What the command palette finds: pages, connections, records by their id or number, operations of the API.

All that is looked up is of the organization, and of what the role may see. Without a script it is a page.
"""

from collections.abc import Iterator
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.operation import Area, DashboardOperation
from crossdock.dashboard.operations import AREAS, OPERATIONS
from crossdock.dashboard.reference.book import fitting
from crossdock.dashboard.reference.pages import current_book
from crossdock.kit.registry import find_integration
from crossdock.resources.catalogue import all_resources
from crossdock.store.connections import health
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.health import ConnectionSearch
from crossdock.store.records import locating

MOST_OF_A_KIND = 6
LONGEST_TEXT = 200
SHORTEST_TEXT = 2
"""Of what is looked up in the database."""
_DOWNLOADS = frozenset({"export", "csv", "download", "template"})
"""Ends of addresses that are no page."""
NUMBERS = ("order_number", "purchase_order_number", "sku")
"""What people know records by, besides their ids: filters of some resources."""
_RECORD_PAGE = "dashboard_record"


class PaletteHit(msgspec.Struct, kw_only=True, frozen=True):
    """A place to go to. href: from the server's root.

    kind: "page", "connection", "record" or "operation".
    """

    kind: str
    title: str
    note: str
    href: str


class PalettePage(msgspec.Struct, kw_only=True):
    """Places that fit a text; all pages, where there is none."""

    text: str
    hits: list[PaletteHit]


async def found(visit: DashboardContext) -> Response:
    """Places that fit the text of the address, the likeliest kinds first."""
    text = visit.query("text").get("text", "")[:LONGEST_TEXT]
    hits = list(_pages(visit, text))
    if len(text) >= SHORTEST_TEXT and text.isprintable():
        hits += await _connections(visit, text)
        hits += await _records(visit, text)
        hits += await _operations(visit, text)
    return visit.view("palette/search.html", PalettePage(text=text, hits=hits), title="Search")


def _pages(visit: DashboardContext, text: str) -> Iterator[PaletteHit]:
    words = text.lower().split()
    for area in AREAS:
        for operation in area.operations:
            if not visit.may(operation.permission) or not _is_page(operation):
                continue
            title = _title(area, operation)
            if all(word in f"{area.title} {title}".lower() for word in words):
                note = "" if title == area.title else area.title
                yield PaletteHit(kind="page", title=title, note=note, href=f"dashboard{operation.path}")


def _is_page(operation: DashboardOperation) -> bool:
    is_download = operation.path.rpartition("/")[2] in _DOWNLOADS
    return operation.method == "GET" and "{" not in operation.path and not is_download


def _title(area: Area, operation: DashboardOperation) -> str:
    """The title of a page: that of its area, or the end of its address in words."""
    if operation.path == area.path:
        return area.title
    return operation.path.rpartition("/")[2].replace("-", " ").capitalize()


async def _connections(visit: DashboardContext, text: str) -> list[PaletteHit]:
    if not visit.may("connections.view"):
        return []
    rows: list[ConnectionRow] = []
    for wanted in dict.fromkeys((text, text.replace(" ", "_"))):  # "acme wms" is of the integration acme_wms
        if not rows:
            search = ConnectionSearch(visit.organization_id, wanted)
            rows = await health.fitting(visit.door.database, search, 0, MOST_OF_A_KIND)
    return [
        PaletteHit(
            kind="connection", title=_system(row), note=_note(row), href=f"dashboard/connections/{row.uid}"
        )
        for row in rows
    ]


def _system(row: ConnectionRow) -> str:
    integration = find_integration(row.type, row.integration)
    name = integration.manifest.name if integration else row.integration
    return f"{name} of {row.customer_id}" if row.customer_id else name


def _note(row: ConnectionRow) -> str:
    return f"{row.type} · {row.uid[:8]}"


async def _records(visit: DashboardContext, text: str) -> list[PaletteHit]:
    if not visit.may("records.view"):
        return []
    resources = [resource for resource in all_resources() if resource.one_path and not resource.parent]
    hits: dict[str, PaletteHit] = {}
    for column in ("id", *NUMBERS):
        having = [resource for resource in resources if column == "id" or column in resource.filters]
        places = await locating.places(
            visit.door.database, visit.organization_id, having, text, MOST_OF_A_KIND, column
        )
        for place in places:
            hit = _record_hit(place, text)
            hits.setdefault(hit.href, hit)
    return list(hits.values())[: 2 * MOST_OF_A_KIND]


def _record_hit(place: locating.RecordPlace, text: str) -> PaletteHit:
    note = _system(place.connection)
    return PaletteHit(
        kind="record",
        title=f"{place.resource.singular.replace('_', ' ')} {text}",
        note=note if place.record_id == text else f"{note} · {place.record_id}",
        href=_record_href(place),
    )


def _record_href(place: locating.RecordPlace) -> str:
    """The address of a record's page, or of its connection's where records have none."""
    uid = place.connection.uid
    page = next((operation for operation in OPERATIONS if operation.id == _RECORD_PAGE), None)
    if page is None:
        return f"dashboard/connections/{uid}"
    path = page.path.replace("{connection_id}", uid).replace("{resource}", place.resource.name)
    return f"dashboard{path.replace('{record_id}', quote(place.record_id))}"


async def _operations(visit: DashboardContext, text: str) -> list[PaletteHit]:
    if not visit.may("records.view"):
        return []
    reference = await current_book(visit)
    entries = [entry for chapter in fitting(reference.chapters, text) for entry in chapter.entries]
    return [
        PaletteHit(
            kind="operation",
            title=entry.summary or entry.id,
            note=f"{entry.method} {entry.path}",
            href=f"dashboard/reference/{quote(entry.id)}",
        )
        for entry in entries[:MOST_OF_A_KIND]
    ]
