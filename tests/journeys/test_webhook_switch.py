"""Handing messages to another server: what is switched on, off, and on again, and what can be seen of it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from crossdock.api import metrics
from crossdock.cli import doctor
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database import retention
from crossdock.store.records import events
from crossdock.store.webhooks import handovers
from tests.fakes.hook_receiver import Receiver, status
from tests.journeys.conftest import World, order
from tests.journeys.hooks import Hooks, hooks

__all__ = ["hooks"]

AT = "2026-02-01T00:00:00Z"


def switch(world: World, url: str) -> None:
    """Every process is started again, told to hand over to this URL, or to none."""
    settings = replace(world.services.settings, svix_url=url, svix_token="token")
    world.services = replace(world.services, settings=settings)


def path(world: World) -> str:
    """Where the other server is given messages."""
    return f"/api/v1/app/{world.organization}/msg"


async def taking(_: Receiver, request: web.Request) -> web.Response:
    """A real server's answer to a message: it refuses an `eventId` that begins as its own ids do."""
    body = await request.json()
    if body["eventId"].startswith("msg_"):
        fault = {
            "loc": ["body", "eventId"],
            "msg": "must not start with the id prefix",
            "type": "value_error",
        }
        return web.json_response({"detail": [fault]}, status=422)
    answer = {"id": "msg_theirs", "eventType": body["eventType"], "payload": {}, "timestamp": AT}
    return web.json_response(answer, status=202)


@pytest.fixture
async def theirs(world: World) -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        receiver.answer(path(world), taking)
        yield receiver


async def begun(world: World, theirs: Receiver) -> None:
    switch(world, theirs.url)
    await world.work()


def handed(world: World, theirs: Receiver) -> list[str]:
    """What the other server took, by our ids, in order."""
    return sorted(item.json["eventId"].replace("evt_", "msg_") for item in theirs.got(path(world)))


async def all_ids(world: World, connection: ConnectionRow) -> list[str]:
    rows = await events.of_connection(world.services.database, connection.id)
    return sorted(row.id for _, row in rows)


async def happened(world: World, connection: ConnectionRow, state: str) -> list[str]:
    """Something happens, and nobody sends it yet: what was told of it."""
    before = set(await all_ids(world, connection))
    world.change("orders", "o-001", state=state)
    world.clock.pass_seconds(3600)
    await world.services.worker(connection_id=connection.id).drain()
    return sorted(set(await all_ids(world, connection)) - before)


async def connected(world: World) -> ConnectionRow:
    world.vendor.collections["orders"] = [order(1)]
    return await world.connect()


async def test_a_server_that_refuses_ids_with_its_own_prefix_takes_every_event(
    world: World, theirs: Receiver
):
    await begun(world, theirs)
    connection = await connected(world)
    assert handed(world, theirs) == await all_ids(world, connection)
    assert await handovers.next_ms(world.services.database) is None, "all was taken at once"


async def test_what_was_due_before_the_switch_is_still_sent_by_us_and_what_comes_after_by_them(
    world: World, theirs: Receiver, hooks: Hooks
):
    connection = await connected(world)
    await hooks.endpoint()
    hooks.receiver.answer("/hook", status(503), times=1)
    failed = await happened(world, connection, "PICKED")
    await world.work()
    waiting = await happened(world, connection, "PACKED")
    switch(world, theirs.url)
    await world.work()
    after = await happened(world, connection, "SHIPPED")
    await world.work()
    ours = {item.id for item in hooks.receiver.got()}
    assert ours == {*failed, *waiting}
    assert handed(world, theirs) == after != []


async def test_what_was_not_handed_over_when_it_is_switched_off_is_sent_by_us_once(
    world: World, theirs: Receiver, hooks: Hooks
):
    connection = await connected(world)
    await hooks.endpoint()
    await begun(world, theirs)
    over = await happened(world, connection, "PICKED")
    await world.work()
    remaining_texts = await happened(world, connection, "PACKED")
    switch(world, "")
    await world.work()
    after = await happened(world, connection, "SHIPPED")
    await world.work()
    assert handed(world, theirs) == over != []
    assert sorted(item.id for item in hooks.receiver.got()) == sorted([*remaining_texts, *after])


async def test_switched_on_again_it_hands_over_only_what_comes_then(
    world: World, theirs: Receiver, hooks: Hooks
):
    connection = await connected(world)
    await hooks.endpoint()
    await begun(world, theirs)
    switch(world, "")
    await world.work()
    between = await happened(world, connection, "PICKED")
    await world.work()
    await begun(world, theirs)
    after = await happened(world, connection, "PACKED")
    await world.work()
    assert [item.id for item in hooks.receiver.got()] == between
    assert handed(world, theirs) == after != []


async def test_an_organization_that_comes_later_has_all_its_events_handed_over_or_taken_back(
    world: World, theirs: Receiver, hooks: Hooks
):
    await begun(world, theirs)
    await world.services.database.execute("DELETE FROM webhook_handovers WHERE organization_id <> ''")
    await hooks.endpoint()
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect(sync=False)
    texts = await happened(world, connection, "PICKED")
    assert hooks.receiver.got() == []
    switch(world, "")
    await world.work()
    assert {*texts} <= {item.id for item in hooks.receiver.got()}
    assert handed(world, theirs) == []


async def test_a_switch_that_was_broken_off_is_made_whole_by_the_next_start(
    world: World, theirs: Receiver, hooks: Hooks
):
    """Killed between an organization's row and that of all, in either direction."""
    connection = await connected(world)
    await hooks.endpoint()
    database = world.services.database
    await handovers.begin(database)
    await database.execute("DELETE FROM webhook_handovers WHERE organization_id = ''")
    texts = await happened(world, connection, "PICKED")
    await begun(world, theirs)
    assert handed(world, theirs) == texts
    await database.execute("DELETE FROM webhook_handovers WHERE organization_id = ''")
    extra_texts = await happened(world, connection, "PACKED")
    switch(world, "")
    await world.work()
    assert [item.id for item in hooks.receiver.got()] == extra_texts
    assert handed(world, theirs) == texts


async def test_events_are_not_forgotten_before_they_are_handed_over(world: World, theirs: Receiver):
    await begun(world, theirs)
    theirs.answer(path(world), status(503, {"code": "away", "detail": ""}))
    connection = await connected(world)
    database, later = world.services.database, world.clock() + 86_400_000
    assert await retention.forget_events(database, later, 1000) == 0
    theirs.answer(path(world), taking)
    await world.next_sync()
    ids = await all_ids(world, connection)
    assert {*handed(world, theirs)} == {*ids}
    assert await retention.forget_events(database, later, 1000) == len(ids) - 1


async def test_what_another_server_does_not_take_is_seen(world: World, theirs: Receiver):
    await begun(world, theirs)
    theirs.answer(path(world), status(403, {"code": "no_token", "detail": "that token is gone"}))
    await connected(world)
    world.clock.pass_seconds(300)
    database, settings = world.services.database, world.services.settings
    shown = (await metrics.text(database, settings, world.clock())).decode()
    assert "crossdock_webhook_backlog_seconds 300.0" in shown
    assert "crossdock_webhook_handovers_failing 1.0" in shown
    checks = [check async for check in doctor.examine(settings, {}, world.clock)]
    [check] = [check for check in checks if check.name == "hand-over"]
    assert (check.status, "300 s behind" in check.found) == ("warn", True)
    assert "that token is gone" in check.found
    theirs.answer(path(world), taking)
    await world.work()
    shown = (await metrics.text(database, settings, world.clock())).decode()
    assert "crossdock_webhook_backlog_seconds 0.0" in shown
    assert "crossdock_webhook_handovers_failing 0.0" in shown
    checks = [check async for check in doctor.examine(settings, {}, world.clock)]
    assert [check.status for check in checks if check.name == "hand-over"] == ["ok"]


async def test_what_the_other_server_says_is_logged_when_it_changes(world: World, theirs: Receiver):
    await begun(world, theirs)
    theirs.answer(path(world), status(403, {"code": "no_token", "detail": "that token is gone"}))
    with capture_logs() as logged:
        await connected(world)
        await world.next_sync(60)
        theirs.answer(path(world), status(402, {"code": "limit", "detail": "too many messages"}))
        await world.next_sync(60)
    errors = [entry["error"] for entry in logged if entry["event"] == "messages can't be handed over"]
    assert errors == [
        "HttpError: HTTP Error (no_token): that token is gone",
        "HttpError: HTTP Error (limit): too many messages",
    ]


async def test_endpoints_are_counted_in_every_state_also_where_there_are_none(world: World):
    shown = (await metrics.text(world.services.database, world.services.settings, world.clock())).decode()
    for state in ("enabled", "failing", "disabled"):
        assert f'crossdock_webhook_endpoints{{state="{state}"}} 0.0' in shown
