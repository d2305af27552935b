"""Orders and products of VeraCore's → ours. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, counted, held, in_whole_numbers
from crossdock.kit.values import decimal, money, text, timestamp, unfit

TIME_ZONE = "_time_zone"
"""The member of a raw order that names the zone of its dates: the client puts it there."""
NO_YEAR = 1
"""The year of a date that there is none of."""
STAGES = (
    ("Canceled", "cancelled"),
    ("Complete", "fulfilled"),
    ("Shipped", "fulfilled"),
    ("Hold", "exception"),
    ("DeniedCredit", "exception"),
    ("Backordered", "backordered"),
    ("Picked", "picked"),
    ("Pending", "processing"),
    ("Processed", "processing"),
    ("Accepted", "confirmed"),
    ("Unprocessed", "open"),
    ("Unapproved", "open"),
)
"""What an order is, by its switches: several may be on, and the first of these counts."""
LEFT = frozenset({"Hold", "Backordered", "Picked", "Pending", "Unprocessed", "Unapproved"})
"""Switches that say that not all of an order was sent, where some of it was."""
PICKED = frozenset({"picked", "fulfilled"})
LEVELS = ("Marked", "Backordered", "Needed", "OnOrder", "TotalReserved")
KEPT = (
    "View",
    "Stream",
    "CampaignId",
    "PoNum",
    "Source",
    "OrderComment",
    "ShipComment",
    "NeedBy",
    "RushFlag",
)


def order(raw: Raw) -> Fields:
    head = raw["OrdHead"]
    switches = _switches(part(head, "Status"))
    status = order_status(switches)
    number = text(head["OrderId"])
    created = moment(head["EntryDate"], raw)
    return in_whole_numbers({
        "id": number,
        "created_date": created,
        "updated_date": _latest(raw, created),
        "reference_id": text(head.get("ReferenceNo")) or "",
        "order_number": number or "",
        "status": status,
        "raw_status": ", ".join(switches) or None,
        "shipping_method": text(head.get("Service")),
        "shipping_method_name": text(head.get("Service")),
        "carrier_name": text(head.get("Carrier")),
        "ship_to_address": _address(part(raw, "ShipToInfo")),
        "line_items": [_line(entry, status) for entry in parts(raw, "OfferInfo")],
        "shipments": [_shipment(raw, entry) for entry in parts(raw, "ShippingOrders")],
        "additional_fields": additional(head, *KEPT),
    })  # fmt: skip


def order_status(switches: Iterable[str]) -> str:
    """Ours, by the switches that are on."""
    on = set(switches)
    name, status = next(((name, status) for name, status in STAGES if name in on), ("", "other"))
    return "partially_fulfilled" if name == "Shipped" and on & LEFT else status


def inventory_item(raw: Raw) -> Fields:
    levels = raw["levels"]
    places: dict[str, list[Raw]] = {}
    for level in levels:
        place = text(part(level, "Warehouse").get("ID"))
        if place:
            places.setdefault(place, []).append(level)
    return in_whole_numbers({
        **_named(raw),
        **_counts(levels),
        "inventory_by_warehouse_id": {place: _counts(listed) for place, listed in places.items()},
        "additional_fields": {
            **additional(levels[0], "ProductType", "Size", "Color"),
            **{name: sum(decimal(level.get(name)) or 0 for level in levels) for name in LEVELS},
        },
    })  # fmt: skip


def product(raw: Raw) -> Fields:
    named = _named(raw)
    return {
        **named,
        "inventory_items": [{"inventory_item_id": named["id"], "sku": named["sku"], "unit_quantity": 1}],
        "is_kit": text(raw["levels"][0].get("ProductType")) == "Kit",
        "additional_fields": additional(raw["levels"][0], "ProductType", "Size", "Color"),
    }


def _named(raw: Raw) -> Fields:
    """The names of a product and its stock. Nobody says whether one is active."""
    level = raw["levels"][0]
    number = text(level["PartNumber"])
    return {
        "id": number,
        "created_date": None,
        "updated_date": None,
        "name": text(level.get("PartDescription")) or number or "",
        "sku": number,
        "active": True,
    }


def _counts(levels: list[Raw]) -> dict[str, Quantity]:
    free = held(level["Available"] for level in levels)
    return {
        "onhand": held(level["OnHand"] for level in levels),
        "committed": counted(level["Reserved"] for level in levels),
        "unfulfillable": held(level["Unavailable"] for level in levels),
        "awaiting": counted(level["Expected"] for level in levels),
        "fulfillable": free,
        "sellable": free,
    }


def moment(value: Any, raw: Raw) -> str | None:
    """A date of an order, in UTC. Where it says no zone it is in that of the connection."""
    written = text(value)
    if not written:
        return None
    try:
        date = datetime.fromisoformat(written)
    except ValueError:
        return unfit(value, "a time")
    if date.year == NO_YEAR:
        return None
    return timestamp(date if date.tzinfo else date.replace(tzinfo=ZoneInfo(raw[TIME_ZONE])))


def part(raw: Raw, name: str) -> Raw:
    """An object within a record; an empty one where there is none."""
    inner = raw.get(name)
    if inner is None or inner == "":
        return {}
    return inner if isinstance(inner, dict) else unfit(inner, "an object") or {}


def parts(raw: Raw, name: str) -> list[Raw]:
    """A list within a record; an empty one where there is none."""
    inner = raw.get(name)
    if inner is None or inner == "":
        return []
    return inner if isinstance(inner, list) else unfit(inner, "a list") or []


def _switches(status: Raw) -> list[str]:
    """The names of the switches that are on, as XML writes it."""
    return [name for name, value in status.items() if value in ("true", "1")]


def _latest(raw: Raw, created: str | None) -> str | None:
    """The latest date that an order has: VeraCore keeps none of its changes."""
    dates = [created, moment(raw["OrdHead"].get("UploadDate"), raw)]
    for sent in parts(raw, "ShippingOrders"):
        dates.append(moment(sent.get("DatePicked"), raw))
        for parcel in parts(sent, "Packages"):
            names = ("DatePacked", "DateShipped", "DateVoided")
            dates += [moment(parcel.get(name), raw) for name in names]
    return max((date for date in dates if date), default=None)


def _address(raw: Raw) -> Fields:
    return {
        "full_name": text(raw.get("Contact")),
        "company": text(raw.get("Company")),
        "address1": text(raw.get("Address1")),
        "address2": text(raw.get("Address2")),
        "address3": text(raw.get("Address3")),
        "city": text(raw.get("City")),
        "state": text(raw.get("State")),
        "postal_code": text(raw.get("PostalCode")),
        "country": text(raw.get("Country")),
        "phone_number": text(raw.get("Phone")),
        "email_address": text(raw.get("Email")),
    }


def _line(offer: Raw, status: str) -> Fields:
    """A line: what is ordered is an offer, which may hold several products."""
    number = text(offer["OfferId"])
    return {
        "product_id": number,
        "sku": number,
        "quantity": counted([offer["OrderQty"]]),
        "unit_price": money(offer.get("UnitPrice")),
        "is_picked": status in PICKED,
    }


def _shipment(raw: Raw, sent: Raw) -> Fields:
    """A shipping order: what is picked together. It is sent once a parcel of it is."""
    # They are counted with those that are void, so that one keeps its id when another becomes void.
    parcels = {
        place: entry
        for place, entry in enumerate(parts(sent, "Packages"), 1)
        if moment(entry.get("DateVoided"), raw) is None
    }
    dates = [date for entry in parcels.values() if (date := moment(entry.get("DateShipped"), raw))]
    number = text(sent["PickPackId"])
    return {
        "shipment_id": number,
        "warehouse_id": "",
        "raw_status": text(sent.get("Status")),
        "status": "shipped" if dates else "open",
        "shipped_date": min(dates, default=None),
        "line_items": [
            {
                "inventory_item_id": text(entry["ProductId"]),
                "sku": text(entry["ProductId"]),
                "quantity": counted([entry["ToShipQty"]]),
            }
            for entry in parts(sent, "PickPackProducts")
        ],
        "ship_to_address": _address(part(raw, "ShipToInfo")),
        "packages": [_package(f"{number}-{place}", entry) for place, entry in parcels.items()],
    }


def _package(name: str, parcel: Raw) -> Fields:
    service = text(parcel.get("ActualService")) or text(parcel.get("Service"))
    return {
        "package_id": name,
        "package_name": text(parcel.get("PackageType")),
        "tracking_number": text(parcel.get("TrackingId")),
        "shipping_method": service,
        "shipping_method_name": service,
        "carrier": text(parcel.get("Carrier")),
        "carrier_name": text(parcel.get("Carrier")),
        "shipping_cost": money(parcel.get("ActualFreight")),
        # In which unit it is no page says.
        "measurements": {"weight": decimal(parcel.get("Weight")) or None},
    }
