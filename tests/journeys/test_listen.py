"""`crossdock listen`: events as they happen, on the terminal and at a program on this machine."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import svix.webhooks

from crossdock.changes.events import Subject, record_event
from crossdock.store.connections import connections
from crossdock.store.records import events
from crossdock.webhooks import sign
from tests.fakes.receiver import Receiver
from tests.journeys.commands import Running, Shell
from tests.journeys.server import LONGEST_SECONDS, Organization, Server, until
from tests.ports import free_port

# What the feed gives is tested on both databases; here it is about the command.
pytestmark = [
    pytest.mark.parametrize("server", ["sqlite"], indirect=True),
    pytest.mark.made_up_events,
]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def shop(server: Server) -> Organization:
    return server.organization("cart", "carrier")


def shell_of(folder: Path, url: str, key: str) -> Shell:
    settings = {"CROSSDOCK_DATA_DIR": str(folder), "CROSSDOCK_BASE_URL": url, "CROSSDOCK_API_KEY": key}
    return Shell(folder, settings)


@pytest.fixture
def shell(tmp_path: Path, shop: Organization) -> Shell:
    """Somebody with the organization's key, on a machine that has nothing else of the server."""
    return shell_of(tmp_path, shop.url, shop.key)


def put(server: Server, organization: Organization, kind: str, *types: str) -> list[str]:
    """Stores events about a record of the connection of a type; their ids."""

    async def store() -> list[str]:
        database, now = server.services.database, server.services.clock()
        connection = await connections.by_uid(database, organization.uids[kind], organization.id)
        assert connection is not None
        subject = Subject(f"{kind}_orders", "o-1", '{"id":"o-1","note":"Zoë ☃ 🚀","total":12.50}'.encode())
        rows = [record_event(connection, name, subject, now) for name in types]
        async with database.transaction() as transaction:
            await events.add(transaction, rows)
        return [row.id for row in rows]

    return server.do(store())


@dataclass(frozen=True)
class Listening:
    service: Running

    @property
    def events(self) -> list[Any]:
        return [json.loads(line) for line in self.service.said.splitlines() if line.startswith("{")]

    @property
    def ids(self) -> list[str]:
        return [event["id"] for event in self.events]

    def hears(self, ids: list[str]) -> None:
        """Returns when these are what was printed, and nothing else."""
        until(lambda: self.service.process.poll() is not None or len(self.ids) >= len(ids))
        assert self.ids == ids, self.service.said


@contextmanager
def listening(shell: Shell, *options: str) -> Iterator[Listening]:
    with shell.running("listen", *options) as service:
        until(lambda: "Ctrl-C ends it" in service.said or service.process.poll() is not None)
        yield Listening(service)


def test_events_are_shown_and_forwarded_as_they_happen_each_signed_as_a_webhook(
    server: Server, shop: Organization, shell: Shell
):
    put(server, shop, "cart", "cart-order.created")  # before: it is not shown
    with Receiver() as receiver:
        options = ("--json", "--forward", receiver.url, "--secret", SECRET)
        with listening(shell, *options, "--connection", shop.uids["cart"][:13]) as received_listening:
            receiver.answers = [204, 500, 302]
            first = put(server, shop, "cart", "cart-order.updated", "cart-order.created")
            put(server, shop, "carrier", "carrier-invoice-line-item.created")
            received_listening.hears(first)
            ids = first + put(server, shop, "cart", "cart-order.updated")
            received_listening.hears(ids)
    assert [event["forwarded"]["status"] for event in received_listening.events] == [204, 500, 302]
    assert [(item.method, item.path, item.status) for item in receiver.got] == [
        ("POST", "/webhooks", 204), ("POST", "/webhooks", 500), ("POST", "/webhooks", 302),
    ]  # fmt: skip
    records = {record["id"]: record for record in shop.get("/events", None).json()["data"]}
    for shown, item in zip(received_listening.events, receiver.got, strict=True):
        assert shown == records[shown["id"]] | {"forwarded": shown["forwarded"]}
        assert item.body in shop.get("/events", None).content
        assert json.loads(item.body) == shown["body"]
        assert item.headers["webhook-id"] == item.headers["svix-id"] == shown["id"]
        assert item.headers["content-type"] == "application/json"
        standardwebhooks.Webhook(SECRET).verify(item.body, dict(item.headers))
        svix.webhooks.Webhook(SECRET).verify(item.body, dict(item.headers))


def test_what_happens_while_the_server_is_away_is_shown_when_it_is_back(
    server: Server, shop: Organization, tmp_path: Path
):
    port, secret = free_port(), sign.new_private_key()
    shell = shell_of(tmp_path, f"http://127.0.0.1:{port}", shop.key)
    types = ("--type", "cart-order.updated", "--type", "cart-order.deleted")
    with ExitStack() as before, ExitStack() as whole_exit_stack:
        receiver = whole_exit_stack.enter_context(Receiver())
        before.enter_context(server.beside(port=port))
        options = (*types, "--json", "--forward", receiver.url, "--secret", secret)
        received_listening = whole_exit_stack.enter_context(listening(shell, *options))
        ids = put(server, shop, "cart", "cart-order.updated")
        received_listening.hears(ids)
        before.close()
        put(server, shop, "cart", "cart-order.created")
        ids += put(server, shop, "cart", "cart-order.updated", "cart-order.deleted")
        until(lambda: "waiting:" in received_listening.service.said)
        whole_exit_stack.enter_context(server.beside(port=port))
        received_listening.hears(ids)
    text, value = received_listening.service.said, receiver.got[-1]
    assert text.count("waiting: no server answers at") == 1
    assert text.count("the server is back") == 1
    assert sign.verify(
        sign.shown(secret), ids[-1], int(value.headers["webhook-timestamp"]), value.body,
        value.headers["webhook-signature"], now=int(value.headers["webhook-timestamp"]),
    )  # fmt: skip
    assert sign.shown(secret) in text
    assert secret not in text


def test_people_get_a_table_and_a_secret_to_verify_with_and_ctrl_c_ends_it_well(
    server: Server, shop: Organization, tmp_path: Path
):
    (tmp_path / "dev.json").write_text(json.dumps({"base_url": shop.url, "api_key": shop.key}))
    shell = Shell(tmp_path, {"CROSSDOCK_DATA_DIR": str(tmp_path)})
    receiver = Receiver(answers=[200, 503])
    with ExitStack() as up, ExitStack() as whole_exit_stack:
        up.enter_context(receiver)
        service = whole_exit_stack.enter_context(listening(shell, "--forward", receiver.url)).service
        ids = put(server, shop, "cart", "cart-order.updated", "cart-order.created")
        until(lambda: ids[-1] in service.said)
        up.close()
        ids += put(server, shop, "carrier", "carrier-invoice-line-item.updated")
        until(lambda: ids[-1] in service.said)
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(LONGEST_SECONDS) == 0
    text = service.said
    assert "Traceback" not in text
    lines = {identifier: line for line in text.splitlines() for identifier in ids if identifier in line}
    assert re.search(r"\d\d:\d\d:\d\d +cart-order\.updated +\w{8} +200 in \d+ ms +msg_\w{27}$", lines[ids[0]])
    assert re.search(r" 503 in \d+ ms +msg_\w{27}$", lines[ids[1]])
    assert re.search(r" Connection refused +msg_\w{27}$", lines[ids[2]])
    (secret,) = re.findall(r"whsec_[\w+/=]+", text)
    standardwebhooks.Webhook(secret).verify(receiver.got[0].body, dict(receiver.got[0].headers))


@pytest.mark.parametrize(
    ("options", "changed", "text"),
    [
        (["--type", "order.sold"], {}, "'order.sold' is no event; near it are order.updated, "),
        (["--type", "order"], {}, "'order' is no event; near it are order.created, order.updated, "),
        (["--type", "xyz"], {}, "'xyz' is no event; GET /api/v1/event-type lists all"),
        (
            ["--connection", "ffffffff"],
            {},
            "there is no connection 'ffffffff'; `crossdock connections` lists",
        ),
        (["--forward", "localhost:3000"], {}, "--forward: wanted a URL that begins with https:// or http://"),
        (["--forward", "http://127.0.0.1", "--secret", "whsec_abc"], {}, "--secret: the secret has 2 bytes"),
        (["--secret", SECRET], {}, "--secret is what --forward signs with; say where to"),
        ([], {"CROSSDOCK_API_KEY": "nonsense"}, "answers 401: "),
        ([], {"CROSSDOCK_API_KEY": ""}, "CROSSDOCK_API_KEY is not set, and there is no "),
        (
            [],
            {"CROSSDOCK_BASE_URL": "http://127.0.0.1:1"},
            "no server answers at http://127.0.0.1:1: Connection",
        ),
    ],
)
def test_what_can_not_work_is_told_at_once(shell: Shell, options: list[str], changed: Any, text: str):
    done = shell.call("listen", *options, **changed)
    assert done.code == 1
    assert text in done.err
    assert len(done.err.splitlines()) == 1


def test_something_else_that_answers_is_told_from_a_server(shell: Shell):
    with Receiver() as other_receiver:
        done = shell.call("listen", CROSSDOCK_BASE_URL=other_receiver.url)
    assert done.code == 1
    assert "(200) is not Crossdock" in done.err
