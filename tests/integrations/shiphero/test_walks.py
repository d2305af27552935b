"""Walks through a ShipHero whose lists move while they are read, and whose credits run out."""

import asyncio
from functools import partial

import pytest

from crossdock.errors import InvalidCredentials, VendorNonsense
from crossdock.integrations.shiphero import client as module
from crossdock.integrations.shiphero.client import Client
from crossdock.integrations.shiphero.lists import ORDERS
from crossdock.kit.contract import Walk
from tests.integrations.shiphero.mock import ACCOUNT, WAREHOUSE, Mock, uuid
from tests.mock_vendors.faults import answering
from tests.mock_vendors.orders import SampleOrder

ORDERS_HELD = 3 * ORDERS.size + 5


@pytest.fixture
def held(mock: Mock) -> list[str]:
    """The ids of orders that changed a minute apart."""
    held = []
    for number in range(ORDERS_HELD):
        mock.clock = partial(float, 1_770_000_000 + 60 * number)
        held.append(mock.add_order(SampleOrder(number)))
    return held


async def ids(client: Client, walk: Walk) -> list[str]:
    return [raw["id"] async for page in client.orders(walk) for raw in page.records]


async def test_an_order_that_changes_while_others_are_read_hides_none(
    client: Client, mock: Mock, held: list[str]
):
    seen: list[str] = []
    async for page in client.orders(Walk()):
        if not seen:
            mock.clock = lambda: 1_780_000_000.0
            mock.change_order(held[0])
        seen += [raw["id"] for raw in page.records]
    assert set(seen) == set(held)
    assert seen.count(held[0]) == 2


@pytest.mark.parametrize("works_out_sort", [True, False])
async def test_all_orders_are_read_in_whatever_order_they_come(
    client: Client, mock: Mock, held: list[str], works_out_sort: bool
):
    mock.works_out_sort = works_out_sort
    mock.orders = dict(reversed(mock.orders.items()))
    assert set(await ids(client, Walk())) == set(held)


async def test_many_orders_that_changed_at_once_are_read_all(client: Client, mock: Mock):
    mock.clock = lambda: 1_770_000_000.0
    held = {mock.add_order(SampleOrder(number)) for number in range(ORDERS_HELD)}
    read = await ids(client, Walk())
    assert sorted(read) == sorted(held)


async def test_a_token_that_expired_is_bought_anew(client: Client, mock: Mock):
    mock.add_order(SampleOrder(1))
    assert len(await ids(client, Walk())) == 1
    mock.tokens += 1  # theirs is another one now
    assert len(await ids(client, Walk())) == 1
    assert len(mock.asked("/auth/refresh")) == 2


async def test_a_refresh_token_that_is_refused_is_told_as_such(client: Client, mock: Mock):
    mock.expire()
    with pytest.raises(InvalidCredentials, match="refresh token"):
        await client.check()
    mock.renew()


async def test_credits_that_ran_out_are_waited_for_as_long_as_is_said(
    client: Client, mock: Mock, slept: list[float]
):
    mock.add_order(SampleOrder(1))
    message = "There are not enough credits. In 9 seconds you will have enough credits"
    mock.script("/graphql", [answering(body={"errors": [{"code": 30, "message": message}]})])
    assert len(await ids(client, Walk())) == 1
    assert max(slept) == pytest.approx(9, abs=0.5)


async def test_a_page_that_costs_more_than_there_ever_is_is_made_smaller(client: Client, mock: Mock):
    mock.add_order(SampleOrder(1))
    message = "There are not enough credits to perform the requested operation, which requires 9000 credits"
    error = {"code": 30, "message": f"{message}, but there are only 4004 left."}
    mock.script("/graphql", [answering(body={"errors": [error], "data": None})] * 2)
    assert len(await ids(client, Walk())) == 1
    sizes = [call.json()["variables"]["first"] for call in mock.asked("/graphql")]
    assert sizes == [ORDERS.size, ORDERS.size // 2, ORDERS.size // 4]


async def test_what_an_answer_says_is_left_holds_back_the_next_call(
    client: Client, mock: Mock, slept: list[float], monkeypatch: pytest.MonkeyPatch
):
    mock.add_order(SampleOrder(1))
    quota = {"credits_remaining": 0, "max_available": 4004, "increment_rate": 60}
    monkeypatch.setattr(mock, "extensions", lambda _: {"throttling": {"cost": 1, "user_quota": quota}})
    await ids(client, Walk())
    slept.clear()
    await client.check()
    assert sum(slept) > 0


async def test_an_account_whose_answers_tell_no_credits_is_charged_by_complexity(
    client: Client, mock: Mock, slept: list[float], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mock, "extensions", lambda _: None)
    mock.add_order(SampleOrder(1))
    for _ in range(5):
        await ids(client, Walk())
    assert sum(slept) < 5, "5 pages of at most 2,100 credits are 10,500 of 4,004"


async def test_open_records_that_are_gone_are_named(client: Client, mock: Mock):
    order_id = mock.add_order(SampleOrder(1))
    gone = uuid("Order", 99_999)
    walk = Walk(open_ids=(order_id, gone))
    pages = [page async for page in client.orders(walk)]
    assert [page.deleted for page in pages] == [(gone,)]
    assert [raw["id"] for raw in pages[-1].records].count(order_id) == 1


async def test_lines_that_have_no_end_end(client: Client, mock: Mock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_PARTS", 2)
    mock.add_order(SampleOrder(1, lines=400))
    with pytest.raises(VendorNonsense, match="have no end"):
        await asyncio.wait_for(ids(client, Walk()), 10)


async def test_a_change_of_stock_has_the_same_id_whenever_it_is_read(client: Client, mock: Mock):
    for quantity in (5, 7):
        mock.do_inventory_add({"sku": "CRATE-1", "warehouse_id": WAREHOUSE, "quantity": quantity})
    walks = [
        [raw["id"] async for page in client.inventory_ledger(Walk()) for raw in page.records]
        for _ in range(2)
    ]
    assert walks[0] == walks[1]
    assert len(set(walks[0])) == 2


async def test_an_item_that_became_a_kit_without_stock_is_an_item_no_more(client: Client, mock: Mock):
    mock.products["CRATE-1"]["kit"] = True
    pages = [page async for page in client.inventory(Walk())]
    assert [name for page in pages for name in page.deleted] == [f"{ACCOUNT}:CRATE-1"]
    assert f"{ACCOUNT}:CRATE-2" in {raw["id"] for page in pages for raw in page.records}
