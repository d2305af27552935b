"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.shiphero.mock import ACCOUNT, WAREHOUSE
from tests.mock_vendors.story import Json, Story


async def tell(story: Story) -> None:
    item = f"{ACCOUNT}:CRATE-1"
    sample = story.mock.write
    order = await story.write("POST", "/wms/orders", dict(sample.body))
    path = f"/wms/orders/{order['id']}"
    await story.write("POST", f"{path}/shipments", {"tracking_number": "T-9", "warehouse_id": WAREHOUSE})
    assert (await story.read(path))["status"] == "fulfilled"

    lines = [{"sku": "CRATE-1", "expected_quantity": 5}]
    body: Json = {"purchase_order_number": "PO-9", "warehouse_id": WAREHOUSE, "line_items": lines}
    body |= {"expected_arrival_date": "2026-12-01T09:00:00Z"}
    inbound = await story.write("POST", "/wms/inbound-shipments", body)
    path = f"/wms/inbound-shipments/{inbound['id']}"
    await story.write("PUT", f"{path}/receive", {"line_items": [{"sku": "CRATE-1", "quantity": 5}]})
    assert (await story.read(path))["status"] == "received"

    back = {"order_id": order["id"], "warehouse_id": WAREHOUSE, "return_reason": "Too small",
            "line_items": [{"sku": "CRATE-1", "quantity": 1}]}  # fmt: skip
    returned = await story.write("POST", "/wms/returns", back)
    story.mock.receive(returned["id"], 1)
    await story.sync("get_returns", "get_inventory")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"

    before = (await story.read(f"/wms/inventory/{item}"))["onhand"]
    for kind, quantity in (("increase", 5), ("decrease", 2)):
        body = {"quantity": quantity, "adjustment_type": kind, "warehouse_id": WAREHOUSE}
        await story.write("PUT", f"/wms/inventory/{item}/adjust", body)
    assert (await story.read(f"/wms/inventory/{item}"))["onhand"] == before + 3
    wanted = {"order.created", "order.shipment.created", "inbound-shipment.created",
              "inbound-shipment.receipt.created", "return.created", "return.updated",
              "inventory.updated"}  # fmt: skip
    assert wanted <= set(await story.told())
