"""How lists of a shop are walked, played by its mock."""

from collections.abc import AsyncIterator
from pathlib import Path

import graphql
import pytest

from crossdock.integrations.vendure.client import DOCUMENTS, Client
from crossdock.integrations.vendure.write import adjust_inventory
from crossdock.kit.contract import Command, Context, Walk
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.registry import get_integration
from crossdock.net.addresses import AddressPolicy
from crossdock.writes.steps import execute
from tests.integrations.vendure import mock
from tests.integrations.vendure.mock import Mock
from tests.mock_vendors.graphql_vendor import load_schema
from tests.mock_vendors.orders import SampleOrder


@pytest.fixture
async def shop() -> AsyncIterator[Mock]:
    async with Mock() as mock:
        yield mock


@pytest.fixture
async def client(shop: Mock, tmp_path: Path) -> AsyncIterator[Client]:
    manifest = get_integration("cart", "vendure").manifest
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as session:
        http = Http(session=session, account="vendure", slots=LocalSlots(), limits=manifest.limits)
        yield Client(Context(shop.credentials(), http, tmp_path, manifest=manifest))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_query_keeps_to_the_schema(name: str):
    assert graphql.validate(load_schema(Mock().schema_file()), graphql.parse(DOCUMENTS[name])) == []


async def products(client: Client) -> list[str]:
    return [raw["id"] async for page in client.products(Walk()) for raw in page.records]


async def test_products_that_were_made_at_the_same_moment_are_all_read(shop: Mock, client: Client):
    for number in range(2, 131):
        shop.products[str(number)] = shop.product(str(number), day=1 if number < 120 else 2)
    assert sorted(set(await products(client))) == sorted(
        [*(f"product-{number}" for number in shop.products), *shop.levels]
    )


async def test_a_product_that_goes_while_the_list_is_walked_takes_no_other_along(shop: Mock, client: Client):
    for number in range(2, 121):
        shop.products[str(number)] = shop.product(str(number), day=number // 10 + 1)
    seen: list[str] = []
    async for page in client.products(Walk()):
        seen += [raw["id"] for raw in page.records]
        shop.products.pop("3", None)
    assert {f"product-{number}" for number in range(1, 121)} <= {*seen}


async def test_what_changes_during_a_walk_is_found_by_the_next(shop: Mock, client: Client):
    clock = 1_000_000.0
    shop.clock = lambda: clock
    ids = [shop.add_order(SampleOrder(number)) for number in range(60)]
    seen: list[str] = []
    async for page in client.orders(Walk()):
        seen += [raw["id"] for raw in page.records]
        clock += 600
        if page.cursor is not None:
            shop.change_order(ids[0])
            clock += 600
            ids.append(shop.add_order(SampleOrder(99)))
        mark = page.mark
    assert seen == ids
    again = [raw["id"] async for page in client.orders(Walk(mark=mark)) for raw in page.records]
    assert {ids[0], ids[-1]} <= {*again}


async def test_an_order_that_the_shop_can_not_answer_for_takes_none_along(shop: Mock, client: Client):
    shop.allows_violations = True
    ids = [shop.add_order(SampleOrder(number)) for number in range(3)]
    shop.spoil_order(ids[1])
    records = [raw async for page in client.orders(Walk()) for raw in page.records]
    assert [raw["id"] for raw in records] == ids
    assert [len(raw) > 1 for raw in records] == [True, False, True]


async def test_stock_may_be_adjusted_at_every_location(
    shop: Mock, client: Client, monkeypatch: pytest.MonkeyPatch
):
    places = [{**mock.LOCATIONS[0], "id": str(number)} for number in range(1, 231)]
    monkeypatch.setattr(mock, "LOCATIONS", places)
    assert await client.options("warehouses") == [place["id"] for place in places]
    command = Command(
        "adjust_inventory", {"quantity": 3, "adjustment_type": "exact", "warehouse_id": "230"}, record_id="1"
    )
    assert await execute(client, adjust_inventory(command)) == "1"
    assert shop.levels["1"]["230"] == 3
