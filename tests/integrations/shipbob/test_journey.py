"""The way of goods through ShipBob, over our API: announced, received, ordered, sent, brought back."""

from typing import Any

from crossdock.store.connections.connections import ConnectionRow
from tests.integrations.shipbob import records
from tests.integrations.shipbob.mock import Mock
from tests.journeys.conftest import World
from tests.journeys.writing import Hand, writing


async def written(hand: Hand, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = await hand.send(method, path, body)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()["data"]
    return record


async def changes(world: World, connection: ConnectionRow) -> list[str]:
    """The types of the events that tell of records, in order."""
    return [kind for kind in await world.told(connection) if not kind.startswith("connection.")]


async def test_goods_are_announced_received_ordered_sent_and_brought_back(
    world: World, mock: Mock, connection: ConnectionRow
):
    async with writing(world, connection) as hand:
        wro = await written(hand, "POST", "/wms/inbound-shipments", {
            "warehouse_id": "8", "expected_arrival_date": "2026-12-01T09:00:00Z",
            "purchase_order_number": "PO-7", "tracking_number": "1Z999",
            "line_items": [{"sku": "TShirtBlueM", "expected_quantity": 40}],
        })  # fmt: skip
        assert (wro["status"], wro["purchase_order_number"]) == ("open", "PO-7")
        mock.receive(int(wro["id"]))
        world.clock.pass_seconds(2 * 3600)
        await world.force(connection, "get_inbound_shipments")
        received = (await world.documents(connection, "get_inbound_shipments"))[wro["id"]]
        assert received["status"] == "received", "what is open is asked for by its ids"
        assert received["line_items"][0]["received_quantity"] == 40
        assert received["receipts"][0]["line_items"][0]["quantity"] == 40

        order = await written(hand, "POST", "/wms/orders", records.NEW_ORDER)
        assert (order["status"], order["channel"], order["shipping_method"]) == (
            "processing", "Mock Shop", "Free 2-day Shipping",
        )  # fmt: skip
        [shipment] = order["shipments"]
        simulate = {"shipment_id": shipment["shipment_id"], "simulation": {"action": "ShipOrder"}}
        sent = await hand.send("POST", "/wms/passthrough", {
            "method": "POST", "path": "/simulate/shipment", "data": simulate,
        })  # fmt: skip
        assert sent.status_code == 200, sent.text
        await world.force(connection, "get_orders")
        fulfilled = (await world.documents(connection))[order["id"]]
        [package] = fulfilled["shipments"][0]["packages"]
        assert (fulfilled["status"], package["carrier"]) == ("fulfilled", "USPS")
        assert package["tracking_url"].startswith("https://www.example.com/tracking?id=860C")

        returned = await written(hand, "POST", "/wms/returns", {
            "warehouse_id": "8", "order_id": order["id"],
            "line_items": [{"sku": "TShirtBlueM", "quantity": 1}],
        })  # fmt: skip
        mock.inspect(int(returned["id"]))
        world.clock.pass_seconds(2 * 3600)
        await world.force(connection, "get_returns")
        restocked = (await world.documents(connection, "get_returns"))[returned["id"]]
        assert (restocked["status"], restocked["line_items"][0]["restocked_quantity"]) == ("received", 1)

        adjusted = await hand.send(
            "PUT", "/wms/inventory/100/adjust", {"quantity": 1, "adjustment_type": "increase"}
        )
        assert adjusted.status_code == 501, "ShipBob has no call that changes stock"

    told = await world.told(connection)
    for kind in (
        "inbound-shipment.created", "inbound-shipment.updated", "inbound-shipment.receipt.created",
        "order.created", "order.updated", "return.created", "return.updated",
    ):  # fmt: skip
        assert told.count(kind) == 1, (kind, told)


async def test_what_is_delivered_later_is_seen_though_the_order_itself_does_not_change(
    world: World, mock: Mock, connection: ConnectionRow
):
    async with writing(world, connection) as hand:
        order = await written(hand, "POST", "/wms/orders", records.NEW_ORDER)
        for action in ("ShipOrder", "DeliverOrder"):
            world.clock.pass_seconds(3600)
            call = {"shipment_id": order["shipments"][0]["shipment_id"], "simulation": {"action": action}}
            await hand.send(
                "POST", "/wms/passthrough", {"method": "POST", "path": "/simulate/shipment", "data": call}
            )
            before = (await world.documents(connection))[order["id"]]
            await world.force(connection, "get_orders")
            assert (await world.documents(connection))[order["id"]] != before, action


async def test_orders_are_cancelled_and_what_was_sent_is_not(
    world: World, mock: Mock, connection: ConnectionRow
):
    async with writing(world, connection) as hand:
        first = await written(hand, "POST", "/wms/orders", records.NEW_ORDER)
        cancelled = await written(hand, "PUT", f"/wms/orders/{first['id']}/cancel")
        assert (cancelled["status"], cancelled["shipments"][0]["status"]) == ("cancelled", "cancelled")

        again = await hand.send("POST", "/wms/orders", records.NEW_ORDER)
        assert again.status_code >= 400
        assert "existing ReferenceId" in again.text, "in ShipBob's words"

        second = await written(hand, "POST", "/wms/orders", records.NEW_ORDER | {"reference_id": "shop-2"})
        address = {"address1": "5 Quay", "city": "Kiel"}
        moved = await written(hand, "PUT", f"/wms/orders/{second['id']}", {"ship_to_address": address})
        assert moved["shipments"][0]["ship_to_address"]["city"] == "Kiel"
        mock.change_order(second["id"])
        refused = await hand.send("PUT", f"/wms/orders/{second['id']}/cancel")
        assert refused.status_code >= 400
        assert "has been shipped" in refused.text


async def test_products_and_kits_are_made_and_changed_with_their_stock(
    world: World, mock: Mock, connection: ConnectionRow
):
    async with writing(world, connection) as hand:
        size = {"length": 25.4, "width": 10, "height": 5.08, "unit": "cm", "weight": 1.5, "weight_unit": "lb"}
        body = {"sku": "CapGreen", "name": "Cap, green", "gtin": "012345678912", "measurements": size}
        product = await written(hand, "POST", "/wms/products", body)
        [item] = product["inventory_items"]
        assert item["inventory_item_id"] in await world.documents(connection, "get_inventory")
        [made] = mock.products[int(product["additional_fields"]["product_id"])]["variants"]
        assert (made["dimension"]["length"], made["dimension"]["height"]) == (10, 2)
        assert made["weight"] == {"weight": 24, "unit": "oz"}

        renamed = await written(hand, "PUT", f"/wms/products/{product['id']}", {"name": "Cap, dark green"})
        assert renamed["name"] == "Cap, dark green"

        parts = [{"sku": "TShirtBlueM", "unit_quantity": 1}, {"sku": "CapGreen", "unit_quantity": 2}]
        kit = await written(
            hand, "POST", "/wms/kits", {"sku": "Set", "name": "Shirt and caps", "inventory_items": parts}
        )
        assert kit["is_kit"]
        assert [(part["inventory_item_id"], part["unit_quantity"]) for part in kit["inventory_items"]] == [
            ("100", 1), (item["inventory_item_id"], 2),
        ]  # fmt: skip
        fewer = [{"sku": "CapGreen", "unit_quantity": 1}]
        changed = await written(hand, "PUT", f"/wms/kits/{kit['id']}", {"inventory_items": fewer})
        assert [part["unit_quantity"] for part in changed["inventory_items"]] == [1]
        told = await changes(world, connection)
        await world.force(connection, "get_products", "get_inventory")
        assert await changes(world, connection) == told, "a sync finds what the writes stored"


async def test_returns_and_receiving_orders_are_changed_and_cancelled(
    world: World, mock: Mock, connection: ConnectionRow
):
    async with writing(world, connection) as hand:
        lines = [{"sku": "TShirtBlueM", "quantity": 1}, {"sku": "TShirtBlueM", "quantity": 2}]
        body = {"warehouse_id": "8", "reference_id": "RMA-1", "line_items": lines}
        returned = await written(hand, "POST", "/wms/returns", body)
        assert [line["expected_quantity"] for line in returned["line_items"]] == [3], "each item once"
        path = f"/wms/returns/{returned['id']}"
        moved = await written(hand, "PUT", path, {"warehouse_id": "42", "requested_action": "Dispose"})
        assert moved["line_items"][0]["warehouse_id"] == "42"
        assert moved["additional_fields"]["reference_id"] == "RMA-1"
        [item] = mock.returns[int(returned["id"])]["inventory"]
        assert (item["quantity"], item["action_requested"]["action"]) == (3, "Dispose")
        assert (await written(hand, "PUT", f"{path}/cancel"))["status"] == "cancelled"

        boxes = [
            {"tracking_number": "1Z1", "line_items": [{"sku": "MugRed", "quantity": 6, "lot_number": "L1"}]},
            {"tracking_number": "1Z2", "line_items": [{"sku": "TShirtBlueM", "quantity": 5}]},
        ]
        wro = await written(hand, "POST", "/wms/inbound-shipments", {
            "warehouse_id": "42", "expected_arrival_date": "2026-12-01", "boxes": boxes,
            "line_items": [{"sku": "MugRed", "expected_quantity": 6}], "package_type": "Pallet",
        })  # fmt: skip
        assert wro["tracking_numbers"] == ["1Z1", "1Z2"]
        assert mock.receiving[int(wro["id"])]["box_packaging_type"] == "OneSkuPerBox"
        path = f"/wms/inbound-shipments/{wro['id']}"
        assert (await written(hand, "PUT", path, {"status": "cancelled"}))["status"] == "cancelled"
