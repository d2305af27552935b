"""Writing: generic over everything that callers may have done. What is done is in `crossdock/writes`."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.schemas import DRY_RUN_TYPE
from crossdock.connections.capabilities import check_read, check_write
from crossdock.errors import (
    BadRequest,
    CrossdockError,
    Invalid,
    TooLarge,
    UnsupportedMediaType,
)
from crossdock.kit.contract import PassthroughCall, Upload
from crossdock.kit.registry import get_integration
from crossdock.resources.writes import Write
from crossdock.web import bodies
from crossdock.web.forms import read_form
from crossdock.web.middleware import allow_body
from crossdock.web.responses import answer, reply
from crossdock.writes import passthrough
from crossdock.writes.aside import UploadSize, aside
from crossdock.writes.meaning import spelt_plainly
from crossdock.writes.passthrough import PASSTHROUGH
from crossdock.writes.request import DryRunResult, WriteRequest

LONGEST_KEY = 255
MOST_FILE_BYTES = 26_214_400
"""Of a file for an order: labels and packing lists come as PDFs of many pages."""
AROUND_BYTES = 1_048_576
"""What a form has around its file."""


async def written(visit: RequestContext) -> Response:
    """Have something done in the connected system, or show what would be sent."""
    write = _write_of(visit)
    arguments = visit.arguments()
    integration = get_integration(visit.connection.type, visit.connection.integration)
    if write.action:
        check_offered(visit, write.action)
    else:
        check_read(visit.connection, write.resource, visit.door.settings.off)
    key = _key(visit)
    body, upload, size = await (_form(visit) if write.takes_file else _json(visit, write))
    body = await aside(UploadSize(size), spelt_plainly, body, write)
    wish = WriteRequest(
        connection=visit.connection,
        integration=integration,
        write=write,
        body=body,
        record_id=str(arguments[write.id_name]) if write.id_name else None,
        upload=upload,
        key=key,
        size=size,
    )
    if arguments.get("dry_run"):
        dry_run_result = await visit.door.writer.dry_run(wish)
        return _rehearsed(dry_run_result)
    done = await visit.door.writer.write(wish)
    headers = {"Idempotent-Replayed": "true"} if done.is_replayed else None
    return answer(done.answer, headers=headers)


def _rehearsed(dry_run_result: DryRunResult) -> Response:
    body = {
        "dry_run": True,
        "requests": dry_run_result.requests,
        "is_complete": dry_run_result.is_complete,
        "unused_fields": list(dry_run_result.unused_fields),
    }
    return reply(body, headers={"content-type": DRY_RUN_TYPE})


async def passed(visit: RequestContext) -> Response:
    """Pass a call of the caller's own on. Nothing is stored, and nobody is told."""
    connection, door = visit.connection, visit.door
    integration = get_integration(connection.type, connection.integration)
    check_offered(visit, PASSTHROUGH)
    _check_json(visit)
    passthrough_call = await _passthrough_call(visit)
    async with (
        door.writer.noting(connection, PASSTHROUGH),
        door.writer.sign_in(connection, integration) as client,
    ):
        found_passthrough = await client.passthrough(passthrough_call)
    door.wake()  # what was changed may be told of already
    return reply(passthrough.shown(found_passthrough))


async def _passthrough_call(visit: RequestContext) -> PassthroughCall:
    """The call that the body describes."""
    raw = await visit.request.body()
    return await aside(UploadSize(len(raw)), lambda: passthrough.passthrough_call(bodies.as_sent(raw)))


def check_offered(visit: RequestContext, action: str) -> None:
    """Raise NotOffered when the integration lacks it, Forbidden when it is switched off."""
    kind = visit.operation.path.split("/")[1]
    check_write(visit.connection, kind, action, visit.door.settings.off)


def _write_of(visit: RequestContext) -> Write:
    if visit.operation.write is None:
        raise CrossdockError(f"{visit.operation.id} declares no write")
    return visit.operation.write


def _key(visit: RequestContext) -> str | None:
    key = visit.request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        message = f"must have 1 to {LONGEST_KEY} characters, not {len(key)}"
        raise Invalid({"headers": {"Idempotency-Key": [message]}})
    return key


def _check_json(visit: RequestContext) -> None:
    kind = visit.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(f"the content type must be application/json, not {kind or 'missing'}")


async def _json(visit: RequestContext, write: Write) -> tuple[Mapping[str, Any], None, int]:
    """The body as a mapping, {} where the write has none; no file; its size in bytes."""
    raw = await visit.request.body()
    if write.body is None:
        if raw.strip() not in (b"", b"{}", b"null"):
            raise Invalid({"json": {"": ["this endpoint takes no body"]}})
        return {}, None, 0
    _check_json(visit)
    body = await aside(UploadSize(len(raw)), bodies.decoded, raw)
    if not isinstance(body, dict):
        raise Invalid({"json": {"": ["must be an object"]}})
    return body, None, len(raw)


def _check_file(files: Mapping[str, UploadFile], texts: Mapping[str, str]) -> None:
    """Raise Invalid when a form holds no file where there must be one, or holds others."""
    if files.keys() - {"file"}:
        raise Invalid({"form": {next(iter(files.keys() - {"file"})): ["only `file` may be a file"]}})
    if "file" in texts:
        raise Invalid({"form": {"file": ["must be a file, with a file name"]}})
    if not files and "file_url" not in texts:
        raise Invalid({"form": {"file": ["a file, a file_url or both are required"]}})


async def _form(visit: RequestContext) -> tuple[Mapping[str, Any], Upload | None, int]:
    """The texts of a form, its file, and the size of both in bytes."""
    allow_body(visit.request, MOST_FILE_BYTES + AROUND_BYTES)
    kind = visit.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedMediaType(f"the content type must be multipart/form-data, not {kind or 'missing'}")
    try:
        form = await read_form(visit.request, max_fields=50)
    except BadRequest as failure:
        raise BadRequest(f"the form can't be read: {failure}") from None
    texts = {name: item for name, item in form.items() if isinstance(item, str)}
    files = {name: item for name, item in form.items() if isinstance(item, UploadFile)}
    _check_file(files, texts)
    if not files:
        return texts, None, _size(texts)
    upload = await _upload(files["file"], texts)
    return texts, upload, _size(texts) + len(upload.content)


def _size(texts: Mapping[str, str]) -> int:
    return sum(len(text) for text in texts.values())


async def _upload(file: UploadFile, texts: Mapping[str, Any]) -> Upload:
    content = await file.read()
    if len(content) > MOST_FILE_BYTES:
        raise TooLarge(f"the file has {len(content)} bytes; a file of an order may have {MOST_FILE_BYTES}")
    if not content:
        raise Invalid({"form": {"file": ["the file is empty"]}})
    name = str(texts.get("file_name") or file.filename or "file")
    return Upload(name, content, file.content_type or "application/octet-stream")
