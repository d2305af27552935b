"""Pure: what the fake vendor says → our fields. What it leaves out is left out."""

from crossdock.integrations.contract import Fields, Raw
from crossdock.integrations.values import money, text, timestamp, whole

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
        record["line_items"] = [_line(one) for one in raw["lines"]]
    if "shipments" in raw:
        record["shipments"] = [_shipment(one) for one in raw["shipments"]]
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


def order_packs(raw: Raw) -> Fields:
    packs: list[Fields] = [{"pack_id": text(one), "line_items": []} for one in raw["packs"]]
    return {"id": text(raw["id"]), "packs": packs}
