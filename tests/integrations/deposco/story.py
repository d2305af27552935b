"""The way of an order through the mock: `tests/journeys/test_vendor_journeys.py`."""

from tests.integrations.deposco.mock import PURCHASES, RETURNS
from tests.integrations.deposco.records import COMPANY, FACILITY
from tests.mock_vendors.story import Json, Story


async def tell(story: Story) -> None:
    place = {"warehouse_id": FACILITY, "warehouse_customer_id": COMPANY}
    order = await story.write("POST", "/wms/orders", dict(story.mock.write.body))
    path = f"/wms/orders/{order['id']}"
    assert (await story.read(path))["status"] == "open"
    story.mock.ship(order["id"], "T-9")
    await story.sync("get_orders")
    shipped = await story.read(path)
    assert (shipped["status"], shipped["shipments"][0]["status"]) == ("fulfilled", "shipped")
    assert shipped["shipments"][0]["packages"][0]["tracking_number"] == "T-9"

    lines = [{"sku": "CRATE-1", "expected_quantity": 5}]
    body: Json = {"purchase_order_number": "PO-9", "line_items": lines, **place}
    inbound = await story.write("POST", "/wms/inbound-shipments", body)
    story.mock.receive(PURCHASES, inbound["id"], 5, "Received")
    await story.sync("get_inbound_shipments")
    received = await story.read(f"/wms/inbound-shipments/{inbound['id']}")
    assert (received["status"], received["receipts"][0]["line_items"][0]["quantity"]) == ("received", 5)

    returned = await story.write(
        "POST", "/wms/returns",
        {"return_number": "RMA-9", "order_id": order["id"], **place,
         "line_items": [{"sku": "CRATE-1", "quantity": 1}]},
    )  # fmt: skip
    story.mock.receive(RETURNS, returned["id"], 1, "Received")
    await story.sync("get_returns")
    assert (await story.read(f"/wms/returns/{returned['id']}"))["status"] == "received"

    words = "orders are not shipped, and goods are not received, by this API"
    await story.lacks("POST", f"{path}/shipments", {"tracking_number": "T-1"}, words)
    wanted = {"order.created", "order.shipment.created", "inbound-shipment.created",
              "inbound-shipment.receipt.created", "return.created", "return.updated"}  # fmt: skip
    assert wanted <= set(await story.told())
