"""What a vendor's story has at hand: `tests/integrations/<vendor>/story.py` or `…/<vendor>/<type>/story.py`.

A story is a function `tell(story)`, run by `tests/journeys/test_vendor_journeys.py`.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.kit import registry
from crossdock.store.connections.connections import ConnectionRow
from tests.journeys.conftest import World
from tests.journeys.hooks import Hooks
from tests.journeys.writing import Hand
from tests.mock_vendors.orders import SampleOrder

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
