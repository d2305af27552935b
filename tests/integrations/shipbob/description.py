"""ShipBob's own description of its API, with what it leaves out put in."""

import json
from functools import cache
from typing import Any

from tests.conftest import needs_shared
from tests.contracts.vendor_specs import OpenApiDescription

LINKED = ("product", "inventory", "inventory-level", "inventory-level/locations", "inventory-level/lots")
"""Lists that link to a next page, and whose description has no parameter for that link's position."""


@cache
def document() -> dict[str, Any]:
    """The document as ShipBob publishes it."""
    path = needs_shared("vendor-specs", "shipbob", "openapi-2026-01.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@cache
def description() -> OpenApiDescription:
    """The same as what requests and answers are held to."""
    cursor = {"in": "query", "name": "cursor", "schema": {"type": "string"}}
    paths: dict[str, Any] = dict(document()["paths"])
    for name in LINKED:
        described = paths[f"/2026-01/{name}"]
        get = described["get"] | {"parameters": [*described["get"]["parameters"], cursor]}
        paths[f"/2026-01/{name}"] = described | {"get": get}
    return OpenApiDescription(document() | {"paths": paths})


def words(schema: str) -> set[str]:
    """The words that the description lists for a type."""
    return set(document()["components"]["schemas"][schema]["enum"])
