"""Supplier shipments → inbound shipments."""

from crossdock.integrations.tryton.read.values import (
    RECEIPT_STATUS,
    active,
    all_related,
    by_item,
    identity,
    related,
    sku,
    street,
    time,
    total,
    unit_price,
)
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import in_whole_numbers


def inbound_shipment(raw: Raw) -> Fields:
    """Supplier shipment → inbound shipment. What has arrived is its one receipt."""
    moves = active(raw, "incoming_moves.")
    record = {
        **identity(raw, *all_related(raw, "incoming_moves.")),
        "purchase_order_number": _purchase_number(raw, moves),
        "status": RECEIPT_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "supplier": values.text(related(raw, "supplier.").get("name")),
        "supplier_object": {
            "supplier_id": values.text(raw["supplier"]),
            "supplier_name": values.text(related(raw, "supplier.").get("name")),
        },
        "expected_arrival_date": time(raw["planned_date"]),
        "warehouse_id": values.text(raw["warehouse"]),
        "line_items": _inbound_lines(raw, moves),
        "receipts": _receipts(raw, [move for move in moves if move["state"] == "done"]),
        "ship_from_address": street(related(raw, "contact_address.")),
        "additional_fields": {"number": raw["number"], "reference": raw["reference"]},
    }
    return in_whole_numbers(record)


def _purchase_number(raw: Raw, moves: list[Raw]) -> str | None:
    """The number of the purchase, when all goods belong to one; of no purchase, the shipment's reference."""
    numbers = {related(move, "purchase.").get("number") for move in moves}
    if not any(numbers):
        return values.text(raw["reference"])
    return values.text(numbers.pop()) if len(numbers) == 1 else None


def _inbound_lines(raw: Raw, moves: list[Raw]) -> list[Fields]:
    """A line of each move, with what was announced of it and did not come."""
    missing = _missing(raw)
    lines = []
    for move in sorted(moves, key=lambda move: move["id"], reverse=True):
        # Receiving takes what is missing from the last moves of an item.
        lines.append(_inbound_line(move, missing.pop(move["product"], [])))
    never_came = [_inbound_line(group[0], group[1:], came=False) for group in missing.values()]
    return [*reversed(lines), *never_came]


def _missing(raw: Raw) -> dict[int, list[Raw]]:
    """The moves of what did not come, by item: those cancelled in a shipment that was received.

    What a purchase expects, Tryton expects again: it has moves of its own for it.
    """
    missing: dict[int, list[Raw]] = {}
    if raw["state"] in {"received", "done"}:
        for move in all_related(raw, "incoming_moves."):
            if move["state"] == "cancelled" and not move["origin"]:
                missing.setdefault(move["product"], []).append(move)
    return missing


def _inbound_line(move: Raw, missing: list[Raw], *, came: bool = True) -> Fields:
    is_done = came and move["state"] == "done"
    return {
        "inventory_item_id": values.text(move["product"]),
        "sku": sku(move),
        "expected_quantity": total([move, *missing]),
        "received_quantity": total([move] if is_done else []),
        "unit_cost": unit_price(move),
    }


def _receipts(raw: Raw, done: list[Raw]) -> list[Fields]:
    if not done:
        return []
    arrived = min(filter(None, (time(move["effective_date"]) for move in done)))
    contents = [
        {"inventory_item_id": item, "sku": sku(group[0]), "quantity": quantity}
        for item, group in by_item(done).items()
        if (quantity := total(group))
    ]
    return [{"id": values.text(raw["id"]), "arrived_date": arrived, "line_items": contents}]
