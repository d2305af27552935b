"""Pure: the dates of records that their vendor has no dates of, as of most warehouses and shipping methods.

`read` says None for both: the vendor says there is none. What stands in their place is what we know
ourselves: since when the record is with us, and when it was last seen to have changed.
"""

from collections.abc import Mapping
from typing import Any

CREATED, UPDATED = "created_date", "updated_date"
_NONE: Mapping[str, Any] = {CREATED: None, UPDATED: None}


def is_undated(fields: Mapping[str, Any]) -> bool:
    """Check whether the vendor says that it has neither date."""
    return all(name in fields and fields[name] is None for name in _NONE)


def without_none(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields without dates that there are not, so that those that are stored stay."""
    if not is_undated(fields):
        return fields
    return {name: value for name, value in fields.items() if name not in _NONE}


def dated(fields: Mapping[str, Any], now: str) -> Mapping[str, Any]:
    """The fields of a record that is new to us; now: "2026-01-31T09:00:00Z"."""
    return {**fields, CREATED: now, UPDATED: now} if is_undated(fields) else fields
