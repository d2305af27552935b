"""Trying an operation: what may be tried, with which connections, and what came of it.

Nothing but connections of the sandbox is reached, and no more than the role may do. What is about the whole
organization, its settings and its production connections with it, is not tried but by its own pages.
"""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.api.operation import Access, ApiOperation
from crossdock.api.operations import all_operations
from crossdock.connections.link.options import SANDBOX
from crossdock.connections.lookup import no_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.inside import FilledPath, inner_request, permission_of
from crossdock.dashboard.json_texts import json_value
from crossdock.errors import CrossdockError, Forbidden, Invalid
from crossdock.people.permissions import PERMISSIONS, may
from crossdock.resources.catalogue import TYPES
from crossdock.resources.writes import Write
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.people import audit_log
from crossdock.store.people.users import Role

MOST_CHOICES = 50
"""Connections to choose from: the oldest."""
MOST_SHOWN = 200_000
"""Bytes of an answer that the page shows."""
MOST_FILTERS = 4
_OF_LISTS = ("page_token", "limit", "ids", "as_of")
"""Parameters of every list of records."""
_OF_NO_CONNECTION = ("sandbox", "connections.integrations")
"""Modules whose operations reach only the sandbox, or nobody's data, without an access token."""
_TAKES_AWAY = ("connections.tokens.rotated", "sandbox.generated")
"""What ends a token that works, or puts new records in place of old ones."""
_HEADERS = ("content-type", "content-length", "idempotent-replayed", "retry-after", "location")
_WHY_NOT = {
    Access.NONE: "Anybody may call it, with no key: open its address.",
    Access.SIGNED: "Only a connected system calls it, with its signature.",
    Access.OPERATOR: "Only who runs the server calls it, with the operator's token.",
}


class SandboxChoice(msgspec.Struct, kw_only=True):
    """A connection of the sandbox that can be tried with."""

    connection_id: str
    customer_id: str | None
    integration_type: str


class TrialAnswer(msgspec.Struct, kw_only=True):
    """Answer of the API. body: as it was sent, indented; size: of the whole, in bytes."""

    method: str
    path: str
    status: int
    milliseconds: float
    headers: dict[str, str]
    body: str
    size: int
    is_cut: bool


@cache
def _by_id() -> dict[str, ApiOperation]:
    return {operation.id: operation for operation in all_operations()}


def api_operation(operation_id: str) -> ApiOperation | None:
    """The operation that this server has under an id; None for events."""
    return _by_id().get(operation_id)


def why_not(operation: ApiOperation | None, role: Role) -> str:
    """The reason why somebody can't try an operation on its page; "": they can."""
    if operation is None:
        return "We send it to you: an endpoint of yours receives it."
    if operation.access in _WHY_NOT:
        return _WHY_NOT[operation.access]
    if operation.takes_file or operation.reply is bytes or (operation.write and operation.write.takes_file):
        return "It sends or answers a file: copy the request instead."
    if not _is_of_sandbox(operation):
        return "It is about the whole organization, not about one connection of the sandbox."
    try:
        permission = permission_of(operation)
    except Forbidden:
        return "No page calls it: copy the request instead."
    if not may(role, permission):
        return f"A {role} may not do this; wanted is {' or '.join(sorted(PERMISSIONS[permission]))}."
    return ""


def _is_of_sandbox(operation: ApiOperation) -> bool:
    return needs_connection(operation) or operation.handler.startswith(_OF_NO_CONNECTION)


def needs_connection(operation: ApiOperation) -> bool:
    """Check whether an operation is about one connection, that of the token or that of the path."""
    if operation.handler.startswith(_OF_NO_CONNECTION):
        return False
    return operation.access is not Access.KEY or "{connection_id}" in operation.path


def is_destructive(operation: ApiOperation) -> bool:
    """Check whether it takes something away, so that it is asked for twice."""
    return operation.method == "DELETE" or operation.handler in _TAKES_AWAY


async def choices(visit: DashboardContext, operation: ApiOperation) -> list[SandboxChoice]:
    """The connections of the sandbox that an operation can be tried with."""
    if not needs_connection(operation):
        return []
    kind = operation.path.split("/")[1]
    rows = await connections.of_integration(
        visit.door.database, visit.organization_id, SANDBOX, kind if kind in TYPES else None, MOST_CHOICES
    )
    return [
        SandboxChoice(connection_id=row.uid, customer_id=row.customer_id, integration_type=row.type)
        for row in rows
    ]


async def sandbox_connection(visit: DashboardContext, uid: str) -> ConnectionRow:
    """The chosen connection. Raises NotFound, and Forbidden for one that is not of the sandbox."""
    row = await connections.by_uid(visit.door.database, uid, visit.organization_id)
    if row is None:
        raise no_connection(uid)
    if row.integration != SANDBOX:
        raise Forbidden("This connection is not of the sandbox: nothing is tried with it.")
    return row


async def tried(visit: DashboardContext, operation: ApiOperation) -> TrialAnswer:
    """Send what the form says. Raises Invalid for what can't be sent, NotFound, Forbidden."""
    if reason := why_not(operation, visit.role):
        raise Forbidden(reason)
    uid = ""
    if needs_connection(operation):
        uid = (await sandbox_connection(visit, visit.text("connection_id"))).uid
    if is_destructive(operation) and not visit.text("confirmed"):
        raise Invalid({"form": {"confirmed": ["is not ticked: this can't be taken back"]}})
    path, query, headers = _request(operation, visit.fields, uid)
    body = _body(operation, visit.text("body"))
    _check_route(visit, operation, path)
    if operation.write is not None and query.get("dry_run") != "true":
        await _note_write(visit, operation.write, uid, path)
    begin = time.perf_counter()
    try:
        response = await visit.inside.answer(
            operation.method, path, query, body=body, connection_id=uid, headers=headers
        )
    except CrossdockError as error:
        if not visit.inside.api.is_told(error):
            raise
        response = visit.inside.api.refusal(error)
    took = (time.perf_counter() - begin) * 1000
    return _answer(visit, operation, path, response, took)


def _request(
    operation: ApiOperation, fields: Mapping[str, str], uid: str
) -> tuple[FilledPath, dict[str, str], dict[str, str]]:
    """The path, query and headers of a form. Raises Invalid."""
    key = _parameter(fields, "Idempotency-Key")
    if not key.isascii() or not (key.isprintable() or not key):
        raise Invalid({"header": {"Idempotency-Key": ["has characters that no header may have"]}})
    headers = {"idempotency-key": key} if key and operation.takes_key else {}
    return _path(operation, fields, uid), _query(operation, fields), headers


def _parameter(fields: Mapping[str, str], name: str) -> str:
    return fields.get(f"parameter.{name}", "").strip()


def _path(operation: ApiOperation, fields: Mapping[str, str], uid: str) -> FilledPath:
    """The path with its parts. Raises Invalid for those that are not there."""
    names = [parameter.name for parameter in operation.parameters if parameter.where == "path"]
    values = {name: uid if name == "connection_id" else _parameter(fields, name) for name in names}
    if missing := {name: ["is missing"] for name, value in values.items() if not value}:
        raise Invalid({"path": missing})
    return FilledPath(operation.path, values)


def _query(operation: ApiOperation, fields: Mapping[str, str]) -> dict[str, str]:
    names = [parameter.name for parameter in operation.parameters if parameter.where == "query"]
    if not operation.is_list:
        return {name: _parameter(fields, name) for name in names}
    query = {name: _parameter(fields, name) for name in (*names, *_OF_LISTS)}
    for number in range(1, MOST_FILTERS + 1):
        if name := fields.get(f"filter.{number}", "").strip():
            query[name] = fields.get(f"value.{number}", "").strip()
    return query


def _body(operation: ApiOperation, text: str) -> Any:
    """The body that is sent; None: there is none. Raises Invalid for what is no JSON."""
    if operation.body is None or not text.strip():
        return None
    return json_value(text, "body", "form")


def _check_route(visit: DashboardContext, operation: ApiOperation, path: FilledPath) -> None:
    """Raise Invalid where a part of the path makes it the path of something else."""
    request = inner_request(visit.request, operation.method, path, {})
    match = visit.inside.api.match(request, path.path)
    if match is None or match.target[0].id != operation.id:
        raise Invalid({"path": {"path": ["is that of another operation, with these values"]}})


async def _note_write(visit: DashboardContext, write: Write, uid: str, path: FilledPath) -> None:
    """Have the audit log say who writes what, as handlers of writes know keys only."""
    await audit_log.note_look(
        visit.door.database, visit.organization_id, "record.write_sent", uid, visit.now_ms,
        write=write.action or write.id, resource=write.resource.name,
        record_id=path.values.get(write.id_name or "", ""),
    )  # fmt: skip


def _answer(
    visit: DashboardContext, operation: ApiOperation, path: FilledPath, response: Response, took: float
) -> TrialAnswer:
    raw = bytes(response.body)
    headers = {"x-request-id": visit.request.scope["state"]["request_id"]}
    headers |= {name: response.headers[name] for name in _HEADERS if name in response.headers}
    is_json = "json" in response.headers.get("content-type", "")
    shown = msgspec.json.format(raw, indent=2) if is_json and raw else raw
    return TrialAnswer(
        method=operation.method,
        path=path.raw,
        status=response.status_code,
        milliseconds=round(took, 1),
        headers=headers,
        body=shown[:MOST_SHOWN].decode(errors="replace"),
        size=len(raw),
        is_cut=len(shown) > MOST_SHOWN,
    )
