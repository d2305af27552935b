"""What a user can make happen in a sandbox: each is one transaction, all or nothing.

A record that is not there raises NotFound; what the warehouse would refuse raises VendorRefused; a body that
does not fit raises Invalid.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from crossdock.errors import NotFound
from crossdock.integrations.sandbox.generate import cart
from crossdock.integrations.sandbox.generate.worlds import refill
from crossdock.integrations.sandbox.operations import promises, returns
from crossdock.integrations.sandbox.operations.cart_bodies import (
    CartOrderBody,
    CartProductBody,
    cart_order,
    cart_product,
    refuse,
)
from crossdock.integrations.sandbox.world import catalogue, despatch, people
from crossdock.integrations.sandbox.world.records import World, WorldRecords, moment
from crossdock.kit.contract import Raw

# Simulated cart records are numbered on from those that a world begins with.
FIRST_ORDER = 100
FIRST_PRODUCT = len(catalogue.GOODS) + len(catalogue.KITS) + len(cart.families())


def fulfill_order(world: World, order_id: str, partial: bool, now: datetime) -> Raw:
    """Ships what is left of a warehouse order, or about half of it; returns the order.

    Raises VendorRefused when it is fulfilled or cancelled already, when it waits for stock, when a single
    unit is left that can't be shipped in part, and when there is not enough stock.
    """
    with world.change(now) as records:
        order = records.get(despatch.ORDERS, order_id)
        promises.check_can_send(records, order)
        units = despatch.half_of(order) if partial else despatch.rest_of(order)
        return despatch.send(records, order, units)


def receive_return(world: World, return_id: str, now: datetime) -> Raw:
    """Book all that is missing of a return as received, in good condition; give back the return.

    Raises VendorRefused when it is received or cancelled already.
    """
    with world.change(now) as records:
        returned = returns.receive(records, return_id, None)
        promises.serve_waiting(records)
        return returned


def create_cart_order(world: World, body: dict[str, Any], now: datetime) -> Raw:
    """A new, open order of the shop; returns it.

    body may give `order_number`, `requested_shipping_method`, `line_items` (`product_id`, `quantity`) and
    `ship_to_address`; the rest is generated.
    """
    cart_order_body = cart_order(body)
    with world.change(now) as records:
        return records.put(cart.ORDERS, _cart_order(records, cart_order_body))


def create_cart_product(world: World, body: dict[str, Any], now: datetime) -> Raw:
    """A new product of the shop, its own parent unless the body says another; returns it.

    body may give `name`, `sku`, `gtin`, `price`, `unit_cost`, `active`, `inventory` and `parent_product_id`;
    the rest is generated.
    """
    cart_product_body = cart_product(body)
    with world.change(now) as records:
        return records.put(cart.PRODUCTS, _cart_product(records, cart_product_body))


def reset(folder: Path, name: str, seed: int, epoch: datetime) -> World:
    """Make a world anew, with all that was simulated in it gone."""
    world = World(folder, name)
    refill(world, seed, epoch)
    return world


def _cart_order(records: WorldRecords, cart_order_body: CartOrderBody) -> Raw:
    number = FIRST_ORDER + records.number("cart-order")
    rng, gid = Random(f"{records.seed}/cart-order/{number}"), f"shopify_order_id_{number}"
    variants = _variants(records, cart_order_body) or _some_variants(records, rng)
    site = catalogue.site_uid(rng.randrange(2))
    method = catalogue.via(
        _method(cart_order_body) if cart_order_body.method else rng.choice(catalogue.PARCEL_METHODS)
    )
    generated = people.buyer(rng, abroad=False, firm=None)
    lines, money = _priced(records, gid, variants)
    return {
        "gid": gid,
        "name": cart_order_body.number or f"#{1001 + number}",
        "store": catalogue.client_uid(rng.randrange(len(catalogue.CLIENTS))),
        "created_at": moment(records.now),
        "state": "PENDING",
        "rate": method,
        "money": money,
        "ship_to": cart_order_body.address or generated,
        "bill_to": cart_order_body.address or generated,
        "window": {"from": moment(records.now), "until": moment(records.now + timedelta(days=3))},
        "lines": lines,
        "groups": [cart.group(gid, lines, site, "READY", records.now, records.now)],
        "deliveries": [],
        "payment": "PAID",
        "link": f"https://shop.example.com/orders/{gid}",
    }


def _method(cart_order_body: CartOrderBody) -> int:
    names = [method.name for method in catalogue.METHODS]
    if cart_order_body.method not in names:
        raise refuse("requested_shipping_method", f"must be one of: {', '.join(names)}")
    return names.index(cart_order_body.method)


def _variants(records: WorldRecords, cart_order_body: CartOrderBody) -> list[tuple[Raw, int]]:
    """The products that the body names. Raises Invalid for one that is not there, or not for sale."""
    variants = []
    for gid, units in cart_order_body.lines:
        try:
            product = records.get(cart.PRODUCTS, gid)
        except NotFound:
            raise refuse("line_items", f"there is no product {gid!r}") from None
        if product["price"] is None:
            raise refuse("line_items", f"{gid!r} is a listing: name one of its variants")
        variants.append((product, units))
    return variants


def _some_variants(records: WorldRecords, rng: Random) -> list[tuple[Raw, int]]:
    for_sale = [record for record in records.all(cart.PRODUCTS) if record["price"] and record["published"]]
    return [
        (entry, rng.randint(1, 3)) for entry in rng.sample(for_sale, min(len(for_sale), rng.randint(1, 3)))
    ]


def _priced(
    records: WorldRecords, gid: str, variants: list[tuple[Raw, int]]
) -> tuple[list[Raw], dict[str, str]]:
    """The lines and totals of an order without rebates, tax or shipping."""
    sold = [
        (variant["gid"], {"ordered": units, "price": variant["price"], "rebate": "0.00"})
        for variant, units in variants
    ]
    goods = sum((Decimal(entry["price"]) * entry["ordered"] for _, entry in sold), Decimal("0.00"))
    totals = {"goods": str(goods), "rebate": "0.00", "tax": "0.00", "shipping": "0.00", "total": str(goods)}
    return cart.order_lines(records, gid, sold, "0.00"), {"currency": "USD", **totals}


def _price_and_cost(rng: Random, body: CartProductBody) -> tuple[Decimal, Decimal]:
    price = body.price if body.price is not None else Decimal(rng.randrange(500, 6000)) / 100
    cost = body.cost if body.cost is not None else (price / 2).quantize(despatch.CENT)
    return price, cost


def _cart_product(records: WorldRecords, cart_product_body: CartProductBody) -> Raw:
    number = FIRST_PRODUCT + records.number("cart-product")
    rng, gid = Random(f"{records.seed}/cart-product/{number}"), cart.product_gid(number)
    if cart_product_body.parent is not None:
        _check_parent(records, cart_product_body.parent)
    price, cost = _price_and_cost(rng, cart_product_body)
    units = cart_product_body.units if cart_product_body.units is not None else rng.randrange(0, 200)
    gids = [record["gid"] for record in records.all(cart.PLACES)]
    sku = cart_product_body.sku or f"SIM-{number:04d}"
    return {
        "gid": gid,
        "created_at": moment(records.now),
        "parent": cart_product_body.parent or gid,
        "title": cart_product_body.name or f"Simulated product {number}",
        "sku": sku,
        "barcode": cart_product_body.barcode or f"4{number:011d}",
        "bundle": False,
        "published": cart_product_body.published,
        "image": f"https://cdn.example.com/{number}.jpg",
        "price": str(price),
        "cost": str(cost),
        "levels": {gid: units if n == 0 else 0 for n, gid in enumerate(gids)},
        "box": {
            "size": {"l": "6", "w": "4", "h": "3", "unit": "IN"},
            "mass": {"value": f"{rng.randrange(10, 300) / 100:.2f}", "unit": "LB"},
        },
        "labels": ["simulated"],
        "collections": ["New"],
        "link": f"https://shop.example.com/products/{gid}",
        "handle": sku.lower(),
    }


def _check_parent(records: WorldRecords, gid: str) -> None:
    try:
        parent = records.get(cart.PRODUCTS, gid)
    except NotFound:
        raise refuse("parent_product_id", f"there is no product {gid!r}") from None
    if parent["parent"] != gid:
        raise refuse("parent_product_id", f"{gid!r} is a variant, not a listing")
