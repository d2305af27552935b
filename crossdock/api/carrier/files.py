"""Files of carriers: those that came in, bringing one in, and the links that open them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from urllib.parse import quote

import msgspec
import structlog
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from crossdock.api.carrier import schemas
from crossdock.api.carrier.operations import CREATED_DATE, CREATED_DATES
from crossdock.api.context import RequestContext
from crossdock.api.records.query import moment
from crossdock.connections.capabilities import check_invoices
from crossdock.connections.schedules import enqueue_now
from crossdock.errors import (
    BadRequest,
    BadVendorValue,
    FileRefused,
    Invalid,
    NotFound,
    TooLarge,
)
from crossdock.files.intake import FileNote, first_state
from crossdock.files.lookup import get_file
from crossdock.files.storage import StoredFileMissing
from crossdock.invoices.carriers import carrier_read_by
from crossdock.invoices.reading import open_invoices
from crossdock.kit.registry import get_integration
from crossdock.resources.carrier.files import CARRIER_FILES, CarrierFile
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store.carriers import files
from crossdock.store.carriers.files import FileFilter, FileRow
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Transaction
from crossdock.sync import files as syncs
from crossdock.web.forms import read_form
from crossdock.web.middleware import allow_body
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.web.responses import reply

DAY_MS = 86_400_000
AROUND_BYTES = 65_536
"""What a form has around its file."""

LINE_ITEMS = INVOICE_LINE_ITEMS.function

log = structlog.get_logger()


def offered(visit: RequestContext, function: str = LINE_ITEMS) -> None:
    """Raise NotOffered or Forbidden when the connection has no invoices, or is not to have them."""
    check_invoices(visit.connection, function, visit.door.settings.off)


async def get_list(visit: RequestContext) -> Response:
    """Files of a time, the oldest first; each with a link that was just made."""
    offered(visit, CARRIER_FILES.function)
    arguments, now = visit.arguments(), visit.door.clock()
    pages = PageTokens(visit.door.page_key, visit.connection.id, "carrier files")
    search = _file_filter(visit, arguments, pages, now)
    rows = await paginate(
        int(arguments["limit"]),
        lambda limit: files.page(visit.door.database, search, limit),
        lambda row: pages.token((row.received_ms, row.id), "received"),
    )
    shown = [CarrierFile(**visit.door.arrivals.links.described(row, now)) for row in rows.items]
    return reply(schemas.CarrierFileList(data=shown, next_token=rows.next_token, total_count=len(shown)))


def _file_filter(
    visit: RequestContext, arguments: dict[str, Any], pages: PageTokens, now_ms: int
) -> FileFilter:
    bounds, among = _times(arguments)
    if not any(parameter.name in arguments for parameter in CREATED_DATES):
        bounds.setdefault("gte", now_ms - DAY_MS)
        bounds.setdefault("lte", now_ms)
    after: Any = pages.key_or_none(arguments.get("page_token"), "received")
    file_type = arguments.get("file_type")
    return FileFilter(
        visit.connection.id, bounds.get("gte"), bounds.get("lte"), received=among,
        file_type=None if file_type is None else file_type.lower().removeprefix("."),
        name_part=arguments.get("file_name"), after=after,
    )  # fmt: skip


_MS = {"gte": 0, "gt": 1000, "lte": 999, "lt": -1}
"""From the beginning of a second to the first or last millisecond that fits."""


def _times(arguments: Mapping[str, Any]) -> tuple[dict[str, int], tuple[tuple[bool, tuple[int, ...]], ...]]:
    """The narrowest bounds in milliseconds, gte and lte, and (whether it is one of these, seconds)."""
    lower, upper, among = list[int](), list[int](), []
    for name in ("start_time", "end_time", *(parameter.name for parameter in CREATED_DATES)):
        if name not in arguments:
            continue
        operator = {"start_time": "gte", "end_time": "lte"}.get(name) or _operator(name)
        seconds = tuple(moment(text, name) for text in arguments[name].split(","))
        if operator in _MS:
            (lower if operator.startswith("g") else upper).append(seconds[0] * 1000 + _MS[operator])
        else:
            among.append((operator in ("", "eq", "in"), seconds))
    bounds = {"gte": max(lower)} if lower else {}
    return bounds | ({"lte": min(upper)} if upper else {}), tuple(among)


def _operator(name: str) -> str:
    return name.removeprefix(CREATED_DATE).strip("[]")


async def get_item(visit: RequestContext) -> Response:
    """One file, and what became of it."""
    offered(visit, CARRIER_FILES.function)
    file_id = str(visit.arguments()["file_id"])
    return _item(visit, await get_file(visit.door.database, file_id, visit.connection.id))


async def removed(visit: RequestContext) -> Response:
    """Take a file off the list at once; its line items go right after."""
    offered(visit, CARRIER_FILES.function)
    door, file_id = visit.door, str(visit.arguments()["file_id"])
    file = await syncs.remove(door.database, file_id, visit.connection.id, door.clock())
    door.wake()
    return reply(schemas.RemovedFile(id=file.id))


async def read_again(visit: RequestContext) -> Response:
    """Have a file read again, right after."""
    offered(visit, CARRIER_FILES.function)
    door, file_id = visit.door, str(visit.arguments()["file_id"])
    file = await syncs.read_again(door.database, file_id, visit.connection.id, door.clock())
    door.wake()
    return _item(visit, file)


async def uploaded(visit: RequestContext) -> Response:
    """Take a file in, unless it is there; what is in it is read right after."""
    offered(visit, CARRIER_FILES.function)
    door, connection = visit.door, visit.connection
    fields = {key: str(value) for key, value in visit.arguments().items()}
    note = FileNote(fields.get("invoice_id"), fields.get("invoice_date"))
    allow_body(visit.request, door.settings.max_file_bytes + AROUND_BYTES)
    async with _sent(visit.request, fields.get("file_name")) as (name, path):
        if await asyncio.to_thread(_size, path) > door.settings.max_file_bytes:
            raise TooLarge(f"the file has more than {door.settings.max_file_bytes} bytes")
        await asyncio.to_thread(_check_recognized, path, name, connection)
        try:
            file, is_new = await door.arrivals.take(
                connection, name, path, source="upload", note=note, extra_function=_reading_of(visit)
            )
        except BadVendorValue as problem:
            raise Invalid({"query": {"file_name": [str(problem)]}}) from None
    if is_new:
        door.wake()
    return _item(visit, file)


def _check_recognized(path: Path, name: str, connection: ConnectionRow) -> None:
    """Raise Invalid for what is no invoice of the connection's carrier, with what was seen."""
    if first_state(path) == "kept":
        return
    integration = get_integration(connection.type, connection.integration)
    try:
        with open_invoices(path, name=name, carrier=carrier_read_by(integration.slug)):
            return
    except FileRefused as problem:
        raise Invalid({"body": {"": [str(problem)]}}) from None
    except Exception:
        # A fault of ours is none of the file's: it is kept, and refused when it is read, where that is told.
        log.exception("looking at an upload broke off", connection=connection.uid)


def _reading_of(visit: RequestContext) -> Any:
    async def also(transaction: Transaction) -> None:
        now = visit.door.clock()
        await enqueue_now(transaction, visit.connection.id, [LINE_ITEMS], "file", now)

    return also


def _item(visit: RequestContext, file: FileRow) -> Response:
    summary = None if file.summary is None else msgspec.json.decode(file.summary)
    faults = [] if summary is None else summary.pop("faults")
    return reply(
        schemas.ReceivedFileItem(
            data=msgspec.convert(
                {
                    **visit.door.arrivals.links.described(file, visit.door.clock()),
                    **{name: getattr(file, name) for name in _SHOWN},
                    "state": files.shown(file.state),
                    "summary": summary,
                    "faults": faults,
                },
                schemas.ReceivedFile,
                strict=False,
            )
        )
    )


_SHOWN = ("size", "sha256", "source", "error", "carrier", "variant", "reconciled")


# What was sent


@asynccontextmanager
async def _sent(request: Request, name: str | None) -> AsyncIterator[tuple[str, Path]]:
    """The file in the body and its name, on this machine until the end of the block."""
    with TemporaryDirectory(prefix="crossdock-") as folder:
        path = Path(folder) / "file"
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            own_from_form = await _from_form(request, path)
        else:
            own_from_form = ""
            with path.open("wb") as file:
                async for piece in request.stream():
                    await asyncio.to_thread(file.write, piece)
        if not (text := name or own_from_form):
            raise Invalid({"query": {"file_name": ["is missing: what is the file called?"]}})
        if await asyncio.to_thread(_size, path) == 0:
            raise _misfit("is empty")
        yield text, path


async def _from_form(request: Request, path: Path) -> str:
    """Write the file of a form to the path, and return its name."""
    try:
        form = await read_form(request, max_fields=10)
    except BadRequest as problem:
        raise _misfit(f"is no form that can be read: {problem}") from None
    try:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise Invalid({"form": {"file": ["is missing, or is no file"]}})
        await asyncio.to_thread(_copy, sent.file, path)
        return sent.filename or ""
    finally:
        await form.close()


def _copy(source: BinaryIO, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _size(path: Path) -> int:
    return path.stat().st_size


def _misfit(name: str) -> Invalid:
    return Invalid({"body": {"": [f"the file {name}"]}})


# Links


async def downloaded(visit: RequestContext) -> Response:
    """The bytes of a file, to whoever has a link to it that still works."""
    arguments = visit.arguments()
    file_id = str(arguments["file_id"])
    expires, signature = str(arguments.get("expires", "")), str(arguments.get("signature", ""))
    visit.door.arrivals.links.check(file_id, expires, signature, visit.door.clock())
    file = await files.get(visit.door.database, file_id)
    if file is None:
        raise NotFound(f"there is no file {file_id!r} any more", record_id=file_id)
    pieces = visit.door.arrivals.storage.pieces(file.object)
    try:
        first = await anext(pieces, b"")
    except StoredFileMissing:
        raise NotFound(f"the content of {file_id!r} is not kept any more", record_id=file_id) from None
    return StreamingResponse(_all(first, pieces), headers=_download_headers(file))


async def _all(first: bytes, remaining_pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in remaining_pieces:
        yield piece


def _download_headers(file: FileRow) -> dict[str, str]:
    # It is whatever somebody sent: no browser may take it for a page of ours.
    return {
        "content-type": "application/octet-stream",
        "content-length": str(file.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "cache-control": "private, no-store",
    }
