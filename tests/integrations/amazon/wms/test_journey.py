"""What is Amazon's own of its warehouses: tokens of seconds, reports that are waited for, plans that fail."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from crossdock.errors import VendorNonsense
from crossdock.integrations.amazon.wms import reports
from crossdock.integrations.amazon.wms.reports import rows_of
from crossdock.kit.contract import RECORD_ID
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.returns import RETURNS
from tests.integrations.amazon.common import MARKETPLACE
from tests.integrations.amazon.wms import records
from tests.integrations.amazon.wms.mock import PLANS, SUMMARIES, Mock
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped, meanwhile, usual

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (ORDERS, INVENTORY, INBOUND_SHIPMENTS, RETURNS)
PLAN = {
    "purchase_order_number": "PO-9",
    "source_address": records.SOURCE,
    "line_items": [{"sku": "CRATE-1", "expected_quantity": 5}],
}


@dataclass
class ConnectedStock(MockedVendor):
    mock: Mock

    async def documents(self, function: str) -> dict[str, dict[str, Any]]:
        return await self.world.documents(self.connection, function)


@pytest.fixture
async def stock(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedStock]:
    """A connection to a seller with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedStock, world, mock, monkeypatch, READ)


async def test_an_order_with_the_same_id_is_refused_in_amazons_words(stock: ConnectedStock):
    async with writing(stock.world, stock.connection) as hand:
        first = await hand.send("POST", "/wms/orders", records.NEW_ORDER)
        again = await hand.send("POST", "/wms/orders", records.NEW_ORDER)
        cancelled = await hand.send("PUT", "/wms/orders/shop-1/cancel")
        late = await hand.send("PUT", "/wms/orders/shop-1/cancel")
    assert (first.status_code, cancelled.status_code) == (200, 200), first.text + cancelled.text
    assert again.status_code >= 400
    assert late.status_code >= 400
    assert "can no longer be cancelled" in late.text
    assert (await stock.orders())["shop-1"]["status"] == "cancelled"


async def test_a_package_that_gets_its_number_is_seen_although_no_status_changes(stock: ConnectedStock):
    [order_id] = await stock.orders()
    order = stock.mock.orders[order_id]
    shipment = records.shipment(7, order, stock.mock.now()) | {"fulfillmentShipmentStatus": "PENDING"}
    order["fulfillmentShipments"] = [shipment]
    stock.world.clock.pass_seconds(7 * 3600)
    await stock.sync()
    [seen] = (await stock.orders())[order_id]["shipments"]
    assert (seen["status"], seen["packages"][0]["tracking_number"]) == ("open", "T-7")


async def test_stock_is_read_anew_where_the_token_of_a_page_has_expired(stock: ConnectedStock):
    for number in range(120):
        sku = f"S-{number:03d}"
        stock.mock.stock[sku] = records.summary(sku, "Small part", number, "2026-01-02T09:00:00Z")
    stock.mock.script(SUMMARIES, [usual(), meanwhile(lambda: stock.world.clock.pass_seconds(60))])
    stock.world.clock.pass_seconds(60)
    await stock.world.force(stock.connection, "get_inventory")
    for _ in range(4):
        await stock.world.next_sync(3600)
    items = await stock.documents("get_inventory")
    assert len(items) == 123
    assert items["S-119"]["fulfillable"] == 119


async def test_a_report_is_waited_for_without_a_worker_and_its_address_gets_no_token(stock: ConnectedStock):
    stock.mock.polls = 1
    stock.mock.take_back("111-0000001-0000001")
    stock.world.clock.pass_seconds(3600)
    await stock.world.force(stock.connection, "get_returns")
    assert await stock.documents("get_returns") == {}
    for _ in range(20):
        await stock.world.next_sync(61)
    [returned] = (await stock.documents("get_returns")).values()
    assert (returned["status"], returned["order_id"]) == ("received", "111-0000001-0000001")
    assert returned["line_items"][0]["restocked_quantity"] == 1


async def test_a_plan_that_amazon_does_not_take_is_refused_and_one_whose_answer_is_lost_is_begun_once(
    stock: ConnectedStock,
):
    async with writing(stock.world, stock.connection) as hand:
        strange = PLAN | {"line_items": [{"sku": "NOTHING", "expected_quantity": 5}]}
        refused = await hand.send("POST", "/wms/inbound-shipments", strange)
        assert "There is no such SKU." in refused.text
        made = stock.mock.made
        stock.mock.script(f"POST {PLANS}", [done_then(dropped())])
        headers = {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", "/wms/inbound-shipments", PLAN, headers=headers)
        again = await hand.send("POST", "/wms/inbound-shipments", PLAN, headers=headers)
    assert 200 in (first.status_code, again.status_code), first.text + again.text
    assert stock.mock.made == made + 1


async def test_a_dry_run_names_the_marketplace_and_changes_nothing(stock: ConnectedStock):
    async with writing(stock.world, stock.connection) as hand:
        order = await hand.send("POST", "/wms/orders?dry_run=true", records.NEW_ORDER)
        plan = await hand.send("POST", "/wms/inbound-shipments?dry_run=true", PLAN)
    for answer in (order, plan):
        assert answer.status_code == 200, answer.text
        assert MARKETPLACE in answer.text
        assert "{marketplace_id}" not in answer.text
    assert stock.mock.made == 0


def test_rows_without_a_license_plate_are_told_apart():
    rows = [dict.fromkeys(records.COLUMNS, "") | {"sku": "CRATE-1", "quantity": "1", "order-id": "O"}] * 2
    ids = [row[RECORD_ID] for row in rows_of(records.table(rows).encode(), None)]
    assert ids == ["O-CRATE-1-", "O-CRATE-1--2"]


def test_a_unit_that_comes_back_twice_is_two_returns_in_whichever_report():
    row = dict.fromkeys(records.COLUMNS, "") | {"sku": "CRATE-1", "quantity": "1"}
    rows = [row | {"license-plate-number": "LPN1", "order-id": order} for order in ("O-1", "O-2", "")]
    ids = [[read[RECORD_ID] for read in rows_of(records.table(rows[n:]).encode(), None)] for n in (0, 1)]
    assert ids == [["LPN1-O-1", "LPN1-O-2", "LPN1"], ["LPN1-O-2", "LPN1"]]


@pytest.mark.parametrize("comment", ["too big\x85", "one\u2028two", "one\x0btwo", "one\rtwo", 'an "odd" one'])
def test_a_comment_with_letters_that_end_lines_elsewhere_ends_no_row(comment: str):
    row = dict.fromkeys(records.COLUMNS, "") | {
        "sku": "CRATE-1",
        "quantity": "1",
        "customer-comments": comment,
    }
    [read] = rows_of(records.table([row]).encode(), None)
    assert (read["sku"], read["customer-comments"]) == ("CRATE-1", comment)


def test_a_report_that_is_too_large_is_not_read_in_part(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reports, "MOST_BYTES", 100)
    with pytest.raises(VendorNonsense, match="more than 100 bytes"):
        rows_of(gzip.compress(b"sku\tquantity\n" + b"CRATE-1\t1\n" * 20), "GZIP")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_a_report_is_read_in_either_encoding(encoding: str):
    row = dict.fromkeys(records.COLUMNS, "") | {"sku": "CRATE-1", "quantity": "1", "product-name": "Kübel"}
    [read] = rows_of(records.table([row]).encode(encoding), None)
    assert read["product-name"] == "Kübel"
