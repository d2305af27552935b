"""Writing: generic over everything that callers may have done. What is done is in `crossdock/writes`."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from crossdock.api import bodies
from crossdock.api.door import Visit
from crossdock.api.replies import answer, reply
from crossdock.api.schemas import DRY_RUN_TYPE
from crossdock.errors import (
    BadRequest,
    CrossdockError,
    Forbidden,
    Invalid,
    NotOffered,
    UnsupportedMediaType,
)
from crossdock.integrations.contract import Upload
from crossdock.integrations.registry import Integration, integration
from crossdock.resources.writes import Write
from crossdock.writes import passthrough
from crossdock.writes.passthrough import PASSTHROUGH
from crossdock.writes.wish import Rehearsed, Wish

LONGEST_KEY = 255


async def written(visit: Visit) -> Response:
    """Has something done in the connected system, or shows what would be sent."""
    write = _write_of(visit)
    given = visit.arguments()
    behind = integration(visit.connection.type, visit.connection.integration)
    if write.action:
        check_offered(visit, behind, write.action)
    key = _key(visit)
    body, upload = await _form(visit) if write.takes_file else (await _json(visit, write), None)
    wish = Wish(
        connection=visit.connection,
        integration=behind,
        write=write,
        body=body,
        record_id=str(given[write.id_name]) if write.id_name else None,
        upload=upload,
        key=key,
    )
    if given.get("dry_run"):
        found = await visit.door.writer.rehearse(wish)
        return _rehearsed(found)
    done = await visit.door.writer.write(wish)
    headers = {"Idempotent-Replayed": "true"} if done.is_replayed else None
    return answer(done.answer, headers=headers)


def _rehearsed(found: Rehearsed) -> Response:
    body = {
        "dry_run": True,
        "requests": found.requests,
        "is_complete": found.is_complete,
        "unused_fields": list(found.unused_fields),
    }
    return reply(body, headers={"content-type": DRY_RUN_TYPE})


async def passed(visit: Visit) -> Response:
    """Passes a call of the caller's own on. Nothing is stored, and nobody is told."""
    connection, door = visit.connection, visit.door
    behind = integration(connection.type, connection.integration)
    check_offered(visit, behind, PASSTHROUGH)
    _check_json(visit)
    wanted = passthrough.wanted(bodies.decoded(await visit.request.body()))
    async with door.writer.sign_in(connection, behind) as client:
        found = await client.passthrough(wanted)
    return reply(passthrough.shown(found))


def check_offered(visit: Visit, behind: Integration, action: str) -> None:
    """Raises NotOffered when the integration lacks it, Forbidden when it is switched off."""
    is_of_type = visit.connection.type == visit.operation.path.split("/")[1]
    if not is_of_type or action not in behind.manifest.functions.write:
        raise NotOffered(f"Endpoint {action} is not implemented for {behind.manifest.name}")
    if visit.door.is_off(visit.connection, action):
        raise Forbidden(f"{action} is disabled for this connection")


def _write_of(visit: Visit) -> Write:
    if visit.operation.write is None:
        raise CrossdockError(f"{visit.operation.id} declares no write")
    return visit.operation.write


def _key(visit: Visit) -> str | None:
    key = visit.request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        message = f"must have 1 to {LONGEST_KEY} characters, not {len(key)}"
        raise Invalid({"headers": {"Idempotency-Key": [message]}})
    return key


def _check_json(visit: Visit) -> None:
    kind = visit.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(f"the content type must be application/json, not {kind or 'missing'}")


async def _json(visit: Visit, write: Write) -> Mapping[str, Any]:
    """The body as a mapping; {} where the write has none."""
    raw = await visit.request.body()
    if write.body is None:
        if raw.strip() not in (b"", b"{}", b"null"):
            raise Invalid({"json": {"": ["this endpoint takes no body"]}})
        return {}
    _check_json(visit)
    found = bodies.decoded(raw)
    if not isinstance(found, dict):
        raise Invalid({"json": {"": ["must be an object"]}})
    return found


async def _form(visit: Visit) -> tuple[Mapping[str, Any], Upload | None]:
    """The texts of a form, and its file."""
    kind = visit.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedMediaType(f"the content type must be multipart/form-data, not {kind or 'missing'}")
    try:
        form = await visit.request.form(max_files=1, max_fields=50)
    except HTTPException as failure:
        raise BadRequest(f"the form can't be read: {failure.detail}") from None
    texts: dict[str, Any] = {name: one for name, one in form.items() if isinstance(one, str)}
    files = {name: one for name, one in form.items() if isinstance(one, UploadFile)}
    if files.keys() - {"file"}:
        raise Invalid({"form": {next(iter(files.keys() - {"file"})): ["only `file` may be a file"]}})
    if "file" in texts:
        raise Invalid({"form": {"file": ["must be a file, with a file name"]}})
    if not files and "file_url" not in texts:
        raise Invalid({"form": {"file": ["a file, a file_url or both are required"]}})
    if not files:
        return texts, None
    return texts, await _upload(files["file"], texts)


async def _upload(file: UploadFile, texts: Mapping[str, Any]) -> Upload:
    content = await file.read()
    if not content:
        raise Invalid({"form": {"file": ["the file is empty"]}})
    name = str(texts.get("file_name") or file.filename or "file")
    return Upload(name, content, file.content_type or "application/octet-stream")
