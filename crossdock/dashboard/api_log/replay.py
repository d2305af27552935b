"""Pure: a logged call → the command that makes it again. What the log left out is to be filled in."""

import re

import msgspec

from crossdock.dashboard.snippets import JSON_TYPE, CodeRequest, as_curl
from crossdock.web.call_details import LEFT_OUT, CallDetails

_KEY, _TOKEN, _BEARER = "x-trackstar-api-key", "x-trackstar-access-token", "authorization"
_SENT = frozenset({"accept", "idempotency-key"})
_UNSAFE = re.compile(r"[^A-Za-z0-9_./:=@%+,~-]")


def replayed(method: str, url: str, details: CallDetails | None, *, has_token: bool) -> str:
    """The command, a line for each header. has_token: whether an access token was shown."""
    if details is None:
        return as_curl(CodeRequest(method, url, (_KEY, _TOKEN) if has_token else (_KEY,)))
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in details.query)
    names = {name for name, _ in details.request_headers}
    body = details.request_body.json
    sent = CodeRequest(
        method,
        url + ("?" if query else "") + query,
        tuple(name for name in (_KEY, _TOKEN, _BEARER) if name in names),
        "" if body is None else JSON_TYPE,
        "" if body is None else msgspec.json.encode(body).decode(),
        tuple(pair for pair in details.request_headers if pair[0] in _SENT and pair[1] != LEFT_OUT),
    )
    return as_curl(sent)


def _encoded(text: str) -> str:
    return _UNSAFE.sub(lambda part: "".join(f"%{byte:02X}" for byte in part[0].encode()), text)
