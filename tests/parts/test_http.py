"""One call to a vendor: its limits, its retries, and what its answers mean."""

import asyncio
import gzip
import itertools
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import structlog

from crossdock.errors import (
    AddressRefused,
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.kit.auth.fixed import api_key_in_query, bearer
from crossdock.kit.http import Http, Patience, new_session
from crossdock.kit.limits import LocalSlots, RateLimits
from crossdock.net.addresses import AddressPolicy
from crossdock.net.pacing import Pace
from tests.fakes.vendor import (
    TOKEN,
    FakeVendor,
    answer,
    broken_off,
    dropped,
    failing,
    hanging,
    html,
    huge,
    redirected,
    throttled,
)

LOOPBACK = AddressPolicy.parse("127.0.0.0/8")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = answer(body={"ok": True})


class Time:
    """A clock that only sleeping moves: when several sleep, the earliest wakes first."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sleeps: list[float] = []
        self._wakes: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        wake = self.seconds + seconds
        self._wakes.append(wake)
        while self.seconds < wake:
            await asyncio.sleep(0.001)
            if wake == min(self._wakes):
                self.seconds = wake
        self._wakes.remove(wake)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)


@pytest.fixture
async def fake():
    async with FakeVendor() as running:
        yield running


@pytest.fixture
def time():
    return Time()


@pytest.fixture
async def make(time):
    """Makes an Http whose waiting takes no time and whose jitter is always the longest."""
    async with new_session(LOOPBACK) as session:
        slots = LocalSlots(time.monotonic)

        def made(**fields) -> Http:
            options = {"account": "acct", "slots": slots, "sleep": time.sleep, "clock": time.now}
            return Http(**{"session": session, "random": lambda: 1.0, **options, **fields})

        yield made


# What an answer means


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (answer(400, {"message": "limit is too large"}), VendorRefused),
        (answer(401, {"message": "who are you"}), InvalidCredentials),
        (answer(403, {"message": "not for you"}), MissingPermission),
        (answer(404), VendorRefused),
        (answer(422, {"errors": ["no"]}), VendorRefused),
        (redirected("/login"), VendorNonsense),
        (answer(304), VendorNonsense),
    ],
)
async def test_an_answer_that_will_not_change_is_raised_as_what_it_is_at_once(fake, make, behaviour, error):
    fake.script("/x", [behaviour])
    with pytest.raises(error) as caught:
        await make().send("GET", f"{fake.url}/x?key=1#here")
    assert caught.value.status == fake.requests[0].status
    assert caught.value.url == f"{fake.url}/x"
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ({"message": "limit is too large"}, "400: limit is too large"),
        ({"error": {"code": 7, "message": "limit is too large"}}, "400: limit is too large"),
        ({"errors": [{"detail": "limit is too large"}]}, "400: limit is too large"),
        (b"<html><h1>Bad\n request</h1></html>", "400: Bad request"),
        (b"\xff\x00 \x1b[31m", "400: ? [31m"),
        (b"", "400: the vendor does not say why"),
        ([1, 2], "400: the vendor does not say why"),
        ({"quantity": ["must be positive", "x"]}, "400: quantity: must be positive"),
        ({"": ["Cannot insert order"]}, "400: Cannot insert order"),
        ({"type": "about:blank", "errors": {"Sku": ["is taken"]}, "title": "Bad"}, "400: Sku: is taken"),
        ({"type": "about:blank", "title": "Bad", "errors": {"sku": "is taken"}}, "400: sku: is taken"),
        ({"type": "about:blank", "title": "Bad", "errors": {}}, "400: Bad"),
        ({"message": "x" * 600}, "400: " + "x" * 500),
    ],
)
async def test_a_refusal_is_told_in_the_vendors_own_words_shortened(fake, make, body, value):
    fake.script("/x", [answer(400, body)])
    with pytest.raises(VendorRefused) as caught:
        await make().send("GET", f"{fake.url}/x")
    assert str(caught.value) == value


async def test_a_redirect_is_told_without_its_query_and_not_followed(fake, make):
    fake.script("/x", [redirected("https://other.example/sign-in?session=abc")])
    with pytest.raises(VendorNonsense, match=r"302: redirects to https://other\.example/sign-in; ") as caught:
        await make().send("GET", f"{fake.url}/x")
    assert "abc" not in str(caught.value)


async def test_a_body_larger_than_the_limit_is_not_read_to_its_end(fake, make):
    fake.script("/x", [huge(1_000_000)])
    with pytest.raises(VendorNonsense, match="larger than 100,000 bytes"):
        await make(patience=Patience(largest_body_bytes=100_000)).send("GET", f"{fake.url}/x")


async def test_a_small_body_that_unpacks_to_a_large_one_is_not_read_to_its_end(fake, make):
    packed = answer(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})
    fake.script("/x", [packed])
    with pytest.raises(VendorNonsense, match="larger than 100,000 bytes"):
        await make(patience=Patience(largest_body_bytes=100_000)).send("GET", f"{fake.url}/x")


async def test_parameters_are_written_as_vendors_read_them(fake, make):
    fake.script("/x", [OK])
    params = {"tag": ["a b", "c&d"], "open": True, "cursor": None, "limit": 5, "price": Decimal("1.50")}
    await make().send("GET", f"{fake.url}/x?fixed=1", params=params)
    assert list(fake.requests[0].query.items()) == [
        ("fixed", "1"), ("tag", "a b"), ("tag", "c&d"), ("open", "true"), ("limit", "5"), ("price", "1.50"),
    ]  # fmt: skip


async def test_a_json_body_is_sent_with_exact_numbers(fake, make):
    fake.script("/x", [OK])
    await make().send("POST", f"{fake.url}/x", json={"price": Decimal("10.10")})
    assert fake.requests[0].body == b'{"price":10.10}'
    assert fake.requests[0].headers["Content-Type"] == "application/json"


async def test_accounts_that_share_a_session_share_no_cookies(fake, make):
    fake.script("/x", [answer(headers={"Set-Cookie": "sid=ann"}), OK])
    url = fake.url.replace("127.0.0.1", "localhost") + "/x"
    await make(account="ann").send("GET", url)
    await make(account="bob").send("GET", url)
    assert "Cookie" not in fake.requests[1].headers


async def test_html_with_status_200_is_named_for_what_it_is(fake, make):
    fake.script("/x", [html()])
    value = await make().send("GET", f"{fake.url}/x")
    with pytest.raises(VendorNonsense, match=r"wanted JSON, got text/html.* that begins '<!DOCTYPE html>"):
        value.json()


# Trying again


@pytest.mark.parametrize("behaviour", [failing(500), failing(502), failing(503), dropped(), broken_off()])
async def test_a_failure_that_may_pass_is_tried_again_with_growing_waits(fake, make, time, behaviour):
    fake.script("/x", [behaviour] * 4 + [OK])
    assert (await make().send("GET", f"{fake.url}/x")).json() == {"ok": True}
    assert time.sleeps == [1, 2, 4, 8]


@pytest.mark.parametrize("behaviour", [failing(500), dropped()])
async def test_after_four_retries_the_vendor_is_unavailable(fake, make, behaviour):
    fake.script("/x", [behaviour] * 5 + [OK] * 5)
    with pytest.raises(VendorUnavailable):
        await make().send("GET", f"{fake.url}/x")
    assert len(fake.requests) == 5


async def test_waits_are_anything_between_nothing_and_the_back_off(fake, make, time):
    jitter = iter([0.0, 0.5, 1.0])
    fake.script("/x", [failing()] * 3 + [OK])
    await make(random=lambda: next(jitter)).send("GET", f"{fake.url}/x")
    assert time.sleeps == [0, 1, 4]


async def test_a_vendor_that_does_not_answer_in_time_is_unavailable(fake, make):
    fake.script("/x", [hanging()] * 2)
    http = make(limits=RateLimits(timeout_seconds=0.05), patience=Patience(retries=1))
    with pytest.raises(VendorUnavailable, match=r"no answer within 0\.05 s"):
        await http.send("GET", f"{fake.url}/x")
    assert len(fake.requests) == 2


async def test_a_vendor_that_is_not_there_is_unavailable(fake, make):
    await fake.__aexit__()
    with pytest.raises(VendorUnavailable, match="the connection failed"):
        await make(patience=Patience(retries=0)).send("GET", f"{fake.url}/x")


@pytest.mark.parametrize(
    ("method", "repeatable", "calls"),
    [
        ("GET", None, 2),
        ("PUT", None, 2),
        ("DELETE", None, 2),
        ("POST", None, 1),
        ("PATCH", None, 1),
        ("POST", True, 2),
        ("PUT", False, 1),
    ],
)
@pytest.mark.parametrize("behaviour", [failing(), throttled(1), dropped()])
async def test_only_a_call_that_may_be_repeated_is(fake, make, behaviour, method, repeatable, calls):
    fake.script("/x", [behaviour, behaviour])
    with pytest.raises(VendorError):
        await make(patience=Patience(retries=1)).send(method, f"{fake.url}/x", repeatable=repeatable)
    assert len(fake.requests) == calls


# Limits


class CountedSlots(LocalSlots):
    """Remembers the moments that it gave out."""

    def __init__(self, time: Time) -> None:
        super().__init__(time.monotonic)
        self.time = time
        self.given: list[float] = []

    async def reserve(
        self, account: str, pace: Pace, cost: float = 1.0, longest_seconds: float = math.inf
    ) -> float:
        seconds = await super().reserve(account, pace, cost, longest_seconds)
        self.given.append(self.time.seconds + seconds)
        return seconds


async def test_p17_calls_never_exceed_the_vendors_limit_in_any_minute(fake, make, time):
    fake.script("/x", [OK, failing()] * 12)
    slots = CountedSlots(time)
    http = make(slots=slots, limits=RateLimits(requests_per_minute=10, concurrent_requests=3))
    await asyncio.gather(*(http.send("GET", f"{fake.url}/x") for _ in range(12)))
    assert len(fake.requests) == len(slots.given) >= 23
    assert all(later - earlier > 60 for earlier, later in zip(slots.given, slots.given[10:], strict=False))


async def test_a_call_that_waits_for_a_place_takes_no_slot_yet(fake, make, time):
    """Else slots would pile up behind a slow answer, and be used in a burst."""
    arrived = asyncio.Event()

    async def slowly(vendor, request):
        arrived.set()
        return await hanging()(vendor, request)

    fake.script("/x", [slowly])
    slots = CountedSlots(time)
    http = make(slots=slots, limits=RateLimits(concurrent_requests=1))
    calls = [asyncio.create_task(http.send("GET", f"{fake.url}/x")) for _ in range(5)]
    await arrived.wait()
    assert len(slots.given) == 1
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_no_more_calls_are_under_way_than_the_vendor_allows(fake, make):
    async def slowly(vendor, request):
        await asyncio.sleep(0.01)
        return await OK(vendor, request)

    fake.script("/x", [slowly] * 9)
    http = make(limits=RateLimits(concurrent_requests=2))
    await asyncio.gather(*(http.send("GET", f"{fake.url}/x") for _ in range(9)))
    assert fake.busiest == 2


async def test_signed_and_unsigned_calls_of_an_account_share_its_limit(fake, make):
    async def slowly(vendor, request):
        await asyncio.sleep(0.01)
        return await OK(vendor, request)

    fake.script("/x", [slowly] * 4)
    http = make(limits=RateLimits(concurrent_requests=1))
    both = (http, http.signed(bearer("a"))) * 2
    await asyncio.gather(*(item.send("GET", f"{fake.url}/x") for item in both))
    assert fake.busiest == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_waited_for(fake, make, time, status):
    fake.script("/x", [throttled(17, status), OK])
    await make().send("GET", f"{fake.url}/x")
    assert time.seconds == 17


async def test_retry_after_may_be_a_date(fake, make, time):
    fake.script("/x", [throttled("Sun, 01 Mar 2026 12:00:30 GMT"), OK])
    await make().send("GET", f"{fake.url}/x")
    assert time.seconds == 30


async def test_without_retry_after_the_header_of_the_limit_says_how_long_to_wait(fake, make, time):
    limits = RateLimits(requests_per_minute=60, reset_header="X-Reset-Ms", reset_unit="milliseconds")
    fake.script("/x", [answer(429, {}, {"X-Reset-Ms": "17000"}), OK])
    await make(limits=limits).send("GET", f"{fake.url}/x")
    assert time.seconds == 17


async def test_retry_after_stops_the_other_calls_of_the_account_too(fake, make, time):
    fake.script("/a", [throttled(40), OK])
    fake.script("/b", [OK])
    http = make(limits=RateLimits(concurrent_requests=1))
    await asyncio.gather(http.send("GET", f"{fake.url}/a"), http.send("GET", f"{fake.url}/b"))
    assert fake.requests[0].path == "/a"
    assert time.seconds == 40
    other_value = make(account="somebody else")
    fake.script("/c", [OK])
    await other_value.send("GET", f"{fake.url}/c")
    assert time.seconds == 40


async def test_a_call_that_waited_for_its_slot_waits_again_when_the_vendor_has_asked_for_a_break(
    fake, make, time
):
    fake.script("/a", [throttled(40), OK])
    fake.script("/b", [OK])
    event, called = asyncio.Event(), []

    def observe(status: int | None, _: float) -> None:
        called.append((status, time.seconds))
        event.set()

    async def sleep(seconds: float) -> None:
        await event.wait()
        await time.sleep(seconds)

    limits = RateLimits(requests_per_minute=60, concurrent_requests=2)
    http = make(limits=limits, observe=observe, sleep=sleep)
    await asyncio.gather(http.send("GET", f"{fake.url}/a"), http.send("GET", f"{fake.url}/b"))
    assert called[0] == (429, 0)
    assert all(moment >= 40 for _, moment in called[1:])


async def test_a_vendor_that_asks_for_more_than_two_minutes_ends_the_run(fake, make, time):
    fake.script("/x", [throttled(3600)])
    http = make()
    with pytest.raises(VendorThrottled) as caught:
        await http.send("GET", f"{fake.url}/x")
    assert (caught.value.retry_after, time.seconds) == (3600, 0)
    with pytest.raises(VendorThrottled) as caught:
        await http.send("GET", f"{fake.url}/x")
    assert (caught.value.retry_after, len(fake.requests)) == (3600, 1)


async def test_no_vendor_can_stop_an_account_for_more_than_a_day(fake, make):
    fake.script("/x", [throttled(10**9)])
    with pytest.raises(VendorThrottled) as caught:
        await make().send("GET", f"{fake.url}/x")
    assert caught.value.retry_after == 86_400


async def test_a_vendor_that_throttles_without_saying_for_how_long_is_backed_off_from(fake, make, time):
    fake.script("/x", [throttled()] * 5)
    with pytest.raises(VendorThrottled) as caught:
        await make().send("GET", f"{fake.url}/x")
    assert (caught.value.retry_after, time.sleeps) == (16, [1, 2, 4, 8])


async def test_a_slow_limit_is_waited_for_however_long_it_takes(fake, make, time):
    fake.script("/x", [OK] * 2)
    http = make(limits=RateLimits(requests_per_minute=0.2))
    await http.send("GET", f"{fake.url}/x")
    await http.send("GET", f"{fake.url}/x")
    assert time.seconds == 305


# What is told, and what is not


SECRET = 'p/s&s w"rd'


async def test_p20_no_error_shows_a_secret_in_any_spelling(fake, make):
    body = {"message": f'{SECRET} p%2Fs%26s%20w%22rd p/s%26s%20w%22rd p%2Fs%26s+w%22rd p/s&s w\\"rd tok-1'}
    fake.script(f"/{SECRET}/tok-1", [answer(400, body)])
    http = make(secrets=frozenset({SECRET})).signed(api_key_in_query("tok-1"))
    with pytest.raises(VendorRefused) as caught:
        await http.send("GET", f"{fake.url}/p%2Fs%26s%20w%22rd/tok-1?q={SECRET}")
    text = f"{caught.value} {caught.value.url} {caught.value!r}"
    assert fake.requests[0].query["api_key"] == "tok-1"
    assert not any(part in text for part in ("w%22rd", 'w"rd', "s&s", "tok-1"))
    assert str(caught.value) == "400: *** *** *** *** *** ***"
    assert caught.value.url == f"{fake.url}/***/***"


async def test_p20_no_error_carries_the_library_error_that_shows_the_whole_url(fake, make):
    fake.script("/x", [dropped()])
    http = make(patience=Patience(retries=0)).signed(api_key_in_query("tok-1"))
    with pytest.raises(VendorUnavailable) as caught:
        await http.send("GET", f"{fake.url}/x")
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


async def test_p20_nonsense_does_not_show_a_secret_that_the_vendor_echoes(fake, make):
    fake.script("/x", [answer(body=b"<p>key tok-1 is old</p>", kind="text/html")])
    value = await make().signed(bearer("tok-1")).send("GET", f"{fake.url}/x")
    with pytest.raises(VendorNonsense, match=r"begins '<p>key \*\*\* is old"):
        value.json()
    assert "tok-1" not in repr(value)


async def test_a_failing_vendor_is_logged_once_and_its_recovery_once(fake, make):
    fake.script("/x", [failing()] * 3 + [OK, OK])
    http = make(secrets=frozenset({"internal"}))
    with structlog.testing.capture_logs() as logs:
        await http.send("GET", f"{fake.url}/x?q=1")
        await http.send("GET", f"{fake.url}/x")
    assert logs == [
        {
            "event": "vendor_failing", "log_level": "warning", "account": "acct", "url": f"{fake.url}/x",
            "error": "500: *** error",
        },
        {"event": "vendor_recovered", "log_level": "info", "account": "acct", "failures": 3},
    ]  # fmt: skip


async def test_each_call_is_observed_with_its_status(fake, make):
    fake.script("/x", [failing(), dropped(), OK])
    items = []
    await make(observe=lambda status, seconds: items.append((status, seconds > 0))).send(
        "GET", f"{fake.url}/x"
    )
    assert items == [(500, True), (None, True), (200, True)]


async def test_a_url_with_a_user_name_is_refused_without_showing_it(make):
    with pytest.raises(AddressRefused, match=r"api\.example\.com carries a user name") as caught:
        await make().send("GET", "https://ann:hunter2@api.example.com/")
    assert "hunter2" not in str(caught.value)


# The fake itself, since others rely on it


async def test_the_fake_vendor_pages_through_a_list_that_grows(fake, make):
    def order(number: int) -> dict:
        return {"id": f"o{number:02}", "updated_at": f"2026-01-{number:02}T00:00:00Z"}

    fake.collections["orders"] = [order(number) for number in (3, 1, 2, 4, 5)]
    http = make().signed(bearer(TOKEN))
    items, cursor = [], None
    for turn in itertools.count():
        params = {"limit": 2, "cursor": cursor, "since": "2026-01-02T00:00:00Z"}
        page = (await http.send("GET", f"{fake.url}/orders", params=params)).json()
        items += [record["id"] for record in page["data"]]
        if turn == 0:
            fake.collections["orders"] += [order(1), order(6)]
        cursor = page["next"]
        if cursor is None:
            break
    assert items == ["o02", "o03", "o04", "o05", "o06"]
