"""What an operator hears of the server itself, and channels on the command line."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from crossdock.store.alerts.channels import OPERATOR
from tests.fakes.hook_receiver import Receiver
from tests.fakes.mail_server import MailServer
from tests.fakes.receiver import Receiver as ThreadedReceiver
from tests.journeys.alerting import Alerts, mailing
from tests.journeys.commands import Shell
from tests.journeys.conftest import World

pytestmark = pytest.mark.made_up_events
MINUTE = 60


@pytest.fixture
async def alerts(world: World) -> AsyncIterator[Alerts]:
    async with Receiver() as receiver:
        set_up = Alerts(world, receiver)
        await set_up.connect()
        yield set_up


def told(alerts: Alerts) -> list[tuple[str, str]]:
    return [
        (problem["kind"], problem["state"])
        for message in alerts.posted("url")
        for problem in message["data"]["problems"]
    ]


async def test_a_sync_that_waits_too_long_for_a_worker_is_told_and_that_it_was_done(alerts: Alerts):
    await alerts.channel("url", organization=OPERATOR)
    await alerts.world.queue(alerts.connections[0], "get_orders")
    await alerts.run(16 * MINUTE)  # no worker does it
    await alerts.run()
    assert told(alerts) == [("queue_backlog", "open")]
    await alerts.world.work()
    await alerts.run(10 * MINUTE)
    await alerts.run()
    assert told(alerts) == [("queue_backlog", "open"), ("queue_backlog", "resolved")]


async def test_functions_that_fail_by_a_fault_of_ours_are_told_with_their_number(alerts: Alerts):
    await alerts.channel("url", organization=OPERATOR, kinds=["jobs_failing"])
    await alerts.break_down("get_orders", "get_warehouses", kind="internal_error")
    await alerts.run(2 * MINUTE)
    await alerts.run()
    assert told(alerts) == [("jobs_failing", "open")]
    assert alerts.posted("url")[0]["data"]["problems"][0]["count"] == 2


async def test_e_mail_that_is_not_taken_is_told_another_way(world: World):
    with MailServer(answers=["451 try later"] * 20) as server:
        async with Receiver() as receiver:
            alerts = Alerts(mailing(world, server.port), receiver)
            await alerts.connect()
            await alerts.channel("email")
            await alerts.channel("url", organization=OPERATOR, kinds=["mail_failing"])
            await alerts.break_down("get_orders")
            for _ in range(5):
                await alerts.run(6 * MINUTE)
            assert told(alerts) == [("mail_failing", "open")]


async def test_customers_hear_nothing_of_the_server(alerts: Alerts):
    await alerts.channel("url")
    await alerts.world.queue(alerts.connections[0], "get_orders")
    await alerts.run(16 * MINUTE)
    await alerts.run()
    assert alerts.posted("url") == []


# On the command line


@pytest.fixture
def receiver() -> Iterator[ThreadedReceiver]:
    with ThreadedReceiver() as started:
        yield started


def set_up(folder: Path, secret_key: str) -> Shell:
    """A database with an organization."""
    settings = {
        "CROSSDOCK_SECRET_KEY": secret_key, "CROSSDOCK_DATA_DIR": str(folder),
        "CROSSDOCK_ALLOWED_ADDRESSES": "127.0.0.0/8",
    }  # fmt: skip
    shell = Shell(folder, settings)
    assert shell.call("migrate").code == 0
    assert shell.call("organizations", "create", "Acme").code == 0
    return shell


def test_channels_are_kept_on_the_command_line(tmp_path: Path, secret_key: str, receiver: ThreadedReceiver):
    shell = set_up(tmp_path, secret_key)
    rules = json.dumps({"after_minutes": 10, "quiet_hours": {"start": "22:00", "end": "07:00"}})
    made = shell.call(
        "alerts", "add", "url", "On call", "--to", receiver.url, "--rules", rules, "--json"
    ).json
    assert made["signing_secret"].startswith("whsec_")
    assert json.loads(made["rules"])["after_minutes"] == 10
    [listed] = shell.call("alerts", "channels", "--json").json
    assert (listed["id"], listed["target"]) == (made["id"], receiver.url.replace("/webhooks", "/***"))
    assert shell.call("alerts", "test", made["id"]).out == "sent\n"
    receiver.answers = [500]
    failed = shell.call("alerts", "test", made["id"])
    assert (failed.code, failed.out) == (1, "failed: 500\n")
    assert [row["status"] for row in shell.call("alerts", "log", "--json").json] == ["failed", "sent"]
    changed = shell.call("alerts", "set", made["id"], "--disable", "--name", "Nights", "--json").json
    assert (changed["disabled"], changed["name"]) == (True, "Nights")
    assert shell.call("alerts", "remove", made["id"]).code == 0
    gone = shell.call("alerts", "test", made["id"])
    assert (gone.code, "there is no channel" in gone.err) == (1, True)
    operators = shell.call("alerts", "add", "slack", "Ops", "--to", receiver.url, "--operator", "--json").json
    assert [row["id"] for row in shell.call("alerts", "channels", "--operator", "--json").json] == [
        operators["id"]
    ]
    assert shell.call("alerts", "channels", "--json").json == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "url", "X", "--to", "http://a.example", "--to", "http://b.example"], "holds 2 URLs"),
        (["add", "url", "X"], "must be there"),
        (["add", "email", "X", "--to", "ops@example.com"], "CROSSDOCK_SMTP_URL"),
        (["add", "url", "X", "--to", "http://a.example", "--rules", "{"], "is not what the API takes"),
        (["add", "url", "X", "--to", "http://a.example", "--rules", '{"kinds": ["x"]}'], "'x'"),
        (["channels", "--operator", "--organization", "Acme"], "can't be there together"),
    ],
)
def test_what_does_not_fit_is_told_in_a_line(tmp_path: Path, secret_key: str, words: list[str], said: str):
    shell = set_up(tmp_path, secret_key)
    done = shell.call("alerts", *words)
    assert done.code == 1
    assert said in done.err
    assert "Traceback" not in done.err
