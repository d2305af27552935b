"""Amazon's stock, multi-channel orders, inbound plans and returns → ours. Pure: values in, values out."""

from collections.abc import Iterable, Sequence
from typing import Any

from crossdock.integrations.amazon.parts import ship_to
from crossdock.kit.contract import RECORD_ID, Fields, Raw
from crossdock.kit.values import added, text, timestamp, whole

ORDER_STATUS = {
    "New": "open",
    "Received": "confirmed",
    "Planning": "processing",
    "Processing": "processing",
    "Cancelled": "cancelled",
    "Complete": "fulfilled",
    "CompletePartialled": "partially_fulfilled",  # the rest was cancelled, or could not be sent
    "Unfulfillable": "exception",
    "Invalid": "exception",
}
SHIPMENT_STATUS = {
    "PENDING": "open",
    "SHIPPED": "shipped",
    "CANCELLED_BY_FULFILLER": "cancelled",
    "CANCELLED_BY_SELLER": "cancelled",
}
INBOUND_STATUS = {
    "UNCONFIRMED": "open",
    "WORKING": "open",
    "READY_TO_SHIP": "open",
    "SHIPPED": "in-transit",
    "IN_TRANSIT": "in-transit",
    "DELIVERED": "in-transit",
    "CHECKED_IN": "receiving",
    "RECEIVING": "receiving",
    "CLOSED": "received",
    "CANCELLED": "cancelled",
    "DELETED": "cancelled",
    "ABANDONED": "cancelled",
    "MIXED": "other",
}
"""Of a shipment; that of a plan is made of its shipments'."""
PLAN_STATUS = {"ACTIVE": "open", "SHIPPED": "in-transit", "VOIDED": "cancelled", "ERRORED": "other"}
"""Of a plan without shipments; a void one is so whatever they say."""


# Stock


def product(raw: Raw) -> Fields:
    sku = text(raw["sellerSku"])
    return {
        **_common(raw),
        "inventory_items": [{"inventory_item_id": sku, "sku": sku, "unit_quantity": 1}],
        "is_kit": False,
    }


def inventory_item(raw: Raw) -> Fields:
    details = raw["inventoryDetails"]
    fulfillable = _count(details.get("fulfillableQuantity"))
    reserved = details.get("reservedQuantity") or {}
    damaged = _count((details.get("unfulfillableQuantity") or {}).get("totalUnfulfillableQuantity"))
    fields = _common(raw)
    return fields | {
        "awaiting": added(
            _count(details.get(f"inbound{stage}Quantity")) for stage in ("Working", "Shipped", "Receiving")
        ),
        "onhand": added([fulfillable, damaged, _count(reserved.get("totalReservedQuantity"))]),
        "committed": _count(reserved.get("pendingCustomerOrderQuantity")),
        "unfulfillable": damaged,
        "fulfillable": fulfillable,
        "sellable": fulfillable,
        "additional_fields": fields["additional_fields"]
        | {
            "total_quantity": whole(raw.get("totalQuantity")),
            "researching": whole((details.get("researchingQuantity") or {}).get("totalResearchingQuantity")),
            "transshipment": whole(reserved.get("pendingTransshipmentQuantity")),
            "fc_processing": whole(reserved.get("fcProcessingQuantity")),
        },
    }


def _common(raw: Raw) -> Fields:
    sku = text(raw["sellerSku"])
    return {
        "id": sku,
        "sku": sku,
        "name": text(raw.get("productName")) or sku or "",
        "created_date": None,
        "updated_date": None,
        "active": True,
        "additional_fields": {
            "asin": text(raw.get("asin")),
            "fnsku": text(raw.get("fnSku")),
            "condition": text(raw.get("condition")),
            "quantity_updated": timestamp(text(raw.get("lastUpdatedTime"))),
        },
    }


def _count(value: Any) -> int | None:
    """A number of units; Amazon leaves out those that are none."""
    return 0 if value is None else whole(value)


# Orders


def order(raw: Raw) -> Fields:
    said, shipments = raw["fulfillmentOrder"], raw.get("fulfillmentShipments") or []
    status, speed = text(said["fulfillmentOrderStatus"]), text(said["shippingSpeedCategory"])
    emails = said.get("notificationEmails") or []
    return {
        "id": text(said["sellerFulfillmentOrderId"]),
        "reference_id": text(said["sellerFulfillmentOrderId"]),
        "order_number": text(said["displayableOrderId"]),
        "created_date": timestamp(said["receivedDate"]),
        "updated_date": timestamp(said["statusUpdatedDate"]),
        "status": ORDER_STATUS.get(status or "", "other"),
        "raw_status": status,
        "shipping_method": speed,
        "shipping_method_name": speed,
        "service_level": speed,
        "ship_to_address": ship_to(said["destinationAddress"])
        | {"email_address": text(emails[0]) if emails else None},
        "line_items": [_line(item, shipments) for item in raw["fulfillmentOrderItems"]],
        "shipments": [_shipment(shipment) for shipment in shipments],
        "additional_fields": {
            "marketplace_id": text(said["marketplaceId"]),
            "fulfillment_action": text(said.get("fulfillmentAction")),
            "fulfillment_policy": text(said.get("fulfillmentPolicy")),
            "comment": text(said["displayableOrderComment"]),
            "cancelled_quantity": added(_amounts(raw, "cancelledQuantity")),
            "unfulfillable_quantity": added(_amounts(raw, "unfulfillableQuantity")),
        },
    }


def _amounts(raw: Raw, name: str) -> list[int | None]:
    return [whole(item[name]) for item in raw["fulfillmentOrderItems"]]


def _line(item: Raw, shipments: Iterable[Raw]) -> Fields:
    sku, number = text(item["sellerSku"]), item["sellerFulfillmentOrderItemId"]
    sent = [
        whole(part["quantity"])
        for shipment in shipments
        if shipment["fulfillmentShipmentStatus"] == "SHIPPED"
        for part in shipment["fulfillmentShipmentItem"]
        if part["sellerFulfillmentOrderItemId"] == number
    ]
    quantity, picked = whole(item["quantity"]), added(sent)
    return {
        "product_id": sku,
        "sku": sku,
        "quantity": quantity,
        "is_picked": bool(sent) and picked is not None and quantity is not None and picked >= quantity,
    }


def _shipment(shipment: Raw) -> Fields:
    status, items = text(shipment["fulfillmentShipmentStatus"]), shipment["fulfillmentShipmentItem"]
    packages = shipment.get("fulfillmentShipmentPackage") or []
    # Of one that has not left it is an estimate.
    shipped = shipment.get("shippingDate") if status == "SHIPPED" else None
    return {
        "shipment_id": text(shipment["amazonShipmentId"]),
        "warehouse_id": text(shipment["fulfillmentCenterId"]),
        "status": SHIPMENT_STATUS.get(status or "", "other"),
        "raw_status": status,
        "shipped_date": timestamp(shipped),
        "line_items": [_item(item) for item in items],
        "packages": [_package(package, items) for package in packages],
    }


def _package(package: Raw, items: Iterable[Raw]) -> Fields:
    number, carrier = package["packageNumber"], text(package["carrierCode"])
    return {
        "package_id": text(number),
        "tracking_number": text(package.get("trackingNumber"))
        or text(package.get("amazonFulfillmentTrackingNumber")),
        "carrier": carrier,
        "carrier_id": carrier,
        "carrier_name": carrier,
        "line_items": [_item(item) for item in items if item.get("packageNumber") == number],
    }


def _item(item: Raw) -> Fields:
    sku = text(item["sellerSku"])
    return {"inventory_item_id": sku, "sku": sku, "quantity": whole(item["quantity"])}


# Inbound plans


def inbound_shipment(raw: Raw) -> Fields:
    shipments = raw["shipments"]
    places = {text((shipment.get("destination") or {}).get("warehouseId")) for shipment in shipments}
    return {
        "id": text(raw["inboundPlanId"]),
        "purchase_order_number": text(raw["name"]),
        "created_date": timestamp(raw["createdAt"]),
        "updated_date": timestamp(raw["lastUpdatedAt"]),
        "status": _plan_status(text(raw["status"]) or "", shipments),
        "raw_status": text(raw["status"]),
        "expected_arrival_date": _last_window(shipments),
        "warehouse_id": places.pop() if len(places) == 1 else None,
        "line_items": [_inbound_line(item) for item in raw["items"]],
        "ship_from_address": _source(raw["sourceAddress"]),
        "tracking_numbers": [number for shipment in shipments for number in _tracking_numbers(shipment)],
        "additional_fields": {"shipments": [_inbound_part(shipment) for shipment in shipments]},
    }


def _last_window(shipments: Sequence[Raw]) -> Any:
    windows = (shipment.get("selectedDeliveryWindow") or {} for shipment in shipments)
    return max((end for window in windows if (end := timestamp(window.get("endDate")))), default=None)


def _source(address: Raw) -> Fields:
    return {
        "address1": text(address["addressLine1"]),
        "address2": text(address.get("addressLine2")),
        "city": text(address["city"]),
        "state": text(address.get("stateOrProvinceCode")),
        "postal_code": text(address["postalCode"]),
        "country": text(address["countryCode"]),
    }


def _plan_status(word: str, shipments: Sequence[Raw]) -> str:
    """The status of a plan: that of its shipments, where several differ the one in the middle of things."""
    if word == "VOIDED" or not shipments:
        return PLAN_STATUS.get(word, "other")
    states = {INBOUND_STATUS.get(text(shipment.get("status")) or "", "other") for shipment in shipments}
    left = states - {"cancelled"} or states
    if len(left) == 1:
        return left.pop()
    if "other" in left:
        return "other"
    return "receiving" if left & {"receiving", "received"} else "in-transit"


def _inbound_line(item: Raw) -> Fields:
    sku = text(item["msku"])
    return {
        "inventory_item_id": sku,
        "sku": sku,
        "expected_quantity": whole(item["quantity"]),
        "received_quantity": 0,  # the contract wants a number; notes.md says why it is this one
        "external_id": text(item["fnsku"]),
    }


def _tracking_numbers(shipment: Raw) -> list[str]:
    details = shipment.get("trackingDetails") or {}
    boxes = (details.get("spdTrackingDetail") or {}).get("spdTrackingItems") or []
    freight = (details.get("ltlTrackingDetail") or {}).get("freightBillNumber") or []
    numbers = [text(number) for number in (*(box.get("trackingId") for box in boxes), *freight)]
    return [number for number in numbers if number]


def _inbound_part(shipment: Raw) -> Fields:
    return {
        "shipment_id": text(shipment["shipmentId"]),
        "confirmation_id": text(shipment.get("shipmentConfirmationId")),
        "name": text(shipment.get("name")),
        "status": text(shipment.get("status")),
        "warehouse_id": text((shipment.get("destination") or {}).get("warehouseId")),
    }


# Returns


def return_order(raw: Raw) -> Fields:
    """A row of the report. It has only what a warehouse has received."""
    sku, quantity, date = text(raw["sku"]), whole(raw["quantity"]), timestamp(text(raw.get("return-date")))
    place, disposition = text(raw.get("fulfillment-center-id")), text(raw.get("detailed-disposition"))
    received = {"quantity": quantity, "condition": disposition, "disposition": text(raw.get("status"))}
    comment = text(raw.get("customer-comments"))
    item = {"inventory_item_id": sku, "sku": sku, "quantity": quantity}
    return {
        "id": text(raw[RECORD_ID]),
        "created_date": date,
        "updated_date": date,
        "status": "received",
        "raw_status": text(raw.get("status")),
        "order_id": text(raw.get("order-id")),
        "notes": [comment] if comment else [],
        "line_items": [
            {
                **item,
                "expected_quantity": quantity,
                "received_quantity": quantity,
                "restocked_quantity": quantity if disposition == "SELLABLE" else 0,
                "return_reason": text(raw.get("reason")),
                "warehouse_id": place,
                "returned_date": date,
            }
        ],
        "shipments": [
            {
                "arrived_date": date,
                "warehouse_id": place,
                "line_items": [item | {"receiving_details": [received]}],
            }
        ],
        "additional_fields": {"asin": text(raw.get("asin")), "fnsku": text(raw.get("fnsku"))},
    }
