"""A sandbox world holds what people need to try things out, in every status there is."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from crossdock.resources.cart.orders import CartOrderStatus, CartShipmentStatus
from crossdock.resources.wms.inbound_shipments import InboundShipmentStatus
from crossdock.resources.wms.inventory_ledger import LedgerEventType
from crossdock.resources.wms.labor_activities import LaborActivityType
from crossdock.resources.wms.orders import OrderStatus, OrderType
from crossdock.resources.wms.returns import ReturnStatus
from tests.parts.test_sandbox_consistency import EPOCH, Seen, ordered, read_all, shipped


@pytest.fixture(scope="module", params=[1, 987654321])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return read_all(tmp_path_factory.mktemp("world"), seed=request.param)


def statuses(seen: Seen, resource: str, name: str = "status") -> Counter[str]:
    return Counter(one[name] for one in seen[resource].values())


def test_there_are_100_orders_and_every_status_and_type_is_among_them(seen: Seen) -> None:
    found = statuses(seen, "wms_orders")
    assert set(found) == set(get_args(OrderStatus))
    assert found.total() == 100
    assert min(found.values()) >= 4
    assert set(statuses(seen, "wms_orders", "type")) == set(get_args(OrderType))


def test_orders_are_numbered_as_the_platform_shows_them(seen: Seen) -> None:
    first = seen["wms_orders"]["order_id_0"]
    assert (first["order_number"], first["reference_id"]) == ("order_number_0", "shopify_order_id_0")
    assert {one["name"] for one in seen["wms_order_channels"].values()} >= {"channel_A", "channel_B"}


def test_an_order_in_a_state_nobody_knows_is_other_and_keeps_its_word(seen: Seen) -> None:
    words = {one["raw_status"] for one in seen["wms_orders"].values() if one["status"] == "other"}
    assert words == {"CUSTOMS_REVIEW"}


def test_a_fulfilled_or_picked_order_can_be_told_from_its_lines(seen: Seen) -> None:
    for one in seen["wms_orders"].values():
        if one["status"] in ("picked", "packed", "fulfilled"):
            assert all(line["is_picked"] for line in one["line_items"])
        if one["status"] in ("open", "confirmed", "backordered"):
            assert not any(line["is_picked"] for line in one["line_items"])


def test_a_backordered_order_waits_for_what_its_warehouse_has_none_of(seen: Seen) -> None:
    for one in seen["wms_orders"].values():
        if one["status"] == "backordered":
            items = {item for item, _ in ordered(seen, one)}
            stock = [seen["wms_inventory"][item]["inventory_by_warehouse_id"] for item in items]
            assert any(each[one["warehouse_id"]]["onhand"] == 0 for each in stock)


def test_every_order_can_be_split(seen: Seen) -> None:
    for one in seen["wms_orders"].values():
        assert sum(line["quantity"] for line in one["line_items"]) >= 2


def test_there_are_17_products_of_which_two_are_kits_of_several_items(seen: Seen) -> None:
    kits = [one for one in seen["wms_products"].values() if one["is_kit"]]
    assert (len(seen["wms_products"]), len(kits)) == (17, 2)
    assert all(len(kit["inventory_items"]) > 1 for kit in kits)
    assert len(seen["wms_inventory"]) == 15


def test_some_lots_expire_and_some_items_have_none(seen: Seen) -> None:
    lots = [lot for one in seen["wms_inventory"].values() for lot in one["lots"]]
    assert {lot["expiration_date"] is None for lot in lots} == {True, False}
    assert any(not one["lots"] for one in seen["wms_inventory"].values())


def test_there_are_two_warehouses_with_places_and_three_customers(seen: Seen) -> None:
    assert (len(seen["wms_warehouses"]), len(seen["wms_warehouse_customers"])) == (2, 3)
    places = Counter(one["warehouse_id"] for one in seen["wms_warehouse_locations"].values())
    assert all(count >= 10 for count in places.values())


def test_returns_and_inbound_shipments_come_in_every_status(seen: Seen) -> None:
    assert set(statuses(seen, "wms_returns")) == set(get_args(ReturnStatus))
    assert set(statuses(seen, "wms_inbound_shipments")) == set(get_args(InboundShipmentStatus))
    assert len(seen["wms_returns"]) >= 5
    assert len(seen["wms_inbound_shipments"]) >= 8


def test_the_ledger_has_every_type_of_event_and_labor_every_kind_of_work(seen: Seen) -> None:
    assert set(statuses(seen, "wms_inventory_ledger", "event_type")) == set(get_args(LedgerEventType))
    assert set(statuses(seen, "wms_labor_activities", "activity_type")) == set(get_args(LaborActivityType))


def test_orders_being_worked_on_have_planned_parcels_of_what_is_left_to_send(seen: Seen) -> None:
    being_worked_on = {"processing", "picked", "packed", "partially_fulfilled"}
    orders = {one["id"]: one for one in seen["wms_orders"].values() if one["status"] in being_worked_on}
    assert seen["wms_order_packs"].keys() == orders.keys()
    for order_id, packs in seen["wms_order_packs"].items():
        planned: Counter[str] = Counter()
        for line in (line for pack in packs["packs"] for line in pack["line_items"]):
            planned[line["inventory_item_id"]] += line["quantity"]
        left: Counter[str] = Counter()
        for (item, _), units in (ordered(seen, orders[order_id]) - shipped(orders[order_id])).items():
            left[item] += units
        assert planned == left


def test_what_was_sent_received_and_returned_was_billed(seen: Seen) -> None:
    billed = {(one["object_type"], one["object_id"]) for one in seen["wms_bills"].values()}
    for order_id, one in seen["wms_orders"].items():
        assert (("order", order_id) in billed) == bool(one["shipments"])
    for inbound_id, one in seen["wms_inbound_shipments"].items():
        assert (("inbound_shipment", inbound_id) in billed) == bool(one["receipts"])


def test_the_shop_has_orders_in_every_status(seen: Seen) -> None:
    assert set(statuses(seen, "cart_orders")) == set(get_args(CartOrderStatus))
    assert len(seen["cart_orders"]) >= 60
    deliveries = [one for order in seen["cart_orders"].values() for one in order["shipments"]]
    groups = [one for order in seen["cart_orders"].values() for one in order["shipping_groups"]]
    assert {one["status"] for one in [*deliveries, *groups]} <= set(get_args(CartShipmentStatus))
    assert {one["status"] for one in deliveries} >= {"shipped", "delivered"}


def test_an_order_of_the_shop_is_the_warehouse_order_that_refers_to_it(seen: Seen) -> None:
    by_reference = {one["reference_id"]: one for one in seen["wms_orders"].values()}
    for cart_order in seen["cart_orders"].values():
        order = by_reference[cart_order["id"]]
        assert cart_order["total_price"] == order["total_price"]
        assert [(line["product_sku"], line["quantity"]) for line in cart_order["line_items"]] == [
            (line["sku"], line["quantity"]) for line in order["line_items"]
        ]
        sent = [one["tracking_number"] for one in cart_order["shipments"]]
        assert sent == [one["packages"][0]["tracking_number"] for one in order["shipments"]]


def test_a_parent_product_is_its_own_parent_and_has_variants(seen: Seen) -> None:
    products = seen["cart_products"]
    parents = {one["id"] for one in products.values() if one["parent_product_id"] == one["id"]}
    variants = {one["id"] for one in products.values()} - parents
    assert {products[one]["parent_product_id"] for one in variants} == parents
    assert {products[one]["sku"] for one in variants} == {one["sku"] for one in seen["wms_products"].values()}
    assert len(seen["cart_warehouses"]) == 2


def test_a_products_stock_is_the_sum_over_the_shops_places(seen: Seen) -> None:
    for one in seen["cart_products"].values():
        if one["inventory"] is not None:
            assert one["inventory"] == sum(one["inventory_by_warehouse_id"].values())


AFTERTHOUGHTS = {"Shipping Charge Correction", "Service Refund", "Address Correction"}


def test_the_charges_of_a_parcel_add_up_to_what_the_warehouse_says_it_cost(seen: Seen) -> None:
    cost: dict[str, Decimal] = {}
    for order in seen["wms_orders"].values():
        for package in (package for shipment in order["shipments"] for package in shipment["packages"]):
            if package["shipping_cost"] is not None:
                cost[package["tracking_number"]] = package["shipping_cost"]
    for one in seen["wms_returns"].values():
        cost |= {parcel["tracking_number"]: parcel["shipping_cost"] for parcel in one["shipments"]}
    charged: dict[str, Decimal] = defaultdict(Decimal)
    for line in seen["carrier_invoice_line_items"].values():
        if line["tracking_number"] and line["charge_description"] not in AFTERTHOUGHTS:
            charged[line["tracking_number"]] += line["net_cost"]
    strangers = charged.keys() - cost.keys()  # parcels that the carrier charges and nobody sent
    assert 1 <= len(strangers) <= 3
    assert len(charged) >= 40
    assert {track: cost[track] for track in charged if track not in strangers} == {
        track: amount for track, amount in charged.items() if track not in strangers
    }


def test_invoice_lines_keep_their_row_as_texts_and_their_accounts_leading_zeros(seen: Seen) -> None:
    lines = list(seen["carrier_invoice_line_items"].values())
    assert len(lines) >= 200
    assert all(
        isinstance(cell, str) for line in lines for name, cell in line["raw"].items() if name != "crossdock"
    )
    assert {line["account_id"] for line in lines} >= {"0000X4R917", "0938450012"}
    assert len({line["invoice_id"] for line in lines}) >= 16
    assert any(line["gross_cost"] > line["net_cost"] for line in lines)
    assert any(line["net_cost"] < 0 for line in lines)
    assert any(line["tracking_number"] is None for line in lines)


def shifted(value: Any, by: timedelta) -> Any:
    """The same record at another time: every time in it moved."""
    if isinstance(value, dict):
        return {key: shifted(inner, by) for key, inner in value.items()}
    if isinstance(value, list):
        return [shifted(one, by) for one in value]
    if isinstance(value, str) and value[:2] == "20" and len(value) in (10, 20, 27):
        form = {10: "%Y-%m-%d", 20: "%Y-%m-%dT%H:%M:%SZ", 27: "%Y-%m-%dT%H:%M:%S.%fZ"}[len(value)]
        return (datetime.strptime(value, form) + by).strftime(form)
    return value


def test_equal_seeds_give_equal_worlds_but_for_their_dates(tmp_path: Path) -> None:
    one = read_all(tmp_path / "one", seed=4, epoch=EPOCH)
    other = read_all(tmp_path / "other", seed=4, epoch=EPOCH + timedelta(days=45))
    assert shifted(one, timedelta(days=45)) == other


def test_other_seeds_give_other_worlds(tmp_path: Path) -> None:
    one, other = read_all(tmp_path / "one", seed=4), read_all(tmp_path / "other", seed=5)
    assert one["wms_orders"] != other["wms_orders"]
    assert one["wms_inventory"] != other["wms_inventory"]
