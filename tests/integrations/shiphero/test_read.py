"""What ShipHero's words and numbers become."""

import json
from typing import Any

import pytest

from crossdock.integrations.shiphero.read import inbound, orders, products
from crossdock.integrations.shiphero.records import item_id, split_item_id
from crossdock.kit.registry import get_integration

SYSTEM = ("Default", "Unfulfilled", "Canceled", "Fulfilled", "pending")
"""All that ShipHero has before an account makes its own: notes.md, "What is what"."""
PURCHASE_ORDERS = ("pending", "closed", "canceled")
RETURNS = ("pending", "warehouse_complete", "complete", "canceled")


def case(name: str, number: int = 0) -> dict[str, Any]:
    file = get_integration("wms", "shiphero").folder / "cases" / f"{name}.json"
    raw: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))[number]["raw"]
    return raw


@pytest.mark.parametrize("status", SYSTEM)
def test_every_status_of_an_order_has_its_place_however_it_is_written(status: str):
    raw = case("orders")
    statuses = {orders.order_status(raw | {"fulfillment_status": word}) for word in (status, status.upper())}
    assert len(statuses) == 1
    assert statuses != {"other"}


@pytest.mark.parametrize("status", PURCHASE_ORDERS)
def test_every_status_of_a_purchase_order_has_its_place(status: str):
    assert inbound.inbound_status(case("inbound_shipments") | {"fulfillment_status": status}) != "other"


@pytest.mark.parametrize("status", RETURNS)
def test_every_status_of_a_return_has_its_place(status: str):
    assert inbound.return_status(case("returns") | {"status": status}) != "other"


@pytest.mark.parametrize("status", ["Gift Wrap", "", None])
def test_a_word_that_is_none_of_these_is_other(status: str | None):
    assert orders.order_status(case("orders") | {"fulfillment_status": status}) == "other"
    assert inbound.inbound_status(case("inbound_shipments") | {"fulfillment_status": status}) == "other"
    assert inbound.return_status(case("returns") | {"status": status}) == "other"


def test_what_is_committed_blocked_and_free_is_all_that_is_there():
    item = products.inventory_item(case("inventory"))
    for levels in (item, *item["inventory_by_warehouse_id"].values()):
        assert levels["onhand"] == levels["committed"] + levels["unfulfillable"] + levels["fulfillable"]


@pytest.mark.parametrize("sku", ["MUG", "A:B", "漢字 😀"])
def test_an_id_of_an_item_is_its_account_and_its_sku(sku: str):
    name = item_id("QWNjb3VudDo0Mjg1", sku)
    assert name
    assert split_item_id(name) == ("QWNjb3VudDo0Mjg1", sku)


def test_a_lot_that_lies_in_several_places_is_one_with_all_of_them():
    def stored(lot: str, quantity: int) -> dict[str, Any]:
        return {
            "node": {"location_id": f"at-{quantity}", "quantity": quantity, "expiration_lot": {"id": lot}}
        }

    raw = case("inventory")
    level = raw["warehouse_products"][0]
    edges = [stored("lot-1", 5), stored("lot-2", 1), stored("lot-1", 7)]
    level = level | {"warehouse_id": "w-1", "locations": {"edges": edges, "pageInfo": {}}}
    item = products.inventory_item(raw | {"warehouse_products": [level, level | {"warehouse_id": "w-2"}]})
    assert [(lot["lot_id"], lot["warehouse_id"], lot["onhand"]) for lot in item["lots"]] == [
        ("lot-1", "w-1", 12), ("lot-2", "w-1", 1), ("lot-1", "w-2", 12), ("lot-2", "w-2", 1),
    ]  # fmt: skip
    assert len(item["locations"]) == 6


def labelled(*labels: tuple[str, str]) -> dict[str, Any]:
    """An order with a shipment that has labels of these states and tracking numbers."""
    raw = case("orders")
    shown = [
        {"id": number, "status": status, "tracking_number": number, "carrier": "UPS"}
        for status, number in labels
    ]
    lines = [{"id": "s-1", "quantity": 2, "shipping_label_id": "?", "line_item": {"id": "l-1", "sku": "MUG"}}]
    shipment = {"id": "s", "warehouse_id": "w", "line_items": lines, "shipping_labels": shown}
    return orders.order(raw | {"shipments": [shipment]})["shipments"][0]


def test_a_label_that_was_voided_is_no_package_beside_the_one_that_replaced_it():
    shipment = labelled(("Voided", "T-1"), ("valid", "T-2"))
    assert (shipment["status"], [each["tracking_number"] for each in shipment["packages"]]) == (
        "shipped", ["T-2"],
    )  # fmt: skip
    assert [line["quantity"] for line in shipment["packages"][0]["line_items"]] == [2]


@pytest.mark.parametrize(
    ("words", "status"), [(("void",), "cancelled"), (("valid",), "shipped"), ((), "shipped")]
)
def test_a_shipment_is_cancelled_when_all_of_its_labels_were_voided(words: tuple[str, ...], status: str):
    assert labelled(*((word, "T-1") for word in words))["status"] == status
