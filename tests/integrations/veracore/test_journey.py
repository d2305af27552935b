"""A made-up VeraCore: lists by status and by day, faults, escaped letters, and lost answers."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from crossdock.connections.permissions import check_permissions
from crossdock.integrations.veracore.soap import element
from crossdock.kit.registry import get_integration
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.products import PRODUCTS
from tests.integrations.veracore.mock import NEW_ORDER, PASSWORD, SERVICE, Mock
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import LOST, TEXT, database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, failing, html, throttled
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
HALF_A_DAY = 12 * 3600
ADD = f"{SERVICE}?AddOrder"
Body = dict[str, Any]


class ConnectedSystem(MockedVendor):
    mock: Mock

    async def write(self, body: Body, status: int = 200) -> Any:
        """The order that is made, or the text of its refusal."""
        self.world.clock.pass_seconds(60)
        async with writing(self.world, self.connection) as hand:
            answer = await hand.send("POST", "/wms/orders", body)
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status == 200 else answer.text

    async def read(self, function: str) -> dict[str, Any]:
        self.world.clock.pass_seconds(60)
        await self.world.force(self.connection, function)
        return await self.world.documents(self.connection, function)


@pytest.fixture
async def system(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedSystem]:
    """A connection to a system with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedSystem, world, mock, monkeypatch, (ORDERS, INVENTORY, PRODUCTS))


async def test_what_was_sent_and_closed_between_two_syncs_is_found_by_its_day(system: ConnectedSystem):
    number = system.mock.add_order(SampleOrder(2))
    system.mock.ship(number, "T-1")
    order = (await system.read("get_orders"))[number]
    assert (order["status"], order["shipments"][0]["packages"][0]["tracking_number"]) == ("fulfilled", "T-1")


async def test_what_was_cancelled_is_found_by_asking_for_what_is_open(system: ConnectedSystem):
    [number] = await system.orders()
    system.mock.cancel(number)
    await system.world.next_sync(HALF_A_DAY)
    assert (await system.orders())[number]["status"] == "cancelled"


async def test_a_fault_is_no_empty_stock(system: ConnectedSystem):
    before = await system.read("get_inventory")
    assert before["MUG & LID"]["inventory_by_warehouse_id"].keys() == {"TROY", "ALBANY"}
    assert (before["KIT-1"]["fulfillable"], before["KIT-1"]["unfulfillable"]) == (5, 2)
    assert (await system.read("get_products")).keys() == before.keys()
    system.mock.script(f"{SERVICE}?GetProductAvailabilities", [html()] * 5)
    assert await system.read("get_inventory") == before
    system.mock.script(f"{SERVICE}?GetProductAvailabilities", [failing(500)] * 5)
    assert await system.read("get_inventory") == before


async def test_a_service_that_throttles_is_waited_for(system: ConnectedSystem):
    number = system.mock.add_order(SampleOrder(2))
    system.mock.script(f"{SERVICE}?GetOrderInfo", [throttled(2)])
    assert number in await system.read("get_orders")


@pytest.mark.parametrize(("price", "text"), [("10.90", "10.90"), ("1E+2", "100"), ("1E-8", "0.00000001")])
def test_a_price_has_no_exponent(price: str, text: str):
    assert element("UnitPrice", Decimal(price)) == f"<UnitPrice>{text}</UnitPrice>"


async def test_a_check_of_permissions_reads_one_order(system: ConnectedSystem):
    for number in range(5):
        system.mock.add_order(SampleOrder(number))
    system.mock.calls.clear()
    integration = get_integration(*Mock.integration)
    async with system.world.services.clients.sign_in_to_write(system.connection, integration) as client:
        results = await check_permissions(client, integration, ["get_orders"])
    assert results["get_orders"].state == "allowed"
    assert len(system.mock.asked(f"{SERVICE}?GetOrderInfo")) == 1


async def test_every_letter_of_an_order_reaches_the_system(system: ConnectedSystem):
    system.mock.calls.clear()
    body = {
        **NEW_ORDER,
        "reference_id": TEXT,
        "comments": f"a\tb\r\nc {TEXT}",
        "ship_to_address": {**NEW_ORDER["ship_to_address"], "address1": TEXT, "city": TEXT},
        "line_items": [{"sku": "MUG & LID", "quantity": 1}],
    }
    order = await system.write(body)
    assert order["reference_id"] == TEXT
    assert order["ship_to_address"]["address1"] == TEXT
    assert order["line_items"][0]["sku"] == "MUG & LID"
    [call] = system.mock.asked(ADD)
    said = [each.text for each in fromstring(call.body).iter()]
    assert said.count(TEXT) == 3
    assert f"a\tb\r\nc {TEXT}" in said


async def test_a_number_that_was_taken_or_an_offer_that_there_is_not_is_refused_in_veracores_words(
    system: ConnectedSystem,
):
    await system.write(dict(NEW_ORDER))
    system.world.clock.pass_seconds(24 * 3600)
    refused = await system.write({**NEW_ORDER, "reference_id": "other"}, 400)
    assert "Order ID SO-1 already exists." in refused
    assert "order.cs" not in refused
    assert PASSWORD not in refused
    other = {**NEW_ORDER, "order_number": "SO-2", "line_items": [{"sku": "HAT", "quantity": 1}]}
    assert "Offer ID HAT is invalid." in await system.write(other, 400)
    assert system.mock.made == 1


@pytest.mark.parametrize("name", LOST)
async def test_an_order_whose_answer_is_lost_is_made_once(
    system: ConnectedSystem, name: str, monkeypatch: pytest.MonkeyPatch
):
    if name == "an answer that comes too late":
        system.wait_no_longer_than(monkeypatch, 0.7)
    system.mock.script(ADD, [done_then(LOST[name])])
    async with writing(system.world, system.connection) as hand:
        headers = {"Idempotency-Key": "k-1"}
        first = await hand.send("POST", "/wms/orders", dict(NEW_ORDER), headers=headers)
        again = await hand.send("POST", "/wms/orders", dict(NEW_ORDER), headers=headers)
    assert system.mock.made == 1
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
