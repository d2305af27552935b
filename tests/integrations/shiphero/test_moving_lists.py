"""Lists that move while they are read skip nothing, and what is alike is told apart."""

from functools import partial
from typing import Any

import pytest

from crossdock.errors import VendorUnavailable
from crossdock.integrations.shiphero.client import Client
from crossdock.integrations.shiphero.lists import INVENTORY_CHANGES, ORDERS
from crossdock.kit.contract import Walk
from tests.integrations.shiphero.mock import LOCATION, WAREHOUSE, Mock, uuid
from tests.mock_vendors.orders import SampleOrder


def places(mock: Mock, count: int) -> list[str]:
    """Hold so many locations."""
    mock.locations = [
        {"id": uuid("Bin", number), "warehouse_id": WAREHOUSE, "name": f"A-{number}"}
        for number in range(count)
    ]
    return [place["id"] for place in mock.locations]


async def test_a_place_that_is_removed_while_places_are_read_hides_no_other(mock: Mock, client: Client):
    held = places(mock, 250)
    seen: set[str] = set()
    async for page in client.warehouse_locations(Walk()):
        if not seen:
            del mock.locations[0]
        seen |= {raw["id"] for raw in page.records}
    assert seen == set(held), "what a snapshot does not meet is told as gone"


async def test_a_place_that_is_added_while_places_are_read_begins_nothing_again(mock: Mock, client: Client):
    held = places(mock, 250)
    seen: list[str] = []
    async for page in client.warehouse_locations(Walk()):
        if not seen:
            mock.locations.insert(0, mock.locations[0] | {"id": LOCATION})
        seen += [raw["id"] for raw in page.records]
    assert seen == held


async def test_places_that_never_rest_fail_the_walk(mock: Mock, client: Client):
    places(mock, 250)

    async def walk() -> None:
        async for _ in client.warehouse_locations(Walk()):
            del mock.locations[0]

    with pytest.raises(VendorUnavailable, match="changed each time"):
        await walk()


async def test_orders_of_one_second_are_all_read_though_one_of_them_changes(mock: Mock, client: Client):
    mock.clock = lambda: 1_770_000_000.0
    held = [mock.add_order(SampleOrder(number)) for number in range(3 * ORDERS.size)]
    seen: list[str] = []
    async for page in client.orders(Walk()):
        if not seen:
            mock.clock = lambda: 1_780_000_000.0
            mock.change_order(held[0])
        seen += [raw["id"] for raw in page.records]
    assert set(seen) == set(held)


@pytest.mark.parametrize("at_most", [1, 2, 3])
async def test_pages_of_any_size_lead_to_the_end(mock: Mock, client: Client, at_most: int):
    held = places(mock, 9)
    read = [page async for page in client.warehouse_locations(Walk(at_most=at_most))]
    assert [raw["id"] for page in read for raw in page.records] == held


def churn(mock: Mock, count: int) -> None:
    """Have stock go up and down, so that many changes are alike in all that is said of them."""
    for number in range(count):
        data = {"sku": "CRATE-1", "warehouse_id": WAREHOUSE, "quantity": 1, "reason": "Recount"}
        (mock.do_inventory_add if number % 2 == 0 else mock.do_inventory_remove)(data)


async def ledger(client: Client, walk: Walk) -> list[dict[str, Any]]:
    return [raw async for page in client.inventory_ledger(walk) for raw in page.records]


async def test_hundreds_of_changes_of_one_second_that_are_alike_are_all_there_and_stay_the_same(
    mock: Mock, client: Client
):
    for second in (0, 1, 60):
        mock.clock = partial(float, 1_770_000_000 + second)
        churn(mock, 2 * INVENTORY_CHANGES.size + 30)
    first = {raw["id"]: raw["change_in_on_hand"] for raw in await ledger(client, Walk())}
    assert len(first) == len(mock.inventory_changes)
    assert sum(first.values()) == sum(raw["change_in_on_hand"] for raw in mock.inventory_changes)
    assert {raw["id"] for raw in await ledger(client, Walk(mark="2026-02-02T02:40:00"))} == set(first)


async def test_changes_that_are_alike_are_all_there_when_another_worker_goes_on(mock: Mock, client: Client):
    mock.clock = lambda: 1_770_000_000.0
    churn(mock, 3 * INVENTORY_CHANGES.size)
    pages = [page async for page in client.inventory_ledger(Walk())]
    assert len(pages) > 2
    for page in pages[:-1]:
        before = pages[: pages.index(page) + 1]
        seen = {raw["id"] for part in before for raw in part.records}
        seen |= {raw["id"] for raw in await ledger(client, Walk(cursor=page.cursor))}
        assert len(seen) == len(mock.inventory_changes)
