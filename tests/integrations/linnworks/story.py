"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.linnworks.records import CRATE, DEFAULT, SUPPLIER
from tests.mock_vendors.story import Json, Story


async def tell(story: Story) -> None:
    await story.sync("get_inventory", "get_products", "get_inbound_shipment_suppliers")
    order = await story.write("POST", "/wms/orders", dict(story.mock.write.body))
    path = f"/wms/orders/{order['id']}"
    assert (await story.read(path))["status"] == "confirmed"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9"})
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")

    lines = [{"sku": "CRATE-1", "expected_quantity": 5}]
    body: Json = {
        "purchase_order_number": "PO-9",
        "line_items": lines,
        "warehouse_id": DEFAULT,
        "currency": "GBP",
    }
    body["supplier_object"] = {"supplier_id": SUPPLIER}
    inbound = await story.write("POST", "/wms/inbound-shipments", body)
    path = f"/wms/inbound-shipments/{inbound['id']}"
    part = await story.write("PUT", f"{path}/receive", {"line_items": [{"sku": "CRATE-1", "quantity": 2}]})
    assert part["status"] == "receiving"
    await story.write("PUT", f"{path}/receive", {"line_items": [{"sku": "CRATE-1", "quantity": 3}]})
    assert (await story.read(path))["status"] == "received"

    body = {"order_id": order["id"], "warehouse_id": DEFAULT, "reference_number": "RMA-9"}
    body["line_items"] = [{"sku": "CRATE-1", "quantity": 1}]
    returned = await story.write("POST", "/wms/returns", body)
    story.mock.action(int(returned["id"]))
    await story.sync("get_returns")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"

    adjusted = {"quantity": 4, "adjustment_type": "increase", "warehouse_id": DEFAULT}
    await story.write("PUT", f"/wms/inventory/{CRATE}/adjust", adjusted)
    await story.sync("get_inventory")
    assert (await story.read(f"/wms/inventory/{CRATE}"))["onhand"] == 15 - 2 + 5 + 4
    await story.lacks("PUT", f"/wms/returns/{returned['id']}/cancel", {}, "A return is not cancelled")
    wanted = {"order.created", "order.shipment.created", "inbound-shipment.created",
              "inbound-shipment.receipt.created", "return.created", "return.updated",
              "inventory.updated"}  # fmt: skip
    assert wanted <= set(await story.told())
