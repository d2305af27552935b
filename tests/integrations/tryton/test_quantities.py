"""What Tryton counts otherwise than we do: fractions, other units, parts of kits, lots with one number."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from crossdock.integrations.tryton.read import (
    inbound_shipments,
    inventory,
    inventory_ledger,
    orders,
    products,
    returns,
)
from crossdock.integrations.tryton.read import stock as read_stock
from crossdock.integrations.tryton.walks import ledger
from crossdock.integrations.tryton.walks.stock import StockPlace
from crossdock.kit.contract import MISFITS
from crossdock.kit.quantities import Quantity, counted, held, in_whole_numbers
from tests.integrations.tryton.test_read import recorded

KILOGRAM = {"id": 2, "symbol": "kg", "factor": Decimal(1), "rate": Decimal(1)}


def unit(number: int, factor: str, rate: str) -> dict[str, Any]:
    return {"id": number, "factor": Decimal(factor), "rate": Decimal(rate)}


# Quantities


@pytest.mark.parametrize(
    ("amounts", "stock", "moved"),
    [
        (["3"], 3, 3),
        (["1.5"], 1, 2),
        (["1.49"], 1, 1),
        (["0.1", "0.2"], 0, 0),
        (["13.999999999999998"], 14, 14),
        (["-1.5"], -2, -2),
        ([1.1, 2.2], 3, 3),
    ],
)
def test_stock_rounds_down_and_what_moves_rounds_half_up(amounts: list[Any], stock: int, moved: int):
    assert (held(amounts).whole, counted(amounts).whole) == (stock, moved)


def test_each_number_that_was_rounded_is_told_with_its_place_and_unit():
    fields = {
        "id": "1",
        "line_items": [{"quantity": counted(["2"], "kg")}, {"quantity": counted(["1.98"], "kg")}],
        "by_warehouse": {"5": {"onhand": held(["14.5"], "kg")}},
        "additional_fields": {"number": "7"},
    }
    record = in_whole_numbers(fields)
    misfits = [(item.field, item.value, item.stored, item.exact) for item in record.pop(MISFITS)]
    assert misfits == [
        ("line_items[1].quantity", "1.98 kg", 2, Decimal("1.98")),
        ("by_warehouse.5.onhand", "14.5 kg", 14, Decimal("14.5")),
    ]
    assert record == {
        "id": "1",
        "line_items": [{"quantity": 2}, {"quantity": 2}],
        "by_warehouse": {"5": {"onhand": 14}},
        "additional_fields": {
            "number": "7",
            "quantity_exact": [
                {"field": "line_items[1].quantity", "quantity": "1.98", "unit": "kg"},
                {"field": "by_warehouse.5.onhand", "quantity": "14.5", "unit": "kg"},
            ],
        },
    }


def test_a_quantity_that_is_missing_is_none_of_it_and_told():
    record = in_whole_numbers({"quantity": counted([None, "2"], "kg")})
    assert record["quantity"] == 0
    assert (record[MISFITS][0].value, record[MISFITS][0].exact) == (None, None)


def test_a_quantity_of_nothing_is_false():
    assert not counted([])
    assert counted(["0.02"])
    assert Quantity(None)


# Orders


def weighed(resource: str, beginning: str, moves: str, quantity: str) -> dict[str, Any]:
    """A record of a case, whose first move carries so many kilograms."""
    raw = recorded(resource, beginning)
    raw[moves][0]["internal_quantity"] = Decimal(quantity)
    raw[moves][0]["product."]["default_uom."] = {"id": 2, "symbol": "kg", "factor": 1, "rate": 1}
    return raw


@pytest.mark.parametrize(
    ("exact", "whole_value"), [("1.98", 2), ("1.5", 2), ("1.49", 1), ("0.02", 0), ("2.4999999999999996", 3)]
)
def test_an_order_by_weight_is_read_in_whole_units_with_the_exact_ones_beside(exact, whole_value):
    record = orders.order(weighed("orders", "done", "outgoing_moves.", exact))
    shipment = record["shipments"][0]
    assert (record["status"], record["line_items"][0]["quantity"]) == ("fulfilled", whole_value)
    assert [line["quantity"] for line in shipment["line_items"]] == [whole_value]
    assert shipment["packages"][0]["tracking_number"]
    quantity_exact = record["additional_fields"]["quantity_exact"]
    shown = exact if len(exact) < 6 else "2.5"
    assert quantity_exact[0] == {"field": "line_items[0].quantity", "quantity": shown, "unit": "kg"}
    assert [entry["field"] for entry in quantity_exact[1:]] == [
        "shipments[0].line_items[0].quantity",
        "shipments[0].packages[0].line_items[0].quantity",
    ]
    misfit = record[MISFITS][0]
    assert (misfit.value, misfit.stored, misfit.exact) == (f"{shown} kg", whole_value, Decimal(shown))


def test_a_record_of_whole_quantities_says_nothing_about_exact_ones():
    record = orders.order(recorded("orders", "done"))
    assert "quantity_exact" not in record["additional_fields"]
    assert MISFITS not in record


@pytest.mark.parametrize(
    ("resource", "beginning", "moves", "reader", "fields"),
    [
        (
            "inbound_shipments", "done", "incoming_moves.", inbound_shipments.inbound_shipment,
            {"line_items[0].expected_quantity", "line_items[0].received_quantity",
             "receipts[0].line_items[0].quantity"},
        ),
        (
            "returns", "done", "incoming_moves.", returns.return_order,
            {"line_items[0].expected_quantity", "line_items[0].received_quantity", "line_items[0].quantity"},
        ),
    ],
)  # fmt: skip
def test_what_comes_in_by_weight_is_read_too(resource, beginning, moves, reader, fields):
    record = reader(weighed(resource, beginning, moves, "1.5"))
    assert {entry["field"] for entry in record["additional_fields"]["quantity_exact"]} == fields
    assert record["line_items"][0]["received_quantity"] == 2


@pytest.mark.parametrize(
    ("price", "of_move", "of_item", "expected"),
    [
        ("36", unit(77, "12", "0.083333333333"), unit(1, "1", "1"), Decimal(3)),
        ("0.01", unit(77, "0.001", "1000"), unit(2, "1", "1"), Decimal(10)),
        ("10", unit(77, "0.333333333333", "3"), unit(1, "1", "1"), Decimal(30)),
        ("10", unit(77, "3", "0.333333333333"), unit(1, "1", "1"), None),
        ("1", unit(77, "1", "1"), unit(3, "0.000001", "1000000"), Decimal("0.000001")),
        ("1", unit(77, "1", "1"), unit(3, "0.0000001", "10000000"), None),
    ],
)
def test_a_price_in_another_unit_is_said_where_it_is_exact(price, of_move, of_item, expected):
    raw = recorded("orders", "done")
    [move] = raw["outgoing_moves."]
    move["unit_price"] = {"__class__": "Decimal", "decimal": price}
    move["unit"], move["unit."] = 77, of_move
    move["product."]["default_uom."] = of_item
    assert orders.order(raw)["line_items"][0]["unit_price"] == expected
    del move["unit."]
    assert orders.order(raw)["line_items"][0]["unit_price"] is None


def test_the_cost_of_a_shipment_without_packages_is_kept():
    raw = recorded("orders", "done") | {"packages.": [], "shipping_reference": None}
    raw["cost"] = {"__class__": "Decimal", "decimal": "4.50"}
    [package] = orders.order(raw)["shipments"][0]["packages"]
    assert (package["shipping_cost"], package["tracking_number"]) == (Decimal("4.5"), None)
    raw["cost"] = None
    assert orders.order(raw)["shipments"][0]["packages"] == []


def test_the_parts_of_a_kit_name_it_and_others_of_the_same_item_do_not():
    raw = recorded("orders", "done")
    [alone] = raw["outgoing_moves."]
    part = copy.deepcopy(alone) | {"id": alone["id"] + 1, "origin": "sale.line.component,4"}
    raw["outgoing_moves."].append(part)
    raw["packages."][0]["moves"].append(part["id"])
    line = {"id": 8, "product": 27, "product.": {"code": "KIT-1"}, "quantity": Decimal(3), "unit.": None}
    raw["kits"] = {"sale.line.component,4": {"id": 4, "line.": line}}
    record = orders.order(raw)
    kit = {"product_id": "27", "sku": "KIT-1", "quantity": 3, "line_items": [1]}
    assert record["additional_fields"]["kits"] == [kit]
    shipment = record["shipments"][0]
    for lines in (shipment["line_items"], shipment["packages"][0]["line_items"]):
        assert [line.get("parent_product_id") for line in lines] == [None, "27"]


def test_the_components_of_a_kit_are_those_of_the_variant_before_those_of_its_template():
    raw = recorded("products", "two suppliers") | {"type": "kit"}
    component = {
        "quantity": Decimal(2), "parent_product": None, "product": 3,
        "unit.": unit(77, "12", "0.083333333333"),
        "product.": {"code": "EGG", "default_uom.": unit(1, "1", "1") | {"symbol": "u"}},
    }  # fmt: skip
    raw["components."], raw["template."]["components."] = [], [component, component | {"parent_product": 99}]
    record = products.product(raw)
    assert record["is_kit"]
    assert record["inventory_items"] == [{"inventory_item_id": "3", "sku": "EGG", "unit_quantity": 24}]
    raw["components."] = [component | {"product": 4}]
    assert [item["inventory_item_id"] for item in products.product(raw)["inventory_items"]] == ["4"]
    del raw["components."]
    assert "inventory_items" not in products.product(raw)


# What was announced


def test_what_did_not_arrive_is_still_expected():
    raw = recorded("inbound_shipments", "done")
    [first, *_] = raw["incoming_moves."]
    raw["incoming_moves."] = [first]
    missing = copy.deepcopy(first) | {"id": 999, "state": "cancelled", "origin": None}
    missing["internal_quantity"] = Decimal(4)
    never = copy.deepcopy(missing) | {"id": 1000, "product": 77}
    raw["incoming_moves."] += [missing, never]
    came = int(first["internal_quantity"])
    lines = inbound_shipments.inbound_shipment(raw)["line_items"]
    expected = [(line["expected_quantity"], line["received_quantity"]) for line in lines]
    assert expected == [(came + 4, came), (4, 0)]
    assert len(inbound_shipments.inbound_shipment(raw)["receipts"][0]["line_items"]) == 1
    missing["origin"] = "purchase.line,3"
    assert inbound_shipments.inbound_shipment(raw)["line_items"][0]["expected_quantity"] == came


# Stock


def figures(**amounts: str) -> dict[str, int]:
    exact = {name: Decimal(amount) for name, amount in amounts.items()}
    return {name: amount.whole for name, amount in read_stock.in_units(exact, "kg").items()}


@pytest.mark.parametrize(
    ("onhand", "committed", "unfulfillable", "fulfillable", "expected"),
    [
        ("14.5", "2", "0", "12.5", (14, 2, 0, 12)),
        ("14.5", "1.5", "0", "13", (14, 1, 0, 13)),
        ("15", "2.5", "0", "12.5", (15, 3, 0, 12)),
        ("15", "12", "1.5", "1.5", (15, 12, 2, 1)),
        ("3.7", "1.9", "0.9", "0.9", (3, 2, 1, 0)),
        ("2", "4.5", "0", "-2.5", (2, 5, 0, -3)),
    ],
)
def test_figures_round_down_and_still_add_up(onhand, committed, unfulfillable, fulfillable, expected):
    fields = figures(onhand=onhand, committed=committed, unfulfillable=unfulfillable, fulfillable=fulfillable)
    assert tuple(fields.values()) == expected
    assert fields["onhand"] == fields["committed"] + fields["unfulfillable"] + fields["fulfillable"]


def test_an_item_by_weight_shows_its_stock_as_it_is_now():
    raw = recorded("inventory", "stock in two warehouses") | {"default_uom.": KILOGRAM}
    for quantity in raw["quantities"]:
        quantity["quantity"] = Decimal("7.25")
    record = inventory.inventory_item(raw)
    exact = Decimal("7.25") * len(raw["quantities"])
    assert record["onhand"] == int(exact)
    assert {location["quantity"] for location in record["locations"]} == {7}
    assert record["additional_fields"]["quantity_exact"][0]["unit"] == "kg"


def test_lots_that_share_a_number_are_told_apart():
    raw = recorded("inventory", "some in the input zone")
    [lot, *_] = raw["lots"]
    raw["lots"] = [
        lot | {"id": 17, "number": "L1"},
        lot | {"id": 18, "number": "L1"},
        lot | {"id": 19, "number": "L2"},
    ]
    record = inventory.inventory_item(raw)
    assert [lot["lot_id"] for lot in record["lots"]] == ["L1 (17)", "L1 (18)", "L2"]
    assert record["additional_fields"]["shared_lot_numbers"] == {
        "L1 (17)": {"number": "L1", "tryton_id": "17"},
        "L1 (18)": {"number": "L1", "tryton_id": "18"},
    }


def test_what_a_move_took_and_what_taking_it_back_gives_are_equal():
    raw = recorded("inventory_ledger", "received")["move"] | {"internal_quantity": Decimal("1.5")}
    raw["from_location."]["id"], raw["to_location."]["id"], raw["state"] = 1, 99, "cancelled"
    entries = [
        inventory_ledger.inventory_ledger_entry(entry)
        for entry in ledger.entries(raw, {1: StockPlace(1, 10, "storage")})
    ]
    assert [entry["quantity"] for entry in entries] == [-2, 2]
    exact = [entry["additional_fields"]["quantity_exact"][0]["quantity"] for entry in entries]
    assert exact == ["-1.5", "1.5"]
