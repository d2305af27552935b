"""Products, stock, inbound shipments and returns, written into a real Tryton."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import Invalid, MissingPermission, VendorRefused
from crossdock.integrations.tryton.client import Client
from tests.integrations.tryton.live.server import Tryton
from tests.integrations.tryton.live.writing import (
    A_01,
    ADDRESS,
    EAST,
    INBOUND,
    MAIN,
    ORDER,
    RETURN,
    Busy,
    NewClient,
    expected,
    inbound,
    moves,
    one,
    onhand,
    order,
    read_back,
    sent,
    write,
)

pytestmark = pytest.mark.live


# Products


SIZES = {"length": 10, "width": 8, "height": 4, "unit": "in", "weight": Decimal("2.5"), "weight_unit": "lb"}
PRODUCT = {"sku": "MUG", "name": "Mug", "gtin": "4006381333931"}


async def test_a_product_is_made_with_its_code_and_sizes_and_changed(tryton: Tryton, client: Client):
    text = await write(client, "create_product", PRODUCT | {"measurements": SIZES})
    variant = one(tryton, "product.product", text, "code", "template.type", "identifiers.code")
    assert (variant["code"], variant["template."]["type"]) == ("MUG", "goods")
    assert [row["code"] for row in variant["identifiers."]] == ["4006381333931"]
    record = await read_back(client, "products", text)
    assert {name: record[name] for name in PRODUCT} == PRODUCT
    item = await read_back(client, "inventory", text)
    assert item["measurements"] == SIZES
    await write(
        client, "update_product", {"sku": "MUG-2", "name": "Mug, blue", "gtin": "4000000000013"}, text
    )
    record = await read_back(client, "products", text)
    assert (record["sku"], record["name"], record["gtin"]) == ("MUG-2", "Mug, blue", "4000000000013")


async def test_a_variant_keeps_the_code_of_its_template(tryton: Tryton, client: Client):
    text = await write(client, "create_product", {"sku": "CUP", "name": "Cup"})
    template = one(tryton, "product.product", text, "template")["template"]
    red = str(tryton.make("product.product", template=template, suffix_code="-RED"))
    await write(client, "update_product", {"sku": "CUP-BLUE"}, red)
    assert one(tryton, "product.product", red, "code")["code"] == "CUP-BLUE"
    assert one(tryton, "product.product", text, "code")["code"] == "CUP"
    with pytest.raises(Invalid, match="begin with 'CUP'"):
        await write(client, "update_product", {"sku": "GLASS"}, red)


async def test_a_wrong_gtin_is_refused_and_no_product_is_made(tryton: Tryton, client: Client):
    products = tryton.count("product.template")
    with pytest.raises(VendorRefused, match="4006381333932"):
        await write(client, "create_product", {"sku": "BAD", "name": "Bad", "gtin": "4006381333932"})
    assert tryton.count("product.template") == products


async def test_a_sku_that_is_taken_is_refused(client: Client):
    with pytest.raises(VendorRefused, match="must be unique"):
        await write(client, "create_product", {"sku": "SKU-003", "name": "Twice"})


async def test_the_group_stock_may_do_everything_but_make_products(tryton: Tryton, tryton_client: NewClient):
    [stock] = tryton.find("res.group", [["name", "=", "Stock"]])
    fields = {"company": 1, "companies": [["add", [1]]], "groups": [["add", [stock["id"]]]]}
    tryton.make("res.user", name="packer", login="packer", password="a-long-Secret-7", **fields)
    packer = tryton_client(tryton, user="packer", password="a-long-Secret-7")
    with pytest.raises((VendorRefused, MissingPermission), match="not allowed"):
        await write(packer, "create_product", {"sku": "NOT", "name": "Not"})
    elsewhere = {**ADDRESS, "full_name": "Customer of the packer"}
    text = await write(packer, "create_order", order("W-packer", ship_to_address=elsewhere))
    await write(packer, "create_order_shipment", {"tracking_number": "1Z"}, text)
    arrived = await write(packer, "create_inbound_shipment", inbound("PO-packer"))
    await write(
        packer, "receive_inbound_shipment", {"line_items": [{"sku": "SKU-003", "quantity": 1}]}, arrived
    )
    await write(
        packer, "adjust_inventory", {"quantity": 1, "adjustment_type": "increase", "location_id": "13"}, "3"
    )


# Stock


async def test_stock_is_added_and_taken_relative_to_what_is_there(tryton: Tryton, client: Client):
    before, at = onhand(tryton, 3), onhand(tryton, 3, A_01)
    extra_fields = {"quantity": 7, "adjustment_type": "increase", "location_id": str(A_01)}
    less = {"quantity": 3, "adjustment_type": "decrease", "location_id": str(A_01)}
    for body in (extra_fields, less):
        assert await write(client, "adjust_inventory", body, "3") == "3"
    assert (onhand(tryton, 3), onhand(tryton, 3, A_01)) == (before + 4, at + 4)
    assert (await read_back(client, "inventory", "3"))["inventory_by_warehouse_id"][str(MAIN)][
        "onhand"
    ] == before + 4


async def test_taken_from_a_warehouse_it_comes_from_where_there_is_enough(tryton: Tryton, client: Client):
    before = onhand(tryton, 4)
    body = {"quantity": 5, "adjustment_type": "decrease", "warehouse_id": str(MAIN)}
    await write(client, "adjust_inventory", body, "4")
    assert onhand(tryton, 4) == before - 5
    locations = (await read_back(client, "inventory", "4"))["locations"]
    assert all(location["quantity"] > 0 for location in locations)


async def test_no_more_is_taken_than_there_is(tryton: Tryton, client: Client):
    before, counts = onhand(tryton, 4), tryton.count("stock.inventory")
    for entry in ({"warehouse_id": str(MAIN)}, {"location_id": str(A_01)}):
        body = {"quantity": 90_000, "adjustment_type": "decrease", **entry}
        with pytest.raises(VendorRefused, match="Tryton has no 90000") as failure:
            await write(client, "adjust_inventory", body, "4")
        assert failure.value.status == 409
    assert (onhand(tryton, 4), tryton.count("stock.inventory")) == (before, counts)


async def test_stock_that_is_kept_by_lot_is_left_as_it_is(tryton: Tryton, client: Client):
    before = onhand(tryton, 6)
    extra_fields = {"quantity": 1, "adjustment_type": "increase", "warehouse_id": str(MAIN)}
    with pytest.raises(VendorRefused, match=r"[Ll]ot"):
        await write(client, "adjust_inventory", extra_fields, "6")
    with pytest.raises(VendorRefused, match="by lot"):
        await write(client, "adjust_inventory", extra_fields | {"adjustment_type": "decrease"}, "6")
    assert onhand(tryton, 6) == before


async def test_what_moves_while_stock_is_adjusted_does_not_change_the_difference(
    tryton: Tryton, client: Client
):
    before = onhand(tryton, 3, A_01)
    body = {"quantity": 7, "adjustment_type": "increase", "location_id": str(A_01)}
    client.__class__ = Busy
    assert isinstance(client, Busy)
    client.meanwhile = lambda: _add(tryton, 3, A_01, 10)
    await write(client, "adjust_inventory", body, "3")
    assert onhand(tryton, 3, A_01) == before + 3 * 10 + 7


def _add(server: Tryton, product: int, location: int, quantity: int) -> None:
    [lost] = server.find("stock.location", [["type", "=", "lost_found"]])
    move = server.make(
        "stock.move",
        product=product,
        unit=1,
        quantity=quantity,
        from_location=lost["id"],
        to_location=location,
    )
    server.press("stock.move", move, "do")


# Inbound shipments


async def test_an_inbound_shipment_is_awaited_and_can_be_moved(tryton: Tryton, client: Client):
    text = await write(
        client, "create_inbound_shipment", inbound("PO-1", expected_arrival_date="2026-12-01T09:00:00Z")
    )
    shipment = one(tryton, INBOUND, text, "state", "reference", "supplier.name", "warehouse")
    assert (shipment["state"], shipment["reference"], shipment["warehouse"]) == ("draft", "PO-1", MAIN)
    assert shipment["supplier."]["name"] == "Supplier 1"
    assert moves(tryton, text, INBOUND, "from_location") == [("SKU-003", 40), ("SKU-004", 5)]
    body = {"expected_arrival_date": "2026-12-03T09:00:00Z", "purchase_order_number": "PO-1b"}
    await write(client, "update_inbound_shipment", body, text)
    record = await read_back(client, "inbound_shipments", text)
    assert (record["purchase_order_number"], record["status"]) == ("PO-1b", "open")
    assert record["expected_arrival_date"] == "2026-12-03T00:00:00Z"
    assert [line["expected_quantity"] for line in record["line_items"]] == [40, 5]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"supplier_object": {"supplier_id": "99999"}}, "supplier_object.supplier_id"),
        ({"supplier_object": {"supplier_name": "Nobody"}}, "supplier_object.supplier_name"),
        ({"line_items": [{"sku": "NO-SUCH", "expected_quantity": 1}]}, "line_items.0.sku"),
    ],
)
async def test_an_inbound_shipment_of_something_unknown_is_not_made(
    tryton: Tryton, client: Client, change: dict[str, Any], path: str
):
    shipments = tryton.count(INBOUND)
    with pytest.raises(Invalid) as failure:
        await write(client, "create_inbound_shipment", inbound("PO-unknown", **change))
    assert list(failure.value.detail["json"]) == [path]
    assert tryton.count(INBOUND) == shipments


async def test_what_arrives_lies_in_the_input_zone_and_arrives_once(tryton: Tryton, client: Client):
    text = await write(client, "create_inbound_shipment", inbound("PO-2"))
    before = onhand(tryton, 3)
    body = {"line_items": [{"sku": "SKU-003", "quantity": 40}, {"sku": "SKU-004", "quantity": 5}]}
    await write(client, "receive_inbound_shipment", body, text)
    assert one(tryton, INBOUND, text, "state")["state"] == "received"
    assert onhand(tryton, 3) == before + 40
    record = await read_back(client, "inbound_shipments", text)
    assert (record["status"], record["receipts"][0]["line_items"][0]["quantity"]) == ("received", 40)
    with pytest.raises(VendorRefused, match="can be received once"):
        await write(client, "receive_inbound_shipment", body, text)
    with pytest.raises(VendorRefused, match="only a draft one"):
        await write(client, "update_inbound_shipment", {"purchase_order_number": "x"}, text)


async def test_less_or_more_may_arrive_and_is_put_away_where_it_is_said(tryton: Tryton, client: Client):
    text = await write(client, "create_inbound_shipment", inbound("PO-3"))
    first, second = onhand(tryton, 3, A_01), onhand(tryton, 4)
    body = {
        "line_items": [{"sku": "SKU-003", "quantity": 30}, {"sku": "SKU-003", "quantity": 12}],
        "warehouse_location_id": str(A_01), "warehouse_id": str(MAIN),
    }  # fmt: skip
    await write(client, "receive_inbound_shipment", body, text)
    assert one(tryton, INBOUND, text, "state")["state"] == "done"
    assert (onhand(tryton, 3, A_01), onhand(tryton, 4)) == (first + 42, second)
    record = await read_back(client, "inbound_shipments", text)
    assert [line["received_quantity"] for line in record["line_items"]] == [42, 0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"line_items": [{"sku": "SKU-009", "quantity": 1}]}, "line_items"),
        (
            {"line_items": [{"sku": "SKU-003", "quantity": 1}], "warehouse_location_id": "9"},
            "warehouse_location_id",
        ),
        ({"line_items": [{"sku": "SKU-003", "quantity": 1}], "warehouse_id": str(EAST)}, "warehouse_id"),
    ],
)
async def test_what_does_not_belong_to_the_shipment_is_not_received(
    tryton: Tryton, client: Client, body: dict[str, Any], path: str
):
    text = await expected(client)
    with pytest.raises(Invalid) as failure:
        await write(client, "receive_inbound_shipment", body, text)
    assert list(failure.value.detail["json"]) == [path]
    assert one(tryton, INBOUND, text, "state")["state"] == "draft"


# Returns


async def test_a_return_of_an_order_is_announced_changed_and_cancelled(tryton: Tryton, client: Client):
    came_of = await sent(client)
    body = {"order_id": came_of, "line_items": [{"sku": "SKU-003", "quantity": 1}], "reference": "RMA-W"}
    text = await write(client, "create_return", body)
    shipment = one(tryton, RETURN, text, "state", "reference", "customer", "warehouse")
    assert (shipment["state"], shipment["reference"], shipment["warehouse"]) == ("draft", "RMA-W", MAIN)
    assert shipment["customer"] == one(tryton, ORDER, came_of, "customer")["customer"]
    assert moves(tryton, text, RETURN, "from_location") == [("SKU-003", 1)]
    record = await read_back(client, "returns", text)
    assert (record["order_id"], record["status"]) == (came_of, "open")
    await write(client, "update_return", {"line_items": [{"sku": "SKU-004", "quantity": 1}]}, text)
    assert moves(tryton, text, RETURN, "from_location") == [("SKU-004", 1)]
    assert (await read_back(client, "returns", text))["order_id"] == came_of
    for _ in range(2):
        await write(client, "cancel_return", {}, text)
    assert one(tryton, RETURN, text, "state")["state"] == "cancelled"
    with pytest.raises(VendorRefused, match="is cancelled in Tryton"):
        await write(client, "update_return", {"reference": "x"}, text)


async def test_what_came_back_is_restocked_by_tryton_and_not_cancelled_any_more(
    tryton: Tryton, client: Client
):
    came_of = await sent(client)
    body = {"order_id": came_of, "line_items": [{"sku": "SKU-003", "quantity": 2}], "warehouse_id": str(EAST)}
    text = await write(client, "create_return", body)
    before = onhand(tryton, 3, EAST)
    tryton.press(RETURN, int(text), "receive", "do")
    assert onhand(tryton, 3, EAST) == before + 2
    with pytest.raises(VendorRefused, match="what has come"):
        await write(client, "cancel_return", {}, text)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"order_id": "99999", "line_items": [{"sku": "SKU-003", "quantity": 1}]}, "order_id"),
        ({"order_id": "1", "line_items": [{"sku": "NO-SUCH", "quantity": 1}]}, "line_items.0.sku"),
    ],
)
async def test_only_what_an_order_held_can_come_back(client: Client, body: dict[str, Any], path: str):
    with pytest.raises(Invalid) as failure:
        await write(client, "create_return", body)
    assert list(failure.value.detail["json"]) == [path]
