"""The words of the API: fields and conditions of searches, and what its outcome codes mean. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
)

SUCCESS = 10001
UNKNOWN_PRODUCT = 40004
OUTCOMES: Mapping[int, type[VendorError] | None] = {
    SUCCESS: None,
    UNKNOWN_PRODUCT: None,  # a warning: there is nothing to show
    30001: InvalidCredentials,
    31000: MissingPermission,  # the app of this API is not added to the site
    50002: VendorRefused,  # no conditions
    50003: VendorRefused,  # a condition lacks something, or its date can't be read
    50004: VendorRefused,  # limit or offset
    50005: VendorRefused,  # anything else about the parameters
    # These two are in no documentation; public clients treat them so.
    10002: InvalidCredentials,
    10005: MissingPermission,
}
"""What each `response_status.code` means; None: it went well."""
FINE = {"SUCCESS", "WARNING"}

EQUAL, BEFORE, FROM = 1, 3, 6
"""Conditions. 4 is strictly "after": what shares a second with the last one seen would be missed."""


def outcome(body: Any, url: str = "", status: int | None = None) -> VendorError | None:
    """The error that an answer's envelope tells of; None: it went well. Codes nobody knows go by severity."""
    envelope = body.get("response_status") if isinstance(body, dict) else None
    code = envelope.get("code") if isinstance(envelope, dict) else None
    if not isinstance(envelope, dict) or not isinstance(code, int):
        return VendorNonsense("wanted an answer with response_status.code", url=url, status=status)
    if code not in OUTCOMES and envelope.get("severity") in FINE:
        return None
    kind = OUTCOMES.get(code, VendorRefused)
    if kind is None:
        return None
    message = envelope.get("description") or "the vendor does not say why"
    return kind(f"{code}: {str(message)[:300]}", url=url, status=status)


def conditions(*tests: Mapping[str, Any]) -> dict[str, Any]:
    """Tests of a search, all of which must hold, as parameters: `conditions[1][field]` …"""
    return {
        f"conditions[{number}][{name}]": value
        for number, test in enumerate(tests, 1)
        for name, value in test.items()
    }


def within(field: int, begin: int, end: int) -> dict[str, Any]:
    """The condition that a date is in a window. begin, end: seconds since 1970, the end not included."""
    return conditions(
        {"field": field, "condition": FROM, "date1": date(begin)},
        {"field": field, "condition": BEFORE, "date1": date(end)},
    )


def numbered(field: int, begin: int, end: int | None) -> dict[str, Any]:
    """The condition that a number is in a window. end: not included; None: there is none."""
    tests: list[Mapping[str, Any]] = [{"field": field, "condition": FROM, "number1": begin}]
    if end is not None:
        tests.append({"field": field, "condition": BEFORE, "number1": end})
    return conditions(*tests)


def date(seconds: int) -> str:
    """A moment as the API has it: UTC, with no zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
