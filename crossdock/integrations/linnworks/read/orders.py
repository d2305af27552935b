"""Orders of Linnworks, open and processed → ours. Pure."""

from typing import Any

from crossdock.integrations.linnworks.read.parts import known_id, moment, part, parts
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, in_whole_numbers
from crossdock.kit.values import money, text, unfit

KINDS = {"0": "UNPAID", "1": "PAID", "2": "RETURN", "3": "PENDING", "4": "RESEND"}
"""The statuses of open orders, by their numbers (description of `Status`)."""
ORDER_STATUS = {
    "UNPAID": "open",
    "PENDING": "open",
    "PAID": "confirmed",
    "RESEND": "confirmed",  # goods that are sent once more
    "RETURN": "other",  # goods that come back: nothing is sent
    "PARKED": "exception",
    "PROCESSED": "fulfilled",
    "CANCELLED": "cancelled",
}
PRINTED = ("PickListPrinted", "InvoicePrinted", "LabelPrinted")
"""What is printed when work on an order begins."""
KEPT = ("SecondaryReference", "StatusDescription", "Marker", "IsLocked", "IsMerged", "StockAllocationType")


def order(raw: Raw) -> Fields:
    said, shipping, totals = part(raw, "GeneralInfo"), part(raw, "ShippingInfo"), part(raw, "TotalsInfo")
    word = _word(raw, said)
    fields = {
        "id": text(raw["OrderId"]),
        "created_date": moment(said["ReceivedDate"]),
        "updated_date": moment(raw["LastUpdated"]),
        "warehouse_id": text(raw.get("FulfilmentLocationId")),
        "reference_id": text(said.get("ExternalReferenceNum")) or "",
        "order_number": text(said.get("ReferenceNum")) or text(raw.get("NumOrderId")) or "",
        "status": _status(word, said),
        "raw_status": word,
        **_channel(said),
        "shipping_method": text(shipping.get("PostalServiceName")),
        "shipping_method_id": known_id(shipping.get("PostalServiceId")),
        "shipping_method_name": text(shipping.get("PostalServiceName")),
        "carrier_name": text(shipping.get("Vendor")),
        "invoice_currency_code": text(totals.get("Currency")),
        "total_price": money(totals.get("TotalCharge")),
        "total_tax": money(totals.get("Tax")),
        "total_discount": money(totals.get("TotalDiscount")),
        "total_shipping": money(totals.get("PostageCost")),
        "ship_to_address": _address(part(part(raw, "CustomerInfo"), "Address")),
        "tags": [tag for entry in parts(said, "Identifiers") if (tag := text(entry.get("Tag")))],
        "required_ship_date": moment(said.get("DespatchByDate")),
        "line_items": [_line(item, word) for item in parts(raw, "Items") if not item.get("IsService")],
        "shipments": _shipments(raw, word),
        "additional_fields": _additional(raw, said),
    }
    if fields["invoice_currency_code"] is None:
        del fields["invoice_currency_code"]
    return in_whole_numbers(fields)


def _word(raw: Raw, said: Raw) -> str | None:
    """The status of an order in Linnworks' words: processed or cancelled, parked, or by its number."""
    if raw["Processed"]:
        return "CANCELLED" if said.get("IsCancelled") else "PROCESSED"
    if said.get("IsParked"):
        return "PARKED"
    number = text(said["Status"])
    return KINDS.get(number or "") or text(said.get("StatusDescription")) or number


def _status(word: str | None, said: Raw) -> str:
    status = ORDER_STATUS.get(word or "", "other")
    is_begun = status == "confirmed" and any(said.get(name) for name in PRINTED)
    return "processing" if is_begun else status


def _channel(said: Raw) -> Fields:
    source, account = text(said.get("Source")), text(said.get("SubSource"))
    if not source:
        return {"channel": None, "channel_object": {}}
    return {
        "channel": source,
        "channel_object": {"channel_id": channel_id(source, account), "channel_name": account or source},
    }


def channel_id(source: str | None, account: str | None) -> str:
    """Our id of a channel: Linnworks names it by its kind and its account."""
    return f"{source}/{account}" if account else str(source)


def _address(raw: Raw) -> Fields:
    if not raw:
        return {}
    return {
        "full_name": text(raw.get("FullName")),
        "company": text(raw.get("Company")),
        "address1": text(raw.get("Address1")),
        "address2": text(raw.get("Address2")),
        "address3": text(raw.get("Address3")),
        "city": text(raw.get("Town")),
        "state": text(raw.get("Region")),
        "postal_code": text(raw.get("PostCode")),
        "country": text(raw.get("Country")),
        "phone_number": text(raw.get("PhoneNumber")),
        "email_address": text(raw.get("EmailAddress")),
    }


def _product_id(item: Raw) -> str | None:
    """The stock item of a line; one that is not linked is named as the channel names it, or by its row."""
    names = (known_id(item.get("StockItemId")), text(item.get("ItemNumber")), text(item.get("RowId")))
    return next(filter(None, names), None)


def _line(item: Raw, word: str | None) -> Fields:
    return {
        "product_id": _product_id(item),
        "sku": text(item.get("SKU")) or text(item.get("ChannelSKU")),
        "quantity": counted([item["Quantity"]]),
        "unit_price": money(item.get("PricePerUnit")),
        "is_picked": word == "PROCESSED",
        "discount_amount": money(item.get("DiscountValue")),
    }


def _shipments(raw: Raw, word: str | None) -> list[Fields]:
    """The order itself, once it is processed: Linnworks sends an order whole."""
    if word != "PROCESSED":
        return []
    shipping = part(raw, "ShippingInfo")
    order_id, service = text(raw["OrderId"]), text(shipping.get("PostalServiceName"))
    lines = [line for item in parts(raw, "Items") for line in _sent(item)]
    package = {
        "package_id": order_id,
        "package_name": text(shipping.get("PackageType")),
        "tracking_number": text(shipping.get("TrackingNumber")),
        "shipping_method": service,
        "shipping_method_id": known_id(shipping.get("PostalServiceId")),
        "shipping_method_name": service,
        "carrier": text(shipping.get("Vendor")),
        "carrier_name": text(shipping.get("Vendor")),
        "line_items": lines,
    }
    return [
        {
            "shipment_id": order_id,
            "warehouse_id": text(raw.get("FulfilmentLocationId")) or "",
            "raw_status": word,
            "status": "shipped",
            "shipped_date": moment(raw.get("ProcessedOn")),
            "shipping_method": service,
            "line_items": lines,
            "ship_to_address": _address(part(part(raw, "CustomerInfo"), "Address")),
            "packages": [package],
        }
    ]


def _sent(item: Raw) -> list[Fields]:
    """The items that are sent for a line: of a composite one its parts, of a service none."""
    if item.get("IsService"):
        return []
    children = parts(item, "CompositeSubItems")
    return [
        {
            "inventory_item_id": _product_id(entry),
            "sku": text(entry.get("SKU")) or text(entry.get("ChannelSKU")),
            "quantity": counted([entry["Quantity"]]),
            "parent_product_id": _product_id(item) if children else None,
        }
        for entry in children or [item]
    ]


def _additional(raw: Raw, said: Raw) -> Fields:
    shipping = part(raw, "ShippingInfo")
    scheduled = part(said, "ScheduledDelivery")
    return {
        "num_order_id": raw.get("NumOrderId"),
        "paid_date": moment(raw.get("PaidOn")),
        **additional(said, *KEPT),
        **additional(raw, "Folders"),
        "scheduled_from": moment(scheduled.get("From")),
        "scheduled_to": moment(scheduled.get("To")),
        "total_weight": money(shipping.get("TotalWeight")),
        "tracking_number": text(shipping.get("TrackingNumber")),
        "payment_method": text(part(raw, "TotalsInfo").get("PaymentMethod")),
        "notes": [_note(note) for note in parts(raw, "Notes")],
        "services": [_service(item) for item in parts(raw, "Items") if item.get("IsService")],
        "properties": {
            str(name): value.get("Value")
            for value in parts(raw, "ExtendedProperties")
            if (name := text(value.get("Name")))
        },
    }


def _note(note: Any) -> Fields:
    if not isinstance(note, dict):
        return unfit(note, "an object") or {}
    return {
        "note": text(note.get("Note")),
        "date": moment(note.get("NoteDate")),
        "internal": note.get("Internal"),
    }


def _service(item: Raw) -> Fields:
    return {
        "title": text(item.get("Title")) or text(item.get("ChannelTitle")),
        "quantity": item.get("Quantity"),
        "unit_price": money(item.get("PricePerUnit")),
    }
