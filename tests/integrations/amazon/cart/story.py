"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.story import Story


async def tell(story: Story) -> None:
    order_id = story.mock.add_order(SampleOrder(7))
    await story.sync("get_orders", "get_products")
    path = f"/cart/orders/{order_id}"
    assert (await story.read(path))["status"] == "confirmed"
    assert "cart-order.created" in await story.told()

    line = (await story.read(path))["line_items"][0]["line_item_id"]
    part = {"line_items": [{"line_item_id": line, "quantity": 1}], "carrier_code": "UPS"}
    await story.write("POST", f"{path}/shipments", {"tracking_number": "1Z8", **part})
    assert (await story.read(path))["status"] == "partially_fulfilled"
    await story.write(
        "POST", f"{path}/shipments", {"tracking_number": "T-9", "carrier_name": "Parcel Express"}
    )
    shipped = await story.read(path)
    assert shipped["status"] == "fulfilled"
    assert [shipment["tracking_number"] for shipment in shipped["shipments"]] == ["1Z8", "T-9"]
    assert "cart-order.cart-shipment.created" in await story.told()

    await story.lacks("POST", f"{path}/refund", {"amount": 3, "reason": "damaged"}, "Refunds are not made")

    adjust = "/cart/products/CRATE-1/adjust-inventory"
    for kind, quantity in (("exact", 20), ("increase", 5), ("decrease", 3)):
        await story.write("PUT", adjust, {"quantity": quantity, "adjustment_type": kind})
    lines = [{"product_id": "CRATE-1", "quantity": 22}, {"product_id": "LID-1", "quantity": 1}]
    await story.write("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
    assert (await story.read("/cart/products/CRATE-1"))["inventory"] == 22
    assert (await story.told()).count("cart-product.updated") == 4, "what is set to what it was is no change"
