"""Property 27: what can't be stored or read is set aside alone and told; the others of its batch go on."""

from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from crossdock.config import Settings
from crossdock.jobs import cleaning
from crossdock.store.records import history
from crossdock.store.webhooks import endpoints, tasks
from crossdock.store.webhooks.handovers import HandoverBacklog
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks.svix_forwarder import Hand, MessageRefused, SvixForwarder
from crossdock.webhooks.tasks import RECOVER, BulkTaskRequest, TaskRunner, begun
from tests.fakes.hook_receiver import status
from tests.fakes.raw_answers import saying
from tests.journeys.callers import calling
from tests.journeys.conftest import World, order
from tests.journeys.hooks import Hooks, hooks
from tests.poison import refusing

__all__ = ["hooks"]

FAIL, SENDING, SUCCESS = 2, 3, 0
LATIN_1 = b"HTTP/1.1 200 OK\r\nSet-Cookie: n=caf\xe9\r\nX-Both: \xc3\xa9\r\nContent-Length: 0\r\n\r\n"
POISON = status(200, b"poison")
HEX = {"sqlite": "x'706f69736f6e'", "postgresql": r"'\x706f69736f6e'::bytea"}


# Deliveries


async def test_p27_a_receivers_header_that_is_not_utf_8_is_kept_and_takes_nobody_along(hooks: Hooks):
    async with saying(LATIN_1) as url:
        odd, even = await hooks.endpoint(url=url), await hooks.endpoint()
        for _ in range(3):
            await hooks.put()
        await hooks.deliver()
        await hooks.deliver(600)
    assert [(attempt.status, attempt.code) for attempt in await hooks.attempts(odd)] == [(SUCCESS, 200)] * 3
    assert [(attempt.status, attempt.code) for attempt in await hooks.attempts(even)] == [(SUCCESS, 204)] * 3
    assert len(hooks.receiver.got()) == 3
    received = dict((await hooks.attempts(odd))[0].exchange.received or ())
    assert received["set-cookie"] == "n=café"
    assert received["x-both"] == "é"


async def test_p27_an_attempt_that_cannot_be_stored_is_stored_without_what_it_holds(hooks: Hooks):
    hooks.receiver.answer("/odd", POISON)
    odd, even = await hooks.endpoint("/odd"), await hooks.endpoint("/even")
    database = hooks.services.database
    async with refusing(database, "webhook_attempts", "response", HEX[database.dialect]):
        message = await hooks.send()
        await hooks.deliver(600)
    [kept_attempt] = await hooks.attempts(odd)
    assert (kept_attempt.status, kept_attempt.code, kept_attempt.exchange.url) == (SUCCESS, 200, "")
    assert kept_attempt.response.startswith(b"what was sent and answered can't be stored: ")
    assert [attempt.status for attempt in await hooks.attempts(even)] == [SUCCESS]
    assert (len(hooks.receiver.got("/odd")), len(hooks.receiver.got("/even"))) == (1, 1)
    stand = await hooks.stand(odd, message)
    assert stand is not None
    assert (stand.state, stand.next_ms) == (SUCCESS, None)


async def test_p27_an_attempt_that_the_log_never_takes_still_ends_as_it_ended(hooks: Hooks):
    hooks.receiver.answer("/odd", status(418))
    odd, even = await hooks.endpoint("/odd"), await hooks.endpoint("/even")
    async with refusing(hooks.services.database, "webhook_attempts", "code", "418"):
        message = await hooks.send()
    assert await hooks.attempts(odd) == []
    assert [attempt.status for attempt in await hooks.attempts(even)] == [SUCCESS]
    stand = await hooks.stand(odd, message)
    assert stand is not None
    assert stand.state == SENDING, "it failed, and is tried again by the schedule"
    assert stand.next_ms is not None


async def test_p27_an_endpoint_that_can_not_be_called_for_a_fault_of_ours_fails_alone(hooks: Hooks):
    odd, even = await hooks.endpoint("/odd", secrets=["whsec_no base64!"]), await hooks.endpoint("/even")
    await hooks.send()
    [attempt] = await hooks.attempts(odd)
    assert (attempt.status, attempt.code) == (FAIL, 0)
    assert b"internal error" in attempt.response
    assert [attempt.status for attempt in await hooks.attempts(even)] == [SUCCESS]


async def test_p27_an_endpoint_that_cannot_be_opened_keeps_nobody_waiting(hooks: Hooks):
    odd, even = await hooks.endpoint("/odd"), await hooks.endpoint("/even")
    database = hooks.services.database
    await database.execute(
        "UPDATE webhook_endpoints SET sealed = ?, revision = revision + 1 WHERE number = ?", b"?", odd.number
    )
    message = await hooks.put()
    with capture_logs() as logs:
        sender = hooks.services.webhooks.sender()
        await sender._round()
        await sender._round()
        await sender.drain()
    assert [attempt.status for attempt in await hooks.attempts(even)] == [SUCCESS]
    assert [log["number"] for log in logs if log["log_level"] == "error"] == [odd.number], "told once"
    stand = await hooks.stand(odd, message)
    assert stand is not None
    assert stand.next_ms is not None, "it waits there until it can be opened"
    assert await endpoints.by_numbers(database, hooks.services.vault, [odd.number]) == {}


async def test_p27_an_attempt_that_cannot_be_opened_is_shown_without_what_was_sealed(hooks: Hooks):
    endpoint = await hooks.endpoint()
    for _ in range(2):
        await hooks.send()
    first = (await hooks.attempts(endpoint))[0]
    await hooks.services.database.execute(
        "UPDATE webhook_attempts SET exchange = ? WHERE id = ?", b"?", first.id
    )
    urls = [attempt.exchange.url for attempt in await hooks.attempts(endpoint)]
    assert urls == ["", f"{hooks.receiver.url}/hook"]


async def test_p27_bulk_work_that_cannot_go_on_fails_and_the_next_is_done(hooks: Hooks):
    services, now = hooks.services, hooks.world.clock()
    hooks.receiver.answer("/hook", status(500), times=1)
    endpoint = await hooks.endpoint()
    await hooks.send()
    beguns = [
        begun(
            endpoint.organization_id, endpoint.number, RECOVER,
            BulkTaskRequest(since_ms=now - 1000, until_ms=now + 1000), now,
        )
        for _ in range(2)
    ]  # fmt: skip
    first, second = sorted(beguns, key=lambda task: task.id)
    async with services.database.transaction() as transaction:
        await tasks.add(transaction, replace(first, asked='{"since_ms":"nonsense"}'))
        await tasks.add(transaction, second)
    work = TaskRunner(services.database, services.vault, hooks.world.clock)
    while await work.work():
        pass
    found_tasks = [
        await tasks.get(services.database, endpoint.organization_id, task.id) for task in (first, second)
    ]
    assert [(task.status, task.sent) for task in found_tasks if task] == [("failed", 0), ("finished", 1)]


# Handing over


async def hand_over(world: World, hand: Hand) -> None:
    """Hands over all that happened so far."""
    services = world.services
    await services.database.execute(
        "INSERT INTO webhook_handovers (organization_id, seq) VALUES ('', 0), (?, 0)", world.organization
    )
    await SvixForwarder(services.database, services.vault, world.clock, hand, "http://here", 2**20).drain()


async def test_p27_a_message_that_the_other_server_refuses_does_not_keep_those_behind_it(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    for number in range(2, 12):
        world.vendor.collections["orders"].append(order(number, updated_at=world.vendor_time()))
        await world.next_sync()
    texts: list[str] = []

    async def hand(_: HandoverBacklog, message: Message) -> None:
        if b'"o-003"' in message.body:
            raise MessageRefused("422: nobody knows why")
        texts.append(message.type)

    with capture_logs() as logs:
        await hand_over(world, hand)
    names = [text for text in await world.told(connection) if text == "order.created"]
    assert texts.count("order.created") == len(names) - 1 == 9
    assert len([log for log in logs if "set aside" in log["event"]]) == 1


async def test_p27_where_the_other_server_refuses_all_nothing_is_given_up(world: World):
    await world.connect()

    async def hand(_: HandoverBacklog, __: Message) -> None:
        raise MessageRefused("400: no such application")

    await hand_over(world, hand)
    row = await world.services.database.fetch_one(
        "SELECT seq, tries, problem FROM webhook_handovers WHERE organization_id = ?", world.organization
    )
    assert tuple(row or ())[:2] == (0, 1)


# Syncs


async def test_p27_a_record_that_the_database_refuses_is_set_aside_alone(world: World):
    world.vendor.collections["orders"] = [order(number) for number in range(1, 6)]
    async with refusing(world.services.database, "wms_orders", "id", "'o-003'"):
        connection = await world.connect()
        assert sorted(await world.documents(connection)) == ["o-001", "o-002", "o-004", "o-005"]
        [quarantined] = await world.quarantined(connection, "get_orders")
        assert (quarantined.key, quarantined.reason[:15]) == ("o-003", "can't be stored")
        assert (await world.last_job(connection)).state == "done"
        world.change("orders", "o-002", state="SHIPPED")
        world.change("orders", "o-003", state="SHIPPED")
        await world.next_sync()
        names = [name for name in await world.told(connection) if not name.startswith("connection-error")]
        assert names[-1] == "order.updated"
    world.change("orders", "o-003", state="SHIPPED", number="N3 again")
    await world.next_sync()
    assert len(await world.documents(connection)) == 5
    assert await world.quarantined(connection, "get_orders") == []


async def test_p27_a_record_whose_event_or_history_is_refused_is_undone_whole(world: World):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    world.change("orders", "o-001", state="SHIPPED")
    world.change("orders", "o-002", state="SHIPPED")
    before = await world.documents(connection)
    async with refusing(world.services.database, "history", "record_id", "'o-001'"):
        await world.next_sync()
    after = await world.documents(connection)
    assert after["o-001"] == before["o-001"]
    assert after["o-002"]["status"] != before["o-002"]["status"]
    updated = [event["data"]["id"] for event in await world.events(connection, "order.updated")]
    assert updated == ["o-002"]


# Events that are asked for


async def test_p27_an_event_that_cannot_be_opened_keeps_no_reader_of_the_feed(world: World):
    await world.connect()
    database = world.services.database
    await database.execute("UPDATE events SET body = ? WHERE sealed", b"?")
    async with calling(world) as caller:
        answer = await caller.http.get("/events")
    assert answer.status_code == 200
    shown: list[dict[str, Any]] = answer.json()["data"]
    assert shown[0]["body"] == {"unreadable": True}
    assert len(shown) > 1


# Forgetting


async def test_p27_a_kind_that_cannot_be_forgotten_leaves_the_others_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object) -> int:
        raise ValueError("no")

    await world.connect()
    monkeypatch.setattr(history, "forget", broken)
    settings = Settings(data_dir=world.services.settings.data_dir, runs_days=1)
    removed = await cleaning.clean(world.services.database, settings, world.clock() + 10 * 86_400_000)
    assert removed["history"] == 0
    assert removed["jobs"] > 0
