"""Pure: dates as callers write them → moments in UTC. One function for every query, body and write.

Accepted is what ISO 8601 and RFC 3339 have in common with what programs print:

    2026-01-31                      the day's first second
    2026-01-31T09:00                the date and the time apart by T, t or a space
    2026-01-31T09:00:00.5Z          a fraction of any length, after a point or a comma
    2026-01-31T10:00:00+01:00       an offset: Z, z, +01:00, +0100 or +01; none: UTC
    20260131T090000Z                the basic form, without dashes and colons
"""

import re
from datetime import UTC, datetime, timedelta

WANTED = "an ISO 8601 date such as 2026-01-31T09:00:00Z, 2026-01-31T10:00:00.5+01:00 or 2026-01-31"
"""What messages say that is wanted."""

_LONGEST = 64
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?P<dash>-?)(?P<month>[0-9]{2})(?P=dash)(?P<day>[0-9]{2})(?:[Tt ](?P<time>.+))?"
)
_TIME = re.compile(
    r"(?P<hour>[0-9]{2})(?P<colon>:?)(?P<minute>[0-9]{2})"
    r"(?:(?P=colon)(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?(?P<offset>[^0-9:.,].*)?"
)
# A plus sign that a query string carries as it is arrives as a space.
_OFFSET = re.compile(r"(?P<sign>[+ -])(?P<hours>[0-9]{2})(?::?(?P<minutes>[0-9]{2}))?")


def moment(text: str) -> datetime:
    """The moment that a date names, in UTC. Raises ValueError for other forms and days that never were."""
    date = _DATE.fullmatch(text) if len(text) <= _LONGEST else None
    if date is None:
        raise ValueError(not_a_date(text))
    try:
        day = datetime(int(date["year"]), int(date["month"]), int(date["day"]), tzinfo=UTC)
        return day if date["time"] is None else day + _time_of_day(date["time"])
    except (ValueError, OverflowError):
        raise ValueError(not_a_date(text)) from None


def seconds(text: str) -> int:
    """Whole seconds since 1970; a fraction is cut off, as it is of stored dates. Raises as `moment` does."""
    return (moment(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def milliseconds(text: str) -> int:
    """Whole milliseconds since 1970. Raises as `moment` does."""
    return (moment(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def in_utc(text: str) -> str:
    """The date in the form that records carry, "2026-01-31T09:00:00Z". Raises as `moment` does."""
    return moment(text).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def not_a_date(text: str) -> str:
    """The message about a text that is no date."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f"{cut!r} is not a date; wanted is {WANTED}"


def _time_of_day(text: str) -> timedelta:
    """The span from midnight UTC to a time with its offset. Raises ValueError."""
    time = _TIME.fullmatch(text)
    if time is None or int(time["hour"]) > 23 or int(time["minute"]) > 59:
        raise ValueError(text)
    second = int(time["second"] or 0)
    if second > 60 or (second == 60 and time["minute"] != "59"):  # a leap second ends an hour
        raise ValueError(text)
    fraction = (time["fraction"] or "").ljust(6, "0")[:6]
    since_midnight = timedelta(
        hours=int(time["hour"]), minutes=int(time["minute"]), seconds=second, microseconds=int(fraction)
    )
    return since_midnight - _offset(time["offset"])


def _offset(text: str | None) -> timedelta:
    """The span that a zone is ahead of UTC. Raises ValueError."""
    if text is None or text in ("Z", "z"):
        return timedelta()
    offset = _OFFSET.fullmatch(text)
    if offset is None or int(offset["hours"]) > 23 or int(offset["minutes"] or 0) > 59:
        raise ValueError(text)
    ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
    return -ahead if offset["sign"] == "-" else ahead
