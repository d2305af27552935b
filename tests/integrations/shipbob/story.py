"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.mock_vendors.story import Story


async def tell(story: Story) -> None:
    order = await story.write("POST", "/wms/orders", dict(story.mock.write.body))
    words = "no stock is adjusted, no order shipped and nothing received"
    path = f"/wms/orders/{order['id']}"
    await story.lacks("POST", f"{path}/shipments", {"tracking_number": "T-9"}, words)
    story.mock.change_order(order["id"])
    await story.sync("get_orders")
    assert (await story.read(path))["status"] == "fulfilled"

    inbound = await story.write("POST", "/wms/inbound-shipments", {
        "warehouse_id": "8", "expected_arrival_date": "2026-12-01T09:00:00Z",
        "purchase_order_number": "PO-9", "tracking_number": "1Z9",
        "line_items": [{"sku": "TShirtBlueM", "expected_quantity": 5}],
    })  # fmt: skip
    path = f"/wms/inbound-shipments/{inbound['id']}"
    received = {"line_items": [{"sku": "TShirtBlueM", "quantity": 5}]}
    await story.lacks("PUT", f"{path}/receive", received, words)
    story.mock.receive(int(inbound["id"]))
    await story.sync("get_inbound_shipments")
    assert (await story.read(path))["status"] == "received"

    body = {"warehouse_id": "8", "order_id": order["id"],
            "line_items": [{"sku": "TShirtBlueM", "quantity": 1}]}  # fmt: skip
    returned = await story.write("POST", "/wms/returns", body)
    story.mock.inspect(int(returned["id"]))
    await story.sync("get_returns")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"

    adjusted = {"quantity": 1, "adjustment_type": "increase"}
    await story.lacks("PUT", "/wms/inventory/100/adjust", adjusted, words)
    wanted = {"order.created", "order.updated", "inbound-shipment.created", "inbound-shipment.updated",
              "inbound-shipment.receipt.created", "return.created", "return.updated"}  # fmt: skip
    assert wanted <= set(await story.told())
