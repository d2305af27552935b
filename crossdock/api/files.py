"""Files of carriers: those that came in, bringing one in, and the links that open them."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from urllib.parse import quote

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from crossdock.api import carrier_schemas as schemas
from crossdock.api.door import Visit
from crossdock.api.errors import allow_body
from crossdock.api.query import moment
from crossdock.api.replies import reply
from crossdock.api.tokens import Pages
from crossdock.errors import BadVendorValue, FileRefused, Forbidden, Invalid, NotFound, NotOffered, TooLarge
from crossdock.files.arrive import Note
from crossdock.files.storage import Missing
from crossdock.integrations.invoices.reading import open_invoices
from crossdock.integrations.registry import integration
from crossdock.resources.carrier.files import CARRIER_FILES, CarrierFile
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.store import files
from crossdock.store.connections import Connection
from crossdock.store.engine import Transaction
from crossdock.store.files import Received, Wanted
from crossdock.sync.schedule import enqueue_now

DAY_MS = 86_400_000
AROUND_BYTES = 65_536
"""What a form has around its file."""

LINE_ITEMS = INVOICE_LINE_ITEMS.function


def offered(visit: Visit, function: str = LINE_ITEMS) -> None:
    """Raises NotOffered or Forbidden when the connection has no invoices, or is not to have them."""
    connection = visit.connection
    behind = integration(connection.type, connection.integration)
    has_files = behind.manifest.files is not None or function == LINE_ITEMS
    if connection.type != "carrier" or LINE_ITEMS not in behind.manifest.functions.read or not has_files:
        raise NotOffered(f"Endpoint {function} is not implemented for {behind.manifest.name}")
    if visit.door.is_off(connection, LINE_ITEMS) or visit.door.is_off(connection, function):
        raise Forbidden(f"{function} is disabled for this connection")


async def listed(visit: Visit) -> Response:
    """Files of a time, the oldest first; each with a link that was just made."""
    offered(visit, CARRIER_FILES.function)
    given, now = visit.arguments(), visit.door.clock()
    pages = Pages(visit.door.page_key, visit.connection.id, "carrier files")
    limit = int(given["limit"])
    found = await files.page(visit.door.database, _wanted(visit, given, pages, now), limit + 1)
    shown = [CarrierFile(**visit.door.arrivals.links.described(one, now)) for one in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    token = None if last is None else pages.token((last.received_ms, last.id), "received")
    return reply(schemas.CarrierFileList(data=shown, next_token=token, total_count=len(shown)))


def _wanted(visit: Visit, given: dict[str, Any], pages: Pages, now_ms: int) -> Wanted:
    start_ms, end_ms = now_ms - DAY_MS, now_ms
    if "start_time" in given:
        start_ms = moment(given["start_time"], "start_time") * 1000
    if "end_time" in given:
        end_ms = moment(given["end_time"], "end_time") * 1000 + 999
    after: Any = pages.after(given["page_token"], "received") if "page_token" in given else None
    return Wanted(
        visit.connection.id, start_ms, end_ms, file_type=given.get("file_type"),
        name_part=given.get("file_name"), after=after,
    )  # fmt: skip


async def one(visit: Visit) -> Response:
    """What became of one file."""
    offered(visit, CARRIER_FILES.function)
    file_id = str(visit.arguments()["file_id"])
    found = await files.get(visit.door.database, file_id)
    if found is None or found.connection_id != visit.connection.id:
        raise NotFound(f"there is no file {file_id!r}", record_id=file_id)
    return _item(visit, found)


async def uploaded(visit: Visit) -> Response:
    """Takes a file in, unless it is there; what is in it is read right after."""
    offered(visit, CARRIER_FILES.function)
    door, connection = visit.door, visit.connection
    given = {key: str(value) for key, value in visit.arguments().items()}
    note = Note(given.get("invoice_id"), given.get("invoice_date"))
    allow_body(visit.request, door.settings.max_file_bytes + AROUND_BYTES)
    async with _sent(visit.request, given.get("file_name")) as (name, path):
        if await asyncio.to_thread(_size, path) > door.settings.max_file_bytes:
            raise TooLarge(f"the file has more than {door.settings.max_file_bytes} bytes")
        await asyncio.to_thread(_check_recognized, path, name, connection)
        try:
            found, is_new = await door.arrivals.take(
                connection, name, path, source="upload", note=note, also=_reading_of(visit)
            )
        except BadVendorValue as problem:
            raise Invalid({"query": {"file_name": [str(problem)]}}) from None
    if is_new:
        door.wake()
    return _item(visit, found)


def _check_recognized(path: Path, name: str, connection: Connection) -> None:
    """Raises Invalid for what is no invoice of the connection's carrier, with what was seen."""
    behind = integration(connection.type, connection.integration)
    try:
        with open_invoices(path, name=name, carrier=behind.delivers):
            return
    except FileRefused as problem:
        raise Invalid({"body": {"": [str(problem)]}}) from None


def _reading_of(visit: Visit) -> Any:
    async def also(transaction: Transaction) -> None:
        now = visit.door.clock()
        await enqueue_now(transaction, visit.connection.id, [LINE_ITEMS], "file", now)

    return also


def _item(visit: Visit, found: Received) -> Response:
    summary = None if found.summary is None else msgspec.json.decode(found.summary)
    faults = [] if summary is None else summary.pop("faults")
    return reply(
        schemas.ReceivedFileItem(
            data=msgspec.convert(
                {
                    **visit.door.arrivals.links.described(found, visit.door.clock()),
                    **{name: getattr(found, name) for name in _SHOWN},
                    "summary": summary,
                    "faults": faults,
                },
                schemas.ReceivedFile,
                strict=False,
            )
        )
    )


_SHOWN = ("id", "size", "sha256", "source", "state", "error", "carrier", "variant", "reconciled")


# What was sent


@asynccontextmanager
async def _sent(request: Request, name: str | None) -> AsyncIterator[tuple[str, Path]]:
    """The file in the body and its name, on this machine until the end of the block."""
    with TemporaryDirectory(prefix="crossdock-") as folder:
        path = Path(folder) / "file"
        if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            own = await _from_form(request, path)
        else:
            own = ""
            with path.open("wb") as file:
                async for piece in request.stream():
                    await asyncio.to_thread(file.write, piece)
        if not (found := name or own):
            raise Invalid({"query": {"file_name": ["is missing: what is the file called?"]}})
        if await asyncio.to_thread(_size, path) == 0:
            raise _misfit("is empty")
        yield found, path


async def _from_form(request: Request, path: Path) -> str:
    """Writes the file of a form; its name."""
    try:
        form = await request.form(max_files=1, max_fields=10)
    except HTTPException as problem:
        raise _misfit(f"is no form that can be read: {problem.detail}") from None
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


def _misfit(what: str) -> Invalid:
    return Invalid({"body": {"": [f"the file {what}"]}})


# Links


async def downloaded(visit: Visit) -> Response:
    """The bytes of a file, to whoever has a link to it that still works."""
    given = visit.arguments()
    file_id = str(given["file_id"])
    expires, signature = str(given.get("expires", "")), str(given.get("signature", ""))
    visit.door.arrivals.links.check(file_id, expires, signature, visit.door.clock())
    found = await files.get(visit.door.database, file_id)
    if found is None:
        raise NotFound(f"there is no file {file_id!r} any more", record_id=file_id)
    pieces = visit.door.arrivals.storage.pieces(found.object)
    try:
        first = await anext(pieces, b"")
    except Missing:
        raise NotFound(f"the content of {file_id!r} is not kept any more", record_id=file_id) from None
    return StreamingResponse(_all(first, pieces), headers=_download_headers(found))


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _download_headers(found: Received) -> dict[str, str]:
    # It is whatever somebody sent: no browser may take it for a page of ours.
    return {
        "content-type": "application/octet-stream",
        "content-length": str(found.size),
        "content-disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "cache-control": "private, no-store",
    }
