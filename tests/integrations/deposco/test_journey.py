"""A made-up warehouse on Deposco: packs, long orders, shipments, and numbers that are there."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.connections.permissions import check_permissions
from crossdock.integrations.deposco.read.orders import order as read_order
from crossdock.kit.registry import get_integration
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.products import PRODUCTS
from crossdock.resources.wms.returns import RETURNS
from crossdock.resources.wms.suppliers import SUPPLIERS
from crossdock.resources.wms.warehouse_customers import WAREHOUSE_CUSTOMERS
from crossdock.resources.wms.warehouse_locations import WAREHOUSE_LOCATIONS
from crossdock.resources.wms.warehouses import WAREHOUSES
from tests.integrations.deposco import records
from tests.integrations.deposco.mock import PURCHASES, SALES, Mock
from tests.integrations.deposco.records import COMPANY, FACILITY, NEW_ORDER
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (
    ORDERS, PRODUCTS, INBOUND_SHIPMENTS, RETURNS, WAREHOUSES, WAREHOUSE_LOCATIONS, WAREHOUSE_CUSTOMERS,
    SUPPLIERS,
)  # fmt: skip
PLACE = {"warehouse_id": FACILITY, "warehouse_customer_id": COMPANY}
HALF_A_DAY = 12 * 3600
Body = dict[str, Any]


class ConnectedWarehouse(MockedVendor):
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
async def warehouse(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedWarehouse]:
    """A connection to a warehouse with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedWarehouse, world, mock, monkeypatch, READ)


async def test_everything_that_is_read_is_there(warehouse: ConnectedWarehouse):
    assert (await warehouse.read("get_warehouses")).keys() == {FACILITY}
    locations = await warehouse.read("get_warehouse_locations")
    assert {key: place["warehouse_id"] for key, place in locations.items()} == {
        "11": FACILITY, "12": FACILITY,
    }  # fmt: skip
    assert (await warehouse.read("get_warehouse_customers")).keys() == {COMPANY, "ATTIC"}
    assert (await warehouse.read("get_inbound_shipment_suppliers")).keys() == {"21"}
    assert (await warehouse.read("get_products"))["501"]["gtin"] == "4006381333931"


@pytest.mark.parametrize(
    ("terms", "whose", "payer"),
    [
        (None, None, None),
        ("DDU", None, "recipient"),
        ("DDU", "Seller", "recipient"),
        ("DDP", None, "sender"),
        ("DDP", "Third party", "third_party"),
        (None, "Receiver", "recipient"),
    ],
)
def test_duties_are_the_recipients_unless_the_shipper_pays(terms: Any, whose: Any, payer: str | None):
    raw = records.order(1, SALES, records.sample(SampleOrder(1), 1), [], "2026-01-05T09:00:00-06:00")
    read = read_order(raw | {"dutyPaidBy": terms, "dutyPaidByType": whose})
    assert read["international_duty_paid_by"] == payer


async def test_a_check_of_permissions_reads_one_order(warehouse: ConnectedWarehouse):
    warehouse.mock.add_order(SampleOrder(2))
    warehouse.mock.calls.clear()
    integration = get_integration(*Mock.integration)
    async with warehouse.world.services.clients.sign_in_to_write(warehouse.connection, integration) as client:
        results = await check_permissions(client, integration, ["get_orders"])
    assert results["get_orders"].state == "allowed"
    assert [call.query["pageSize"] for call in warehouse.mock.asked(SALES)] == ["1"]


async def test_quantities_of_packs_become_single_units(warehouse: ConnectedWarehouse):
    order_id = warehouse.mock.add_order(SampleOrder(2, lines=1))
    [line] = warehouse.mock.orders[SALES][int(order_id)]["orderLines"]
    line["pack"] = records.pack_ref(501, "CRATE-1", 12)
    assert (await warehouse.read("get_orders"))[order_id]["line_items"][0]["quantity"] == 24
    warehouse.mock.ship(order_id, "T-1")
    order = (await warehouse.read("get_orders"))[order_id]
    assert order["shipments"][0]["line_items"][0]["quantity"] == 24
    assert order["line_items"][0]["is_picked"] is True


async def test_a_pack_that_does_not_say_what_it_holds_is_told_and_not_guessed(warehouse: ConnectedWarehouse):
    order_id = warehouse.mock.add_order(SampleOrder(2, lines=1))
    [line] = warehouse.mock.orders[SALES][int(order_id)]["orderLines"]
    line["pack"]["businessKey"] = {}
    assert (await warehouse.read("get_orders"))[order_id]["line_items"][0]["quantity"] == 0
    problems = await warehouse.world.problems(warehouse.connection)
    assert "line_items[0].quantity" in str(problems)


async def test_a_shipment_that_moves_no_date_of_its_order_is_found_all_the_same(
    warehouse: ConnectedWarehouse,
):
    [order_id] = await warehouse.orders()
    raw = warehouse.mock.orders[SALES][int(order_id)]
    before = raw["updatedDate"]
    warehouse.mock.ship(order_id, "T-1")
    raw["updatedDate"] = before
    warehouse.world.clock.pass_seconds(3600)
    await warehouse.world.next_sync(HALF_A_DAY)
    order = (await warehouse.orders())[order_id]
    assert (order["status"], len(order["shipments"])) == ("fulfilled", 1)


async def test_a_shipment_that_is_gone_leaves_its_order(warehouse: ConnectedWarehouse):
    [order_id] = await warehouse.orders()
    warehouse.mock.ship(order_id, "T-1")
    [shipment] = warehouse.mock.shipments.values()
    named = {**warehouse.mock.orders[SALES][int(order_id)]}
    warehouse.mock.shipments.clear()
    warehouse.mock.shipments[1] = shipment  # it is named by an id under which there is none
    assert named["orderStatus"] == "Ship Complete"
    order = (await warehouse.read("get_orders"))[order_id]
    assert (order["status"], order["shipments"]) == ("fulfilled", [])


async def test_an_order_is_changed_held_freed_and_cancelled(warehouse: ConnectedWarehouse):
    order = await warehouse.write("POST", "/wms/orders", {**NEW_ORDER, "reference_id": "shop-1"})
    path = f"/wms/orders/{order['id']}"
    changed = await warehouse.write("PUT", path, {"ship_to_address": {"address1": "2 Main St"}})
    assert changed["line_items"] == order["line_items"]
    assert changed["ship_to_address"] == {**order["ship_to_address"], "address1": "2 Main St"}
    assert (await warehouse.write("PUT", path, {"hold": True}))["status"] == "exception"
    assert (await warehouse.write("PUT", path, {"hold": False}))["status"] == "open"
    assert (await warehouse.write("PUT", f"{path}/cancel"))["status"] == "cancelled"
    refused = await warehouse.write("PUT", path, {"hold": True}, 400)
    assert "cannot be updated from Canceled" in refused


async def test_a_number_that_is_there_is_not_changed_by_making_it_again(warehouse: ConnectedWarehouse):
    order = await warehouse.write("POST", "/wms/orders", dict(NEW_ORDER))
    warehouse.world.clock.pass_seconds(3600)
    refused = await warehouse.write("POST", "/wms/orders", {**NEW_ORDER, "reference_id": "other"}, 400)
    assert "already" in refused
    assert warehouse.mock.made == 1
    assert "customerOrderNumber" not in warehouse.mock.orders[SALES][int(order["id"])]
    unknown = {**NEW_ORDER, "order_number": "SO-2", "line_items": [{"sku": "NO-SUCH", "quantity": 1}]}
    assert "There is no pack" in await warehouse.write("POST", "/wms/orders", unknown, 400)


async def test_what_comes_in_is_announced_moved_and_received_in_part(warehouse: ConnectedWarehouse):
    lines = [{"sku": "CRATE-1", "expected_quantity": 40}]
    body = {"purchase_order_number": "PO-1", "expected_arrival_date": "2026-12-01T09:00:00Z", **PLACE}
    inbound = await warehouse.write("POST", "/wms/inbound-shipments", {**body, "line_items": lines})
    path = f"/wms/inbound-shipments/{inbound['id']}"
    moved = await warehouse.write("PUT", path, {"expected_arrival_date": "2026-12-03T09:00:00Z"})
    assert moved["expected_arrival_date"] == "2026-12-03T09:00:00Z"
    assert moved["line_items"] == inbound["line_items"]
    warehouse.mock.receive(PURCHASES, inbound["id"], 15, "Partial Receipt")
    part = (await warehouse.read("get_inbound_shipments"))[inbound["id"]]
    assert (part["status"], part["line_items"][0]["received_quantity"]) == ("receiving", 15)
    refused = await warehouse.write("PUT", path, {"status": "cancelled"}, 400)
    assert "cannot be updated from Partial Receipt" in refused


LINES = [{"sku": "LID-1", "quantity": 1}]
MADE = (
    ("/wms/inbound-shipments", {"purchase_order_number": "PO, 1", **PLACE,
                                "line_items": [{"sku": "LID-1", "expected_quantity": 1}]}, PURCHASES),
    ("/wms/returns", {"return_number": "RMA (1)", "line_items": LINES, **PLACE}, "/orders/customerReturns"),
    ("/wms/products", {"sku": "MUG;1", "name": "Mug", "warehouse_customer_id": COMPANY}, "/items"),
    ("/wms/kits", {"sku": "SET", "name": "Set", "warehouse_customer_id": COMPANY,
                   "inventory_items": [{"sku": "LID-1", "unit_quantity": 2}]}, "/items"),
)  # fmt: skip


@pytest.mark.parametrize(("path", "body", "vendor_path"), MADE)
async def test_what_was_made_when_an_answer_was_lost_is_found_again(
    warehouse: ConnectedWarehouse, path: str, body: Body, vendor_path: str
):
    mock = warehouse.mock
    before = len(mock.items) + sum(len(held) for held in mock.orders.values())
    mock.script(f"{vendor_path}?new", [done_then(dropped())])
    async with writing(warehouse.world, warehouse.connection) as hand:
        headers = {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", path, body, headers=headers)
        again = await hand.send("POST", path, body, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    assert len(mock.items) + sum(len(held) for held in mock.orders.values()) == before + 1


async def test_an_item_is_renamed_with_its_packs_as_they_are(warehouse: ConnectedWarehouse):
    await warehouse.read("get_products")
    renamed = await warehouse.write("PUT", "/wms/products/501", {"name": "Crate, blue"})
    assert (renamed["name"], len(renamed["additional_fields"]["packs"])) == ("Crate, blue", 2)
