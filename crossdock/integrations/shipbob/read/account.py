"""What an account has besides: places, ways to send, charges → ours. Pure."""

from crossdock.integrations.shipbob.read.parts import UNDATED, latest, place
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text

RECEIVING = "Receiving"


def warehouse(raw: Raw) -> Fields:
    """A place of the network; its address is that of receiving, else of another service."""
    services = sorted(raw.get("services") or [], key=lambda service: service.get("service_type") != RECEIVING)
    addresses = [service["address"] for service in services if service.get("address")]
    return {
        "id": text(raw["id"]),
        **UNDATED,
        "name": text(raw.get("name")) or "",
        "code": text(raw.get("abbreviation")),
        "address": place(addresses[0]) if addresses else {},
        "additional_fields": additional(
            raw, "is_active", "access_granted", "is_receiving_enabled", "is_shipping_enabled", "timezone"
        ),
    }


def shipping_method(raw: Raw) -> Fields:
    """A name that orders may be created with; which carrier it becomes is decided in ShipBob."""
    level = text((raw.get("service_level") or {}).get("name"))
    flags = additional(raw, "active", "default")
    fields = {"id": text(raw["id"]), **UNDATED, "name": text(raw.get("name")) or ""}
    return fields | {"additional_fields": {**flags, "service_level": level}}


def bill(raw: Raw) -> Fields:
    """One charge, refund or credit. Its sign is ShipBob's."""
    return {
        "id": text(raw["transaction_id"]),
        "created_date": latest([raw["charge_date"]]),
        "updated_date": latest((raw["charge_date"], raw.get("invoice_date"))),
        "object_id": text(raw.get("reference_id")),
        "object_type": text(raw.get("reference_type")),
        "charge_type": text(raw.get("transaction_fee")) or text(raw.get("transaction_type")) or "",
        "amount": money(raw["amount"]),
        "currency_code": text(raw.get("currency_code")) or "USD",
        "additional_fields": additional(
            raw, "transaction_type", "invoice_id", "invoice_type", "invoiced_status", "fulfillment_center"
        ),
    }
