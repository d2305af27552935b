"""Pure: what a call sent and what was answered → as the log keeps it, without secrets and without people.

    body, headers, query ─▶ names and shapes as they were ─▶ values that say who or open something: left out

Names of members stay, numbers and short plain words too (ids, dates, states). A value stays out where its
name is none of ours, of a person (`resources/personal.py`) or of a secret, where it stands in something that
systems or callers word freely, and wherever it is no plain word. So does a name
that may be a secret itself.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.web.query import Pair
from crossdock.web.responses import Header

LEFT_OUT = "(left out)"
LONGEST_LIST = 20
DEEPEST = 12

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]{0,63}")
_SECRET_NAMES = re.compile(
    r"token|secret|passw|api.?key|^key$|authori[sz]ation|credential|signature|cookie|code|url|link|otp",
    re.IGNORECASE,
)
_SECRET_VALUES = re.compile(r"(?:[a-z]{2,8}_|eyJ)[A-Za-z0-9_+/.=-]{24,}")
_PERSON_NAMES = re.compile(
    r"name|e.?mail|phone|contact|company|address|note|comment|street|birth|descri|title|label|tags?$",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[.\[\]]+")
_PLAIN_NAME = re.compile(r"[A-Za-z_.\[\]-]{1,60}\d{0,2}")
"""A name that somebody gave to a member: random letters mostly have digits among them."""
_IN_HEADERS = re.compile(rf"{_SECRET_VALUES.pattern}|(?:bearer|basic)\s+\S+|\S*@\S*", re.IGNORECASE)
_FREE = frozenset({
    "options", "credentials", "custom_fields", "raw", "payload", "body", "headers", "metadata",
    "variables", "env", "additional_fields", "transformationsparams", "context",
})  # fmt: skip
"""Members whose values are worded by systems or callers: nothing of them is kept but names."""
_SENTENCES = frozenset({"error", "message", "detail", "msg", "reason"})
"""Members of errors that hold sentences of ours: what they quote is left out."""
_QUOTED = re.compile(
    r"'(?:[^'\\]|\\.)*(?:'|$)|\"(?:[^\"\\]|\\.)*(?:\"|$)|“[^”]*(?:”|$)|\S*@\S*"
    r"|\b(?=\w*[A-Za-z])(?=\w*\d\w*[A-Za-z])\w{6,}|\b\d{7,}\b"
)
"""What sentences quote, to its end or to theirs; and words that are none."""
_SHOWN_HEADERS = frozenset({
    "accept", "accept-encoding", "content-length", "content-type", "idempotency-key", "idempotent-replayed",
    "retry-after", "user-agent", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset",
    "x-request-id",
})  # fmt: skip
_QUIET_HEADERS = frozenset({
    "connection", "host", "date", "server", "forwarded", "x-forwarded-for", "x-real-ip",
})  # fmt: skip
"""Headers that say nothing of the call."""


class KeptBody(msgspec.Struct, frozen=True):
    """A body as it is kept. json: without what is left out; size: in bytes; both empty: there was none."""

    media_type: str = ""
    size: int = 0
    json: Any = None


class CallDetails(msgspec.Struct, frozen=True):
    """A call as it is kept beside its status and path."""

    query: list[tuple[str, str]] = []
    request_headers: list[tuple[str, str]] = []
    request_body: KeptBody = KeptBody()
    response_headers: list[tuple[str, str]] = []
    response_body: KeptBody = KeptBody()


@dataclass(frozen=True)
class LogNames:
    """The names that decide what is kept. ours: of our APIs; personal: those that say who a person is."""

    ours: Collection[str] = frozenset()
    personal: Collection[str] = frozenset()

    def is_ours(self, name: str) -> bool:
        """Check whether a name, or a path such as `line_items.0.sku`, is one of our APIs."""
        parts = [part for part in _PARTS.split(name) if not part.isdecimal()]
        return all(part in self.ours for part in parts if part)

    def shown(self, name: str) -> str:
        """The name as it is kept."""
        if self.is_ours(name) or _PLAIN_NAME.fullmatch(name):
            return name[:64]
        return LEFT_OUT


def kept_body(headers: Sequence[Header], body: bytes | None, size: int, names: LogNames) -> KeptBody:
    """A body without what is left out. body: None where it is too large."""
    media_type = _media_type(headers)
    if body is None or media_type != "application/json" or not body:
        return KeptBody(media_type, size)
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return KeptBody(media_type, size)
    return KeptBody(media_type, size, _kept(value, "", names, is_free=False, depth=0))


def kept_query(pairs: Iterable[Pair], names: LogNames) -> list[tuple[str, str]]:
    """The parameters of an address without what is left out."""
    return [
        (names.shown(name), str(_kept(value, field, names, is_free=not names.is_ours(field), depth=0)))
        for name, value in pairs
        for field in [name.partition("[")[0]]
    ]


def kept_headers(headers: Sequence[Header]) -> list[tuple[str, str]]:
    """The headers: values of those that hold no secret, names of the others."""
    named = [(name.decode("latin-1").lower()[:64], value) for name, value in headers[:60]]
    return [(name, _kept_header(name, value)) for name, value in named if name not in _QUIET_HEADERS]


def _kept_header(name: str, value: bytes) -> str:
    return _IN_HEADERS.sub("…", value.decode("latin-1")[:200]) if name in _SHOWN_HEADERS else LEFT_OUT


def _media_type(headers: Sequence[Header]) -> str:
    kinds = [value for name, value in headers if name.lower() == b"content-type"]
    return kinds[0].decode("latin-1").partition(";")[0].strip().lower()[:100] if kinds else ""


def _kept(value: Any, name: str, names: LogNames, *, is_free: bool, depth: int) -> Any:
    if depth > DEEPEST:
        return "(deeper)"
    if isinstance(value, Mapping):
        return {
            names.shown(str(key)): _kept(
                item, str(key), names, is_free=is_free or _is_free(str(key), names), depth=depth + 1
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        first = value[:LONGEST_LIST]
        items = [_kept(item, name, names, is_free=is_free, depth=depth + 1) for item in first]
        return items if len(value) <= LONGEST_LIST else [*items, f"(and {len(value) - LONGEST_LIST:,} more)"]
    if value is None or isinstance(value, bool):
        return value
    if name == "loc" and isinstance(value, str):
        return names.shown(value)
    return _kept_scalar(value, name, names.personal, is_free=is_free)


def _is_free(name: str, names: LogNames) -> bool:
    """Check whether what stands under a name is worded by others."""
    return name.lower() in _FREE or not names.is_ours(name)


def _kept_scalar(value: str | int | float, name: str, personal: Collection[str], *, is_free: bool) -> Any:
    lower = name.lower()
    if is_free or lower in personal or _SECRET_NAMES.search(lower) or _PERSON_NAMES.search(lower):
        return LEFT_OUT
    if not isinstance(value, str):
        return value
    if lower in _SENTENCES:
        return _QUOTED.sub("'…'", value)[:1000]
    if _PLAIN.fullmatch(value) and not _SECRET_VALUES.match(value):
        return value
    return f"(text of {len(value):,} characters)" if value else ""
