"""What Vendure's words and numbers become."""

import json
from decimal import Decimal
from typing import Any

import pytest

from crossdock.integrations.vendure import read
from crossdock.kit.registry import get_integration

ORDER_STATES = (
    "Created", "Draft", "AddingItems", "ArrangingPayment", "PaymentAuthorized", "PaymentSettled",
    "PartiallyShipped", "Shipped", "PartiallyDelivered", "Delivered", "Modifying",
    "ArrangingAdditionalPayment", "Cancelled",
)  # fmt: skip
"""All that the order process of 3.7.3 has; a live test asks the shop for them."""
FULFILMENT_STATES = ("Created", "Pending", "Shipped", "Delivered", "Cancelled")


def case(name: str, number: int) -> dict[str, Any]:
    file = get_integration("cart", "vendure").folder / "cases" / f"{name}.json"
    raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))[number]["raw"]
    return raw


@pytest.mark.parametrize("state", ORDER_STATES)
def test_every_state_of_an_order_has_its_place(state: str):
    order = read.order(case("orders", 0) | {"state": state})
    assert order["status"] != "other"
    assert order["raw_status"] == state


@pytest.mark.parametrize("state", FULFILMENT_STATES)
def test_every_state_of_a_fulfilment_has_its_place(state: str):
    raw = case("orders", 1)
    raw["fulfillments"][0]["state"] = state
    assert read.order(raw)["shipments"][0]["status"] != "other"


@pytest.mark.parametrize("number", range(4))
def test_the_parts_of_an_order_add_up_to_its_total(number: int):
    order = read.order(case("orders", number))
    lines = sum(line["unit_price"] * line["quantity"] for line in order["line_items"])
    assert (
        lines - order["total_discount"] + order["total_shipping"] + order["total_tax"] == order["total_price"]
    )


@pytest.mark.parametrize(
    ("precision", "amount"), [(0, "123456"), (2, "1234.56"), (3, "123.456"), (8, "0.00123456")]
)
def test_amounts_have_the_decimal_places_of_the_shop(precision: int, amount: str):
    assert read.Amounts(precision).of(123456) == Decimal(amount)


def test_an_order_changed_when_any_part_of_it_did():
    raw = case("orders", 2)
    raw["payments"][0]["refunds"][0]["updatedAt"] = "2027-01-01T00:00:00.123Z"
    assert read.order(raw)["updated_date"] == "2027-01-01T00:00:00Z"
