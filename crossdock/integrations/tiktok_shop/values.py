"""Values of TikTok Shop → ours: times are Unix seconds. Pure."""

from datetime import UTC, datetime
from typing import Any

from crossdock.kit.values import timestamp, unfit, whole


def moment(seconds: Any) -> str | None:
    """A time; 0 is none."""
    number = whole(seconds)
    if not number:
        return None if number is None or number == 0 else unfit(number, "a time")
    try:
        return timestamp(datetime.fromtimestamp(number, UTC))
    except (OverflowError, ValueError, OSError):
        return unfit(seconds, "a time in seconds")
