"""Sides of done stock moves → ledger entries."""

from dataclasses import replace

from crossdock.integrations.tryton.read.values import (
    related,
    sku,
    time,
    total,
    updated,
)
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import in_whole_numbers

# By where the goods come from or go to: the type of the location at the move's other end.
EVENT_TYPES = {
    ("supplier", "in"): "inbound_receipt",
    ("supplier", "out"): "supplier_return",
    ("customer", "in"): "return_receipt",
    ("customer", "out"): "order_shipment",
    ("lost_found", "in"): "adjustment",
    ("lost_found", "out"): "adjustment",
    ("storage", "in"): "movement",
    ("storage", "out"): "movement",
}


OBJECT_TYPES = {
    "stock.shipment.out": "order",
    "stock.shipment.in": "inbound_shipment",
    "stock.shipment.out.return": "return",
}


def inventory_ledger_entry(raw: Raw) -> Fields:
    """One side of a done stock move → ledger entry."""
    move, direction = raw["move"], raw["direction"]
    other_type = related(move, "from_location." if direction == "in" else "to_location.")["type"]
    quantity = total([move])
    if (direction == "in") == raw["is_reversal"]:
        quantity = replace(quantity, exact=quantity.exact and -quantity.exact)
    model, _, document = (move["shipment"] or "").partition(",")
    record = {
        "id": raw["id"],
        "created_date": time(move["create_date"]),
        "updated_date": updated(move),
        "entry_date": time(move["write_date"] if raw["is_reversal"] else move["effective_date"]),
        "inventory_item_id": values.text(move["product"]),
        "sku": sku(move) or "",
        "quantity": quantity,
        "raw_event_type": _raw_event(raw),
        "event_type": EVENT_TYPES.get((other_type, direction), "other"),
        "object_id": document if model in OBJECT_TYPES else None,
        "object_type": OBJECT_TYPES.get(model),
        "warehouse_id": values.text(raw["warehouse"]),
        "location_id": values.text(raw["location"]),
        "additional_fields": {
            "move_id": values.text(move["id"]),
            "shipment": move["shipment"],
            "origin": move["origin"],
            "lot": related(move, "lot.").get("number"),
        },
    }
    return in_whole_numbers(record)


def _raw_event(raw: Raw) -> str:
    """The move in Tryton's words: the types of its two locations."""
    begin, end = (related(raw["move"], f"{side}_location.")["type"] for side in ("from", "to"))
    return f"{begin} to {end}" + (", cancelled" if raw["is_reversal"] else "")
