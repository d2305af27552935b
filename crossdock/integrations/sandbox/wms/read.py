"""Sandbox warehouse → our records. Pure: one function per resource."""

from crossdock.errors import BadVendorValue
from crossdock.integrations.sandbox.wms import parts
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import added, money, timestamp, whole

ORDER_STATUS = {
    "NEW": "open",
    "RELEASED": "confirmed",
    "IN_WAVE": "processing",
    "PICKED": "picked",
    "PACKED": "packed",
    "PART_DESPATCHED": "partially_fulfilled",
    "DESPATCHED": "fulfilled",
    "ADDRESS_HOLD": "exception",
    "CREDIT_HOLD": "exception",
    "CANCELLED": "cancelled",
    "SHORT": "backordered",
    "WAITING": "backordered",
}
ORDER_TYPE = {"CONSUMER": "d2c", "WHOLESALE": "b2b", "DROP": "dropship", "REPLENISH": "transfer"}
DUTIES = {"SENDER": "sender", "RECIPIENT": "recipient", "THIRD_PARTY": "third_party"}
INBOUND_STATUS = {
    "EXPECTED": "open",
    "ON_THE_ROAD": "in-transit",
    "UNLOADING": "receiving",
    "PUT_AWAY": "received",
    "SCRAPPED": "cancelled",
}
RETURN_STATUS = {
    "ANNOUNCED": "open",
    "EN_ROUTE": "in-transit",
    "UNPACKING": "receiving",
    "BOOKED": "received",
    "VOID": "cancelled",
}
LEDGER_EVENT = {
    "OPENING": "adjustment",
    "COUNT": "adjustment",
    "RETURN_IN": "return_receipt",
    "GOODS_IN": "inbound_receipt",
    "DESPATCH": "order_shipment",
    "TO_VENDOR": "supplier_return",
    "RELOCATE": "movement",
}
LEDGER_ABOUT = {"ORDER": "order", "INBOUND": "inbound_shipment", "RETURN": "return"}
TASK = {"PICK": "pick", "PACK": "pack", "PUTAWAY": "put_away", "MOVE": "transfer", "RECEIVE": "receive"}
TASK_ABOUT = {"ORDER": "order", "INBOUND": "inbound_shipment", "RETURN": "return", "ITEM": "inventory"}


def order(raw: Raw) -> Fields:
    """An order with what was sent of it."""
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "warehouse_id": raw["site"],
        "created_date": timestamp(raw["placed"]),
        "updated_date": timestamp(raw["changed"]),
        "reference_id": raw["shop_ref"],
        "order_number": raw["number"],
        "status": ORDER_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        **parts.channel(raw["channel"]),
        "type": ORDER_TYPE.get(raw["kind"]),
        "trading_partner": raw["partner"],
        "service_level": raw["level"],
        **parts.via_of_order(raw["via"]),
        **parts.freight(raw["freight"]),
        **parts.totals(raw["money"]),
        "ship_to_address": parts.ship_to(raw["deliver_to"]),
        "line_items": [parts.order_line(line) for line in raw["lines"]],
        "tags": raw["labels"],
        "required_ship_date": timestamp(raw["ship_by"]),
        "saturday_delivery": "SATURDAY" in raw["flags"],
        "signature_required": "SIGNATURE" in raw["flags"],
        "international_duty_paid_by": DUTIES.get(raw["duties"]),
        "shipments": [parts.shipment(despatch) for despatch in raw["despatches"]],
        "external_system_url": raw["link"],
        "additional_fields": {
            "wave": raw["wave"],
            "stages": raw["stages"],
            **({"files": raw["files"]} if "files" in raw else {}),
        },
    }


def packs_of_order(raw: Raw) -> Fields:
    """The planned parcels of an order, under its id."""
    return {
        "id": raw["uid"],
        "packs": [
            {
                "pack_id": box["uid"],
                "measurements": parts.measurements(box),
                "line_items": parts.rows(box["rows"]),
            }
            for box in raw["boxes"]
        ],
        **parts.via(raw["via"]),
        "ship_to_address": parts.ship_to(raw["deliver_to"]),
        "order_line_items": [
            {"product_id": line["product"], "sku": line["sku"], "quantity": line["units"]}
            for line in raw["ordered"]
        ],
        "additional_fields": {"station": raw["station"]},
    }


def order_channel(raw: Raw) -> Fields:
    """A channel of a merchant."""
    return {
        "id": raw["uid"],
        "name": raw["label"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "additional_fields": {"trade": raw["trade"]},
    }


def inventory_item(raw: Raw) -> Fields:
    """An item and its stock, which the warehouse keeps by bin."""
    onhand = added(whole(current_bin["units"]) for current_bin in raw["bins"])
    blocked = sum(current_bin["units"] for current_bin in raw["bins"] if current_bin["blocked"])
    can_ship = onhand - blocked - raw["allocated"]
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "name": raw["title"],
        "sku": raw["sku"],
        "unit_cost": money(raw["cost"]),
        "active": raw["live"],
        "awaiting": raw["on_the_way"],
        "onhand": onhand,
        "committed": raw["allocated"],
        "unfulfillable": blocked,
        "fulfillable": can_ship,
        "unsellable": 0,
        "sellable": can_ship,
        "substitute_skus": raw["swaps"],
        "inventory_by_warehouse_id": parts.by_warehouse(raw),
        "lots": parts.lots(raw["bins"]),
        "measurements": parts.measurements(raw),
        "locations": parts.locations(raw["bins"]),
        "external_system_url": raw["link"],
        "additional_fields": {"turnover": raw["turnover"], "lot_tracked": raw["lotted"]},
    }


def inventory_ledger_entry(raw: Raw) -> Fields:
    """A movement; units that leave are negative."""
    about = raw["about"] or {}
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["booked"]),
        "updated_date": timestamp(raw["changed"]),
        "entry_date": timestamp(raw["happened"]),
        "inventory_item_id": raw["item"],
        "sku": raw["sku"],
        "quantity": raw["units"],
        "raw_event_type": raw["word"],
        "event_type": LEDGER_EVENT.get(raw["word"], "other"),
        "reason": raw["why"],
        "object_id": about.get("uid"),
        "object_type": LEDGER_ABOUT.get(about.get("kind", "")),
        "warehouse_id": raw["site"],
        "location_id": raw["bin"],
        "additional_fields": {"lot": raw["lot"]} if raw["lot"] else {},
    }


def product(raw: Raw) -> Fields:
    """A product, or a kit of several items."""
    offers = raw["vendors"]
    supplier = {"supplier_id": offers[0]["vendor"], "supplier_name": offers[0]["title"]} if offers else {}
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "name": raw["title"],
        "sku": raw["sku"],
        "gtin": raw["barcode"],
        "unit_price": money(raw["price"]),
        "inventory_items": [
            {"inventory_item_id": part["item"], "sku": part["sku"], "unit_quantity": part["units"]}
            for part in raw["parts"]
        ],
        "is_kit": raw["kit"],
        "active": raw["live"],
        "supplier": supplier.get("supplier_name"),
        "supplier_object": supplier,
        "country_of_origin": raw["origin"],
        "harmonized_code": raw["hs_code"],
        "supplier_products": [
            {
                "supplier_id": offer["vendor"],
                "supplier_name": offer["title"],
                "external_id": offer["their_sku"],
                "unit_cost": offer["cost"],
            }
            for offer in offers
        ],
        "external_system_url": raw["link"],
        "additional_fields": {
            **({"pick_note": raw["pick_note"]} if raw["pick_note"] else {}),
            **({"measurements": parts.kit_measurements(raw)} if raw.keys() & {"size", "mass"} else {}),
        },
    }


def inbound_shipment(raw: Raw) -> Fields:
    """Goods that a supplier sends, and the deliveries that came."""
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["placed"]),
        "updated_date": timestamp(raw["changed"]),
        "purchase_order_number": raw["po"],
        "status": INBOUND_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "supplier": raw["vendor"]["title"],
        "supplier_object": {
            "supplier_id": raw["vendor"]["uid"],
            "supplier_name": raw["vendor"]["title"],
        },
        "expected_arrival_date": timestamp(raw["due"]),
        "warehouse_id": raw["site"],
        "line_items": [parts.inbound_line(row) for row in raw["rows"]],
        "receipts": [
            {
                "id": arrival["uid"],
                "arrived_date": timestamp(arrival["at"]),
                "line_items": parts.rows(arrival["rows"]),
            }
            for arrival in raw["arrivals"]
        ],
        "ship_from_address": parts.ship_from(raw["from"]),
        "tracking_numbers": raw["tracks"],
        "notes": raw["memos"],
        "external_system_url": raw["link"],
        "additional_fields": {"pallets": raw["pallets"]},
    }


def supplier(raw: Raw) -> Fields:
    """A supplier that a merchant buys from."""
    return {
        "id": raw["uid"],
        "name": raw["title"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "additional_fields": {"code": raw["short"], "country": raw["country"]},
    }


def return_order(raw: Raw) -> Fields:
    """The goods that a buyer sends back, and what was found on unpacking."""
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["placed"]),
        "updated_date": timestamp(raw["changed"]),
        "status": RETURN_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "order_id": raw["order"],
        "notes": raw["memos"],
        "line_items": [parts.return_line(row, raw["site"]) for row in raw["rows"]],
        "shipments": [parts.return_shipment(parcel, raw["rows"]) for parcel in raw["parcels"]],
        "external_system_url": raw["link"],
        "additional_fields": {"label_paid_by": raw["label_paid_by"]},
    }


def bill(raw: Raw) -> Fields:
    """A charge to a merchant; storage is for no record."""
    about = raw["for"] or {}
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["booked"]),
        "updated_date": timestamp(raw["changed"]),
        "object_id": about.get("uid"),
        "object_type": about.get("kind"),
        "charge_type": raw["what"],
        "amount": money(raw["amount"]),
        "currency_code": raw["currency"],
        "additional_fields": {"cycle": raw["cycle"]},
    }


def shipping_method(raw: Raw) -> Fields:
    """A way to send."""
    method = raw["via"]
    return {
        "id": raw["uid"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "name": method["label"],
        **parts.carrier(method),
        "additional_fields": {"service_level": raw["level"]},
    }


def warehouse(raw: Raw) -> Fields:
    """A building."""
    return {
        "id": raw["uid"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "name": raw["title"],
        "code": raw["short"],
        "address": parts.ship_from(raw["address"]),
        "additional_fields": {"time_zone": raw["clock"]},
    }


def warehouse_location(raw: Raw) -> Fields:
    """A place in a building. What it can bear is no weight of its own."""
    return {
        "id": raw["uid"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "name": raw["label"],
        "warehouse_id": raw["site"],
        "type": raw["kind"].lower(),
        "measurements": parts.measurements({"size": raw["size"], "mass": None}),
        "additional_fields": {"zone": raw["zone"], "holds": raw["holds"]},
    }


def warehouse_customer(raw: Raw) -> Fields:
    """A merchant."""
    return {
        "id": raw["uid"],
        "created_date": timestamp(raw["created"]),
        "updated_date": timestamp(raw["changed"]),
        "name": raw["title"],
        "email": raw["mail"],
        "additional_fields": {"sku_prefix": raw["sku_prefix"]},
    }


def labor_activity(raw: Raw) -> Fields:
    """A piece of work. One without an end still goes on."""
    return {
        "id": raw["uid"],
        "warehouse_customer_id": raw["client"],
        "created_date": timestamp(raw["begun"]),
        "updated_date": timestamp(raw["changed"]),
        "user_id": raw["worker"]["uid"],
        "user_first_name": raw["worker"]["first"],
        "user_last_name": raw["worker"]["last"],
        "warehouse_id": raw["site"],
        "activity_type": _task(raw["task"]),
        "activity_start_time": timestamp(raw["begun"]),
        "activity_end_time": timestamp(raw["ended"]),
        "associated_object_type": TASK_ABOUT.get(raw["about"]["kind"]),
        "associated_object_id": raw["about"]["uid"],
        "quantity": raw["units"],
        "additional_fields": {"device": raw["device"]},
    }


def _task(word: str) -> str:
    """Our activity types have no "other": work that we have no word for is set aside."""
    if word not in TASK:
        raise BadVendorValue(f"wanted one of {', '.join(TASK)} as task, got {word!r}")
    return TASK[word]
