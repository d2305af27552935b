"""Facilities, locations, companies, vendors and charges of Deposco's → ours. Pure."""

from crossdock.integrations.deposco.read.parts import (
    address,
    company,
    dates,
    facility,
    id_in,
    key_in,
    part,
    sizes,
)
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text

OBJECTS = {"salesOrders": "order", "purchaseOrders": "inbound_shipment", "customerReturns": "return"}
"""The records of ours that an order is, by its kind in a link to it."""


def warehouse(raw: Raw) -> Fields:
    number = text(raw["number"])
    return {
        "id": number,
        **dates(raw),
        "name": text(raw.get("name")) or number or "",
        "code": number,
        "address": address(part(raw, "address")),
        "additional_fields": {
            "deposco_id": id_in(raw, "self"),
            **additional(raw, "type", "isVirtual", "timeZone", "facilityUOMSystem"),
        },
    }


def warehouse_location(raw: Raw) -> Fields:
    return {
        "id": text(raw["self"]["id"]),
        **dates(raw),
        "name": text(raw.get("name")) or text(raw["locator"]),
        "warehouse_id": facility(raw, "facility") or id_in(raw, "facility"),
        "type": text(raw.get("type")),
        "measurements": sizes(part(raw, "dimensions")),
        "additional_fields": additional(raw, "number", "locator", "storageType", "status", "pickable"),
    }


def warehouse_customer(raw: Raw) -> Fields:
    code = text(raw["code"])
    return {
        "id": code,
        **dates(raw),
        "name": text(raw.get("name")) or code or "",
        "email": text(part(raw, "contact").get("email")),
        "additional_fields": {"deposco_id": id_in(raw, "self"), **additional(raw, "active", "timeZone")},
    }


def supplier(raw: Raw) -> Fields:
    return {
        "id": text(raw["self"]["id"]),
        **dates(raw),
        "name": text(raw.get("name")) or text(raw["code"]),
        "warehouse_customer_id": company(raw),
        "additional_fields": additional(raw, "code", "partnershipType", "accountNumber"),
    }


def bill(raw: Raw) -> Fields:
    kinds = str(part(raw, "orderHeader").get("href")).split("/")
    return {
        "id": text(raw["self"]["id"]),
        "warehouse_customer_id": company(raw),
        **dates(raw),
        "object_id": id_in(raw, "orderHeader"),
        "object_type": next((OBJECTS[kind] for kind in kinds if kind in OBJECTS), None),
        "charge_type": text(raw.get("transactionType")) or text(raw.get("description")) or "",
        "amount": money(raw["totalPrice"]),
        "currency_code": text(raw.get("currencyCode")) or "USD",
        "additional_fields": {
            **additional(raw, "status", "description", "quantity", "effectiveDate", "transactionNumber"),
            "billing_profile": key_in(raw, "billingProfile", "name"),
        },
    }
