"""Stock is changed once, whoever was cut off: by write, by line, in a busy warehouse."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.errors import VendorRefused
from crossdock.integrations.shiphero.client import Client
from crossdock.integrations.shiphero.write import inbound, order_shipments, orders, products
from crossdock.integrations.shiphero.write.calls import reason
from crossdock.kit.contract import Command, Operation
from tests.integrations.shiphero.mock import ACCOUNT, WAREHOUSE, Mock
from tests.integrations.shiphero.test_customers import carried_out

BEGUN = datetime(2026, 11, 30, 9, tzinfo=UTC)
SKU = "CRATE-1"


class WorkerKilled(Exception):
    """The end of a worker between two calls."""


async def cut_off_after(client: Client, operation: Operation, command: Command, calls: int) -> None:
    """Make so many changes of a write, and die."""
    left = calls

    class Cut:
        async def call(self, call: Any) -> Any:
            nonlocal left
            if not call.asks:
                if not left:
                    raise WorkerKilled
                left -= 1
            return await client.call(call)

    with pytest.raises(WorkerKilled):
        await carried_out(Cut(), operation.steps(command))


async def gone_on_with(client: Client, operation: Operation, command: Command) -> None:
    """Look for what was made, and do what is left."""
    assert operation.find is not None
    search = operation.find(command)
    assert search is not None
    found = await carried_out(client, search)
    again = Command(
        command.action, command.body, command.record_id, command.stored, begun=command.begun, found=found
    )
    await carried_out(client, operation.steps(again))


def on_hand(mock: Mock) -> int:
    return int(mock.products[SKU]["warehouse_products"][0]["on_hand"])


async def test_a_change_of_stock_is_found_again_among_hundreds_of_its_day(mock: Mock, client: Client):
    mock.clock = BEGUN.timestamp
    body = {"quantity": 3, "adjustment_type": "decrease", "warehouse_id": WAREHOUSE}
    command = Command("adjust", body, f"{ACCOUNT}:{SKU}", {"sku": SKU}, begun=BEGUN)
    for _ in range(150):
        mock.do_inventory_add({"sku": SKU, "warehouse_id": WAREHOUSE, "quantity": 1, "reason": "Restocking"})
    before = on_hand(mock)
    await carried_out(client, products.ADJUST_INVENTORY.steps(command))
    assert mock.inventory_changes[-1]["reason"] == reason(command)
    await gone_on_with(client, products.ADJUST_INVENTORY, command)
    assert on_hand(mock) == before - 3


@pytest.mark.parametrize("changes", [1, 2])
async def test_two_lines_of_one_item_are_taken_out_of_stock_once(mock: Mock, client: Client, changes: int):
    mock.clock = BEGUN.timestamp
    lines = [
        {"sku": SKU, "quantity": count, "price": "1", "partner_line_item_id": str(count)} for count in (2, 1)
    ]
    order_id = mock._hold({"order_number": "1", "line_items": lines, "shipping_address": {}})
    body = {"tracking_number": "T-1", "warehouse_id": WAREHOUSE}
    command = Command("ship", body, order_id, begun=BEGUN)
    before = on_hand(mock)
    await cut_off_after(client, order_shipments.CREATE_ORDER_SHIPMENT, command, changes)
    await gone_on_with(client, order_shipments.CREATE_ORDER_SHIPMENT, command)
    assert on_hand(mock) == before - 3
    assert len(mock.orders[order_id]["shipments"]) == 1


@pytest.mark.parametrize("changes", [0, 1, 2])
async def test_two_lines_of_one_item_are_received_once(mock: Mock, client: Client, changes: int):
    mock.clock = BEGUN.timestamp
    made = mock.do_purchase_order_create(
        {"po_number": "PO-1", "warehouse_id": WAREHOUSE, "line_items": [{"sku": SKU, "quantity": 10}],
         "fulfillment_status": "pending"}
    )  # fmt: skip
    po_id = made["purchase_order"]["id"]
    stored = {"warehouse_id": WAREHOUSE, "line_items": [{"sku": SKU, "received_quantity": 0}]}
    body = {"line_items": [{"sku": SKU, "quantity": 6}, {"sku": SKU, "quantity": 4}]}
    command = Command("receive", body, po_id, stored, begun=BEGUN)
    before = on_hand(mock)
    await cut_off_after(client, inbound.RECEIVE_INBOUND_SHIPMENT, command, changes)
    await gone_on_with(client, inbound.RECEIVE_INBOUND_SHIPMENT, command)
    assert on_hand(mock) == before + 10
    raw = mock.purchase_orders[po_id]
    assert (raw["line_items"][0]["quantity_received"], raw["fulfillment_status"]) == (10, "closed")


async def test_a_tracking_number_of_the_order_is_not_used_again(mock: Mock, client: Client):
    """By it a shipment is found again: of two alike nobody could tell which was made."""
    mock.clock = BEGUN.timestamp
    line = {"sku": SKU, "quantity": 2, "price": "1", "partner_line_item_id": "1"}
    order_id = mock._hold({"order_number": "1", "line_items": [line], "shipping_address": {}})
    lines = [{"sku": SKU, "quantity": 1}]
    body = {"tracking_number": "T-1", "warehouse_id": WAREHOUSE, "line_items": lines}
    steps = order_shipments.CREATE_ORDER_SHIPMENT.steps
    await carried_out(client, steps(Command("ship", body, order_id, begun=BEGUN)))
    before = on_hand(mock)
    with pytest.raises(VendorRefused, match="has this tracking number already"):
        await carried_out(client, steps(Command("ship", body, order_id, begun=BEGUN)))
    assert (on_hand(mock), len(mock.orders[order_id]["shipments"])) == (before, 1)


async def test_what_was_in_a_shipment_whose_label_was_voided_is_sent_again(mock: Mock, client: Client):
    mock.clock = BEGUN.timestamp
    line = {"sku": SKU, "quantity": 2, "price": "1", "partner_line_item_id": "1"}
    order_id = mock._hold({"order_number": "1", "line_items": [line], "shipping_address": {}})
    command = Command("ship", {"tracking_number": "T-1", "warehouse_id": WAREHOUSE}, order_id, begun=BEGUN)
    await carried_out(client, order_shipments.CREATE_ORDER_SHIPMENT.steps(command))
    mock.orders[order_id]["shipments"][0]["shipping_labels"][0]["status"] = "voided"
    assert await carried_out(client, order_shipments.find_shipment(command)) is None
    await carried_out(client, order_shipments.CREATE_ORDER_SHIPMENT.steps(command))
    parts = [shipment["line_items"] for shipment in mock.orders[order_id]["shipments"]]
    assert [[part["quantity"] for part in lines] for lines in parts] == [[2], [2]]


async def test_the_parts_of_a_kit_are_set_whole_though_others_were_added_meanwhile(
    mock: Mock, client: Client
):
    mock.add_product("SET", kit=True, kit_components=[{"sku": "CRATE-2", "quantity": 1}])
    parts = [{"sku": SKU, "unit_quantity": 3}]
    command = Command("kit", {"inventory_items": parts}, f"{ACCOUNT}:SET", {"sku": "SET"}, begun=BEGUN)
    await carried_out(client, products.UPDATE_KIT.steps(command))
    assert mock.products["SET"]["kit_components"] == [{"sku": SKU, "quantity": 3}]


async def test_an_order_whose_cancelling_was_not_answered_is_found_cancelled(mock: Mock, client: Client):
    order_id = mock._hold({"order_number": "1", "line_items": [], "fulfillment_status": "pending"})
    command = Command("cancel", {}, order_id, begun=BEGUN)
    find = orders.CANCEL_ORDER.find
    assert find is not None
    assert await carried_out(client, find(command)) is None
    await carried_out(client, orders.CANCEL_ORDER.steps(command))
    assert await carried_out(client, find(command)) == order_id
