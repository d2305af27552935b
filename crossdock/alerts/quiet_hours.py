"""Pure: hours in which a channel is silent, by the clock on a wall.

A night begins and ends when the clock of its zone first shows the time, or a later one where that time is
skipped. So hours that are there twice don't begin a second night, and a day without 02:30 ends at 03:00.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

WallTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From `start` to `end`, every day; over midnight where the end is the earlier of the two."""

    start: Annotated[WallTime, Meta(description="Hour and minute by the clock of the zone.")]
    end: Annotated[WallTime, Meta(description="Earlier than start: of the day after.")]
    time_zone: Annotated[
        str, Meta(min_length=1, max_length=64, description="A name of the IANA database: Europe/Berlin.")
    ] = "UTC"


def zone_fault(name: str) -> str | None:
    """The fault of a time zone's name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return f"is {name!r}; a time zone of the IANA database is wanted, such as Europe/Berlin"
    return None


def quiet_until(hours: QuietHours, now_ms: int) -> int | None:
    """The end of the quiet hours of this moment, in milliseconds since 1970; None: it lies in none."""
    zone = ZoneInfo(hours.time_zone)
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    for day in (today - timedelta(days=1), today):
        last_day = day + timedelta(days=1) if end <= start else day
        begin_ms, end_ms = _first_shown(day, start, zone), _first_shown(last_day, end, zone)
        if begin_ms <= now_ms < end_ms:
            return end_ms
    return None


def _first_shown(day: date, wall: time, zone: ZoneInfo) -> int:
    """The first moment at which the clock shows this time of the day, or a later one."""
    naive = datetime.combine(day, wall)
    early = naive.replace(tzinfo=zone, fold=0)
    moment = early.timestamp()
    if _shown(moment, zone) == naive:
        return int(moment * 1000)
    # The time is skipped: the jump lies between what it would be by the offset after, and before.
    low, high = int(naive.replace(tzinfo=zone, fold=1).timestamp()), int(moment)
    while low < high:
        middle = (low + high) // 2
        if _shown(middle, zone) >= naive:
            high = middle
        else:
            low = middle + 1
    return low * 1000


def _shown(moment: float, zone: ZoneInfo) -> datetime:
    """The time on the wall."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).replace(tzinfo=None)
