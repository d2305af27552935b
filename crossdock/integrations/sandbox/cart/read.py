"""Sandbox shop → our records. Pure: one function per resource."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, money, timestamp, whole

ORDER_STATUS = {
    "PENDING": "open",
    "CONFIRMED": "confirmed",
    "IN_PROGRESS": "processing",
    "PARTIAL": "partially_fulfilled",
    "COMPLETE": "fulfilled",
    "ATTENTION": "exception",
    "VOIDED": "cancelled",
    "BACKORDER": "backordered",
}
SHIPMENT_STATUS = {
    "READY": "open",
    "SENT": "shipped",
    "ARRIVED": "delivered",
    "VOIDED": "cancelled",
    "PROBLEM": "exception",
    "HELD": "on_hold",
}
LENGTH_UNIT = {"IN": "in", "CM": "cm"}
WEIGHT_UNIT = {"LB": "lb", "OZ": "oz", "KG": "kg"}


def order(raw: Raw) -> Fields:
    """An order of the shop, what is to be sent of it and what was."""
    return {
        "id": raw["gid"],
        "warehouse_customer_id": raw["store"],
        "order_number": raw["name"],
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["modified_at"]),
        "status": ORDER_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "requested_shipping_method": raw["rate"]["label"],
        **_rate(raw["rate"]),
        "invoice_currency_code": raw["money"]["currency"],
        "total_price": money(raw["money"]["total"]),
        "total_tax": money(raw["money"]["tax"]),
        "total_discount": money(raw["money"]["rebate"]),
        "total_shipping": money(raw["money"]["shipping"]),
        "ship_to_address": _ship_to(raw["ship_to"]),
        "bill_to_address": {"full_name": raw["bill_to"]["name"], **_address(raw["bill_to"])},
        "earliest_ship_date": timestamp(raw["window"]["from"]),
        "latest_ship_date": timestamp(raw["window"]["until"]),
        "line_items": [_line(line) for line in raw["lines"]],
        "shipping_groups": [_group(group) for group in raw["groups"]],
        "shipments": [_shipment(delivery) for delivery in raw["deliveries"]],
        "external_system_url": raw["link"],
        "additional_fields": {
            "payment": raw["payment"],
            **({"refunds": [_refund(refund) for refund in raw["refunds"]]} if "refunds" in raw else {}),
        },
    }


def product(raw: Raw) -> Fields:
    """A variant, or a listing of variants; a listing has no price and no stock of its own."""
    box = raw["box"] or {"size": None, "mass": None}
    return {
        "id": raw["gid"],
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["modified_at"]),
        "name": raw["title"],
        "sku": raw["sku"],
        "gtin": raw["barcode"],
        "parent_product_id": raw["parent"],
        "is_kit": raw["bundle"],
        "active": raw["published"],
        "image_url": raw["image"],
        "price": money(raw["price"]),
        "unit_cost": money(raw["cost"]),
        "inventory": added(map(whole, raw["levels"].values())) if raw["levels"] else None,
        "inventory_by_warehouse_id": raw["levels"],
        "measurements": _measurements(box["size"], box["mass"]),
        "tags": raw["labels"],
        "categories": raw["collections"],
        "external_system_url": raw["link"],
        "additional_fields": {"handle": raw["handle"]},
    }


def warehouse(raw: Raw) -> Fields:
    """A place that the shop sends from."""
    return {
        "id": raw["gid"],
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["modified_at"]),
        "name": raw["title"],
        "code": raw["handle"],
        "address": _address(raw["address"]),
    }


def _rate(rate: Raw) -> Fields:
    return {
        "shipping_method_id": rate["method"],
        "shipping_method_name": rate["label"],
        "carrier_id": rate["carrier"],
        "carrier_name": rate["carrier_label"],
    }


def _address(address: Raw) -> Fields:
    street = [*address["street"], None, None, None]
    return {
        "address1": street[0],
        "address2": street[1],
        "address3": street[2],
        "city": address["town"],
        "state": address["region"],
        "postal_code": address["zip"],
        "country": address["country"],
    }


def _ship_to(address: Raw) -> Fields:
    return {
        "full_name": address["name"],
        "company": address["firm"],
        **_address(address),
        "phone_number": address["phone"],
        "email_address": address["mail"],
    }


def _measurements(size: Raw | None, mass: Raw | None) -> Fields:
    return {
        "length": money(size["l"]) if size else None,
        "width": money(size["w"]) if size else None,
        "height": money(size["h"]) if size else None,
        "unit": LENGTH_UNIT.get(size["unit"]) if size else None,
        "weight": money(mass["value"]) if mass else None,
        "weight_unit": WEIGHT_UNIT.get(mass["unit"]) if mass else None,
    }


def _line(line: Raw) -> Fields:
    return {
        "line_item_id": line["gid"],
        "product_id": line["variant"],
        "product_sku": line["sku"],
        "parent_product_id": line["parent"],
        "parent_product_sku": line["parent_sku"],
        "quantity": line["units"],
        "unit_price": money(line["price"]),
        "discount": money(line["rebate"]),
        "tax": money(line["tax"]),
    }


def _group(group: Raw) -> Fields:
    return {
        "shipping_group_id": group["gid"],
        "created_date": timestamp(group["created_at"]),
        "updated_date": timestamp(group["modified_at"]),
        "raw_status": group["state"],
        "status": SHIPMENT_STATUS.get(group["state"], "other"),
        "warehouse_id": group["origin"],
        "line_items": [
            {
                "line_item_id": row["gid"],
                "product_id": row["variant"],
                "product_sku": row["sku"],
                "parent_product_id": row["parent"],
                "quantity": row["units"],
            }
            for row in group["rows"]
        ],
    }


def _refund(refund: Raw) -> Fields:
    return {
        "refund_id": refund["gid"],
        "created_date": timestamp(refund["created_at"]),
        "amount": money(refund["amount"]),
        "reason": refund["why"],
        "line_items": [
            {"line_item_id": row["line"], "quantity": row["units"], "amount": money(row["amount"])}
            for row in refund["lines"]
        ],
    }


def _shipment(delivery: Raw) -> Fields:
    return {
        "shipment_id": delivery["gid"],
        "raw_status": delivery["state"],
        "status": SHIPMENT_STATUS.get(delivery["state"], "other"),
        "warehouse_id": delivery["origin"],
        **_rate(delivery["rate"]),
        "tracking_number": delivery["track"],
        "tracking_url": delivery["track_url"],
        "line_items": [
            {
                "shipment_line_item_id": row["gid"],
                "product_id": row["variant"],
                "product_sku": row["sku"],
                "parent_product_id": row["parent"],
                "parent_product_sku": row["parent_sku"],
                "quantity": row["units"],
            }
            for row in delivery["rows"]
        ],
        "shipping_groups": delivery["groups"],
        "created_date": timestamp(delivery["created_at"]),
        "updated_date": timestamp(delivery["modified_at"]),
    }
