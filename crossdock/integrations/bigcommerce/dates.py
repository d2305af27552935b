"""The dates of the v2 API: "Wed, 10 Jan 2018 21:05:30 +0000" (RFC 2822), where v3 has ISO 8601."""

from datetime import datetime

RFC_2822 = "%a, %d %b %Y %H:%M:%S %z"


def moment(text: str) -> datetime:
    """The moment that is written in either way. Raises ValueError for anything else."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.strptime(text, RFC_2822)
