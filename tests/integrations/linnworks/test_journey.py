"""A made-up Linnworks account: sessions, lists that move, purchase orders, returns, answers that are lost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.integrations.linnworks import client as linnworks_client
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.order_channels import ORDER_CHANNELS
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.products import PRODUCTS
from crossdock.resources.wms.returns import RETURNS
from crossdock.resources.wms.shipping_methods import SHIPPING_METHODS
from crossdock.resources.wms.suppliers import SUPPLIERS
from crossdock.resources.wms.warehouses import WAREHOUSES
from tests.integrations.linnworks import records
from tests.integrations.linnworks.mock import LOGIN, Mock
from tests.integrations.linnworks.records import CRATE, DEFAULT, EXPRESS, LID, NEW_ORDER, NORTH, SET, SUPPLIER
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import answering, done_then, dropped, meanwhile

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (
    ORDERS, INVENTORY, PRODUCTS, INBOUND_SHIPMENTS, RETURNS, WAREHOUSES, SHIPPING_METHODS, SUPPLIERS,
    ORDER_CHANNELS,
)  # fmt: skip
Body = dict[str, Any]
AWAITED: Body = {
    "purchase_order_number": "PO-1",
    "supplier_object": {"supplier_id": SUPPLIER},
    "warehouse_id": NORTH,
    "currency": "GBP",
    "line_items": [{"sku": "CRATE-1", "expected_quantity": 40}, {"sku": "LID-1", "expected_quantity": 5}],
}


class ConnectedAccount(MockedVendor):
    mock: Mock

    async def write(self, method: str, path: str, body: Body | None = None, status: int = 200) -> Any:
        """The record that a write answers with, or the text of its refusal."""
        self.world.clock.pass_seconds(60)
        async with writing(self.world, self.connection) as hand:
            answer = await hand.send(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status == 200 else answer.text

    async def read(self, function: str) -> dict[str, Any]:
        self.world.clock.pass_seconds(60)
        await self.world.force(self.connection, function)
        return await self.world.documents(self.connection, function)


@pytest.fixture
async def account(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedAccount]:
    """A connection to an account with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedAccount, world, mock, monkeypatch, READ)


async def test_one_session_serves_all_until_it_ends(account: ConnectedAccount):
    for _ in range(3):
        account.world.clock.pass_seconds(15 * 60)
        await account.sync()
    assert len(account.mock.asked(LOGIN)) == 1, "it was never unused for twenty minutes"
    account.world.clock.pass_seconds(20 * 60)
    assert await account.sync() == "done"
    assert len(account.mock.asked(LOGIN)) == 2
    assert await account.kinds() == set()


async def test_an_order_is_changed_moved_and_cancelled(account: ConnectedAccount):
    order = await account.write("POST", "/wms/orders", {**NEW_ORDER, "warehouse_id": NORTH})
    assert (order["warehouse_id"], order["status"]) == (NORTH, "confirmed")
    path = f"/wms/orders/{order['id']}"
    body = {"ship_to_address": {"address1": "2 Main St"}, "shipping_method_id": EXPRESS}
    changed = await account.write("PUT", path, body)
    assert changed["ship_to_address"] == {**order["ship_to_address"], "address1": "2 Main St"}
    assert (changed["shipping_method"], changed["total_shipping"]) == ("Next day", order["total_shipping"])
    assert (await account.write("PUT", f"{path}/cancel"))["status"] == "cancelled"
    refused = await account.write("POST", f"{path}/shipments", {"tracking_number": "T-1"}, 400)
    assert "processed or cancelled before" in refused


async def test_an_unpaid_order_is_parked_and_a_number_is_taken_once(account: ConnectedAccount):
    order = await account.write("POST", "/wms/orders", {**NEW_ORDER, "payment_status": "Unpaid"})
    assert (order["status"], order["raw_status"]) == ("exception", "PARKED")
    again = {**NEW_ORDER, "payment_status": "Unpaid", "line_items": [{"sku": "LID-1", "quantity": 9}]}
    refused = await account.write("POST", "/wms/orders", again, 400)
    assert "has an order" in refused
    held = (await account.read("get_orders"))[order["id"]]
    assert [line["sku"] for line in held["line_items"]] == [line["sku"] for line in order["line_items"]]


async def test_stock_is_that_of_each_location_less_what_is_ordered(account: ConnectedAccount):
    stock = await account.read("get_inventory")
    assert stock.keys() == {CRATE, LID}, "a set is none"
    counts = {name: stock[CRATE][name] for name in ("onhand", "committed", "fulfillable")}
    assert counts == {"onhand": 15, "committed": 2, "fulfillable": 13}
    adjusted = {"quantity": 3, "adjustment_type": "decrease", "warehouse_id": NORTH}
    item = await account.write("PUT", f"/wms/inventory/{CRATE}/adjust", adjusted)
    assert item["inventory_by_warehouse_id"][NORTH]["onhand"] == 2
    products = await account.read("get_products")
    assert [part["unit_quantity"] for part in products[SET]["inventory_items"]] == [1, 2]


async def test_no_item_is_passed_over_when_another_is_deleted_meanwhile(
    account: ConnectedAccount, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(linnworks_client, "ITEMS_A_PAGE", 20)
    mock = account.mock
    mock.many_items(40)
    await account.read("get_products")
    first, seen = records.named(70_000), await account.world.documents(account.connection, "get_products")
    assert len(seen) == 43
    mock.script("GetStockItemsFullByIds", [meanwhile(lambda: mock.items.pop(first))])
    after = await account.read("get_products")
    assert seen.keys() - after.keys() <= {first}
    assert first not in await account.read("get_products")


async def test_a_refusal_of_a_page_is_no_end_of_the_list(
    account: ConnectedAccount, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(linnworks_client, "ITEMS_A_PAGE", 20)
    account.mock.many_items(17)
    seen = await account.read("get_products")
    assert len(seen) == 20, "the page after a full one is refused as Linnworks does at the end"
    account.mock.many_items(40)
    seen = await account.read("get_products")
    refused = answering(400, {"Code": None, "Message": "A transaction was deadlocked"})
    account.mock.script("/GetStockItemsFull", [meanwhile(lambda: None), refused])
    assert (await account.read("get_products")).keys() == seen.keys()
    assert await account.kinds() != set()


async def test_an_item_is_made_and_changed_and_a_sku_is_taken_once(account: ConnectedAccount):
    product = await account.write("POST", "/wms/products", {"sku": "MUG", "name": "Mug"})
    stock = await account.world.documents(account.connection, "get_inventory")
    assert stock[product["id"]]["sku"] == "MUG"
    assert "has a stock item" in await account.write(
        "POST", "/wms/products", {"sku": "mug", "name": "M"}, 400
    )
    changed = await account.write("PUT", f"/wms/products/{product['id']}", {"name": "Mug, blue"})
    assert (changed["name"], changed["sku"]) == ("Mug, blue", "MUG")


async def test_what_is_ordered_comes_in_parts(account: ConnectedAccount):
    inbound = await account.write("POST", "/wms/inbound-shipments", AWAITED)
    path = f"/wms/inbound-shipments/{inbound['id']}"
    assert (inbound["status"], inbound["raw_status"]) == ("open", "OPEN")
    later = await account.write("PUT", path, {"expected_arrival_date": "2026-12-12T09:00:00Z"})
    assert later["expected_arrival_date"] == "2026-12-12T09:00:00Z"
    part = await account.write("PUT", f"{path}/receive", {"line_items": [{"sku": "CRATE-1", "quantity": 15}]})
    assert part["status"] == "receiving"
    raw = account.mock.purchases[inbound["id"]]
    raw["PurchaseOrderItem"][0]["Delivered"] = 20
    more = {"line_items": [{"sku": "CRATE-1", "quantity": 25}]}
    assert "came meanwhile" in await account.write("PUT", f"{path}/receive", more, 400)
    assert (await account.read("get_inbound_shipments"))[inbound["id"]]["line_items"][0][
        "received_quantity"
    ] == 20
    rest = {"line_items": [{"sku": "CRATE-1", "quantity": 20}, {"sku": "LID-1", "quantity": 5}]}
    received = await account.write("PUT", f"{path}/receive", rest)
    assert (received["status"], len(received["receipts"])) == ("received", 3)


async def test_purchase_orders_that_are_gone_or_delivered_elsewhere_are_found(account: ConnectedAccount):
    first = await account.write("POST", "/wms/inbound-shipments", AWAITED)
    second = await account.write(
        "POST", "/wms/inbound-shipments", {**AWAITED, "purchase_order_number": "PO-2"}
    )
    head = account.mock.purchases[first["id"]]["PurchaseOrderHeader"]
    head |= {"Status": "DELIVERED", "DateOfPurchase": "2020-01-01T00:00:00Z"}
    del account.mock.purchases[second["id"]]
    account.world.clock.pass_seconds(7 * 3600)
    held = await account.read("get_inbound_shipments")
    assert {key: each["status"] for key, each in held.items()} == {first["id"]: "received"}


async def test_a_return_is_booked_for_what_was_sent(account: ConnectedAccount):
    order = await account.write("POST", "/wms/orders", dict(NEW_ORDER))
    body = {"order_id": order["id"], "warehouse_id": DEFAULT, "reference_number": "RMA-1"}
    body["line_items"] = [{"sku": "CRATE-1", "quantity": 1}]
    assert "The order is open" in await account.write("POST", "/wms/returns", body, 400)
    await account.write("POST", f"/wms/orders/{order['id']}/shipments", {"tracking_number": "T-1"})
    returned = await account.write("POST", "/wms/returns", {**body, "reason": "Too small"})
    assert (returned["status"], returned["order_id"]) == ("open", order["id"])
    assert returned["line_items"][0]["inventory_item_id"] == CRATE
    account.mock.action(int(returned["id"]))
    back = (await account.read("get_returns"))[returned["id"]]
    assert (back["status"], back["line_items"][0]["received_quantity"]) == ("received", 1)


MADE = (
    ("/wms/inbound-shipments", AWAITED, "/Create_PurchaseOrder_Initial", "purchases"),
    ("/wms/inbound-shipments", AWAITED, "/Change_PurchaseOrderStatus", "purchases"),
    ("/wms/products", {"sku": "MUG", "name": "Mug"}, "/AddInventoryItem", "items"),
)  # fmt: skip


@pytest.mark.parametrize(("path", "body", "vendor_path", "held"), MADE)
async def test_what_was_made_when_an_answer_was_lost_is_found_again(
    account: ConnectedAccount, path: str, body: Body, vendor_path: str, held: str
):
    before = len(getattr(account.mock, held))
    account.mock.script(vendor_path, [done_then(dropped())])
    async with writing(account.world, account.connection) as hand:
        headers = {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", path, body, headers=headers)
        again = await hand.send("POST", path, body, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    assert len(getattr(account.mock, held)) == before + 1
    for raw in account.mock.purchases.values():
        assert len(raw["PurchaseOrderItem"]) == 2
        assert raw["PurchaseOrderHeader"]["Status"] == "OPEN"
