"""Nobody waits for somebody else's large body: no request holds the event loop for more than 50 ms."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.loop_watch import Watch, watched
from tests.journeys.server import Organization, Server

MOST_SECONDS = 0.05
ADDRESS = {"address1": "1 Main St", "city": "Reno", "state": "NV", "postal_code": "89506", "country": "US"}


def order(lines: list[Any], **extra_fields: Any) -> bytes:
    body = {"order_number": "L", "ship_to_address": ADDRESS, "line_items": lines, **extra_fields}
    return json.dumps(body, separators=(",", ":")).encode()


def line(quantity: int) -> dict[str, Any]:
    return {"product_id": "product_id_0", "quantity": quantity}


LARGE = {
    "30,000 faults": order([line(0)] * 30_000),
    "40,000 faults": order([line(0)] * 40_000),
    "30,000 fine lines": order([line(1)] * 30_000),
    "70,000 fine lines": order([line(1)] * 70_000),
    "80,000 unknown members": order([line(1)], **{f"stranger_{n}": n for n in range(80_000)}),
    "300,000 unknown members": order([line(1)], **{f"{n:x}": 1 for n in range(300_000)}),
    "80,000 misspelt members": order([line(1)], **{f"order_numbr{n}": n for n in range(80_000)}),
    "nested 500 deep": order([line(1)], deep=json.loads("[" * 500 + "]" * 500)),
    "nested 2,000,000 deep": b"[" * 2_000_000,
    "fractions": b"[" + b",".join([b"1.5"] * 900_000) + b"]",
    "one long text": order([line(1)], note="x" * 4_000_000),
    "commas in a text": order([line(1)], note=",{[" * 1_300_000),
    "quotation marks": order([line(1)], note='"' * 2_000_000),
    "escapes": b'{"a":"' + rb"\ud83d\ude00" * 340_000 + b'"}',
    "members that are there twice": b'{"a":{' + b",".join([b'"x":1'] * 90_000) + b"}}",
    "nothings": order([{"product_id": None, "quantity": None}] * 30_000),
    "tags": order([line(1)], trackstar_tags=["x"] * 90_000),
    "numbers for functions": json.dumps({"disabled_functions": [5] * 12_000}).encode(),
    "unknown functions": json.dumps({"disabled_functions": [f"f{n}" for n in range(5_000)]}).encode(),
    "numbers for functions to sync": json.dumps({"functions_to_sync": [5] * 90_000}).encode(),
}


@pytest.fixture(scope="module")
def spare(server: Server) -> Organization:
    return server.organization("wms")


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    with watched(server.loop) as watch:
        yield watch


PATHS = {
    "tags": ("/wms/orders", "/wms/orders/{id}/trackstar-tags"),
    "fractions": ("/wms/orders", "/wms/passthrough", "/connections/sync"),
    "80,000 unknown members": ("/wms/orders", "/wms/passthrough", "/connections/sync"),
    "escapes": ("/wms/orders", "/connections/sync"),
    "numbers for functions": ("/schedules/disabled-functions",),
    "unknown functions": ("/schedules/disabled-functions",),
    "numbers for functions to sync": ("/connections/sync",),
}


@pytest.mark.parametrize("name", LARGE)
def test_p28_a_large_body_holds_nobody_up(spare: Organization, watch: Watch, name: str):
    for path in PATHS.get(name, ("/wms/orders",)):
        answer = _sent(spare, path.format(id="order_id_0"), LARGE[name])
        assert answer.status_code in (200, 400, 413, 422, 502), answer.text[:500]
        assert len(answer.content) < 6_000_000
    assert watch.seconds < MOST_SECONDS, watch.what


PLAIN_PATHS = {
    "on-demand": ("POST", "/connections/on-demand-syncs"),
    "sync": ("POST", "/connections/sync"),
    "connection": ("PATCH", "/connections"),
    "switches": ("PATCH", "/schedules/disabled-functions"),
    "wishes": ("POST", "/integration-requests"),
    "simulation": ("POST", "/sandbox/simulate/cart/orders"),
    "endpoint": ("POST", "/api/v1/app/{organization}/endpoint"),
    "message": ("POST", "/api/v1/app/{organization}/msg"),
}


@pytest.mark.parametrize("subject", ["80,000 unknown members", "30,000 fine lines"])
@pytest.mark.parametrize("name", PLAIN_PATHS)
def test_p28_a_large_body_holds_nobody_up_where_none_is_expected(
    spare: Organization, watch: Watch, name: str, subject: str
):
    method, path = PLAIN_PATHS[name]
    headers = {**spare.headers("wms"), "content-type": "application/json"}
    headers["authorization"] = f"Bearer {headers['x-trackstar-api-key']}"
    url = f"{spare.url}{path.format(organization=spare.id)}"
    answer = spare.http.request(method, url, content=LARGE[subject], headers=headers, timeout=120)
    assert answer.status_code in (200, 400, 404, 413, 422), answer.text[:500]
    assert len(answer.content) < 100_000
    assert watch.seconds < MOST_SECONDS, watch.what


def test_the_first_hundred_faults_are_told(spare: Organization):
    answer = _sent(spare, "/wms/orders", LARGE["30,000 faults"])
    faults = answer.json()["detail"]["json"]
    assert len(faults) == 100
    assert all(texts == ["must be more than 0, not 0"] for texts in faults.values())


def test_at_most_a_thousand_unused_members_are_listed(spare: Organization):
    answer = _sent(spare, "/wms/orders?dry_run=true", LARGE["80,000 unknown members"])
    assert (answer.status_code, len(answer.json()["unused_fields"])) == (200, 1000)


def _sent(spare: Organization, path: str, content: bytes) -> httpx.Response:
    headers = spare.headers("wms") | {"content-type": "application/json"}
    method = "PUT" if path.endswith("tags") else "PATCH" if path.endswith("functions") else "POST"
    return spare.http.request(method, f"{spare.url}{path}", content=content, headers=headers, timeout=120)
