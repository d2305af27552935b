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
from tests.integrations.sandbox.test_consistency import EPOCH, Seen, ordered, read_all, shipped


@pytest.fixture(scope="module", params=[1, 987654321])
def fields(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return read_all(tmp_path_factory.mktemp("world"), seed=request.param)


def statuses(mapping: Seen, resource: str, name: str = "status") -> Counter[str]:
    return Counter(entry[name] for entry in mapping[resource].values())


def test_there_are_100_orders_and_every_status_and_type_is_among_them(fields: Seen) -> None:
    counts = statuses(fields, "wms_orders")
    assert set(counts) == set(get_args(OrderStatus))
    assert counts.total() == 100
    assert min(counts.values()) >= 4
    assert set(statuses(fields, "wms_orders", "type")) == set(get_args(OrderType))


def test_orders_are_numbered_as_the_platform_shows_them(fields: Seen) -> None:
    first = fields["wms_orders"]["order_id_0"]
    assert (first["order_number"], first["reference_id"]) == ("order_number_0", "shopify_order_id_0")
    assert {wms_order_channel["name"] for wms_order_channel in fields["wms_order_channels"].values()} >= {
        "channel_A",
        "channel_B",
    }


def test_an_order_in_a_state_nobody_knows_is_other_and_keeps_its_word(fields: Seen) -> None:
    words = {
        wms_order["raw_status"]
        for wms_order in fields["wms_orders"].values()
        if wms_order["status"] == "other"
    }
    assert words == {"CUSTOMS_REVIEW"}


def test_a_fulfilled_or_picked_order_can_be_told_from_its_lines(fields: Seen) -> None:
    for wms_order in fields["wms_orders"].values():
        if wms_order["status"] in ("picked", "packed", "fulfilled"):
            assert all(line["is_picked"] for line in wms_order["line_items"])
        if wms_order["status"] in ("open", "confirmed", "backordered"):
            assert not any(line["is_picked"] for line in wms_order["line_items"])


def test_a_backordered_order_waits_for_what_its_warehouse_has_none_of(fields: Seen) -> None:
    for wms_order in fields["wms_orders"].values():
        if wms_order["status"] == "backordered":
            items = {item for item, _ in ordered(fields, wms_order)}
            stock = [fields["wms_inventory"][item]["inventory_by_warehouse_id"] for item in items]
            assert any(item[wms_order["warehouse_id"]]["onhand"] == 0 for item in stock)


def test_every_order_can_be_split(fields: Seen) -> None:
    for wms_order in fields["wms_orders"].values():
        assert sum(line["quantity"] for line in wms_order["line_items"]) >= 2


def test_there_are_17_products_of_which_two_are_kits_of_several_items(fields: Seen) -> None:
    kits = [wms_product for wms_product in fields["wms_products"].values() if wms_product["is_kit"]]
    assert (len(fields["wms_products"]), len(kits)) == (17, 2)
    assert all(len(kit["inventory_items"]) > 1 for kit in kits)
    assert len(fields["wms_inventory"]) == 15


def test_some_lots_expire_and_some_items_have_none(fields: Seen) -> None:
    lots = [lot for entry in fields["wms_inventory"].values() for lot in entry["lots"]]
    assert {lot["expiration_date"] is None for lot in lots} == {True, False}
    assert any(not entry["lots"] for entry in fields["wms_inventory"].values())


def test_there_are_two_warehouses_with_places_and_three_customers(fields: Seen) -> None:
    assert (len(fields["wms_warehouses"]), len(fields["wms_warehouse_customers"])) == (2, 3)
    counts = Counter(
        wms_warehouse_location["warehouse_id"]
        for wms_warehouse_location in fields["wms_warehouse_locations"].values()
    )
    assert all(count >= 10 for count in counts.values())


def test_returns_and_inbound_shipments_come_in_every_status(fields: Seen) -> None:
    assert set(statuses(fields, "wms_returns")) == set(get_args(ReturnStatus))
    assert set(statuses(fields, "wms_inbound_shipments")) == set(get_args(InboundShipmentStatus))
    assert len(fields["wms_returns"]) >= 5
    assert len(fields["wms_inbound_shipments"]) >= 8


def test_the_ledger_has_every_type_of_event_and_labor_every_kind_of_work(fields: Seen) -> None:
    assert set(statuses(fields, "wms_inventory_ledger", "event_type")) == set(get_args(LedgerEventType))
    assert set(statuses(fields, "wms_labor_activities", "activity_type")) == set(get_args(LaborActivityType))


def test_orders_being_worked_on_have_planned_parcels_of_what_is_left_to_send(fields: Seen) -> None:
    being_worked_on = {"processing", "picked", "packed", "partially_fulfilled"}
    orders = {
        wms_order["id"]: wms_order
        for wms_order in fields["wms_orders"].values()
        if wms_order["status"] in being_worked_on
    }
    assert fields["wms_order_packs"].keys() == orders.keys()
    for order_id, packs in fields["wms_order_packs"].items():
        planned: Counter[str] = Counter()
        for line in (line for pack in packs["packs"] for line in pack["line_items"]):
            planned[line["inventory_item_id"]] += line["quantity"]
        remaining_counts: Counter[str] = Counter()
        for (item, _), units in (ordered(fields, orders[order_id]) - shipped(orders[order_id])).items():
            remaining_counts[item] += units
        assert planned == remaining_counts


def test_what_was_sent_received_and_returned_was_billed(fields: Seen) -> None:
    billed = {(wms_bill["object_type"], wms_bill["object_id"]) for wms_bill in fields["wms_bills"].values()}
    for order_id, wms_order in fields["wms_orders"].items():
        assert (("order", order_id) in billed) == bool(wms_order["shipments"])
    for inbound_id, wms_inbound_shipment in fields["wms_inbound_shipments"].items():
        assert (("inbound_shipment", inbound_id) in billed) == bool(wms_inbound_shipment["receipts"])


def test_the_shop_has_orders_in_every_status(fields: Seen) -> None:
    assert set(statuses(fields, "cart_orders")) == set(get_args(CartOrderStatus))
    assert len(fields["cart_orders"]) >= 60
    deliveries = [shipment for order in fields["cart_orders"].values() for shipment in order["shipments"]]
    groups = [
        shipping_group
        for order in fields["cart_orders"].values()
        for shipping_group in order["shipping_groups"]
    ]
    assert {delivery["status"] for delivery in [*deliveries, *groups]} <= set(get_args(CartShipmentStatus))
    assert {delivery["status"] for delivery in deliveries} >= {"shipped", "delivered"}


def test_an_order_of_the_shop_is_the_warehouse_order_that_refers_to_it(fields: Seen) -> None:
    by_reference = {wms_order["reference_id"]: wms_order for wms_order in fields["wms_orders"].values()}
    for cart_order in fields["cart_orders"].values():
        order = by_reference[cart_order["id"]]
        assert cart_order["total_price"] == order["total_price"]
        assert [(line["product_sku"], line["quantity"]) for line in cart_order["line_items"]] == [
            (line["sku"], line["quantity"]) for line in order["line_items"]
        ]
        sent = [shipment["tracking_number"] for shipment in cart_order["shipments"]]
        assert sent == [shipment["packages"][0]["tracking_number"] for shipment in order["shipments"]]


def test_a_parent_product_is_its_own_parent_and_has_variants(fields: Seen) -> None:
    products = fields["cart_products"]
    parents = {
        product["id"] for product in products.values() if product["parent_product_id"] == product["id"]
    }
    variants = {product["id"] for product in products.values()} - parents
    assert {products[variant]["parent_product_id"] for variant in variants} == parents
    assert {products[variant]["sku"] for variant in variants} == {
        wms_product["sku"] for wms_product in fields["wms_products"].values()
    }
    assert len(fields["cart_warehouses"]) == 2


def test_a_products_stock_is_the_sum_over_the_shops_places(fields: Seen) -> None:
    for cart_product in fields["cart_products"].values():
        if cart_product["inventory"] is not None:
            assert cart_product["inventory"] == sum(cart_product["inventory_by_warehouse_id"].values())


AFTERTHOUGHTS = {"Shipping Charge Correction", "Service Refund", "Address Correction"}


def test_the_charges_of_a_parcel_add_up_to_what_the_warehouse_says_it_cost(fields: Seen) -> None:
    cost: dict[str, Decimal] = {}
    for order in fields["wms_orders"].values():
        for package in (package for shipment in order["shipments"] for package in shipment["packages"]):
            if package["shipping_cost"] is not None:
                cost[package["tracking_number"]] = package["shipping_cost"]
    for wms_return in fields["wms_returns"].values():
        cost |= {parcel["tracking_number"]: parcel["shipping_cost"] for parcel in wms_return["shipments"]}
    charged: dict[str, Decimal] = defaultdict(Decimal)
    for line in fields["carrier_invoice_line_items"].values():
        if line["tracking_number"] and line["charge_description"] not in AFTERTHOUGHTS:
            charged[line["tracking_number"]] += line["net_cost"]
    strangers = charged.keys() - cost.keys()  # parcels that the carrier charges and nobody sent
    assert 1 <= len(strangers) <= 3
    assert len(charged) >= 40
    assert {track: cost[track] for track in charged if track not in strangers} == {
        track: amount for track, amount in charged.items() if track not in strangers
    }


def test_invoice_lines_keep_their_row_as_texts_and_their_accounts_leading_zeros(fields: Seen) -> None:
    lines = list(fields["carrier_invoice_line_items"].values())
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
        return [shifted(item, by) for item in value]
    if isinstance(value, str) and value[:2] == "20" and len(value) in (10, 20, 27):
        form = {10: "%Y-%m-%d", 20: "%Y-%m-%dT%H:%M:%SZ", 27: "%Y-%m-%dT%H:%M:%S.%fZ"}[len(value)]
        return (datetime.strptime(value, form) + by).strftime(form)
    return value


def test_equal_seeds_give_equal_worlds_but_for_their_dates(tmp_path: Path) -> None:
    body = read_all(tmp_path / "one", seed=4, epoch=EPOCH)
    other_body = read_all(tmp_path / "other", seed=4, epoch=EPOCH + timedelta(days=45))
    assert shifted(body, timedelta(days=45)) == other_body


def test_other_seeds_give_other_worlds(tmp_path: Path) -> None:
    mapping, other_fields = read_all(tmp_path / "one", seed=4), read_all(tmp_path / "other", seed=5)
    assert mapping["wms_orders"] != other_fields["wms_orders"]
    assert mapping["wms_inventory"] != other_fields["wms_inventory"]
