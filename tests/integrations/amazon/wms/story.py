"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.amazon.wms.records import NEW_ORDER, SOURCE
from tests.mock_vendors.story import Json, Story


async def tell(story: Story) -> None:
    order = await story.write("POST", "/wms/orders", NEW_ORDER)
    path = f"/wms/orders/{order['id']}"
    assert (await story.read(path))["status"] == "confirmed"
    story.mock.ship(order["id"])
    await story.sync("get_orders")
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")
    assert shipped["shipments"][0]["packages"][0]["tracking_number"]

    second = await story.write("POST", "/wms/orders", {**NEW_ORDER, "reference_id": "shop-2"})
    await story.write("PUT", f"/wms/orders/{second['id']}/cancel")
    assert (await story.read(f"/wms/orders/{second['id']}"))["status"] == "cancelled"

    lines = [{"sku": "CRATE-1", "expected_quantity": 5}]
    body: Json = {"purchase_order_number": "PO-9", "line_items": lines, "source_address": SOURCE}
    inbound = await story.write("POST", "/wms/inbound-shipments", body)
    path = f"/wms/inbound-shipments/{inbound['id']}"
    assert (await story.read(path))["status"] == "open"
    story.mock.move_plan(inbound["id"], "RECEIVING")
    story.mock.take_back("111-0000001-0000001")
    story.mock.stock["CRATE-1"]["inventoryDetails"]["inboundReceivingQuantity"] = 5
    await story.sync("get_inbound_shipments", "get_returns", "get_inventory")
    assert (await story.read(path))["status"] == "receiving"
    assert (await story.read("/wms/inventory/CRATE-1"))["awaiting"] == 5

    adjusted = {"quantity": 1, "adjustment_type": "increase"}
    await story.lacks("PUT", "/wms/inventory/CRATE-1/adjust", adjusted, "Stock is not adjusted")
    await story.lacks("POST", "/wms/returns", {"order_id": order["id"]}, "Returns are not announced")
    wanted = {"order.created", "order.updated", "order.shipment.created", "inbound-shipment.created",
              "inbound-shipment.updated", "return.created", "inventory.updated"}  # fmt: skip
    told = set(await story.told())
    assert wanted <= told, wanted - told
