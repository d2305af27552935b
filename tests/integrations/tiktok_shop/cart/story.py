"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.tiktok_shop.cart import records
from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.story import Story

SKU = str(records.FIRST_SKU)


async def tell(story: Story) -> None:
    order_id = story.mock.add_order(SampleOrder(7))
    await story.sync("get_orders", "get_products")
    order = await story.read(f"/cart/orders/{order_id}")
    assert order["status"] == "confirmed"
    assert [line["quantity"] for line in order["line_items"]] == [2, 1], "units are grouped by SKU"
    assert order["shipments"] == [], "nobody has arranged a shipment"
    assert "cart-order.created" in await story.told()
    first, second = (line["line_item_id"] for line in order["line_items"])

    # A unit is cancelled, the others are sent
    path = f"/cart/orders/{order_id}"
    cancelled = {"line_items": [{"line_item_id": second}], "reason": "seller_cancel_reason_out_of_stock"}
    await story.write("POST", f"{path}/refund", cancelled)
    order = await story.read(path)
    assert len(order["additional_fields"]["cancelled_units"]) == 1
    body = {"tracking_number": "T-9", "carrier_name": "usps"}
    await story.write("POST", f"{path}/shipments", body)
    shipped = await story.read(path)
    assert shipped["status"] == "processing", "packed, and waits for the carrier"
    assert [(each["status"], each["tracking_number"]) for each in shipped["shipments"]] == [("open", "T-9")]
    assert "cart-order.cart-shipment.created" in await story.told()
    story.mock.collect(order_id)
    await story.sync("get_orders")
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")

    # What was sent is refunded, and need not come back
    returned = {
        "line_items": [{"line_item_id": first, "quantity": 1}],
        "reason": records.REASONS["REFUND"][0],
    }
    await story.write("POST", f"{path}/refund", returned)
    refunded = await story.read(path)
    [change] = refunded["additional_fields"]["returns"]
    assert (change["amount"], change["raw_status"]) == (9.5, "RETURN_OR_REFUND_REQUEST_SUCCESS")
    assert change["units"] == [first]
    assert refunded["total_price"] == order["total_price"], "a refund does not change what was sold"

    path = f"/cart/products/{SKU}/adjust-inventory"
    for kind, quantity in (("exact", 20), ("increase", 5), ("decrease", 3)):
        await story.write("PUT", path, {"quantity": quantity, "adjustment_type": kind})
    lines = [{"product_id": SKU, "quantity": 22, "warehouse_id": records.SALES}]
    await story.write("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
    product = await story.read(f"/cart/products/{SKU}")
    assert product["inventory_by_warehouse_id"] == {records.SALES: 22}
    told = await story.told()
    assert told.count("cart-product.updated") == 3, "what is set to what it was is no change"
