"""The way of an order through every vendor, from the door of our API to the webhooks that a customer gets.

A cart's is created, shipped, refunded, its stock adjusted; a warehouse's is created, shipped, returned, and
goods are received and adjusted. What a vendor's API can't do is refused with 501, and its notes say why.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from crossdock.kit import registry
from crossdock.resources.catalogue import by_function
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes.hook_receiver import Receiver
from tests.fakes.invented import known_with
from tests.journeys.conftest import RESOURCES, World
from tests.journeys.hooks import Hooks
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import Hand, writing
from tests.mock_vendors.connected import moved
from tests.mock_vendors.orders import SampleOrder, all_mocks

__all__ = ["database_url"]
Json = dict[str, Any]
HOUR = 3600


@dataclass
class Story:
    """A connection to a vendor's mock, somebody who reads and writes over HTTP, and their webhooks."""

    world: World
    mock: Any
    connection: ConnectionRow
    hand: Hand
    hooks: Hooks

    async def sync(self, *functions: str) -> None:
        self.world.clock.pass_seconds(HOUR)
        await self.world.force(self.connection, *functions)
        for _ in range(3):
            await self.world.next_sync(60)

    async def read(self, path: str) -> Json:
        """One record, as a caller gets it."""
        answer = await self.hand.send("GET", path)
        assert answer.status_code == 200, answer.text
        data: Json = answer.json()["data"]
        return data

    async def write(self, method: str, path: str, body: Json | None = None) -> Json:
        """The record that a write answers with."""
        self.world.clock.pass_seconds(60)
        answer = await self.hand.send(method, path, body)
        assert answer.status_code == 200, answer.text
        data: Json = answer.json()["data"]
        return data

    async def lacks(self, method: str, path: str, body: Json, words: str) -> None:
        """Whether a write is refused, and the vendor's notes say that there is none, in these words."""
        answer = await self.hand.send(method, path, body)
        assert answer.status_code == 501, answer.text
        notes = (
            registry.get_integration(self.connection.type, self.connection.integration).folder / "notes.md"
        )
        assert words in " ".join(notes.read_text(encoding="utf-8").split())

    async def told(self) -> list[str]:
        """The types of all events that a customer's endpoint got so far, in order."""
        await self.hooks.deliver(1)
        bodies = [msgspec.json.decode(request.body) for request in self.hooks.receiver.got()]
        return [str(body["event_type"]) for body in bodies]


# Carts


async def cart(story: Story, product_id: str, **place: str) -> None:
    """Created in the shop; shipped, refunded and adjusted through us."""
    order_id = story.mock.add_order(SampleOrder(7))
    await story.sync("get_orders", "get_products")
    order = await story.read(f"/cart/orders/{order_id}")
    assert order["status"] in ("open", "confirmed")
    assert "cart-order.created" in await story.told()

    await story.write("POST", f"/cart/orders/{order_id}/shipments", {"tracking_number": "T-9"})
    shipped = await story.read(f"/cart/orders/{order_id}")
    assert shipped["status"] == "fulfilled"
    assert [shipment["tracking_number"] for shipment in shipped["shipments"]] == ["T-9"]
    assert "cart-order.cart-shipment.created" in await story.told()

    line = order["line_items"][0]["line_item_id"]
    body = {"line_items": [{"line_item_id": line, "quantity": 1}], "reason": "damaged"}
    await story.write("POST", f"/cart/orders/{order_id}/refund", body)
    refunded = await story.read(f"/cart/orders/{order_id}")
    assert "damaged" in str(refunded["additional_fields"])
    assert refunded["total_price"] == order["total_price"], "a refund does not change what was sold"

    path = f"/cart/products/{product_id}/adjust-inventory"
    for kind, quantity in (("exact", 20), ("increase", 5), ("decrease", 3)):
        await story.write("PUT", path, {"quantity": quantity, "adjustment_type": kind, **place})
    lines = [{"product_id": product_id, "quantity": 22, **place}]
    await story.write("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
    product = await story.read(f"/cart/products/{product_id}")
    levels = product["inventory_by_warehouse_id"] or {"": product["inventory"]}  # "": without warehouses
    assert levels.get(place.get("warehouse_id", next(iter(levels)))) == 22
    told = await story.told()
    assert told.count("cart-product.updated") == 3, "what is set to what it was is no change"


async def shopify(story: Story) -> None:
    await cart(story, "501")


async def medusa(story: Story) -> None:
    await cart(story, "variant_1")


async def vendure(story: Story) -> None:
    await cart(story, "1", warehouse_id="2")


async def bigcommerce(story: Story) -> None:
    await cart(story, "501", warehouse_id="1")


async def woocommerce(story: Story) -> None:
    await cart(story, "501")


# Warehouses


async def shiphero(story: Story) -> None:
    from tests.integrations.shiphero.mock import ACCOUNT, WAREHOUSE

    item = f"{ACCOUNT}:CRATE-1"
    sample = story.mock.write
    order = await story.write("POST", "/wms/orders", dict(sample.body))
    path = f"/wms/orders/{order['id']}"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9", "warehouse_id": WAREHOUSE})
    assert (await story.read(path))["status"] == "fulfilled"

    lines = [{"sku": "CRATE-1", "expected_quantity": 5}]
    body: Json = {"purchase_order_number": "PO-9", "warehouse_id": WAREHOUSE, "line_items": lines}
    body |= {"expected_arrival_date": "2026-12-01T09:00:00Z"}
    inbound = await story.write("POST", "/wms/inbound-shipments", body)
    path = f"/wms/inbound-shipments/{inbound['id']}"
    await story.write("PUT", f"{path}/receive", {"line_items": [{"sku": "CRATE-1", "quantity": 5}]})
    assert (await story.read(path))["status"] == "received"

    back = {"order_id": order["id"], "warehouse_id": WAREHOUSE, "return_reason": "Too small",
            "line_items": [{"sku": "CRATE-1", "quantity": 1}]}  # fmt: skip
    returned = await story.write("POST", "/wms/returns", back)
    story.mock.receive(returned["id"], 1)
    await story.sync("get_returns", "get_inventory")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"

    before = (await story.read(f"/wms/inventory/{item}"))["onhand"]
    for kind, quantity in (("increase", 5), ("decrease", 2)):
        body = {"quantity": quantity, "adjustment_type": kind, "warehouse_id": WAREHOUSE}
        await story.write("PUT", f"/wms/inventory/{item}/adjust", body)
    assert (await story.read(f"/wms/inventory/{item}"))["onhand"] == before + 3
    wanted = {"order.created", "order.shipment.created", "inbound-shipment.created",
              "inbound-shipment.receipt.created", "return.created", "return.updated",
              "inventory.updated"}  # fmt: skip
    assert wanted <= set(await story.told())


async def shipbob(story: Story) -> None:
    order = await story.write("POST", "/wms/orders", dict(story.mock.write.body))
    words = "no stock is adjusted, no order shipped and nothing received"
    path = f"/wms/orders/{order['id']}"
    await story.lacks("POST", f"{path}/shipments", {"tracking_number": "T-9"}, words)
    story.mock.change_order(order["id"])
    await story.sync("get_orders")
    assert (await story.read(path))["status"] == "fulfilled"

    inbound = await story.write("POST", "/wms/inbound-shipments", {
        "warehouse_id": "8", "expected_arrival_date": "2026-12-01T09:00:00Z",
        "purchase_order_number": "PO-9", "tracking_number": "1Z9",
        "line_items": [{"sku": "TShirtBlueM", "expected_quantity": 5}],
    })  # fmt: skip
    path = f"/wms/inbound-shipments/{inbound['id']}"
    received = {"line_items": [{"sku": "TShirtBlueM", "quantity": 5}]}
    await story.lacks("PUT", f"{path}/receive", received, words)
    story.mock.receive(int(inbound["id"]))
    await story.sync("get_inbound_shipments")
    assert (await story.read(path))["status"] == "received"

    body = {"warehouse_id": "8", "order_id": order["id"],
            "line_items": [{"sku": "TShirtBlueM", "quantity": 1}]}  # fmt: skip
    returned = await story.write("POST", "/wms/returns", body)
    story.mock.inspect(int(returned["id"]))
    await story.sync("get_returns")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"

    adjusted = {"quantity": 1, "adjustment_type": "increase"}
    await story.lacks("PUT", "/wms/inventory/100/adjust", adjusted, words)
    wanted = {"order.created", "order.updated", "inbound-shipment.created", "inbound-shipment.updated",
              "inbound-shipment.receipt.created", "return.created", "return.updated"}  # fmt: skip
    assert wanted <= set(await story.told())


async def deconetwork(story: Story) -> None:
    story.mock.add_product(100)
    story.mock.set_level("100_1", 10)
    story.mock.add_purchase_order("PO-9", 5)
    functions = (
        "get_orders",
        "get_products",
        "get_inventory",
        "get_inventory_ledger",
        "get_inbound_shipments",
    )
    await story.sync(*functions)
    line = {"product_id": "100_1", "quantity": 1}
    body: Json = {"order_number": "SO-9", "line_items": [line]}
    await story.lacks(
        "POST", "/wms/orders", body, "Creating orders and receiving purchase orders are not offered"
    )
    order_id = story.mock.add_order(SampleOrder(7))
    await story.sync("get_orders")
    path = f"/wms/orders/{order_id}"
    assert (await story.read(path))["status"] == "open"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9"})
    shipped = await story.read(path)
    assert (shipped["status"], len(shipped["shipments"])) == ("fulfilled", 1)

    received = {"line_items": [{"sku": "SKU-1", "quantity": 3}]}
    words = "receiving purchase orders are not offered"
    await story.lacks("PUT", "/wms/inbound-shipments/PO-9/receive", received, words)
    story.mock.receive("PO-9", "100_1", 3)
    await story.sync(*functions)
    assert (await story.read("/wms/inbound-shipments/PO-9"))["status"] == "receiving"
    body = {"order_id": order_id, "line_items": [{"sku": "SKU-1", "quantity": 1}]}
    await story.lacks("POST", "/wms/returns", body, "none is of returns")

    for kind, quantity in (("increase", 5), ("decrease", 2)):
        body = {"quantity": quantity, "adjustment_type": kind}
        await story.write("PUT", "/wms/inventory/100_1/adjust", body)
    assert (await story.read("/wms/inventory/100_1"))["onhand"] == 16
    wanted = {"order.created", "order.shipment.created", "inbound-shipment.updated", "inventory.updated"}
    assert wanted <= set(await story.told())


async def extensiv(story: Story) -> None:
    from tests.integrations.extensiv.records import CUSTOMER, FACILITY

    place = {"warehouse_id": str(FACILITY), "warehouse_customer_id": str(CUSTOMER)}
    order = await story.write("POST", "/wms/orders", dict(story.mock.write.body))
    path = f"/wms/orders/{order['id']}"
    assert (await story.read(path))["status"] == "open"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9"})
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")

    lines = [{"sku": "CRATE-1", "expected_quantity": 5}]
    body: Json = {"purchase_order_number": "PO-9", "line_items": lines, **place}
    inbound = await story.write("POST", "/wms/inbound-shipments", body)
    path = f"/wms/inbound-shipments/{inbound['id']}"
    await story.write("PUT", f"{path}/receive", {"line_items": [{"sku": "CRATE-1", "quantity": 5}]})
    assert (await story.read(path))["status"] == "received"

    lines = [{"sku": "CRATE-1", "quantity": 1}]
    returned = await story.write(
        "POST", "/wms/returns", {"reference_number": "RMA-9", "line_items": lines, **place}
    )
    story.mock.receive(int(returned["id"]))
    await story.sync("get_returns", "get_inventory")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"
    assert (await story.read("/wms/inventory/7-501"))["onhand"] == 15 - 2 + 5 + 1

    adjusted = {"quantity": 1, "adjustment_type": "increase"}
    words = "Stock is not adjusted"
    await story.lacks("PUT", "/wms/inventory/7-501/adjust", adjusted, words)
    wanted = {"order.created", "order.shipment.created", "inbound-shipment.created",
              "inbound-shipment.receipt.created", "return.created", "return.updated",
              "inventory.updated"}  # fmt: skip
    assert wanted <= set(await story.told())


STORIES: dict[str, Callable[[Story], Awaitable[None]]] = {
    "cart/bigcommerce": bigcommerce, "cart/medusa": medusa, "cart/shopify": shopify, "cart/vendure": vendure,
    "cart/woocommerce": woocommerce, "wms/deconetwork": deconetwork, "wms/extensiv": extensiv,
    "wms/shipbob": shipbob, "wms/shiphero": shiphero,
}  # fmt: skip


def test_every_vendor_has_its_story():
    assert STORIES.keys() | {"wms/hay-barn"} == all_mocks().keys()


@pytest.fixture(params=list(STORIES))
async def story(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Story]:
    mock_type = all_mocks()[request.param]
    for function, resource in by_function(mock_type.integration[0]).items():
        monkeypatch.setitem(RESOURCES, function, resource)
    async with mock_type() as mock, Receiver() as receiver:
        mock.clock = lambda: world.clock() / 1000
        integration = moved(mock.known_integration(), mock)
        monkeypatch.setattr(registry, "all_integrations", known_with(integration))
        hooks = Hooks(world, receiver)
        await hooks.endpoint()
        connection, _ = await world.services.connector.connect(
            world.organization, integration, mock.credentials()
        )
        await world.change_connection(connection, enabled_functions="*")
        for _ in range(3):
            await world.next_sync(60)
        async with writing(world, connection) as hand:
            yield Story(world, mock, connection, hand, hooks)


async def test_an_order_goes_its_whole_way(story: Story):
    await STORIES["/".join(story.mock.integration)](story)
    before = changes(await story.told())
    await story.sync(*registry.get_integration(*story.mock.integration).manifest.functions.read)
    assert changes(await story.told()) == before, "what was written is what a sync reads"


def changes(told: list[str]) -> list[str]:
    """What tells of records. Entries of a ledger come with its own syncs, not with what they are about."""
    return [kind for kind in told if not kind.startswith(("connection.", "inventory_ledger."))]
