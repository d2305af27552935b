"""The bodies of writes that every shop takes alike: refunds, changes of stock, the lines of a shipment."""

from collections.abc import Mapping
from typing import Any

from crossdock.kit.contract import Accepts

SENT_LINES: Mapping[str, Any] = {
    "type": "array",
    "minItems": 1,
    "title": "Lines",
    "description": "What was sent. Without any: all that is left of the order.",
    "items": {
        "type": "object",
        "properties": {
            "line_item_id": {"type": "string", "minLength": 1},
            "quantity": {"type": "integer", "minimum": 1},
        },
        "required": ["line_item_id", "quantity"],
        "additionalProperties": False,
    },
}
REFUND = Accepts(
    required=("line_items.line_item_id",),
    optional=("line_items", "line_items.quantity", "line_items.amount", "amount", "reason"),
    any_of=(("line_items", "amount"),),
)
ADJUSTMENT = Accepts(
    required=("quantity", "adjustment_type"),
    optional=("warehouse_id",),
    options={"warehouse_id": "warehouses"},
)
ADJUSTMENTS = Accepts(
    required=("line_items", "line_items.product_id", "line_items.quantity"),
    optional=("line_items.warehouse_id",),
    options={"line_items.warehouse_id": "warehouses"},
)
