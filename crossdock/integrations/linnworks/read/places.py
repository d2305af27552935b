"""Locations, suppliers, postal services and channels of Linnworks → ours. Pure."""

from crossdock.integrations.linnworks.read.orders import channel_id
from crossdock.integrations.linnworks.read.parts import UNDATED
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text


def warehouse(raw: Raw) -> Fields:
    return {
        "id": text(raw["StockLocationId"]),
        **UNDATED,
        "name": text(raw["LocationName"]) or "",
        "code": text(raw.get("LocationTag")),
        "address": {
            "address1": text(raw.get("Address1")),
            "address2": text(raw.get("Address2")),
            "city": text(raw.get("City")),
            "state": text(raw.get("County")),
            "postal_code": text(raw.get("ZipCode")),
            "country": text(raw.get("Country")),
        },
        "additional_fields": additional(raw, "IsFulfillmentCenter", "IsWarehouseManaged", "IsNotTrackable"),
    }


def supplier(raw: Raw) -> Fields:
    return {
        "id": text(raw["pkSupplierID"]),
        **UNDATED,
        "name": text(raw.get("SupplierName")),
        "additional_fields": additional(raw, "Currency", "Country"),
    }


def shipping_method(raw: Raw) -> Fields:
    vendor = text(raw.get("Vendor"))
    return {
        "id": text(raw["pkPostalServiceId"]),
        **UNDATED,
        "name": text(raw["PostalServiceName"]) or "",
        "carrier": vendor,
        "carrier_name": vendor,
        "additional_fields": additional(raw, "TrackingNumberRequired"),
    }


def order_channel(raw: Raw) -> Fields:
    source, account = text(raw["Source"]), text(raw.get("SubSource"))
    return {
        "id": channel_id(source, account),
        **UNDATED,
        "name": text(raw.get("DisplayName")) or account or source,
        "additional_fields": additional(raw, "Source", "SubSource", "SourceType"),
    }
