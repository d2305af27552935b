"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.extensiv.records import CUSTOMER, FACILITY
from tests.mock_vendors.story import Json, Story


async def tell(story: Story) -> None:
    place = {"warehouse_id": str(FACILITY), "warehouse_customer_id": str(CUSTOMER)}
    order = await story.write("POST", "/wms/orders", dict(story.mock.write.body))
    path = f"/wms/orders/{order['id']}"
    assert (await story.read(path))["status"] == "open"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9"})
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")

    lines = [{"sku": "CRATE-1", "expected_quantity": 5}]
    body: Json = {"purchase_order_number": "PO-9", "line_items": lines, **place}
    inbound = await story.write("POST", "/wms/inbound-shipments", body)
    path = f"/wms/inbound-shipments/{inbound['id']}"
    await story.write("PUT", f"{path}/receive", {"line_items": [{"sku": "CRATE-1", "quantity": 5}]})
    assert (await story.read(path))["status"] == "received"

    lines = [{"sku": "CRATE-1", "quantity": 1}]
    returned = await story.write(
        "POST", "/wms/returns", {"reference_number": "RMA-9", "line_items": lines, **place}
    )
    story.mock.receive(int(returned["id"]))
    await story.sync("get_returns", "get_inventory")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"
    assert (await story.read("/wms/inventory/7-501"))["onhand"] == 15 - 2 + 5 + 1

    adjusted = {"quantity": 1, "adjustment_type": "increase"}
    words = "Stock is not adjusted"
    await story.lacks("PUT", "/wms/inventory/7-501/adjust", adjusted, words)
    wanted = {"order.created", "order.shipment.created", "inbound-shipment.created",
              "inbound-shipment.receipt.created", "return.created", "return.updated",
              "inventory.updated"}  # fmt: skip
    assert wanted <= set(await story.told())
