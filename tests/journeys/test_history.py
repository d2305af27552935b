"""What records were: their changes one by one, and every read as of a moment, over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from crossdock.api.operations import all_operations
from crossdock.store.connections import schedules
from crossdock.store.records import history
from crossdock.wire import encoder, stamp
from tests.fakes.vendor import answer
from tests.journeys.callers import Caller, calling
from tests.journeys.conftest import World, order, packs, warehouse, with_settings
from tests.journeys.server import Organization, Server

NIGHT = 12 * 3600

READS = [
    operation
    for operation in all_operations()
    if operation.resource is not None and operation.resource.type != "freight"
]


@pytest.fixture
async def caller(world: World) -> AsyncIterator[Caller]:
    async with calling(with_settings(world, reads_per_second=0, disabled_functions="")) as found_caller:
        yield found_caller


# The changes of a record


async def test_the_changes_of_a_record_are_told_newest_first_with_old_and_new_values(
    world: World, caller: Caller
):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    line = {"product": "p2", "quantity": 5}
    world.change("orders", "o-001", state="PICKED", lines=[{"product": "p1", "quantity": 1}, line])
    await world.next_sync()
    first_at = caller.now()
    world.change("orders", "o-001", state="SHIPPED", total="11.25")
    await world.next_sync()

    page = (await caller.get(connection, "/wms/orders/o-001/history")).json()
    events = await world.services.database.fetch(
        "SELECT id FROM events WHERE type = 'order.updated' ORDER BY seq"
    )
    [second, first] = page.pop("data")
    assert page == {"next_token": None, "total_count": 2}
    assert [item["event_id"] for item in (first, second)] == [row[0] for row in events]
    assert second["run_id"] == (await world.last_job(connection)).id
    assert (first["at"], first["cause"], first["kind"]) == (first_at, "sync", "updated")
    changes = {change["field"]: (change["old"], change["new"]) for change in first["changes"]}
    assert changes.pop("updated_date") == ("2026-02-01T00:00:01Z", "2026-02-02T02:40:00Z")
    assert changes == {
        "status": ("open", "picked"), "raw_status": ("NEW", "PICKED"), "line_items.1.quantity": (2, 5),
    }  # fmt: skip
    assert {"field": "total_price", "old": 10.5, "new": 11.25} in second["changes"]


async def test_changes_come_in_pages_whose_tokens_are_of_one_record(world: World, caller: Caller):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    for number in range(5):
        world.change("orders", "o-001", number=f"X{number}")
        await world.next_sync()

    items, query = [], {"limit": "2"}
    for _ in range(3):
        page = (await caller.get(connection, "/wms/orders/o-001/history", **query)).json()
        assert page["total_count"] == len(page["data"])
        items += [
            c["new"] for record in page["data"] for c in record["changes"] if c["field"] == "order_number"
        ]
        query = {"limit": "2", "page_token": page["next_token"]}
        if len(items) == 2:
            token = page["next_token"]
    assert items == ["X4", "X3", "X2", "X1", "X0"]
    assert page["next_token"] is None
    path = "/wms/orders/o-002/history"
    assert list(await caller.fault(connection, path, page_token=token)) == ["page_token"]
    assert list(await caller.fault(connection, path, limit="0")) == ["limit"]
    assert list(await caller.fault(connection, path, status="open")) == ["status"]


async def test_history_knows_when_a_record_went_and_came_back_and_is_told_of_tombstones_too(
    world: World, caller: Caller
):
    connection = await world.connect()
    assert (await caller.get(connection, "/wms/warehouses/w-2/history")).json()["data"] == []
    both = world.vendor.collections["warehouses"]
    world.vendor.collections["warehouses"] = both[:1]
    await world.next_sync(NIGHT)
    [value] = (await caller.get(connection, "/wms/warehouses/w-2/history")).json()["data"]
    world.vendor.collections["warehouses"] = [both[0], both[1] | {"name": "New Hall"}]
    await world.next_sync(NIGHT)
    [back, same_value] = (await caller.get(connection, "/wms/warehouses/w-2/history")).json()["data"]

    assert same_value == value
    assert (value["kind"], value["changes"]) == ("gone", [])
    assert (back["kind"], back["changes"]) == (
        "back", [{"field": "name", "old": "Hall 2", "new": "New Hall"}],
    )  # fmt: skip
    rows = await world.services.database.fetch(
        "SELECT id FROM events WHERE record_id = 'w-2' AND type LIKE 'warehouse.%' ORDER BY seq"
    )
    assert [value["event_id"], back["event_id"]] == [row[0] for row in rows]


async def test_a_record_that_nobody_has_or_another_connection_has_has_no_history(
    world: World, caller: Caller
):
    connection = await world.connect()
    world.vendor.collections["orders"] = [order(1)]
    other_connection = await world.connect()
    for path in ("/wms/orders/o-001/history", "/wms/orders/nothing/history"):
        response = await caller.get(connection, path)
        assert (response.status_code, response.json()["id"]) == (404, path.split("/")[3])
    assert (await caller.get(other_connection, "/wms/orders/o-001/history")).status_code == 200


# As of a moment


async def test_p22_every_read_as_of_a_moment_is_byte_for_byte_what_was_sent_then(
    world: World, caller: Caller
):
    world.vendor.collections["orders"] = [order(n) for n in range(1, 5)]
    connection = await world.connect(page_size="2")
    reads = ("/wms/orders", "/wms/orders/o-002", "/wms/warehouses", "/wms/orders/o-001/packs")
    picked = order(2, updated_at="2026-02-02T00:00:00Z", state="PICKED", extra={"rate": 1.5, "a.b": [1]})
    late = order(9, updated_at="2026-02-03T00:00:00Z")
    shipped = order(2, updated_at="2026-02-04T00:00:00Z", state="SHIPPED", lines=[])
    sent: list[tuple[str, str, int, bytes]] = []
    changed: list[tuple[str, list[Any]]] = [
        ("orders", [order(n) for n in range(1, 5)]), ("orders", [picked]), ("packs", [packs(1, "a")]),
        ("warehouses", [warehouse(1)]), ("orders", [late]), ("packs", []),
        ("warehouses", [warehouse(1), warehouse(2)]), ("orders", [shipped]),
    ]  # fmt: skip
    for name, collection in changed:
        world.vendor.collections[name] = collection
        await world.next_sync(NIGHT)
        answers = [(path, await caller.get(connection, path)) for path in reads]
        sent += [(caller.now(), path, response.status_code, response.content) for path, response in answers]
        world.clock.pass_seconds(5)

    assert len({(path, document) for _, path, _, document in sent}) == 4 + 3 + 3 + 2
    for at, path, status, document in sent:
        response = await caller.get(connection, path, as_of=at)
        assert (response.status_code, response.content) == (status, document), (at, path)


async def test_filters_ask_for_what_held_then_and_pages_hold_together(world: World, caller: Caller):
    world.vendor.collections["orders"] = [order(n) for n in range(1, 8)]
    connection = await world.connect()
    then = caller.now()
    for number in (2, 3, 5):
        world.change("orders", f"o-00{number}", state="PICKED")
    await world.next_sync()

    assert await caller.ids(connection, "/wms/orders", status="open") == ["o-001", "o-004", "o-006", "o-007"]
    page = (await caller.get(connection, "/wms/orders", status="open", as_of=then, limit="3")).json()
    assert [record["id"] for record in page["data"]] == ["o-001", "o-002", "o-003"]
    token = page["next_token"]
    remaining_ids = await caller.ids(connection, "/wms/orders", status="open", as_of=then, page_token=token)
    assert remaining_ids == ["o-004", "o-005", "o-006", "o-007"]
    for other_text in (caller.now(), None):
        query = {"page_token": token, "as_of": other_text}
        faults = await caller.fault(connection, "/wms/orders", **{k: v for k, v in query.items() if v})
        assert list(faults) == ["page_token"]
    plain = (await caller.get(connection, "/wms/orders", limit="3")).json()["next_token"]
    assert list(await caller.fault(connection, "/wms/orders", as_of=then, page_token=plain)) == ["page_token"]
    assert await caller.ids(connection, "/wms/orders", **{"updated_date[lt]": "2026-02-01T00:00:03Z"}) == [
        "o-001"
    ]
    early = {"updated_date[lt]": "2026-02-01T00:00:03Z", "as_of": then}
    assert await caller.ids(connection, "/wms/orders", **early) == ["o-001", "o-002"]
    assert await caller.ids(connection, "/wms/orders", ids="o-005,o-003,o-099", as_of=then) == [
        "o-003",
        "o-005",
    ]


async def test_what_was_first_seen_later_was_not_there(world: World, caller: Caller):
    before = caller.now()
    connection = await world.connect(sync=False)
    world.vendor.collections["orders"] = [order(1)]
    world.vendor.collections["packs"] = [packs(1, "a")]
    await world.next_sync(7)

    for path in ("/wms/orders/o-001", "/wms/orders/o-001/packs"):
        assert (await caller.get(connection, path, as_of=before)).status_code == 404
        assert (await caller.get(connection, path, as_of=caller.now())).status_code == 200
    assert await caller.ids(connection, "/wms/orders", as_of=before) == []
    assert await caller.ids(connection, "/wms/orders", as_of=caller.now()) == ["o-001"]


async def test_what_was_gone_then_is_read_only_by_those_who_ask_for_tombstones(world: World, caller: Caller):
    connection = await world.connect()
    there, path = caller.now(), "/wms/warehouses/w-2"
    document = await caller.read(connection, path)
    second = world.vendor.collections["warehouses"].pop()
    await world.next_sync(NIGHT)
    text = caller.now()

    assert (await caller.get(connection, path)).status_code == 404
    assert await caller.read(connection, path, include_deleted="true") == document
    assert await caller.ids(connection, "/wms/warehouses") == ["w-1"]
    world.vendor.collections["warehouses"].append(second | {"name": "New Hall"})
    await world.next_sync(NIGHT)
    assert await caller.read(connection, path, as_of=there) == document
    assert (await caller.get(connection, path, as_of=text)).status_code == 404
    assert await caller.read(connection, path, as_of=text, include_deleted="true") == document
    assert await caller.ids(connection, "/wms/warehouses", as_of=text) == ["w-1"]
    assert await caller.ids(connection, "/wms/warehouses", as_of=there) == ["w-1", "w-2"]


async def test_changes_that_a_first_sync_tells_nobody_of_are_known_all_the_same(world: World, caller: Caller):
    connection = await world.connect()
    world.clock.pass_seconds(60)
    then, before = caller.now(), await caller.read(connection, "/wms/warehouses/w-1")
    world.clock.pass_seconds(60)
    async with world.services.database.transaction() as transaction:
        await schedules.start_over(transaction, connection.id, world.clock())
    world.vendor.collections["warehouses"] = [warehouse(1, name="Great Hall")]
    await world.work()

    assert await world.events(connection, "warehouse.updated", "warehouse.deleted") == []
    assert await caller.read(connection, "/wms/warehouses/w-1", as_of=then) == before
    assert await caller.ids(connection, "/wms/warehouses", as_of=then) == ["w-1", "w-2"]
    [change] = (await caller.get(connection, "/wms/warehouses/w-1/history")).json()["data"]
    assert (change["event_id"], change["changes"][0]["new"]) == (None, "Great Hall")


async def test_how_a_number_is_written_changes_no_stored_byte(world: World, caller: Caller):
    connection = await world.connect()

    async def sent(spelled: bytes, **extra_fields: Any) -> bytes:
        encoded = encoder.encode(order(1, extra={"rate": "RATE"}, **extra_fields)).replace(b'"RATE"', spelled)
        world.vendor.script("/orders", [answer(body=b'{"data": [%s], "next": null}' % encoded)])
        await world.next_sync()
        return await caller.read(connection, "/wms/orders/o-001")

    document = await sent(b"1.50")
    assert b'"rate":1.50' in document
    assert await sent(b"1.5") == document
    then = caller.now()
    assert b'"rate":1.50' in await sent(b"15E-1", state="PICKED")
    assert await caller.read(connection, "/wms/orders/o-001", as_of=then) == document


# What can't be answered


@pytest.mark.parametrize("path", ["/wms/orders", "/wms/orders/o-001", "/wms/orders/o-001/packs"])
@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("2026-02-30T00:00:00Z", "is not a date"),
        ("2026-02", "is not a date"),
        ("", "is empty"),
        ("2026-02-02T02:40:01Z", "lies in the future"),
        ("9999-12-31T23:59:59Z", "lies in the future"),
        ("2025-11-04T02:39:58Z", "history is kept since 2025-11-04T02:40:00Z; ask for that or later"),
        ("0001-01-01T00:00:00Z", "history is kept since"),
    ],
)
async def test_a_moment_that_can_not_be_answered_is_refused_with_the_reason(
    path: str, as_of: str, message: str, world: World, caller: Caller
):
    assert caller.now() == "2026-02-02T02:40:00Z"
    world.vendor.collections["orders"] = [order(1)]
    world.vendor.collections["packs"] = [packs(1, "a")]
    connection = await world.connect()
    [fault] = (await caller.fault(connection, path, as_of=as_of))["as_of"]
    assert message in fault


async def test_a_moment_in_the_kept_time_is_answered_after_older_changes_were_forgotten(
    world: World, caller: Caller
):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    sent = []
    for number in range(4):
        world.change("orders", "o-001", number=f"X{number}")
        await world.next_sync(86_400)
        sent.append((caller.now(), await caller.read(connection, "/wms/orders/o-001")))
    horizon = int(datetime.fromisoformat(sent[2][0]).timestamp() * 1000)
    assert await history.forget(world.services.database, horizon, 100) == 2

    for at, document in sent[2:]:
        assert await caller.read(connection, "/wms/orders/o-001", as_of=at) == document
    [fault] = (await caller.fault(connection, "/wms/orders", as_of=sent[1][0]))["as_of"]
    assert f"since {sent[2][0]}" in fault
    # Kept for ever from now on: what was forgotten stays forgotten.
    async with calling(with_settings(caller.world, history_days=0)) as for_ever:
        assert list(await for_ever.fault(connection, "/wms/orders", as_of=sent[1][0])) == ["as_of"]


async def test_history_that_is_kept_for_ever_knows_the_beginning_of_time(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    async with calling(with_settings(world, history_days=0, reads_per_second=0)) as caller:
        assert await caller.ids(connection, "/wms/orders", as_of="0001-01-01T00:00:00Z") == []
        assert await caller.ids(connection, "/wms/orders", as_of="2001-01-01T00:00:00Z") == []


# Every resource


@pytest.mark.parametrize(
    "operation",
    [api_operation for api_operation in READS if api_operation.is_list],
    ids=lambda value: value.path,
)
def test_a_list_as_of_now_is_the_list(house: Organization, server: Server, operation: Any):
    parents = house.list("/wms/warehouses") if operation.resource.parent else [{"id": ""}]
    for parent in parents[:3]:
        path = operation.path.format_map({str(operation.resource.parent): parent["id"]})
        now = stamp(server.services.clock())
        assert house.list(path, as_of=now) == house.list(path)


@pytest.mark.parametrize(
    "operation",
    [api_operation for api_operation in READS if api_operation.path.endswith("/history")],
    ids=lambda value: value.path,
)
def test_every_resource_with_a_single_read_has_a_history(house: Organization, operation: Any):
    resource = operation.resource
    parent = house.list("/wms/warehouses")[0]["id"] if resource.parent else ""
    above = {str(resource.parent): parent}
    lists = "/wms/orders" if not resource.listed else resource.path.format_map(above)
    names = above | {resource.id_name: house.list(lists, limit="1")[0]["id"]}
    if not resource.listed:
        # Of an order without packs there is nothing stored; those that have say since when, as no stamp does.
        every = (above | {resource.id_name: fields["id"]} for fields in house.list(lists))
        names = next(
            entry for entry in every if house.get(operation.path.format_map(entry)).status_code == 200
        )
    page = house.get(operation.path.format_map(names)).json()
    assert [record["kind"] for record in page["data"]] == ([] if resource.stamped else ["created"])
    assert page["next_token"] is None
    assert house.get(operation.path.format_map(names | {resource.id_name: "none"})).status_code == 404


def test_a_record_is_not_found_below_another_parent(house: Organization):
    first, second = house.list("/wms/warehouses")[:2]
    current_id = house.list(f"/wms/warehouses/{first['id']}/locations", limit="1")[0]["id"]
    for extra_text in ("", "/history"):
        assert (
            house.get(f"/wms/warehouses/{first['id']}/locations/{current_id}{extra_text}").status_code == 200
        )
        assert (
            house.get(f"/wms/warehouses/{second['id']}/locations/{current_id}{extra_text}").status_code == 404
        )
