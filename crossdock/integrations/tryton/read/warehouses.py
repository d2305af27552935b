"""Warehouses, and the locations below them."""

from crossdock.integrations.tryton.read.values import identity, related, street
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw


def warehouse(raw: Raw) -> Fields:
    return {
        **identity(raw),
        "name": raw["name"],
        "code": values.text(raw["code"]),
        "address": street(related(raw, "address.")),
    }


def warehouse_location(raw: Raw) -> Fields:
    """A location below a warehouse: bins, zones, and the views that group them."""
    return {
        **identity(raw),
        "name": raw["name"],
        "warehouse_id": values.text(raw["warehouse"]),
        "type": raw["type"],
        "additional_fields": {"code": raw["code"], "parent_id": values.text(raw["parent"])},
    }
