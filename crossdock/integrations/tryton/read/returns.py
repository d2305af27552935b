"""Customer returns → returns."""

from crossdock.integrations.tryton.read.values import (
    RECEIPT_STATUS,
    active,
    all_related,
    by_item,
    identity,
    sku,
    time,
    total,
)
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, in_whole_numbers


def return_order(raw: Raw) -> Fields:
    """Customer return → return."""
    restocked = by_item([entry for entry in all_related(raw, "inventory_moves.") if entry["state"] == "done"])
    record = {
        **identity(raw, *all_related(raw, "incoming_moves."), *all_related(raw, "inventory_moves.")),
        "warehouse_customer_id": values.text(raw["customer"]),
        "status": RECEIPT_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "line_items": [
            _return_line(raw, group, restocked.get(item, []))
            for item, group in by_item(active(raw, "incoming_moves.")).items()
        ],
        "additional_fields": {
            "number": raw["number"],
            "reference": raw["reference"],
            "origins": raw["origins"] or None,
        },
    }
    return in_whole_numbers(record | ({"order_id": values.text(raw["order"])} if "order" in raw else {}))


def _return_line(raw: Raw, moves: list[Raw], restocked: list[Raw]) -> Fields:
    done = [move for move in moves if move["state"] == "done"]
    received = total(done)
    unit = total(moves).unit
    returned = filter(None, (time(move["effective_date"]) for move in done))
    return {
        "inventory_item_id": values.text(moves[0]["product"]),
        "sku": sku(moves[0]),
        "expected_quantity": total(moves),
        "received_quantity": received,
        "restocked_quantity": counted([move["internal_quantity"] for move in restocked], unit),
        "quantity": received,
        "warehouse_id": values.text(raw["warehouse"]),
        "returned_date": min(returned, default=None),
    }
