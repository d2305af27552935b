"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.wayfair.records import WAREHOUSE
from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.story import Story


async def tell(story: Story) -> None:
    mock = story.mock
    order_id = mock.add_order(SampleOrder(8))
    await story.sync("get_orders", "get_products")
    path = f"/cart/orders/{order_id}"
    assert (await story.read(path))["status"] == "open"
    assert "cart-order.created" in await story.told()

    mock.answered.add(order_id)  # accepted at Partner Home
    await story.sync("get_orders")
    assert (await story.read(path))["status"] == "confirmed"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9"})
    [notice] = mock.notices
    assert (notice["poNumber"], notice["trackingNumber"]) == (order_id, "T-9")

    await story.lacks("POST", f"{path}/refund", {"amount": 1}, "There are no refunds")

    place = {"warehouse_id": WAREHOUSE}
    body = {"quantity": 20, "adjustment_type": "exact", **place}
    await story.write("PUT", "/cart/products/CHAIR/adjust-inventory", body)
    lines = [
        {"product_id": "CHAIR", "quantity": 22, **place},
        {"product_id": "TABLE", "quantity": 0, **place},
    ]
    await story.write("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
    assert mock.stock == {(int(WAREHOUSE), "CHAIR"): 22, (int(WAREHOUSE), "TABLE"): 0}
