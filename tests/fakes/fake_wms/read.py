"""Pure: what the fake vendor says → our fields. What it leaves out is left out."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp, whole

STATUS = {"NEW": "open", "PICKED": "picked", "SHIPPED": "fulfilled"}


def order(raw: Raw) -> Fields:
    record = {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "status": STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
    }
    for ours, theirs, value in (
        ("order_number", "number", text),
        ("channel", "channel", text),
        ("total_price", "total", money),
    ):
        if theirs in raw:
            record[ours] = value(raw[theirs])
    if "lines" in raw:
        record["line_items"] = [_line(line) for line in raw["lines"]]
    if "shipments" in raw:
        record["shipments"] = [_shipment(shipment) for shipment in raw["shipments"]]
    if "ship_to" in raw:
        record["ship_to_address"] = raw["ship_to"]
    if "extra" in raw:
        record["additional_fields"] = raw["extra"]
    return record


def _line(raw: Raw) -> Fields:
    return {
        "product_id": text(raw["product"]),
        "quantity": whole(raw["quantity"]),
        "is_picked": raw.get("picked", False),
        "unit_price": money(raw.get("price")),
    }


def _shipment(raw: Raw) -> Fields:
    return {
        "shipment_id": text(raw["id"]),
        "warehouse_id": text(raw["warehouse"]),
        "status": "shipped",
        "shipped_date": timestamp(raw["shipped_at"]),
        "packages": [
            {"package_id": number, "tracking_number": number} for number in raw.get("trackings", [])
        ],
    }


def warehouse(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["updated_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "name": text(raw["name"]),
    }


def packs_of_order(raw: Raw) -> Fields:
    packs: list[Fields] = [{"pack_id": text(pack), "line_items": []} for pack in raw["packs"]]
    return {"id": text(raw["id"]), "packs": packs}
