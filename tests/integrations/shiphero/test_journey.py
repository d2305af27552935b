"""An order's whole way through ShipHero, and what comes in: written through our API, and read back."""

from typing import Any

from tests.integrations.shiphero.conftest import ConnectedShipHero
from tests.integrations.shiphero.mock import ACCOUNT, LOCATION, WAREHOUSE
from tests.journeys.writing import Hand, writing

ITEM = f"{ACCOUNT}:CRATE-1"
ORDER: dict[str, Any] = {
    "order_number": "SO-1",
    "reference_id": "shop-1",
    "ship_to_address": {
        "full_name": "Ada Buyer 😀", "address1": "1 Quay", "city": "Kiel", "postal_code": "24103",
        "country": "DE",
    },
    "line_items": [{"product_id": ITEM, "quantity": 3, "unit_price": 9.5}, {"sku": "CRATE-2", "quantity": 1}],
    "channel_object": {"channel_id": "harbour-shop"},
    "shipping_method": "UPS Ground",
    "carrier": "UPS",
    "total_price": 30.25,
}  # fmt: skip


async def done(hand: Hand, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """The record that a write answers with."""
    answer = await hand.send(method, path, body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["unused_fields"] == []
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_an_order_is_created_shipped_in_parts_and_returned(shiphero: ConnectedShipHero):
    world, mock, connection = shiphero.world, shiphero.mock, shiphero.connection
    async with writing(world, connection) as hand:
        order = await done(hand, "POST", "/wms/orders", ORDER)
        path = f"/wms/orders/{order['id']}"
        assert (order["status"], order["order_number"], order["reference_id"]) == ("open", "SO-1", "shop-1")
        assert order["ship_to_address"]["full_name"] == "Ada Buyer 😀"
        assert [line["product_id"] for line in order["line_items"]] == [ITEM, f"{ACCOUNT}:CRATE-2"]
        assert order["total_price"] == 30.25

        faster = await done(hand, "PUT", path, {"service_level": "Next Day"})
        assert (faster["service_level"], faster["shipping_method"]) == ("Next Day", "UPS Ground")

        some = {"tracking_number": "T-1", "warehouse_id": WAREHOUSE, "shipping_cost": 7.25,
                "line_items": [{"sku": "CRATE-1", "quantity": 2}]}  # fmt: skip
        partly = await done(hand, "POST", f"{path}/shipments", some)
        assert partly["status"] == "partially_fulfilled"
        [shipment] = partly["shipments"]
        [package] = shipment["packages"]
        assert (package["tracking_number"], package["carrier"]) == ("T-1", "UPS")
        assert package["shipping_cost"] == 7.25
        lines = [(line["inventory_item_id"], line["quantity"]) for line in shipment["line_items"]]
        assert lines == [(ITEM, 2)]

        rest = {"tracking_number": "T-2", "warehouse_id": WAREHOUSE, "carrier": "DHL"}
        sent = await done(hand, "POST", f"{path}/shipments", rest)
        assert (sent["status"], len(sent["shipments"])) == ("fulfilled", 2)
        assert all(line["is_picked"] for line in sent["line_items"])
        levels = {sku: raw["warehouse_products"][0]["on_hand"] for sku, raw in mock.products.items()}
        assert levels == {"CRATE-1": 7, "CRATE-2": 9}
        refused = await hand.send("POST", f"{path}/shipments", rest | {"tracking_number": "T-3"})
        assert (refused.status_code, "was sent already" in refused.text) == (400, True)

        back = {"order_id": order["id"], "warehouse_id": WAREHOUSE, "return_reason": "Too small",
                "line_items": [{"sku": "CRATE-1", "quantity": 1}]}  # fmt: skip
        announced = await done(hand, "POST", "/wms/returns", back)
        assert (announced["status"], announced["order_id"]) == ("open", order["id"])
        assert announced["line_items"][0]["expected_quantity"] == 1

    mock.receive(announced["id"], 1)
    await world.next_sync(4 * 3600)
    received = (await world.documents(connection, "get_returns"))[announced["id"]]
    assert (received["status"], received["line_items"][0]["received_quantity"]) == ("received", 1)
    stock = (await world.documents(connection, "get_inventory"))[ITEM]
    assert (stock["onhand"], stock["fulfillable"]) == (7, 7)
    told = [kind for kind in await world.told(connection) if kind.startswith(("order", "return"))]
    assert told == [
        "order.created", "order.updated", "order.updated", "order.shipment.created", "order.updated",
        "order.shipment.created", "return.created", "return.updated",
    ]  # fmt: skip


async def test_an_order_is_cancelled(shiphero: ConnectedShipHero):
    async with writing(shiphero.world, shiphero.connection) as hand:
        order = await done(hand, "POST", "/wms/orders", ORDER)
        cancelled = await done(hand, "PUT", f"/wms/orders/{order['id']}/cancel")
    assert (cancelled["status"], cancelled["raw_status"]) == ("cancelled", "canceled")


async def test_goods_are_announced_and_received_in_parts_and_stock_is_adjusted(shiphero: ConnectedShipHero):
    world, connection = shiphero.world, shiphero.connection
    announced_body = {
        "purchase_order_number": "PO-1", "warehouse_id": WAREHOUSE, "tracking_number": "1Z999",
        "expected_arrival_date": "2026-12-01T09:00:00Z",
        "line_items": [{"sku": "CRATE-1", "expected_quantity": 40}],
    }  # fmt: skip
    async with writing(world, connection) as hand:
        announced = await done(hand, "POST", "/wms/inbound-shipments", announced_body)
        path = f"/wms/inbound-shipments/{announced['id']}"
        assert (announced["status"], announced["tracking_numbers"]) == ("open", ["1Z999"])
        later = await done(hand, "PUT", path, {"expected_arrival_date": "2026-12-03T09:00:00Z"})
        assert later["expected_arrival_date"] == "2026-12-03T09:00:00Z"

        body = {"line_items": [{"sku": "CRATE-1", "quantity": 10}], "warehouse_location_id": LOCATION}
        receiving = await done(hand, "PUT", f"{path}/receive", body)
        assert (receiving["status"], receiving["line_items"][0]["received_quantity"]) == ("receiving", 10)
        assert receiving["receipts"][0]["line_items"][0]["quantity"] == 10
        body["line_items"][0]["quantity"] = 30  # type: ignore[index]
        received = await done(hand, "PUT", f"{path}/receive", body)
        assert (received["status"], received["line_items"][0]["received_quantity"]) == ("received", 40)

        await world.force(connection, "get_inventory")
        taken = {"quantity": 5, "adjustment_type": "decrease", "warehouse_id": WAREHOUSE}
        item = await done(hand, "PUT", f"/wms/inventory/{ITEM}/adjust", taken)
        assert item["onhand"] == 45
        nowhere = await hand.send("PUT", f"/wms/inventory/{ITEM}/adjust", taken | {"warehouse_id": "x"})
        assert nowhere.status_code == 422, "warehouses are those of the account"
    events = [kind for kind in await world.told(connection) if kind.startswith("inbound")]
    assert events[0] == "inbound-shipment.created"
    assert events.count("inbound-shipment.receipt.created") == 1
    assert len(await world.events(connection, "inventory.updated")) == 2


async def test_a_product_and_a_kit_are_created_and_changed(shiphero: ConnectedShipHero):
    world, connection = shiphero.world, shiphero.connection
    async with writing(world, connection) as hand:
        body = {"sku": "MUG:1", "name": "Mug 漢字", "gtin": "4006381333931", "warehouse_id": WAREHOUSE}
        product = await done(hand, "POST", "/wms/products", body)
        assert (product["sku"], product["is_kit"]) == ("MUG:1", False)
        renamed = await done(hand, "PUT", f"/wms/products/{product['id']}", {"name": "Mug, blue"})
        assert renamed["name"] == "Mug, blue"
        parts = [{"sku": "MUG:1", "unit_quantity": 2}, {"sku": "CRATE-1", "unit_quantity": 1}]
        kit_body = {"sku": "SET-1", "name": "Two mugs", "warehouse_id": WAREHOUSE, "inventory_items": parts}
        kit = await done(hand, "POST", "/wms/kits", kit_body)
        assert kit["is_kit"]
        assert [(part["sku"], part["unit_quantity"]) for part in kit["inventory_items"]] == [
            ("MUG:1", 2), ("CRATE-1", 1),
        ]  # fmt: skip
        changed = await done(
            hand, "PUT", f"/wms/kits/{kit['id']}", {"inventory_items": [{"sku": "MUG:1", "unit_quantity": 3}]}
        )
        assert [(part["sku"], part["unit_quantity"]) for part in changed["inventory_items"]] == [("MUG:1", 3)]
    items = await world.documents(connection, "get_inventory")
    assert product["id"] in items, "what is created has stock at once, none of it"
    assert kit["id"] not in items


async def test_a_dry_run_shows_what_would_be_sent(shiphero: ConnectedShipHero):
    async with writing(shiphero.world, shiphero.connection) as hand:
        answer = await hand.send("POST", "/wms/orders?dry_run=true", ORDER)
    assert answer.status_code == 200, answer.text
    assert "order_create" in answer.text
    assert shiphero.mock.made == 0


async def test_all_that_is_read_is_there_after_the_first_sync(shiphero: ConnectedShipHero):
    world, connection = shiphero.world, shiphero.connection
    assert await world.problems(connection) == []
    for function in (
        "get_products", "get_inventory", "get_warehouses", "get_warehouse_locations",
        "get_inbound_shipment_suppliers",
    ):  # fmt: skip
        assert await world.documents(connection, function), function


async def test_a_dry_run_of_a_kit_shows_what_it_would_be_made_of(shiphero: ConnectedShipHero):
    parts = [{"sku": "CRATE-1", "unit_quantity": 1}]
    async with writing(shiphero.world, shiphero.connection) as hand:
        kit = {"sku": "SET-1", "name": "Set", "warehouse_id": WAREHOUSE, "inventory_items": parts}
        made = await done(hand, "POST", "/wms/kits", kit)
        answer = await hand.send("PUT", f"/wms/kits/{made['id']}?dry_run=true", {"inventory_items": parts})
    assert (answer.status_code, "kit_build" in answer.text) == (200, True), answer.text
