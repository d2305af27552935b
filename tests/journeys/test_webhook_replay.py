"""Sending again: an example stays at its endpoint, and what failed is found by when it failed."""

from crossdock.store.database.ids import new_id
from crossdock.store.webhooks import tasks
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.webhooks.tasks import MOST_RECOVERED, RECOVER, BulkTaskRequest, TaskRunner, begun
from tests.fakes.hook_receiver import status
from tests.journeys.admin import Admin, admin
from tests.journeys.hooks import HOUR, MINUTE, Hooks, hooks

__all__ = ["admin", "hooks"]

DAY = 24 * HOUR


async def example(admin: Admin, endpoint: str) -> dict[str, object]:
    path = f"{admin.app}/endpoint/{endpoint}/send-example"
    sent = await admin.do("POST", path, json={"eventType": "order.created"})
    await admin.tried(sent)
    return sent


async def test_an_example_is_never_replayed_to_another_endpoint(admin: Admin):
    endpoint, two = await admin.endpoint("/one"), await admin.endpoint("/two")
    await example(admin, endpoint)
    assert await admin.task(f"{admin.app}/endpoint/{two}/replay-missing") == 0
    real = await admin.message()
    await admin.tried(real, 2)
    for task in ("replay-missing", "recover"):
        assert await admin.task(f"{admin.app}/endpoint/{two}/{task}") == 0
    assert await admin.task(f"{admin.app}/endpoint/{two}/bulk-replay") == 1
    await admin.tried(real, 3)
    assert {item.headers["webhook-id"] for item in admin.receiver.got("/two")} == {real["id"]}


async def test_an_example_is_not_sent_to_another_endpoint_by_hand_either(admin: Admin):
    endpoint, two = await admin.endpoint("/one"), await admin.endpoint("/two")
    sent = await example(admin, endpoint)
    path = f"{admin.app}/msg/{sent['id']}/endpoint"
    refused = await admin.ask("POST", f"{path}/{two}/resend", json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "example_of_another_endpoint")
    await admin.do("POST", f"{path}/{endpoint}/resend", json={})
    await admin.tried(sent, 2)
    assert not admin.receiver.got("/two")


async def test_an_example_that_failed_is_recovered_at_its_own_endpoint_and_stays_in_the_log(admin: Admin):
    admin.receiver.answer("/one", status(500))
    endpoint = await admin.endpoint("/one")
    sent = await example(admin, endpoint)
    admin.receiver.answer("/one", status(200))
    assert await admin.task(f"{admin.app}/endpoint/{endpoint}/recover") == 1
    await admin.tried(sent, 2)
    assert [record["id"] for record in (await admin.do("GET", f"{admin.app}/msg"))["data"]] == [sent["id"]]


# Recover: by when it failed


async def recovered(hooks: Hooks, endpoint: Endpoint, since: float, until: float = -1) -> int:
    """How many messages are sent again that failed between so many seconds ago."""
    services, now = hooks.services, hooks.world.clock()
    bulk_task_request = BulkTaskRequest(since_ms=now - int(since * 1000), until_ms=now - int(until * 1000))
    task = begun(endpoint.organization_id, endpoint.number, RECOVER, bulk_task_request, now)
    async with services.database.transaction() as transaction:
        await tasks.add(transaction, task)
    work = TaskRunner(services.database, services.vault, hooks.world.clock)
    while await work.work():
        pass
    done = await tasks.get(services.database, endpoint.organization_id, task.id)
    assert done is not None
    assert done.status == "finished"
    return done.sent


async def test_recover_brings_back_an_old_message_that_failed_in_its_time(hooks: Hooks):
    hooks.receiver.answer("/hook", status(500))
    endpoint = await hooks.endpoint()
    message = await hooks.send()
    for _ in range(7):
        await hooks.deliver(13 * HOUR)
    assert len(await hooks.attempts(endpoint, message)) == 8
    await hooks.deliver(HOUR)
    assert await recovered(hooks, endpoint, since=3 * DAY) == 1, "older than the time, but it failed in it"
    hooks.receiver.answer("/hook", status(200))
    await hooks.deliver()
    assert [item.id for item in hooks.receiver.got("/hook")] == [message.id] * 9
    assert await recovered(hooks, endpoint, since=3 * DAY) == 0, "it arrived"


async def test_recover_leaves_what_failed_at_another_time(hooks: Hooks):
    hooks.receiver.answer("/hook", status(500))
    endpoint = await hooks.endpoint()
    await hooks.send()
    hooks.world.clock.pass_seconds(2 * HOUR)
    hooks.receiver.answer("/hook", status(200))
    await hooks.send()
    assert await recovered(hooks, endpoint, since=HOUR) == 0
    assert await recovered(hooks, endpoint, since=3 * HOUR, until=2.5 * HOUR) == 0
    assert await recovered(hooks, endpoint, since=3 * HOUR, until=HOUR) == 1


async def test_recover_sends_a_message_that_failed_often_once_and_at_most_10000(hooks: Hooks):
    endpoint = await hooks.endpoint()
    database, now = hooks.services.database, hooks.world.clock()
    ids = [new_id("msg", now - 1000 * DAY) for _ in range(MOST_RECOVERED + 3)]
    tried = [(new_id("atmpt", now - MINUTE * 1000 + n), identifier) for n in range(2) for identifier in ids]
    async with database.transaction() as transaction:
        await transaction.append(
            "webhook_messages",
            ["id", "application_id", "type", "at_ms", "expires_ms", "body"],
            [
                (identifier, endpoint.application_id, "order.updated", now, now + DAY * 1000, b"{}")
                for identifier in ids
            ],
        )
        await transaction.append(
            "webhook_attempts",
            ["id", "endpoint", "message_id", "at_ms", "status", "code", "duration_ms", "manual", "response",
             "exchange"],
            [(key, endpoint.number, text, now, 2, 500, 1, 0, b"", b"") for key, text in tried],
        )  # fmt: skip
    assert await recovered(hooks, endpoint, since=HOUR) == MOST_RECOVERED == 10_000
    [(added,)] = await database.fetch("SELECT count(*) FROM webhook_deliveries WHERE manual = 1")
    assert added == 10_000
