"""A made-up 3PL on Extensiv: changes and their versions, receipts, returns, stock, zones."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.products import PRODUCTS
from crossdock.resources.wms.returns import RETURNS
from crossdock.resources.wms.warehouse_customers import WAREHOUSE_CUSTOMERS
from crossdock.resources.wms.warehouse_locations import WAREHOUSE_LOCATIONS
from crossdock.resources.wms.warehouses import WAREHOUSES
from tests.integrations.extensiv.mock import Mock
from tests.integrations.extensiv.records import NEW_ORDER, RELS
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped, meanwhile
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (
    ORDERS, INVENTORY, PRODUCTS, INBOUND_SHIPMENTS, RETURNS, WAREHOUSES, WAREHOUSE_LOCATIONS,
    WAREHOUSE_CUSTOMERS,
)  # fmt: skip
PLACE = {"warehouse_id": "1", "warehouse_customer_id": "7"}
Body = dict[str, Any]


class ConnectedTpl(MockedVendor):
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
async def tpl(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedTpl]:
    """A connection to a 3PL with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedTpl, world, mock, monkeypatch, READ)


async def test_an_order_is_changed_with_its_lines_as_they_are_and_cancelled(tpl: ConnectedTpl):
    order = await tpl.write("POST", "/wms/orders", {**NEW_ORDER, "reference_id": "shop-1", "carrier": "UPS"})
    path = f"/wms/orders/{order['id']}"
    body = {"shipping_method": "Express", "ship_to_address": {"address1": "2 Main St"}}
    changed = await tpl.write("PUT", path, body)
    assert changed["line_items"] == order["line_items"]
    assert (changed["carrier_name"], changed["shipping_method"]) == ("UPS", "Express")
    assert changed["ship_to_address"] == {**order["ship_to_address"], "address1": "2 Main St"}
    cancelled = await tpl.write("PUT", f"{path}/cancel")
    assert cancelled["status"] == "cancelled"
    refused = await tpl.write("POST", f"{path}/shipments", {"tracking_number": "T-1"}, 403)
    assert "OrderCanceled" in refused
    assert (await tpl.read("get_orders"))[order["id"]]["updated_date"] == cancelled["updated_date"]


async def test_a_change_of_what_somebody_else_changed_meanwhile_is_refused(tpl: ConnectedTpl):
    [order_id] = await tpl.orders()
    mock = tpl.mock
    held = mock.orders[int(order_id)]
    mock.script(f"/orders/{order_id}/canceler", [meanwhile(lambda: mock.change_order(order_id))])
    refused = await tpl.write("PUT", f"/wms/orders/{order_id}/cancel", None, 412)
    assert "changed meanwhile" in refused
    assert held["readOnly"]["status"] == 0
    await tpl.write("PUT", f"/wms/orders/{order_id}/cancel")
    assert held["readOnly"]["status"] == 2


async def test_what_comes_in_is_announced_changed_and_received_whole(tpl: ConnectedTpl):
    lines = [{"sku": "CRATE-1", "expected_quantity": 40}, {"sku": "LID-1", "expected_quantity": 5}]
    body = {"purchase_order_number": "PO-1", "expected_arrival_date": "2026-12-01T09:00:00Z", **PLACE}
    inbound = await tpl.write("POST", "/wms/inbound-shipments", {**body, "line_items": lines})
    assert inbound["expected_arrival_date"] == "2026-12-01T09:00:00Z"
    path = f"/wms/inbound-shipments/{inbound['id']}"
    fewer = {"line_items": [{"sku": "CRATE-1", "expected_quantity": 38}], "tracking_number": "T-1"}
    changed = await tpl.write("PUT", path, fewer)
    assert [line["expected_quantity"] for line in changed["line_items"]] == [38, 5]
    part: Body = {"line_items": [{"sku": "CRATE-1", "quantity": 38}]}
    assert "receives a receiver whole" in await tpl.write("PUT", f"{path}/receive", part, 400)
    part["line_items"].append({"sku": "LID-1", "quantity": 5})
    received = await tpl.write("PUT", f"{path}/receive", part)
    assert (received["status"], len(received["receipts"])) == ("received", 1)
    stock = await tpl.read("get_inventory")
    assert stock["7-501"]["inventory_by_warehouse_id"]["1"]["onhand"] == 10 + 38
    other = await tpl.write(
        "POST", "/wms/inbound-shipments", {**body, "purchase_order_number": "PO-2", "line_items": lines}
    )
    gone = await tpl.write("PUT", f"/wms/inbound-shipments/{other['id']}", {"status": "cancelled"})
    assert gone["status"] == "cancelled"


async def test_an_advice_that_becomes_a_receiver_is_one_inbound_shipment(tpl: ConnectedTpl):
    lines = [{"sku": "CRATE-1", "expected_quantity": 40}]
    body = {"purchase_order_number": "PO-1", "line_items": lines, **PLACE}
    inbound = await tpl.write("POST", "/wms/inbound-shipments", body)
    raw = tpl.mock.receivers[int(inbound["id"])]
    raw["readOnly"]["receiverType"] = 2
    assert (await tpl.read("get_inbound_shipments")).keys() == {inbound["id"]}
    [line] = raw["_embedded"][f"{RELS}inventory/receiveritem"]
    line["readOnly"]["expectedQty"], line["qty"] = 40, 38
    raw["readOnly"]["receiverType"] = 0
    tpl.mock.receive(int(inbound["id"]))
    [received] = (await tpl.read("get_inbound_shipments")).values()
    [line] = received["line_items"]
    assert (line["expected_quantity"], line["received_quantity"]) == (40, 38)


async def test_a_return_is_no_inbound_shipment_and_can_be_cancelled(tpl: ConnectedTpl):
    lines = [{"sku": "CRATE-1", "quantity": 1}]
    body = {"reference_number": "RMA-1", "line_items": lines, **PLACE}
    returned = await tpl.write("POST", "/wms/returns", body)
    assert await tpl.read("get_inbound_shipments") == {}
    assert (await tpl.read("get_returns")).keys() == {returned["id"]}
    assert (await tpl.write("PUT", f"/wms/returns/{returned['id']}/cancel"))["status"] == "cancelled"


async def test_an_item_is_made_and_changed_and_a_sku_is_taken_once(tpl: ConnectedTpl):
    body = {"sku": "MUG", "name": "Mug", "inventory_unit": "Each", "warehouse_customer_id": "8"}
    product = await tpl.write("POST", "/wms/products", body)
    assert product["id"].startswith("8-")
    assert "Duplicate: Sku 'MUG'" in await tpl.write("POST", "/wms/products", body, 400)
    changed = await tpl.write("PUT", f"/wms/products/{product['id']}", {"name": "Mug, blue"})
    assert (changed["name"], changed["sku"]) == ("Mug, blue", "MUG")
    assert (await tpl.read("get_products"))[product["id"]]["name"] == "Mug, blue"


async def test_stock_is_that_of_each_customer_and_facility(tpl: ConnectedTpl):
    tpl.mock.stock[902] |= {"isOnHold": True, "available": 4}
    stock = await tpl.read("get_inventory")
    assert stock.keys() == {"7-501", "7-502", "8-601"}
    counts = {name: stock["7-501"][name] for name in ("onhand", "committed", "unfulfillable", "fulfillable")}
    assert counts == {"onhand": 15, "committed": 1, "unfulfillable": 4, "fulfillable": 10}
    assert stock["8-601"]["onhand"] == 0
    del tpl.mock.items[601]
    assert (await tpl.read("get_inventory")).keys() == {"7-501", "7-502"}


LINES = {"reference_number": "RMA (1)", "line_items": [{"sku": "LID-1", "quantity": 1}], **PLACE}
AWAITED = {
    "purchase_order_number": "PO, 1",
    "line_items": [{"sku": "LID-1", "expected_quantity": 1}],
    **PLACE,
}
MUG = {"sku": "MUG;1", "name": "Mug", "inventory_unit": "Each", "warehouse_customer_id": "7"}
MADE = (
    ("/wms/inbound-shipments", AWAITED, "/inventory/receivers", "receivers"),
    ("/wms/returns", LINES, "/inventory/receivers", "receivers"),
    ("/wms/products", MUG, "/customers/7/items", "items"),
)  # fmt: skip


@pytest.mark.parametrize(("path", "body", "vendor_path", "held"), MADE)
async def test_what_was_made_when_an_answer_was_lost_is_found_again(
    tpl: ConnectedTpl, path: str, body: Body, vendor_path: str, held: str
):
    before = len(getattr(tpl.mock, held))
    tpl.mock.script(vendor_path, [done_then(dropped())])
    async with writing(tpl.world, tpl.connection) as hand:
        headers = {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", path, body, headers=headers)
        again = await hand.send("POST", path, body, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    assert len(getattr(tpl.mock, held)) == before + 1


async def test_the_older_way_to_sign_in_and_a_zone_of_the_account(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    class Older(Mock):
        def credentials(self) -> dict[str, str]:
            key = "11111111-2222-3333-4444-555555555555"
            return {"sign_in": "number", "client_id": "client", "client_secret": "secret", "tpl": key,
                    "user_login_id": "1", "time_zone": "America/New_York"}  # fmt: skip

    async with Older() as mock:
        tpl = await connected(ConnectedTpl, world, mock, monkeypatch, [ORDERS], orders=0)
        order_id = mock.add_order(SampleOrder(1))
        said = mock.orders[int(order_id)]["readOnly"]
        said |= {"creationDate": "2026-11-01T00:30:00", "lastModifiedDate": "2026-11-01T02:30:00"}
        order = (await tpl.read("get_orders"))[order_id]
        assert order["created_date"] == "2026-11-01T04:30:00Z", "before the clocks go back"
        assert order["updated_date"] == "2026-11-01T07:30:00Z", "after"
        said |= {"lastModifiedDate": "2026-11-01T01:45:00", "pickDoneDate": "2026-11-01T01:45:00"}
        assert (await tpl.read("get_orders"))[order_id]["status"] == "picked", (
            "an hour that comes twice hides nothing"
        )
