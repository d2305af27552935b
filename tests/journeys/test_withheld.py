"""Keys, tokens and secrets: shown where they are made, delivered where the contract says so, never again.

Every GET there is, over a database that holds all kinds of them.
"""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from crossdock.api.operation import Access
from crossdock.api.operations import all_operations
from crossdock.store.connections import connections
from crossdock.store.connections.access import withheld
from crossdock.svix_api.operations import OPERATIONS as ADMIN_OPERATIONS
from tests.journeys.server import Organization, Server, until

VENDOR_SECRET = "vendor-password-4f1c90"
HEADER_SECRET = "Bearer header-secret-77aa"
READS = [operation for operation in all_operations() if operation.method == "GET"]
ADMIN_READS = [admin_operation for admin_operation in ADMIN_OPERATIONS if admin_operation.method == "GET"]
SHOWS_ITS_SECRET = {"endpoint.get-secret", "operational-webhook.endpoint.get-secret"}
"""Where the contract has the secret that signs for an endpoint, for who may see it."""


class Echo(BaseHTTPRequestHandler):
    """A receiver that answers with what it was told, in its body and in a header."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("x-told", body.decode("latin-1"))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.told.append(body)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@dataclass
class Full:
    """An organization that holds every kind of secret, and what they are."""

    house: Organization
    reader: str
    told: list[bytes]
    places: dict[str, str]
    tokens: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)

    def shown_in(self, answer: httpx.Response, among: set[str]) -> list[str]:
        text = answer.text + str(answer.headers.multi_items())
        return sorted(name for name in among if name in text)


@pytest.fixture(scope="module")
def echo() -> Iterator[ThreadingHTTPServer]:
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    receiver.told = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=receiver.serve_forever)
    thread.start()
    yield receiver
    receiver.shutdown()
    receiver.server_close()
    thread.join()


@pytest.fixture(scope="module")
def full(server: Server, echo: ThreadingHTTPServer) -> Full:
    house = server.organization()
    admin = {"authorization": f"Bearer {house.key}"}
    base = f"{house.url}/api/v1"

    def do(method: str, path: str, body: Any = None) -> Any:
        answer = house.http.request(method, base + path, headers=admin, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else {}

    url = f"http://127.0.0.1:{echo.server_port}/hook"
    endpoint = do("POST", f"/app/{house.id}/endpoint", {"url": url})["id"]
    operational = do("POST", "/operational-webhook/endpoint", {"url": url})["id"]
    do("PUT", f"/app/{house.id}/endpoint/{endpoint}/headers", {"headers": {"Authorization": HEADER_SECRET}})
    secrets = {
        do("GET", f"/app/{house.id}/endpoint/{endpoint}/secret")["key"],
        do("GET", f"/operational-webhook/endpoint/{operational}/secret")["key"],
        HEADER_SECRET, VENDOR_SECRET,
    }  # fmt: skip
    for kind in ("wms", "cart", "carrier"):
        house.add_sandbox(kind)
    server.do(_credentials(server, house.uids["cart"]))
    data: list[bytes] = echo.told  # type: ignore[attr-defined]
    until(lambda: sum(token.encode() in body for body in data for token in house.tokens.values()) == 3)
    created = f"/app/{house.id}/msg?event_types=connection.created"
    message = do("GET", created)["data"][0]["id"]
    tried = f"/app/{house.id}/attempt/msg/{message}"
    until(lambda: do("GET", tried)["data"])
    positions = {
        "app_id": house.id, "endpoint_id": endpoint, "msg_id": message, "name": "connection.created",
        "attempt_id": do("GET", tried)["data"][0]["id"], "event_id": message, "operational": operational,
    }  # fmt: skip
    reader = server.key(house.id, read_only=True)[1]
    return Full(house, reader, data, positions, {*house.tokens.values(), house.key, reader}, secrets)


async def _credentials(server: Server, uid: str) -> None:
    """Credentials as of a system that has some."""
    services = server.services
    connection = await connections.by_uid(services.database, uid)
    assert connection is not None
    sealed = await connections.seal_credentials(services.vault, connection, {"password": VENDOR_SECRET})
    async with services.database.transaction() as transaction:
        await connections.change(transaction, connection.id, {"credentials": sealed})


def _places(full: Full, kind: str) -> dict[str, str]:
    """What stands in variable parts of paths."""
    return {
        **full.places, "integration_type": kind, "integration_name": "sandbox",
        "function_name": "get_orders", "connection_id": full.house.uids[kind],
    }  # fmt: skip


def _filled(path: str, positions: dict[str, str], otherwise: str = "some-id") -> str:
    """The path, with something in every place."""
    return re.sub(r"{(\w+)}", lambda name: positions.get(name[1], otherwise), path)


def _reads(full: Full, key: str) -> Iterator[tuple[str, httpx.Response]]:
    """The answer to every GET, with each token where it takes one; paths of records with ids that exist."""
    ids: dict[str, str] = {}
    for operation in READS:
        for kind, token in full.house.tokens.items():
            if operation.resource is not None and operation.resource.type != kind:
                continue
            headers = {"x-trackstar-api-key": key}
            if operation.access in (Access.KEY_AND_TOKEN, Access.KEY_MAYBE_TOKEN):
                headers["x-trackstar-access-token"] = token
            above = operation.path.split("/{")[0]
            known_body = _places(full, kind)
            path = _filled(operation.path, known_body, ids.get(above, "some-id"))
            answer = full.house.http.get(full.house.url + path, headers=headers)
            yield f"GET {operation.path} ({kind})", answer
            if operation.is_list and answer.status_code == 200 and answer.json()["data"]:
                ids[operation.path] = answer.json()["data"][0]["id"].replace("/", "%2F")
            if link := re.search(r'"download_url":"([^"]+)"', answer.text):
                yield f"the link of GET {operation.path}", full.house.http.get(link[1])


def test_p29_a_read_only_key_sees_no_token_and_no_secret_by_any_route(full: Full):
    fields = {
        name: full.shown_in(answer, full.tokens | full.secrets) for name, answer in _reads(full, full.reader)
    }
    assert {name: shown for name, shown in fields.items() if shown} == {}
    assert len(fields) > 60


def test_p29_a_full_key_sees_them_by_no_route_but_the_one_that_is_for_it(full: Full):
    fields = {
        name: full.shown_in(answer, full.tokens | full.secrets)
        for name, answer in _reads(full, full.house.key)
    }
    shown_by = {name for name, shown in fields.items() if shown}
    assert {name.partition(" (")[0] for name in shown_by} == {"GET /connections/{connection_id}/token"}


def test_p29_the_administration_of_webhooks_shows_secrets_of_endpoints_where_they_are_asked_for_only(
    full: Full,
):
    headers = {"authorization": f"Bearer {full.house.key}"}
    fields = {}
    for operation in ADMIN_READS:
        positions = full.places
        if operation.id.startswith("operational"):
            positions = {**positions, "endpoint_id": positions["operational"]}
        path = _filled(operation.path, positions)
        answer = full.house.http.get(f"{full.house.url}/api/v1{path}", headers=headers)
        assert answer.status_code in (200, 204, 404), answer.text
        if answer.status_code == 404:
            assert operation.id == "background-task.get"
        fields[operation.id] = full.shown_in(answer, full.tokens | full.secrets)
    assert {name for name, shown in fields.items() if shown} == SHOWS_ITS_SECRET


def test_a_read_only_key_has_no_business_in_the_administration_of_webhooks(full: Full):
    headers = {"authorization": f"Bearer {full.reader}"}
    for operation in ADMIN_READS:
        path = _filled(operation.path, full.places)
        answer = full.house.http.get(f"{full.house.url}/api/v1{path}", headers=headers)
        assert answer.status_code == (204 if operation.id == "health.get" else 403)


def test_the_webhook_itself_tells_the_token(full: Full):
    for token in full.house.tokens.values():
        assert any(f'"access_token":"{token}"'.encode() in body for body in full.told)


def test_the_feed_keeps_the_shape_of_what_it_withholds(full: Full):
    bodies = [record["body"] for record in full.house.get("/events", None).json()["data"]]
    data = [body["data"] for body in bodies if body["event_type"] == "connection.created"]
    assert [record["access_token"] for record in data] == ["ct_***"] * 3


def test_what_only_looks_like_a_token_is_shown():
    for text in (b"ct_short", b"direct_" + b"a" * 43, b"ck_" + b"!" * 43):
        assert withheld(text) == text
