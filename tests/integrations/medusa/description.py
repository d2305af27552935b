"""What our client uses of Medusa's Admin API, as an OpenAPI document of our own."""

from typing import Any

TEXT = {"schema": {"type": "string"}}
COUNT = {"schema": {"type": "integer", "minimum": 0}}
OBJECT = {"schema": {"type": "object"}}


def _listed(*names: str) -> dict[str, Any]:
    counts = ("limit", "offset")
    parameters = [{"in": "query", "name": name, **(COUNT if name in counts else TEXT)} for name in names]
    return {"parameters": parameters, "responses": {"200": {"content": {"application/json": OBJECT}}}}


def _posted(schema: dict[str, Any], *names: str) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {**_listed(*names), "requestBody": body}


def _closed(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object", "required": required, "properties": properties, "additionalProperties": False,
    }  # fmt: skip


ITEM = _closed(["id", "quantity"], id={"type": "string"}, quantity={"type": "number"})
ITEMS = {"type": "array", "minItems": 1, "items": ITEM}
LABEL = _closed(
    ["tracking_number", "tracking_url", "label_url"],
    tracking_number={"type": "string"},
    tracking_url={"type": "string"},
    label_url={"type": "string"},
)
FULFILLMENT = _closed(
    ["items"], items=ITEMS, location_id={"type": "string"}, metadata={"type": ["object", "null"]}
)
SHIPMENT = _closed(["items"], items=ITEMS, labels={"type": "array", "items": LABEL})
REFUND = _closed([], amount={"type": "number"}, note={"type": "string"})
LEVEL = _closed([], stocked_quantity={"type": "number"})
LEVELS = _closed(
    [],
    update={
        "type": "array",
        "items": _closed(
            ["inventory_item_id", "location_id"],
            inventory_item_id={"type": "string"},
            location_id={"type": "string"},
            stocked_quantity={"type": "number"},
        ),
    },
)
PAGED = ("fields", "limit", "offset", "order")
DATES = ("created_at[$gte]", "updated_at[$gte]", "updated_at[$lte]")
LEVEL_PATH = "/admin/inventory-items/{id}/location-levels"
OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/admin/stores": {"get": _listed(*PAGED)},
        "/admin/stores/{id}": {"post": _posted(_closed([], metadata={"type": "object"}))},
        "/admin/orders": {"get": _listed(*PAGED, *DATES)},
        "/admin/orders/{id}": {"get": _listed("fields")},
        "/admin/orders/{id}/fulfillments": {"post": _posted(FULFILLMENT, "fields")},
        "/admin/orders/{id}/fulfillments/{fulfillment}/shipments": {"post": _posted(SHIPMENT, "fields")},
        "/admin/payments/{id}/refund": {"post": _posted(REFUND)},
        "/admin/products": {"get": _listed(*PAGED, *DATES)},
        "/admin/products/{id}": {"get": _listed("fields")},
        "/admin/product-variants": {"get": _listed(*PAGED, "id[]")},
        "/admin/stock-locations": {"get": _listed(*PAGED, *DATES)},
        LEVEL_PATH: {"get": _listed(*PAGED)},
        f"{LEVEL_PATH}/{{location}}": {"post": _posted(LEVEL)},
        "/admin/inventory-items/location-levels/batch": {"post": _posted(LEVELS)},
    },
}
