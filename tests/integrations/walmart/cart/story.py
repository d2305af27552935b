"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.walmart.cart.records import NODES
from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.story import Story


async def tell(story: Story) -> None:
    order_id = story.mock.add_order(SampleOrder(7))
    await story.sync("get_orders", "get_products")
    path = f"/cart/orders/{order_id}"
    order = await story.read(path)
    assert order["status"] == "open"
    shipment = {"tracking_number": "T-9", "carrier_name": "fedex"}
    await story.write("POST", f"{path}/shipments", shipment)
    shipped = await story.read(path)
    assert shipped["status"] == "fulfilled"
    assert [(each["tracking_number"], each["carrier_name"]) for each in shipped["shipments"]] == [
        ("T-9", "FedEx")
    ]

    line = order["line_items"][0]["line_item_id"]
    body = {"line_items": [{"line_item_id": line, "quantity": 1}], "reason": "damaged"}
    await story.write("POST", f"{path}/refund", body)
    refunded = await story.read(path)
    [refund] = refunded["additional_fields"]["refunds"]
    assert (refund["comments"], refund["charges"][0]["reason"]) == ("damaged", "Others")
    assert refunded["total_price"] == order["total_price"], "a refund does not change what was sold"

    path, place = "/cart/products/CRATE-S/adjust-inventory", {"warehouse_id": NODES[0]}
    for kind, quantity in (("exact", 20), ("increase", 5), ("decrease", 3)):
        await story.write("PUT", path, {"quantity": quantity, "adjustment_type": kind, **place})
    lines = [{"product_id": "CRATE-S", "quantity": 22, **place}]
    await story.write("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
    product = await story.read("/cart/products/CRATE-S")
    assert product["inventory_by_warehouse_id"] == {NODES[0]: 22, NODES[1]: 5}
    told = await story.told()
    assert told.count("cart-product.updated") == 3, "what is set to what it was is no change"
    assert {"cart-order.created", "cart-order.cart-shipment.created"} <= set(told)
