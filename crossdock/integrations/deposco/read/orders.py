"""Sales orders of Deposco's with their shipments → our orders. Pure."""

from decimal import Decimal
from typing import Any

from crossdock.integrations.deposco.read.parts import (
    address,
    company,
    dates,
    facility,
    id_in,
    key_in,
    named,
    notes,
    part,
    parts,
    ship_to,
    sizes,
    units,
)
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, exact, in_whole_numbers
from crossdock.kit.values import decimal, link, money, text, timestamp, unfit

ORDER_STATUS = {
    "Draft": "open",
    "New": "open",
    "Hold": "exception",
    "Ready for Fulfillment": "confirmed",
    "Wave Built": "processing",
    "Back Ordered": "backordered",
    "Partially Released": "processing",
    "Released": "processing",
    "Picking": "processing",
    "Pick Complete": "picked",
    "Partially Staged": "picked",
    "Staged": "picked",
    "Partially Loaded": "picked",
    "Loaded": "packed",
    "Partially Shipped": "partially_fulfilled",
    "Ship Complete": "fulfilled",
    "Canceled": "cancelled",
}
SHIPMENT_STATUS = {"New": "open", "Shipping": "open", "Shipped": "shipped", "Rolled Back": "cancelled"}
ROLLED_BACK = "Rolled Back"
DUTY_PAID_BY = {"Seller": "sender", "Receiver": "recipient", "Third party": "third_party"}
"""Whose account is charged where duties are paid by the shipper (DDP)."""
UNPAID, PAID = "DDU", "DDP"
SIGNATURE = {"2": True, "0": False, None: False}
"""What `deliveryConfirmation` says of a signature; other values depend on the carrier."""
THIRD_PARTY = "Third Party"
WEIGHTS = {
    "lb": ("lb", Decimal(1)),
    "kg": ("kg", Decimal(1)),
    "oz": ("oz", Decimal(1)),
    "g": ("kg", Decimal("0.001")),
}
KEPT = (
    "relatedOrderNumber", "orderPriority", "placedDate", "cancelByShipDate", "earliestShipDate",
    "plannedArrivalDate", "customFields",
)  # fmt: skip


def order(raw: Raw) -> Fields:
    word, terms = text(raw["orderStatus"]), text(raw.get("freightTermsType"))
    account = text(raw.get("freightBillToAccount"))
    fields = {
        "id": text(raw["self"]["id"]),
        **dates(raw),
        "warehouse_customer_id": company(raw),
        "warehouse_id": facility(raw, "shipFromFacility"),
        "reference_id": text(raw.get("customerOrderNumber")) or "",
        "order_number": text(raw["number"]) or "",
        "status": ORDER_STATUS.get(word or "", "other"),
        "raw_status": word,
        "channel": text(raw.get("orderSource")),
        "type": "dropship" if raw.get("dropShip") is True else None,
        "trading_partner": key_in(raw, "consigneePartner", "code"),
        "shipping_method": text(raw.get("shipVia")),
        "shipping_method_name": text(raw.get("shipVia")),
        "service_level": text(raw.get("shipMethod")),
        "carrier_name": text(raw.get("shipVendor")),
        "is_third_party_freight": None if terms is None else terms == THIRD_PARTY,
        "third_party_freight_account_number": account if terms == THIRD_PARTY else None,
        "total_price": money(raw.get("orderTotal")),
        "total_tax": money(raw.get("orderTaxTotal")),
        "total_discount": money(raw.get("orderDiscountSubtotal")),
        "total_shipping": money(raw.get("orderShippingTotal")),
        "ship_to_address": ship_to(raw),
        "required_ship_date": timestamp(raw.get("plannedShipDate")),
        "saturday_delivery": _flag(raw.get("saturdayDelivery")),
        "signature_required": _signature(raw),
        "international_duty_paid_by": _duty_paid_by(raw),
        "additional_fields": _additional(raw),
    }
    if raw.get("orderLines") is not None:
        fields["line_items"] = [_line(line) for line in parts(raw, "orderLines")]
    if raw.get("shipments") is not None:
        fields["shipments"] = [_shipment(raw, entry) for entry in parts(raw, "shipments")]
    return in_whole_numbers(fields)


def _additional(raw: Raw) -> Fields:
    """Values that no field of ours holds; also the shipments of which Deposco shows some containers only."""
    cut_off = [
        text(part(shipment, "self").get("id"))
        for shipment in parts(raw, "shipments")
        if part(shipment, "shippedContainers").get("complete") is False
    ]
    return {
        **additional(raw, *KEPT),
        "notes": notes(raw),
        **({"shipments_with_more_containers": cut_off} if cut_off else {}),
    }


def _duty_paid_by(raw: Raw) -> str | None:
    """The payer of duties: the recipient, or whoever is named once the shipper has to; None: nobody says."""
    terms, whose = text(raw.get("dutyPaidBy")), DUTY_PAID_BY.get(str(raw.get("dutyPaidByType")))
    if terms == UNPAID:
        return "recipient"
    return whose or ("sender" if terms == PAID else None)


def _flag(value: Any) -> bool | None:
    """A switch; None where Deposco does not say."""
    return value if value is None or isinstance(value, bool) else unfit(value, "true or false")


def _signature(raw: Raw) -> bool | None:
    """Check whether a signature is wanted; blank says that it is not."""
    name = "deliveryConfirmation"
    return SIGNATURE.get(text(raw[name])) if name in raw else None


def _line(line: Raw) -> Fields:
    ordered = units(line, "orderPackQuantity")
    product = named(line)
    return {
        "product_id": product["inventory_item_id"],
        "sku": product["sku"],
        "quantity": ordered,
        "unit_price": money(line.get("unitPrice")),
        "is_picked": _is_picked(line),
        "discount_amount": _discount(line, ordered),
    }


def _is_picked(line: Raw) -> bool:
    """Check whether all that is still wanted of a line was picked. Packs are compared with packs."""
    ordered, picked = exact(line["orderPackQuantity"]), exact(line.get("pickedPackQuantity"))
    cancelled = exact(line.get("canceledPackQuantity")) or Decimal(0)
    return bool(ordered and picked) and (picked or 0) >= (ordered or 0) - cancelled


def _discount(line: Raw, ordered: Quantity) -> Decimal | None:
    """The discount of a line: Deposco has that of a unit."""
    of_unit = money(line.get("discountAmount"))
    if not isinstance(of_unit, Decimal):
        return of_unit
    return None if ordered.exact is None else of_unit * ordered.exact


def _shipment(raw: Raw, shipment: Raw) -> Fields:
    word = text(shipment.get("status"))
    status = SHIPMENT_STATUS.get(word or "", "other")
    sent = timestamp(part(shipment, "shipmentDates").get("actualShipDate"))
    place = facility(shipment, "shipFromFacility") or facility(raw, "shipFromFacility") or ""
    return {
        "shipment_id": text(shipment["self"]["id"]),
        "warehouse_id": place,
        "raw_status": word,
        "status": status,
        "shipped_date": sent if status == "shipped" else None,
        "shipping_method": text(shipment.get("shipVia")),
        "line_items": [
            named(line) | {"quantity": units(line, "shippedPackQuantity")}
            for line in parts(shipment, "shipmentLines")
        ],
        "ship_to_address": ship_to(shipment),
        "ship_from_address": address(part(shipment, "shipFromAddress")),
        "packages": _packages(shipment),
    }


def _packages(shipment: Raw) -> list[Fields]:
    """The containers that were sent; without any the shipment itself, once it has a tracking number."""
    containers = [
        entry for entry in parts(shipment, "shippedContainers") if entry.get("status") != ROLLED_BACK
    ]
    if containers:
        return [_package(shipment, entry) for entry in containers]
    tracking = text(shipment.get("trackingNumber"))
    if not tracking or shipment.get("status") == ROLLED_BACK:
        return []
    costs = part(shipment, "shippingCosts")
    return [
        {
            "package_id": text(shipment["self"]["id"]),
            "package_name": text(shipment.get("lpnNumber")),
            "tracking_number": tracking,
            "tracking_url": link(shipment.get("trackingUrl")),
            **_carried(shipment),
            "shipping_cost": money(costs.get("shippingCost")),
            "measurements": _weighed(part(shipment, "totalWeight")),
        }
    ]


def _carried(shipment: Raw) -> Fields:
    return {
        "shipping_method": text(shipment.get("shipVia")),
        "shipping_method_name": text(shipment.get("shipVia")),
        "carrier": text(shipment.get("shipVendor")),
        "carrier_name": text(shipment.get("shipVendor")),
    }


def _package(shipment: Raw, container: Raw) -> Fields:
    tracking = text(container.get("trackingNumber"))
    is_of_shipment = tracking is not None and tracking == text(shipment.get("trackingNumber"))
    return {
        "package_id": id_in(container, "self") or text(container["number"]),
        "package_name": text(container.get("lpnNumber")) or text(container["number"]),
        "tracking_number": tracking,
        "tracking_url": link(shipment.get("trackingUrl")) if is_of_shipment else None,
        **_carried(shipment),
        "shipping_cost": money(container.get("shippingCost")),
        "measurements": sizes(part(container, "dimensions")) | _weighed(part(container, "weight")),
        "line_items": [
            named(line)
            | {
                "quantity": units(line, "shippedPackQuantity"),
                "lot_id": text(line.get("lotNumber")),
                "expiration_date": timestamp(line.get("expirationDate")),
            }
            for line in parts(container, "shippedContainerLines")
        ],
    }


def _weighed(weight: Raw) -> Fields:
    """A weight in a unit of ours; none where it is zero or its unit is not said."""
    amount, unit = decimal(weight.get("value")), WEIGHTS.get(str(weight.get("units")))
    if not amount or unit is None:
        return {}
    return {"weight": amount * unit[1], "weight_unit": unit[0]}
