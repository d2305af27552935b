"""Pieces of the sandbox warehouse's records that several of them share, or that are records by themselves."""

from crossdock.integrations.contract import Fields, Raw
from crossdock.integrations.values import money, timestamp

SHIPMENT_STATUS = {"STAGED": "open", "LEFT": "shipped", "VOID": "cancelled"}
LENGTH_UNIT = {"IN": "in", "CM": "cm"}
WEIGHT_UNIT = {"LB": "lb", "OZ": "oz", "KG": "kg"}


def channel(named: Raw | None) -> Fields:
    if named is None:
        return {"channel": None, "channel_object": {}}
    return {
        "channel": named["label"],
        "channel_object": {"channel_id": named["code"], "channel_name": named["label"]},
    }


def carrier(way: Raw) -> Fields:
    return {
        "carrier": way["carrier_label"],
        "carrier_id": way["carrier"],
        "carrier_name": way["carrier_label"],
        "scac": way["scac"],
    }


def _method(way: Raw) -> Fields:
    return {
        "shipping_method": way["label"],
        "shipping_method_id": way["method"],
        "shipping_method_name": way["label"],
    }


def via(way: Raw) -> Fields:
    return {**_method(way), **carrier(way)}


def via_of_order(way: Raw) -> Fields:
    """An order has no flat name of its carrier."""
    return {key: value for key, value in via(way).items() if key != "carrier"}


def freight(paid: Raw) -> Fields:
    """Collect: somebody else's account pays the carrier."""
    is_collect = paid["terms"] == "COLLECT"
    return {
        "is_third_party_freight": is_collect,
        "third_party_freight_account_number": paid["account"] if is_collect else None,
        "first_party_freight_account_number": None if is_collect else paid["account"],
    }


def totals(amounts: Raw) -> Fields:
    return {
        "invoice_currency_code": amounts["currency"],
        "total_price": money(amounts["total"]),
        "total_tax": money(amounts["tax"]),
        "total_discount": money(amounts["rebate"]),
        "total_shipping": money(amounts["shipping"]),
    }


def ship_from(address: Raw) -> Fields:
    street = [*address["street"], None, None, None]
    return {
        "address1": street[0],
        "address2": street[1],
        "address3": street[2],
        "city": address["town"],
        "state": address["region"],
        "postal_code": address["zip"],
        "country": address["country"],
    }


def ship_to(address: Raw) -> Fields:
    return {
        "full_name": address["name"],
        "company": address["firm"],
        **ship_from(address),
        "phone_number": address["phone"],
        "email_address": address["mail"],
    }


def measurements(raw: Raw) -> Fields:
    """Size and weight, each None when it is not known."""
    size, mass = raw["size"], raw["mass"]
    return {
        "length": money(size["l"]) if size else None,
        "width": money(size["w"]) if size else None,
        "height": money(size["h"]) if size else None,
        "unit": LENGTH_UNIT.get(size["unit"]) if size else None,
        "weight": money(mass["value"]) if mass else None,
        "weight_unit": WEIGHT_UNIT.get(mass["unit"]) if mass else None,
    }


def kit_measurements(raw: Raw) -> Fields:
    """Of a kit as it was told; as texts, since what we have no field for is kept as it comes."""
    return {"size": raw.get("size"), "mass": raw.get("mass")}


def order_line(line: Raw) -> Fields:
    return {
        "product_id": line["product"],
        "sku": line["sku"],
        "quantity": line["ordered"],
        "unit_price": money(line["price"]),
        "is_picked": line["picked"],
        "discount_amount": money(line["rebate"]),
    }


def shipment(sent: Raw) -> Fields:
    return {
        "shipment_id": sent["uid"],
        "warehouse_id": sent["site"],
        "raw_status": sent["state"],
        "status": SHIPMENT_STATUS.get(sent["state"], "other"),
        "shipped_date": timestamp(sent["left_at"]),
        "shipping_method": sent["via"]["label"],
        "line_items": _shipment_lines(sent["parcels"]),
        "ship_to_address": ship_to(sent["to"]),
        "ship_from_address": ship_from(sent["from"]),
        "packages": [_package(parcel) for parcel in sent["parcels"]],
    }


def _shipment_lines(parcels: list[Raw]) -> list[Fields]:
    """The contents of all parcels by item, and by the kit it belongs to."""
    found: dict[tuple[str, str | None], Fields] = {}
    for row in (row for parcel in parcels for row in parcel["contents"]):
        line = found.setdefault(
            (row["item"], row["kit"]),
            {
                "inventory_item_id": row["item"],
                "sku": row["sku"],
                "quantity": 0,
                "parent_product_id": row["kit"],
            },
        )
        line["quantity"] += row["units"]
    return list(found.values())


def _package(parcel: Raw) -> Fields:
    return {
        "package_id": parcel["uid"],
        "package_name": parcel["box"],
        "tracking_number": parcel["track"],
        "tracking_url": parcel["track_url"],
        **via(parcel["via"]),
        "shipping_cost": money(parcel["cost"]),
        "measurements": measurements(parcel),
        "line_items": [
            {
                "inventory_item_id": row["item"],
                "sku": row["sku"],
                "quantity": row["units"],
                "lot_id": row["lot"],
                "expiration_date": timestamp(row["expires"]),
                "parent_product_id": row["kit"],
            }
            for row in parcel["contents"]
        ],
    }


def rows(rows: list[Raw]) -> list[Fields]:
    return [{"inventory_item_id": row["item"], "sku": row["sku"], "quantity": row["units"]} for row in rows]


def by_warehouse(raw: Raw) -> Fields:
    """Units in each building that has a place for the item; the other figures are not kept by building."""
    held = dict.fromkeys(raw["homes"], 0)
    for one in raw["bins"]:
        held[one["site"]] = held.get(one["site"], 0) + one["units"]
    return {site: {"onhand": units} for site, units in held.items()}


def lots(bins: list[Raw]) -> list[Fields]:
    found: dict[tuple[str, str], Fields] = {}
    for one in bins:
        if one["lot"] is None:
            continue
        lot = found.setdefault(
            (one["lot"], one["site"]),
            {
                "lot_id": one["lot"],
                "onhand": 0,
                "expiration_date": timestamp(one["expires"]),
                "warehouse_id": one["site"],
            },
        )
        lot["onhand"] += one["units"]
    return list(found.values())


def locations(bins: list[Raw]) -> list[Fields]:
    found: dict[str, Fields] = {}
    for one in bins:
        place = {"location_id": one["bin"], "quantity": 0, "warehouse_id": one["site"]}
        found.setdefault(one["bin"], place)["quantity"] += one["units"]
    return list(found.values())


def inbound_line(row: Raw) -> Fields:
    return {
        "inventory_item_id": row["item"],
        "sku": row["sku"],
        "expected_quantity": row["announced"],
        "received_quantity": row["arrived"],
        "unit_cost": money(row["cost"]),
        "external_id": row["vendor_ref"],
    }


def return_line(row: Raw, site: str) -> Fields:
    return {
        "inventory_item_id": row["item"],
        "sku": row["sku"],
        "expected_quantity": row["announced"],
        "received_quantity": row["arrived"],
        "restocked_quantity": row["restocked"],
        "return_reason": row["reason"],
        "quantity": row["arrived"],
        "warehouse_id": site,
        "returned_date": timestamp(row["arrived_at"]),
    }


def return_shipment(parcel: Raw, rows: list[Raw]) -> Fields:
    """A return comes in one parcel, so that all that was found belongs to it."""
    return {
        "tracking_number": parcel["track"],
        "shipped_date": timestamp(parcel["sent"]),
        "arrived_date": timestamp(parcel["arrived"]),
        "warehouse_id": parcel["site"],
        **carrier(parcel["via"]),
        "shipping_cost": money(parcel["cost"]),
        "measurements": measurements(parcel),
        "line_items": [
            {
                "inventory_item_id": row["item"],
                "sku": row["sku"],
                "quantity": row["announced"],
                "receiving_details": [
                    {
                        "quantity": check["units"],
                        "condition": check["condition"].lower(),
                        "disposition": check["outcome"].lower(),
                    }
                    for check in row["checks"]
                ],
            }
            for row in rows
        ],
    }
