"""What is written to the sandbox's shop happens there: deliveries, refunds to the cent, what it can sell."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.integrations.sandbox.operations import simulate
from crossdock.integrations.sandbox.world.records import World
from tests.integrations.sandbox.test_consistency import EPOCH, WORLD, Fields, Seen
from tests.integrations.sandbox.writing import Writing, command

SENT = {
    "tracking_number": "TRACK-1",
    "tracking_url": "https://track.example.com/TRACK-1",
    "carrier_name": "FedEx",
    "shipping_method_name": "2Day",
}
HERE, THERE = "cart_warehouse_id_0", "cart_warehouse_id_1"
VARIANT, PARENT = "cart_product_id_0", "cart_product_id_17"


def an_order(shop: Writing, units: int = 3) -> str:
    """The id of a new order: so many units of one thing at 9.50, and one of another at 49.00."""
    lines = [{"product_id": VARIANT, "quantity": units}, {"product_id": "cart_product_id_15", "quantity": 1}]
    cart_order = simulate.create_cart_order(World(shop.folder, WORLD), {"line_items": lines}, EPOCH)
    return str(cart_order["gid"])


def left(order: Fields) -> list[int]:
    sent = [line["quantity"] for shipment in order["shipments"] for line in shipment["line_items"]]
    return [sum(line["quantity"] for line in order["line_items"]) - sum(sent)]


async def test_a_shipment_fulfils_the_order_with_all_that_is_left_of_it(shop: Writing):
    order = await shop.write("create_order_shipment", SENT, an_order(shop))
    assert order["status"] == "fulfilled"
    [shipment] = order["shipments"]
    assert {name: shipment[name] for name in SENT} == SENT
    assert (shipment["shipping_method_id"], shipment["carrier_id"]) == (
        "shipping_method_id_5",
        "carrier_id_2",
    )
    assert [(line_item["product_id"], line_item["quantity"]) for line_item in shipment["line_items"]] == [
        (VARIANT, 3), ("cart_product_id_15", 1),
    ]  # fmt: skip
    assert [group["status"] for group in order["shipping_groups"]] == ["shipped"]
    assert await shop.holds_together() == []
    pair = await shop.refused("create_order_shipment", SENT, order["id"])
    assert pair == (422, f"all of order {order['id']} was sent already")


async def test_an_order_is_sent_in_parts_by_line(shop: Writing):
    gid = an_order(shop)
    fields = {**SENT, "line_items": [{"line_item_id": f"{gid}_line_0", "quantity": 2}]}
    part = await shop.write("create_order_shipment", fields, gid)
    assert (part["status"], left(part)) == ("partially_fulfilled", [2])
    assert (
        f"{gid}_line_0 has 1 left to send, not 2"
        in (await shop.refused("create_order_shipment", fields, gid))[1]
    )
    whole_body = await shop.write("create_order_shipment", SENT, gid)
    assert (whole_body["status"], left(whole_body), len(whole_body["shipments"])) == ("fulfilled", [0], 2)
    assert len({shipment["shipment_id"] for shipment in whole_body["shipments"]}) == 2
    assert await shop.holds_together() == []


async def test_what_the_warehouse_sent_in_part_is_sent_to_its_end(shop: Writing, fresh: Seen):
    part = next(
        cart_order
        for cart_order in fresh["cart_orders"].values()
        if cart_order["status"] == "partially_fulfilled"
    )
    whole_body = await shop.write("create_order_shipment", SENT, part["id"])
    assert (whole_body["status"], left(whole_body)) == ("fulfilled", [0])
    assert whole_body["shipments"][0] == part["shipments"][0]


async def test_a_method_and_carrier_that_the_shop_does_not_know_are_kept_by_name(shop: Writing):
    body = {**SENT, "carrier_name": "Pigeon", "shipping_method_name": "By air"}
    shipment = (await shop.write("create_order_shipment", body, an_order(shop)))["shipments"][0]
    assert (shipment["carrier_name"], shipment["carrier_id"]) == ("Pigeon", None)
    assert (shipment["shipping_method_name"], shipment["shipping_method_id"]) == ("By air", None)
    old = {**SENT, "requested_shipping_method": "By sea"}
    del old["shipping_method_name"]
    shipment = (await shop.write("create_order_shipment", old, an_order(shop)))["shipments"][0]
    assert shipment["shipping_method_name"] == "By sea"


async def test_a_cancelled_order_is_not_sent(shop: Writing, fresh: Seen):
    cart_order = next(
        cart_order for cart_order in fresh["cart_orders"].values() if cart_order["status"] == "cancelled"
    )
    assert (await shop.refused("create_order_shipment", SENT, cart_order["id"]))[1].endswith("is cancelled")
    assert (await shop.refused("create_order_shipment", SENT, "nope"))[0] == 404


async def test_a_refund_pays_back_an_amount_and_never_more_than_was_paid(shop: Writing):
    gid = an_order(shop)
    order = await shop.write("refund_order", {"amount": Decimal("10.99"), "reason": "damaged"}, gid)
    [refund] = order["additional_fields"]["refunds"]
    assert (refund["amount"], refund["reason"]) == (Decimal("10.99"), "damaged")
    assert order["additional_fields"]["payment"] == "PARTIALLY_REFUNDED"
    paid = order["total_price"]
    assert paid == 3 * Decimal("9.50") + 49
    refundable = paid - Decimal("10.99")
    too_much = {"amount": refundable + Decimal("0.01")}
    assert (await shop.refused("refund_order", too_much, gid))[1] == (
        f"order {gid}: {refundable} is left to refund, not {refundable + Decimal('0.01')}"
    )
    order = await shop.write("refund_order", {"amount": refundable}, gid)
    assert order["additional_fields"]["payment"] == "REFUNDED"
    assert (await shop.refused("refund_order", {"amount": Decimal("0.01")}, gid))[0] == 422
    assert order["total_price"] == paid


async def test_lines_are_refunded_unit_by_unit_to_the_cent_they_cost(shop: Writing, fresh: Seen):
    pairs = [
        (cart_order, line)
        for cart_order in fresh["cart_orders"].values()
        for line in cart_order["line_items"]
        if cart_order["status"] == "fulfilled" and line["quantity"] == 3 and line["tax"] % Decimal("0.03")
    ]
    order, line = pairs[0]
    worth = 3 * line["unit_price"] - line["discount"] + line["tax"]
    body = {"line_items": [{"line_item_id": line["line_item_id"], "quantity": 1}]}
    for _ in range(3):
        after = await shop.write("refund_order", body, order["id"])
    amounts = [refund["amount"] for refund in after["additional_fields"]["refunds"]]
    assert sum(amounts) == worth
    assert max(amounts) - min(amounts) <= Decimal("0.01")
    assert all(amount == round(amount, 2) for amount in amounts)
    assert "has 0 left to refund, not 1" in (await shop.refused("refund_order", body, order["id"]))[1]


async def test_a_line_is_refunded_by_an_amount_and_shipping_beside_it(shop: Writing):
    gid = an_order(shop)
    line = {"line_item_id": f"{gid}_line_0", "amount": Decimal("5.00")}
    order = await shop.write("refund_order", {"line_items": [line], "amount": Decimal("7.50")}, gid)
    [refund] = order["additional_fields"]["refunds"]
    assert (refund["amount"], refund["line_items"][0]["amount"]) == (Decimal("7.5"), 5)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"amount": Decimal("0.001")}, "at most two decimals"),
        ({"amount": Decimal(0)}, "above 0"),
        ({"line_items": [{"line_item_id": "no", "quantity": 1}]}, "has no line 'no'"),
        ({"line_items": [{"line_item_id": "{gid}_line_0"}]}, "needs units or an amount"),
        ({"line_items": [{"line_item_id": "{gid}_line_0", "quantity": 4}]}, "has 3 left to refund, not 4"),
        (
            {"line_items": [{"line_item_id": "{gid}_line_0", "amount": Decimal("28.51")}]},
            "28.50 is left to refund, not 28.51",
        ),
        ({"line_items": [{"line_item_id": "{gid}_line_0", "quantity": 1}] * 2}, "is there twice"),
        (
            {"line_items": [{"line_item_id": "{gid}_line_0", "quantity": 1}], "amount": Decimal("9.49")},
            "the lines come to 9.50, the amount is 9.49",
        ),
    ],
)
async def test_a_refund_that_can_not_be_is_refused(shop: Writing, body: dict[str, Any], message: str):
    gid = an_order(shop)
    for line_item in body.get("line_items", ()):
        line_item["line_item_id"] = line_item["line_item_id"].replace("{gid}", gid)
    status, text = await shop.refused("refund_order", body, gid)
    assert status == 422
    assert message in text


async def test_a_cancelled_order_was_refunded_already(shop: Writing, fresh: Seen):
    cart_order = next(
        cart_order for cart_order in fresh["cart_orders"].values() if cart_order["status"] == "cancelled"
    )
    assert (await shop.refused("refund_order", {"amount": Decimal(1)}, cart_order["id"]))[0] == 422


@pytest.mark.parametrize(
    ("how", "units", "position", "expected"),
    [
        ("increase", 5, HERE, (15, 20)),
        ("increase", 5, THERE, (10, 25)),
        ("increase", 5, None, (15, 20)),
        ("decrease", 5, THERE, (10, 15)),
        ("decrease", 12, None, (0, 18)),
        ("decrease", 0, HERE, (10, 20)),
        ("exact", 7, THERE, (10, 7)),
        ("exact", 0, None, (0, 0)),
        ("exact", 31, None, (11, 20)),
        ("exact", 25, None, (5, 20)),
    ],
)
async def test_what_can_be_sold_is_set_by_place_or_over_all(
    shop: Writing, how: str, units: int, position: str | None, expected: tuple[int, int]
):
    start = [
        {"product_id": VARIANT, "quantity": n, "warehouse_id": at} for n, at in ((10, HERE), (20, THERE))
    ]
    await shop.done(command("batch_adjust_inventory", {"line_items": start}))
    body: dict[str, Any] = {"quantity": units, "adjustment_type": how}
    if position:
        body["warehouse_id"] = position
    product = await shop.write("adjust_inventory", body, VARIANT)
    levels = product["inventory_by_warehouse_id"]
    assert (levels[HERE], levels[THERE]) == expected
    assert product["inventory"] == sum(expected)
    assert await shop.holds_together() == []


@pytest.mark.parametrize(
    ("product", "body", "message"),
    [
        (VARIANT, {"adjustment_type": "decrease", "quantity": 10**6}, "there are "),
        (VARIANT, {"adjustment_type": "decrease", "quantity": 10**6, "warehouse_id": HERE}, f"{HERE} has "),
        (VARIANT, {"adjustment_type": "exact", "quantity": 1, "warehouse_id": "w"}, "there is no place 'w'"),
        (PARENT, {"adjustment_type": "exact", "quantity": 1}, f"{PARENT} is a parent product"),
        ("nope", {"adjustment_type": "exact", "quantity": 1}, "nope"),
    ],
)
async def test_what_can_not_be_sold_is_refused(
    shop: Writing, product: str, body: dict[str, Any], message: str
):
    assert message in (await shop.refused("adjust_inventory", body, product))[1]


async def test_a_product_that_got_variants_has_no_stock_of_its_own_any_more(shop: Writing):
    world = World(shop.folder, WORLD)
    parent = simulate.create_cart_product(world, {}, EPOCH)["gid"]
    body = {"adjustment_type": "exact", "quantity": 4}
    assert (await shop.write("adjust_inventory", body, parent))["inventory"] == 4
    simulate.create_cart_product(world, {"parent_product_id": parent}, EPOCH)
    assert "is a parent product" in (await shop.refused("adjust_inventory", body, parent))[1]


async def test_many_products_are_set_at_once_or_none(shop: Writing):
    lines = [
        {"product_id": VARIANT, "quantity": 3, "warehouse_id": HERE},
        {"product_id": VARIANT, "quantity": 4, "warehouse_id": THERE},
        {"product_id": "cart_product_id_1", "quantity": 5},
    ]
    value = await shop.done(command("batch_adjust_inventory", {"line_items": lines}))
    assert value == [VARIANT, "cart_product_id_1"]
    products = [await shop.read("get_products", gid) for gid in value]
    assert [product["inventory"] for product in products] == [7, 5]
    for wrong, message in (
        ({"product_id": PARENT, "quantity": 1}, "is a parent product"),
        ({"product_id": "no", "quantity": 1}, "there is no product 'no'"),
        ({"product_id": VARIANT, "quantity": 9}, "is there twice"),
    ):
        body = {"line_items": [{**lines[0], "quantity": 8}, wrong]}
        assert message in (await shop.refused("batch_adjust_inventory", body))[1]
