"""After the first sync: every change is stored once and told once, with what was before; nothing else is."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.changes.commit import Changes, commit
from crossdock.changes.diff import restored
from crossdock.changes.plan import Incoming, Target
from crossdock.connections.disconnect import disconnect
from crossdock.kit import registry
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.resources.wms.labor_activities import LABOR_ACTIVITIES
from crossdock.wire import decoder, encoder
from tests.event_contract import contract, faults
from tests.fakes.fake_wms import read
from tests.fakes.vendor import answer
from tests.journeys.conftest import (
    ORDERS,
    World,
    order,
    same_bytes,
    warehouse,
    without_stamps,
)

SHIPMENT = {"id": "s1", "warehouse": "w-1", "shipped_at": "2026-02-02T08:00:00Z"}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the orders that were mapped."""
    texts: list[str] = []
    real = read.order

    def counted(raw: dict[str, Any]) -> dict[str, Any]:
        texts.append(raw["id"])
        return real(raw)

    monkeypatch.setattr(read, "order", counted)
    return texts


async def test_a_new_record_is_stored_and_told_whole(world: World):
    connection = await world.connect()
    world.vendor.collections["orders"] = [order(1)]
    await world.next_sync()

    [event] = await world.events(connection, "order.created")
    assert event["data"] == (await world.documents(connection))["o-001"]
    assert list(event) == [
        "connection_id", "customer_id", "data", "event_type", "integration_name", "integration_type",
    ]  # fmt: skip
    assert event["customer_id"] is None
    assert (event["integration_name"], event["integration_type"]) == ("fake", "wms")
    assert await world.history(connection) == []


async def test_a_change_is_told_with_exactly_what_was_before(world: World):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    before = (await world.documents(connection))["o-001"]
    line = {"product": "p2", "quantity": 5}
    world.change("orders", "o-001", state="PICKED", lines=[{"product": "p1", "quantity": 1}, line])
    await world.next_sync()

    [event] = await world.events(connection, "order.updated")
    assert event["previous_attributes"] == {
        "updated_date": "2026-02-01T00:00:01Z",
        "status": "open",
        "raw_status": "NEW",
        "line_items.1.quantity": 2,
    }
    assert event["data"] == (await world.documents(connection))["o-001"]
    old = restored(without_stamps(event["data"]), event["previous_attributes"])
    assert same_bytes(old, without_stamps(before))
    assert event["data"]["trackstar_created_date"] == before["trackstar_created_date"]
    assert event["data"]["trackstar_updated_date"] > before["trackstar_updated_date"]


async def test_each_change_leaves_a_row_of_history_that_names_its_event(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    world.change("orders", "o-001", state="PICKED")
    await world.next_sync()

    [event] = await world.events(connection, "order.updated")
    [(resource, record_id, previous, event_id)] = await world.history(connection)
    assert (resource, record_id, previous) == ("wms_orders", "o-001", event["previous_attributes"])
    row = await world.services.database.fetch_one("SELECT id FROM events WHERE type = 'order.updated'")
    assert row is not None
    assert event_id == row[0]


async def test_p22_putting_back_what_was_before_gives_every_older_document(world: World):
    world.vendor.collections["orders"] = [order(1, extra={"a.b": 1, "deep": {"x": [1, 2]}})]
    connection = await world.connect()
    states = [without_stamps((await world.documents(connection))["o-001"])]
    for changes in (
        {"state": "PICKED", "extra": {"a.b": 2, "deep": {"x": [1, 2]}}},
        {"lines": [], "extra": {"a.b": 2, "deep": {"x": [1, 3]}}},
        {"lines": [{"product": "p9", "quantity": 1, "price": "12345678901234567.89"}], "total": None},
        {"shipments": [SHIPMENT], "state": "SHIPPED", "extra": {}},
        {"extra": {"deep": True}, "total": "0.1"},
        {"extra": {"deep": 1}},
    ):
        world.change("orders", "o-001", **changes)
        await world.next_sync()
        states.append(without_stamps((await world.documents(connection))["o-001"]))

    history = await world.history(connection)
    assert len(history) == len(states) - 1
    document = states.pop()
    for _, _, previous, _ in reversed(history):
        document = restored(document, previous)
        assert same_bytes(document, states.pop())


async def test_a_new_shipment_is_told_as_such_with_the_shipments_before(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    world.change("orders", "o-001", shipments=[SHIPMENT])
    await world.next_sync()
    world.change("orders", "o-001", shipments=[SHIPMENT, SHIPMENT | {"id": "s2"}])
    await world.next_sync()
    world.change("orders", "o-001", shipments=[SHIPMENT | {"warehouse": "w-2"}, SHIPMENT | {"id": "s2"}])
    await world.next_sync()

    first, second = await world.events(connection, "order.shipment.created")
    assert first["previous_attributes"] == {"shipments": []}
    assert [shipment["shipment_id"] for shipment in second["previous_attributes"]["shipments"]] == ["s1"]
    assert [shipment["shipment_id"] for shipment in second["data"]["shipments"]] == ["s1", "s2"]
    updates = await world.events(connection, "order.updated")
    assert [sorted(update["previous_attributes"]) for update in updates] == [
        ["shipments", "updated_date"],
        ["shipments", "updated_date"],
        ["shipments.0.warehouse_id", "updated_date"],
    ]


async def test_an_order_that_arrives_shipped_tells_of_its_shipment_too(world: World):
    connection = await world.connect()
    world.vendor.collections["orders"] = [order(1, shipments=[SHIPMENT])]
    await world.next_sync()

    assert (await world.told(connection))[-2:] == ["order.created", "order.shipment.created"]
    [event] = await world.events(connection, "order.shipment.created")
    assert event["previous_attributes"] == {"shipments": []}


async def test_a_sync_that_finds_nothing_new_writes_nothing_and_maps_nothing(world: World, reads: list[str]):
    world.vendor.collections["orders"] = [order(n) for n in range(1, 6)]
    connection = await world.connect(page_size="2")
    before, texts = await world.rows(connection), await world.told(connection)
    reads.clear()
    await world.services.database.execute("UPDATE schedules SET mark = NULL")
    await world.next_sync()

    run = await world.last_run(connection)
    assert (run.received, run.unchanged, run.created, run.updated) == (5, 5, 0, 0)
    assert reads == []
    assert await world.rows(connection) == before
    assert await world.told(connection) == texts
    assert await world.history(connection) == []


async def test_what_only_looks_different_changes_nothing_that_anybody_sees(world: World, reads: list[str]):
    world.vendor.collections["orders"] = [order(1, extra={"n": 1, "d": 2.5})]
    connection = await world.connect()
    before, texts = await world.documents(connection), await world.told(connection)
    reads.clear()
    world.vendor.collections["orders"] = [order(1, extra={"n": 1, "d": 2.5}, etag="new", total=10.5)]
    await world.next_sync()

    assert reads == ["o-001"]
    assert (await world.last_run(connection)).unchanged == 1
    assert await world.documents(connection) == before
    assert await world.told(connection) == texts
    await world.next_sync()
    assert reads == ["o-001"], "what was sent is remembered, so it is not mapped a third time"


async def test_how_a_number_is_written_is_no_change(world: World):
    connection = await world.connect()
    for spelled in (b"1.50", b"1.5", b"15E-1"):
        body = b'{"data": [%s], "next": null}' % encoder.encode(order(1, extra={"rate": "RATE"})).replace(
            b'"RATE"', spelled
        )
        world.vendor.script("/orders", [answer(body=body)])
        world.clock.pass_seconds(3600)
        await world.work()
    assert await world.told(connection) == [
        "connection.created", *["connection.historical-sync-completed"] * 3, "order.created",
    ]  # fmt: skip
    document = (await world.documents(connection))["o-001"]
    assert document["trackstar_updated_date"] == document["trackstar_created_date"]
    assert document["additional_fields"]["rate"] == Decimal("1.5")


async def test_new_mapping_code_reads_old_records_again(
    world: World, reads: list[str], monkeypatch: pytest.MonkeyPatch
):
    world.vendor.collections["orders"] = [order(1, state="ODD"), order(2)]
    connection = await world.connect()
    reads.clear()
    monkeypatch.setitem(read.STATUS, "ODD", "exception")
    monkeypatch.setattr(registry, "_read_version", lambda folder, resource: b"another version")
    await world.services.database.execute("UPDATE schedules SET mark = NULL")
    await world.next_sync()

    assert reads == ["o-001", "o-002"]
    [event] = await world.events(connection, "order.updated")
    assert event["previous_attributes"] == {"status": "other"}
    assert (event["data"]["status"], event["data"]["raw_status"]) == ("exception", "ODD")


async def test_a_new_field_reaches_records_that_the_vendor_did_not_change(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    # As a release before the field stored it: the document lacks the field, hashes are of the old shape.
    monkeypatch.setitem(vars(ORDERS), "shape", b"before")
    registry._read_version.cache_clear()
    await world.services.database.execute("UPDATE schedules SET mark = NULL")
    await world.next_sync()
    [(document,)] = await world.services.database.fetch("SELECT document FROM wms_orders WHERE id = 'o-001'")
    without = bytes(document).replace(b'"scac":null,', b"", 1)
    await world.services.database.execute("UPDATE wms_orders SET document = ? WHERE id = 'o-001'", without)
    monkeypatch.setitem(vars(ORDERS), "shape", b"after")
    registry._read_version.cache_clear()
    await world.services.database.execute("UPDATE schedules SET mark = NULL")
    await world.next_sync()

    assert "scac" in (await world.documents(connection))["o-001"]
    assert await world.events(connection, "order.updated") == []


async def test_a_field_that_the_vendor_leaves_out_keeps_its_value_and_null_clears_it(world: World):
    world.vendor.collections["orders"] = [order(1, channel="web", total="9.99")]
    connection = await world.connect()
    record = world.vendor.collections["orders"][0]
    for name in ("channel", "total", "lines", "shipments"):
        del record[name]
    world.change("orders", "o-001", state="PICKED")
    await world.next_sync()
    document = (await world.documents(connection))["o-001"]
    assert (document["channel"], document["total_price"], len(document["line_items"])) == (
        "web", Decimal("9.99"), 2,
    )  # fmt: skip

    world.change("orders", "o-001", total=None)
    await world.next_sync()
    document = (await world.documents(connection))["o-001"]
    assert (document["channel"], document["total_price"]) == ("web", None)
    assert (await world.events(connection, "order.updated"))[-1]["previous_attributes"]["total_price"] == (
        Decimal("9.99")
    )


async def test_a_value_that_is_only_searched_by_is_kept_changed_and_cleared_without_a_word(world: World):
    connection = await world.connect(sync=False)
    database, target = world.services.database, Target(connection, LABOR_ACTIVITIES, cause="sync")
    moment = "2026-02-01T00:00:00Z"
    fields = {
        "id": "l1", "created_date": moment, "updated_date": moment, "user_id": "u", "warehouse_id": "w",
        "activity_type": "pick", "activity_start_time": moment,
    }  # fmt: skip

    async def stored(**hidden: str | None) -> tuple[Any, ...]:
        world.clock.pass_seconds(60)
        await commit(database, target, Changes([Incoming("l1", fields | hidden, None)]), world.clock())
        row = await database.fetch_one(
            "SELECT warehouse_customer_id, trackstar_updated_date, document FROM wms_labor_activities"
        )
        assert row is not None
        return tuple(row)

    first = await stored(warehouse_customer_id="c1")
    assert first[0] == "c1"
    assert await stored() == first
    assert await stored(warehouse_customer_id="c2") == ("c2", *first[1:])
    assert await stored() == ("c2", *first[1:])
    assert await stored(warehouse_customer_id=None) == (None, *first[1:])
    assert (await world.told(connection)).count("labor_activity.updated") == 0


async def test_an_entry_of_the_ledger_that_was_only_touched_is_no_change(world: World):
    """Tryton stamps a move again when its goods are put away; what it did to the stock is the same."""
    connection = await world.connect(sync=False)
    database, target = world.services.database, Target(connection, INVENTORY_LEDGER, cause="sync")
    moment = "2026-02-01T00:00:00Z"
    entry = {
        "id": "e-1", "created_date": moment, "updated_date": moment, "entry_date": moment, "sku": "s",
        "inventory_item_id": "a", "quantity": 5, "event_type": "inbound_receipt",
    }  # fmt: skip

    async def stored(**changes: Any) -> tuple[Any, ...]:
        world.clock.pass_seconds(60)
        await commit(database, target, Changes([Incoming("e-1", entry | changes, None)]), world.clock())
        row = await database.fetch_one("SELECT document FROM wms_inventory_ledger")
        assert row is not None
        return tuple(row)

    first = await stored()
    assert await stored(updated_date="2026-02-02T00:00:00Z") == first
    assert (await world.told(connection)).count("inventory_ledger.updated") == 0
    assert await stored(updated_date="2026-02-03T00:00:00Z", quantity=6) != first
    assert (await world.told(connection)).count("inventory_ledger.updated") == 1


async def test_webhooks_that_are_off_mute_records_and_nothing_else(world: World):
    world.vendor.collections["orders"] = [order(1)]
    world.vendor.collections["warehouses"] = [warehouse(1)]
    connection = await world.connect()
    await world.change_connection(connection, webhooks_disabled=True)
    world.change("orders", "o-001", state="PICKED", shipments=[SHIPMENT])
    world.vendor.collections["orders"].append(order(2, updated_at="2026-02-02T01:00:00Z"))
    world.vendor.collections["warehouses"] = []
    texts = await world.told(connection)
    await world.next_sync(12 * 3600)

    assert await world.told(connection) == texts
    assert [document for document in await world.documents(connection)] == ["o-001", "o-002"]
    assert list(await world.gone(connection)) == ["w-1"]
    [(_, record_id, previous, event_id)] = await world.history(connection)
    assert (record_id, previous["status"], event_id) == ("o-001", "open", None)

    await world.force(connection)
    assert (await world.told(connection))[-1] == "connection.force-sync-completed"


async def test_two_connections_to_one_vendor_keep_apart(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection, other_connection = await world.connect(), await world.connect()
    await world.change_connection(other_connection, webhooks_disabled=True)
    world.change("orders", "o-001", state="PICKED")
    await world.next_sync()

    assert [e["connection_id"] for e in await world.events(connection, "order.updated")] == [connection.uid]
    assert await world.events(other_connection, "order.updated") == []
    assert len(await world.history(other_connection)) == 1


# The bodies, against the contract


async def test_every_event_is_what_the_contract_promises(world: World):
    contract()
    connection = await world.connect()
    world.vendor.collections["orders"] = [order(1)]
    await world.next_sync()
    world.change("orders", "o-001", state="SHIPPED", shipments=[SHIPMENT], lines=[])
    await world.next_sync()
    world.vendor.script("/orders", [answer(403, {"message": "no orders for you"})])
    await world.next_sync()
    world.vendor.script("/orders", [answer(403, {"message": "still no orders for you"})])
    await world.next_sync()
    await world.next_sync()
    await world.force(connection)
    world.vendor.collections["warehouses"][0]["name"] = "Great Hall"
    await world.next_sync(12 * 3600)
    await disconnect(world.services.database, connection, world.clock())
    events = await world.events(connection)

    event_types = {event["event_type"] for event in events}
    assert event_types == {
        "connection.historical-sync-completed", "order.created", "order.updated", "order.shipment.created",
        "warehouse.updated", "connection-error.created", "connection-error.updated",
        "connection-error.deleted", "connection.force-sync-completed", "connection.deleted",
    }  # fmt: skip
    assert {event["event_type"]: faults(event) for event in events} == {name: [] for name in event_types}


async def test_the_event_of_a_new_connection_is_what_the_contract_promises(world: World):
    connection = await world.connect(sync=False)
    row = await world.services.database.fetch_one("SELECT id, body FROM events")
    assert row is not None
    opened = await world.services.vault.open(connection.organization_id, f"event {row[0]}", bytes(row[1]))
    event = decoder.decode(opened)
    assert event["event_type"] == "connection.created"
    assert faults(event) == []


def test_the_contract_check_sees_a_wrong_event():
    assert faults({"event_type": "order.updated", "data": {"id": 7}}) != []


def test_orders_are_the_resource_that_has_subevents():
    resource: Resource = ORDERS
    assert [subevent.name for subevent in resource.subevents] == ["order.shipment.created"]
