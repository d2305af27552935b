"""Pure: which headers a customer may add to the webhooks it gets, at an endpoint or in a transformation.

Ours are out of reach: what signs the message, what says how the body is to be read, what belongs to one
connection, and what proxies and clouds use among themselves.
"""

import re
from collections.abc import Mapping
from typing import Any

MOST_BYTES = 4096
"""Of a value."""
MOST_HEADERS = 100

_OURS = frozenset({"user-agent", "host"})
_OF_THE_CONNECTION = frozenset(
    {
        "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-connection", "te", "trailer",
        "trailers", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
_OF_THE_BODY = frozenset(
    {"content-encoding", "content-length", "content-location", "content-md5", "content-range", "content-type"}
)
FORBIDDEN = _OURS | _OF_THE_CONNECTION | _OF_THE_BODY
FORBIDDEN_BEGINNINGS = (
    "webhook-", "svix-", "x-svix-", "x-amz-", "x-amzn-", "x-goog-", "x-google", "x-gfe", "x-azure-", "x-fd-",
)  # fmt: skip

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def fault(name: str, value: Any) -> str | None:
    """The fault of a header that a customer wants to add; None: it has none."""
    if not _NAME.fullmatch(name):
        return f"{name[:100]!r} is not the name of a header"
    low = name.lower()
    if low in FORBIDDEN or low.startswith(FORBIDDEN_BEGINNINGS):
        return f"the header {name} can't be set: it is ours, the connection's or a proxy's"
    if not isinstance(value, str):
        return f"the header {name} has to be a text"
    return _value_fault(name, value)


def _value_fault(name: str, value: str) -> str | None:
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return f"the header {name} holds half a character (a lone surrogate)"
    if size > MOST_BYTES:
        return f"the header {name} has {size:,} bytes; at most {MOST_BYTES:,} are taken"
    if _CONTROL.search(value):
        return f"the header {name} holds a line break or another control character"
    return None


def faults(headers: Mapping[str, Any]) -> list[str]:
    """The faults of all these headers."""
    if len(headers) > MOST_HEADERS:
        return [f"{len(headers)} headers; at most {MOST_HEADERS} are taken"]
    return [text for name, value in headers.items() if (text := fault(name, value))]
