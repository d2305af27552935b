"""Files of a carrier: those that came in, and what became of each."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.carrier.head import CarrierHead, carrier_of, head_of, title_of
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid
from crossdock.resources.common import Money
from crossdock.store.carriers import files, invoices, overview
from crossdock.store.carriers.overview import FILE_STATES, FileLine
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.wire import stamp

PAGE = 50
MOST_INVOICES = 50
"""Of a file, named on its page."""
MOST_IDS = 100
"""That a list of the API takes."""


class ReadSums(msgspec.Struct, kw_only=True):
    """Outcome of reading a file, as far as it is kept."""

    line_items: int
    net: Money | None
    currency: str | None
    gap: Money | None
    errors: int
    warnings: int


_sums = msgspec.json.Decoder(ReadSums, strict=False).decode


class FileEntry(msgspec.Struct, kw_only=True):
    """A file in the list. state: "received", "read", "refused" or "kept"; sums: None until it is read."""

    file_id: str
    name: str
    came: str
    source: str
    size: int
    state: str
    reconciled: bool | None
    error: str | None
    sums: ReadSums | None


class FilesPage(msgspec.Struct, kw_only=True):
    """Files, the newest first. most_bytes: that a file may have; is_waiting: whether one is to be read."""

    carrier: CarrierHead
    files: list[FileEntry]
    states: list[str]
    filters: dict[str, str]
    next_token: str | None
    most_bytes: int
    is_waiting: bool


class FileInvoice(msgspec.Struct, kw_only=True):
    """An invoice that a file states. invoice_id: as the page of invoices knows it."""

    invoice_id: str
    number: str | None


class FilePage(msgspec.Struct, kw_only=True):
    """A file as the API shows it, with the first invoices in it. line_item_ids: all, where they are few."""

    carrier: CarrierHead
    file: dict[str, Any]
    invoices: list[FileInvoice]
    line_item_ids: list[str]


async def listed(visit: DashboardContext) -> Response:
    """The files of a connection, and where to bring one in."""
    connection = await carrier_of(visit)
    filters = visit.query("name", "state")
    if filters.get("state", FILE_STATES[0]) not in FILE_STATES:
        raise Invalid(
            {"query": {"state": [f"is {filters['state'][:40]!r}; wanted is {', '.join(FILE_STATES)}"]}}
        )
    tokens = PageTokens(visit.door.page_key, connection.id, "dashboard carrier files")
    before: Any = tokens.key_or_none(visit.query("page_token").get("page_token"), "received")
    current_page = await paginate(
        PAGE,
        lambda limit: overview.newest_files(visit.door.database, connection.id, filters, before, limit),
        lambda row: tokens.token((row.received_ms, row.id), "received"),
    )
    head = await head_of(visit, connection)
    entries = [_entry(row) for row in current_page.items]
    page = FilesPage(
        carrier=head,
        files=entries,
        states=list(FILE_STATES),
        filters=filters,
        next_token=current_page.next_token,
        most_bytes=visit.door.settings.max_file_bytes,
        is_waiting=any(entry.state == "received" for entry in entries),
    )
    return visit.view("carrier/files.html", page, title=title_of(head, "files"))


def _entry(row: FileLine) -> FileEntry:
    return FileEntry(
        file_id=row.id,
        name=row.name,
        came=stamp(row.received_ms),
        source=row.source,
        size=row.size,
        state=files.shown(row.state),
        reconciled=row.reconciled,
        error=row.error,
        sums=None if row.summary is None else _sums(row.summary),
    )


async def shown(visit: DashboardContext) -> Response:
    """One file: its state, its sums, and what in it does not fit, by row and column."""
    connection = await carrier_of(visit)
    path = f"/carrier/files/{visit.part('file_id')}"
    file = (await visit.inside.get(path, connection_id=connection.uid))["data"]
    database = visit.door.database
    stated = sorted(await invoices.ids_of_file(database, connection.id, file["id"]))[:MOST_INVOICES]
    rows = await invoices.by_ids(database, connection.id, stated)
    item_ids = await files.item_ids(database, connection.id, file["id"], "", MOST_IDS + 1)
    page = FilePage(
        carrier=await head_of(visit, connection),
        file=file,
        invoices=[FileInvoice(invoice_id=row.id, number=row.invoice_id) for row in rows.values()],
        line_item_ids=item_ids if len(item_ids) <= MOST_IDS else [],
    )
    return visit.view("carrier/file.html", page, title=file["file_name"])
