"""Members that several records of Linnworks have in common. Pure."""

from typing import Any

from crossdock.kit.contract import Fields, Raw
from crossdock.kit.values import text, timestamp, unfit

NO_ID = "00000000-0000-0000-0000-000000000000"
"""The id of nothing, such as an item that is not linked; and of one location, the default."""
NO_DATE = "0001-"
"""How the date of nothing begins."""
UNDATED: Fields = {"created_date": None, "updated_date": None}
"""The dates of records that Linnworks has no dates of."""


def moment(value: Any) -> str | None:
    """A date, in UTC, as Linnworks has all of its dates; None where it is the date of nothing."""
    if isinstance(value, str) and value.startswith(NO_DATE):
        return None
    return timestamp(value)


def known_id(value: Any) -> str | None:
    """An id; None where it is that of nothing."""
    name = text(value)
    return None if name == NO_ID else name


def part(raw: Raw, name: str) -> Raw:
    """An object within a record; an empty one where there is none."""
    inner = raw.get(name)
    if inner is None:
        return {}
    return inner if isinstance(inner, dict) else unfit(inner, "an object") or {}


def parts(raw: Raw, name: str) -> list[Raw]:
    """A list within a record; an empty one where there is none."""
    inner = raw.get(name)
    if inner is None:
        return []
    return inner if isinstance(inner, list) else unfit(inner, "a list") or []
