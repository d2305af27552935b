"""What happens to a delivery while something else does: tried by hand, switched off, waiting for a script."""

import asyncio
from typing import Any

import pytest

import crossdock.webhooks.endpoint_cache
from crossdock.store.database.ids import new_id
from crossdock.store.webhooks import apps, deliveries, messages, throttles
from crossdock.store.webhooks.apps import App
from crossdock.store.webhooks.deliveries import FAIL, SUCCESS, NewMessage
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks.deliver import attempt
from tests.fakes.hook_receiver import silent, status
from tests.journeys.conftest import World
from tests.journeys.hooks import Hooks, hooks, with_timeout

__all__ = ["hooks"]


async def until(condition: Any, seconds: float = 10) -> None:
    for _ in range(int(seconds * 100)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


async def test_what_was_delivered_by_hand_meanwhile_stays_delivered(hooks: Hooks):
    with_timeout(hooks, 1.5)
    operator = await hooks.endpoint("/operator", application=f"operational:{hooks.world.organization}")
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", silent(), times=1)
    message = await hooks.put()
    sender = hooks.services.webhooks.sender()
    running = asyncio.create_task(sender.drain())
    await until(hooks.receiver.got)
    async with hooks.services.database.transaction() as transaction:
        await deliveries.put(transaction, endpoint.number, [message.id], hooks.world.clock(), manual=True)
    sender.wake()
    await asyncio.wait_for(running, 10)  # the first attempt has timed out by then
    tried = [
        (current_attempt.status, current_attempt.manual) for current_attempt in await hooks.attempts(endpoint)
    ]
    assert sorted(tried) == [(SUCCESS, True), (FAIL, False)], "both are in the log"
    stand = await hooks.stand(endpoint, message)
    assert stand is not None
    assert (stand.state, stand.next_ms) == (SUCCESS, None)
    await hooks.deliver(3600)
    assert len(hooks.receiver.got()) == 2, "and nothing is sent again"
    assert await hooks.attempts(operator) == []


async def test_a_receiver_that_wants_no_more_is_switched_off_whatever_else_it_answers(hooks: Hooks):
    endpoint = await hooks.endpoint()
    hooks.receiver.answer("/hook", status(200, headers={"webhook-delivery": "disable"}))
    message = await hooks.send()
    stand = await hooks.stand(endpoint, message)
    assert stand is not None
    assert stand.state == SUCCESS
    assert (await hooks.reload(endpoint)).disabled
    await hooks.send()
    assert len(hooks.receiver.got()) == 1


async def test_what_is_told_after_an_endpoint_was_switched_on_is_not_dropped(hooks: Hooks):
    """A sender saw it off, and comes to drop what is due there only now."""
    endpoint = await hooks.endpoint()
    message = await hooks.put()
    dropped = await deliveries.drop_if_off(
        hooks.services.database, endpoint.number, hooks.world.clock() + 1, 100
    )
    assert dropped == 0
    await hooks.deliver()
    assert [item.id for item in hooks.receiver.got()] == [message.id]


async def test_an_event_that_does_not_open_holds_up_no_other_endpoint(world: World, hooks: Hooks):
    endpoint = await hooks.endpoint("/one", types=("connection.created",))
    await hooks.endpoint("/two", types=("order.updated",))
    await world.connect(sync=False)
    await world.services.database.execute("UPDATE events SET body = ? WHERE sealed", b"\x00" * 60)
    message = await hooks.put()
    await hooks.deliver()
    assert [item.id for item in hooks.receiver.got("/two")] == [message.id]
    [tried] = await hooks.attempts(endpoint)
    assert (tried.status, tried.code, tried.response) == (FAIL, 0, b"the stored payload can't be opened")


async def test_two_quick_endpoints_that_begin_to_hang_hold_up_no_other(hooks: Hooks):
    with_timeout(hooks, 8)
    hanging = [await hooks.endpoint(path, types=("order.updated",)) for path in ("/one", "/two")]
    await hooks.endpoint("/good", types=("order.created",))
    for n in range(300):
        await hooks.put({"n": n})
    for path in ("/one", "/two"):
        hooks.receiver.answer(path, silent())
    sender = hooks.services.webhooks.sender()
    for endpoint in hanging:
        sender._lanes.lane(endpoint.number).width = 256  # until now they were quick
    running = asyncio.create_task(sender.run())
    await until(lambda: len(hooks.receiver.got("/one")) + len(hooks.receiver.got("/two")) > 250)
    await hooks.put({"good": 1}, "order.created")
    sender.wake()
    await until(lambda: hooks.receiver.got("/good"), 4)
    assert len(sender._under_way) <= 256 + 3 * 16
    sender.stop()
    running.cancel()
    await asyncio.wait({running})


async def test_a_message_that_waited_for_its_script_is_signed_for_the_moment_it_is_sent(hooks: Hooks):
    takes = "function handler(w) { const t = Date.now(); while (Date.now() < t + 200); return w; }"
    endpoint = await hooks.endpoint(code=takes, transforms=True)
    message = await hooks.put()
    second = hooks.world.clock() // 1000
    await attempt(hooks.services.delivery, endpoint, message, second * 1000 + 900)
    [value] = hooks.receiver.got()
    assert int(value.headers["webhook-timestamp"]) == second + 1


async def _application(hooks: Hooks, name: str, rate: int) -> None:
    now = hooks.world.clock()
    app = App(
        id=name, organization_id=hooks.world.organization, uid=name, name=name, rate=rate, created_ms=now,
        updated_ms=now,
    )  # fmt: skip
    async with hooks.services.database.transaction() as transaction:
        await apps.put(transaction, app)


async def _put(hooks: Hooks, application: str, count: int) -> None:
    now = hooks.world.clock()
    async with hooks.services.database.transaction() as transaction:
        for _ in range(count):
            message = Message(
                id=new_id("msg", now), application_id=application, type="order.updated", at_ms=now,
                body=b"{}", expires_ms=now + 86_400_000,
            )  # fmt: skip
            await messages.add(transaction, message)
            await deliveries.fan_out(transaction, application, [NewMessage(message.id, message.type)], now)


async def test_the_limit_of_an_application_holds_for_its_endpoints_beside_other_applications(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
):
    for name in ("app_a", "app_b"):
        await _application(hooks, name, 1)
        await hooks.endpoint(f"/{name}", application=name)
    sender = hooks.services.webhooks.sender()
    await _put(hooks, "app_a", 1)
    await sender.drain()
    monkeypatch.setattr(crossdock.webhooks.endpoint_cache, "RATES_SECONDS", -1)  # what is known is old now
    await _put(hooks, "app_b", 1)
    await sender.drain()
    monkeypatch.setattr(crossdock.webhooks.endpoint_cache, "RATES_SECONDS", 1000)
    hooks.world.clock.pass_seconds(10)
    await _put(hooks, "app_a", 20)
    await sender.drain()
    assert len(hooks.receiver.got("/app_a")) == 1 + 1, "one a second, and no second has passed"


async def test_two_senders_share_the_first_moment_of_a_throttled_endpoint(hooks: Hooks):
    database = hooks.services.database

    async def second() -> int:
        async with database.transaction() as transaction:
            return await throttles.free_us(transaction, 7)

    async with database.transaction() as transaction:
        assert await throttles.free_us(transaction, 7) == 0
        waiting = asyncio.create_task(second())
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await throttles.reserve(transaction, 7, 5_000_000)
    assert await waiting == 5_000_000
