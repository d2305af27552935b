"""How often a token may call: 10 reads and 50 other requests a second, and the headers that say so."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest

from tests.journeys.server import Organization, Server

NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after")
NOON = 1_770_000_000.25


class StoppedClock:
    """What the limiter takes for the time."""

    def __init__(self) -> None:
        self.now = NOON


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    clock = StoppedClock()
    for module in ("limits.aio.storage.memory", "limits.aio.strategies"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=lambda: clock.now))
    return clock


@pytest.fixture
def limited(server: Server, house: Organization, stopped: StoppedClock) -> Iterator[Organization]:
    """The house, at a server with the limits that are documented."""
    with server.beside(reads_per_second=10, writes_per_second=50) as url:
        yield replace(house, url=url)


def told(answer: httpx.Response) -> tuple[str | None, ...]:
    return tuple(answer.headers.get(name) for name in NAMES)


def test_p18_ten_reads_a_second_are_answered_and_counted_down(limited: Organization):
    answers = [limited.get("/wms/orders", limit="1") for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert [told(answer) for answer in answers[:10]] == [
        ("10", str(remaining_index), "1770000002", "0") for remaining_index in range(9, -1, -1)
    ]
    assert [told(answer) for answer in answers[10:]] == [("10", "0", "1770000002", "1")] * 2
    assert answers[-1].json() == {
        "error": "an access token may make 10 GET requests a second",
        "origin": "trackstar",
    }


def test_p18_after_a_second_there_is_room_again(limited: Organization, stopped: StoppedClock):
    assert {limited.get("/wms/warehouses").status_code for _ in range(11)} == {200, 429}
    stopped.now += 0.9
    assert limited.get("/wms/warehouses").status_code == 429
    stopped.now += 0.2
    assert limited.get("/wms/warehouses").status_code == 200


def test_p18_one_token_does_not_use_up_another(limited: Organization):
    assert {limited.get("/wms/orders", limit="1").status_code for _ in range(11)} == {200, 429}
    answer = limited.get("/cart/orders", limit="1")
    assert (answer.status_code, told(answer)[:2]) == (200, ("10", "9"))


def test_p18_fifty_other_requests_a_second_beside_the_reads(limited: Organization):
    def write() -> httpx.Response:
        return limited.ask("PATCH", "/connections", "wms", json={"webhooks_disabled": False})

    assert {limited.get("/wms/orders", limit="1").status_code for _ in range(11)} == {200, 429}
    answers = [write() for _ in range(51)]
    assert [answer.status_code for answer in answers] == [200] * 50 + [429]
    assert told(answers[0]) == ("50", "49", "1770000002", "0")
    assert told(answers[-1]) == ("50", "0", "1770000002", "1")
    assert answers[-1].json()["error"] == "an access token may make 50 other requests a second"


def test_p18_answers_that_refuse_count_and_tell_too(limited: Organization):
    missing = limited.get("/wms/orders/no-such")
    assert (missing.status_code, told(missing)[:2]) == (404, ("10", "9"))
    assert told(limited.get("/wms/orders", colour="red"))[:2] == ("10", "8")
    assert told(limited.get("/cart/orders", "wms"))[:2] == ("10", "7")


def test_calls_without_a_token_are_not_limited(limited: Organization):
    answers = [limited.get("/connections") for _ in range(12)]
    assert {(answer.status_code, told(answer)) for answer in answers} == {(200, (None,) * 4)}


def test_integration_info_is_limited_like_any_other_read(limited: Organization):
    """The contract's notes tell of one call a minute here; Crossdock does without that."""
    answers = [limited.get("/integrations/wms/sandbox", "wms") for _ in range(3)]
    assert [told(answer)[:2] for answer in answers] == [("10", "9"), ("10", "8"), ("10", "7")]


def test_a_limit_of_nothing_is_no_limit(house: Organization):
    answers = [house.get("/wms/orders", limit="1") for _ in range(30)]
    assert {(answer.status_code, told(answer)) for answer in answers} == {(200, (None,) * 4)}
