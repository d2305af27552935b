"""What ShipHero's answers say of credits. Pure. Sources: notes.md, "Limits"."""

import re
from typing import Any

from crossdock.kit.contract import Raw
from crossdock.kit.graphql import DEFAULT_WAIT_SECONDS, QueryCost

NOT_ENOUGH_CREDITS = 30
MOST_CREDITS = 4004
"""A call that wants more than there ever are is refused, however long one waits."""
TOO_LARGE = 413
STATUS_BY_CODE = {5: 404, 7: 403}
"""Source: developer.shiphero.com, "Error Glossary" and "Scopes"."""


def charged(answer: Raw) -> QueryCost | None:
    """What a call cost: by `extensions.throttling`, else by the `complexity` of its operations."""
    throttling = _part(_part(answer, "extensions"), "throttling")
    if isinstance(throttling.get("cost"), int):
        quota = _part(throttling, "user_quota")
        return QueryCost(
            float(throttling["cost"]),
            _number(quota, "credits_remaining"),
            _number(quota, "increment_rate"),
            _number(quota, "max_available"),
        )
    complexities = [
        _part(answer.get("data") or {}, name).get("complexity") for name in answer.get("data") or {}
    ]
    known = [number for number in complexities if isinstance(number, int)]
    return QueryCost(float(sum(known))) if known else None


def status_of(error: Raw) -> int | None:
    """The HTTP status that an error amounts to; 413: it asks for too much at once."""
    if _is_too_large(error):
        return TOO_LARGE
    code = error.get("code")
    return STATUS_BY_CODE.get(code) if isinstance(code, int) else None


def seconds_to_wait(error: Raw, _: QueryCost | None) -> float | None:
    """How long until there are credits enough: "In 18 seconds you will have enough credits …"."""
    if error.get("code") != NOT_ENOUGH_CREDITS or _is_too_large(error):
        return None
    seconds = re.search(r"(\d+) seconds?", f"{error.get('time_remaining', '')} {error.get('message', '')}")
    return max(1.0, float(seconds[1])) if seconds else DEFAULT_WAIT_SECONDS


def _is_too_large(error: Raw) -> bool:
    wanted = re.search(r"requires (\d+) credits", str(error.get("message")))
    return error.get("code") == NOT_ENOUGH_CREDITS and wanted is not None and int(wanted[1]) > MOST_CREDITS


def _part(value: Any, name: str) -> dict[str, Any]:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _number(holder: dict[str, Any], name: str) -> float | None:
    value = holder.get(name)
    return float(value) if isinstance(value, int) else None
