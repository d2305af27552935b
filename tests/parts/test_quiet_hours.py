"""Quiet hours by the clock on the wall, also on the days that have 23 hours or 25."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crossdock.alerts.quiet_hours import QuietHours, quiet_until, zone_fault

NIGHT = QuietHours(start="22:00", end="07:00", time_zone="Europe/Berlin")


def ms(text: str) -> int:
    """A moment that is said in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def end(hours: QuietHours, text: str) -> str | None:
    """When it is quiet until, in UTC, at a moment that is said in UTC."""
    until = quiet_until(hours, ms(text))
    return None if until is None else datetime.fromtimestamp(until / 1000, UTC).strftime("%m-%dT%H:%M:%S")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-10T20:59:59", None),
        ("2026-01-10T21:00:00", "01-11T06:00:00"),
        ("2026-01-10T23:30:00", "01-11T06:00:00"),
        ("2026-01-11T05:59:59", "01-11T06:00:00"),
        ("2026-01-11T06:00:00", None),
        ("2026-07-10T20:00:00", "07-11T05:00:00"),
    ],
)
def test_a_night_goes_over_midnight_by_the_clock_of_its_zone(now: str, until: str | None):
    assert end(NIGHT, now) == until


def test_hours_within_a_day_end_on_that_day():
    noon = QuietHours(start="12:00", end="13:30", time_zone="UTC")
    assert end(noon, "2026-01-10T12:00:00") == "01-10T13:30:00"
    assert end(noon, "2026-01-10T13:30:00") is None
    assert end(noon, "2026-01-10T11:59:59") is None


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter():
    # 29 March 2026: 02:00 in Berlin becomes 03:00.
    assert end(NIGHT, "2026-03-28T21:00:00") == "03-29T05:00:00"


def test_the_night_in_which_clocks_go_back_is_an_hour_longer():
    assert end(NIGHT, "2026-10-24T20:00:00") == "10-25T06:00:00"


def test_hours_that_end_at_a_time_that_is_skipped_end_when_the_clock_jumps_past_it():
    hours = QuietHours(start="22:00", end="02:30", time_zone="Europe/Berlin")
    assert end(hours, "2026-03-29T00:59:59") == "03-29T01:00:00"
    assert end(hours, "2026-03-29T01:00:00") is None


def test_hours_that_begin_at_a_time_that_is_skipped_begin_when_the_clock_jumps_past_it():
    hours = QuietHours(start="02:30", end="06:00", time_zone="Europe/Berlin")
    assert end(hours, "2026-03-29T00:59:59") is None
    assert end(hours, "2026-03-29T01:00:00") == "03-29T04:00:00"


def test_hours_that_end_at_a_time_that_comes_twice_end_the_first_time_and_do_not_begin_again():
    hours = QuietHours(start="22:00", end="02:30", time_zone="Europe/Berlin")
    assert end(hours, "2026-10-25T00:29:59") == "10-25T00:30:00"
    for later in ("2026-10-25T00:30:00", "2026-10-25T01:10:00", "2026-10-25T01:40:00"):
        assert end(hours, later) is None


def test_hours_that_begin_at_a_time_that_comes_twice_begin_the_first_time_and_go_on():
    hours = QuietHours(start="02:30", end="04:00", time_zone="Europe/Berlin")
    for now in ("2026-10-25T00:30:00", "2026-10-25T01:10:00", "2026-10-25T02:59:59"):
        assert end(hours, now) == "10-25T03:00:00"


def test_every_moment_of_two_years_is_in_the_hours_that_the_wall_shows_except_where_clocks_jump():
    zone = ZoneInfo("America/New_York")
    hours = QuietHours(start="22:15", end="06:45", time_zone="America/New_York")
    for minute in range(ms("2026-01-01T00:00:00"), ms("2028-01-01T00:00:00"), 37 * 60_000):
        wall = datetime.fromtimestamp(minute / 1000, zone).strftime("%H:%M")
        assert (quiet_until(hours, minute) is not None) == (wall >= "22:15" or wall < "06:45")


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "", "../../etc/passwd", "Europe", "/etc/localtime", "a" * 300]
)
def test_what_is_no_time_zone_is_refused_by_name(name: str):
    fault = zone_fault(name)
    assert fault is not None
    assert repr(name) in fault


def test_time_zones_of_the_database_are_taken():
    assert zone_fault("UTC") is None
    assert zone_fault("Asia/Kathmandu") is None
