"""A site's whole story through our API: ordered, shipped, received, adjusted; all read back, all told.

Returns are left out: DecoNetwork's APIs have none.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.kit import registry
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.products import PRODUCTS
from tests.emptied import migrated_sqlite
from tests.integrations.deconetwork.mock import Mock
from tests.journeys.conftest import RESOURCES, World, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor
from tests.mock_vendors.faults import answering, done_then, dropped
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (ORDERS, INVENTORY, INVENTORY_LEDGER, PRODUCTS, INBOUND_SHIPMENTS)


@pytest.fixture
async def site(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MockedVendor]:
    for resource in READ:
        monkeypatch.setitem(RESOURCES, resource.function, resource)
    async with Mock() as mock:
        mock.clock = lambda: world.clock() / 1000
        mock.add_product(100)
        mock.set_level("100_1", 10)
        mock.set_level("100_2", 4)
        mock.add_purchase_order("PO-1", 5)
        connection, _ = await world.services.connector.connect(
            world.organization, registry.get_integration("wms", "deconetwork"), mock.credentials()
        )
        await world.change_connection(connection, enabled_functions="*")
        await world.force(connection, *(resource.function for resource in READ))
        yield MockedVendor(world, mock, connection)


async def test_ordered_shipped_received_adjusted(site: MockedVendor):
    world, mock, connection = site.world, site.mock, site.connection
    assert isinstance(mock, Mock)

    async def sync() -> None:
        world.clock.pass_seconds(60)
        await world.force(connection, *(resource.function for resource in READ))

    async def shown(function: str) -> dict[str, Any]:
        return await world.documents(connection, function)

    assert {key: item["onhand"] for key, item in (await shown("get_inventory")).items()} == {
        "100_1": 10, "100_2": 4,
    }  # fmt: skip
    assert (await shown("get_products"))["100_2"]["inventory_items"][0]["inventory_item_id"] == "100_2"
    # Ordered
    order_id = mock.add_order(SampleOrder(1))
    await sync()
    assert (await shown("get_orders"))[order_id]["status"] == "open"
    assert len(await world.events(connection, "order.created")) == 1
    async with writing(world, connection) as hand:
        # Shipped
        answer = await hand.send("POST", f"/wms/orders/{order_id}/shipments", {"tracking_number": "1Z1"})
        assert answer.status_code == 200, answer.text
        order = (await shown("get_orders"))[order_id]
        assert order["status"] == "fulfilled"
        assert order["shipments"][0]["packages"][0]["tracking_number"] == "1Z1"
        assert len(await world.events(connection, "order.shipment.created")) == 1
        # Adjusted
        for kind, level in (("increase", 13), ("decrease", 10)):
            body = {"quantity": 3, "adjustment_type": kind}
            answer = await hand.send("PUT", "/wms/inventory/100_1/adjust", body)
            assert answer.status_code == 200, answer.text
            assert (await shown("get_inventory"))["100_1"]["onhand"] == level
    # Received
    mock.receive("PO-1", "100_2", 3)
    await sync()
    inbound = (await shown("get_inbound_shipments"))["PO-1"]
    assert (inbound["status"], inbound["raw_status"]) == ("receiving", "Partially Received")
    assert inbound["additional_fields"]["qty_received"] == 3
    assert len(await world.events(connection, "inbound-shipment.updated")) == 1
    entries = (await shown("get_inventory_ledger")).values()
    received = [entry for entry in entries if entry["event_type"] == "inbound_receipt"]
    assert [(entry["object_id"], entry["quantity"]) for entry in received] == [("PO-1", 3)]
    totals: dict[str, int] = {}
    for entry in entries:
        totals[entry["inventory_item_id"]] = totals.get(entry["inventory_item_id"], 0) + entry["quantity"]
    assert totals == {key: item["onhand"] for key, item in (await shown("get_inventory")).items()}
    # A later sync finds nothing new
    before = [kind for kind in await world.told(connection) if not kind.startswith("connection.")]
    await sync()
    after = [kind for kind in await world.told(connection) if not kind.startswith("connection.")]
    assert after == before


async def test_an_answer_that_is_lost_while_stock_is_set_stays_uncertain(site: MockedVendor):
    site.mock.script("/manage_inventory/update", [done_then(dropped())])
    async with writing(site.world, site.connection) as hand:
        answer = await hand.send(
            "PUT", "/wms/inventory/100_1/adjust", {"quantity": 3, "adjustment_type": "increase"}
        )
    assert "uncertain" in answer.text


async def test_stock_of_a_product_that_the_site_knows_no_more_is_refused(site: MockedVendor):
    unknown = {"response_status": {"code": 40004, "severity": "WARNING", "description": "Unknown product"}}
    site.mock.script("/manage_inventory/find", [answering(body=unknown)])
    async with writing(site.world, site.connection) as hand:
        answer = await hand.send(
            "PUT", "/wms/inventory/100_1/adjust", {"quantity": 3, "adjustment_type": "increase"}
        )
    assert (answer.status_code, "has no stock" in answer.text) == (400, True), answer.text
