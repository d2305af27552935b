"""What an account consists of: warehouses, locations, customers, bills, and the changes of its stock."""

from crossdock.integrations.shiphero.read.parts import UNDATED, dated, measurements, place
from crossdock.integrations.shiphero.records import item_id
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, whole


def warehouse(raw: Raw) -> Fields:
    """ShipHero has no date of a warehouse."""
    address = raw.get("address") or {}
    return {
        "id": text(raw["id"]),
        "created_date": UNDATED,
        "updated_date": UNDATED,
        "name": text(address.get("name")) or text(raw.get("identifier")) or text(raw["id"]),
        "code": text(raw.get("identifier")),
        "address": place(address),
        "additional_fields": additional(raw, "legacy_id", "profile"),
    }


def warehouse_location(raw: Raw) -> Fields:
    return {
        "id": text(raw["id"]),
        **dated(raw.get("created_at")),
        "name": text(raw.get("name")),
        "warehouse_id": text(raw["warehouse_id"]),
        "type": text((raw.get("type") or {}).get("name")),
        "measurements": measurements(raw.get("dimensions")),
        "additional_fields": additional(raw, "legacy_id", "zone", "pickable", "sellable", "is_cart"),
    }


def warehouse_customer(raw: Raw) -> Fields:
    """ShipHero has no date of a customer either."""
    return {
        "id": text(raw["id"]),
        "created_date": UNDATED,
        "updated_date": UNDATED,
        "name": text(raw.get("username")) or text(raw.get("email")) or text(raw["id"]),
        "email": text(raw.get("email")),
        "additional_fields": additional(raw, "legacy_id", "status"),
    }


def bill(raw: Raw) -> Fields:
    """The total of one category of a bill."""
    whole_bill = raw["bill"]
    return {
        "id": text(raw["id"]),
        **dated(whole_bill["created_at"]),
        "object_id": text(whole_bill["id"]),
        "object_type": "bill",
        "charge_type": text(raw.get("category")) or text(raw["label"]),
        "amount": money(raw["amount"]),
        "additional_fields": {
            **additional(raw, "label", "quantity"),
            **additional(whole_bill, "status", "customer_name", "due_date"),
        },
    }


def inventory_ledger_entry(raw: Raw) -> Fields:
    """A change of stock on hand. Reasons are free text, so that the kind is known of counts only."""
    sku = text(raw["sku"])
    return {
        "id": text(raw["id"]),
        "warehouse_customer_id": text(raw.get("customer_account_id")),
        **dated(raw["created_at"]),
        "entry_date": dated(raw["created_at"])["created_date"],
        "inventory_item_id": item_id(raw.get("account_id"), sku),
        "sku": sku,
        "quantity": whole(raw["change_in_on_hand"]),
        "raw_event_type": text(raw.get("reason")),
        "event_type": "adjustment" if raw.get("cycle_counted") else "other",
        "reason": text(raw.get("reason")),
        "warehouse_id": text(raw.get("warehouse_id")),
        "location_id": text(raw.get("location_id")),
        "additional_fields": additional(raw, "previous_on_hand", "user_id"),
    }
