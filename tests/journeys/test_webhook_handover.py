"""Messages handed to a Svix server: our own administration of webhooks is that server."""

import json
from dataclasses import replace
from typing import Any

import pytest

from crossdock.services.wiring import Services
from crossdock.store.records import events
from crossdock.store.webhooks import handovers
from crossdock.webhooks.svix_forwarder import event_id
from tests.fakes.hook_receiver import Receiver
from tests.journeys.conftest import World, order
from tests.journeys.server import Organization, Server
from tests.ports import free_port

BODY = dict[str, Any]

# Which database the other server has makes no difference here.
pytestmark = pytest.mark.parametrize("server", ["sqlite"], indirect=True)


def handing(world: World, url: str, token: str) -> Services:
    """The same Crossdock, told to hand over from now on."""
    settings = replace(world.services.settings, svix_url=url, svix_token=token)
    world.services = replace(world.services, settings=settings)
    return world.services


async def work(services: Services) -> None:
    """Hands over and sends until nothing is due."""
    for background_service in services.webhooks.companions():
        await background_service.drain()


async def seen(their: Organization, application: str) -> dict[str, BODY]:
    """What the other server was given, by our ids as they are there."""
    import asyncio

    headers = {"authorization": f"Bearer {their.key}"}
    answer = await asyncio.to_thread(
        their.http.get, f"{their.url}/api/v1/app/{application}/msg?limit=250", headers=headers
    )
    return (
        {record["eventId"]: record for record in answer.json()["data"]} if answer.status_code == 200 else {}
    )


@pytest.fixture
def their(server: Server) -> Organization:
    return server.organization()


async def test_every_event_goes_over_once_under_its_id_with_its_tags_and_bytes(
    world: World, server: Server, their: Organization
):
    services = handing(world, server.url, their.key)
    await handovers.begin(services.database)
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    world.change("orders", "o-001", state="SHIPPED")
    await world.next_sync()
    for _ in range(2):
        await work(services)
    rows = await events.of_connection(services.database, connection.id)
    body = await seen(their, world.organization)
    assert body.keys() == {event_id(row.id) for _, row in rows}
    [updated] = [row for _, row in rows if row.type == "order.updated"]
    assert body[event_id(updated.id)]["tags"] == [f"connection/{connection.uid}", "resource/o-001"]
    assert body[event_id(updated.id)]["channels"] == [f"connection:{connection.uid}"]
    assert body[event_id(updated.id)]["payload"] == json.loads(updated.body)


async def test_while_the_server_is_away_nothing_is_lost(world: World, server: Server, their: Organization):
    away = handing(world, f"http://127.0.0.1:{free_port()}", their.key)
    await handovers.begin(away.database)
    connection = await world.connect()
    await work(away)
    assert await seen(their, world.organization) == {}
    back = handing(world, server.url, their.key)
    await work(back)
    assert await seen(their, world.organization) == {}, "it is tried again after a while"
    world.clock.pass_seconds(10)
    await work(back)
    rows = await events.of_connection(back.database, connection.id)
    assert (await seen(their, world.organization)).keys() == {event_id(row.id) for _, row in rows}


async def test_what_was_taken_when_we_died_is_taken_once(world: World, server: Server, their: Organization):
    services = handing(world, server.url, their.key)
    await handovers.begin(services.database)
    await world.connect()
    await work(services)
    before = await seen(their, world.organization)
    await services.database.execute("UPDATE webhook_handovers SET seq = 0")
    await work(services)
    assert await seen(their, world.organization) == before != {}


async def test_what_happened_before_is_not_handed_over_and_ours_are_not_sent_twice(
    world: World, server: Server, their: Organization
):
    connection = await world.connect()
    services = handing(world, server.url, their.key)
    await handovers.begin(services.database)
    async with Receiver() as receiver:
        await work(services)
        assert receiver.requests == []
    assert await seen(their, world.organization) == {}
    assert connection.id


async def test_what_only_the_other_server_can_send_is_refused_here(server: Server, their: Organization):
    """It is never taken and then dropped."""
    headers = {"authorization": f"Bearer {their.key}"}
    with server.beside(svix_url="https://svix.example", svix_token="token") as url:
        app = f"{url}/api/v1/app/{their.id}"
        post = their.http.post(f"{app}/endpoint", headers=headers, json={"url": "https://receiver.example/"})
        endpoint = f"{app}/endpoint/{post.json()['id']}"
        window = {"since": "2026-01-01T00:00:00Z"}
        for path, body in (
            (f"{app}/msg", {"eventType": "order.created", "payload": {}}),
            (f"{endpoint}/recover", window),
            (f"{endpoint}/replay-missing", window),
            (f"{endpoint}/bulk-replay", window),
            (f"{endpoint}/send-example", {"eventType": "order.created"}),
            (f"{app}/msg/msg_1/endpoint/ep_1/resend", {}),
        ):
            refused = their.http.post(path, headers=headers, json=body)
            assert refused.status_code == 409, path
            assert "CROSSDOCK_SVIX_URL" in refused.json()["detail"]
        assert their.http.get(f"{url}/api/v1/background-task", headers=headers).json()["data"] == []
