"""Whatever is written to a sandbox, in whatever order: the warehouse and the shop hold together."""

import asyncio
import itertools
import shutil
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crossdock.errors import VendorRefused
from crossdock.kit.contract import Call
from tests.integrations.sandbox.test_consistency import Seen, broken, read_all
from tests.integrations.sandbox.writing import Writing, a_shipment, an_inbound, an_order

SITES = ("warehouse_id_0", "warehouse_id_1")
PLACES = ("cart_warehouse_id_0", "cart_warehouse_id_1")
PRODUCTS = [f"product_id_{n}" for n in range(17)]
ITEMS = [f"inventory_item_id_{n}" for n in range(15)]
SKUS = ["JLT-ASM-100", "JLT-SEN-250", "JLT-POT-1L", "HTO-MUG-FOR", "PFS-BTH-500"]


class Customer:
    """Writes at random; remembers what it made, and uses it again."""

    def __init__(self, rng: Random, folder: Path, fresh: Seen) -> None:
        self.rng = rng
        self.wms = Writing(folder, "wms", fresh)
        self.shop = Writing(folder, "cart", fresh)
        self.cart_orders = sorted(fresh["cart_orders"])
        self.number = itertools.count()
        self.orders = ["order_id_99", "order_id_96", "order_id_90", "order_id_40", "order_id_3"]
        self.inbound = [f"inbound_shipment_id_{n}" for n in range(12)]
        self.returns = [f"return_id_{n}" for n in range(12)]
        self.products = list(PRODUCTS)
        self.kits: list[str] = []
        self.skus = list(SKUS)
        self.done: dict[str, int] = {}

    async def act(self, name: str) -> None:
        """Being refused is an answer too."""
        try:
            await getattr(self, name)()
        except VendorRefused:
            return
        self.done[name] = self.done.get(name, 0) + 1

    def few(self) -> int:
        return self.rng.choice((1, 2, 3, 7, 40, 250))

    def lines(self, quantity: str) -> list[dict[str, Any]]:
        return [
            {"sku": self.rng.choice(self.skus), quantity: self.few()} for _ in range(self.rng.randint(1, 3))
        ]

    def order_lines(self) -> list[dict[str, Any]]:
        return [
            {
                "product_id": self.rng.choice(self.products),
                "quantity": self.few(),
                "discount_amount": Decimal("0.05") * self.rng.randrange(3),
            }
            for _ in range(self.rng.randint(1, 3))
        ]

    async def create_order(self) -> None:
        body = an_order(line_items=self.order_lines(), total_tax=Decimal("1.23"))
        if self.rng.random() < 0.3:
            body["warehouse_id"] = self.rng.choice(SITES)
        self.orders.append((await self.wms.write("create_order", body))["id"])

    async def update_order(self) -> None:
        body: dict[str, Any] = {"service_level": "x"}
        if self.rng.random() < 0.5:
            body["line_items"] = self.order_lines()
        if self.rng.random() < 0.5:
            body["status"] = self.rng.choice(("open", "picked", "processing", "exception", "cancelled"))
        await self.wms.write("update_order", body, self.rng.choice(self.orders))

    async def cancel_order(self) -> None:
        await self.wms.write("cancel_order", None, self.rng.choice(self.orders))

    async def create_order_shipment(self) -> None:
        order = await self.wms.read("get_orders", self.rng.choice(self.orders))
        body = a_shipment(warehouse_id=self.rng.choice(SITES))
        if self.rng.random() < 0.6:
            line = self.rng.choice(order["line_items"])
            body["line_items"] = [{"sku": line["sku"], "quantity": self.rng.randint(1, line["quantity"])}]
        await self.wms.write("create_order_shipment", body, order["id"])

    async def create_product(self) -> None:
        sku = f"NEW-{next(self.number)}"
        self.products.append((await self.wms.write("create_product", {"sku": sku, "name": sku}))["id"])
        self.skus.append(sku)

    async def create_kit(self) -> None:
        parts = [
            {"sku": sku, "unit_quantity": self.rng.randint(1, 3)} for sku in self.rng.sample(self.skus, 2)
        ]
        sku = f"KIT-{next(self.number)}"
        kit = await self.wms.write("create_kit", {"sku": sku, "name": sku, "inventory_items": parts})
        self.kits.append(kit["id"])
        self.products.append(kit["id"])

    async def update_product(self) -> None:
        sku = f"SKU-{next(self.number)}"
        product = await self.wms.write("update_product", {"sku": sku}, self.rng.choice(self.products))
        if not product["is_kit"]:
            self.skus.append(sku)

    async def adjust_inventory(self) -> None:
        body = {
            "quantity": self.few(),
            "adjustment_type": self.rng.choice(("increase", "decrease")),
            "warehouse_id": self.rng.choice(SITES),
        }
        if self.rng.random() < 0.4:
            body["location_id"] = f"location_id_{self.rng.randrange(46)}"
        await self.wms.write("adjust_inventory", body, self.rng.choice(ITEMS))

    async def create_inbound_shipment(self) -> None:
        body = an_inbound(line_items=self.lines("expected_quantity"), warehouse_id=self.rng.choice(SITES))
        self.inbound.append((await self.wms.write("create_inbound_shipment", body))["id"])

    async def update_inbound_shipment(self) -> None:
        body: dict[str, Any] = {"tracking_number": "T"}
        if self.rng.random() < 0.6:
            body["line_items"] = self.lines("expected_quantity")
        if self.rng.random() < 0.3:
            body["warehouse_id"] = self.rng.choice(SITES)
        await self.wms.write("update_inbound_shipment", body, self.rng.choice(self.inbound))

    async def receive_inbound_shipment(self) -> None:
        inbound = await self.wms.read("get_inbound_shipments", self.rng.choice(self.inbound))
        line = self.rng.choice(inbound["line_items"])
        first = 0 if inbound["warehouse_id"] == SITES[0] else 23
        body = {
            "line_items": [
                {"sku": line["sku"], "quantity": self.rng.choice((1, 5, line["expected_quantity"]))}
            ],
            "warehouse_location_id": f"location_id_{first + self.rng.randrange(23)}",
        }
        await self.wms.write("receive_inbound_shipment", body, inbound["id"])

    async def create_return(self) -> None:
        order = await self.wms.read("get_orders", self.rng.choice(self.orders))
        body: dict[str, Any] = {"order_id": order["id"]}
        if self.rng.random() < 0.3:
            body = {"line_items": self.lines("quantity")}
        elif self.rng.random() < 0.5:
            body["line_items"] = [{"sku": self.rng.choice(order["line_items"])["sku"], "quantity": 1}]
        self.returns.append((await self.wms.write("create_return", body))["id"])

    async def update_return(self) -> None:
        body = {"warehouse_id": self.rng.choice(SITES)}
        await self.wms.write("update_return", body, self.rng.choice(self.returns))

    async def cancel_return(self) -> None:
        await self.wms.write("cancel_return", None, self.rng.choice(self.returns))

    async def receive_return(self) -> None:
        await self.wms.client.call(Call("POST", f"/returns/{self.rng.choice(self.returns)}/receive"))

    async def deliver(self) -> None:
        order = await self.cart_order()
        body: dict[str, Any] = {
            "tracking_number": "T", "tracking_url": "https://t.example.com", "carrier_name": "UPS",
            "shipping_method_name": "Ground",
        }  # fmt: skip
        if self.rng.random() < 0.5:
            line = self.rng.choice(order["line_items"])
            body["line_items"] = [{"line_item_id": line["line_item_id"], "quantity": 1}]
        await self.shop.write("create_order_shipment", body, order["id"])

    async def refund(self) -> None:
        order = await self.cart_order()
        line = self.rng.choice(order["line_items"])
        body = self.rng.choice(
            (
                {"amount": Decimal(self.rng.randrange(1, 6000)) / 100},
                {"line_items": [{"line_item_id": line["line_item_id"], "quantity": 1}]},
            )
        )
        refunded = await self.shop.write("refund_order", body, order["id"])
        paid_back = sum(refund["amount"] for refund in refunded["additional_fields"]["refunds"])
        assert 0 < paid_back <= refunded["total_price"]
        assert (refunded["additional_fields"]["payment"] == "REFUNDED") == (
            paid_back == refunded["total_price"]
        )

    async def set_level(self) -> None:
        body: dict[str, Any] = {
            "quantity": self.few(),
            "adjustment_type": self.rng.choice(("increase", "decrease", "exact")),
        }
        if self.rng.random() < 0.5:
            body["warehouse_id"] = self.rng.choice(PLACES)
        product = await self.shop.write("adjust_inventory", body, f"cart_product_id_{self.rng.randrange(28)}")
        assert min(product["inventory_by_warehouse_id"].values()) >= 0

    async def cart_order(self) -> dict[str, Any]:
        return await self.shop.read("get_orders", self.rng.choice(self.cart_orders))


ACTS = [name for name, var in vars(Customer).items() if asyncio.iscoroutinefunction(var)]
ACTS = [name for name in ACTS if name not in ("act", "cart_order")]


async def lived(customer: Customer, acts: list[str]) -> None:
    for name in acts:
        await customer.act(name)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=st.lists(st.sampled_from(ACTS), min_size=10, max_size=60), seed=st.integers(0, 2**16))
def test_the_world_holds_together_whatever_is_written_to_it(
    blank: Path, fresh: Seen, tmp_path: Path, acts: list[str], seed: int
):
    shutil.rmtree(tmp_path)
    shutil.copytree(blank, tmp_path)
    customer = Customer(Random(seed), tmp_path, fresh)
    asyncio.run(lived(customer, acts))
    assert broken(fresh | read_all(tmp_path, verticals=("wms", "cart"))) == []


async def test_a_random_customer_gets_every_kind_of_write_done(wms: Writing, fresh: Seen):
    """So that the test above is about something."""
    customer = Customer(Random(1), wms.folder, fresh)
    await lived(customer, customer.rng.choices(ACTS, k=700))
    assert {name for name in ACTS if customer.done.get(name, 0) < 2} == set()
    assert broken(await asyncio.to_thread(read_all, customer.wms.folder)) == []
