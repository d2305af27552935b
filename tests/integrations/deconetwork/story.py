"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.story import Json, Story


async def tell(story: Story) -> None:
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
