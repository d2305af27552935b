"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.nuorder.records import COAT
from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.story import Story

SHIPMENT = {"tracking_number": "T-9", "carrier_name": "UPS"}


async def tell(story: Story) -> None:
    mock = story.mock
    order_id = mock.add_order(SampleOrder(7, lines=1))
    await story.sync("get_orders", "get_products")
    path = f"/cart/orders/{order_id}"
    order = await story.read(path)
    assert (order["status"], order["raw_status"]) == ("confirmed", "approved")
    assert "cart-order.created" in await story.told()

    await story.lacks("POST", f"{path}/shipments", SHIPMENT, "Orders are not shipped through Crossdock")
    await story.lacks("POST", f"{path}/refund", {"amount": 1}, "There are no refunds")

    shipment = {
        "type": "UPS", "tracking_numbers": ["T-9"], "line_items": mock.orders[order_id]["line_items"],
    }  # fmt: skip
    mock.orders[order_id] |= {"status": "shipped", "shipments": [shipment]}
    await story.sync("get_orders")
    shipped = await story.read(path)
    assert shipped["status"] == "fulfilled"
    assert [each["tracking_number"] for each in shipped["shipments"]] == ["T-9"]
    assert "cart-order.cart-shipment.created" in await story.told()

    place = {"warehouse_id": "default"}
    lines = [
        {"product_id": f"{COAT}-M", "quantity": 20, **place},
        {"product_id": f"{COAT}-32%2F34", "quantity": 4, **place},
    ]
    await story.write("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
    assert mock.stock(COAT) == {"default": {"M": 20, "32/34": 4}}
