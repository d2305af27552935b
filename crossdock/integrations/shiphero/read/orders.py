"""Orders, with their shipments and these shipments' labels."""

from crossdock.integrations.shiphero.read.parts import dated, link, measurements, named_ship_to, ship_to, word
from crossdock.integrations.shiphero.records import is_cancelled, is_void, item_id
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp, whole

CLOSED = {"fulfilled": "fulfilled", "canceled": "cancelled", "cancelled": "cancelled"}
"""Statuses that say it all."""
UNFULFILLED = {"pending", "unfulfilled", "default"}
"""Statuses of orders that are on their way through the warehouse: their lines and holds say how far."""
DUTIES = {"DDP": "sender", "DDU": "recipient", "DAP": "recipient"}
"""Incoterms, as ICC defines them."""


def order(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        "warehouse_customer_id": text(raw.get("customer_account_id")),
        "warehouse_id": _warehouse(raw),
        **dated(raw["order_date"], raw.get("updated_at")),
        "reference_id": text(raw.get("partner_order_id")) or "",
        "order_number": text(raw.get("order_number")) or "",
        "status": order_status(raw),
        "raw_status": text(raw["fulfillment_status"]),
        "channel": text(raw.get("shop_name")),
        "channel_object": _channel(raw),
        **_shipping(raw),
        "invoice_currency_code": text(raw.get("currency")) or "USD",
        "total_price": money(raw.get("total_price")),
        "total_tax": money(raw.get("total_tax")),
        "total_discount": money(raw.get("total_discounts")),
        "ship_to_address": ship_to(raw.get("shipping_address"), raw.get("email")),
        "line_items": [_line(line, raw) for line in raw["line_items"]],
        "tags": _tags(raw),
        "required_ship_date": timestamp(raw.get("required_ship_date")),
        "shipments": [_shipment(shipment, raw) for shipment in raw.get("shipments") or []],
        "additional_fields": {"holds": _holds(raw), **additional(raw, "legacy_id", "packing_note")},
    }


def _shipping(raw: Raw) -> Fields:
    """How an order is to be sent, and who pays."""
    line, payer = raw.get("shipping_lines") or {}, raw.get("third_party_shipper") or {}
    return {
        "shipping_method": text(line.get("title")),
        "service_level": text(line.get("method")),
        "shipping_method_name": text(line.get("title")),
        "carrier_name": text(line.get("carrier")),
        "total_shipping": money(line.get("price")),
        "third_party_freight_account_number": text(payer.get("account_number")),
        "saturday_delivery": raw.get("saturday_delivery"),
        "signature_required": raw.get("require_signature"),
        "international_duty_paid_by": DUTIES.get((text(raw.get("incoterms")) or "").upper()),
    }


def _tags(raw: Raw) -> list[str]:
    return [name for tag in raw.get("tags") or [] if (name := text(tag))]


def order_status(raw: Raw) -> str:
    """Ours, by the status; of an order that is pending also by its holds and lines."""
    status = word(raw["fulfillment_status"])
    if status not in UNFULFILLED:
        return CLOSED.get(status, "other")
    if _holds(raw):
        return "exception"
    lines = raw["line_items"]
    if any(whole(line.get("quantity_shipped")) for line in lines):
        return "partially_fulfilled"
    if any((whole(line.get("backorder_quantity")) or 0) > 0 for line in lines):
        return "backordered"
    return "processing" if any(whole(line.get("quantity_allocated")) for line in lines) else "open"


def _holds(raw: Raw) -> list[str]:
    """The names of what holds the order back."""
    return sorted(name for name, is_held in (raw.get("holds") or {}).items() if is_held)


def _warehouse(raw: Raw) -> str | None:
    """The warehouse that the order is allocated to, if it is one."""
    names = {text(allocation.get("warehouse_id")) for allocation in raw.get("allocations") or []}
    return names.pop() if len(names) == 1 else None


def _channel(raw: Raw) -> Fields:
    """The shop, which has a name and no id of its own."""
    shop = text(raw.get("shop_name"))
    return {"channel_id": shop, "channel_name": shop} if shop else {}


def _line(line: Raw, order: Raw) -> Fields:
    quantity, pending = whole(line["quantity"]), whole(line.get("quantity_pending_fulfillment"))
    return {
        "product_id": item_id(order.get("account_id"), line.get("sku")) or text(line["id"]),
        "sku": text(line.get("sku")),
        "quantity": quantity,
        "unit_price": money(line.get("price")),
        # Whether it is in a tote is not asked for; what was sent was picked.
        "is_picked": bool(quantity) and pending == 0 and bool(whole(line.get("quantity_shipped"))),
    }


def _shipment(shipment: Raw, order: Raw) -> Fields:
    labels = shipment.get("shipping_labels") or []
    labels = [label for label in labels if not is_void(label)] or labels
    return {
        "shipment_id": text(shipment["id"]),
        "warehouse_id": text(shipment["warehouse_id"]),
        "status": "cancelled" if is_cancelled(shipment) else "shipped",  # it is made when it is sent
        "shipped_date": timestamp(shipment.get("created_date")),
        "shipping_method": text(labels[0].get("shipping_method")) if labels else None,
        "line_items": [_shipped(line, order) for line in shipment["line_items"]],
        "ship_to_address": named_ship_to(shipment.get("address")),
        "packages": [_package(label, shipment, order, is_only=len(labels) == 1) for label in labels],
    }


def _package(label: Raw, shipment: Raw, order: Raw, *, is_only: bool) -> Fields:
    """A label. Its lines are those that name it; where there is only one label, all."""
    lines = [
        line for line in shipment["line_items"] if is_only or line.get("shipping_label_id") == label["id"]
    ]
    return {
        "package_id": text(label["id"]),
        "tracking_number": text(label.get("tracking_number")),
        "tracking_url": link(label.get("tracking_url")),
        "shipping_method": text(label.get("shipping_method")),
        "carrier": text(label.get("carrier")),
        "shipping_method_name": text(label.get("shipping_name")) or text(label.get("shipping_method")),
        "carrier_name": text(label.get("carrier")),
        "shipping_cost": money(label.get("cost")),
        "measurements": measurements(label.get("dimensions")),
        "line_items": [_shipped(line, order) for line in lines],
    }


def _shipped(line: Raw, order: Raw) -> Fields:
    item = line.get("line_item") or {}
    return {
        "inventory_item_id": item_id(order.get("account_id"), item.get("sku")) or text(line["id"]),
        "sku": text(item.get("sku")),
        "quantity": whole(line["quantity"]),
    }
