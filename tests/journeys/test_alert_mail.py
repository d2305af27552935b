"""Alerts by e-mail: through a real mail server that wants TLS and a password, refuses, hangs, or dies."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crossdock.alerts.mailer import AlertMailer
from crossdock.store.people.audit_log import COMMAND_LINE
from tests.fakes.hook_receiver import Receiver
from tests.fakes.mail_server import MailServer, SilentServer, certificate, text_of
from tests.journeys.alerting import Alerts, Killed, mailing, subjects
from tests.journeys.conftest import World

pytestmark = pytest.mark.made_up_events


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as started:
        yield started


async def mailed(world: World, receiver: Receiver, server: Any, user: str = "", **settings: Any) -> Alerts:
    """A world with a connection, whose alerts go by e-mail."""
    alerts = Alerts(mailing(world, server.port, user, **settings), receiver)
    await alerts.connect(customer_id="customer-42")
    return alerts


async def test_a_problem_is_told_by_mail_to_all_addresses_of_the_channel(world: World, receiver: Receiver):
    with MailServer() as server:
        alerts = await mailed(world, receiver, server)
        await alerts.channel("email", to=("a@example.com", "b@example.com"))
        await alerts.break_down("get_orders")
        await alerts.run()
        [mail] = server.mails
        assert mail["Subject"] == "[Crossdock] Fake WMS: the system can't be reached"
        assert mail["From"] == "Crossdock <alerts@crossdock.example>"
        assert server.envelopes == [("alerts@crossdock.example", ["a@example.com", "b@example.com"])]
        [alert] = await alerts.log()
        assert (alert.state, alert.attempts) == ("sent", 1)
        assert mail["Message-ID"] == f"<{alert.id}@crossdock.example>"
        assert "get_orders" in text_of(mail)


async def test_a_password_goes_only_through_tls_whose_certificate_is_checked(
    world: World, receiver: Receiver, tmp_path: Path
):
    tls, chain = certificate(tmp_path)
    with MailServer(password="hush", tls=tls) as server:
        alerts = await mailed(world, receiver, server, "me:hush@")
        await alerts.channel("email")
        await alerts.break_down("get_orders")
        mailer = alerts.services.mailer()
        await alerts.run()  # nobody trusts this certificate
        [alert] = await alerts.log()
        assert (server.mails, alert.state) == ([], "pending")
        assert "certificate" in alert.error.lower()
        trusting = partial(ssl.create_default_context, cafile=str(chain))
        mailer.server = replace(mailer.server, host="localhost", tls=trusting)
        world.clock.pass_seconds(60)
        await mailer.drain()
        assert len(server.mails) == 1


async def test_a_server_without_tls_never_hears_the_password(world: World, receiver: Receiver):
    with MailServer() as server:
        alerts = await mailed(world, receiver, server, "me:hush@")
        await alerts.channel("email")
        await alerts.break_down("get_orders")
        await alerts.run()
        [alert] = await alerts.log()
        assert (server.mails, alert.state) == ([], "pending")
        assert "hush" not in alert.error


async def test_a_wrong_password_is_told_without_it(world: World, receiver: Receiver, tmp_path: Path):
    tls, chain = certificate(tmp_path)
    with MailServer(password="right", tls=tls) as server:
        alerts = await mailed(world, receiver, server, "me:hush@")
        await alerts.channel("email")
        await alerts.break_down("get_orders")
        world.clock.pass_seconds(10)
        await alerts.services.dispatcher().drain()
        mailer: AlertMailer = alerts.services.mailer()
        assert mailer.server is not None
        trusting = partial(ssl.create_default_context, cafile=str(chain))
        mailer.server = replace(mailer.server, host="localhost", tls=trusting)
        await mailer.drain()
        [alert] = await alerts.log()
        assert alert.state == "pending"
        assert alert.error.startswith("535")
        assert "hush" not in alert.error


async def test_what_is_put_off_is_tried_again_under_the_same_id_until_it_is_taken(
    world: World, receiver: Receiver
):
    with MailServer(answers=["451 try later", "421 busy"]) as server:
        alerts = await mailed(world, receiver, server)
        await alerts.channel("email")
        await alerts.break_down("get_orders")
        await alerts.run()
        [alert] = await alerts.log()
        assert (alert.state, alert.error) == ("pending", "451 try later")
        await alerts.run(60)
        await alerts.run(120)
        [alert] = await alerts.log()
        assert (alert.state, alert.attempts, len(server.mails)) == ("sent", 3, 1)


async def test_an_address_that_is_refused_for_good_ends_it_and_one_of_several_does_not(
    world: World, receiver: Receiver
):
    with MailServer() as server:
        server.refuse("gone@example.com", "550 no such user")
        alerts = await mailed(world, receiver, server)
        await alerts.channel("email", name="Gone", to=("gone@example.com",))
        await alerts.channel("email", name="Some", to=("gone@example.com", "here@example.com"))
        await alerts.break_down("get_orders")
        await alerts.run()
        states = {alert.channel_name: (alert.state, alert.error) for alert in await alerts.log()}
        assert states == {
            "Gone": ("failed", "gone@example.com: 550 no such user"),
            "Some": ("sent", "not to gone@example.com: 550 no such user"),
        }


async def test_a_day_in_vain_ends_it(world: World, receiver: Receiver):
    with MailServer(answers=["451 try later"] * 2) as server:
        alerts = await mailed(world, receiver, server)
        await alerts.channel("email")
        await alerts.break_down("get_orders")
        await alerts.run()
        await alerts.run(86_400)
        [alert] = await alerts.log()
        assert (alert.state, alert.attempts) == ("failed", 2)


async def test_a_mail_server_that_hangs_keeps_no_chat_waiting(world: World, receiver: Receiver):
    with SilentServer() as server:
        alerts = await mailed(world, receiver, server)
        mailer = alerts.services.mailer()
        mailer.server = replace(mailer.server, timeout_seconds=0.3)
        await alerts.channel("email")
        await alerts.channel("slack")
        await alerts.break_down("get_orders")
        world.clock.pass_seconds(10)
        await alerts.services.dispatcher().drain()
        await mailer.drain()
        await world.services.webhooks.sender().drain()
        states = {alert.channel_kind: (alert.state, alert.error) for alert in await alerts.log()}
        assert states == {
            "email": ("pending", "the mail server took longer than 0.3 s"), "slack": ("sent", ""),
        }  # fmt: skip


async def test_a_worker_killed_between_claim_and_note_is_told_again_and_can_be_recognised(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    from crossdock.store.alerts import outbox

    with MailServer() as server:
        alerts = await mailed(world, receiver, server)
        await alerts.channel("email")
        await alerts.break_down("get_orders")
        world.clock.pass_seconds(10)
        await alerts.services.dispatcher().drain()

        async def dies(*_: Any, **__: Any) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(outbox, "record", dies)
            with pytest.raises(Killed):
                await alerts.services.mailer().step()
        await alerts.services.mailer().drain()
        assert len(server.mails) == 1  # the lease of the dead has not ended
        await alerts.run(120)
        first, second = server.mails
        assert first["Message-ID"] == second["Message-ID"]
        assert first.as_bytes() == second.as_bytes()


async def test_two_workers_send_each_mail_once(world: World, receiver: Receiver):
    import asyncio

    with MailServer() as server:
        alerts = await mailed(world, receiver, server)
        for number in range(9):
            await alerts.channel("email", name=f"Channel {number}")
        await alerts.break_down("get_orders")
        world.clock.pass_seconds(10)
        await alerts.services.dispatcher().drain()
        await asyncio.gather(*(alerts.services.mailer().drain() for _ in range(2)))
        assert len({mail["Message-ID"] for mail in server.mails}) == len(server.mails) == 9


async def test_nothing_is_mailed_to_a_channel_that_was_deleted_meanwhile(world: World, receiver: Receiver):
    with MailServer() as server:
        alerts = await mailed(world, receiver, server)
        channel = await alerts.channel("email")
        await alerts.break_down("get_orders")
        world.clock.pass_seconds(10)
        await alerts.services.dispatcher().drain()
        await alerts.services.keeper.delete(world.organization, channel.id, COMMAND_LINE)
        await alerts.services.mailer().drain()
        [alert] = await alerts.log()
        assert (server.mails, alert.state) == ([], "canceled")


async def test_a_channel_that_can_not_be_opened_ends_its_mail_and_no_other(world: World, receiver: Receiver):
    with MailServer() as server:
        alerts = await mailed(world, receiver, server)
        broken = await alerts.channel("email", name="Broken")
        await alerts.channel("email", name="Whole")
        await world.services.database.execute(
            "UPDATE alert_channels SET sealed = ? WHERE id = ?", b"nonsense", broken.id
        )
        await alerts.break_down("get_orders")
        await alerts.run()
        states = {alert.channel_name: alert.state for alert in await alerts.log()}
        assert states == {"Broken": "failed", "Whole": "sent"}


async def test_addresses_are_not_in_the_database_in_clear(world: World, receiver: Receiver):
    with MailServer() as server:
        alerts = await mailed(world, receiver, server)
        await alerts.channel("email", to=("secret-address@example.com",))
        await alerts.channel("slack")
        await alerts.break_down("get_orders")
        await alerts.run()
        assert subjects(server)
        tables = ("alert_channels", "alerts", "alert_problems", "webhook_endpoints", "audit_log")
        for table in tables:
            rows = await world.services.database.fetch(f"SELECT * FROM {table}")
            stored = repr([tuple(row) for row in rows])
            assert table == "audit_log" or "secret-address" not in stored
            assert f"{receiver.url}/slack" not in stored
