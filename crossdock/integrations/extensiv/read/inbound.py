"""Receivers of Extensiv's → our inbound shipments and returns. Pure.

A line has one quantity. Before its receiver is confirmed it is what is to come, afterwards what came; where
an advice became a receiver, what was advised is kept beside it.
"""

from typing import Any

from crossdock.integrations.extensiv.hal import embedded
from crossdock.integrations.extensiv.read.parts import (
    NAMES,
    agreed,
    dates,
    id_in,
    item_id,
    moment,
    part,
    sku,
    status_word,
)
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, counted, in_whole_numbers
from crossdock.kit.values import money, text

STATUS = {"0": "open", "1": "received", "2": "cancelled"}
CLOSED = "1"
KEPT = ("externalId", "receiptAdviceNumber", "scacCode", "carrier", "billOfLading", "trailerNumber")


def inbound_shipment(raw: Raw) -> Fields:
    lines, word = _lines(raw), status_word(raw)
    arrived = _arrived(raw)
    supplier_id, supplier_name = agreed(_supplier(line) for line in lines or [])
    fields = {
        "id": text(raw["readOnly"]["receiverId"]),
        **dates(raw),
        **_common(raw, word),
        "purchase_order_number": text(raw.get("poNum")) or text(raw["referenceNum"]),
        "supplier": supplier_name,
        "supplier_object": {"supplier_id": supplier_id, "supplier_name": supplier_name}
        if supplier_id
        else {},
        "expected_arrival_date": moment(raw.get("expectedDate"), raw),
        "warehouse_id": id_in(raw["readOnly"], "facilityIdentifier"),
        "receipts": [_receipt(raw, lines or [], arrived)] if arrived else [],
        "tracking_numbers": _texts(raw, "trackingNumber"),
        "notes": _texts(raw, "notes"),
    }
    if lines is not None:
        fields["line_items"] = [_line(raw, line, word) for line in lines]
    return in_whole_numbers(fields)


def return_order(raw: Raw) -> Fields:
    lines, word = _lines(raw), status_word(raw)
    arrived = _arrived(raw)
    warehouse, tracking = id_in(raw["readOnly"], "facilityIdentifier"), text(raw.get("trackingNumber"))
    fields = {
        "id": text(raw["readOnly"]["receiverId"]),
        **dates(raw),
        **_common(raw, word),
        "notes": _texts(raw, "notes"),
        "shipments": [],
    }
    if lines is not None:
        place = {"warehouse_id": warehouse, "returned_date": arrived}
        fields["line_items"] = [_returned(raw, line, word) | place for line in lines]
    if tracking or arrived:
        parcel = {"tracking_number": tracking, "arrived_date": arrived, "warehouse_id": warehouse}
        parcel |= {"carrier": text(raw.get("carrier")), "carrier_name": text(raw.get("carrier"))}
        parcel |= {"scac": text(raw.get("scacCode"))}
        goods = [_named(raw, line) | {"quantity": counted([line["qty"]])} for line in lines or []]
        fields["shipments"] = [parcel | {"line_items": goods}]
    return in_whole_numbers(fields)


def _texts(raw: Raw, name: str) -> list[str]:
    """A text as a list of it; an empty one where there is none."""
    return [content] if (content := text(raw.get(name))) else []


def _common(raw: Raw, word: str | None) -> Fields:
    return {
        "warehouse_customer_id": id_in(raw["readOnly"], "customerIdentifier"),
        "status": STATUS.get(word or "", "other"),
        "raw_status": NAMES.get(word or "", word),
        "additional_fields": {"reference_num": text(raw["referenceNum"]), **additional(raw, *KEPT)},
    }


def _lines(raw: Raw) -> list[Raw] | None:
    lines: Any = embedded(raw, "inventory/receiveritem")
    return None if lines is None else list(lines)


def _arrived(raw: Raw) -> str | None:
    """The date of a receipt. Until it is confirmed the date stands for when it should be."""
    return moment(raw.get("arrivalDate"), raw) if status_word(raw) == CLOSED else None


def _supplier(line: Raw) -> tuple[str | None, str | None]:
    supplier = part(line, "supplierIdentifier")
    return text(supplier.get("id")), text(supplier.get("name"))


def _named(raw: Raw, line: Raw) -> Fields:
    return {"inventory_item_id": item_id(raw, line), "sku": sku(line)}


def _quantities(line: Raw, word: str | None) -> tuple[Quantity, Quantity]:
    """The quantities that are expected, and received."""
    advised = part(line, "readOnly").get("expectedQty")
    counts = counted([line["qty"]])
    expected = counts if advised is None else counted([advised])
    return expected, counts if word == CLOSED else counted([0])


def _line(raw: Raw, line: Raw, word: str | None) -> Fields:
    expected, received = _quantities(line, word)
    return {
        **_named(raw, line),
        "expected_quantity": expected,
        "received_quantity": received,
        "unit_cost": money(line.get("cost")),
        "external_id": text(line.get("externalId")),
    }


def _returned(raw: Raw, line: Raw, word: str | None) -> Fields:
    expected, received = _quantities(line, word)
    return {
        **_named(raw, line),
        "expected_quantity": expected,
        "received_quantity": received,
        "quantity": received,
    }


def _receipt(raw: Raw, lines: list[Raw], arrived: str) -> Fields:
    """The receipt of a receiver: all of it comes in at once."""
    return {
        "id": text(raw["readOnly"]["receiverId"]),
        "arrived_date": arrived,
        "line_items": [_named(raw, line) | {"quantity": counted([line["qty"]])} for line in lines],
    }
