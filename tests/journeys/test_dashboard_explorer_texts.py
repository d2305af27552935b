"""What a connected system may send is text on every page of the data explorer."""

import json
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from crossdock.api.operations import SANDBOX_TYPE
from crossdock.changes import document as documents
from crossdock.resources.catalogue import all_resources
from crossdock.wire import encode
from tests.journeys.account import Desk
from tests.journeys.exploring import CONNECTION, desk, house, owner
from tests.journeys.server import Organization
from tests.journeys.test_dashboard import Office

__all__ = ["desk", "house", "owner"]

STAMP = "2026-01-31T09:00:00Z"
EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}' \u202egnp.exe" + "A" * 2000


def evil(value: Any, schema: Any, definitions: Any) -> Any:
    """The value of a schema's kind with a hostile text wherever there may be a text."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    options = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    if options:
        return evil(value, options[0], definitions)
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object" and "properties" in schema:
        return {name: evil(None, inner, definitions) for name, inner in schema["properties"].items()}
    if kind == "array":
        return [evil(None, schema.get("items", {"type": "string"}), definitions)] * 2
    if schema.get("format") == "date-time":
        return "2026-01-31T09:00:00Z"
    if kind in ("integer", "number"):
        return 1
    return {"boolean": True, "object": {EVIL: EVIL, "deep": [{EVIL: [EVIL]}]}}.get(kind, EVIL)


BROWSED = [
    resource
    for resource in all_resources()
    if (resource.listed or resource.one_path) and resource.type in SANDBOX_TYPE.choices
]


@pytest.mark.parametrize("resource", BROWSED, ids=lambda resource: resource.key)
def test_a_hostile_text_in_every_field_is_shown_as_text(
    desk: Desk, owner: Office, house: Organization, resource
):
    (schema,), definitions = msgspec.json.schema_components([resource.record])
    record = evil(None, schema, definitions)
    record_id = f"'\"><script>alert(3)</script>/a b?c#d&e%2F{resource.key}"
    record |= {"id": record_id} if resource.has_id else {}
    uid = house.uids[resource.type]
    below = "w<b>"
    if resource.parent:
        record[resource.parent] = below
    put(desk, resource, uid, record_id, record, below)
    query = {"below": below} if resource.parent else {}
    path = f"/explorer/{uid}/record/{resource.name}/{quote(record_id)}"
    pages = []
    if resource.one_path:
        views = ("form", "json", "history", "related", "tags")
        pages += [
            owner.get(path, view=view, **query) for view in views if view != "tags" or resource.taggable
        ]
    if resource.listed and not resource.parent:
        found = owner.get(f"/explorer/{uid}/list/{resource.name}", ids=record_id)
        assert "&lt;script&gt;" in found.text
        pages.append(found)
    for page in pages:
        assert page.status_code == 200, page.text[:3000]
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "{{" in page.text or "7 * 7" not in page.text


def put(desk: Desk, resource: Any, uid: str, record_id: str, record: Any, below: str) -> None:
    """Store a record as it is, past all checks: what a system may send one day."""
    columns = ["connection_id", "id", "document"] + ([resource.parent] if resource.parent else [])
    values = [record_id, documents.document(resource, encode(record), STAMP, STAMP)] + (
        [below] if resource.parent else []
    )
    marks = ", ".join([CONNECTION] + ["?"] * len(values))
    sql = f"INSERT INTO {resource.key} ({', '.join(columns)}) VALUES ({marks})"
    desk.server.do(desk.server.services.database.execute(sql, uid, *values))
    if resource.parent:
        sql = f"INSERT INTO wms_warehouses (connection_id, id, document) VALUES ({CONNECTION}, ?, ?)"
        warehouse = json.dumps({"id": below, "name": EVIL}).encode()
        desk.server.do(desk.server.services.database.execute(sql, uid, below, warehouse))
