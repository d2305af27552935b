"""Webhook endpoints that fail are told to the organization; one that is disabled to its customer too."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossdock.store.alerts import signals
from crossdock.store.alerts.signals import AlertSignal
from crossdock.store.webhooks import apps
from crossdock.store.webhooks.apps import App
from crossdock.store.webhooks.endpoints import Endpoint
from tests.fakes.hook_receiver import Receiver, status
from tests.fakes.mail_server import MailServer, text_of
from tests.journeys.alerting import Alerts, mailing, subjects
from tests.journeys.conftest import World
from tests.journeys.hooks import HOUR, Hooks

pytestmark = pytest.mark.made_up_events
GRACE = 15 * 60


@pytest.fixture
def mail_server() -> Any:
    with MailServer() as server:
        yield server


@pytest.fixture
async def hooks(world: World, mail_server: MailServer) -> AsyncIterator[Hooks]:
    async with Receiver() as receiver:
        yield Hooks(mailing(world, mail_server.port), receiver)


def alerts_of(hooks: Hooks) -> Alerts:
    return Alerts(hooks.world, hooks.receiver)


async def customer(hooks: Hooks, email: str = "dev@customer.example", name: str = "Customer GmbH") -> App:
    """An application whose customer has an address."""
    now = hooks.world.clock()
    app = App(
        id="app_1", organization_id=hooks.world.organization, uid="customer-1", name=name,
        metadata={"svix.email": email}, created_ms=now, updated_ms=now,
    )  # fmt: skip
    async with hooks.world.services.database.transaction() as transaction:
        await apps.put(transaction, app)
    return app


async def left(hooks: Hooks, endpoint: Endpoint, kind: str, times: int = 1) -> None:
    """Signals as the sender leaves them."""
    async with hooks.world.services.database.transaction() as transaction:
        for _ in range(times):
            signal = AlertSignal(
                endpoint.organization_id, kind, endpoint.application_id, endpoint.id, hooks.world.clock(),
                "hooks.customer.example",
            )  # fmt: skip
            await signals.add(transaction, signal)


async def test_messages_that_use_up_their_attempts_are_told_and_that_they_arrive_again(hooks: Hooks):
    alerts = alerts_of(hooks)
    await hooks.endpoint()
    await alerts.channel("url")
    hooks.receiver.answer("/hook", status(500))
    await hooks.send()
    for _ in range(7):
        await hooks.deliver(13 * HOUR)
    await alerts.run()
    hooks.receiver.answer("/hook", status(200))
    await hooks.send()
    await alerts.run(600)
    told = [
        (problem["kind"], problem["state"])
        for message in alerts.posted("url")
        for problem in message["data"]["problems"]
    ]
    assert told == [("messages_failing", "open"), ("messages_failing", "resolved")]


async def test_an_endpoint_that_wants_nothing_more_is_told_as_disabled(hooks: Hooks, mail_server: MailServer):
    alerts = alerts_of(hooks)
    await hooks.endpoint()
    await alerts.channel("url")
    hooks.receiver.answer("/hook", status(410, b"", {"webhook-delivery": "disable"}))
    await hooks.send()
    await alerts.run()
    [problem] = alerts.posted("url")[0]["data"]["problems"]
    assert problem["kind"] == "endpoint_disabled"
    assert problem["title"].startswith("127.0.0.1:")
    assert mail_server.mails == []  # the application says no address


async def test_a_hundred_messages_at_a_dead_endpoint_are_one_problem(hooks: Hooks):
    alerts = alerts_of(hooks)
    endpoint = await hooks.endpoint()
    await alerts.channel("url", at_least=100)
    await left(hooks, endpoint, signals.EXHAUSTED, 99)
    await alerts.run()
    assert alerts.posted("url") == []
    await left(hooks, endpoint, signals.EXHAUSTED)
    await alerts.run()
    [problem] = alerts.posted("url")[0]["data"]["problems"]
    assert (problem["count"], problem["message"]) == (100, "100 messages used up all attempts.")


async def test_the_customer_gets_one_mail_for_a_disabled_endpoint_and_nothing_of_others(
    hooks: Hooks, mail_server: MailServer
):
    alerts = alerts_of(hooks)
    app = await customer(hooks)
    mine = await hooks.endpoint(application=app.id)
    theirs = await hooks.endpoint(application="app_2", url="https://secret.other.example/hook")
    await left(hooks, mine, signals.DISABLED)
    await left(hooks, theirs, signals.DISABLED)
    await alerts.run(GRACE - 1)
    assert mail_server.mails == []
    await alerts.run(11)
    await alerts.run(24 * HOUR)
    [mail] = mail_server.mails
    assert mail["To"] == "dev@customer.example"
    assert subjects(mail_server) == ["[Crossdock] hooks.customer.example: a webhook endpoint is disabled"]
    text = text_of(mail)
    assert mine.id in text
    assert "Customer GmbH" in text
    for foreign in (theirs.id, "other.example", hooks.world.organization):
        assert foreign not in mail.as_string()


async def test_an_endpoint_that_is_on_again_within_the_grace_is_not_mailed(
    hooks: Hooks, mail_server: MailServer
):
    alerts = alerts_of(hooks)
    app = await customer(hooks)
    endpoint = await hooks.endpoint(application=app.id)
    await left(hooks, endpoint, signals.DISABLED)
    await alerts.run(60)
    await left(hooks, endpoint, signals.ENABLED)
    await alerts.run(GRACE + 10)
    assert mail_server.mails == []


async def test_an_endpoint_that_is_disabled_anew_is_mailed_anew(hooks: Hooks, mail_server: MailServer):
    alerts = alerts_of(hooks)
    app = await customer(hooks)
    endpoint = await hooks.endpoint(application=app.id)
    for _ in range(2):
        await left(hooks, endpoint, signals.DISABLED)
        await alerts.run(GRACE + 10)
        await left(hooks, endpoint, signals.ENABLED)
        await alerts.run(60)
    assert len(mail_server.mails) == 2


@pytest.mark.parametrize("address", ["not an address", "a@b.example\r\nBcc: all@evil.example", ""])
async def test_an_address_that_is_none_gets_nothing_and_harms_nobody(
    hooks: Hooks, mail_server: MailServer, address: str
):
    alerts = alerts_of(hooks)
    app = await customer(hooks, address)
    endpoint = await hooks.endpoint(application=app.id)
    await alerts.channel("url")
    await left(hooks, endpoint, signals.DISABLED)
    await alerts.run(GRACE + 10)
    assert mail_server.mails == []
    assert len(alerts.posted("url")) == 1


async def test_an_application_that_is_deleted_meanwhile_is_not_mailed(hooks: Hooks, mail_server: MailServer):
    alerts = alerts_of(hooks)
    app = await customer(hooks)
    endpoint = await hooks.endpoint(application=app.id)
    await left(hooks, endpoint, signals.DISABLED)
    await hooks.services.alerts.dispatcher().drain()
    hooks.world.clock.pass_seconds(GRACE + 10)
    await hooks.services.alerts.dispatcher().drain()
    async with hooks.services.database.transaction() as transaction:
        await apps.delete(transaction, app.id)
    await hooks.services.alerts.mailer().drain()
    [alert] = await alerts.log()
    assert (mail_server.mails, alert.state) == ([], "canceled")


async def test_a_channel_that_is_dead_itself_is_told_to_nobody_and_shown_as_disabled(hooks: Hooks):
    alerts = alerts_of(hooks)
    channel = await alerts.channel("slack")
    hooks.receiver.answer("/slack", status(410, b"", {"webhook-delivery": "disable"}))
    await alerts.connect()
    await alerts.break_down("get_orders")
    await alerts.run()
    await alerts.run(HOUR)
    assert await hooks.services.database.fetch("SELECT 1 FROM alert_signals") == []
    assert (await hooks.services.alerts.keeper.get(hooks.world.organization, channel.id)).disabled
    assert len(alerts.posted("slack")) == 1
