"""How Tryton's records are understood, where the recorded cases do not show it."""

import copy
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.errors import (
    BadVendorValue,
    InvalidCredentials,
    MissingPermission,
    VendorNonsense,
    VendorRefused,
)
from crossdock.integrations.tryton.read import (
    inbound_shipments,
    inventory,
    inventory_ledger,
    orders,
    parties,
    products,
    returns,
    stock,
    values,
)
from crossdock.integrations.tryton.rpc import UserWarningRaised, failure_of
from crossdock.integrations.tryton.walks import ledger
from crossdock.integrations.tryton.walks.state import (
    WalkState,
    WalkWindow,
    changed,
    stamp,
    window_of,
    wrapped,
)
from crossdock.integrations.tryton.walks.stock import StockPlace, placed
from crossdock.kit.contract import Walk
from crossdock.kit.registry import get_integration

CASES = get_integration("wms", "tryton").folder / "cases"


def recorded(resource: str, beginning: str) -> dict[str, Any]:
    """The raw record of a case, by how its name begins."""
    cases = json.loads((CASES / f"{resource}.json").read_text(encoding="utf-8"), parse_float=Decimal)
    return copy.deepcopy(next(case["raw"] for case in cases if case["name"].startswith(beginning)))


def unit(factor: str) -> dict[str, Any]:
    """A unit of measure that is so many metres, or kilograms."""
    return {"id": 1, "factor": Decimal(factor)}


# Orders


def test_a_state_that_we_do_not_know_is_kept_not_guessed():
    for resource, reader in (
        ("orders", orders.order),
        ("inbound_shipments", inbound_shipments.inbound_shipment),
        ("returns", returns.return_order),
    ):
        record = reader(recorded(resource, "draft") | {"state": "quarantine"})
        assert (record["status"], record["raw_status"]) == ("other", "quarantine")


def test_every_state_of_tryton_has_a_status():
    shipment_states = {"draft", "waiting", "assigned", "picked", "packed", "shipped", "done", "cancelled"}
    assert orders.ORDER_STATUS.keys() == shipment_states
    assert values.RECEIPT_STATUS.keys() == {"draft", "received", "done", "cancelled"}


def test_a_move_that_picking_split_by_lot_is_one_line():
    raw = recorded("orders", "picked")
    moves = [move for move in raw["outgoing_moves."] if move["product."]["code"] == "SKU-024"]
    assert sorted(move["internal_quantity"] for move in moves) == [0, 2]
    [line] = [line for line in orders.order(raw)["line_items"] if line["sku"] == "SKU-024"]
    assert line["quantity"] == 2


def test_a_line_that_was_taken_out_of_an_open_order_is_not_shown():
    raw = recorded("orders", "waiting")
    raw["outgoing_moves."][0]["state"] = "cancelled"
    assert orders.order(raw)["line_items"] == []
    raw["state"] = "cancelled"
    assert len(orders.order(raw)["line_items"]) == 1


def test_an_order_of_several_sales_has_the_reference_of_the_shipment():
    raw = recorded("orders", "done")
    raw["reference"] = "OURS-1"
    other_outgoing_move = copy.deepcopy(raw["outgoing_moves."][0])
    (
        other_outgoing_move["id"],
        other_outgoing_move["origin"],
        other_outgoing_move["sale."]["id"],
        other_outgoing_move["sale."]["number"],
    ) = (
        999,
        "sale.line,999",
        99,
        "S99",
    )
    raw["outgoing_moves."].append(other_outgoing_move)
    record = orders.order(raw)
    assert record["reference_id"] == "OURS-1"
    assert len(record["additional_fields"]["sale_numbers"]) == 2


def test_without_any_reference_nothing_is_said_about_it():
    """So a reference that was read before sales became unreadable stays."""
    raw = recorded("orders", "done")
    for move in raw["outgoing_moves."]:
        del move["sale."]
    assert "reference_id" not in orders.order(raw)


def test_a_tracking_number_without_a_package_is_kept():
    raw = recorded("orders", "done") | {"packages.": [], "shipping_reference": "1Z-ALONE"}
    [package] = orders.order(raw)["shipments"][0]["packages"]
    assert (package["tracking_number"], package["package_id"]) == ("1Z-ALONE", str(raw["id"]))
    assert [line["quantity"] for line in package["line_items"]] == [4]


def test_the_shipments_number_is_not_taken_for_that_of_one_of_several_packages():
    raw = recorded("orders", "done")
    first = raw["packages."][0] | {"shipping_reference": None}
    raw["packages."] = [first, first | {"id": 98, "moves": []}]
    packages = orders.order(raw)["shipments"][0]["packages"]
    assert [package["tracking_number"] for package in packages] == [None, None]
    assert [package["shipping_cost"] for package in packages] == [None, None]
    raw["packages."] = [first]
    assert orders.order(raw)["shipments"][0]["packages"][0]["tracking_number"] == raw["shipping_reference"]


def test_without_the_modules_for_carriers_and_packages_an_order_is_still_read():
    raw = recorded("orders", "done")
    for name in ("carrier.", "packages.", "shipping_reference", "cost"):
        del raw[name]
    record = orders.order(raw)
    assert record["shipments"][0]["packages"] == []
    assert "carrier_id" not in record


# Products


def test_what_tryton_says_nothing_about_is_left_out():
    raw = recorded("products", "two suppliers")
    del raw["identifiers."], raw["product_suppliers."]
    assert (
        products.product(raw).keys().isdisjoint({"gtin", "supplier", "supplier_object", "supplier_products"})
    )


def test_a_supplier_of_all_variants_is_a_supplier_of_each():
    raw = recorded("products", "two suppliers")
    own_product_suppliers, shared = raw["product_suppliers."], raw["template."]["product_suppliers."]
    assert len(own_product_suppliers) == 1
    assert [bool(item["product"]) for item in shared].count(False) == 1
    assert len(products.product(raw)["supplier_products"]) == 2


@pytest.mark.parametrize(("active", "expected"), [(1, True), (0, False), (True, True), (False, False)])
def test_booleans_are_numbers_on_sqlite(active, expected):
    assert products.product(recorded("products", "tracked") | {"active": active})["active"] is expected


def test_a_party_without_a_name_is_called_by_its_code():
    raw = recorded("warehouse_customers", "a customer") | {"name": None, "code": "4711"}
    assert parties.warehouse_customer(raw)["name"] == "4711"


# Stock

STORAGE = {"type": "storage", "warehouse": 1, "zone": "storage"}
INPUT = {"type": "storage", "warehouse": 1, "zone": "input"}
OUTPUT = {"type": "storage", "warehouse": 1, "zone": "output"}
ELSEWHERE = {"type": "storage", "warehouse": 2, "zone": "storage"}
SUPPLIER = {"type": "supplier", "warehouse": None, "zone": None}
CUSTOMER = {"type": "customer", "warehouse": None, "zone": None}
LOST = {"type": "lost_found", "warehouse": None, "zone": None}


def levels(held: dict[str, int], *moves: tuple[str, dict[str, Any], dict[str, Any]]) -> dict[str, Decimal]:
    """The figures of warehouse 1: so much in each of its zones, and open moves of 5."""
    raw = {
        "quantities": [{"warehouse": 1, "zone": zone, "quantity": Decimal(of)} for zone, of in held.items()],
        "open_moves": [
            {"state": state, "quantity": Decimal("5.0"), "from": begin, "to": end}
            for state, begin, end in moves
        ],
    }
    return stock.levels(raw, 1)


def test_each_zone_counts_for_its_figure():
    fields = levels({"storage": 100, "output": 10, "input": 3, "other": 2})
    assert fields == {
        "awaiting": 0,
        "onhand": 115,
        "committed": 10,
        "unfulfillable": 5,
        "fulfillable": 100,
        "sellable": 100,
    }


@pytest.mark.parametrize(
    ("move", "committed", "awaiting"),
    [
        (("assigned", STORAGE, OUTPUT), 5, 0),
        (("assigned", STORAGE, CUSTOMER), 5, 0),
        (("assigned", STORAGE, ELSEWHERE), 5, 0),
        (("draft", STORAGE, OUTPUT), 0, 0),
        (("assigned", STORAGE, STORAGE), 0, 0),
        (("assigned", OUTPUT, CUSTOMER), 0, 0),
        (("draft", SUPPLIER, INPUT), 0, 5),
        (("assigned", CUSTOMER, INPUT), 0, 5),
        (("draft", ELSEWHERE, INPUT), 0, 5),
        (("draft", INPUT, STORAGE), 0, 0),
        (("draft", LOST, STORAGE), 0, 0),
    ],
)
def test_an_open_move_counts_by_its_ends(move, committed, awaiting):
    fields = levels({"storage": 100}, move)
    assert (fields["committed"], fields["awaiting"]) == (committed, awaiting)
    assert fields["onhand"] == fields["committed"] + fields["unfulfillable"] + fields["fulfillable"]


def test_stock_that_was_assigned_by_force_is_owed():
    assert levels({"storage": 3}, ("assigned", STORAGE, OUTPUT))["fulfillable"] == -2


def test_the_figures_of_an_item_are_the_sums_of_its_warehouses():
    record = inventory.inventory_item(recorded("inventory", "stock in two warehouses"))
    for name in ("awaiting", "onhand", "committed", "unfulfillable", "fulfillable", "sellable"):
        assert record[name] == sum(item[name] for item in record["inventory_by_warehouse_id"].values())


def test_lots_that_may_not_be_read_are_not_said_to_be_gone():
    raw = recorded("inventory", "some in the input zone")
    del raw["lots"]
    assert "lots" not in inventory.inventory_item(raw)


def _location(
    record: int, parent: int | None, warehouse: int | None = 1, type: str = "storage"
) -> dict[str, Any]:
    zones = {"input_location": None, "output_location": None, "storage_location": None}
    return {"id": record, "parent": parent, "warehouse": warehouse, "type": type} | zones


def test_a_location_is_in_the_zone_of_the_nearest_one_above_it():
    warehouse = _location(1, None, type="warehouse") | {
        "input_location": 2,
        "output_location": 3,
        "storage_location": 4,
    }
    tree = [
        warehouse,
        _location(2, 1),
        _location(3, 1),
        _location(4, 1, type="view"),
        _location(5, 4),
        _location(6, 5),
        _location(7, 1),
        _location(8, None, warehouse=None),
    ]
    zones = {item.location: item.zone for item in placed(tree)}
    assert zones == {2: "input", 3: "output", 5: "storage", 6: "storage", 7: "other"}


def test_a_warehouse_of_one_location_has_storage_only():
    warehouse = _location(1, None, type="warehouse")
    warehouse |= {"input_location": 2, "output_location": 2, "storage_location": 2}
    assert [item.zone for item in placed([warehouse, _location(2, 1)])] == ["storage"]


# The ledger


def move(begin: int, end: int, state: str = "done") -> dict[str, Any]:
    raw = recorded("inventory_ledger", "received")["move"]
    raw["from_location."]["id"], raw["to_location."]["id"], raw["state"] = begin, end, state
    return raw


PLACES = {1: StockPlace(1, 10, "storage"), 2: StockPlace(2, 10, "output"), 3: StockPlace(3, 20, "input")}


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        (99, 1, [("10", "1", 11)]),
        (1, 99, [("10", "1", -11)]),
        (1, 2, [("10", "1", -11), ("10", "2", 11)]),
        (1, 3, [("10", "1", -11), ("20", "3", 11)]),
        (98, 99, []),
    ],
)
def test_each_side_of_a_move_in_a_warehouse_is_an_entry(begin, end, expected):
    entries = [
        inventory_ledger.inventory_ledger_entry(raw) for raw in ledger.entries(move(begin, end), PLACES)
    ]
    assert [(entry["warehouse_id"], entry["location_id"], entry["quantity"]) for entry in entries] == expected


def test_a_cancelled_move_is_taken_back_on_the_day_it_was_cancelled():
    raw = move(1, 99, "cancelled")
    raw["write_date"] = raw["write_date"] | {"year": 2027}
    first, second = [inventory_ledger.inventory_ledger_entry(entry) for entry in ledger.entries(raw, PLACES)]
    assert (first["quantity"], second["quantity"]) == (-11, 11)
    assert (first["entry_date"][:4], second["entry_date"][:4]) == ("2026", "2027")
    assert first["id"] != second["id"]


def test_a_type_of_location_that_we_do_not_know_makes_an_other_entry():
    raw = recorded("inventory_ledger", "received")
    raw["move"]["from_location."]["type"] = "production"
    record = inventory_ledger.inventory_ledger_entry(raw)
    assert (record["event_type"], record["raw_event_type"]) == ("other", "production to storage")


# Values


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"__class__": "date", "year": 2026, "month": 2, "day": 28}, "2026-02-28T00:00:00Z"),
        (wrapped("2026-02-28T23:59:58.999999"), "2026-02-28T23:59:58Z"),
        (None, None),
    ],
)
def test_times_are_utc_to_the_second(raw, expected):
    assert values.time(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        {"__class__": "date", "year": 2026, "month": 13, "day": 1},
        {"__class__": "timedelta", "seconds": 3},
        {"year": 2026},
        {"__class__": "Decimal"},
    ],
)
def test_what_is_no_time_is_refused(raw):
    with pytest.raises(BadVendorValue, match="wanted a number or a time"):
        values.time(raw)


def test_amounts_are_exact():
    assert values.money({"__class__": "Decimal", "decimal": "10.5000"}) == Decimal("10.5")


def test_sizes_in_inches_stay_in_inches():
    inch = unit("0.0254")
    raw = {
        "length": Decimal(12),
        "length_uom.": inch,
        "width": Decimal("8.5"),
        "width_uom.": inch,
        "height": None,
    }
    assert values.sizes(raw) == {"length": 12, "width": Decimal("8.5"), "height": None, "unit": "in"}


def test_sizes_in_several_units_or_in_one_unknown_become_centiunit():
    raw = {
        "length": Decimal(1),
        "length_uom.": unit("1.0"),
        "width": Decimal(2),
        "width_uom.": unit("0.0254"),
    }
    assert values.sizes(raw) == {"length": 100, "width": Decimal("5.08"), "height": None, "unit": "cm"}
    raw = {"length": Decimal(250), "length_uom.": unit("0.001")}
    assert values.sizes(raw) == {"length": 25, "width": None, "height": None, "unit": "cm"}


def test_sizes_without_a_unit_say_nothing():
    assert values.sizes({"length": Decimal(1), "length_uom.": None}) == {}
    assert values.sizes({}) == {}


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        ("1.0", (2, "kg")),
        ("0.001", (Decimal("0.002"), "kg")),
        ("0.45359237", (2, "lb")),
        ("0.028349523125", (2, "oz")),
    ],
)
def test_weights_keep_a_unit_that_the_contract_knows(factor, expected):
    weight = values.weight(Decimal("2.0"), unit(factor))
    assert (weight["weight"], weight["weight_unit"]) == expected


def test_a_package_without_known_weights_has_none():
    assert values.weight(Decimal("0.0"), unit("1.0")) == {}


@pytest.mark.parametrize(
    ("street", "expected"),
    [
        (None, (None, None, None)),
        ("1 Road", ("1 Road", None, None)),
        ("1 Road\n\n Flat 2 ", ("1 Road", "Flat 2", None)),
        ("a\nb\nc\nd", ("a", "b", "c, d")),
    ],
)
def test_a_street_of_several_lines_is_spread(street, expected):
    fields = values.street({"street": street})
    assert (fields["address1"], fields["address2"], fields["address3"]) == expected


# Walks


def test_what_was_being_written_when_the_mark_was_taken_is_asked_for_again():
    window = window_of(Walk(mark={"at": "2026-11-21T20:00:00.000001"}), whole_at_first=False)
    assert window == WalkWindow("2026-11-21T19:45:00.000001", None)


def test_a_first_walk_begins_at_its_start_or_takes_all():
    walk = Walk(start=datetime(2026, 11, 21, 20, tzinfo=UTC))
    assert window_of(walk, whole_at_first=False) == WalkWindow("2026-11-21T20:00:00", None)
    assert window_of(walk, whole_at_first=True).is_everything


@pytest.mark.parametrize("whole_at_first", [False, True])
def test_a_walk_with_an_end_is_the_window_that_was_asked_for(whole_at_first: bool):
    walk = Walk(start=datetime(2026, 11, 21, 20, tzinfo=UTC), end=datetime(2026, 11, 22, tzinfo=UTC))
    window = window_of(walk, whole_at_first=whole_at_first)
    assert window == WalkWindow("2026-11-21T20:00:00", "2026-11-22T00:00:00")


def test_a_walk_goes_on_from_a_cursor_that_was_stored():
    state = WalkState(
        WalkWindow("2026-11-21T20:00:00", None), {"at": "2026-11-21T20:00:00", "open": {"1": 2}}, 17
    )
    assert WalkState.of(msgspec.json.decode(msgspec.json.encode(state.cursor()))) == state


def test_a_stamp_is_read_and_asked_for_to_the_microsecond():
    moment = (datetime(2026, 11, 21, 20, 1, 5) + timedelta(microseconds=377566)).isoformat()
    assert stamp({"write_date": wrapped(moment)}, "write_date") == moment
    with pytest.raises(VendorNonsense, match="write_date is no time"):
        stamp({"write_date": "yesterday"}, "write_date")


def test_a_change_is_looked_for_along_its_path():
    window = WalkWindow("2026-11-21T20:00:00", None)
    assert changed(window, "moves.sale") == [["moves", "where", [["sale", "where", changed(window)]]]]


# Failures


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            ["UserError", ['You are not allowed to access "Sale".', "Within groups: Stock", None]],
            MissingPermission,
            'You are not allowed to access "Sale". Within groups: Stock',
        ),
        (
            ["LoginException", ["otp", "The code", "char"]],
            InvalidCredentials,
            "more than a password: otp The code",
        ),
        (["'no.such.model'", ""], VendorRefused, "model.m.read: 'no.such.model'"),
        (["UserWarning", ["name", "Sure?", ""]], UserWarningRaised, "Sure?"),
        ("boom", VendorRefused, "model.m.read: boom"),
        (None, VendorRefused, "model.m.read: None"),
    ],
)
def test_an_error_is_told_in_trytons_words(error, kind, message):
    failure = failure_of(error, "model.m.read", "https://erp.example.com/db/rpc/")
    assert type(failure) is kind
    assert message in str(failure)


def test_the_manifest_says_that_it_was_run_live():
    manifest = get_integration("wms", "tryton").manifest
    assert manifest.evidence == "live"
    assert "8.0.12" in manifest.evidence_note
