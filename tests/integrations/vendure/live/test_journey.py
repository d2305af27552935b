"""An order's whole way through a real Vendure: placed, seen, shipped, refunded, and read back there."""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crossdock.integrations.vendure.client import Client
from crossdock.kit.contract import Walk
from crossdock.kit.registry import get_integration
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.cart.warehouses import CART_WAREHOUSES
from crossdock.store.connections.connections import ConnectionRow
from tests.integrations.vendure.live.conftest import REFUSED, Basket, Vendure
from tests.journeys.conftest import RESOURCES, World, migrated_sqlite, vendor, world
from tests.journeys.writing import writing

__all__ = ["migrated_sqlite", "vendor", "world"]

FULFIL = f"""
mutation ($lines: [OrderLineInput!]!) {{
  addFulfillmentToOrder(input: {{ lines: $lines, handler: {{ code: "manual-fulfillment", arguments: [
    {{ name: "method", value: "Van" }}, {{ name: "trackingCode", value: "T-9" }}
  ] }} }}) {{ __typename ... on Fulfillment {{ id }} {REFUSED} }}
}}"""
MOVE = f"""
mutation ($id: ID!, $state: String!) {{
  transitionFulfillmentToState(id: $id, state: $state) {{ __typename {REFUSED} }}
}}"""
REFUND = f"""
mutation ($input: RefundOrderInput!) {{ refundOrder(input: $input) {{ __typename {REFUSED} }} }}"""
CANCEL = f"""
mutation ($id: ID!) {{ cancelOrder(input: {{ orderId: $id, reason: "x" }}) {{ __typename {REFUSED} }} }}"""
TRANSIT = f"""
mutation ($id: ID!, $state: String!) {{
  transitionOrderToState(id: $id, state: $state) {{ __typename {REFUSED} }}
}}"""


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A copy on SQLite: the shop is what is tested."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


@pytest.fixture(autouse=True)
def resources(monkeypatch: pytest.MonkeyPatch) -> None:
    for resource in (CART_ORDERS, CART_PRODUCTS, CART_WAREHOUSES):
        monkeypatch.setitem(RESOURCES, resource.function, resource)


async def connected(world: World, vendure: Vendure) -> ConnectionRow:
    """A connection to the shop, synced."""
    fields = {"url": vendure.url, "api_key": vendure.api_key, "channel": ""}
    connection, _ = await world.services.connector.connect(
        world.organization, get_integration("cart", "vendure"), fields
    )
    await world.work()
    return connection


async def changes(world: World, connection: ConnectionRow) -> list[str]:
    """The types of the events that tell of records, in order."""
    return [kind for kind in await world.told(connection) if kind.startswith("cart-")]


async def ship_refund_and_adjust(
    world: World, connection: ConnectionRow, order_id: str, line_item_id: str
) -> None:
    """All that callers can have done with an order and the stock of what is in it."""
    async with writing(world, connection) as hand:
        parcel = {"tracking_number": "TRACK-1", "carrier_name": "DHL", "shipping_method_name": "Express"}
        shipped = await hand.send("POST", f"/cart/orders/{order_id}/shipments", parcel)
        assert shipped.status_code == 200, shipped.text
        refund = {"line_items": [{"line_item_id": line_item_id, "quantity": 1}], "reason": "damaged"}
        refunded = await hand.send("POST", f"/cart/orders/{order_id}/refund", refund)
        assert refunded.status_code == 200, refunded.text
        part = {"amount": 12.5, "reason": "late"}
        refunded = await hand.send("POST", f"/cart/orders/{order_id}/refund", part)
        assert refunded.status_code == 200, refunded.text
        for quantity, kind in ((7, "exact"), (3, "increase"), (1, "decrease")):
            adjusted = await hand.send(
                "PUT", "/cart/products/3/adjust-inventory",
                {"quantity": quantity, "adjustment_type": kind, "warehouse_id": "1"},
            )  # fmt: skip
            assert adjusted.status_code == 200, adjusted.text
        lines = [{"product_id": number, "quantity": 4, "warehouse_id": "2"} for number in ("3", "4")]
        batch = await hand.send("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
        assert batch.status_code == 200, batch.text


async def test_an_order_is_placed_shipped_and_refunded_and_stock_is_set(world: World, vendure: Vendure):
    connection = await connected(world, vendure)
    before = await world.documents(connection)
    order_id = vendure.placed_order("3")
    await world.force(connection, "get_orders")

    [created] = await world.events(connection, "cart-order.created")
    order = created["data"]
    assert (order["id"], order["status"], order["raw_status"]) == (order_id, "open", "PaymentSettled")
    [line] = order["line_items"]
    assert (line["product_id"], line["product_sku"], line["quantity"]) == ("3", "L2201316", 2)
    assert (line["unit_price"], line["tax"], line["discount"]) == (2199, Decimal("879.6"), 0)
    assert (order["total_price"], order["total_shipping"], order["total_tax"]) == (
        Decimal("5282.6"),
        5,
        Decimal("879.6"),
    )
    assert order["ship_to_address"]["full_name"] == "Ada Buyer"
    assert order_id not in before

    await ship_refund_and_adjust(world, connection, order_id, line["line_item_id"])

    there = vendure.order(
        order_id,
        "state fulfillments { state method trackingCode } payments { refunds { state total reason "
        "lines { quantity } } }",
    )
    assert there["state"] == "Shipped"
    assert there["fulfillments"] == [{"state": "Shipped", "method": "DHL Express", "trackingCode": "TRACK-1"}]
    [payment] = there["payments"]
    assert sorted((refund["total"], refund["reason"], refund["state"]) for refund in payment["refunds"]) == [
        (1250, "late", "Settled"),
        (263880, "damaged", "Settled"),
    ]
    levels = {
        (number, level["stockLocationId"]): level["stockOnHand"] - level["stockAllocated"]
        for number in ("3", "4")
        for level in vendure.variant(number, "stockLevels { stockLocationId stockOnHand stockAllocated }")[
            "stockLevels"
        ]
    }
    assert (levels["3", "1"], levels["3", "2"], levels["4", "2"]) == (9, 4, 4)

    stored = (await world.documents(connection))[order_id]
    [shipment] = stored["shipments"]
    assert (stored["status"], shipment["status"], shipment["tracking_number"]) == (
        "fulfilled", "shipped", "TRACK-1",
    )  # fmt: skip
    assert (stored["total_price"], stored["line_items"][0]["quantity"]) == (Decimal("5282.6"), 2)
    product = (await world.documents(connection, "get_products"))["3"]
    assert product["inventory_by_warehouse_id"] == {"1": 9, "2": 4}
    told = await changes(world, connection)
    assert told.count("cart-order.created") == 1
    assert "cart-order.cart-shipment.created" in told
    assert "cart-product.updated" in told
    await world.force(connection, "get_orders")
    assert await changes(world, connection) == told, "a sync finds what the writes stored, and nothing new"


async def walked(client: Client, walk: Walk) -> tuple[dict[str, Any], str]:
    """The orders of a walk, and the mark that it leaves."""
    pages = [page async for page in client.orders(walk)]
    return {raw["id"]: raw for page in pages for raw in page.records}, pages[-1].mark


async def test_an_order_is_found_whatever_becomes_of_it(client: Client, vendure: Vendure):
    basket = Basket(vendure.url)
    order_id = basket.fill("5", 2)
    seen, mark = await walked(client, Walk())
    assert order_id not in seen, "a cart is no order"
    basket.pay()
    seen, mark = await walked(client, Walk(mark=mark))
    assert seen[order_id]["state"] == "PaymentAuthorized", "although its date is that of the cart"
    later, date = "2050-01-01T00:00:00.000Z", seen[order_id]["updatedAt"]

    async def follows(state: str) -> None:
        again, _ = await walked(client, Walk(mark=later, open_ids=(order_id,)))
        assert (again[order_id]["state"], again[order_id]["updatedAt"]) == (state, date)

    vendure.settle(order_id)
    await follows("PaymentSettled")
    [line] = vendure.order(order_id, "lines { id }")["lines"]
    made = vendure.admin(FULFIL, lines=[{"orderLineId": line["id"], "quantity": 1}])
    vendure.admin(MOVE, id=made["id"], state="Shipped")
    await follows("PartiallyShipped")
    vendure.admin(MOVE, id=made["id"], state="Delivered")
    await follows("PartiallyDelivered")
    vendure.admin(TRANSIT, id=order_id, state="Modifying")
    await follows("Modifying")
    vendure.admin(TRANSIT, id=order_id, state="PartiallyDelivered")
    made = vendure.admin(FULFIL, lines=[{"orderLineId": line["id"], "quantity": 1}])
    vendure.admin(MOVE, id=made["id"], state="Shipped")
    vendure.admin(MOVE, id=made["id"], state="Delivered")
    [payment] = vendure.order(order_id, "payments { id }")["payments"]
    lines = [{"orderLineId": line["id"], "quantity": 1}]
    refund = {"paymentId": payment["id"], "lines": lines, "shipping": 0, "adjustment": 0}
    vendure.admin(REFUND, input=refund)
    await follows("Delivered")
    recent, _ = await walked(client, Walk(mark=f"{mark[:11]}23:59:59.999Z", open_ids=("1",)))
    assert len(recent[order_id]["payments"][0]["refunds"]) == 1, "placed of late: read with what is open"
    vendure.admin(CANCEL, id=order_id)
    cancelled = (await walked(client, Walk(mark=mark)))[0][order_id]
    assert cancelled["state"] == "Cancelled"
    assert cancelled["updatedAt"] > date, "only that moves it"
