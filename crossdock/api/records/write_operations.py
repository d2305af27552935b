"""The operations that have something done, made from the declarations of writes."""

import re
from collections.abc import Iterator
from typing import Any

from crossdock.api import schemas
from crossdock.api.operation import ApiOperation
from crossdock.resources.catalogue import all_writes, tag_writes
from crossdock.resources.writes import Write
from crossdock.web.operation import Parameter
from crossdock.writes.passthrough import PASSTHROUGH

DRY_RUN = Parameter(
    "dry_run",
    description="Check it, and answer with the requests that would be sent. None of them is.",
    is_flag=True,
    default=False,
)
ERRORS = (400, 401, 403, 409, 413, 415, 422, 429, 501, 502)
ABOUT_A_RECORD = (400, 401, 403, 404, 409, 413, 415, 422, 429, 501, 502)


def write_operations() -> Iterator[ApiOperation]:
    """All of them: in the connected system, tags, and calls of the caller's own."""
    for write in (*all_writes(), *tag_writes()):
        yield _operation(write)
    for kind in ("wms", "cart"):
        yield ApiOperation(
            "POST", f"/{kind}/passthrough", "records.writes.passed", f"{kind}Passthrough",
            "Call the connected system's own API", "Passthrough", schemas.PassthroughResponse,
            body=schemas.PassthroughRequest, example={"method": "GET", "path": "/api/v1/items"},
            action=PASSTHROUGH, errors=(400, 401, 403, 413, 415, 422, 429, 501, 502),
        )  # fmt: skip


def _operation(write: Write) -> ApiOperation:
    names = re.findall(r"{(\w+)}", write.path)
    is_asked_for = bool(write.action)
    may_be_missing = names or write.answers == "records"
    tag = write.path.split("/")[2].replace("-", " ").title()
    return ApiOperation(
        write.method, write.path, "records.writes.written", write.id, write.summary,
        "Products" if tag == "Kits" else tag, _reply(write),
        parameters=(*(Parameter(name, "path") for name in names), *((DRY_RUN,) if is_asked_for else ())),
        body=write.body, example=write.example, errors=ABOUT_A_RECORD if may_be_missing else ERRORS,
        resource=None, write=write, takes_key=True, action=write.action or None,
    )  # fmt: skip


def _reply(write: Write) -> Any:
    return {"word": schemas.OrderFileResponse}.get(write.answers, write.resource.record)
