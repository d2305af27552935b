"""Generates the shop: its products and places, and the consumers' orders that the warehouse got from it."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.integrations.sandbox.generate.orders import CONSUMER, DROP
from crossdock.integrations.sandbox.world import despatch, stock
from crossdock.integrations.sandbox.world.catalogue import GOODS, KITS
from crossdock.integrations.sandbox.world.records import WorldRecords, moment
from crossdock.kit.contract import Raw

CENT = Decimal("0.01")
ORDERS, PRODUCTS, PLACES = "cart_orders", "cart_products", "cart_warehouses"

# What the shop calls an order that the warehouse has in this state, and the group of things to send.
STATES = {
    "NEW": ("PENDING", "READY"),
    "RELEASED": ("CONFIRMED", "READY"),
    "IN_WAVE": ("IN_PROGRESS", "READY"),
    "PICKED": ("IN_PROGRESS", "READY"),
    "PACKED": ("IN_PROGRESS", "READY"),
    "PART_DESPATCHED": ("PARTIAL", "READY"),
    "DESPATCHED": ("COMPLETE", "SENT"),
    "ADDRESS_HOLD": ("ATTENTION", "HELD"),
    "CREDIT_HOLD": ("ATTENTION", "HELD"),
    "CANCELLED": ("VOIDED", "VOIDED"),
    "SHORT": ("BACKORDER", "HELD"),
    "CUSTOMS_REVIEW": ("RISK_REVIEW", "HELD"),
}
NOTICED = timedelta(minutes=4)
"""How long the shop takes to notice what the warehouse did."""


def generate_cart(records: WorldRecords, start: datetime, epoch: datetime) -> None:
    """Put the shop's records, which mirror what the warehouse holds."""
    records.now = start
    for raw in (*_locations(records), *_variants(records), *_parents()):
        resource = PLACES if "address" in raw else PRODUCTS
        records.put(resource, {"created_at": moment(start), **raw})
    for order in records.all(despatch.ORDERS):
        if order["kind"] in (CONSUMER, DROP):
            records.now = datetime.fromisoformat(order["changed"]) + NOTICED
            records.put(ORDERS, _order(records, order, epoch))


def product_gid(number: int) -> str:
    return f"cart_product_id_{number}"


def place_gid(site: str) -> str:
    """The shop's place for a warehouse."""
    return f"cart_{site}"


def families() -> dict[str, int]:
    """The number of each parent product, by its name: parents come after all variants."""
    names = dict.fromkeys([*(goods.family for goods in GOODS), *(kit.name for kit in KITS)])
    return {name: len(GOODS) + len(KITS) + n for n, name in enumerate(names)}


def in_shares(total: Decimal, worths: list[Decimal]) -> list[Decimal]:
    """A total in shares by worth, each to the cent, that add up to it."""
    whole_amount, decimal, amount, shares = sum(worths, Decimal(0)), Decimal(0), Decimal(0), []
    for worth in worths:
        amount += worth
        upto = (total * amount / whole_amount).quantize(CENT, ROUND_HALF_UP) if whole_amount else total
        shares.append(upto - decimal)
        decimal = upto
    return shares


def _locations(records: WorldRecords) -> list[dict[str, Any]]:
    return [
        {
            "gid": place_gid(site["uid"]),
            "title": f"{site['title']} (ships from)",
            "handle": site["short"],
            "address": site["address"],
        }
        for site in records.all("wms_warehouses")
    ]


def _variants(records: WorldRecords) -> list[dict[str, Any]]:
    items = {raw["uid"]: raw for raw in records.all(stock.ITEMS)}
    return [_variant(n, raw, items) for n, raw in enumerate(records.all(despatch.PRODUCTS))]


def _labels(product: Raw, good: Any) -> list[str]:
    if product["kit"]:
        return ["bundle"]
    return ["refillable"] if good and good.is_lotted else []


def _variant(n: int, product: Raw, items: dict[str, Raw]) -> dict[str, Any]:
    gid = product_gid(n)
    goods = GOODS[n] if n < len(GOODS) else None
    parts = [(items[part["item"]], part["units"]) for part in product["parts"]]
    cost = sum((Decimal(item["cost"]) * units for item, units in parts), Decimal(0))
    weight = sum((Decimal(item["mass"]["value"]) * units for item, units in parts), Decimal(0))
    sites = list(parts[0][0]["homes"])
    return {
        "gid": gid,
        "parent": product_gid(families()[goods.family if goods else product["title"]]),
        "title": product["title"],
        "sku": product["sku"],
        "barcode": product["barcode"],
        "bundle": product["kit"],
        "published": True,
        "image": f"https://cdn.example.com/{product['sku'].lower()}.jpg",
        "price": product["price"],
        "cost": str(cost),
        "levels": {place_gid(site): _level(parts, site) for site in sites},
        "box": {"size": parts[0][0]["size"] if goods else None, "mass": {"value": str(weight), "unit": "LB"}},
        "labels": _labels(product, goods),
        "collections": [goods.category] if goods else ["Sets"],
        "link": f"https://shop.example.com/products/{gid}",
        "handle": product["sku"].lower(),
    }


def _level(parts: list[tuple[Raw, int]], site: str) -> int:
    """The number of a product that can be made of what can ship from a warehouse."""
    return min(
        sum(
            held_stock.units
            for held_stock in stock.held(item)
            if held_stock.site == site and not held_stock.is_blocked
        )
        // units
        for item, units in parts
    )


def _parents() -> list[dict[str, Any]]:
    """Listings; price and stock are with their variants."""
    return [
        {
            "gid": product_gid(number),
            "parent": product_gid(number),
            "title": name,
            "sku": f"STYLE-{number}",
            "barcode": None,
            "bundle": name in {kit.name for kit in KITS},
            "published": True,
            "image": f"https://cdn.example.com/listing-{number}.jpg",
            "price": None,
            "cost": None,
            "levels": {},
            "box": None,
            "labels": [],
            "collections": sorted({goods.category for goods in GOODS if goods.family == name}) or ["Sets"],
            "link": f"https://shop.example.com/products/{product_gid(number)}",
            "handle": name.lower().replace(" ", "-"),
        }
        for name, number in families().items()
    ]


def _order(records: WorldRecords, order: Raw, epoch: datetime) -> Raw:
    gid, money = order["shop_ref"], order["money"]
    state, group_state = STATES[order["state"]]
    created = datetime.fromisoformat(order["placed"]) - timedelta(minutes=9)
    number = int(order["uid"].rpartition("_")[2])
    sold = [(product_gid(int(line["product"].rpartition("_")[2])), line) for line in order["lines"]]
    lines = order_lines(records, gid, sold, money["tax"])
    return {
        "gid": gid,
        "name": f"#{1001 + number}",
        "store": order["client"],
        "created_at": moment(created),
        "state": state,
        "rate": order["via"],
        "money": money,
        "ship_to": order["deliver_to"],
        "bill_to": order["deliver_to"],
        "window": {"from": moment(created), "until": order["ship_by"]},
        "lines": lines,
        "groups": [group(gid, lines, order["site"], group_state, created, records.now)],
        "deliveries": [_delivery(gid, order, lines, epoch)] if order["despatches"] else [],
        "payment": "REFUNDED" if state == "VOIDED" else "PAID",
        "link": f"https://shop.example.com/orders/{gid}",
    }


def order_lines(records: WorldRecords, gid: str, sold: list[tuple[str, Raw]], tax: str) -> list[Raw]:
    """The shop's lines of (variant, ordered and price and rebate), with the order's tax shared among them."""
    worths = [Decimal(line["price"]) * line["ordered"] - Decimal(line["rebate"]) for _, line in sold]
    found_order_lines = []
    for n, ((sold_gid, line), share) in enumerate(zip(sold, in_shares(Decimal(tax), worths), strict=True)):
        variant = records.get(PRODUCTS, sold_gid)
        found_order_lines.append(
            {
                "gid": f"{gid}_line_{n}",
                "variant": variant["gid"],
                "sku": variant["sku"],
                "parent": variant["parent"],
                "parent_sku": records.get(PRODUCTS, variant["parent"])["sku"],
                "units": line["ordered"],
                "price": line["price"],
                "rebate": line["rebate"],
                "tax": str(share),
            }
        )
    return found_order_lines


def group(gid: str, lines: list[Raw], site: str, state: str, created: datetime, modified: datetime) -> Raw:
    """The things of an order that one place is to send together."""
    return {
        "gid": f"{gid}_group_0",
        "created_at": moment(created),
        "modified_at": moment(modified),
        "state": state,
        "origin": place_gid(site),
        "rows": [_row_of(line, line["units"]) for line in lines],
    }


def _row_of(line: Raw, units: int) -> Raw:
    return {key: line[key] for key in ("gid", "variant", "sku", "parent", "parent_sku")} | {"units": units}


def _delivery(gid: str, order: Raw, lines: list[Raw], epoch: datetime) -> Raw:
    """The delivery of what the warehouse sent, as the shop sees it on its way to the buyer."""
    shipment = order["despatches"][0]
    sent = datetime.fromisoformat(shipment["left_at"]) + NOTICED
    parcel = shipment["parcels"][0]
    rows = [
        {**_row_of(line, ours["shipped"]), "gid": f"{gid}_delivery_0_{n}"}
        for n, (line, ours) in enumerate(zip(lines, order["lines"], strict=True))
        if ours["shipped"]
    ]
    return {
        "gid": f"{gid}_delivery_0",
        "created_at": moment(sent),
        "modified_at": moment(sent),
        "state": _delivery_state(int(order["uid"].rpartition("_")[2]), epoch - sent),
        "origin": place_gid(shipment["site"]),
        "rate": shipment["via"],
        "track": parcel["track"],
        "track_url": parcel["track_url"],
        "rows": rows,
        "groups": [f"{gid}_group_0"],
    }


def _delivery_state(number: int, ago: timedelta) -> str:
    """Most arrive within four days; some wait at a locker, some have a problem."""
    if ago < timedelta(days=4):
        return "SENT"
    return {3: "AT_LOCKER", 7: "PROBLEM"}.get(number % 11, "ARRIVED")
