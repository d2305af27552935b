"""Every event type of the contract is sent by something, with a body that is what the contract promises."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator

from crossdock.changes.commit import Changes, commit
from crossdock.changes.plan import Incoming, Target
from crossdock.connections.disconnect import disconnect
from crossdock.connections.on_demand import SyncWindow, open_window
from crossdock.errors import InvalidCredentials
from crossdock.kit import registry
from crossdock.resources.catalogue import all_resources
from crossdock.resources.event_types import AUDIT_COMPLETED, event_types, extension_types
from crossdock.resources.schema import Resource
from crossdock.services.application import application
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.records import events
from crossdock.store.records.packing import unpacked_bodies
from crossdock.store.webhooks import attempts, deliveries
from crossdock.store.webhooks.search_filter import AttemptFilter
from crossdock.webhooks.body import MOST_PREVIOUS_BYTES, truncated
from crossdock.webhooks.event_types import ours
from crossdock.wire import decoder, encoder
from tests.event_contract import contract, faults
from tests.fakes.fake_wms import SLUG
from tests.fakes.invoices import FREIGHT, invoice
from tests.fakes.vendor import answer, hanging, meanwhile
from tests.journeys.carriers import connected
from tests.journeys.conftest import World, order
from tests.journeys.hooks import Hooks, hooks
from tests.journeys.test_stuck import impatient

__all__ = ["hooks"]

Json = dict[str, Any]

TOLD = [resource for resource in all_resources() if resource.event is not None and resource.every is not None]


def made_up(resource: Resource, number: int = 1) -> Json:
    """A record with something in each of its fields, those of parts in lists included."""
    [example] = (ours(f"{resource.event}.created").schemas or {})["1"]["examples"]
    fields = {name: value for name, value in example["data"].items() if not name.startswith("trackstar_c")}
    fields.pop("trackstar_updated_date", None)
    return fields | {"id": f"{resource.singular}-{number}"}


def bare(resource: Resource, number: int = 2) -> Json:
    """A record of which the vendor says no more than it has to."""
    required = {field.encode_name for field in msgspec.structs.fields(resource.record) if field.required}
    return {name: value for name, value in made_up(resource, number).items() if name in required | {"id"}}


def unlike_its_schema(event: Json) -> list[str]:
    """How an event differs from the schema that the catalogue of event types shows."""
    known_value = (ours(event["event_type"]).schemas or {})["1"]
    received = json.loads(encoder.encode(event))
    return [
        f"{iter_error.json_path}: {iter_error.message[:200]}"
        for iter_error in Draft202012Validator(known_value).iter_errors(received)
    ]


async def told_of(world: World, connection: ConnectionRow, resource: Resource) -> list[Json]:
    """What is told of records that come, change and go, whatever the connected system."""
    current_connection = replace(connection, type=resource.type)
    target = Target(current_connection, resource, "schedule")

    async def put(*records: Json) -> None:
        world.clock.pass_seconds(1)
        incoming = [Incoming(record["id"], record, None) for record in records]
        outcome = await commit(world.services.database, target, Changes(incoming), world.clock())
        assert outcome.refused == {}

    full, empty = made_up(resource), bare(resource)
    lists = [name for name, value in full.items() if isinstance(value, list)]
    await put(full | {name: [] for name in lists}, empty)
    await put(full, made_up(resource, 2))
    await put({**full, "updated_date": "2026-01-03T09:00:00Z"} if "updated_date" in full else full)
    await commit(world.services.database, target, Changes(deleted=[full["id"]]), world.clock())
    rows = await events.of_connection(world.services.database, connection.id)
    return [decoder.decode(row.body) for _, row in rows if row.resource == resource.key]


@pytest.mark.parametrize("resource", TOLD, ids=lambda value: value.key)
async def test_what_is_told_of_every_kind_of_record_is_what_the_contract_promises(
    world: World, resource: Resource
):
    contract()
    connection = await world.connect(sync=False)
    records = await told_of(world, connection, resource)
    names = {f"{resource.event}.{name}" for name in ("created", "updated", "deleted")}
    assert {record["event_type"] for record in records} == names | {
        subevent.name for subevent in resource.subevents
    }
    assert [fault for record in records for fault in faults(record)] == []
    assert [fault for record in records for fault in unlike_its_schema(record)] == []


async def _told_of_connections(world: World) -> ConnectionRow:
    """Everything that is told of a connection but its end: how it comes, syncs, fails and gets stuck."""
    integration = registry.get_integration("wms", SLUG)
    refused = {"url": world.vendor.url, "token": "wrong"}
    with pytest.raises(InvalidCredentials):
        await world.services.connector.connect(world.organization, integration, refused)
    connection = await world.connect()
    for message in ("no orders for you", "still no orders for you"):
        world.vendor.script("/orders", [answer(403, {"message": message})])
        await world.next_sync()
    await world.next_sync()
    await world.force(connection)
    for script in ([], [hanging()]):
        await open_window(world.services.database, connection, "get_orders", SyncWindow(0, 1), world.clock())
        world.vendor.script("/orders", script)
        await asyncio.wait_for((impatient(world) if script else world.services.worker()).drain(), 30)
    world.vendor.collections["orders"] = [order(1)]
    world.clock.pass_seconds(3600)
    world.vendor.script("/orders", [hanging()])
    await asyncio.wait_for(impatient(world).drain(), 30)
    return connection


async def _told_of_files(world: World) -> None:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        carrier = await connected(world, http, world.organization)
        await carrier.upload(invoice(FREIGHT))


async def test_every_event_type_of_the_contract_is_sent_and_no_other_is_offered(world: World):
    """Each by what sends it in use, but records: those are committed as a sync does."""
    await world.services.database.execute("UPDATE organizations SET sync_events = TRUE")
    leaving = await _told_of_connections(world)
    await _told_of_files(world)
    connection = await world.connect(sync=False)
    for resource in TOLD:
        await told_of(world, connection, resource)
    # The last: soon after, what was told of it is erased.
    await disconnect(world.services.database, leaving, world.clock())
    rows = await world.services.database.fetch("SELECT id, type, body, sealed FROM events")
    sent = {row[1] for row in rows}
    assert sent - set(extension_types()) == set(contract()["webhooks"])
    # An audit tells of itself in test_audit_events.
    assert sent == set(event_types()) - {AUDIT_COMPLETED}
    bodies = await unpacked_bodies(world.services.database, [(row[2], bool(row[3])) for row in rows])
    for (event_id, name, _, sealed), body in zip(rows, bodies, strict=True):
        context = f"event {event_id}"
        plain = await world.services.vault.open(world.organization, context, bytes(body)) if sealed else body
        assert unlike_its_schema(decoder.decode(plain)) == [], name


def test_the_contract_check_sees_what_is_wrong_and_knows_what_is_not():
    contract()
    [example] = (ours("product.created").schemas or {})["1"]["examples"]
    event = json.loads(json.dumps(example))
    assert faults(event) == []
    event["data"]["supplier_object"] = {}
    assert faults(event) == [], "known"
    event["data"]["supplier_object"] = {"supplier_name": "no id"}
    assert len(faults(event)) == 1
    assert faults({"event_type": "product.vanished"}) == ["the contract has no product.vanished"]


@pytest.mark.parametrize("name", event_types())
def test_the_schema_of_an_event_type_says_what_its_data_holds(name: str):
    known_value = (ours(name).schemas or {})["1"]
    Draft202012Validator.check_schema(known_value)
    [example] = known_value["examples"]
    assert unlike_its_schema(example) == []
    assert unlike_its_schema(example | {"data": {"id": "1"}, "data_truncated": True}) == []
    assert unlike_its_schema(example | {"data": {member: [[]] for member in example["data"]}})
    assert unlike_its_schema(example | {"data": example["data"] | {"no_such_member": 1}})
    assert unlike_its_schema(example | {"data": {}})


async def test_an_install_that_failed_is_found_by_its_type(world: World, hooks: Hooks):
    endpoint = await hooks.endpoint()
    await hooks.send()
    refused = {"url": world.vendor.url, "token": "wrong"}
    with pytest.raises(InvalidCredentials):
        await world.services.connector.connect(
            world.organization, registry.get_integration("wms", SLUG), refused
        )
    await hooks.deliver()
    database, attempt_filter = (
        world.services.database,
        AttemptFilter(types=("install.failed",), endpoint=endpoint.number),
    )
    tried = await attempts.page(
        database,
        world.services.vault,
        world.organization,
        attempt_filter.of_attempts(database),
        10,
        descending=True,
    )
    delivery_states = await deliveries.page(
        database, attempt_filter.of_deliveries(database), 10, descending=True
    )
    [(event_id,)] = await database.fetch("SELECT id FROM events WHERE type = 'install.failed'")
    assert (
        [attempt.message_id for attempt in tried]
        == [delivery_state.message_id for delivery_state in delivery_states]
        == [event_id]
    )


# Large events


def large(**previous: Any) -> Json:
    """An order's update with these old values, as it is sent."""
    [example] = (ours("order.updated").schemas or {})["1"]["examples"]
    body = encoder.encode(example | {"previous_attributes": previous})
    sent: Json = decoder.decode(truncated(body, "https://here.example/events/msg_1/data"))
    return sent


def test_a_large_event_leaves_out_old_values_that_are_large_and_says_nothing_wrong():
    contract()
    shipments = [{"shipment_id": f"s-{n}", "note": "x" * 1000} for n in range(100)]
    sent = large(shipments=shipments, status="open")
    assert sent["previous_attributes"] == {"status": "open"}
    assert faults(sent) == unlike_its_schema(sent) == []


def test_a_large_event_with_nothing_but_large_old_values_has_a_true_part_of_one():
    contract()
    shipments = [{"shipment_id": f"s-{n}", "note": "x" * (1000 - n)} for n in range(100)]
    sent = large(shipments=shipments)
    assert sent["previous_attributes"] == {"shipments.99": shipments[99]}
    assert faults(sent) == unlike_its_schema(sent) == []
    nested = {"deep": {"short": 2, "long": "x" * 70_000}, "a.b": 1}
    assert large(additional_fields=nested)["previous_attributes"] == {"additional_fields.deep.short": 2}
    assert large(note="x" * 70_000)["previous_attributes"] == {"note": None}


@pytest.mark.parametrize(
    "name", ["order.shipment.created", "inbound-shipment.receipt.created", "cart-order.cart-shipment.created"]
)
def test_a_large_event_of_one_more_item_leaves_the_list_before_out(name: str):
    contract()
    [example] = (ours(name).schemas or {})["1"]["examples"]
    [listed] = example["previous_attributes"]
    before = [example["data"][listed][0]] * 1000
    body = encoder.encode(example | {"previous_attributes": {listed: before}})
    sent = decoder.decode(truncated(body, "https://here.example/events/msg_1/data"))
    assert len(encoder.encode(before)) > MOST_PREVIOUS_BYTES
    assert sent["previous_attributes"] == {}
    assert faults(sent) == unlike_its_schema(sent) == []


# Muting


async def test_muting_and_unmuting_count_from_the_next_commit_on_also_within_a_run(world: World):
    world.vendor.collections["orders"] = [order(n) for n in (1, 2, 3)]
    connection = await world.connect(page_size="1")
    for number in (1, 2, 3):
        world.change("orders", f"o-00{number}", state="PICKED", updated_at=f"2026-02-03T00:00:0{number}Z")
    # Each is asked for when the page before it is read, and perhaps not stored yet: so the first decides.
    muted = meanwhile(lambda: world.change_connection(connection, webhooks_disabled=True))
    world.vendor.script("/orders", [muted])
    await world.next_sync()
    assert await world.events(connection, "order.updated") == []

    for number in (1, 2, 3):
        world.change("orders", f"o-00{number}", state="SHIPPED", updated_at=f"2026-02-04T00:00:0{number}Z")
    function = meanwhile(lambda: world.change_connection(connection, webhooks_disabled=False))
    world.vendor.script("/orders", [function])
    await world.next_sync()
    ids = [event["data"]["id"] for event in await world.events(connection, "order.updated")]
    assert ids == ["o-001", "o-002", "o-003"]
