"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.walmart.wms.records import NEW_ORDER, NEW_SHIPMENT
from tests.mock_vendors.story import Story


async def tell(story: Story) -> None:
    order = await story.write("POST", "/wms/orders", dict(NEW_ORDER))
    path = f"/wms/orders/{order['id']}"
    assert (await story.read(path))["status"] == "processing"
    await story.lacks("POST", f"{path}/shipments", {"tracking_number": "T-9"}, "Walmart ships itself")
    story.mock.ship(order["id"])
    await story.sync("get_orders")
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")

    inbound = await story.write("POST", "/wms/inbound-shipments", dict(NEW_SHIPMENT))
    path = f"/wms/inbound-shipments/{inbound['id']}"
    assert (await story.read(path))["status"] == "open"
    received = {"line_items": [{"sku": "CRATE-S", "quantity": 5}]}
    await story.lacks("PUT", f"{path}/receive", received, "Walmart receives itself")
    story.mock.receive(inbound["id"])
    await story.sync("get_inbound_shipments", "get_inventory")
    closed = await story.read(path)
    assert (closed["status"], closed["line_items"][0]["received_quantity"]) == ("received", 5)
    stock = await story.read("/wms/inventory/CRATE-S")
    assert (stock["onhand"], stock["committed"], stock["sellable"]) == (17, 2, 15)

    number = story.mock.add_return("1800000000001")
    await story.sync("get_returns")
    assert (await story.read(f"/wms/returns/{number}"))["status"] == "open"
    story.mock.complete_return(number)
    await story.sync("get_returns")
    back = await story.read(f"/wms/returns/{number}")
    assert (back["status"], back["line_items"][0]["received_quantity"]) == ("received", 1)

    adjusted = {"quantity": 1, "adjustment_type": "increase"}
    await story.lacks("PUT", "/wms/inventory/CRATE-S/adjust", adjusted, "Stock is not adjusted")
    wanted = {"order.created", "order.updated", "inbound-shipment.created", "inbound-shipment.updated",
              "return.created", "return.updated", "inventory.updated"}  # fmt: skip
    assert wanted <= set(await story.told())
