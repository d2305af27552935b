"""What Medusa's words and numbers become."""

import json
from typing import Any

import pytest

from crossdock.integrations.medusa import read, write
from crossdock.kit.contract import Call, Command
from crossdock.kit.registry import get_integration

STATUSES = ("pending", "completed", "draft", "archived", "canceled", "requires_action")
FULFILLMENTS = (
    "not_fulfilled", "partially_fulfilled", "fulfilled", "partially_shipped", "shipped",
    "partially_delivered", "delivered", "canceled",
)  # fmt: skip
"""All that Medusa 2.21 has, by the types of its package for clients."""


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("fulfillment", FULFILLMENTS)
def test_every_status_has_its_place(status: str, fulfillment: str):
    assert read.order_status(status, fulfillment) != "other"


@pytest.mark.parametrize(("status", "fulfillment"), [("pending", "in_orbit"), ("frozen", "shipped")])
def test_a_word_that_is_none_of_these_is_other(status: str, fulfillment: str):
    assert read.order_status(status, fulfillment) == "other"


def case(name: str, number: int) -> dict[str, Any]:
    file = get_integration("cart", "medusa").folder / "cases" / f"{name}.json"
    raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))[number]["raw"]
    return raw


def test_numbers_are_taken_as_they_were_entered():
    raw = case("orders", 0)
    raw["items"][0] |= {"unit_price": 0.1 + 0.2, "raw_unit_price": {"value": "0.3", "precision": 20}}
    assert str(read.order(raw)["line_items"][0]["unit_price"]) == "0.3"


def test_a_line_without_a_variant_is_named_by_itself():
    raw = case("orders", 1)
    raw["items"][0] |= {"variant_id": None, "variant_sku": None}
    order = read.order(raw)
    assert order["line_items"][0]["product_id"] is None
    assert order["shipments"][0]["line_items"][0]["product_id"] == raw["items"][0]["id"]


def test_the_price_is_told_only_where_it_is_clear_which_one():
    raw = case("products", 4)
    assert str(read.product(raw)["price"]) == "9.75"
    assert read.product(raw | {"default_currency": None})["price"] is None, "two, and none is preferred"


def test_a_large_batch_asks_for_so_many_variants_at_once_as_an_address_can_hold():
    lines = [{"product_id": f"v_{number}", "quantity": 1} for number in range(250)]
    steps = write.batch_adjust_inventory(Command("batch_adjust_inventory", {"line_items": lines}))
    asked: list[str] = []
    call = next(steps)
    while isinstance(call, Call) and call.asks:
        ids = call.params["id[]"]
        assert len(ids) <= 100
        asked += ids
        level = {"location_id": "l", "reserved_quantity": 0}
        items = [{"inventory_item_id": "i", "inventory": {"location_levels": [level]}}]
        call = steps.send({"variants": [{"id": name, "inventory_items": items} for name in ids]})
    assert asked == [line["product_id"] for line in lines]
    assert isinstance(call, Call)
    assert len(call.body["update"]) == 250
