"""Problems are told to whom they concern: once, in time, in one message, and when they are over."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crossdock.store.alerts import leases, positions, problems
from crossdock.store.connections import access
from tests.fakes.hook_receiver import Receiver, status
from tests.journeys.alerting import GATHERED, Alerts, Killed
from tests.journeys.conftest import World, order, with_settings

pytestmark = pytest.mark.made_up_events
MINUTE = 60


@pytest.fixture
async def alerts(world: World) -> AsyncIterator[Alerts]:
    world = with_settings(world, base_url="https://crossdock.example")
    async with Receiver() as receiver:
        set_up = Alerts(world, receiver)
        await set_up.connect(customer_id="customer-42")
        yield set_up


def titles(posted: list[Any]) -> list[str]:
    return [message["text"] for message in posted]


# What is told


async def test_a_system_that_refuses_the_credentials_is_told_with_what_to_do_and_where(world: World):
    async with Receiver() as receiver:
        alerts = Alerts(with_settings(world, base_url="https://crossdock.example"), receiver)
        world.vendor.collections["orders"] = [order(1)]
        connection = await world.connect()
        await alerts.channel("url")
        world.vendor.tokens = {"another"}
        await world.next_sync()
        await alerts.run()
        [message] = alerts.posted("url")
        [problem] = message["data"]["problems"]
        assert (message["type"], problem["kind"], problem["state"]) == (
            "alert.opened", "invalid_credentials", "open",
        )  # fmt: skip
        assert problem["connection_id"] == connection.uid
        assert problem["link"] == f"https://crossdock.example/connections/{connection.uid}"
        assert problem["advice"].startswith("Have the connection signed in to again")


async def test_a_problem_is_told_once_however_often_it_is_met(alerts: Alerts):
    await alerts.channel()
    for _ in range(3):
        await alerts.break_down("get_orders")
        await alerts.run(20 * MINUTE)
    assert len(alerts.posted()) == 1


async def test_a_problem_that_is_over_is_told_as_over_and_once(alerts: Alerts):
    await alerts.channel()
    await alerts.break_down("get_orders")
    await alerts.run()
    await alerts.repair("get_orders")
    await alerts.run(10 * MINUTE)
    await alerts.run(10 * MINUTE)
    assert titles(alerts.posted()) == [
        "Fake WMS: the system can't be reached", "Fake WMS: the system can be reached again",
    ]  # fmt: skip


async def test_what_is_over_before_the_threshold_is_never_told(alerts: Alerts):
    await alerts.channel(after_minutes=10)
    await alerts.break_down("get_orders")
    await alerts.run(5 * MINUTE)
    await alerts.repair("get_orders")
    await alerts.run(60 * MINUTE)
    assert alerts.posted() == []


async def test_what_comes_back_after_it_was_told_as_over_is_told_again(alerts: Alerts):
    await alerts.channel(every_minutes=0)
    for _ in range(2):
        await alerts.break_down("get_orders")
        await alerts.run()
        await alerts.repair("get_orders")
        await alerts.run()
    assert len(alerts.posted()) == 4


async def test_a_kind_that_there_are_no_words_for_is_told_in_its_own(alerts: Alerts):
    from crossdock.connections.problems import note
    from crossdock.store.connections.problems import ConnectionProblem

    await alerts.channel("url")
    now = alerts.world.clock()
    problem = ConnectionProblem(
        alerts.connections[0].id, "get_orders", "moon_phase", "wrong moon", "", now, now
    )
    async with alerts.world.services.database.transaction() as transaction:
        await note(transaction, alerts.connections[0], problem)
    await alerts.run()
    [told] = alerts.posted("url")[0]["data"]["problems"]
    assert (told["kind"], told["message"]) == ("other", "wrong moon")


async def test_a_new_channel_hears_first_of_what_is_wrong_now(alerts: Alerts):
    await alerts.break_down("get_orders")
    await alerts.channel()
    await alerts.run()
    assert len(alerts.posted()) == 1


async def test_a_thousand_problems_are_one_message_with_counts_and_the_first_of_each_kind(alerts: Alerts):
    await alerts.channel("slack")
    await alerts.channel("teams")
    await alerts.channel("url")
    await alerts.break_down(*(f"get_{number}" for number in range(900)))
    await alerts.break_down(*(f"refused_{number}" for number in range(100)), kind="request_refused")
    await alerts.run()
    await alerts.run(60 * MINUTE)
    assert [len(alerts.posted(kind)) for kind in ("slack", "teams", "url")] == [1, 1, 1]
    data = alerts.posted("url")[0]["data"]
    assert (data["title"], data["opened"], data["problems"]) == ("1,000 problems", 1000, [])
    assert [(group["kind"], group["count"], len(group["examples"])) for group in data["groups"]] == [
        ("system_unavailable", 900, 3), ("request_refused", 100, 3),
    ]  # fmt: skip


async def test_when_a_thousand_are_over_that_is_one_message_too(alerts: Alerts):
    await alerts.channel("url")
    functions = [f"get_{number}" for number in range(1000)]
    await alerts.break_down(*functions)
    await alerts.run()
    await alerts.repair(*functions)
    await alerts.run(10 * MINUTE)
    assert [message["data"]["resolved"] for message in alerts.posted("url")] == [0, 1000]


async def test_what_follows_soon_waits_for_the_next_message(alerts: Alerts):
    await alerts.channel("url", every_minutes=30)
    await alerts.break_down("get_orders")
    await alerts.run()
    await alerts.break_down("get_warehouses", "get_order_packs")
    await alerts.run(20 * MINUTE)
    assert len(alerts.posted("url")) == 1
    await alerts.run(10 * MINUTE)
    assert [message["data"]["opened"] for message in alerts.posted("url")] == [1, 2]


async def test_a_channel_hears_only_of_the_customers_and_kinds_that_it_wants(alerts: Alerts):
    other = await alerts.connect(customer_id="customer-7")
    await alerts.channel("slack", customer_ids=["customer-7"])
    await alerts.channel("url", kinds=["request_refused"], connection_ids=[alerts.connections[0].uid])
    await alerts.break_down("get_orders", connection=other)
    await alerts.break_down("get_warehouses", kind="request_refused")
    await alerts.run()
    assert len(alerts.posted("slack")) == 1
    assert "customer-7" in json.dumps(alerts.posted("slack"))
    [message] = alerts.posted("url")
    assert [problem["kind"] for problem in message["data"]["problems"]] == ["request_refused"]


async def test_rules_that_are_widened_let_in_what_stands(alerts: Alerts):
    from crossdock.alerts.channels import ChannelChange
    from crossdock.alerts.rules import AlertRules
    from crossdock.store.people.audit_log import COMMAND_LINE

    channel = await alerts.channel("url", kinds=["file_refused"])
    await alerts.break_down("get_orders")
    await alerts.run()
    change = ChannelChange(rules=AlertRules())
    await alerts.services.keeper.change(alerts.world.organization, channel.id, change, COMMAND_LINE)
    await alerts.run()
    assert len(alerts.posted("url")) == 1


async def test_jobs_that_are_stuck_and_installs_that_fail_are_told_each_time(alerts: Alerts):
    from crossdock.changes.events import connection_event
    from crossdock.store.records import events

    await alerts.channel("url", every_minutes=0)
    connection = alerts.connections[0]
    never = replace(connection, id=0, uid="never", customer_id="customer-9")
    for _ in range(2):
        async with alerts.world.services.database.transaction() as transaction:
            now, job = alerts.world.clock(), {"function_name": "get_orders"}
            failure = {"error_message": "the password is wrong"}
            await events.add(transaction, [
                connection_event(connection, "connection.sync-job-stuck", job, now),
                connection_event(never, "install.failed", failure, now),
            ])  # fmt: skip
        await alerts.run()
    by_kind = [
        {problem["kind"]: problem for problem in message["data"]["problems"]}
        for message in alerts.posted("url")
    ]
    assert [sorted(problems) for problems in by_kind] == [["install_failed", "sync_job_stuck"]] * 2
    assert by_kind[0]["sync_job_stuck"]["functions"] == ["get_orders"]
    failed = by_kind[1]["install_failed"]
    assert failed["title"] == "Fake WMS: connecting a system failed"
    assert (failed["message"], failed["customer_id"]) == ("the password is wrong", "customer-9")


async def test_an_event_whose_body_was_erased_holds_up_none_behind_it(alerts: Alerts):
    from crossdock.changes.events import connection_event
    from crossdock.store.records import events
    from crossdock.store.webhooks.messages import EXPIRED

    await alerts.channel("url")
    job = {"function_name": "get_orders"}
    async with alerts.world.services.database.transaction() as transaction:
        stuck = connection_event(
            alerts.connections[0], "connection.sync-job-stuck", job, alerts.world.clock()
        )
        await events.add(transaction, [replace(stuck, body=EXPIRED)])
    await alerts.break_down("get_orders")
    await alerts.run()
    assert [message["data"]["opened"] for message in alerts.posted("url")] == [1]


async def test_a_connection_that_is_deleted_is_not_told_as_healthy(alerts: Alerts):
    from crossdock.connections.disconnect import disconnect

    await alerts.channel()
    await alerts.break_down("get_orders")
    await alerts.run()
    await disconnect(alerts.world.services.database, alerts.connections[0], alerts.world.clock())
    await alerts.run(60 * MINUTE)
    assert len(alerts.posted()) == 1


# Quiet hours

NIGHT = {"start": "22:00", "end": "07:00", "time_zone": "UTC"}


async def test_in_quiet_hours_only_what_is_urgent_is_told_and_the_rest_in_one_message_at_their_end(
    alerts: Alerts,
):
    from crossdock.alerts.quiet_hours import QuietHours

    await alerts.channel("url", quiet_hours=QuietHours(**NIGHT))  # it is 02:40
    await alerts.break_down("get_orders")
    await alerts.break_down("get_warehouses")
    await alerts.run(60 * MINUTE)
    assert alerts.posted("url") == []
    await alerts.break_down("get_order_packs", kind="request_refused")
    await alerts.run()
    until_seven = datetime(2026, 2, 2, 7, tzinfo=UTC).timestamp() - alerts.world.clock() / 1000
    await alerts.run(until_seven - 1)
    assert alerts.posted("url") == []
    await alerts.run(1)
    assert [message["data"]["opened"] for message in alerts.posted("url")] == [3]


# Who dies, and who is deleted


async def test_of_two_workers_one_tells(alerts: Alerts):
    await alerts.channel("url", every_minutes=0)
    workers = [alerts.services.dispatcher() for _ in range(2)]
    for number in range(6):
        await alerts.break_down(f"get_{number}")
        for _ in range(2):
            alerts.world.clock.pass_seconds(GATHERED)
            await asyncio.gather(*(worker.step() for worker in workers))
    await alerts.world.services.webhooks.sender().drain()
    told = [
        problem["functions"] for message in alerts.posted("url") for problem in message["data"]["problems"]
    ]
    assert sorted(told) == [[f"get_{number}"] for number in range(6)]


async def test_a_worker_that_died_is_followed_by_another_when_its_lease_ends(alerts: Alerts):
    await alerts.channel("url")
    dead, alive = alerts.services.dispatcher(), alerts.services.dispatcher()
    await alerts.break_down("get_orders")
    await dead.step()  # and is never heard of again
    alerts.world.clock.pass_seconds(GATHERED)
    await alive.step()
    assert await alerts.log() == []
    alerts.world.clock.pass_seconds(30)
    await alive.step()
    assert len(await alerts.log()) == 1


async def test_a_worker_that_slept_beyond_its_lease_changes_nothing(alerts: Alerts):
    database, clock = alerts.world.services.database, alerts.world.clock
    await alerts.channel("url")
    async with database.transaction() as transaction:
        assert await leases.extend(transaction, "slow", clock() + 100_000, clock() + 130_000)
    async with database.transaction() as transaction:
        assert not await leases.extend(transaction, "quick", clock() + 100_000, clock() + 130_000)
    async with database.transaction() as transaction:
        assert await leases.extend(transaction, "quick", clock() + 130_000, clock() + 160_000)
    async with database.transaction() as transaction:
        assert not await leases.extend(transaction, "slow", clock() + 131_000, clock() + 161_000)


async def test_what_is_taken_in_and_not_committed_is_taken_in_again(
    alerts: Alerts, monkeypatch: pytest.MonkeyPatch
):
    """The worker dies between any two lines: here, while it stores the message."""
    from crossdock.store.alerts import outbox

    await alerts.channel("url")
    await alerts.break_down("get_orders")
    alerts.world.clock.pass_seconds(GATHERED)

    async def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "add", dies)
        with pytest.raises(Killed):
            await alerts.services.dispatcher().step()
    alerts.world.clock.pass_seconds(60)
    await alerts.run()
    await alerts.run()
    assert len(alerts.posted("url")) == 1


async def test_a_channel_that_cannot_be_planned_keeps_no_other_waiting(alerts: Alerts):
    broken = await alerts.channel("url")
    await alerts.channel("slack")
    await alerts.world.services.database.execute(
        "UPDATE alert_channels SET rules = '{' WHERE id = ?", broken.id
    )
    await alerts.break_down("get_orders")
    await alerts.run()
    assert (len(alerts.posted("url")), len(alerts.posted("slack"))) == (0, 1)


async def test_an_organization_that_cannot_be_planned_keeps_no_other_waiting(
    alerts: Alerts, monkeypatch: pytest.MonkeyPatch
):
    from crossdock.store.alerts import channels

    broken = await access.create_organization(alerts.world.services.database, "Broken", alerts.world.clock())
    await alerts.channel("url", organization=broken)
    await alerts.channel("slack")
    plannable = channels.to_plan

    async def fails(transaction: Any, organization_id: str) -> Any:
        if organization_id == broken:
            raise RuntimeError("broken")
        return await plannable(transaction, organization_id)

    monkeypatch.setattr(channels, "to_plan", fails)
    async with alerts.world.services.database.transaction() as transaction:
        await positions.plan_at(transaction, broken, 0)
    await alerts.break_down("get_orders")
    await alerts.run()
    assert len(alerts.posted("slack")) == 1


async def test_nothing_goes_to_a_channel_that_was_deleted_meanwhile(alerts: Alerts):
    from crossdock.store.people.audit_log import COMMAND_LINE

    channel = await alerts.channel("url")
    await alerts.break_down("get_orders")
    alerts.world.clock.pass_seconds(GATHERED)
    await alerts.services.dispatcher().drain()
    await alerts.services.keeper.delete(alerts.world.organization, channel.id, COMMAND_LINE)
    await alerts.world.services.webhooks.sender().drain()
    [alert] = await alerts.log()
    assert (alerts.posted("url"), alert.state) == ([], "canceled")


async def test_organizations_hear_nothing_of_each_other(alerts: Alerts):
    stranger = await access.create_organization(
        alerts.world.services.database, "Stranger", alerts.world.clock()
    )
    await alerts.channel("slack", organization=stranger)
    await alerts.channel("url")
    await alerts.break_down("get_orders")
    await alerts.run()
    assert (len(alerts.posted("slack")), len(alerts.posted("url"))) == (0, 1)


# What became of it


async def test_a_channel_that_answers_nothing_good_is_tried_again_and_the_log_says_why(alerts: Alerts):
    await alerts.channel("slack")
    alerts.receiver.answer("/slack", status(500, b"no_service"), times=1)
    await alerts.break_down("get_orders")
    await alerts.run()
    [alert] = await alerts.log()
    assert (alert.state, alert.attempts, alert.error) == ("pending", 1, "500 no_service")
    await alerts.run(10)
    [alert] = await alerts.log()
    assert (alert.state, alert.attempts, alert.error) == ("sent", 2, "")


async def test_what_was_over_long_ago_is_forgotten_and_what_stands_is_not(alerts: Alerts):
    database = alerts.world.services.database
    await alerts.channel()
    await alerts.break_down("get_orders", "get_warehouses")
    await alerts.run()
    await alerts.repair("get_orders")
    await alerts.run()
    assert await problems.forget(database, alerts.world.clock() + 1, 1000) == 1
    assert await problems.forget(database, alerts.world.clock() + 1, 1000) == 0
    [row] = await database.fetch("SELECT key FROM alert_problems")
    assert row[0].endswith("/get_warehouses")
