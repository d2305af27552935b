"""What a user makes happen in a sandbox happens for real, and whole."""

import shutil
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.errors import Invalid, NotFound, VendorRefused
from crossdock.integrations.sandbox.generate.worlds import open_world
from crossdock.integrations.sandbox.operations import simulate
from crossdock.integrations.sandbox.world.records import World
from tests.integrations.sandbox.test_consistency import EPOCH, WORLD, Seen, broken, read_all, shipped

NOW = EPOCH + timedelta(hours=1)
STAMP = "2026-03-01T10:30:00Z"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a world that nothing has happened in."""
    folder = tmp_path_factory.mktemp("template")
    open_world(folder, WORLD, 1, EPOCH)
    return folder


@pytest.fixture(scope="module")
def fresh(template: Path) -> Seen:
    """What is in a world before anything happens."""
    return read_all(template)


def copied(template: Path, folder: Path) -> World:
    shutil.copytree(template, folder, dirs_exist_ok=True)
    return World(folder, WORLD)


@pytest.fixture
def world(template: Path, tmp_path: Path) -> World:
    return copied(template, tmp_path)


def first(fields: Seen, resource: str, status: str) -> dict[str, Any]:
    return next(entry for entry in fields[resource].values() if entry["status"] == status)


UNSENT = ["open", "confirmed", "processing", "picked", "packed", "exception", "backordered", "other"]


@pytest.mark.parametrize("status", [*UNSENT, "partially_fulfilled"])
def test_fulfilling_an_order_ships_all_that_is_left_of_it(
    tmp_path: Path, world: World, fresh: Seen, status: str
) -> None:
    order_id = first(fresh, "wms_orders", status)["id"]
    answer = simulate.fulfill_order(world, order_id, False, NOW)
    after = read_all(tmp_path)
    order = after["wms_orders"][order_id]
    assert answer["uid"] == order_id
    assert (order["status"], order["updated_date"]) == ("fulfilled", STAMP)
    assert order["shipments"][-1]["shipped_date"] == STAMP
    assert all(package["tracking_number"] for package in order["shipments"][-1]["packages"])
    assert broken(after) == []


def test_fulfilling_moves_stock_out_and_ends_the_promise_on_it(
    tmp_path: Path, world: World, fresh: Seen
) -> None:
    order = first(fresh, "wms_orders", "open")
    simulate.fulfill_order(world, order["id"], False, NOW)
    after = read_all(tmp_path)
    sent = shipped(after["wms_orders"][order["id"]])
    for item in {item for item, _ in sent}:
        units = sum(n for (text, _), n in sent.items() if text == item)
        old, new = fresh["wms_inventory"][item], after["wms_inventory"][item]
        assert new["onhand"] == old["onhand"] - units
        assert new["committed"] == old["committed"] - units
        assert new["fulfillable"] == old["fulfillable"]
    entries = after["wms_inventory_ledger"].keys() - fresh["wms_inventory_ledger"].keys()
    assert {after["wms_inventory_ledger"][entry]["object_id"] for entry in entries} == {order["id"]}


@pytest.mark.parametrize("status", UNSENT)
def test_fulfilling_in_part_leaves_some_of_every_order_to_send(
    tmp_path: Path, world: World, fresh: Seen, status: str
) -> None:
    order_id = first(fresh, "wms_orders", status)["id"]
    simulate.fulfill_order(world, order_id, True, NOW)
    after = read_all(tmp_path)
    assert after["wms_orders"][order_id]["status"] == "partially_fulfilled"
    assert broken(after) == []


def test_an_order_can_be_sent_in_parts_until_one_unit_is_left(
    tmp_path: Path, world: World, fresh: Seen
) -> None:
    order_id = first(fresh, "wms_orders", "open")["id"]
    units = sum(line["quantity"] for line in fresh["wms_orders"][order_id]["line_items"])
    while units > 1:
        simulate.fulfill_order(world, order_id, True, NOW)
        units -= units // 2
    with pytest.raises(VendorRefused, match="one unit left"):
        simulate.fulfill_order(world, order_id, True, NOW)
    assert read_all(tmp_path)["wms_orders"][order_id]["status"] == "partially_fulfilled"
    simulate.fulfill_order(world, order_id, False, NOW)
    assert read_all(tmp_path)["wms_orders"][order_id]["status"] == "fulfilled"


def test_a_backordered_order_is_sent_from_the_warehouse_that_has_it(
    tmp_path: Path, world: World, fresh: Seen
) -> None:
    order = first(fresh, "wms_orders", "backordered")
    assert order["warehouse_id"] == "warehouse_id_0"
    simulate.fulfill_order(world, order["id"], False, NOW)
    shipments = read_all(tmp_path)["wms_orders"][order["id"]]["shipments"]
    assert "warehouse_id_1" in {shipment["warehouse_id"] for shipment in shipments}


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(("status", "why"), [("fulfilled", "fulfilled already"), ("cancelled", "cancelled")])
def test_an_order_that_is_done_cannot_be_fulfilled(
    tmp_path: Path, world: World, fresh: Seen, status: str, why: str, partial: bool
) -> None:
    order_id = first(fresh, "wms_orders", status)["id"]
    with pytest.raises(VendorRefused, match=why) as refused:
        simulate.fulfill_order(world, order_id, partial, NOW)
    assert refused.value.status == 422
    assert read_all(tmp_path) == fresh


def test_fulfilling_twice_ships_once(tmp_path: Path, world: World, fresh: Seen) -> None:
    order_id = first(fresh, "wms_orders", "open")["id"]
    simulate.fulfill_order(world, order_id, False, NOW)
    once = read_all(tmp_path)
    with pytest.raises(VendorRefused):
        simulate.fulfill_order(world, order_id, False, NOW)
    assert read_all(tmp_path) == once


def test_an_order_that_stock_does_not_suffice_for_is_refused_whole(
    tmp_path: Path, world: World, fresh: Seen
) -> None:
    order = first(fresh, "wms_orders", "open")
    with world.change(NOW) as records:
        raw = records.get("wms_orders", order["id"])
        raw["lines"][-1]["ordered"] += 100_000
        records.put("wms_orders", raw)
    before = read_all(tmp_path)
    with pytest.raises(VendorRefused, match=r"are wanted and \d+ can ship"):
        simulate.fulfill_order(world, order["id"], False, NOW)
    assert read_all(tmp_path) == before


@pytest.mark.parametrize("status", ["open", "in-transit", "receiving", "other"])
def test_receiving_a_return_books_all_that_is_missing(
    tmp_path: Path, world: World, fresh: Seen, status: str
) -> None:
    row = first(fresh, "wms_returns", status)
    simulate.receive_return(world, row["id"], NOW)
    after = read_all(tmp_path)
    received = after["wms_returns"][row["id"]]
    assert (received["status"], received["updated_date"]) == ("received", STAMP)
    assert received["shipments"][0]["arrived_date"] is not None
    for line in received["line_items"]:
        assert line["received_quantity"] == line["restocked_quantity"] == line["expected_quantity"]
    entries = after["wms_inventory_ledger"].keys() - fresh["wms_inventory_ledger"].keys()
    assert {after["wms_inventory_ledger"][entry]["event_type"] for entry in entries} == {"return_receipt"}
    assert broken(after) == []


@pytest.mark.parametrize(("status", "why"), [("received", "received already"), ("cancelled", "cancelled")])
def test_a_return_that_is_done_cannot_be_received(
    tmp_path: Path, world: World, fresh: Seen, status: str, why: str
) -> None:
    with pytest.raises(VendorRefused, match=why):
        simulate.receive_return(world, first(fresh, "wms_returns", status)["id"], NOW)
    assert read_all(tmp_path) == fresh


def test_what_is_not_there_is_not_found_by_its_id(world: World) -> None:
    with pytest.raises(NotFound) as missing:
        simulate.fulfill_order(world, "order_id_100", False, NOW)
    assert missing.value.record_id == "order_id_100"
    with pytest.raises(NotFound):
        simulate.receive_return(world, "return_id_99", NOW)


def test_a_cart_order_of_nothing_is_generated_whole(tmp_path: Path, world: World) -> None:
    gid = simulate.create_cart_order(world, {}, NOW)["gid"]
    after = read_all(tmp_path)
    order = after["cart_orders"][gid]
    assert (order["status"], order["created_date"], order["shipments"]) == ("open", STAMP, [])
    assert order["line_items"]
    assert order["ship_to_address"]["email_address"].endswith("@example.com")
    assert broken(after) == []


def test_a_cart_order_takes_what_its_body_says(tmp_path: Path, world: World) -> None:
    body = {
        "order_number": "T-1",
        "requested_shipping_method": "2nd Day Air",
        "line_items": [
            {"product_id": "cart_product_id_0", "quantity": 3},
            {"product_id": "cart_product_id_15", "quantity": 1},
        ],
        "ship_to_address": {"full_name": "Ada L", "address1": "1 Mill St", "city": "Leeds", "country": "GB"},
    }
    gid = simulate.create_cart_order(world, body, NOW)["gid"]
    after = read_all(tmp_path)
    order = after["cart_orders"][gid]
    assert (order["order_number"], order["requested_shipping_method"]) == ("T-1", "2nd Day Air")
    assert [(line_item["product_sku"], line_item["quantity"]) for line_item in order["line_items"]] == [
        ("JLT-ASM-100", 3),
        ("JLT-KIT-TEA", 1),
    ]
    assert order["total_price"] == 3 * Decimal("9.50") + Decimal("49.00")
    address = order["ship_to_address"]
    assert (address["full_name"], address["address1"], address["state"]) == ("Ada L", "1 Mill St", None)
    assert broken(after) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"status": "fulfilled"}, "status"),
        ({"order_number": 7}, "order_number"),
        ({"order_number": "  "}, "order_number"),
        ({"order_number": "x" * 256}, "order_number"),
        ({"requested_shipping_method": "Pigeon"}, "requested_shipping_method"),
        ({"line_items": []}, "line_items"),
        ({"line_items": "all"}, "line_items"),
        ({"line_items": [{"product_id": "cart_product_id_0"}]}, "line_items"),
        ({"line_items": [{"product_id": "cart_product_id_0", "quantity": 0}]}, "line_items"),
        ({"line_items": [{"product_id": "cart_product_id_0", "quantity": True}]}, "line_items"),
        ({"line_items": [{"product_id": "cart_product_id_999", "quantity": 1}]}, "line_items"),
        ({"line_items": [{"product_id": "cart_product_id_17", "quantity": 1}]}, "line_items"),
        ({"ship_to_address": {"planet": "Mars"}}, "ship_to_address"),
        ({"ship_to_address": {"city": None}}, "ship_to_address"),
    ],
)
def test_a_cart_order_that_does_not_fit_is_refused_naming_the_field(
    tmp_path: Path, world: World, fresh: Seen, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        simulate.create_cart_order(world, body, NOW)
    assert list(refused.value.detail) == ["json"]
    assert list(refused.value.detail["json"]) == [field]
    assert read_all(tmp_path) == fresh


def test_a_cart_product_of_nothing_is_generated_and_its_own_parent(tmp_path: Path, world: World) -> None:
    cart_product = simulate.create_cart_product(world, {}, NOW)
    product = read_all(tmp_path)["cart_products"][cart_product["gid"]]
    assert product["parent_product_id"] == product["id"]
    assert (product["sku"], product["active"]) == ("SIM-0028", True)
    assert product["price"] > 0
    assert (product["created_date"], product["updated_date"]) == (STAMP, STAMP)


def test_a_cart_product_takes_what_its_body_says_and_can_be_ordered(tmp_path: Path, world: World) -> None:
    body = {
        "name": "Matcha 50 g",
        "sku": "MAT-50",
        "gtin": "400000000017",
        "price": 18.9,
        "unit_cost": 7,
        "inventory": 12,
        "active": False,
        "parent_product_id": "cart_product_id_17",
    }
    gid = simulate.create_cart_product(world, body, NOW)["gid"]
    line = {"product_id": gid, "quantity": 2}
    simulate.create_cart_order(world, {"line_items": [line]}, NOW)
    after = read_all(tmp_path)
    product = after["cart_products"][gid]
    assert {key: product[key] for key in body} == {**body, "price": Decimal("18.9"), "unit_cost": Decimal(7)}
    assert after["cart_orders"]["shopify_order_id_100"]["total_price"] == Decimal("37.8")
    assert broken(after) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "cart_product_id_0"}, "id"),
        ({"name": None}, "name"),
        ({"price": "9.50"}, "price"),
        ({"price": -1}, "price"),
        ({"price": 1.005}, "price"),
        ({"price": float("nan")}, "price"),
        ({"unit_cost": True}, "unit_cost"),
        ({"inventory": 1.5}, "inventory"),
        ({"inventory": -1}, "inventory"),
        ({"active": "yes"}, "active"),
        ({"parent_product_id": "nobody"}, "parent_product_id"),
        ({"parent_product_id": "cart_product_id_0"}, "parent_product_id"),
    ],
)
def test_a_cart_product_that_does_not_fit_is_refused_naming_the_field(
    world: World, body: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        simulate.create_cart_product(world, body, NOW)
    assert list(refused.value.detail["json"]) == [field]


def test_all_fields_that_do_not_fit_are_named_at_once(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        simulate.create_cart_product(world, {"price": -1, "sku": "", "size": 3}, NOW)
    assert set(refused.value.detail["json"]) == {"price", "sku", "size"}


def test_a_body_that_is_no_object_is_refused(world: World) -> None:
    body: Any = ["order"]
    with pytest.raises(Invalid, match="object"):
        simulate.create_cart_order(world, body, NOW)


def test_equal_worlds_simulate_equal_records(tmp_path: Path) -> None:
    current_world, other_world = open_world(tmp_path, "a1", 8, EPOCH), open_world(tmp_path, "a2", 8, EPOCH)
    for make in (simulate.create_cart_order, simulate.create_cart_product):
        assert make(current_world, {}, NOW) == make(other_world, {}, NOW)


ACTS = st.one_of(
    st.tuples(st.just("fulfill"), st.integers(0, 101), st.booleans()),
    st.tuples(st.just("receive"), st.integers(0, 12), st.just(False)),
    st.tuples(st.sampled_from(["order", "product"]), st.just(0), st.just(False)),
)


def act(world: World, name: str, number: int, partial: bool) -> None:
    """Does it; being refused is an answer too."""
    try:
        if name == "fulfill":
            simulate.fulfill_order(world, f"order_id_{number}", partial, NOW)
        elif name == "receive":
            simulate.receive_return(world, f"return_id_{number}", NOW)
        elif name == "order":
            simulate.create_cart_order(world, {}, NOW)
        else:
            simulate.create_cart_product(world, {}, NOW)
    except (VendorRefused, NotFound):
        return


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=1, max_size=30))
def test_a_world_holds_together_whatever_happens_in_it(
    template: Path, tmp_path: Path, acts: list[tuple[str, int, bool]]
) -> None:
    shutil.rmtree(tmp_path)
    world = copied(template, tmp_path)
    for name, number, partial in acts:
        act(world, name, number, partial)
    assert broken(read_all(tmp_path)) == []


def test_everything_open_can_be_sent_and_everything_coming_back_be_received(
    tmp_path: Path, world: World
) -> None:
    for number in range(100):
        act(world, "fulfill", number, True)
        act(world, "fulfill", number, False)
    for number in range(12):
        act(world, "receive", number, False)
    after = read_all(tmp_path)
    assert {wms_order["status"] for wms_order in after["wms_orders"].values()} == {"fulfilled", "cancelled"}
    assert {wms_return["status"] for wms_return in after["wms_returns"].values()} == {"received", "cancelled"}
    assert {entry["committed"] for entry in after["wms_inventory"].values()} == {0}
    assert broken(after) == []


KILLED = """
import sys
from datetime import datetime
from pathlib import Path
from crossdock.errors import VendorRefused
from crossdock.integrations.sandbox.operations import simulate
from crossdock.integrations.sandbox.generate.worlds import open_world
epoch = datetime.fromisoformat(sys.argv[3])
world = open_world(Path(sys.argv[1]), sys.argv[2], 1, epoch)
for number in range(100):
    try:
        simulate.fulfill_order(world, f"order_id_{number}", True, epoch)
        print(number, flush=True)
    except VendorRefused:
        pass
"""


@pytest.mark.parametrize("lines", [1, 4, 9])
def test_a_process_killed_between_two_lines_leaves_a_world_that_holds_together(
    tmp_path: Path, world: World, lines: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), WORLD, EPOCH.isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        readlines = [running.stdout.readline() for _ in range(lines)]
        running.kill()
    assert all(readlines)
    after = read_all(tmp_path)
    assert broken(after) == []
    for number in readlines:
        assert after["wms_orders"][f"order_id_{int(number)}"]["shipments"]
