"""When a message that could not be delivered is tried again, and how much goes out at a time."""

import random
from datetime import UTC, datetime

import pytest

from crossdock.net.retry_after import retry_after
from crossdock.webhooks.concurrency import FIRST, NARROWEST, WIDEST, EndpointConcurrency
from crossdock.webhooks.schedule import ATTEMPTS, DELAYS_SECONDS, seconds_to_wait

NOW = datetime(2026, 2, 2, 3, 4, 5, tzinfo=UTC)
CHANCES = [random.Random(7).random() for _ in range(200)] + [0.0, 1.0]


def test_p04_attempts_are_made_at_the_documented_delays():
    planned = [seconds_to_wait(number, lambda: 0.5) for number in range(1, ATTEMPTS)]
    assert planned == [5, 300, 1800, 7200, 18_000, 36_000, 36_000]
    assert sum(DELAYS_SECONDS) == 27 * 3600 + 35 * 60 + 5


@pytest.mark.parametrize("number", range(1, ATTEMPTS))
def test_p04_jitter_stays_within_a_fifth(number: int):
    chances = iter(CHANCES)
    waits = [seconds_to_wait(number, lambda: next(chances)) for _ in CHANCES]
    planned = DELAYS_SECONDS[number - 1]
    assert min(filter(None, waits)) == pytest.approx(0.8 * planned)
    assert max(filter(None, waits)) == pytest.approx(1.2 * planned)


def test_after_the_eighth_attempt_there_is_none():
    assert seconds_to_wait(ATTEMPTS, lambda: 0.5) is None


def test_a_receiver_that_is_busy_is_left_alone_for_a_minute():
    assert seconds_to_wait(1, lambda: 0.5, is_busy=True) == 60
    assert seconds_to_wait(2, lambda: 0.5, is_busy=True) == 300


@pytest.mark.parametrize(
    ("number", "waited"), [(0, 300), (299, 300), (450, 450), (7500, 7500), (7501, 7500), (86_400, 7500)]
)
def test_p05_retry_after_is_honoured_up_to_the_delay_and_two_hours(number: float, waited: float):
    assert seconds_to_wait(2, lambda: 0.5, retry_after=number) == waited


@pytest.mark.parametrize("number", range(1, ATTEMPTS))
def test_p05_no_jitter_brings_an_attempt_before_the_time_that_was_asked_for(number: int):
    planned = DELAYS_SECONDS[number - 1]
    chances = iter(CHANCES)
    waits = [seconds_to_wait(number, lambda: next(chances), retry_after=planned + 60) for _ in CHANCES]
    assert min(filter(None, waits)) == planned + 60
    assert max(filter(None, waits)) == pytest.approx(max(planned + 60, 1.2 * planned))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0), (" 7 ", 7.0), ("Mon, 02 Feb 2026 03:05:05 GMT", 60.0),
        ("Mon, 02 Feb 2026 03:00:00 GMT", 0.0), (None, None), ("", None), ("soon", None), ("-5", None),
        ("1e3", None), ("9" * 40, None), ("²", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None):
    assert retry_after(header, NOW) == seconds


# Lanes


def test_a_lane_widens_while_answers_come_quickly_and_narrows_when_they_do_not():
    lane = EndpointConcurrency(512).lane(1)
    assert lane.width == FIRST
    for _ in range(5):
        lane.note(0.01, answered=True)
    assert lane.width == WIDEST
    for _ in range(10):
        lane.note(15.0, answered=False)
    assert lane.width == NARROWEST


def test_p09_slow_endpoints_never_hold_more_than_half_of_what_is_under_way():
    lanes = EndpointConcurrency(100)
    for lane, room in lanes.plan(list(range(1000)), 1000):
        lane.under_way += room
    assert lanes.under_way == 50, "all are new"
    quick = lanes.lane(5000)
    quick.width = WIDEST
    assert lanes.plan([5000], 50) == [(quick, 50)]


def test_another_endpoint_is_first_each_time():
    lanes = EndpointConcurrency(16)
    firsts = [lanes.plan([1, 2, 3], 1)[0][0].endpoint for _ in range(6)]
    assert sorted(firsts) == [1, 1, 2, 2, 3, 3]
