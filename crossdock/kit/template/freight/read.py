"""Acme records → ours. Pure: values in, values out."""

from crossdock.errors import BadVendorValue
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import money, text, timestamp

# Acme's word: ours. Freight has no "other", so a word that is not here sets the record aside.
STATUS = {"BOOKED": "pre_transit", "SAILING": "in_transit", "DELIVERED": "final_destination"}


def shipment(raw: Raw) -> Fields:
    """Acme shipment → freight shipment. `eta` is missing until the carrier has confirmed."""
    if raw["state"] not in STATUS:
        raise BadVendorValue(f"the state of a shipment is {raw['state']!r}, which has no status of ours")
    fields: Fields = {
        "id": text(raw["id"]),
        "created_date": timestamp(raw["created_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "cost": money(raw["cost"]),
        "raw_status": text(raw["state"]),
        "status": STATUS[raw["state"]],
        "shipment_method": text(raw["mode"]),
    }
    if "eta" in raw:
        fields["eta_date"] = timestamp(raw["eta"])
    return fields
