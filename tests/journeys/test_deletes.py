"""Only a complete look at everything the vendor has can show that something is gone."""

import asyncio

import pytest

from crossdock.changes.commit import Changes, UnmetRecords, commit
from crossdock.changes.plan import Target
from crossdock.connections.disconnect import disconnect
from crossdock.jobs.queue import claim
from crossdock.resources.wms.warehouses import WAREHOUSES
from crossdock.store.connections import schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.slots import StoredSlots, account_of
from crossdock.sync.run import sync
from tests.fakes.vendor import answer, dropped, failing, html, throttled
from tests.journeys.conftest import World, order, packs, warehouse

NIGHT = 12 * 3600


async def three_warehouses(world: World) -> ConnectionRow:
    world.vendor.collections["warehouses"] = [warehouse(n) for n in (1, 2, 3)]
    return await world.connect()


async def test_what_a_complete_snapshot_does_not_hold_becomes_a_tombstone_and_is_told(world: World):
    connection = await three_warehouses(world)
    document = (await world.documents(connection, "get_warehouses"))["w-2"]
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(3)]
    await world.next_sync(NIGHT)

    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-3"]
    assert await world.gone(connection) == {"w-2": document}
    [event] = await world.events(connection, "warehouse.deleted")
    assert event["data"] == document
    assert "previous_attributes" not in event
    assert (await world.last_run(connection, "get_warehouses")).gone == 1
    await world.next_sync(NIGHT)
    assert len(await world.events(connection, "warehouse.deleted")) == 1


async def test_more_than_fit_into_one_transaction_are_all_buried(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("crossdock.sync.run.BURY_AT_ONCE", 4)
    world.vendor.collections["warehouses"] = [warehouse(n) for n in range(12)]
    connection = await world.connect()
    world.vendor.collections["warehouses"] = [warehouse(5)]
    await world.next_sync(NIGHT)

    assert list(await world.documents(connection, "get_warehouses")) == ["w-5"]
    assert len(await world.events(connection, "warehouse.deleted")) == 11
    assert (await world.last_run(connection, "get_warehouses")).gone == 11


async def test_a_function_that_reads_only_changes_deletes_nothing(world: World):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    world.vendor.collections["orders"] = []
    await world.next_sync()

    assert await world.count(connection) == 2
    assert await world.gone(connection) == {}


@pytest.mark.parametrize(
    "broken",
    [
        [html()],
        [answer(400)],
        [answer(403)],
        [failing()] * 100,
        [dropped()] * 100,
        [throttled(600)] * 20,
        [answer(body={"data": [], "next": "again"})] * 2,
    ],
    ids=["html", "refused", "forbidden", "down", "broken", "throttled", "in circles"],
)
async def test_p15_a_walk_that_does_not_reach_its_end_deletes_nothing(broken: list, world: World):
    connection = await three_warehouses(world)
    page_2 = answer(body={"data": [warehouse(1)], "next": "P2"})
    world.vendor.script("/warehouses", [page_2, *broken])
    for _ in range(30):
        await world.next_sync(1600)
    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-2", "w-3"]
    assert await world.gone(connection) == {}
    assert await world.events(connection, "warehouse.deleted") == []

    world.vendor._scripts.clear()
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(2)]
    for _ in range(2):
        await world.next_sync(NIGHT)
    assert list(await world.gone(connection)) == ["w-3"], "the vendor works again: now it counts"


async def test_p15_a_snapshot_that_was_cut_off_and_went_on_counts_what_it_met_before(world: World):
    connection = await three_warehouses(world)
    page_2 = answer(body={"data": [warehouse(1)], "next": "P2"})
    remaining_answer = answer(body={"data": [warehouse(2)], "next": None})
    world.vendor.script("/warehouses", [page_2, throttled(600), remaining_answer])
    await world.next_sync(NIGHT)
    await world.next_sync(700)

    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-2"]
    assert list(await world.gone(connection)) == ["w-3"]


@pytest.mark.parametrize(
    "stranger", [{"name": "no id"}, {"id": None, "name": "?"}, "text", {"id": "x" * 600}, {"id": "a\x00"}]
)
async def test_p15_a_snapshot_with_a_record_that_nobody_can_identify_deletes_nothing(
    stranger: object, world: World
):
    connection = await three_warehouses(world)
    whole_answer = answer(body={"data": [warehouse(1), stranger], "next": None})
    world.vendor.script("/warehouses", [whole_answer])
    await world.next_sync(NIGHT)

    assert (await world.last_job(connection, "get_warehouses")).state == "done"
    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-2", "w-3"]
    assert await world.gone(connection) == {}
    await world.next_sync(NIGHT)
    assert await world.gone(connection) == {}


@pytest.mark.parametrize(
    "misfit", [{"name": {"not": "text"}}, {"updated_at": "some day"}, {"x": "y" * 9_000_000}]
)
async def test_p15_a_record_that_does_not_fit_is_still_there(misfit: dict, world: World):
    connection = await three_warehouses(world)
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(2, **misfit)]
    await world.next_sync(NIGHT)

    assert [quarantine.key for quarantine in await world.quarantined(connection)] == ["w-2"]
    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-2"]
    assert list(await world.gone(connection)) == ["w-3"]


async def test_p15_two_records_with_one_id_are_still_there(world: World):
    connection = await three_warehouses(world)
    twins = [warehouse(1), warehouse(2, name="A"), warehouse(2, name="B")]
    world.vendor.script("/warehouses", [answer(body={"data": twins, "next": None})])
    await world.next_sync(NIGHT)

    assert list(await world.gone(connection)) == ["w-3"]


async def test_p15_a_run_that_dies_when_all_is_buried_buries_no_more_when_it_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    connection = await three_warehouses(world)
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(2)]
    world.clock.pass_seconds(10)
    await world.queue(connection, "get_warehouses")
    lease = await claim(world.services.database, "dies", world.clock)
    assert lease is not None

    class Killed(BaseException):
        """As if the process ended here."""

    async def killed(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(schedules, "completed", killed)
        with pytest.raises(Killed):
            await sync(world.services.engine, lease, asyncio.Event())
    assert list(await world.gone(connection)) == ["w-3"]
    await world.next_sync(120)

    assert (await world.last_job(connection, "get_warehouses")).state == "done"
    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-2"]
    assert len(await world.events(connection, "warehouse.deleted")) == 1


async def test_a_record_that_comes_back_is_new_and_keeps_when_it_was_first_stored(world: World):
    connection = await three_warehouses(world)
    first = (await world.documents(connection, "get_warehouses"))["w-2"]
    world.vendor.collections["warehouses"] = [warehouse(1)]
    await world.next_sync(NIGHT)
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(2)]
    await world.next_sync(NIGHT)

    document = (await world.documents(connection, "get_warehouses"))["w-2"]
    assert document["trackstar_created_date"] == first["trackstar_created_date"]
    assert document["trackstar_updated_date"] > first["trackstar_updated_date"]
    assert list(await world.gone(connection)) == ["w-3"]
    assert [event["data"] for event in await world.events(connection, "warehouse.created")] == [document]


async def test_a_record_that_comes_back_has_the_tags_it_had(world: World):
    connection = await three_warehouses(world)
    query = "SELECT document FROM wms_warehouses WHERE id = 'w-2'"
    [(document,)] = await world.services.database.fetch(query)
    tagged = bytes(document).replace(b'"trackstar_tags":null', b'"trackstar_tags":["vip"]')
    await world.services.database.execute("UPDATE wms_warehouses SET document = ? WHERE id = 'w-2'", tagged)
    world.vendor.collections["warehouses"] = [warehouse(1)]
    await world.next_sync(NIGHT)
    world.vendor.collections["warehouses"] = [warehouse(1), warehouse(2)]
    await world.next_sync(NIGHT)

    assert (await world.documents(connection, "get_warehouses"))["w-2"]["trackstar_tags"] == ["vip"]


async def test_a_record_that_comes_back_misshapen_stays_a_tombstone(world: World):
    connection = await three_warehouses(world)
    world.vendor.collections["warehouses"] = [warehouse(1)]
    await world.next_sync(NIGHT)
    nameless = {name: value for name, value in warehouse(2).items() if name != "name"}
    world.vendor.collections["warehouses"] = [warehouse(1), nameless]
    await world.next_sync(NIGHT)

    assert [quarantine.key for quarantine in await world.quarantined(connection)] == ["w-2"]
    assert list(await world.gone(connection)) == ["w-2", "w-3"]


async def test_what_changed_since_the_snapshot_began_is_not_buried(world: World):
    connection = await three_warehouses(world)
    page_2 = answer(body={"data": [warehouse(1)], "next": "P2"})
    world.vendor.script("/warehouses", [page_2, throttled(600)])
    await world.next_sync(NIGHT)
    # As a write would leave it: stored while the snapshot is under way, so it can't have been met.
    table = "wms_warehouses"
    await world.services.database.execute(
        f"UPDATE {table} SET trackstar_updated_date = ? WHERE id = 'w-3'", world.clock() // 1000
    )
    world.vendor.script("/warehouses", [answer(body={"data": [], "next": None})])
    await world.next_sync(700)

    assert (await world.last_job(connection, "get_warehouses")).state == "done"
    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-3"]


async def test_a_record_that_is_changed_while_it_is_about_to_be_buried_stays(world: World):
    connection = await three_warehouses(world)
    database = world.services.database
    world.clock.pass_seconds(60)
    began = world.clock()

    target = Target(connection, WAREHOUSES, cause="sync", job_id="job_1")
    async with database.transaction() as transaction:
        # As a write does it: the change is made, and not yet committed when the burying begins.
        await transaction.execute(
            "UPDATE wms_warehouses SET trackstar_updated_date = ? WHERE id = 'w-2'", began // 1000 + 1
        )
        burying = asyncio.create_task(
            commit(database, target, Changes(unmet=UnmetRecords(began, at_most=10)), began)
        )
        await asyncio.sleep(0.1)
    assert (await burying).gone == ["w-1", "w-3"]
    assert list(await world.documents(connection, "get_warehouses")) == ["w-2"]


async def test_records_without_stamps_or_events_are_buried_too(world: World):
    world.vendor.collections["packs"] = [packs(1, "a"), packs(2, "b")]
    connection = await world.connect()
    texts = await world.told(connection)
    world.vendor.collections["packs"] = [packs(2, "b")]
    await world.next_sync()

    assert list(await world.documents(connection, "get_order_packs")) == ["o-002"]
    assert list(await world.gone(connection)) == ["o-001"]
    assert await world.told(connection) == texts


async def test_a_first_sync_begun_anew_tells_of_nothing_that_is_gone(world: World):
    connection = await three_warehouses(world)
    world.clock.pass_seconds(60)
    async with world.services.database.transaction() as transaction:
        await schedules.start_over(transaction, connection.id, world.clock())
    world.vendor.collections["warehouses"] = [warehouse(1)]
    await world.work()

    assert list(await world.gone(connection)) == ["w-2", "w-3"]
    assert await world.events(connection, "warehouse.deleted") == []
    assert len(await world.events(connection, "connection.historical-sync-completed")) == 6


async def test_nothing_of_a_snapshot_is_left_behind_when_it_has_ended(world: World):
    connection = await three_warehouses(world)
    world.vendor.script("/warehouses", [answer(body={"data": [warehouse(1)], "next": "P2"}), html()])
    await world.next_sync(NIGHT)
    await world.next_sync(NIGHT)

    assert (await world.last_job(connection, "get_warehouses")).state == "done"
    assert await world.services.database.fetch("SELECT job_id FROM seen") == []


async def test_the_limits_of_a_connection_go_with_it_and_those_of_others_stay(world: World):
    connection, neighbour = await world.connect(), await world.connect()
    slots = StoredSlots(world.services.database, world.clock)
    for uid in (connection.uid, neighbour.uid):
        for name in ("", "#orders"):
            await slots.hold(f"{account_of('wms', connection.integration, uid)}{name}", 3600)
    await disconnect(world.services.database, connection, world.clock())
    await world.work()
    rows = await world.services.database.fetch("SELECT account FROM vendor_slots ORDER BY account")
    account = account_of("wms", neighbour.integration, neighbour.uid)
    assert [row[0] for row in rows] == [account, f"{account}#orders"]
