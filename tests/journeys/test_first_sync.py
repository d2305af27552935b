"""When a system is connected everything is read, nobody is flooded, and one event says that it is done."""

from datetime import UTC, datetime

from tests.journeys.conftest import World, order, packs, with_settings


async def test_the_first_sync_stores_everything_and_tells_of_no_record(world: World):
    world.vendor.collections["orders"] = [
        order(n, shipments=[{"id": f"s{n}", "warehouse": "w-1", "shipped_at": "2026-02-01T00:00:00Z"}])
        for n in range(1, 8)
    ]
    world.vendor.collections["packs"] = [packs(1, "a", "b")]
    connection = await world.connect(page_size="3")

    assert list(await world.documents(connection)) == [f"o-{n:03}" for n in range(1, 8)]
    assert list(await world.documents(connection, "get_warehouses")) == ["w-1", "w-2"]
    [pack] = (await world.documents(connection, "get_order_packs")).values()
    assert [pack["pack_id"] for pack in pack["packs"]] == ["a", "b"]
    texts = await world.told(connection)
    assert texts[0] == "connection.created"
    assert texts[1:] == ["connection.historical-sync-completed"] * 3
    assert await world.history(connection) == []
    run = await world.last_run(connection)
    assert (run.pages, run.received, run.created, run.first) == (3, 7, 7, True)


async def test_one_event_for_each_resource_says_that_its_first_sync_is_done_and_what_it_spans(world: World):
    world.vendor.collections["orders"] = [
        order(1, updated_at="2026-01-20T10:00:00Z"), order(2), order(3, updated_at="2026-01-25T00:00:00Z")
    ]  # fmt: skip
    connection = await world.connect(page_size="2")

    completed = await world.events(connection, "connection.historical-sync-completed")
    by_resource = {entry["data"]["resource"]: entry for entry in completed}
    assert sorted(by_resource) == ["order_packs", "orders", "warehouses"]
    assert by_resource["orders"] == {
        "connection_id": connection.uid,
        "customer_id": None,
        "data": {
            "oldest_data_date": "2026-01-20T10:00:00Z",
            "newest_data_date": "2026-02-01T00:00:02Z",
            "resource": "orders",
        },
        "event_type": "connection.historical-sync-completed",
        "integration_name": "fake",
        "integration_type": "wms",
    }
    # Nothing was there to have a date: the moment of the sync itself.
    now = datetime.fromtimestamp(world.clock.now_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert by_resource["order_packs"]["data"]["oldest_data_date"] == now
    assert by_resource["order_packs"]["data"]["newest_data_date"] == now


async def test_a_date_before_the_year_1000_is_told_with_all_its_digits(world: World):
    world.vendor.collections["orders"] = [order(1, updated_at="2026-02-01T00:00:00Z")]
    world.vendor.collections["warehouses"] = [
        {"id": "w-1", "name": "Hall", "updated_at": "0001-01-01T00:00:00Z"}
    ]
    connection = await world.connect()

    [completed] = [
        event["data"]
        for event in await world.events(connection, "connection.historical-sync-completed")
        if event["data"]["resource"] == "warehouses"
    ]
    assert completed["oldest_data_date"] == "0001-01-01T00:00:00Z"


async def test_the_first_sync_looks_back_as_far_as_it_is_set_to(world: World):
    world = with_settings(world, lookback_days=10)
    world.vendor.collections["orders"] = [
        order(1, updated_at="2026-01-22T00:00:00Z"), order(2, updated_at="2026-01-24T00:00:00Z")
    ]  # fmt: skip
    connection = await world.connect()

    started = datetime.fromtimestamp(world.clock.now_ms / 1000, UTC)
    assert started.strftime("%Y-%m-%d") == "2026-02-02"
    assert world.asked()[0]["since"] == "2026-01-23T" + started.strftime("%H:%M:%SZ")
    assert list(await world.documents(connection)) == ["o-002"]


async def test_later_syncs_ask_for_what_changed_since_the_last_complete_one(world: World):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    assert (await world.schedule(connection)).mark == '"2026-02-01T00:00:02Z"'
    await world.next_sync()

    assert [entry["since"] for entry in world.asked()][-1] == "2026-02-01T00:00:02Z"
    assert (await world.last_run(connection)).first is False


async def test_every_function_syncs_at_its_own_pace(world: World):
    await world.connect()
    for _ in range(13):
        await world.next_sync()

    assert len(world.asked("/orders")) == 1 + 13
    assert len(world.asked("/warehouses")) == 1 + 1


async def test_a_paused_function_does_not_sync_until_it_is_resumed(world: World):
    connection = await world.connect()
    count = len(world.asked())
    await world.services.database.execute(
        "UPDATE schedules SET paused = ? WHERE connection_id = ? AND function = 'get_orders'",
        True,
        connection.id,
    )
    await world.next_sync()
    assert len(world.asked()) == count
    await world.services.database.execute("UPDATE schedules SET paused = ?", False)
    await world.work()
    assert len(world.asked()) == count + 1


async def test_functions_that_are_off_for_everybody_do_not_sync(world: World):
    world = with_settings(world, disabled_functions="get_orders")
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    await world.next_sync()

    assert world.asked() == []
    assert await world.count(connection) == 0
    assert await world.count(connection, "get_warehouses") == 2
