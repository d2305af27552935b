"""A made-up supplier on Wayfair: lists without a cursor, orders that change lists and no date, notices."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.integrations.wayfair.dates import moment, written
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from tests.integrations.wayfair.mock import Mock
from tests.integrations.wayfair.records import SUPPLIER, WAREHOUSE, part
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import meanwhile, usual
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (CART_ORDERS, CART_PRODUCTS)
PLACE = {"warehouse_id": WAREHOUSE}
Body = dict[str, Any]


@dataclass
class ConnectedSupplier(MockedVendor):
    mock: Mock

    async def write(self, method: str, path: str, body: Body, status: int = 200) -> str:
        self.world.clock.pass_seconds(60)
        async with writing(self.world, self.connection) as hand:
            answer = await hand.send(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
async def supplier(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedSupplier]:
    """A connection to a supplier with an accepted order and one that nobody answered, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedSupplier, world, mock, monkeypatch, READ, orders=2)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-04-27 10:16:44.000000 -04:00", datetime(2020, 4, 27, 14, 16, 44, tzinfo=UTC)),
        ("2026-06-01T00:00:00Z", datetime(2026, 6, 1, tzinfo=UTC)),
        ("2026-11-01 01:30:00.000000 -04:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("2026-11-01 01:30:00.000000 -05:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ("2026-06-01", datetime(2026, 6, 1, tzinfo=UTC)),
    ],
)
def test_a_date_is_the_moment_that_it_says(text: str, instant: datetime):
    assert moment(text) == instant
    assert moment(written(instant)) == instant


def placed_on(mock: Mock, count: int, spread: str) -> set[str]:
    """Add orders that nobody answered, each a second or a day after the one before, or all at once."""
    numbers = set()
    for number in range(count):
        record_id = mock.add_order(SampleOrder(2 * number))
        dates = {"second": f"2026-01-05 10:00:{number:02d}", "day": f"2026-01-{number % 28 + 1:02d} 10:00:00"}
        mock.orders[record_id]["poDate"] = f"{dates.get(spread, '2026-01-05 10:00:00')}.000000 -05:00"
        numbers.add(record_id)
    return numbers


@pytest.mark.parametrize("most", [25, None])
@pytest.mark.parametrize("by_day", [False, True])
@pytest.mark.parametrize("spread", ["second", "day", "none"])
async def test_all_orders_are_read_or_the_sync_says_that_there_is_no_way(
    supplier: ConnectedSupplier, most: int | None, by_day: bool, spread: str
):
    before = set(await supplier.orders())
    mock = supplier.mock
    mock.most, mock.by_day = most, by_day
    added = placed_on(mock, 56, spread)
    is_possible = most is None or (spread == "second" and not by_day) or spread == "day"
    assert await supplier.sync() == ("done" if is_possible else "failed")
    if is_possible:
        assert set(await supplier.orders()) == before | added
    assert before <= set(await supplier.orders())


async def test_an_order_that_was_answered_long_after_it_was_placed_is_found(supplier: ConnectedSupplier):
    mock = supplier.mock
    [old] = placed_on(mock, 1, "second")
    assert await supplier.sync() == "done"
    assert (await supplier.orders())[old]["status"] == "open"
    mock.answered.add(old)
    for _ in range(2):
        supplier.world.clock.pass_seconds(6 * 3600)
        assert await supplier.sync() == "done"
    order = (await supplier.orders())[old]
    assert (order["status"], order["raw_status"]) == ("confirmed", "answered")
    mock.orders[old]["products"] = [each | {"isCancelled": True} for each in mock.orders[old]["products"]]
    for _ in range(2):
        supplier.world.clock.pass_seconds(6 * 3600)
        assert await supplier.sync() == "done"
    assert (await supplier.orders())[old]["status"] == "cancelled"


async def test_a_notice_says_what_is_sent_from_where_to_whom(supplier: ConnectedSupplier):
    accepted, waiting = sorted(await supplier.orders(), key=lambda name: name not in supplier.mock.answered)
    path = f"/cart/orders/{accepted}/shipments"
    body: Body = {"tracking_number": "1Z01", "carrier_name": "UPSN", "weight": 7.5}
    body["line_items"] = [{"line_item_id": "CHAIR", "quantity": 1}]
    await supplier.write("POST", path, body)
    [notice] = supplier.mock.notices
    [parcel] = notice["smallParcelShipments"]
    assert parcel["items"] == [{"partNumber": "CHAIR", "quantity": 1}]
    assert parcel["package"] == {"code": {"type": "TRACKING_NUMBER", "value": "1Z01"}, "weight": 7.5}
    assert (notice["supplierId"], notice["carrierCode"], notice["shipSpeed"]) == (2603, "UPSN", "GROUND")
    assert notice["sourceAddress"]["name"] == "Dock"
    assert notice["destinationAddress"]["name"] == "Ada Buyer"
    assert abs(moment(notice["shipDate"]).timestamp() - supplier.world.clock() / 1000) < 60

    refused = await supplier.write(
        "POST", f"/cart/orders/{waiting}/shipments", {"tracking_number": "1Z02"}, status=400
    )
    assert "accept it before it is sent" in refused
    assert supplier.mock.made == 1


async def test_stock_that_wayfair_does_not_take_is_told(supplier: ConnectedSupplier):
    exact = {"quantity": 5, "adjustment_type": "exact", **PLACE}
    await supplier.write("PUT", "/cart/products/CHAIR/adjust-inventory", exact)
    assert supplier.mock.stock == {(2603, "CHAIR"): 5}
    more = {"quantity": 5, "adjustment_type": "increase", **PLACE}
    refused = await supplier.write("PUT", "/cart/products/CHAIR/adjust-inventory", more, status=400)
    assert "Wayfair takes new quantities" in refused
    del supplier.mock.parts[0]
    refused = await supplier.write("PUT", "/cart/products/CHAIR/adjust-inventory", exact, status=400)
    assert "CHAIR: unknown part" in refused


async def test_the_catalog_is_read_page_by_page_and_what_left_it_is_gone(supplier: ConnectedSupplier):
    mock = supplier.mock
    mock.parts += [part(number, f"P-{number}") for number in range(10, 60)]
    await supplier.world.force(supplier.connection, "get_products")
    products = await supplier.world.documents(supplier.connection, "get_products")
    assert products.keys() == {each["supplierPartNumber"] for each in mock.parts}
    assert (products["CHAIR"]["active"], products["TABLE"]["active"]) == (True, False)
    del mock.parts[5:]
    for _ in range(2):
        supplier.world.clock.pass_seconds(3600)
        await supplier.world.force(supplier.connection, "get_products")
    left = await supplier.world.documents(supplier.connection, "get_products")
    assert left.keys() == {each["supplierPartNumber"] for each in mock.parts}


async def test_a_part_that_goes_while_the_catalog_is_read_takes_no_other_along(supplier: ConnectedSupplier):
    mock = supplier.mock
    mock.parts += [part(number, f"P-{number}") for number in range(10, 60)]
    await supplier.world.force(supplier.connection, "get_products")

    def sold_out() -> None:
        del mock.parts[0]

    mock.script("supplierCatalog", [usual(), meanwhile(sold_out)])
    for gone in (set[str](), {"CHAIR"}):
        supplier.world.clock.pass_seconds(3600)
        await supplier.world.force(supplier.connection, "get_products")
        assert set(await supplier.world.gone(supplier.connection)) == gone


async def test_a_date_that_is_still_to_come_hides_no_order(supplier: ConnectedSupplier):
    early = supplier.mock.add_order(SampleOrder(3))
    supplier.mock.orders[early]["poDate"] = "2036-01-05 10:00:00.000000 -05:00"
    assert await supplier.sync() == "done"
    added = supplier.mock.add_order(SampleOrder(5))
    supplier.mock.orders[added]["poDate"] = written(datetime.now(UTC))
    assert await supplier.sync() == "done"
    assert {early, added} <= set(await supplier.orders())


async def test_a_dry_run_shows_what_it_can_and_changes_nothing(supplier: ConnectedSupplier):
    [accepted] = supplier.mock.answered
    path = f"/cart/orders/{accepted}/shipments?dry_run=true"
    assert "getDropshipPurchaseOrders" in await supplier.write("POST", path, {"tracking_number": "1Z01"})
    assert supplier.mock.made == 0
    assert str(SUPPLIER) == supplier.mock.credentials()["supplier_id"]
