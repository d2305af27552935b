"""Customer shipments and drop shipments → orders, each with its one shipment."""

from typing import Any

from crossdock.integrations.tryton.read.values import (
    active,
    all_related,
    identity,
    money,
    plain,
    related,
    sizes,
    sku,
    street,
    time,
    total,
    unit_price,
    weight,
)
from crossdock.kit import values
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, in_whole_numbers

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

PICKED_STATES = {"picked", "packed", "shipped", "done"}


def order(raw: Raw) -> Fields:
    """Customer shipment, or drop shipment → order. Its one shipment is shown once it is packed."""
    is_drop = "customer_moves." in raw
    moves = active(raw, "customer_moves." if is_drop else "outgoing_moves.")
    lines = _lines(moves)
    record = {
        **identity(raw, *moves_of(raw), *all_related(raw, "packages.")),
        "warehouse_id": values.text(raw.get("warehouse")),
        "warehouse_customer_id": values.text(raw["customer"]),
        "order_number": values.text(raw["number"]) or "",
        "status": ORDER_STATUS.get(raw["state"], "other"),
        "raw_status": raw["state"],
        "ship_to_address": _ship_to(raw),
        "line_items": [_order_line(group, raw["state"]) for group in lines],
        "required_ship_date": time(raw["planned_date"]),
        "shipments": [_shipment(raw, moves)] if _has_shipment(raw) else [],
        "additional_fields": {
            "shipment_reference": raw["reference"],
            "sale_numbers": _sale_numbers(moves),
            **_kits(raw, lines),
            **(_supplier(raw) if is_drop else {}),
        },
    }
    if is_drop:
        record["type"] = "dropship"
    return in_whole_numbers(record | _reference(raw, moves) | _currency(raw, moves) | _carrier(raw))


def moves_of(raw: Raw) -> list[Raw]:
    """The moves to the customer, cancelled ones included."""
    return [*all_related(raw, "outgoing_moves."), *all_related(raw, "customer_moves.")]


def _supplier(raw: Raw) -> Fields:
    """The sender of a drop shipment."""
    name = values.text(related(raw, "supplier.").get("name"))
    return {"supplier_id": values.text(raw["supplier"]), "supplier_name": name}


def _kits(raw: Raw, lines: list[list[Raw]]) -> Fields:
    """The kits that were sold, each with the positions of the lines that it was taken apart into."""
    kits: dict[Any, Fields] = {}
    for position, moves in enumerate(lines):
        line = _kit_line(raw, moves[0])
        if not line:
            continue
        kit = kits.setdefault(
            line["id"],
            {
                "product_id": values.text(line["product"]),
                "sku": values.text(related(line, "product.").get("code")),
                "quantity": counted([line["quantity"]], related(line, "unit.").get("symbol")),
                "line_items": [],
            },
        )
        kit["line_items"].append(position)
    return {"kits": list(kits.values())} if kits else {}


def _kit_line(raw: Raw, move: Raw) -> Raw:
    """The sale line of the kit that a move is a part of; empty when it is of none."""
    return related((raw.get("kits") or {}).get(move["origin"]) or {}, "line.")


def _kit(raw: Raw, move: Raw) -> str | None:
    return values.text(_kit_line(raw, move).get("product"))


def _reference(raw: Raw, moves: list[Raw]) -> Fields:
    """The reference of the one sale behind the shipment, or its number; else the shipment's own."""
    sales = {sale["id"]: sale for move in moves if (sale := related(move, "sale."))}
    of_sale = next(iter(sales.values())) if len(sales) == 1 else {}
    of_shipment = values.text(raw["reference"])
    text = values.text(of_sale.get("reference")) or values.text(of_sale.get("number")) or of_shipment
    return {"reference_id": text} if text else {}


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
    for move in sorted(moves, key=lambda move: move["id"]):
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
    """Check whether there is something to ship with, or was: a shipment cancelled earlier has no packages."""
    if raw["state"] in {"packed", "shipped", "done"}:
        return True
    return raw["state"] not in ORDER_STATUS.keys() - {"cancelled"} and bool(all_related(raw, "packages."))


def _shipment(raw: Raw, moves: list[Raw]) -> Fields:
    return {
        "shipment_id": values.text(raw["id"]),
        "warehouse_id": _sent_from(raw, moves),
        "raw_status": raw["state"],
        "status": SHIPMENT_STATUS.get(raw["state"], "other"),
        "shipped_date": time(raw["effective_date"]),
        "shipping_method": _carrier(raw).get("shipping_method"),
        "line_items": _contents(raw, moves),
        "ship_to_address": _ship_to(raw),
        "ship_from_address": street(
            related(raw, "contact_address.") or related(related(raw, "warehouse."), "address.")
        ),
        "packages": _packages(raw, moves),
    }


def _sent_from(raw: Raw, moves: list[Raw]) -> str | None:
    """The warehouse; of a drop shipment the place that Tryton has its goods pass through."""
    if "warehouse" in raw:
        return values.text(raw["warehouse"])
    return next((values.text(move["from_location"]) for move in moves), "")


def _contents(raw: Raw, moves: list[Raw]) -> list[Fields]:
    """The goods of the moves, by item and kit. A move of 0 is what picking left of one that it split."""
    groups: dict[tuple[str, str | None], list[Raw]] = {}
    for move in sorted(moves, key=lambda move: move["id"]):
        groups.setdefault((str(move["product"]), _kit(raw, move)), []).append(move)
    return [
        {"inventory_item_id": item, "sku": sku(group[0]), "quantity": quantity, **_parent(kit)}
        for (item, kit), group in groups.items()
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


def _parent(kit: str | None) -> Fields:
    return {"parent_product_id": kit} if kit else {}


def _packages(raw: Raw, moves: list[Raw]) -> list[Fields]:
    packages = all_related(raw, "packages.")
    tracking = values.text(raw.get("shipping_reference"))
    cost = money(raw.get("cost")) if len(packages) < 2 else None
    if not packages and (tracking or cost):
        # Only packages carry these, and Tryton lets a shipment have them without any.
        only = {"package_id": values.text(raw["id"]), "tracking_number": tracking, "shipping_cost": cost}
        return [only | _parcel(raw, moves)]
    return [
        {
            "package_id": values.text(package["id"]),
            "package_name": values.text(package["number"]),
            "tracking_number": values.text(package.get("shipping_reference"))
            or (tracking if len(packages) == 1 else None),
            "tracking_url": values.text(package.get("shipping_tracking_url")),
            "shipping_cost": cost,
            "measurements": sizes(package)
            | weight(package.get("total_weight"), related(package, "weight_uom.")),
            **_parcel(raw, [move for move in moves if move["id"] in package["moves"]]),
        }
        for package in packages
    ]


def _parcel(raw: Raw, moves: list[Raw]) -> Fields:
    """A package: how and with what it goes."""
    groups: dict[tuple[Any, ...], list[Raw]] = {}
    for move in moves:
        groups.setdefault((move["product"], related(move, "lot.").get("id"), _kit(raw, move)), []).append(
            move
        )
    lines = [
        {
            "inventory_item_id": values.text(group[0]["product"]),
            "sku": sku(group[0]),
            "quantity": total(group),
            "lot_id": values.text(related(group[0], "lot.").get("number")),
            "expiration_date": time(related(group[0], "lot.").get("expiration_date")),
            **_parent(kit),
        }
        for (_, _, kit), group in groups.items()
    ]
    return _carrier(raw) | {"line_items": lines}
