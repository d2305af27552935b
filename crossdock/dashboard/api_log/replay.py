"""Pure: a logged call → the command that makes it again. What the log left out is a variable to be set."""

import re
import shlex
from collections.abc import Sequence

import msgspec

from crossdock.web.call_details import LEFT_OUT, CallDetails

_OURS = frozenset({"x-trackstar-api-key", "x-trackstar-access-token", "authorization"})
_VARIABLES = {
    "x-trackstar-api-key": "$CROSSDOCK_API_KEY",
    "x-trackstar-access-token": "$CROSSDOCK_ACCESS_TOKEN",
    "authorization": "Bearer $CROSSDOCK_API_KEY",
}
_SENT = frozenset({*_OURS, "accept", "content-type", "idempotency-key"})
_UNSAFE = re.compile(r"[^A-Za-z0-9_./:=@%+,~-]")


def as_curl(method: str, url: str, details: CallDetails | None, *, has_token: bool) -> str:
    """The command, a line for each header. has_token: whether an access token was shown."""
    query = (
        "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in details.query) if details else ""
    )
    lines = [f"curl -X {method} {shlex.quote(url + ('?' if query else '') + query)}"]
    for name, value in _headers(details, has_token=has_token):
        lines.append(
            f'  -H "{name}: {value}"' if name in _OURS else f"  -H {shlex.quote(f'{name}: {value}')}"
        )
    if details is not None and details.request_body.json is not None:
        body = msgspec.json.encode(details.request_body.json).decode()
        lines.append(f"  -d {shlex.quote(body)}")
    return " \\\n".join(lines)


def _headers(details: CallDetails | None, *, has_token: bool) -> Sequence[tuple[str, str]]:
    if details is None:
        names = ["x-trackstar-api-key", *(["x-trackstar-access-token"] if has_token else [])]
        return [(name, _VARIABLES[name]) for name in names]
    return [
        (name, _VARIABLES.get(name, value))
        for name, value in details.request_headers
        if name in _SENT and (name in _OURS or value != LEFT_OUT)
    ]


def _encoded(text: str) -> str:
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)
