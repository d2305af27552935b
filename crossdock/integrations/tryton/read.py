"""Tryton's records → ours. What a Tryton record looks like is told in `read_values.py`."""

from typing import Any

from crossdock.integrations import values
from crossdock.integrations.contract import Fields, Raw
from crossdock.integrations.tryton.read_stock import levels
from crossdock.integrations.tryton.read_values import (
    active,
    all_related,
    by_item,
    identity,
    is_active,
    money,
    plain,
    related,
    sizes,
    sku,
    street,
    time,
    total,
    unit_price,
    updated,
    weight,
)

ORDER_STATUS = {
    "draft": "open",
    "waiting": "confirmed",
    "assigned": "processing",
    "picked": "picked",
    "packed": "packed",
    "shipped": "fulfilled",
    "done": "fulfilled",
    "cancelled": "cancelled",
}

SHIPMENT_STATUS = {"packed": "open", "shipped": "shipped", "done": "shipped", "cancelled": "cancelled"}

# "received" and "done" differ in whether the goods were put away, not in whether they are there.
RECEIPT_STATUS = {"draft": "open", "received": "received", "done": "received", "cancelled": "cancelled"}

PICKED_STATES = {"picked", "packed", "shipped", "done"}

# By where the goods come from or go to: the type of the location at the move's other end.
EVENT_TYPES = {
    ("supplier", "in"): "inbound_receipt",
    ("supplier", "out"): "supplier_return",
    ("customer", "in"): "return_receipt",
    ("customer", "out"): "order_shipment",
    ("lost_found", "in"): "adjustment",
    ("lost_found", "out"): "adjustment",
    ("storage", "in"): "movement",
    ("storage", "out"): "movement",
}

OBJECT_TYPES = {
    "stock.shipment.out": "order",
    "stock.shipment.in": "inbound_shipment",
    "stock.shipment.out.return": "return",
}


def order(raw: Raw) -> Fields:
    """Customer shipment → order. Its one shipment is shown once it is packed."""
    moves = active(raw, "outgoing_moves.")
    record = {
        **identity(raw, *all_related(raw, "outgoing_moves."), *all_related(raw, "packages.")),
        "warehouse_id": values.text(raw["warehouse"]),
        "warehouse_customer_id": values.text(raw["customer"]),
        "order_number": values.text(raw["number"]) or "",
        "status": ORDER_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "ship_to_address": _ship_to(raw),
        "line_items": [_order_line(group, raw["state"]) for group in _lines(moves)],
        "required_ship_date": time(raw["planned_date"]),
        "shipments": [_shipment(raw, moves)] if _has_shipment(raw) else [],
        "additional_fields": {"shipment_reference": raw["reference"], "sale_numbers": _sale_numbers(moves)},
    }
    return record | _reference(raw, moves) | _currency(raw, moves) | _carrier(raw)


def _reference(raw: Raw, moves: list[Raw]) -> Fields:
    """The reference of the one sale behind the shipment, or its number; else the shipment's own."""
    sales = {sale["id"]: sale for move in moves if (sale := related(move, "sale."))}
    of_sale = next(iter(sales.values())) if len(sales) == 1 else {}
    of_shipment = values.text(raw["reference"])
    found = values.text(of_sale.get("reference")) or values.text(of_sale.get("number")) or of_shipment
    return {"reference_id": found} if found else {}


def _sale_numbers(moves: list[Raw]) -> list[str]:
    return sorted({number for move in moves if (number := values.text(related(move, "sale.").get("number")))})


def _currency(raw: Raw, moves: list[Raw]) -> Fields:
    """The currency of the prices when they share one, else the company's."""
    codes = {code for move in moves if (code := related(move, "currency.").get("code"))}
    code = codes.pop() if len(codes) == 1 else related(related(raw, "company."), "currency.").get("code")
    return {"invoice_currency_code": code} if code else {}


def _carrier(raw: Raw) -> Fields:
    """Carrier and method of a shipment, under the names that orders and packages share."""
    if "carrier." not in raw:
        return {}
    carrier = related(raw, "carrier.")
    party, product = related(carrier, "party."), related(carrier, "carrier_product.")
    return {
        "shipping_method": values.text(product.get("name")),
        "shipping_method_id": values.text(carrier.get("id")),
        "shipping_method_name": values.text(product.get("name")),
        "carrier_id": values.text(party.get("id")),
        "carrier_name": values.text(party.get("name")),
    }


def _lines(moves: list[Raw]) -> list[list[Raw]]:
    """The moves of one order line each: picking splits a move by lot, and leaves the rest as 0."""
    groups: dict[tuple[Any, ...], list[Raw]] = {}
    for move in sorted(moves, key=lambda one: one["id"]):
        price = plain(move["unit_price"])
        groups.setdefault((move["origin"], move["product"], move["unit"], price), []).append(move)
    return list(groups.values())


def _order_line(moves: list[Raw], state: str) -> Fields:
    return {
        "product_id": values.text(moves[0]["product"]),
        "sku": sku(moves[0]),
        "quantity": total(moves),
        "unit_price": unit_price(moves[0]),
        "is_picked": state in PICKED_STATES,
    }


def _has_shipment(raw: Raw) -> bool:
    """Whether there is something to ship with, or was: a shipment cancelled earlier has no packages."""
    if raw["state"] in {"packed", "shipped", "done"}:
        return True
    return raw["state"] not in ORDER_STATUS.keys() - {"cancelled"} and bool(all_related(raw, "packages."))


def _shipment(raw: Raw, moves: list[Raw]) -> Fields:
    return {
        "shipment_id": values.text(raw["id"]),
        "warehouse_id": values.text(raw["warehouse"]),
        "raw_status": raw["state"],
        "status": SHIPMENT_STATUS.get(raw["state"], "other"),
        "shipped_date": time(raw["effective_date"]),
        "shipping_method": _carrier(raw).get("shipping_method"),
        "line_items": _contents(moves),
        "ship_to_address": _ship_to(raw),
        "ship_from_address": street(related(related(raw, "warehouse."), "address.")),
        "packages": _packages(raw, moves),
    }


def _contents(moves: list[Raw]) -> list[Fields]:
    """What the moves carry, by item. A move of 0 is what picking left of one that it split."""
    return [
        {"inventory_item_id": item, "sku": sku(group[0]), "quantity": quantity}
        for item, group in by_item(moves).items()
        if (quantity := total(group))
    ]


def _ship_to(raw: Raw) -> Fields:
    address, customer = related(raw, "delivery_address."), related(raw, "customer.")
    return {
        "full_name": values.text(address.get("party_name")) or values.text(customer.get("name")),
        **street(address),
        "phone_number": values.text(customer.get("phone")),
        "email_address": values.text(customer.get("email")),
    }


def _packages(raw: Raw, moves: list[Raw]) -> list[Fields]:
    packages = all_related(raw, "packages.")
    tracking = values.text(raw.get("shipping_reference"))
    if not packages and tracking:
        # Only packages carry a tracking number, and Tryton lets a shipment have one without them.
        return [{"package_id": values.text(raw["id"]), "tracking_number": tracking, **_parcel(raw, moves)}]
    cost = money(raw.get("cost")) if len(packages) == 1 else None
    return [
        {
            "package_id": values.text(one["id"]),
            "package_name": values.text(one["number"]),
            "tracking_number": values.text(one.get("shipping_reference"))
            or (tracking if len(packages) == 1 else None),
            "tracking_url": values.text(one.get("shipping_tracking_url")),
            "shipping_cost": cost,
            "measurements": sizes(one) | weight(one.get("total_weight"), related(one, "weight_uom.")),
            **_parcel(raw, [move for move in moves if move["id"] in one["moves"]]),
        }
        for one in packages
    ]


def _parcel(raw: Raw, moves: list[Raw]) -> Fields:
    """How and with what a package goes."""
    groups: dict[tuple[Any, ...], list[Raw]] = {}
    for move in moves:
        groups.setdefault((move["product"], related(move, "lot.").get("id")), []).append(move)
    lines = [
        {
            "inventory_item_id": values.text(group[0]["product"]),
            "sku": sku(group[0]),
            "quantity": total(group),
            "lot_id": values.text(related(group[0], "lot.").get("number")),
            "expiration_date": time(related(group[0], "lot.").get("expiration_date")),
        }
        for group in groups.values()
    ]
    return _carrier(raw) | {"line_items": lines}


def inbound_shipment(raw: Raw) -> Fields:
    """Supplier shipment → inbound shipment. What has arrived is its one receipt."""
    moves = active(raw, "incoming_moves.")
    return {
        **identity(raw, *all_related(raw, "incoming_moves.")),
        "purchase_order_number": _purchase_number(raw, moves),
        "status": RECEIPT_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "supplier": values.text(related(raw, "supplier.").get("name")),
        "supplier_object": {
            "supplier_id": values.text(raw["supplier"]),
            "supplier_name": values.text(related(raw, "supplier.").get("name")),
        },
        "expected_arrival_date": time(raw["planned_date"]),
        "warehouse_id": values.text(raw["warehouse"]),
        "line_items": [_inbound_line(one) for one in moves],
        "receipts": _receipts(raw, [one for one in moves if one["state"] == "done"]),
        "ship_from_address": street(related(raw, "contact_address.")),
        "additional_fields": {"number": raw["number"], "reference": raw["reference"]},
    }


def _purchase_number(raw: Raw, moves: list[Raw]) -> str | None:
    """The number of the purchase, when all goods belong to one; of no purchase, the shipment's reference."""
    numbers = {related(move, "purchase.").get("number") for move in moves}
    if not any(numbers):
        return values.text(raw["reference"])
    return values.text(numbers.pop()) if len(numbers) == 1 else None


def _inbound_line(move: Raw) -> Fields:
    quantity = total([move])
    return {
        "inventory_item_id": values.text(move["product"]),
        "sku": sku(move),
        "expected_quantity": quantity,
        "received_quantity": quantity if move["state"] == "done" else 0,
        "unit_cost": unit_price(move),
    }


def _receipts(raw: Raw, done: list[Raw]) -> list[Fields]:
    if not done:
        return []
    arrived = min(filter(None, (time(move["effective_date"]) for move in done)))
    return [{"id": values.text(raw["id"]), "arrived_date": arrived, "line_items": _contents(done)}]


def return_(raw: Raw) -> Fields:
    """Customer return → return."""
    restocked = by_item([one for one in all_related(raw, "inventory_moves.") if one["state"] == "done"])
    record = {
        **identity(raw, *all_related(raw, "incoming_moves."), *all_related(raw, "inventory_moves.")),
        "warehouse_customer_id": values.text(raw["customer"]),
        "status": RECEIPT_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "line_items": [
            _return_line(raw, item, group, total(restocked.get(item, [])))
            for item, group in by_item(active(raw, "incoming_moves.")).items()
        ],
        "additional_fields": {
            "number": raw["number"],
            "reference": raw["reference"],
            "origins": raw["origins"] or None,
        },
    }
    return record | ({"order_id": values.text(raw["order"])} if "order" in raw else {})


globals()["return"] = return_  # found by the name of the resource, which is a word of the language


def _return_line(raw: Raw, item: str, moves: list[Raw], restocked: int) -> Fields:
    done = [move for move in moves if move["state"] == "done"]
    received = total(done)
    returned = filter(None, (time(move["effective_date"]) for move in done))
    return {
        "inventory_item_id": item,
        "sku": sku(moves[0]),
        "expected_quantity": total(moves),
        "received_quantity": received,
        "restocked_quantity": restocked,
        "quantity": received,
        "warehouse_id": values.text(raw["warehouse"]),
        "returned_date": min(returned, default=None),
    }


def product(raw: Raw) -> Fields:
    """Variant → product. It is its own inventory item, one of it."""
    record = {
        **identity(raw, related(raw, "template.")),
        "name": raw["name"],
        "sku": values.text(raw["code"]),
        "unit_price": money(raw["list_price_used"]),
        "inventory_items": [
            {"inventory_item_id": values.text(raw["id"]), "sku": values.text(raw["code"]), "unit_quantity": 1}
        ],
        "is_kit": False,
        "active": is_active(raw),
    }
    if "identifiers." in raw:
        codes = (one["code"] for one in raw["identifiers."] if one["type"] == "ean")
        record["gtin"] = values.text(next(codes, None))
    if "product_suppliers." in raw:
        record |= _suppliers(raw)
    return record


def _suppliers(raw: Raw) -> Fields:
    """Suppliers of the variant, then those of all its template's variants, as Tryton prefers them."""
    of_template = all_related(related(raw, "template."), "product_suppliers.")
    of_all_variants = [one for one in of_template if not one["product"]]
    suppliers = [
        {
            "supplier_id": values.text(related(one, "party.").get("id")),
            "supplier_name": values.text(related(one, "party.").get("name")),
            "external_id": values.text(one["code"]),
            "unit_cost": _only_price(all_related(one, "prices.")),
        }
        for one in [*raw["product_suppliers."], *of_all_variants]
        if one["active"]
    ]
    first = suppliers[0] if suppliers else {}
    return {
        "supplier": first.get("supplier_name"),
        "supplier_object": {name: first[name] for name in ("supplier_id", "supplier_name") if first},
        "supplier_products": suppliers,
    }


def _only_price(prices: list[Raw]) -> str | None:
    """The price when there is one for any quantity; tiers have no place in the record."""
    return str(money(prices[0]["unit_price"])) if len(prices) == 1 else None


def inventory_item(raw: Raw) -> Fields:
    """Variant with its stock → inventory item. What each figure is: see `read_stock.py`."""
    by_warehouse = {str(one): levels(raw, one) for one in raw["warehouses"]}
    names = ("awaiting", "onhand", "committed", "unfulfillable", "fulfillable")
    totals = {name: sum(one[name] for one in by_warehouse.values()) for name in names}
    record = {
        **identity(raw, related(raw, "template.")),
        "name": raw["name"],
        "sku": values.text(raw["code"]),
        "unit_cost": money(raw["cost_price"]),
        "active": is_active(raw),
        **totals,
        "sellable": totals["fulfillable"],
        "inventory_by_warehouse_id": by_warehouse,
        "measurements": sizes(raw) | weight(raw.get("weight"), related(raw, "weight_uom.")),
        "locations": [
            {
                "location_id": str(one["location"]),
                "quantity": values.whole(one["quantity"]),
                "warehouse_id": str(one["warehouse"]),
            }
            for one in raw["quantities"]
        ],
    }
    return record | ({"lots": [_lot(one) for one in raw["lots"]]} if "lots" in raw else {})


def _lot(raw: Raw) -> Fields:
    return {
        "lot_id": raw["number"],
        "onhand": values.whole(raw["quantity"]),
        "expiration_date": time(raw["expiration_date"]),
        "warehouse_id": str(raw["warehouse"]),
    }


def inventory_ledger_entry(raw: Raw) -> Fields:
    """One side of a done stock move → ledger entry."""
    move, direction = raw["move"], raw["direction"]
    other = related(move, "from_location." if direction == "in" else "to_location.")["type"]
    quantity = total([move])
    model, _, document = (move["shipment"] or "").partition(",")
    return {
        "id": raw["id"],
        "created_date": time(move["create_date"]),
        "updated_date": updated(move),
        "entry_date": time(move["write_date"] if raw["is_reversal"] else move["effective_date"]),
        "inventory_item_id": values.text(move["product"]),
        "sku": sku(move) or "",
        "quantity": quantity if (direction == "in") != raw["is_reversal"] else -quantity,
        "raw_event_type": _raw_event(raw),
        "event_type": EVENT_TYPES.get((other, direction), "other"),
        "object_id": document if model in OBJECT_TYPES else None,
        "object_type": OBJECT_TYPES.get(model),
        "warehouse_id": values.text(raw["warehouse"]),
        "location_id": values.text(raw["location"]),
        "additional_fields": {
            "move_id": values.text(move["id"]),
            "shipment": move["shipment"],
            "origin": move["origin"],
            "lot": related(move, "lot.").get("number"),
        },
    }


def _raw_event(raw: Raw) -> str:
    """What Tryton says of the move: the types of its two locations."""
    begin, end = (related(raw["move"], f"{side}_location.")["type"] for side in ("from", "to"))
    return f"{begin} to {end}" + (", cancelled" if raw["is_reversal"] else "")


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


def supplier(raw: Raw) -> Fields:
    return {**identity(raw), "name": values.text(raw["name"]), "additional_fields": _party_details(raw)}


def warehouse_customer(raw: Raw) -> Fields:
    # A party's name may be empty in Tryton, a warehouse customer's not: its code is its other name.
    name = values.text(raw["name"]) or values.text(raw["code"])
    email = values.text(raw["email"])
    return {**identity(raw), "name": name, "email": email, "additional_fields": _party_details(raw)}


def _party_details(raw: Raw) -> Fields:
    return {"code": values.text(raw["code"]), "phone": values.text(raw["phone"])}
