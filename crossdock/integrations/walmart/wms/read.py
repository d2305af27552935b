"""Records of Walmart Fulfillment Services → ours. Pure: values in, values out."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crossdock.integrations.walmart.moments import moment
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, held, in_whole_numbers
from crossdock.kit.values import added, decimal, link, money, text

WFS = "WFS"
"""The warehouse of all: Walmart does not say in which of its centres goods are."""
ORDER_STATUS = {
    "PROCESSING": "processing",
    "DELIVERED": "fulfilled",
}
"""Those that the description shows; it has no list of them."""
INBOUND_STATUS = {
    "PENDING_SHIPMENT_DETAILS": "open",
    "AWAITING_DELIVERY": "in-transit",
    "IN_TRANSIT": "in-transit",
    "RECEIVING_IN_PROGRESS": "receiving",
    "CLOSED": "received",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
}
"""Written as in answers; guides of Walmart's write them as words ("Receiving in progress")."""
RETURN_STATUS = {"INITIATED": "open", "DELIVERED": "received", "COMPLETED": "received"}
ON_ITS_WAY = "RETURN_IN_TRANSIT"
"""An event of a line that stays INITIATED (description, `eventTag`)."""


# Multichannel orders


def order(raw: Raw) -> Fields:
    lines, shipments = raw["orderLines"], raw.get("shipments") or []
    address = next((filter(None, map(_address_of, lines))), {})
    changes = [part.get("lastModified") for part in (*lines, *shipments)]
    word = text(raw.get("status"))
    return in_whole_numbers(
        {
            "id": text(raw["sellerOrderId"]),
            "warehouse_id": WFS,
            "created_date": moment(raw["orderDate"]),
            "updated_date": _latest([raw["orderDate"], *changes]),
            "reference_id": text(raw["sellerOrderId"]),
            "order_number": text(raw["sellerOrderId"]),
            "status": _status(word, lines, shipments),
            "raw_status": word,
            "service_level": next((text(line.get("shippingTier")) for line in lines), None),
            "shipping_method": next((text(line.get("shippingMethod")) for line in lines), None),
            "ship_to_address": address,
            "line_items": [_line(line) for line in lines],
            "shipments": [_shipment(shipment) for shipment in shipments],
            "additional_fields": {
                "order_channel_id": text(raw.get("orderChannelId")),
                "order_type": text(raw.get("orderType")),
            },
        }
    )


def _status(word: str | None, lines: Iterable[Raw], shipments: Iterable[Raw]) -> str:
    """Ours; what Walmart still works at may have been sent in part, or as a whole."""
    known = ORDER_STATUS.get((word or "").upper(), "other")
    sent = [shipment for shipment in shipments if shipment.get("actualShipmentDate")]
    if known != "processing" or not sent:
        return known
    return "fulfilled" if _is_whole(lines, sent) else "partially_fulfilled"


def _is_whole(lines: Iterable[Raw], sent: Iterable[Raw]) -> bool:
    ordered = added(_amount(line.get("orderedQty")) for line in lines)
    gone = added(
        _amount(part.get("quantity")) for shipment in sent for part in shipment.get("shipmentLines") or []
    )
    return isinstance(ordered, Decimal) and isinstance(gone, Decimal) and gone >= ordered > 0


def _amount(quantity: Raw | None) -> Any:
    return decimal((quantity or {}).get("measurementValue"))


def _line(line: Raw) -> Fields:
    """A line. Walmart shows neither a SKU nor a number of it, but the product's name."""
    ordered = line.get("orderedQty") or {}
    parts = line.get("orderLineQuantityInfo") or []
    name = text((line.get("orderProduct") or {}).get("productName"))
    return {
        "product_id": name or "",
        "sku": None,
        "quantity": counted([ordered.get("measurementValue")], text(ordered.get("unitOfMeasure"))),
        "is_picked": bool(parts) and all(text(part.get("status")) == "DELIVERED" for part in parts),
    }


def _shipment(shipment: Raw) -> Fields:
    tracking = text(shipment.get("trackingNo"))
    carrier = text(shipment.get("carrierDescription"))
    number = text(shipment["shipmentNo"])
    lines = shipment.get("shipmentLines") or []
    items = [
        {
            "inventory_item_id": text(line.get("fulfillerLineId")) or text(line.get("shipmentLineNo")) or "",
            "quantity": counted([(line.get("quantity") or {}).get("measurementValue")]),
        }
        for line in lines
    ]
    package = {
        "package_id": text(shipment.get("packageId")) or number,
        "tracking_number": tracking,
        "tracking_url": link(shipment.get("externalTrackingURL")),
        "carrier": carrier,
        "carrier_name": carrier,
        "scac": text(shipment.get("scac")),
        "line_items": items,
    }
    return {
        "shipment_id": number,
        "warehouse_id": WFS,
        "raw_status": text(shipment.get("status")),
        "status": "shipped" if shipment.get("actualShipmentDate") else "open",
        "shipped_date": moment(shipment.get("actualShipmentDate")),
        "line_items": items,
        "packages": [package] if tracking or shipment.get("packageId") else [],
    }


def _address_of(line: Raw) -> Fields:
    """The destination of a line: the schema and the examples of Walmart call it differently."""
    whole = line.get("customerShipToAddress") or line.get("shipToAddress") or {}
    address = whole.get("address") or {}

    def either(name: str, other: str) -> str | None:
        return text(address.get(name)) or text(address.get(other))

    return address and {
        "full_name": _full_name(whole.get("name") or {}),
        "address1": either("addressLine1", "addressLineOne"),
        "address2": either("addressLine2", "addressLineTwo"),
        "city": text(address.get("city")),
        "state": either("stateCode", "stateOrProvinceCode"),
        "postal_code": text(address.get("postalCode")),
        "country": text(address.get("countryCode")),
        "phone_number": text(address.get("phone")),
    }


def _full_name(name: Raw) -> str | None:
    parts = filter(None, (text(name.get("firstName")), text(name.get("lastName"))))
    return text(name.get("completeName")) or " ".join(parts) or None


# Stock


def inventory_item(raw: Raw) -> Fields:
    nodes = raw["shipNodes"]
    onhand = held([node["onHandQty"] for node in nodes])
    free = held([node["availToSellQty"] for node in nodes])
    # What is on hand and not to be had any more is promised: Walmart counts no damaged goods as on hand.
    promised = counted([max(0, onhand.whole - free.whole)])
    numbers = {"onhand": onhand, "committed": promised, "fulfillable": free, "sellable": free}
    sku = text(raw["sku"])
    return in_whole_numbers(
        {
            "id": sku,
            "created_date": None,
            "updated_date": None,
            "name": sku,
            "sku": sku,
            "active": True,
            "awaiting": 0,
            "unfulfillable": 0,
            **numbers,
            "inventory_by_warehouse_id": {WFS: numbers},
            "additional_fields": {
                "modified_date": _latest(node.get("modifiedDate") for node in nodes),
                "ship_node_types": [text(node.get("shipNodeType")) for node in nodes],
            },
        }
    )


# Inbound shipments


def inbound_shipment(raw: Raw) -> Fields:
    centre = raw.get("shipToAddress") or {}
    word = text(raw.get("status"))
    return {
        "id": text(raw["shipmentId"]),
        "created_date": moment(raw["createdDate"]),
        # Nothing but its creation and its arrival is dated.
        "updated_date": moment(raw.get("actualDeliveryDate")) or moment(raw["createdDate"]),
        "purchase_order_number": text(raw.get("inboundOrderId")),
        "status": INBOUND_STATUS.get((word or "").upper().replace(" ", "_"), "other"),
        "raw_status": word,
        "expected_arrival_date": moment(raw.get("updatedExpectedDeliveryDate"))
        or moment(raw.get("expectedDeliveryDate")),
        "warehouse_id": WFS,
        "line_items": [_inbound_line(item) for item in raw["items"]],
        "ship_from_address": _sender(raw.get("returnAddress") or {}),
        "tracking_numbers": [number for number in map(text, raw.get("trackingNo") or []) if number],
        "additional_fields": {
            "center": text(centre.get("fcName")),
            "carrier_name": text(raw.get("carrierName")),
            "damaged": _damaged(raw["items"]),
        },
    }


def _damaged(items: Iterable[Raw]) -> Fields:
    """The quantity that arrived damaged, by SKU."""
    return {item["sku"]: item["damagedQty"] for item in items if item.get("damagedQty")}


def _sender(address: Raw) -> Fields:
    return {
        "address1": text(address.get("addressLine1")),
        "address2": text(address.get("addressLine2")),
        "city": text(address.get("city")),
        "state": text(address.get("stateCode")),
        "postal_code": text(address.get("postalCode")),
        "country": text(address.get("countryCode")),
    }


def _inbound_line(item: Raw) -> Fields:
    return {
        "inventory_item_id": text(item["sku"]),
        "sku": text(item["sku"]),
        "expected_quantity": item["itemQty"],
        "received_quantity": item.get("receivedQty") or 0,
        "external_id": text(item.get("gtin")),
    }


# Returns


def return_order(raw: Raw) -> Fields:
    lines = raw["returnOrderLines"]
    words = list(dict.fromkeys(text(line.get("status")) or "" for line in lines))
    changes = [raw["returnOrderDate"], *(line.get("statusTime") for line in lines)]
    return in_whole_numbers(
        {
            "id": text(raw["returnOrderId"]),
            "created_date": moment(raw["returnOrderDate"]),
            "updated_date": _latest(changes),
            "status": _return_status(lines),
            "raw_status": ", ".join(words) or None,
            "order_id": next((text(line.get("purchaseOrderId")) for line in lines), None),
            "line_items": [_return_line(line) for line in lines],
            "shipments": [_return_shipment(carrier) for carrier in _carriers(raw)],
            "additional_fields": {
                "customer_order_id": text(raw.get("customerOrderId")),
                "return_type": text(raw.get("returnType")),
                "refund_mode": text(raw.get("refundMode")),
                "total_refund_amount": money((raw.get("totalRefundAmount") or {}).get("currencyAmount")),
                "return_by_date": moment(raw.get("returnByDate")),
            },
        }
    )


def _return_status(lines: Iterable[Raw]) -> str:
    """Ours; other where nobody knows a word of a line, else the least far that a line is."""
    states = {_line_status(line) for line in lines}
    return next((state for state in ("other", "open", "in-transit", "received") if state in states), "other")


def _line_status(line: Raw) -> str:
    status = RETURN_STATUS.get(text(line.get("status")) or "", "other")
    events = {text(event.get("eventTag")) for event in line.get("returnTrackingDetail") or []}
    return "in-transit" if status == "open" and ON_ITS_WAY in events else status


def _carriers(raw: Raw) -> Iterable[Raw]:
    for group in raw.get("returnLineGroups") or []:
        for label in group.get("labels") or []:
            yield from label.get("carrierInfoList") or []


def _latest(moments: Iterable[Any]) -> str | None:
    return max(filter(None, map(moment, moments)), default=None)


def _return_line(line: Raw) -> Fields:
    quantity = line.get("quantity") or {}
    amount = counted([quantity.get("measurementValue")], text(quantity.get("unitOfMeasure")))
    is_back = RETURN_STATUS.get(text(line.get("status")) or "") == "received"
    # A customer may keep what is refunded.
    is_kept = line.get("isKeepIt") is True or line.get("returnExpectedFlag") is False
    nothing: Any = 0
    return {
        "inventory_item_id": text(line["item"]["sku"]),
        "sku": text(line["item"]["sku"]),
        "expected_quantity": nothing if is_kept else amount,
        "received_quantity": amount if is_back and not is_kept else nothing,
        "return_reason": text(line.get("returnReason")),
        "quantity": amount,
    }


def _return_shipment(carrier: Raw) -> Fields:
    name = text(carrier.get("carrierName"))
    return {
        "tracking_number": text(carrier.get("trackingNo")),
        "carrier": name,
        "carrier_id": text(carrier.get("carrierId")),
        "carrier_name": name,
    }
