"""What ShipBob's words become: each that its description lists has its place, and any other is kept."""

import json
from typing import Any

import pytest

from crossdock.integrations.shipbob.read import orders
from crossdock.integrations.shipbob.read.catalogue import EVENT_TYPE
from crossdock.integrations.shipbob.read.inbound_shipments import INBOUND_STATUS
from crossdock.integrations.shipbob.read.orders import ORDER_STATUS, ORDER_TYPE, SHIPMENT_STATUS
from crossdock.integrations.shipbob.read.parts import measurements
from crossdock.integrations.shipbob.read.returns import RETURN_STATUS, return_order
from crossdock.kit.registry import get_integration
from tests.integrations.shipbob.description import document, words

LISTED = {
    "Orders.OrderStatus": ORDER_STATUS,
    "Orders.OrderStatusEnum": SHIPMENT_STATUS,
    "Orders.OrderType": ORDER_TYPE,
    "Receiving.ReceivingStatus": INBOUND_STATUS,
}


@pytest.mark.parametrize("name", LISTED)
def test_every_word_that_is_described_has_its_place(name: str):
    assert set(LISTED[name]) == words(name)


def test_every_status_of_a_return_and_event_of_stock_has_its_place():
    """They are described in a sentence, not in a list."""
    [parameters] = [document()["paths"]["/2026-01/return"]["get"]["parameters"]]
    text = next(each["description"] for each in parameters if each["name"] == "Status")
    named = text.partition("e.g., ")[2].partition(")")[0].split(",")
    assert {name.casefold() for name in named} == set(RETURN_STATUS)
    history = document()["components"]["schemas"]["FulfillmentCenterInventoryService.InventoryHistory"]
    text = history["properties"]["event_category"]["description"]
    assert {word for word in text.split("`") if word.isalpha()} == set(EVENT_TYPE)


@pytest.mark.parametrize(
    ("details", "status"),
    [
        ([["Picked"]], "picked"),
        ([["Labeled"], ["Packed"]], "packed"),
        ([["Labeled"], ["Picked"]], "processing"),
        ([["Picked"], []], "processing"),
        ([], "processing"),
    ],
)
def test_an_order_is_as_far_as_all_its_shipments_are(details: list[list[str]], status: str):
    shipments = [
        {"status": "Processing", "status_details": [{"name": name} for name in names]} for names in details
    ]
    others = [{"status": "Completed", "status_details": [{"name": "Delivered"}]}]
    assert orders.order_status({"status": "Processing", "shipments": shipments + others}) == status


def test_a_status_of_a_return_in_either_spelling_is_the_same_and_any_other_is_other():
    raw = {"id": 1, "insert_date": "2026-01-01T00:00:00Z"}
    assert return_order(raw | {"status": "Awaiting Arrival"})["status"] == "open"
    unknown = return_order(raw | {"status": "IN_ORBIT"})
    assert (unknown["status"], unknown["raw_status"]) == ("other", "IN_ORBIT")


@pytest.mark.parametrize(
    ("unit", "weight", "expected"),
    [("Pounds", 2, ("2", "lb")), ("g", 250, ("0.25", "kg")), ("stones", 2, ("2", None)), (None, None, None)],
)
def test_a_weight_has_its_unit_or_says_that_it_is_not_known(
    unit: str | None, weight: int | None, expected: tuple[str, str | None] | None
):
    sizes = measurements(None, weight, unit)
    shown = None if sizes["weight"] is None else (str(sizes["weight"]), sizes["weight_unit"])
    assert shown == expected


def an_order() -> dict[str, Any]:
    file = get_integration("wms", "shipbob").folder / "cases" / "orders.json"
    raw: dict[str, Any] = json.loads(file.read_bytes())[0]["raw"]
    return raw


def test_an_order_that_went_to_another_place_is_there_and_not_where_it_was_cancelled():
    def shipment(place: int, status: str) -> dict[str, Any]:
        return {
            "id": place,
            "location": {"id": place},
            "status": status,
            "tracking": {"carrier": f"C{place}"},
        }

    order = orders.order(an_order() | {"shipments": [shipment(8, "Cancelled"), shipment(42, "Processing")]})
    assert (order["warehouse_id"], order["carrier_name"]) == ("42", "C42")
    assert [each["status"] for each in order["shipments"]] == ["cancelled", "open"]


def test_an_item_of_two_lots_is_one_item_and_no_bundle():
    lots = [{"id": 7, "lot": lot, "quantity": count} for lot, count in (("A", 2), ("B", 1))]
    product = {"id": 1, "sku": "MUG", "inventory_items": lots}
    shipment = an_order()["shipments"][0] | {"products": [product], "parent_cartons": []}
    order = orders.order(an_order() | {"shipments": [shipment]})
    lines = order["shipments"][0]["line_items"]
    assert [(line["sku"], line["parent_product_id"], line["quantity"]) for line in lines] == [
        ("MUG", None, 2), ("MUG", None, 1),
    ]  # fmt: skip
