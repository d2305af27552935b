"""Facilities, their locations, customers and carriers of Extensiv's → ours. Pure."""

from crossdock.integrations.extensiv.hal import method_id
from crossdock.integrations.extensiv.read.parts import UNDATED, address, id_in, moment, part
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text


def warehouse(raw: Raw) -> Fields:
    return {
        "id": text(raw["facilityId"]),
        **UNDATED,
        "name": text(raw["name"]) or "",
        "code": text(raw.get("code")),
        "address": address(part(raw, "contact")),
        "additional_fields": additional(raw, "deactivated", "timeZoneName"),
    }


def warehouse_location(raw: Raw) -> Fields:
    return {
        "id": text(raw["locationId"]),
        **UNDATED,
        "name": text(raw.get("name")),
        "warehouse_id": id_in(raw, "facilityIdentifier"),
        "additional_fields": additional(raw, "description", "deactivated", "quarantinable", "nonPickable"),
    }


def shipping_method(raw: Raw) -> Fields:
    service = part(raw, "service")
    name = text(service.get("description")) or text(service.get("code")) or text(raw.get("description"))
    return {
        "id": method_id(raw, service),
        **UNDATED,
        "name": name or text(raw["name"]),
        "carrier": text(raw["name"]),
        "carrier_id": text(raw.get("carrierCode")),
        "carrier_name": text(raw["name"]),
        "scac": text(raw.get("scacCode")),
        "additional_fields": {
            "service_code": text(service.get("code")),
            "carrier_deactivated": raw.get("deactivated"),
            "service_deactivated": service.get("deactivated"),
        },
    }


def warehouse_customer(raw: Raw) -> Fields:
    company, contact = part(raw, "companyInfo"), part(raw, "primaryContact")
    created = moment(raw["readOnly"].get("creationDate"), raw)
    return {
        "id": text(raw["readOnly"]["customerId"]),
        "created_date": created,
        "updated_date": created,
        "name": text(company.get("companyName")) or text(company.get("name")) or "",
        "email": text(contact.get("emailAddress")) or text(company.get("emailAddress")),
        "additional_fields": {**additional(raw, "externalId"), **additional(raw["readOnly"], "deactivated")},
    }
