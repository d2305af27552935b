"""Purchase orders and customer returns of Deposco's → our inbound shipments and returns. Pure."""

from collections.abc import Iterable
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
    units,
)
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import Quantity, counted, exact, in_whole_numbers
from crossdock.kit.values import money, text, timestamp

INBOUND_STATUS = {
    "Draft": "open",
    "New": "open",
    "Hold": "open",
    "In-Transit": "in-transit",
    "Arrived": "receiving",
    "Receiving": "receiving",
    "Partial Receipt": "receiving",
    "Received": "received",
    "Closed": "received",
    "Canceled": "cancelled",
}
RETURN_STATUS = {
    "New": "open",
    "Hold": "open",
    "Receiving": "receiving",
    "Partial Receipt": "receiving",
    "Received": "received",
    "Canceled": "cancelled",
}
CANCELLED, DAMAGED = "Canceled", "receivedDamagedPackQuantity"
KEPT = ("customerOrderNumber", "relatedOrderNumber", "otherReferenceNumber", "orderSource", "customFields")


def inbound_shipment(raw: Raw) -> Fields:
    word, supplier = text(raw["orderStatus"]), id_in(raw, "consigneePartner")
    code = key_in(raw, "consigneePartner", "code")
    fields = {
        "id": text(raw["self"]["id"]),
        **dates(raw),
        "warehouse_customer_id": company(raw),
        "purchase_order_number": text(raw["number"]),
        "status": INBOUND_STATUS.get(word or "", "other"),
        "raw_status": word,
        "supplier": code,
        "supplier_object": {"supplier_id": supplier, "supplier_name": code} if supplier else {},
        "expected_arrival_date": timestamp(raw.get("plannedArrivalDate")),
        "warehouse_id": facility(raw, "shipToFacility"),
        "ship_from_address": address(part(raw, "shipFromAddress")),
        "notes": notes(raw),
        "additional_fields": {
            **additional(raw, *KEPT, "placedDate", "actualArrivalDate", "currencyCode"),
            **_damaged(raw),
        },
    }
    if raw.get("orderLines") is not None:
        fields["line_items"] = [_line(line) for line in parts(raw, "orderLines")]
    if raw.get("receipts") is not None:
        fields["receipts"] = [_receipt(entry) for entry in _kept(parts(raw, "receipts"))]
    return in_whole_numbers(fields)


def return_order(raw: Raw) -> Fields:
    word = text(raw["orderStatus"])
    place, arrived = facility(raw, "shipToFacility"), timestamp(raw.get("actualArrivalDate"))
    fields = {
        "id": text(raw["self"]["id"]),
        **dates(raw),
        "warehouse_customer_id": company(raw),
        "status": RETURN_STATUS.get(word or "", "other"),
        "raw_status": word,
        "order_id": id_in(raw, "parentOrder"),
        "notes": notes(raw),
        "additional_fields": {
            "number": text(raw["number"]),
            **additional(raw, *KEPT, "placedDate"),
            **_damaged(raw),
        },
    }
    if raw.get("orderLines") is not None:
        at = {"warehouse_id": place, "returned_date": arrived}
        fields["line_items"] = [_returned(line) | at for line in parts(raw, "orderLines")]
    return in_whole_numbers(fields)


def _line(line: Raw) -> Fields:
    return {
        **named(line),
        "expected_quantity": units(line, "orderPackQuantity"),
        "received_quantity": _received(line),
        "unit_cost": money(line.get("unitCost")),
        "external_id": text(line.get("customerLineNumber")),
    }


def _received(line: Raw) -> Quantity:
    """The quantity that was received; nothing is said of a line of which nothing was."""
    name = "receivedPackQuantity"
    return units(line, name) if line.get(name) is not None else counted([0])


def _damaged(raw: Raw) -> Fields:
    """Lines of which some came in damaged. Nobody says whether that is a part of what was received."""
    lines = [
        named(line) | {"packs": line[DAMAGED]}
        for line in parts(raw, "orderLines")
        if exact(line.get(DAMAGED))
    ]
    return {"received_damaged": lines} if lines else {}


def _returned(line: Raw) -> Fields:
    received = _received(line)
    return {
        **named(line),
        "expected_quantity": units(line, "orderPackQuantity"),
        "received_quantity": received,
        "quantity": received,
    }


def _kept(receipts: Iterable[Any]) -> list[Raw]:
    return [entry for entry in receipts if entry.get("status") != CANCELLED]


def _receipt(receipt: Raw) -> Fields:
    quantity = units(receipt, "receivedPackQuantity", pack="receivedPack")
    return {
        "id": id_in(receipt, "self") or text(receipt["number"]),
        "arrived_date": timestamp(receipt["createdDate"]),
        "line_items": [named(receipt, "receivedItem") | {"quantity": quantity}],
    }
