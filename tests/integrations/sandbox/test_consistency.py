"""A sandbox world holds together: seen as its integrations read it, whatever the seed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossdock.integrations.sandbox.carrier.client import Source
from crossdock.kit.contract import Context, Page, Raw, Walk
from crossdock.kit.http import Http
from crossdock.kit.registry import all_integrations
from crossdock.resources.schema import Resource
from tests.fakes.files import TakenFiles

EPOCH = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
WORLD = "5a4d"
VERTICALS = ("wms", "cart", "carrier")

Fields = dict[str, Any]
Seen = dict[str, dict[str, Fields]]
"""Records as read, by id, by resource: seen["wms_orders"]["order_id_0"]."""


def resources(vertical: str) -> dict[str, Resource]:
    return {
        resource.name: resource for resource in all_integrations()[vertical, "sandbox"].resources.values()
    }


def client_of(folder: Path, vertical: str, seed: int = 1, epoch: datetime = EPOCH, world: str = WORLD) -> Any:
    mapping = {"world": world, "seed": str(seed), "epoch": epoch.isoformat()}
    return all_integrations()[vertical, "sandbox"].client(Context(mapping, Http.__new__(Http), folder))


def made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def reading(folder: Path, vertical: str, seed: int, epoch: datetime) -> Any:
    """A client that has all it reads: the carriers' comes as files."""
    if vertical != "carrier":
        return client_of(folder, vertical, seed, epoch)
    mapping = {"world": WORLD, "seed": str(seed), "epoch": epoch.isoformat()}
    context = Context(mapping, Http.__new__(Http), folder)
    carrier = all_integrations()["carrier", "sandbox"]
    files = await TakenFiles.of(Source(context, lambda: epoch), made(folder / f"files {seed}"))
    return carrier.client(replace(context, files=files))


async def pages_of(client: Any, name: str, walk: Walk) -> list[Page]:
    pages: AsyncIterator[Page] = getattr(client, name)(walk)
    return [page async for page in pages]


async def raws_of(client: Any, name: str, walk: Walk) -> list[Raw]:
    return [raw for page in await pages_of(client, name, walk) for raw in page.records]


def read_all(
    folder: Path, seed: int = 1, epoch: datetime = EPOCH, verticals: tuple[str, ...] = VERTICALS
) -> Seen:
    """The whole world through clients and mappings, each record held to its resource."""

    async def read() -> Seen:
        mapping: Seen = {}
        for vertical in verticals:
            integration = all_integrations()[vertical, "sandbox"]
            client = await reading(folder, vertical, seed, epoch)
            for name, resource in resources(vertical).items():
                records = [integration.reader(resource)(raw) for raw in await raws_of(client, name, Walk())]
                for fields in records:
                    shown = {key: value for key, value in fields.items() if key not in resource.hidden}
                    if not resource.has_id:
                        shown.pop("id")
                    msgspec.convert(shown, resource.record)
                mapping[resource.key] = {fields["id"]: fields for fields in records}
                assert len(mapping[resource.key]) == len(records)
        return mapping

    return asyncio.run(read())


@pytest.fixture(scope="module", params=[1, 2, 987654321])
def fields(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return read_all(tmp_path_factory.mktemp("world"), seed=request.param)


# What must hold, as functions that find what does not. The simulations are held to them too.


def exploded(mapping: Seen, product_id: str, units: int) -> Counter[str]:
    """The items of so many units of a product."""
    parts = mapping["wms_products"][product_id]["inventory_items"]
    return Counter({part["inventory_item_id"]: part["unit_quantity"] * units for part in parts})


def shipped(order: Fields) -> Counter[tuple[str, str | None]]:
    """Units that left, by (item, kit)."""
    counts: Counter[tuple[str, str | None]] = Counter()
    for shipment in order["shipments"]:
        for line in shipment["line_items"]:
            counts[line["inventory_item_id"], line["parent_product_id"]] += line["quantity"]
    return counts


def ordered(hand: Seen, order: Fields) -> Counter[tuple[str, str | None]]:
    """Units that were ordered, by (item, kit)."""
    counts: Counter[tuple[str, str | None]] = Counter()
    for line in order["line_items"]:
        kit = line["product_id"] if hand["wms_products"][line["product_id"]]["is_kit"] else None
        for item, units in exploded(hand, line["product_id"], line["quantity"]).items():
            counts[item, kit] += units
    return counts


def stock_that_does_not_add_up(mapping: Seen) -> Iterator[str]:
    for entry in mapping["wms_inventory"].values():
        if entry["onhand"] != entry["committed"] + entry["unfulfillable"] + entry["fulfillable"]:
            yield f"{entry['id']}: onhand is not committed + unfulfillable + fulfillable"
        figures = ("onhand", "committed", "unfulfillable", "fulfillable", "awaiting")
        if min(entry[name] for name in figures) < 0:
            yield f"{entry['id']}: a figure is negative"


def places_that_do_not_add_up(mapping: Seen) -> Iterator[str]:
    for entry in mapping["wms_inventory"].values():
        warehouses = {key: item["onhand"] for key, item in entry["inventory_by_warehouse_id"].items()}
        if sum(warehouses.values()) != entry["onhand"]:
            yield f"{entry['id']}: warehouses do not sum to onhand"
        for name, quantity in (("locations", "quantity"), ("lots", "onhand")):
            if not entry[name] and name == "lots" and not entry["additional_fields"]["lot_tracked"]:
                continue
            by_warehouse: Counter[str] = Counter(dict.fromkeys(warehouses, 0))
            for item in entry[name]:
                by_warehouse[item["warehouse_id"]] += item[quantity]
            if dict(by_warehouse) != warehouses:
                yield f"{entry['id']}: {name} do not sum to the warehouses' onhand"


def promises_without_orders(mapping: Seen) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for order in mapping["wms_orders"].values():
        # An order that waits for stock has none yet.
        if order["status"] in ("cancelled", "fulfilled") or order["raw_status"] == "WAITING":
            continue
        for (item, _), units in (ordered(mapping, order) - shipped(order)).items():
            counts[item] += units
    for entry in mapping["wms_inventory"].values():
        if entry["committed"] != counts[entry["id"]]:
            yield f"{entry['id']}: {entry['committed']} committed, open orders want {counts[entry['id']]}"


def shipments_that_do_not_match(mapping: Seen) -> Iterator[str]:
    for order in mapping["wms_orders"].values():
        want, remaining_counts = ordered(mapping, order), shipped(order)
        is_right = {
            "fulfilled": remaining_counts == want,
            "partially_fulfilled": remaining_counts != want
            and remaining_counts <= want
            and remaining_counts.total() > 0,
        }.get(order["status"], not order["shipments"])
        if not is_right:
            yield f"{order['id']}: {order['status']}, but sent {dict(remaining_counts)} of {dict(want)}"
        for shipment in order["shipments"]:
            packed: Counter[tuple[str, str | None]] = Counter()
            for line in (line for package in shipment["packages"] for line in package["line_items"]):
                packed[line["inventory_item_id"], line["parent_product_id"]] += line["quantity"]
            if packed != shipped({"shipments": [shipment]}):
                yield f"{order['id']}: its packages do not hold what {shipment['shipment_id']} says"


def ledgers_that_do_not_sum(mapping: Seen) -> Iterator[str]:
    by_item: Counter[str] = Counter()
    by_warehouse: Counter[tuple[str, str]] = Counter()
    by_location: Counter[tuple[str, str]] = Counter()
    for entry in mapping["wms_inventory_ledger"].values():
        item = entry["inventory_item_id"]
        by_item[item] += entry["quantity"]
        by_warehouse[item, entry["warehouse_id"]] += entry["quantity"]
        by_location[item, entry["location_id"]] += entry["quantity"]
    for current_entry in mapping["wms_inventory"].values():
        if by_item[current_entry["id"]] != current_entry["onhand"]:
            figures = f"{current_entry['onhand']} on hand, the ledger says {by_item[current_entry['id']]}"
            yield f"{current_entry['id']}: {figures}"
        for warehouse, figures in current_entry["inventory_by_warehouse_id"].items():
            if by_warehouse[current_entry["id"], warehouse] != figures["onhand"]:
                yield f"{current_entry['id']}: the ledger differs in {warehouse}"
        held = {location["location_id"]: location["quantity"] for location in current_entry["locations"]}
        entered = {
            position: n for (item, position), n in by_location.items() if item == current_entry["id"] and n
        }
        if held != entered:
            yield f"{current_entry['id']}: the ledger differs by location"


Moved = Counter[tuple[str, str, str, str]]
"""Units by (kind, record, time, item)."""


def moved_by_records(mapping: Seen) -> Moved:
    """What orders and inbound shipments say about stock."""
    moved: Moved = Counter()
    for order in mapping["wms_orders"].values():
        for shipment in order["shipments"]:
            for line in shipment["line_items"]:
                item = line["inventory_item_id"]
                moved["order", order["id"], shipment["shipped_date"], item] -= line["quantity"]
    for inbound in mapping["wms_inbound_shipments"].values():
        for receipt in inbound["receipts"]:
            for line in receipt["line_items"]:
                item = line["inventory_item_id"]
                moved["inbound_shipment", inbound["id"], receipt["arrived_date"], item] += line["quantity"]
    return moved


def ledgers_that_tell_another_story(mapping: Seen) -> Iterator[str]:
    """The ledger and the orders and inbound shipments, against each other, to the second."""
    moved: Moved = Counter()
    for entry in mapping["wms_inventory_ledger"].values():
        if entry["object_type"] in ("order", "inbound_shipment"):
            item = entry["inventory_item_id"]
            moved[entry["object_type"], entry["object_id"], entry["entry_date"], item] += entry["quantity"]
    happened = moved_by_records(mapping)
    for key in moved.keys() | happened.keys():
        if moved[key] != happened[key]:
            yield f"{key}: {moved[key]} in the ledger, {happened[key]} in the record"


def deliveries_that_do_not_add_up(mapping: Seen) -> Iterator[str]:
    coming: Counter[str] = Counter()
    for wms_inbound_shipment in mapping["wms_inbound_shipments"].values():
        received: Counter[str] = Counter()
        for line in (line for receipt in wms_inbound_shipment["receipts"] for line in receipt["line_items"]):
            received[line["inventory_item_id"]] += line["quantity"]
        for line in wms_inbound_shipment["line_items"]:
            if received[line["inventory_item_id"]] != line["received_quantity"]:
                yield f"{wms_inbound_shipment['id']}: receipts do not sum to what was received"
            if line["received_quantity"] > line["expected_quantity"]:
                yield f"{wms_inbound_shipment['id']}: more received than expected"
            if wms_inbound_shipment["status"] in ("open", "in-transit", "receiving"):
                coming[line["inventory_item_id"]] += line["expected_quantity"] - line["received_quantity"]
    for item in mapping["wms_inventory"].values():
        if item["awaiting"] != coming[item["id"]]:
            yield f"{item['id']}: {item['awaiting']} awaited, {coming[item['id']]} are on their way"


def by_item(lines: list[Fields], name: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for line in lines:
        counts[line["inventory_item_id"]] += line[name]
    return counts


def return_lines_that_do_not_fit(mapping: Seen) -> Iterator[str]:
    for wms_return in mapping["wms_returns"].values():
        for line in wms_return["line_items"]:
            if not 0 <= line["restocked_quantity"] <= line["received_quantity"] <= line["expected_quantity"]:
                yield f"{wms_return['id']}: restocked <= received <= expected does not hold"
            if wms_return["status"] == "received" and line["received_quantity"] != line["expected_quantity"]:
                yield f"{wms_return['id']}: received, but not all of it"
            if bool(line["received_quantity"]) != (line["returned_date"] is not None):
                yield f"{wms_return['id']}: a date without units, or units without a date"


def returns_that_do_not_add_up(mapping: Seen) -> Iterator[str]:
    for wms_return in mapping["wms_returns"].values():
        if wms_return["order_id"] is None:
            continue
        order = mapping["wms_orders"][wms_return["order_id"]]
        sent = by_item(
            [line for shipment in order["shipments"] for line in shipment["line_items"]], "quantity"
        )
        if not by_item(wms_return["line_items"], "expected_quantity") <= sent:
            yield f"{wms_return['id']}: more comes back than was sent"
        entries = [
            entry
            for entry in mapping["wms_inventory_ledger"].values()
            if entry["object_id"] == wms_return["id"]
        ]
        if by_item(entries, "quantity") != by_item(wms_return["line_items"], "received_quantity"):
            yield f"{wms_return['id']}: the ledger says otherwise"


REFERENCES = {
    "warehouse_customer_id": "wms_warehouse_customers",
    "warehouse_id": "wms_warehouses",
    "product_id": "wms_products",
    "parent_product_id": "wms_products",
    "inventory_item_id": "wms_inventory",
    "location_id": "wms_warehouse_locations",
    "supplier_id": "wms_inbound_shipment_suppliers",
    "channel_id": "wms_order_channels",
    "shipping_method_id": "wms_shipping_methods",
    "order_id": "wms_orders",
}
CART_REFERENCES = {
    "warehouse_customer_id": "wms_warehouse_customers",
    "warehouse_id": "cart_warehouses",
    "product_id": "cart_products",
    "parent_product_id": "cart_products",
    "shipping_method_id": "wms_shipping_methods",
}
WORKED_ON = ("associated_object_type", "associated_object_id")
OBJECTS = {
    "order": "wms_orders",
    "inbound_shipment": "wms_inbound_shipments",
    "return": "wms_returns",
    "inventory": "wms_inventory",
}


def members(value: Any, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every (path, key, value) of a record, at any depth, but for what only the vendor understands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("additional_fields", "raw"):
                continue
            yield f"{path}.{key}", key, inner
            yield from members(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from members(item, path)


def references_to_nothing(mapping: Seen) -> Iterator[str]:
    for resource, records in mapping.items():
        known_references = REFERENCES if resource.startswith("wms") else CART_REFERENCES
        for record in records.values():
            for path, key, value in members(record):
                if (
                    key in known_references
                    and value is not None
                    and value not in mapping[known_references[key]]
                ):
                    yield f"{resource} {record['id']}{path}: there is no {value}"
                if (
                    key == "inventory_by_warehouse_id"
                    and not value.keys() <= mapping[known_references["warehouse_id"]].keys()
                ):
                    yield f"{resource} {record['id']}: a warehouse that is not there"
            for kind, name in (("object_type", "object_id"), WORKED_ON):
                if record.get(name) is not None and record[name] not in mapping[OBJECTS[record[kind]]]:
                    yield f"{resource} {record['id']}: there is no {record[kind]} {record[name]}"
    if not mapping["wms_order_packs"].keys() <= mapping["wms_orders"].keys():
        yield "packs of an order that is not there"


def totals_off_by_a_cent(mapping: Seen) -> Iterator[str]:
    for resource, discount in (("wms_orders", "discount_amount"), ("cart_orders", "discount")):
        for entry in mapping[resource].values():
            goods = sum((line["unit_price"] * line["quantity"] for line in entry["line_items"]), Decimal(0))
            discounts = sum((line[discount] for line in entry["line_items"]), Decimal(0))
            total = goods - discounts + entry["total_tax"] + entry["total_shipping"]
            if discounts != entry["total_discount"] or total != entry["total_price"]:
                yield f"{resource} {entry['id']}: {total} is not {entry['total_price']}"
            taxes = [line["tax"] for line in entry["line_items"] if "tax" in line]
            if taxes and sum(taxes) != entry["total_tax"]:
                yield f"{entry['id']}: the lines' tax is not the order's"
            if total != round(total, 2):
                yield f"{entry['id']}: a fraction of a cent"


PLANNED = {"required_ship_date", "expected_arrival_date", "expiration_date", "latest_ship_date"}


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def times_out_of_order(mapping: Seen) -> Iterator[str]:
    for resource, records in mapping.items():
        for record in records.values():
            if "created_date" in record and record["updated_date"] < record["created_date"]:
                yield f"{resource} {record['id']}: updated before it was created"
            for path, key, value in members(record):
                is_time = key.endswith(("_date", "_time")) and value is not None
                if (
                    is_time
                    and key not in PLANNED
                    and "updated_date" in record
                    and value > record["updated_date"]
                ):
                    yield f"{resource} {record['id']}{path}: after its last update"
                if is_time and key in ("shipped_date", "arrived_date") and value < record["created_date"]:
                    yield f"{resource} {record['id']}{path}: before it was created"


INVARIANTS: tuple[Callable[[Seen], Iterator[str]], ...] = (
    stock_that_does_not_add_up,
    places_that_do_not_add_up,
    promises_without_orders,
    shipments_that_do_not_match,
    ledgers_that_do_not_sum,
    ledgers_that_tell_another_story,
    deliveries_that_do_not_add_up,
    return_lines_that_do_not_fit,
    returns_that_do_not_add_up,
    references_to_nothing,
    totals_off_by_a_cent,
    times_out_of_order,
)


def broken(mapping: Seen) -> list[str]:
    """Everything that does not hold."""
    return [fault for find in INVARIANTS for fault in find(mapping)]


def test_onhand_is_committed_plus_unfulfillable_plus_fulfillable(fields: Seen) -> None:
    assert list(stock_that_does_not_add_up(fields)) == []


def test_warehouses_lots_and_locations_each_sum_to_onhand(fields: Seen) -> None:
    assert list(places_that_do_not_add_up(fields)) == []


def test_committed_is_what_open_orders_wait_for_with_kits_taken_apart(fields: Seen) -> None:
    assert list(promises_without_orders(fields)) == []


def test_shipments_hold_all_of_a_fulfilled_order_and_some_of_a_partially_fulfilled_one(fields: Seen) -> None:
    assert list(shipments_that_do_not_match(fields)) == []


def test_ledger_entries_sum_to_the_stock_of_each_item_warehouse_and_location(fields: Seen) -> None:
    assert list(ledgers_that_do_not_sum(fields)) == []


def test_the_ledger_tells_of_shipments_and_receipts_to_the_second(fields: Seen) -> None:
    assert list(ledgers_that_tell_another_story(fields)) == []


def test_receipts_sum_to_what_was_received_and_awaiting_is_what_is_still_to_come(fields: Seen) -> None:
    assert list(deliveries_that_do_not_add_up(fields)) == []


def test_returns_restock_no_more_than_they_received_and_receive_no_more_than_expected(fields: Seen) -> None:
    assert list(return_lines_that_do_not_fit(fields)) == []


def test_no_return_brings_back_more_than_was_sent_and_the_ledger_has_what_it_brought(fields: Seen) -> None:
    assert list(returns_that_do_not_add_up(fields)) == []


def test_every_id_that_a_record_names_is_there(fields: Seen) -> None:
    assert list(references_to_nothing(fields)) == []


def test_order_totals_add_up_to_the_cent(fields: Seen) -> None:
    assert list(totals_off_by_a_cent(fields)) == []


def test_no_record_was_updated_before_it_was_created_or_before_what_it_tells_of(fields: Seen) -> None:
    assert list(times_out_of_order(fields)) == []


def test_all_that_happened_lies_in_the_28_days_before_the_epoch(fields: Seen) -> None:
    for records in fields.values():
        for record in records.values():
            for path, key, value in members(record):
                if key.endswith(("_date", "_time")) and key not in PLANNED and value is not None:
                    # A day in an invoice file is its midnight.
                    latest = EPOCH - timedelta(days=28, hours=24 if key == "transaction_date" else 0)
                    assert latest <= time_of(value) <= EPOCH, (record["id"], path)


@pytest.mark.parametrize("seed", range(3, 15))
def test_everything_holds_whatever_the_seed(tmp_path: Path, seed: int) -> None:
    assert broken(read_all(tmp_path, seed=seed)) == []
