"""The header Retry-After: how long a server wants us to wait (RFC 9110, 10.2.3)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# The RFC has whole seconds; some servers send fractions. Longer numbers are no times that anybody means.
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]+)?")


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header, a number or an HTTP date; None when it says neither."""
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
