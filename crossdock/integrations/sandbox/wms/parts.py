"""Pieces of the sandbox warehouse's records that several of them share, or that are records by themselves."""

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, money, timestamp, whole

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


def carrier(raw: Raw) -> Fields:
    return {
        "carrier": raw["carrier_label"],
        "carrier_id": raw["carrier"],
        "carrier_name": raw["carrier_label"],
        "scac": raw["scac"],
    }


def _method(raw: Raw) -> Fields:
    return {
        "shipping_method": raw["label"],
        "shipping_method_id": raw["method"],
        "shipping_method_name": raw["label"],
    }


def via(raw: Raw) -> Fields:
    return {**_method(raw), **carrier(raw)}


def via_of_order(raw: Raw) -> Fields:
    """An order has no flat name of its carrier."""
    return {key: value for key, value in via(raw).items() if key != "carrier"}


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
    fields: dict[tuple[str, str | None], Fields] = {}
    for row in (row for parcel in parcels for row in parcel["contents"]):
        line = fields.setdefault(
            (row["item"], row["kit"]),
            {
                "inventory_item_id": row["item"],
                "sku": row["sku"],
                "quantity": 0,
                "parent_product_id": row["kit"],
            },
        )
        line["quantity"] += row["units"]
    return list(fields.values())


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
    """All figures of each building that has a place for the item; over all buildings they sum to the item's.

    The warehouse promises stock over all its buildings, and expects goods at none in particular: promises
    count for the buildings in their order, each up to what it can ship, and what is on its way for the first.
    """
    sites = dict.fromkeys([*raw["homes"], *(current_bin["site"] for current_bin in raw["bins"])])
    figures: Fields = {}
    promised, on_the_way = raw["allocated"], raw["on_the_way"]
    for remaining_index, site in zip(reversed(range(len(sites))), sites, strict=True):
        bins = [current_bin for current_bin in raw["bins"] if current_bin["site"] == site]
        onhand = added(whole(current_bin["units"]) for current_bin in bins)
        blocked = added(whole(current_bin["units"]) for current_bin in bins if current_bin["blocked"])
        committed = min(promised, onhand - blocked) if remaining_index else promised
        figures[site] = _figures(on_the_way, onhand, committed, blocked)
        promised, on_the_way = promised - committed, 0
    return figures


def _figures(awaiting: int, onhand: int, committed: int, blocked: int) -> Fields:
    can_ship = onhand - blocked - committed
    return {
        "awaiting": awaiting,
        "onhand": onhand,
        "committed": committed,
        "unfulfillable": blocked,
        "fulfillable": can_ship,
        "unsellable": 0,
        "sellable": can_ship,
    }


def lots(bins: list[Raw]) -> list[Fields]:
    fields: dict[tuple[str, str], Fields] = {}
    for mapping in bins:
        if mapping["lot"] is None:
            continue
        lot = fields.setdefault(
            (mapping["lot"], mapping["site"]),
            {
                "lot_id": mapping["lot"],
                "onhand": 0,
                "expiration_date": timestamp(mapping["expires"]),
                "warehouse_id": mapping["site"],
            },
        )
        lot["onhand"] += mapping["units"]
    return list(fields.values())


def locations(bins: list[Raw]) -> list[Fields]:
    fields: dict[str, Fields] = {}
    for mapping in bins:
        position = {"location_id": mapping["bin"], "quantity": 0, "warehouse_id": mapping["site"]}
        fields.setdefault(mapping["bin"], position)["quantity"] += mapping["units"]
    return list(fields.values())


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
