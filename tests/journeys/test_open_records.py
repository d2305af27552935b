"""What is gone at the vendor does not stay open with us: it says so, or is asked for it at intervals."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from crossdock.kit import registry
from crossdock.kit.contract import Page
from crossdock.kit.manifest import RereadRule
from crossdock.resources.wms.orders import ORDERS
from crossdock.store.records import records
from tests.fakes.fake_wms import SLUG, client
from tests.journeys.conftest import World, order

HOUR = 3600


@pytest.fixture
def rereading(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake vendor's manifest, which has open orders read again every six hours, two in a walk."""
    known_integrations = dict(registry.all_integrations())
    fake = known_integrations["wms", SLUG]
    plan = RereadRule(where={"status": ["open", "picked"]}, every_hours=6, at_most=2)
    known_integrations["wms", SLUG] = replace(
        fake, manifest=msgspec.structs.replace(fake.manifest, reread={"get_orders": plan})
    )
    monkeypatch.setattr(registry, "all_integrations", lambda: known_integrations)


def asked_for(world: World) -> list[str]:
    """The orders that were read one by one since the test last looked."""
    paths = [
        request.path.removeprefix("/orders/")
        for request in world.vendor.requests
        if request.path.startswith("/orders/")
    ]
    world.vendor.requests.clear()
    return paths


async def test_an_open_record_that_is_gone_becomes_a_tombstone_and_is_told(world: World, rereading: None):
    world.vendor.collections["orders"] = [order(1), order(2, state="SHIPPED"), order(3)]
    connection = await world.connect()
    # Deleted there, and shipped there in a way that moves no stamp: no list of changes tells of either.
    del world.vendor.collections["orders"][0]
    world.vendor.collections["orders"][1]["state"] = "SHIPPED"
    await world.next_sync()

    assert asked_for(world) == ["o-001", "o-003"]
    assert list(await world.gone(connection)) == ["o-001"]
    assert {key: document["status"] for key, document in (await world.documents(connection)).items()} == {
        "o-002": "fulfilled", "o-003": "fulfilled",
    }  # fmt: skip
    [event] = await world.events(connection, "order.deleted")
    assert event["data"]["id"] == "o-001"
    run = await world.last_run(connection)
    assert (run.gone, run.updated) == (1, 1)
    assert [values[1] for values in await world.history(connection)] == ["o-003"]


async def test_open_records_are_read_again_in_portions_and_then_not_for_hours(world: World, rereading: None):
    world.vendor.collections["orders"] = [order(number) for number in range(1, 6)]
    await world.connect()
    assert asked_for(world) == [], "a first sync has just read them"
    portions = []
    for _ in range(8):
        await world.next_sync(HOUR)
        portions.append(asked_for(world))

    assert portions == [["o-001", "o-002"], ["o-003", "o-004"], ["o-005"], [], [], [], ["o-001", "o-002"],
                        ["o-003", "o-004"]]  # fmt: skip


async def test_a_walk_that_dies_asks_for_the_same_open_records_again(world: World, rereading: None):
    from tests.fakes.vendor import failing

    world.vendor.collections["orders"] = [order(number) for number in range(1, 6)]
    await world.connect()
    world.vendor.script("/orders/o-002", [failing()] * 5)
    await world.next_sync(HOUR)
    assert set(asked_for(world)) == {"o-001", "o-002"}
    await world.next_sync(30)
    assert asked_for(world) == ["o-001", "o-002"]
    await world.next_sync(HOUR)
    assert asked_for(world) == ["o-003", "o-004"]


async def test_a_manifest_without_it_asks_for_nothing(world: World):
    world.vendor.collections["orders"] = [order(1)]
    await world.connect()
    await world.next_sync(12 * HOUR)
    assert asked_for(world) == []


# What the vendor says is gone


def telling(*deleted: str, records: tuple[dict[str, Any], ...] = ()) -> Any:
    async def orders(*_: Any) -> Any:
        yield Page(list(records), deleted=deleted)

    return orders


async def test_what_the_vendor_says_is_gone_is_buried_once(world: World, monkeypatch: pytest.MonkeyPatch):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    monkeypatch.setattr(client.Client, "orders", telling("o-001", "never-here"))
    for _ in range(2):
        await world.next_sync()

    assert list(await world.documents(connection)) == ["o-002"]
    assert list(await world.gone(connection)) == ["o-001"]
    assert len(await world.events(connection, "order.deleted")) == 1


async def test_one_that_stands_on_the_same_page_is_there(world: World, monkeypatch: pytest.MonkeyPatch):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    monkeypatch.setattr(client.Client, "orders", telling("o-001", records=(order(1, state="SHIPPED"),)))
    await world.next_sync()

    assert (await world.documents(connection))["o-001"]["status"] == "fulfilled"
    assert await world.gone(connection) == {}


async def test_one_that_comes_back_is_told_as_created(world: World, monkeypatch: pytest.MonkeyPatch):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    monkeypatch.setattr(client.Client, "orders", telling("o-001"))
    await world.next_sync()
    monkeypatch.setattr(client.Client, "orders", telling(records=(order(1),)))
    await world.next_sync()

    assert list(await world.documents(connection)) == ["o-001"]
    assert [text for text in await world.told(connection) if text.startswith("order.")] == [
        "order.deleted", "order.created",
    ]  # fmt: skip


async def test_one_that_was_set_aside_and_is_gone_is_no_problem_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    world.change("orders", "o-001", lines=[{"quantity": "many"}])
    await world.next_sync()
    assert len(await world.quarantined(connection)) == 1
    monkeypatch.setattr(client.Client, "orders", telling("o-001"))
    await world.next_sync()

    assert await world.quarantined(connection) == []
    assert await world.problems(connection) == []


async def test_open_records_are_found_by_several_columns_in_the_order_of_their_ids(world: World):
    world.vendor.collections["orders"] = [
        order(1), order(2, channel="a"), order(3, channel="a", state="SHIPPED"), order(4, channel="b"),
    ]  # fmt: skip
    connection = await world.connect()

    async def found(after: str, **where: list[str]) -> list[str]:
        return await records.ids_where(world.services.database, ORDERS, connection.id, where, after, 10)

    assert await found("", status=["open"]) == ["o-001", "o-002", "o-004"]
    assert await found("o-001", status=["open", "fulfilled"]) == ["o-002", "o-003", "o-004"]
    assert await found("", status=["open"], channel=["a", "b"]) == ["o-002", "o-004"]
