"""Forms of writes, drawn from what the system takes; a rehearsal shows the requests, and sends none.

    GET  …/write/{action}              a form
    POST do=more                       the form with one more row in each list
    POST do=rehearse                   the form, and the requests that would be sent
    POST do=send ─┬─ done ──▶ the record's page
                  └─ refused ─▶ the form again, each fault beside its field

The form carries a key, by which the write is one write however often it is sent.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.explorer.columns import label
from crossdock.dashboard.explorer.record import new_key, record_address, record_path
from crossdock.dashboard.explorer.shelf import (
    ShelfConnection,
    connection_of,
    note_write,
    offered_resource,
    shelf_connection,
    write_of,
)
from crossdock.dashboard.explorer.write_fields import (
    ROWS,
    FormPart,
    FormState,
    body,
    parts,
    texts_of,
)
from crossdock.dashboard.formats import pretty
from crossdock.dashboard.inside import FilledPath, FormBody, decoded
from crossdock.dashboard.json_texts import json_value
from crossdock.errors import CrossdockError, Forbidden, Invalid, NotFound, Uncertain
from crossdock.resources.writes import Write
from crossdock.store.connections.connections import ConnectionRow

IDEMPOTENCY = "idempotency-key"
LONGEST_KEY = 100


class Rehearsal(msgspec.Struct, kw_only=True):
    """The requests that a write would send. is_complete: no more follow from their answers."""

    requests: list[str]
    is_complete: bool
    unused_fields: list[str]


class FieldProblem(msgspec.Struct, kw_only=True):
    """A fault of a field that the form shows. path: by which it is known there."""

    path: str
    label: str
    text: str


class WritePage(msgspec.Struct, kw_only=True):
    """The form of a write. problems: of the form as such; whole: the body as JSON, in place of the fields.

    field_problems: what is wrong with its fields, told above them, too.
    """

    connection: ShelfConnection
    resource: str
    action: str
    method: str
    path: str
    summary: str
    record_id: str
    label: str
    parts: list[FormPart]
    groups: list[list[str]]
    has_body: bool
    can_rehearse: bool
    whole: str
    key: str
    problems: list[str]
    field_problems: list[FieldProblem]
    is_uncertain: bool
    rehearsal: Rehearsal | None
    unused_fields: list[str]
    done_id: str


class WriteForm(msgspec.Struct, kw_only=True):
    """A write of a connection, and the record that it is done to."""

    row: ConnectionRow
    write: Write
    schema: dict[str, Any]
    record_id: str
    record: dict[str, Any]

    @property
    def path(self) -> FilledPath:
        return FilledPath(self.write.path, {self.write.id_name: self.record_id} if self.write.id_name else {})


async def asked(visit: DashboardContext) -> Response:
    """The form, empty; what the record says now stands in its fields as a hint."""
    form = await _form(visit)
    return _view(visit, form, FormState(now=form.record), key=new_key())


async def sent(visit: DashboardContext) -> Response:
    """Do what the form says, or show it again: with another row, the requests, or what is wrong."""
    form = await _form(visit)
    act, key = visit.text("do"), visit.text("key")[:LONGEST_KEY] or new_key()
    try:
        content = _content(visit, form)
        state = FormState(now=form.record, values=dict(texts_of(form.schema, content)))
        if act == "more":
            state.rows = _more_rows(visit.fields)
            return _view(visit, form, state, key=key)
        if act == "rehearse":
            return _view(visit, form, state, key=key, rehearsal=await _rehearsed(visit, form, content))
        return await _written(visit, form, content, key)
    except CrossdockError as error:
        if error.http_status == 500 or isinstance(error, NotFound | Forbidden):
            raise
        return _refused(visit, form, error, key)


async def _form(visit: DashboardContext) -> WriteForm:
    """The write that the path names, with what its system takes. Raises NotFound."""
    row = await connection_of(visit)
    write = write_of(visit, row, visit.part("action"))
    record_id = visit.request.path_params.get("record_id", "")
    if bool(record_id) != (write.id_name is not None):
        raise NotFound("This action is not done so.")
    record = {}
    if record_id:
        resource = offered_resource(visit, row, write.resource.name)
        record = (await visit.inside.get(record_path(resource, record_id, ""), connection_id=row.uid))["data"]
    info = await visit.inside.get(
        f"/integrations/{row.type}/{row.integration}/write-info", connection_id=row.uid
    )
    return WriteForm(row=row, write=write, schema=schema_in(info, write), record_id=record_id, record=record)


def schema_in(info: dict[str, Any], write: Write) -> dict[str, Any]:
    """The schema of a write's body in the document of write-info; {} where it has none."""
    operation = info["paths"][write.path][write.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    for media in content.values():
        name = media["schema"]["$ref"].rpartition("/")[2]
        schema: dict[str, Any] = info["components"]["schemas"][name]
        return schema
    return {}


def _content(visit: DashboardContext, form: WriteForm) -> dict[str, Any]:
    """The body that the form says: its JSON where there is some, else its fields."""
    if whole := visit.text("whole").strip():
        value = json_value(whole, "the body")
        if not isinstance(value, dict):
            raise Invalid({"json": {"the body": ["must be an object"]}})
        return value
    return body(form.schema, visit.fields)


def _more_rows(fields: Mapping[str, str]) -> dict[str, int]:
    """The number of rows of each list with one more than were shown, by path."""
    return {
        name.removeprefix(ROWS): int(count) + 1
        for name, count in fields.items()
        if name.startswith(ROWS) and count.isdecimal() and len(count) < 4
    }


def _sending(form: WriteForm, content: dict[str, Any]) -> Any:
    if form.write.body is None:
        return {}
    return FormBody({name: str(text) for name, text in content.items()}) if form.write.takes_file else content


async def _rehearsed(visit: DashboardContext, form: WriteForm, content: dict[str, Any]) -> Rehearsal:
    answer = await visit.inside.answer(
        form.write.method, form.path, {"dry_run": "true"}, body=_sending(form, content),
        connection_id=form.row.uid,
    )  # fmt: skip
    plan = decoded(answer)
    return Rehearsal(
        requests=[pretty(request) for request in plan["requests"]],
        is_complete=plan["is_complete"],
        unused_fields=plan["unused_fields"],
    )


async def _written(visit: DashboardContext, form: WriteForm, content: dict[str, Any], key: str) -> Response:
    await note_write(visit, form.row, form.write, form.record_id)
    answer = await visit.inside.answer(
        form.write.method, form.path, body=_sending(form, content), connection_id=form.row.uid,
        headers={IDEMPOTENCY: key},
    )  # fmt: skip
    done = decoded(answer)
    record_id = str(done.get("id") or form.record_id)
    unused = done.get("unused_fields") or []
    if unused:
        state = FormState(now=form.record)
        return _view(visit, form, state, key=new_key(), unused_fields=unused, done_id=record_id)
    if record_id and form.write.resource.one_path:
        address = record_address(form.row.uid, form.write.resource.name, record_id)
        return visit.onward(address, done="written")
    return visit.onward(f"/explorer/{form.row.uid}/list/{form.write.resource.name}", done="written")


def _refused(visit: DashboardContext, form: WriteForm, error: CrossdockError, key: str) -> Response:
    """The form as it was sent, with what is wrong."""
    try:
        values = dict(texts_of(form.schema, body(form.schema, visit.fields)))
    except Invalid:
        values = {name.removeprefix("body."): text for name, text in visit.fields.items() if "body." in name}
    fields = dict(error.detail.get("json", {})) if isinstance(error, Invalid) else {}
    state = FormState(now=form.record, values=values, problems=fields)
    shown = set(_paths(parts(form.schema, state)))
    faults = [(path, text) for path, texts in fields.items() for text in texts]
    problems = [f"{path}: {text}" for path, text in faults if path not in shown]
    below = [
        FieldProblem(path=path, label=path.replace("_", " ").replace(".", " ").capitalize(), text=text)
        for path, text in faults
        if path in shown
    ]
    return _view(
        visit, form, state, key=key, status=error.http_status, field_problems=below,
        problems=problems or ([] if below else [str(error)]),
        is_uncertain=isinstance(error, Uncertain),
    )  # fmt: skip


def _paths(form_parts: list[FormPart]) -> list[str]:
    """The fields that a form shows, by path."""
    inner = [path for part in form_parts for path in _paths([*part.parts, *part.rows])]
    return [*inner, *(part.path for part in form_parts)]


def _view(
    visit: DashboardContext, form: WriteForm, state: FormState, *, key: str, status: int = 200, **shown: Any
) -> Response:
    write, row = form.write, form.row
    contents: dict[str, Any] = {
        "problems": [], "field_problems": [], "is_uncertain": False, "rehearsal": None,
        "unused_fields": [], "done_id": "",
    } | shown  # fmt: skip
    page = WritePage(
        connection=shelf_connection(row),
        resource=write.resource.name,
        action=write.action,
        method=write.method,
        path=form.path.raw if form.record_id else write.path,
        summary=write.summary,
        record_id=form.record_id,
        label=label(write.resource, form.record) if form.record else "",
        parts=parts(form.schema, state),
        groups=[rule["x-one-of"] for rule in form.schema.get("allOf", ()) if "x-one-of" in rule],
        has_body=bool(form.schema.get("properties")),
        can_rehearse=bool(write.action),
        whole=visit.text("whole"),
        key=key,
        **contents,
    )
    title = f"{write.summary}{f': {page.label}' if page.label else ''}"
    return visit.view("explorer/write.html", page, title=title, status=status)
