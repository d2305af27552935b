"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.veracore.mock import NEW_ORDER
from tests.mock_vendors.story import Story


async def tell(story: Story) -> None:
    order = await story.write("POST", "/wms/orders", dict(NEW_ORDER))
    path = f"/wms/orders/{order['id']}"
    assert (await story.read(path))["status"] == "open"
    story.mock.ship(order["id"], "T-9")
    await story.sync("get_orders", "get_inventory")
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")
    assert shipped["shipments"][0]["packages"][0]["tracking_number"] == "T-9"
    assert (await story.read("/wms/inventory/KIT-1"))["onhand"] == 10

    words = "orders are not cancelled or changed, and nothing is shipped or received."
    await story.lacks("PUT", f"{path}/cancel", {}, words)
    await story.lacks("POST", f"{path}/shipments", {"tracking_number": "T-1"}, words)
    assert {"order.created", "order.shipment.created"} <= set(await story.told())
