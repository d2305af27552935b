"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.story import Story


async def tell(story: Story) -> None:
    order_id = story.mock.add_order(SampleOrder(7))
    await story.sync("get_orders", "get_products")
    path = f"/cart/orders/{order_id}"
    assert (await story.read(path))["status"] == "confirmed"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9", "carrier_name": "dhl"})
    shipped = await story.read(path)
    assert shipped["status"] == "fulfilled"
    assert [shipment["tracking_number"] for shipment in shipped["shipments"]] == ["T-9"]

    path = "/cart/products/1002-5006/adjust-inventory"
    product = await story.write("PUT", path, {"quantity": 20, "adjustment_type": "exact"})
    assert (product["inventory"], product["parent_product_id"]) == (20, "1002")
    await story.lacks("POST", f"/cart/orders/{order_id}/refund", {"amount": 1}, "No refund is made")
    lines = {"line_items": [{"product_id": product["id"], "quantity": 3}]}
    path = "/cart/products/batch-adjust-inventory"
    await story.lacks("PUT", path, lines, "Quantities are not set in a batch")
    wanted = {"cart-order.created", "cart-order.cart-shipment.created"}
    assert wanted <= set(await story.told())
