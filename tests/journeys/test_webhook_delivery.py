"""Every change reaches whoever subscribed, signed; what fails is tried again for 27 hours, and then told."""

import asyncio
import socket
import threading
import time
from itertools import pairwise
from typing import Any

import pytest

from crossdock.store.records import events
from crossdock.store.records.events import EventRow
from crossdock.store.webhooks import deliveries, endpoints
from crossdock.webhooks.schedule import DELAYS_SECONDS
from tests.event_contract import faults
from tests.fakes.hook_receiver import silent, status
from tests.journeys.conftest import World, order
from tests.journeys.hooks import HOUR, SECRET, Hooks, hooks, signed_by, with_timeout
from tests.journeys.queueing import Counting

__all__ = ["hooks"]

SENDING, FAIL, SUCCESS, CANCELED = 3, 2, 0, 4


async def test_p03_a_change_arrives_with_the_id_and_body_of_the_feed(world: World, hooks: Hooks):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    endpoint = await hooks.endpoint(types=("order.updated",))
    world.change("orders", "o-001", state="SHIPPED")
    await world.next_sync()

    [arrived] = hooks.receiver.got()
    rows = await events.of_connection(world.services.database, connection.id)
    [event] = [row for _, row in rows if row.type == "order.updated"]
    assert (arrived.id, arrived.body) == (event.id, event.body)
    assert signed_by(SECRET, arrived.headers, arrived.body, world.clock() / 1000)
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code, attempt.manual) == (SUCCESS, 204, False)


async def test_an_access_token_in_an_event_is_sent_and_nowhere_in_clear(world: World, hooks: Hooks):
    await hooks.endpoint(types=("connection.created",))
    await world.connect(sync=False)
    await hooks.deliver()
    [arrived] = hooks.receiver.got()
    token = arrived.json["data"]["access_token"]
    for table in ("events", "webhook_attempts", "webhook_endpoints", "webhook_deliveries"):
        rows = await world.services.database.fetch(f"SELECT * FROM {table}")
        assert token not in str([tuple(row) for row in rows])


async def test_records_that_are_gone_are_told_only_to_who_named_that_event(world: World, hooks: Hooks):
    await hooks.endpoint("/all")
    await hooks.endpoint("/exact", types=("order.deleted",))
    await hooks.put({"gone": 1}, "order.deleted")
    await hooks.put({"there": 1}, "order.updated")
    await hooks.deliver()
    assert [item.json for item in hooks.receiver.got("/all")] == [{"there": 1}]
    assert [item.json for item in hooks.receiver.got("/exact")] == [{"gone": 1}]


async def test_a_message_goes_where_types_and_channels_fit_and_the_endpoint_is_on(hooks: Hooks):
    await hooks.endpoint("/all")
    await hooks.endpoint("/other-type", types=("order.created",))
    await hooks.endpoint("/channel", channels=("a", "b"))
    await hooks.endpoint("/off", disabled=True)
    await hooks.endpoint("/operational", application="operational:x")
    await hooks.put({"n": 1})
    await hooks.put({"n": 2}, channels=("b", "c"))
    await hooks.deliver()
    assert sorted(item.json["n"] for item in hooks.receiver.got("/all")) == [1, 2]
    assert [item.json["n"] for item in hooks.receiver.got("/channel")] == [2]
    assert {request.path for request in hooks.receiver.requests} == {"/all", "/channel"}


# The schedule


async def test_p04_a_message_is_tried_eight_times_at_the_documented_delays(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", status(500))
    message = await hooks.send()
    for _ in DELAYS_SECONDS:
        stand = await hooks.stand(endpoint, message)
        assert stand is not None
        assert stand.state == SENDING
        assert stand.next_ms is not None
        await hooks.deliver((stand.next_ms - hooks.world.clock() - 2) / 1000)
        before = len(hooks.receiver.got())
        await hooks.deliver(0.01)
        assert len(hooks.receiver.got()) == before + 1, "neither sooner nor later"
    attempts = await hooks.attempts(endpoint, message)
    waited = [(after.at_ms - previous_attempt.at_ms) / 1000 for previous_attempt, after in pairwise(attempts)]
    for seconds, planned in zip(waited, DELAYS_SECONDS, strict=True):
        assert 0.8 * planned - 0.1 <= seconds <= 1.2 * planned + 0.1
    ended = await hooks.stand(endpoint, message)
    assert ended is not None
    assert (ended.state, ended.next_ms) == (FAIL, None)
    assert len({item.id for item in hooks.receiver.got()}) == 1, "the same id on every attempt"
    assert len({item.headers["webhook-timestamp"] for item in hooks.receiver.got()}) == 8
    assert all(
        signed_by(SECRET, item.headers, item.body, int(item.headers["webhook-timestamp"]))
        for item in hooks.receiver.got()
    )


async def test_p05_success_stops_and_a_redirect_is_a_failure_that_nobody_follows(hooks: Hooks):
    endpoint = await hooks.endpoint()
    location = {"Location": f"{hooks.receiver.url}/elsewhere"}
    hooks.receiver.answer("/hook", status(301, headers=location), times=1)
    message = await hooks.send()
    await hooks.deliver(10)
    await hooks.deliver(100 * HOUR)
    assert hooks.receiver.got("/elsewhere") == []
    attempts = await hooks.attempts(endpoint, message)
    assert [(attempt.status, attempt.code) for attempt in attempts] == [(FAIL, 301), (SUCCESS, 204)]


@pytest.mark.parametrize(
    ("text", "least", "limit"), [("1", 240, 360), ("450", 450, 450), ("999999", 7500, 7500)]
)
async def test_p05_retry_after_is_honoured_within_its_cap(
    hooks: Hooks, text: str, least: float, limit: float
):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", status(503), times=1)
    hooks.receiver.answer("/hook", status(503, headers={"Retry-After": text}), times=1)
    message = await hooks.send()
    await hooks.deliver(7)
    stand = await hooks.stand(endpoint, message)
    assert stand is not None
    assert stand.next_ms is not None
    assert least - 1 <= (stand.next_ms - hooks.world.clock()) / 1000 <= limit + 1


async def test_p05_a_receiver_may_end_the_retries_of_a_message_or_switch_itself_off(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", status(500, headers={"webhook-delivery": "abort-message"}), times=1)
    first = await hooks.send()
    stand = await hooks.stand(endpoint, first)
    assert stand is not None
    assert (stand.state, stand.next_ms) == (FAIL, None)
    assert not (await hooks.reload(endpoint)).disabled
    hooks.receiver.answer("/hook", status(410, headers={"webhook-delivery": "disable"}), times=1)
    await hooks.send()
    assert (await hooks.reload(endpoint)).disabled
    await hooks.send()
    assert len(hooks.receiver.got()) == 2


async def test_after_429_at_least_a_minute_passes(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", status(429), times=1)
    message = await hooks.send()
    stand = await hooks.stand(endpoint, message)
    assert stand is not None
    assert stand.next_ms is not None
    assert stand.next_ms - hooks.world.clock() >= 60_000


# Switching off


async def test_p06_an_endpoint_is_disabled_after_120_hours_without_success_and_told_once(hooks: Hooks):
    endpoint = await hooks.endpoint()
    operational = f"operational:{hooks.world.organization}"
    await hooks.endpoint("/ops", application=operational, types=("endpoint.disabled",))
    hooks.receiver.answer("/hook", status(500))
    for _ in range(9):
        await hooks.put()
        for _ in range(30):
            await hooks.deliver(1 * HOUR)
            if (await hooks.reload(endpoint)).disabled:
                break
    assert (await hooks.reload(endpoint)).disabled
    attempts = await hooks.attempts(endpoint)
    exhausted = 28 * HOUR
    assert (hooks.world.clock() - attempts[0].at_ms) / 1000 >= 120 * HOUR
    assert (hooks.world.clock() - attempts[0].at_ms) / 1000 <= 120 * HOUR + 3 * exhausted
    await hooks.deliver()
    bodies = [item.json for item in hooks.receiver.got("/ops")]
    assert [body["type"] for body in bodies] == ["endpoint.disabled"]
    assert (bodies[0]["data"]["endpointId"], bodies[0]["data"]["trigger"]) == (endpoint.id, "automatic")
    # What was due is dropped; what comes later is not even queued.
    tried = len(hooks.receiver.got())
    await hooks.send()
    await hooks.deliver(11 * HOUR)
    assert len(hooks.receiver.got()) == tried
    # Switched on again it gets what comes.
    hooks.receiver.answer("/hook", status(200))
    await hooks.change(endpoint, disabled=False)
    await hooks.send({"after": 1})
    assert hooks.receiver.got()[-1].json == {"after": 1}


async def test_p06_one_success_starts_the_clock_anew(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", status(500))
    for _ in range(6):
        await hooks.put()
        for _ in range(29):
            await hooks.deliver(1 * HOUR)
        hooks.receiver.answer("/hook", status(200), times=1)
        await hooks.send({"good": 1})
    assert not (await hooks.reload(endpoint)).disabled


async def test_the_operator_is_told_of_a_message_that_fails_and_recovers(hooks: Hooks):
    operational = f"operational:{hooks.world.organization}"
    await hooks.endpoint()
    await hooks.endpoint("/ops", application=operational)
    hooks.receiver.answer("/hook", status(500), times=4)
    message = await hooks.send()
    for seconds in (7, 400, 2400, 9000):
        await hooks.deliver(seconds)
    await hooks.deliver()
    bodies = [item.json for item in hooks.receiver.got("/ops")]
    assert [body["type"] for body in bodies] == ["message.attempt.failing", "message.attempt.recovered"]
    assert {body["data"]["msgId"] for body in bodies} == {message.id}
    assert bodies[0]["data"]["lastAttempt"]["responseStatusCode"] == 500


# Transformations


async def test_a_script_changes_what_is_sent_and_the_signature_covers_it(hooks: Hooks):
    script = (
        "function handler(w) { w.method = 'PUT'; w.payload = {seen: w.eventType, by: w.variables.who}; "
        "w.headers = {'x-script': 'yes'}; return w; }"
    )
    endpoint = await hooks.endpoint(code=script, variables={"who": "ann"}, transforms=True)
    await hooks.send({"n": 1})
    [arrived] = hooks.receiver.got()
    assert (arrived.method, arrived.headers["x-script"]) == ("PUT", "yes")
    assert arrived.json == {"seen": "order.updated", "by": "ann"}
    assert signed_by(SECRET, arrived.headers, arrived.body, hooks.world.clock() / 1000)
    await hooks.change(endpoint, transforms=False)
    await hooks.send({"n": 12345678901234567890})
    assert hooks.receiver.got()[-1].body == b'{"n":12345678901234567890}'


async def test_a_script_may_cancel_and_one_that_fails_is_retried(hooks: Hooks):
    script = (
        "function handler(w) { if (w.payload.n == 1) { w.cancel = true; return w; } "
        "throw 'no ' + w.payload.n; }"
    )
    endpoint = await hooks.endpoint(code=script, transforms=True)
    message, other_message = await hooks.send({"n": 1}), await hooks.send({"n": 2})
    assert hooks.receiver.requests == []
    stands = [await hooks.stand(endpoint, message) for message in (message, other_message)]
    assert [delivery_state and delivery_state.state for delivery_state in stands] == [CANCELED, SENDING]
    failed = (await hooks.attempts(endpoint, other_message))[0]
    assert (failed.status, failed.code) == (FAIL, 0)
    assert b"no 2" in failed.response
    fixed = await hooks.reload(endpoint)
    fixed.hidden.code = "function handler(w) { return w; }"
    await hooks.change(endpoint, hidden=fixed.hidden)
    await hooks.deliver(10)
    assert [item.json for item in hooks.receiver.got()] == [{"n": 2}], "a script that is put right heals"


async def test_p11_a_script_can_not_send_to_a_forbidden_address(hooks: Hooks):
    script = "function handler(w) { w.url = 'http://169.254.169.254/latest'; return w; }"
    endpoint = await hooks.endpoint(code=script, transforms=True)
    await hooks.send()
    [attempt] = await hooks.attempts(endpoint)
    assert (attempt.status, attempt.code) == (FAIL, 0)
    assert b"169.254" in attempt.response


# Large events


async def test_a_large_event_is_sent_cut_and_says_where_the_whole_is(world: World, hooks: Hooks):
    object.__setattr__(world.services.delivery, "most_bytes", 2000)
    await hooks.endpoint(types=("order.updated",))
    world.vendor.collections["orders"] = [order(1, state="A", lines=[])]
    await world.connect()
    lines = [{"product": f"p{n}", "quantity": n} for n in range(100)]
    world.change("orders", "o-001", state="B", lines=lines)
    await world.next_sync()
    [arrived] = hooks.receiver.got()
    assert len(arrived.body) < 3000
    assert arrived.json["data_truncated"] is True
    assert arrived.json["data"] == {"id": "o-001"}
    assert faults(arrived.json) == []
    assert arrived.json["data_url"] == f"{world.services.settings.url}/events/{arrived.id}/data"
    assert signed_by(SECRET, arrived.headers, arrived.body, world.clock() / 1000)


# Sharing


async def test_throttled_messages_wait_and_none_is_lost(hooks: Hooks):
    await hooks.endpoint(rate=4)
    for n in range(10):
        await hooks.put({"n": n})
    numbers = []
    for _ in range(12):
        await hooks.deliver()
        numbers.append(len(hooks.receiver.got()))
        hooks.world.clock.pass_seconds(0.25)
    assert numbers[-1] == 10
    assert numbers[0] <= 2
    for early, late in zip(numbers, numbers[4:], strict=False):
        assert late - early <= 5, "at most four in a second"


async def test_senders_share_what_is_due_and_nothing_goes_twice(hooks: Hooks):
    await hooks.endpoint()
    for n in range(120):
        await hooks.put({"n": n})
    await asyncio.gather(*(hooks.services.webhooks.sender().drain() for _ in range(3)))
    assert sorted(item.json["n"] for item in hooks.receiver.got()) == list(range(120))


async def test_p09_an_endpoint_that_hangs_holds_up_nobody_else(hooks: Hooks):
    with_timeout(hooks, 2.0)
    await hooks.endpoint("/hangs")
    await hooks.endpoint("/good")
    hooks.receiver.answer("/hangs", silent())
    for n in range(200):
        await hooks.put({"n": n})
    sender = hooks.services.webhooks.sender()
    running = asyncio.create_task(sender.run())
    began = time.monotonic()
    while len(hooks.receiver.got("/good")) < 200:
        assert time.monotonic() - began < 10
        await asyncio.sleep(0.01)
    assert len(hooks.receiver.got("/hangs")) <= 40, "it holds on to a few sockets"
    sender.stop()
    running.cancel()
    await asyncio.wait({running})


async def test_names_that_nobody_resolves_hold_up_nobody_else(hooks: Hooks, monkeypatch: pytest.MonkeyPatch):
    done, resolve = threading.Event(), socket.getaddrinfo

    def hanging(host: str, *extra_items: Any, **named: Any) -> Any:
        if host.endswith(".hangs.example"):
            done.wait(30)
            raise socket.gaierror
        return resolve(host, *extra_items, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    for n in range(40):  # more than an event loop has threads
        await hooks.endpoint(url=f"https://{n}.hangs.example/")
    await hooks.endpoint(url=f"{hooks.receiver.url}/good".replace("127.0.0.1", "localhost"))
    await hooks.put()
    sender = hooks.services.webhooks.sender()
    running = asyncio.create_task(sender.run())
    try:
        async with asyncio.timeout(5):
            while not hooks.receiver.got("/good"):  # noqa: ASYNC110 - a receiver tells nobody
                await asyncio.sleep(0.01)
        assert not done.is_set(), "the others hang to this moment"
    finally:
        done.set()
    sender.stop()
    await asyncio.wait_for(running, 10)
    assert len(hooks.receiver.got("/good")) == 1


async def test_a_great_many_pending_at_a_dead_endpoint_hold_up_nobody(hooks: Hooks):
    """A few go there at a time; what the others get does not depend on how many there are."""
    with_timeout(hooks, 1.0)
    await hooks.endpoint("/dead", types=("product.updated",))
    await hooks.endpoint("/good", types=("order.created",))
    hooks.receiver.answer("/dead", silent())
    now = hooks.world.clock()
    reported_events = [
        EventRow(f"msg_{n:027}", hooks.world.organization, 0, "product.updated", None, None, now, b"{}")
        for n in range(20_000)
    ]
    async with hooks.services.database.transaction() as transaction:
        await events.add(transaction, reported_events)
    sender = hooks.services.webhooks.sender()
    running = asyncio.create_task(sender.run())
    for n in range(20):
        await hooks.put({"n": n}, "order.created")
    began = time.monotonic()
    while len(hooks.receiver.got("/good")) < 20:
        assert time.monotonic() - began < 5
        await asyncio.sleep(0.01)
    assert 0 < len(hooks.receiver.got("/dead")) <= 40, "what hangs holds on to a few sockets"
    assert len(sender._under_way) <= 256
    sender.stop()
    await asyncio.wait_for(running, 10)


async def test_claiming_and_recording_touch_what_they_are_about_however_many_wait(hooks: Hooks):
    """Also right after so many came, when the database still takes the queue for a short one."""
    endpoint, now = await hooks.endpoint(), hooks.world.clock()
    counting: Any = Counting(hooks.services.database, "webhook_deliveries")
    async with hooks.services.database.transaction() as transaction:
        ids = [f"msg_{n:027}" for n in range(20_000)]
        await deliveries.put(transaction, endpoint.number, ids, now - 1000)
    delivery_claim = deliveries.DeliveryClaim(endpoint.number, 100, now, now + 120_000, "me")
    async with counting.transaction() as transaction:
        await transaction.seek_first()
        claimed = await deliveries.claim(transaction, delivery_claim)
    async with counting.transaction() as transaction:
        await transaction.seek_first()
        await deliveries.record(
            transaction,
            [deliveries.DeliveryResult(claimed_delivery, SUCCESS) for claimed_delivery in claimed],
        )
    assert len(claimed) == 100
    assert counting.touched < 1000


async def test_a_sender_that_is_stopped_hands_back_what_takes_long(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", silent(), times=1)
    message = await hooks.put()
    sender = hooks.services.webhooks.sender()
    running = asyncio.create_task(sender.run())
    while True:
        await asyncio.sleep(0.01)
        if hooks.receiver.got():
            break
    sender.stop()
    await asyncio.wait_for(running, 8)
    await hooks.deliver()
    stand = await hooks.stand(endpoint, message)
    assert stand is not None
    assert stand.state == SUCCESS
    assert len(hooks.receiver.got()) == 2


async def test_what_is_due_at_a_deleted_endpoint_is_dropped(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", status(500))
    await hooks.send()
    async with hooks.services.database.transaction() as transaction:
        await endpoints.delete(transaction, endpoint.number, hooks.world.clock())
    await hooks.deliver(HOUR)
    assert len(hooks.receiver.got()) == 1
    assert await deliveries.due(hooks.services.database) == []


async def test_a_sender_that_dies_leaves_its_claim_to_others_when_the_lease_ends(hooks: Hooks):
    await hooks.endpoint()
    await hooks.put()
    claim = deliveries.DeliveryClaim(1, 10, hooks.world.clock(), hooks.world.clock() + 120_000, "dead")
    database = hooks.services.database
    [due] = await deliveries.due(database)
    async with database.transaction() as transaction:
        delivery_claim = deliveries.DeliveryClaim(due.endpoint, 10, claim.now_ms, claim.until_ms, "dead")
        assert len(await deliveries.claim(transaction, delivery_claim)) == 1
    await hooks.deliver(119)
    assert hooks.receiver.got() == []
    await hooks.deliver(2)
    assert len(hooks.receiver.got()) == 1
