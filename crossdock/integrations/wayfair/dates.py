"""The dates of Wayfair: "2020-04-27 10:16:44.000000 -04:00", a space more than ISO 8601 has."""

import re
from datetime import UTC, datetime

_OFFSET = re.compile(r"\s+(?=[+-]\d\d:?\d\d$)")


def moment(text: str) -> datetime:
    """The moment that is written in either way; without an offset it is UTC. Raises ValueError for others."""
    read = datetime.fromisoformat(_OFFSET.sub("", text.strip()))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def written(instant: datetime) -> str:
    """A moment as Wayfair writes it."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} +00:00"
