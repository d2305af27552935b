"""Generates what all else refers to: merchants, buildings, places, shipping methods, channels, goods."""

import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.integrations.sandbox.world import catalogue
from crossdock.integrations.sandbox.world.catalogue import CLIENTS, GOODS, KITS, METHODS, SITES, VENDORS
from crossdock.integrations.sandbox.world.people import site_address
from crossdock.integrations.sandbox.world.records import WorldRecords, moment

CENT = Decimal("0.01")


def generate_masters(records: WorldRecords, rng: random.Random) -> None:
    """Put all masters at `records.now`; items hold nothing yet."""
    for resource, raws in (
        ("wms_warehouse_customers", _clients()),
        ("wms_warehouses", _sites()),
        ("wms_warehouse_locations", _locations()),
        ("wms_shipping_methods", _methods()),
        ("wms_order_channels", _channels()),
        ("wms_inbound_shipment_suppliers", _vendors()),
        ("wms_inventory", _items(rng)),
    ):
        for raw in raws:
            records.put(resource, {"created": moment(records.now), **raw})
    costs = {raw["uid"]: Decimal(raw["cost"]) for raw in records.all("wms_inventory")}
    for raw in _products(rng, costs):
        records.put("wms_products", {"created": moment(records.now), **raw})


def _clients() -> list[dict[str, Any]]:
    return [
        {
            "uid": catalogue.client_uid(n),
            "title": sandbox_merchant.name,
            "mail": sandbox_merchant.email,
            "sku_prefix": sandbox_merchant.prefix,
        }
        for n, sandbox_merchant in enumerate(CLIENTS)
    ]


def _sites() -> list[dict[str, Any]]:
    return [
        {
            "uid": catalogue.site_uid(n),
            "title": site.name,
            "short": site.code,
            "address": site_address(n),
            "quarantine": catalogue.quarantine(n),
            "clock": "America/Los_Angeles" if site.region == "NV" else "America/New_York",
        }
        for n, site in enumerate(SITES)
    ]


def _locations() -> list[dict[str, Any]]:
    records = []
    for site, current_site in enumerate(SITES):
        for n in range(len(GOODS)):
            records.append(
                _location(
                    site, catalogue.pick_face(site, n), f"{current_site.code}-A-{n + 1:02d}", "PICK_FACE"
                )
            )
        for n in range(catalogue.RESERVES):
            records.append(
                _location(site, catalogue.reserve(site, n), f"{current_site.code}-R-{n + 1:02d}", "RESERVE")
            )
        records.append(_location(site, catalogue.quarantine(site), f"{current_site.code}-Q-01", "QUARANTINE"))
        records.append(_location(site, catalogue.dock(site), f"{current_site.code}-D-01", "DOCK"))
    return records


def _location(site: int, uid: str, label: str, kind: str) -> dict[str, Any]:
    sizes = {"PICK_FACE": ("24", "18", "16"), "RESERVE": ("48", "40", "60"), "QUARANTINE": ("48", "40", "48")}
    limits = {"PICK_FACE": "80", "RESERVE": "1800", "QUARANTINE": "900"}
    size = sizes.get(kind)
    return {
        "uid": uid,
        "site": catalogue.site_uid(site),
        "label": label,
        "kind": kind,
        "size": {"l": size[0], "w": size[1], "h": size[2], "unit": "IN"} if size else None,
        "holds": {"value": limits[kind], "unit": "LB"} if size else None,
        "zone": label.split("-")[1],
    }


def _methods() -> list[dict[str, Any]]:
    return [
        {"uid": f"shipping_method_id_{n}", "via": catalogue.via(n), "level": method.level}
        for n, method in enumerate(METHODS)
    ]


def _channels() -> list[dict[str, Any]]:
    """Two for each merchant: its shop and its wholesale business."""
    return [
        {
            "uid": f"channel_id_{n}",
            "label": f"channel_{'ABCDEF'[n]}",
            "client": catalogue.client_uid(n // 2),
            "trade": "WHOLESALE" if n % 2 else "SHOP",
        }
        for n in range(2 * len(CLIENTS))
    ]


def _vendors() -> list[dict[str, Any]]:
    return [
        {
            "uid": catalogue.vendor_uid(n),
            "title": vendor.name,
            "short": vendor.code,
            "client": catalogue.client_uid(vendor.client),
            "country": vendor.country,
        }
        for n, vendor in enumerate(VENDORS)
    ]


def _items(rng: random.Random) -> list[dict[str, Any]]:
    swaps = dict(catalogue.SWAPS)
    items = []
    for n, goods in enumerate(GOODS):
        uid = catalogue.item_uid(n)
        length, width, height = goods.size
        share = Decimal(rng.randrange(34, 52)) / 100
        items.append(
            {
                "uid": uid,
                "client": catalogue.client_uid(goods.client),
                "title": f"{goods.family} {goods.variant}",
                "sku": catalogue.sku(n),
                "cost": str((goods.price * share).quantize(CENT, ROUND_HALF_UP)),
                "live": True,
                "lotted": goods.is_lotted,
                "bins": [],
                "homes": {catalogue.site_uid(s): catalogue.pick_face(s, n) for s in range(len(SITES))},
                "allocated": 0,
                "on_the_way": 0,
                "swaps": [catalogue.sku(swaps[n])] if n in swaps else [],
                "size": {"l": length, "w": width, "h": height, "unit": "IN"},
                "mass": {"value": goods.pounds, "unit": "LB"},
                "turnover": rng.choice("ABC"),
                "link": _link("items", uid),
            }
        )
    return items


def _products(rng: random.Random, costs: dict[str, Decimal]) -> list[dict[str, Any]]:
    """The goods one by one, then the kits."""
    single = [
        _product(rng, n, goods.client, f"{goods.family} {goods.variant}", goods.price)
        | {"parts": [_part(n, 1)], "kit": False, "origin": goods.origin, "hs_code": goods.hs_code}
        | {"vendors": [_offer(n, costs)]}
        for n, goods in enumerate(GOODS)
    ]
    kits = [
        _product(rng, len(GOODS) + n, kit.client, kit.name, kit.price)
        | {"parts": [_part(goods, units) for goods, units in kit.parts], "kit": True}
        | {"origin": None, "hs_code": None, "vendors": []}
        for n, kit in enumerate(KITS)
    ]
    return single + kits


def _product(rng: random.Random, n: int, client: int, title: str, price: Decimal) -> dict[str, Any]:
    uid = catalogue.product_uid(n)
    return {
        "uid": uid,
        "client": catalogue.client_uid(client),
        "title": title,
        "sku": catalogue.sku(n),
        "barcode": _barcode(rng),
        "price": str(price),
        "live": True,
        "link": _link("products", uid),
        "pick_note": "Fragile" if "Glass" in title or "Set" in title else None,
    }


def _part(goods: int, units: int) -> dict[str, Any]:
    return {"item": catalogue.item_uid(goods), "sku": catalogue.sku(goods), "units": units}


def _offer(goods: int, costs: dict[str, Decimal]) -> dict[str, Any]:
    number = catalogue.vendor_of(goods)
    return {
        "vendor": catalogue.vendor_uid(number),
        "title": VENDORS[number].name,
        "their_sku": f"{VENDORS[number].code}-{GOODS[goods].code}",
        "cost": str(costs[catalogue.item_uid(goods)]),
    }


def _barcode(rng: random.Random) -> str:
    """A 12-digit UPC of the range for use within one company, with its check digit."""
    digits = f"4{rng.randrange(10**10):010d}"
    odd, even = sum(map(int, digits[0::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(3 * odd + even) % 10}"


def _link(kind: str, uid: str) -> str:
    return f"https://warehouse.example.com/{kind}/{uid}"
