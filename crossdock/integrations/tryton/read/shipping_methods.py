"""Carriers → shipping methods."""

from crossdock.integrations.tryton.read.values import identity, related
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw


def shipping_method(raw: Raw) -> Fields:
    """Carrier → shipping method: Tryton has one for each service, named by the product it is sold as."""
    party, service = related(raw, "party."), related(raw, "carrier_product.")
    return {
        **identity(raw),
        "name": service["name"],
        "carrier": values.text(party["name"]),
        "carrier_id": values.text(party["id"]),
        "carrier_name": values.text(party["name"]),
        "additional_fields": {"code": service["code"]},
    }
