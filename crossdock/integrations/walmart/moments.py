"""The dates of Walmart's records: milliseconds since 1970, or ISO 8601 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.kit.values import timestamp, unfit

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: Any) -> str | None:
    """The moment as our records have it; None where there is none."""
    if value is None or value == "" or isinstance(value, str):
        return timestamp(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return unfit(value, "a time")
    try:
        return timestamp(EPOCH + timedelta(milliseconds=value))
    except OverflowError:
        return unfit(value, "a time in range")


def milliseconds(value: datetime) -> int:
    return (value - EPOCH) // timedelta(milliseconds=1)
