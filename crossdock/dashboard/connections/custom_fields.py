"""Custom fields of a connection: declared by resource, and tried on a real record before they are kept."""

from dataclasses import dataclass
from typing import Any, get_args

import msgspec
from starlette.responses import Response

from crossdock.connections.capabilities import integration_of
from crossdock.dashboard.connections.forms import Faults, faults_of
from crossdock.dashboard.connections.head import ConnectionHead, OpenedConnection, opened_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.json_texts import json_value
from crossdock.errors import Invalid, NotFound
from crossdock.kit.additional import (
    CUSTOM,
    HOLDER,
    MOST_FIELDS,
    CustomField,
    FieldType,
    check_custom_fields,
    custom_values,
)
from crossdock.resources.schema import Resource
from crossdock.store.records import raw_records
from crossdock.wire import decoder, encode

SPARE_ROWS = 3
SHOWN_IDS = 50
SHOWN_CHARACTERS = 20_000
"""Of a record."""
TYPES: tuple[FieldType, ...] = get_args(FieldType)


class FieldRow(msgspec.Struct, kw_only=True):
    """A custom field as it stands in the form."""

    name: str = ""
    path: str = ""
    type: str = "string"


class PreviewLine(msgspec.Struct, kw_only=True):
    """The value of a custom field in the record. wanted: what it should be; "": it is that."""

    name: str
    value: str
    wanted: str = ""


class Preview(msgspec.Struct, kw_only=True):
    """Custom fields laid over one record. record: as the system sent it."""

    record_id: str
    fields: list[PreviewLine]
    record: str


class CustomFieldsPage(msgspec.Struct, kw_only=True):
    """The custom fields of one resource. declared: how many there are, by resource."""

    head: ConnectionHead
    resource: str
    declared: dict[str, int]
    rows: list[FieldRow]
    types: list[str]
    keeps_raw: bool
    record_ids: list[str]
    record_id: str
    sample: str
    preview: Preview | None = None
    faults: Faults = {}


@dataclass(frozen=True)
class DeclaredFields:
    """The custom fields of a connection, and the resource that is meant now."""

    opened: OpenedConnection
    resources: dict[str, Resource]
    chosen: Resource | None
    declared: dict[str, dict[str, CustomField]]


async def shown(visit: DashboardContext) -> Response:
    """The custom fields of a resource."""
    declaration = await _declaration(visit, visit.query("resource").get("resource", ""))
    chosen = declaration.chosen
    fields = {} if chosen is None else declaration.declared.get(chosen.name, {})
    rows = [FieldRow(name=name, path=field.path, type=field.type) for name, field in fields.items()]
    page = await _page(visit, declaration, rows)
    return visit.view("connections/custom_fields.html", page, title=page.head.title)


async def changed(visit: DashboardContext) -> Response:
    """Try the fields of the form on a record, or keep them."""
    declaration = await _declaration(visit, visit.text("resource"))
    rows = _rows(visit)
    page = await _page(visit, declaration, rows)
    try:
        fields = _fields(rows)
        if declaration.chosen is None:
            raise Invalid({"form": {"resource": ["has no custom fields"]}})
        if visit.text("do") == "save":
            return await _save(visit, declaration, declaration.chosen, fields)
        check_custom_fields({declaration.chosen.name: fields}, declaration.resources)
        page.preview = await _preview(visit, declaration, declaration.chosen, fields)
    except Invalid as error:
        page.faults = faults_of(error)
    status = 422 if page.faults else 200
    return visit.view("connections/custom_fields.html", page, title=page.head.title, status=status)


async def _declaration(visit: DashboardContext, name: str) -> DeclaredFields:
    opened = await opened_connection(visit)
    answer = await visit.inside.get(f"/connections/{opened.row.uid}/custom-fields")
    resources = {
        resource.name: resource
        for resource in integration_of(opened.row).resources.values()
        if HOLDER in resource.record.__struct_fields__
    }
    if name and name not in resources:
        raise NotFound(f"there is no resource {name!r:.80} with custom fields")
    declared = msgspec.convert(answer["custom_fields"], dict[str, dict[str, CustomField]])
    chosen = resources.get(name) or next(iter(resources.values()), None)
    return DeclaredFields(opened, resources, chosen, declared)


def _rows(visit: DashboardContext) -> list[FieldRow]:
    """The rows of the form that say something."""
    rows = [
        FieldRow(
            name=visit.text(f"name_{number}").strip(),
            path=visit.text(f"path_{number}").strip(),
            type=visit.text(f"type_{number}") or "string",
        )
        for number in range(MOST_FIELDS)
    ]
    return [row for row in rows if row.name or row.path]


def _fields(rows: list[FieldRow]) -> dict[str, CustomField]:
    """The custom fields that rows declare. Raises Invalid for a name that stands twice."""
    names = [row.name for row in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Invalid({"form": {"name": [f"{twice[0]!r} stands twice"]}})
    try:
        return {row.name: CustomField(row.path, msgspec.convert(row.type, FieldType)) for row in rows}
    except msgspec.ValidationError:
        raise Invalid({"form": {"type": [f"is none of {', '.join(TYPES)}"]}}) from None


async def _save(
    visit: DashboardContext, declaration: DeclaredFields, chosen: Resource, fields: dict[str, CustomField]
) -> Response:
    uid = declaration.opened.row.uid
    declared = {name: kept for name, kept in declaration.declared.items() if name != chosen.name}
    if fields:
        declared[chosen.name] = fields
    await visit.inside.send("PUT", f"/connections/{uid}/custom-fields", {"custom_fields": declared})
    return visit.onward(f"/connections/{uid}/custom-fields", done="saved", resource=chosen.name)


async def _page(
    visit: DashboardContext, declaration: DeclaredFields, rows: list[FieldRow]
) -> CustomFieldsPage:
    opened, chosen = declaration.opened, declaration.chosen
    ids = []
    if chosen is not None and opened.row.keep_raw:
        ids = await raw_records.first_ids(visit.door.database, opened.row.id, chosen.key, SHOWN_IDS)
    spare = max(0, min(SPARE_ROWS, MOST_FIELDS - len(rows)))
    return CustomFieldsPage(
        head=opened.head,
        resource="" if chosen is None else chosen.name,
        declared={name: len(declaration.declared.get(name, {})) for name in declaration.resources},
        rows=[*rows, *(FieldRow() for _ in range(spare))],
        types=list(TYPES),
        keeps_raw=opened.row.keep_raw,
        record_ids=ids,
        record_id=visit.text("record_id").strip() or next(iter(ids), ""),
        sample=visit.text("sample"),
    )


async def _preview(
    visit: DashboardContext, declaration: DeclaredFields, chosen: Resource, fields: dict[str, CustomField]
) -> Preview:
    """The fields in a record that the connection keeps, or in one that was typed in."""
    record_id, sample = visit.text("record_id").strip(), visit.text("sample").strip()
    raw = _typed(sample) if sample else await _kept(visit, declaration.opened, chosen, record_id)
    values, misfits = custom_values(raw, fields)
    wanted = {misfit.field: str(misfit.wanted) for misfit in misfits}
    lines = [
        PreviewLine(name=name, value=_text(value), wanted=wanted.get(f"{HOLDER}.{CUSTOM}.{name}", ""))
        for name, value in values.items()
    ]
    record = msgspec.json.format(encode(raw), indent=2).decode()[:SHOWN_CHARACTERS]
    return Preview(record_id="" if sample else record_id, fields=lines, record=record)


def _typed(sample: str) -> dict[str, Any]:
    raw = json_value(sample, "sample", "form")
    if not isinstance(raw, dict):
        raise Invalid({"form": {"sample": ["must be one record as JSON: {…}"]}})
    return raw


async def _kept(
    visit: DashboardContext, opened: OpenedConnection, chosen: Resource, record_id: str
) -> dict[str, Any]:
    door = visit.door
    raw = await raw_records.get(door.database, door.vault, opened.row, chosen.key, record_id)
    if raw is None:
        why = f"there is no raw record {record_id[:80]!r} kept; paste one below, or have them kept (Settings)"
        raise Invalid({"form": {"record_id": [why]}})
    record: dict[str, Any] = decoder.decode(raw)
    return record


def _text(value: Any) -> str:
    return encode(value).decode()
