"""Orders of Extensiv's → ours. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.extensiv.hal import embedded
from crossdock.integrations.extensiv.read.parts import (
    NAMES,
    address,
    dates,
    id_in,
    item_id,
    moment,
    part,
    parts,
    sku,
    status_word,
)
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, in_whole_numbers
from crossdock.kit.values import decimal, money, text, timestamp

ORDER_STATUS = {"0": "open", "1": "fulfilled", "2": "cancelled"}
SHIPMENT_STATUS = {"0": "open", "1": "shipped", "2": "cancelled"}
STAGES = (
    ("onHoldDate", "exception"),
    ("packDoneDate", "packed"),
    ("pickDoneDate", "picked"),
    ("packStarted", "processing"),
    ("pickStarted", "processing"),
)
"""How far an open order has got, by the members that say so; the first counts."""
PICKED = frozenset({"picked", "packed", "fulfilled"})
ORDER_TYPE = {"B2B": "b2b", "D2C": "d2c"}
KEPT = ("poNum", "billingCode", "notes", "shippingNotes", "savedElements", "orderType")


def order(raw: Raw) -> Fields:
    said, routing, money_said = raw["readOnly"], part(raw, "routingInfo"), part(raw, "fulfillInvInfo")
    status, word = order_status(raw), status_word(raw)
    ship_to = part(raw, "shipTo")
    fields = {
        "id": text(said["orderId"]),
        **dates(raw),
        "warehouse_customer_id": id_in(said, "customerIdentifier"),
        "warehouse_id": id_in(said, "facilityIdentifier"),
        "reference_id": text(raw.get("externalId")) or "",
        "order_number": text(raw["referenceNum"]) or "",
        "status": status,
        "raw_status": NAMES.get(word or "", word),
        "type": ORDER_TYPE.get(str(raw.get("orderType"))),
        "trading_partner": text(part(part(ship_to, "retailerInfo"), "nameKey").get("name")),
        "shipping_method": text(routing.get("mode")),
        "shipping_method_name": text(routing.get("mode")),
        "carrier_name": text(routing.get("carrier")),
        "scac": text(routing.get("scacCode")),
        "total_tax": money(money_said.get("fulfillInvTax")),
        "total_discount": money(money_said.get("fulfillInvDiscountAmount")),
        "total_shipping": money(money_said.get("fulfillInvShippingAndHandling")),
        "ship_to_address": _ship_to(ship_to),
        "shipments": _shipments(raw),
        "additional_fields": _additional(raw),
    }
    lines = embedded(raw, "orders/item")
    if lines is not None:
        fields["line_items"] = [_line(raw, line, status) for line in lines]
    return in_whole_numbers(fields)


def order_status(raw: Raw) -> str:
    """Ours: Extensiv's, and of what is open how far it has got."""
    status = ORDER_STATUS.get(status_word(raw) or "", "other")
    if status != "open":
        return status
    said = raw["readOnly"]
    return next((stage for name, stage in STAGES if said.get(name)), status)


def _additional(raw: Raw) -> Fields:
    said = raw["readOnly"]
    return {
        **additional(raw, *KEPT),
        "earliest_ship_date": moment(raw.get("earliestShipDate"), raw),
        "ship_cancel_date": moment(raw.get("shipCancelDate"), raw),
        "freight_account": text(part(raw, "routingInfo").get("account")),
        **additional(said, "fullyAllocated", "onHoldReason"),
    }


def _ship_to(raw: Raw) -> Fields:
    if not raw:
        return {}
    return {
        "full_name": text(raw.get("name")),
        "company": text(raw.get("companyName")),
        **address(raw),
        "phone_number": text(raw.get("phoneNumber")),
        "email_address": text(raw.get("emailAddress")),
    }


def _line(raw: Raw, line: Raw, status: str) -> Fields:
    return {
        "product_id": item_id(raw, line),
        "sku": sku(line),
        "quantity": counted([line["qty"]], _unit(line)),
        "unit_price": money(line.get("fulfillInvSalePrice")),
        "is_picked": status in PICKED,
        "discount_amount": money(line.get("fulfillInvDiscountAmt")),
    }


def _unit(line: Raw) -> str | None:
    """The unit of a line's quantity, as Extensiv names it: "Each"."""
    return text(part(part(line, "readOnly"), "unitIdentifier").get("name"))


def _shipments(raw: Raw) -> list[Fields]:
    """The order itself, once it is sent or has parcels: Extensiv sends an order whole."""
    said, word = raw["readOnly"], status_word(raw) or ""
    status = SHIPMENT_STATUS.get(word, "other")
    packages = _packages(raw, status)
    if status != "shipped" and not packages:
        return []
    lines = embedded(raw, "orders/item") or []
    sent = moment(said.get("shipDate"), raw) or moment(said.get("processDate"), raw)
    return [
        {
            "shipment_id": text(said["orderId"]),
            "warehouse_id": id_in(said, "facilityIdentifier") or "",
            "raw_status": NAMES.get(word, word),
            "status": status,
            "shipped_date": sent if status == "shipped" else None,
            "shipping_method": text(part(raw, "routingInfo").get("mode")),
            "line_items": [
                {
                    "inventory_item_id": item_id(raw, line),
                    "sku": sku(line),
                    "quantity": counted([line["qty"]]),
                }
                for line in lines
            ],
            "ship_to_address": _ship_to(part(raw, "shipTo")),
            "packages": packages,
        }
    ]


def _packages(raw: Raw, status: str) -> list[Fields]:
    """The packages; without any those numbers that a carrier gave, each of a parcel."""
    packages = parts(raw["readOnly"], "packages") or embedded(raw, "orders/package") or []
    if packages:
        # The number of the order is that of a parcel only where there is one.
        number = _number(raw) if len(packages) == 1 else None
        lines = {str(part(line, "readOnly").get("orderItemId")): line for line in _lines(raw)}
        return [_package(raw, package, number, lines) for package in packages]
    if status == "cancelled":
        return []
    return [{"package_id": each, "tracking_number": each, **_carried(raw)} for each in _numbers(raw)]


def _number(raw: Raw) -> str | None:
    """The tracking number of an order."""
    return text(part(raw, "routingInfo").get("trackingNumber"))


def _numbers(raw: Raw) -> list[str]:
    """The tracking numbers that a carrier gave for an order, or its own."""
    numbers = [text(each) for each in parts(part(raw, "parcelResponse"), "trackingNumbers")]
    return [number for number in (numbers or [_number(raw)]) if number]


def _lines(raw: Raw) -> list[Raw]:
    return [line for line in embedded(raw, "orders/item") or [] if isinstance(line, dict)]


def _carried(raw: Raw) -> Fields:
    routing = part(raw, "routingInfo")
    return {
        "shipping_method": text(routing.get("mode")),
        "shipping_method_name": text(routing.get("mode")),
        "carrier": text(routing.get("carrier")),
        "carrier_name": text(routing.get("carrier")),
        "scac": text(routing.get("scacCode")),
    }


def _package(raw: Raw, package: Raw, number: str | None, lines: Mapping[str, Raw]) -> Fields:
    contents = package.get("packageContents") or embedded(package, "orders/packagecontent") or []
    return {
        "package_id": text(package["packageId"]),
        "package_name": text(package.get("description")),
        "tracking_number": text(package.get("trackingNumber")) or number,
        **_carried(raw),
        # Extensiv does not say in which units: those of the facility.
        "measurements": {
            name: decimal(package.get(name)) or None for name in ("length", "width", "height", "weight")
        },
        "line_items": [_packed(raw, content, lines) for content in contents],
    }


def _packed(raw: Raw, content: Raw, lines: Mapping[str, Raw]) -> Fields:
    line: Any = content if content.get("itemIdentifier") else lines.get(str(content["orderItemId"]), {})
    return {
        "inventory_item_id": item_id(raw, line) or text(content["orderItemId"]),
        "sku": sku(line),
        "quantity": counted([content["qty"]]),
        "lot_id": text(content.get("lotNumber")),
        "expiration_date": timestamp(content.get("expirationDate")),
    }
