"""Pure: calls of the caller's own to the connected system, and never anywhere else."""

import base64
import posixpath
import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import unquote

import msgspec

from crossdock.errors import Invalid
from crossdock.kit.contract import PassthroughCall
from crossdock.kit.responses import Response
from crossdock.resources import switches
from crossdock.writes.check import MOST_FAULTS

PASSTHROUGH = switches.PASSTHROUGH
"""What manifests call it."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"}
    | {"trailer", "transfer-encoding", "upgrade", "host", "content-length", "expect", "via", "forwarded"}
)
OURS = frozenset({"authorization", "cookie", "x-trackstar-api-key", "x-trackstar-access-token"})
SECRET_ANSWERS = frozenset(
    {"set-cookie", "www-authenticate", "authentication-info", "content-encoding", "proxy-authentication-info"}
)
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
LONGEST_PATH = 8000
MOST_HEADERS = 50
LONGEST_HEADER = 8000

Faults = dict[str, list[str]]

MEMBERS = ("method", "path", "data", "headers", "params")
_UNKNOWN = ["unknown member"]


def passthrough_call(body: Any) -> PassthroughCall:
    """The call that a body describes. Raises Invalid, naming all that is wrong with it."""
    faults: Faults = {}
    if not isinstance(body, Mapping):
        raise Invalid({"json": {"": ["must be an object with a method and a path"]}})
    faults |= dict.fromkeys(islice((name for name in body if name not in MEMBERS), MOST_FAULTS), _UNKNOWN)
    method = body.get("method")
    if method not in METHODS:
        faults["method"] = [f"must be one of: {', '.join(METHODS)}; not {method!r:.60}"]
    path = body.get("path")
    if problem := path_fault(path):
        faults["path"] = [problem]
    data = body.get("data")
    headers = _headers(body.get("headers") or {}, faults)
    params = _params(body.get("params") or {}, faults)
    if faults:
        raise Invalid({"json": faults})
    # The contract has GET and DELETE ignore it, and its own sample of a GET sends {}.
    body_sent = data if method in WITH_BODY else None
    return PassthroughCall(str(method), _rooted(str(path)), params, headers, body_sent)


def _rooted(path: str) -> str:
    """The path below the vendor's base URL, always with the slash that parts it from the host."""
    return path if path.startswith("/") else f"/{path}"


def path_fault(path: Any) -> str | None:
    """The reason why a path could lead elsewhere than below the vendor's base URL; None when it can't."""
    if not isinstance(path, str) or not path.partition("?")[0]:
        return f"must be a path below the connected system's base URL, not {path!r:.60}"
    if len(path) > LONGEST_PATH:
        return f"must have at most {LONGEST_PATH} characters"
    plain = _rooted(path.partition("?")[0])
    # Twice: what is decoded once on the way must not turn into what is refused here.
    for text in (plain, unquote(plain), unquote(unquote(plain))):
        if fault := _text_fault(text):
            return fault
    return _begin_fault(path, unquote(unquote(plain))) or _character_fault(path)


def _begin_fault(path: str, decoded: str) -> str | None:
    """The reason why the first part of a path could be taken for something else."""
    first = decoded.split("/")[1]
    if not path.startswith("/") and (":" in first or "@" in first):
        return "must begin with / where its first part holds : or @: it could name a scheme, a user or a port"
    return None


def _character_fault(path: str) -> str | None:
    if any(character <= " " or character == "#" for character in path):
        return "must not hold spaces, control characters or #, but as %20"
    return None


def _text_fault(path: str) -> str | None:
    """The same of a path in one of the forms that servers may read it in."""
    if any(character < " " or character in "\\\x7f" for character in path):
        return "must not hold control characters or backslashes"
    if "//" in path:
        return "must not hold //: it could name another host"
    if any(part in (".", "..") or part.startswith("..;") for part in path.split("/")):
        return "must not hold . or .. as a part: it could leave the vendor's base URL"
    if posixpath.normpath(path) != path.rstrip("/") and path != "/":
        return "must be in its plain form"
    return None


def _headers(headers: Any, faults: Faults) -> dict[str, str]:
    if not isinstance(headers, Mapping) or len(headers) > MOST_HEADERS:
        faults["headers"] = [f"must be an object of at most {MOST_HEADERS} texts"]
        return {}
    fields: dict[str, str] = {}
    for name, value in headers.items():
        if not TOKEN.fullmatch(name):
            faults[f"headers.{name}"] = ["is no name of a header"]
        elif name.lower() in HOP_BY_HOP | OURS:
            faults[f"headers.{name}"] = ["can't be set: it belongs to the connection or to the sign-in"]
        elif not isinstance(value, str) or not _is_header_text(value):
            faults[f"headers.{name}"] = [f"must be one line of at most {LONGEST_HEADER} characters"]
        else:
            fields[name] = value
    return fields


def _is_header_text(value: str) -> bool:
    return len(value) <= LONGEST_HEADER and all(
        " " <= character < "\x7f" or character == "\t" for character in value
    )


def _params(params: Any, faults: Faults) -> dict[str, Any]:
    if not isinstance(params, Mapping):
        faults["params"] = ["must be an object"]
        return {}
    for name, value in params.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(value, str | int | Decimal | bool) or value is None for value in values):
            faults[f"params.{name}"] = ["must be a text, a number, true or false, or a list of those"]
    return {name: _without_null(value) for name, value in params.items() if value is not None}


def _without_null(value: Any) -> Any:
    """A parameter as it is sent on: what is null is left out, in lists too."""
    return [item for item in value if item is not None] if isinstance(value, list) else value


def shown(answer: Response) -> dict[str, Any]:
    """The view of the caller: JSON as JSON, text as text, anything else as base64. Secrets are taken out."""
    kind = answer.headers.get("Content-Type", "")
    headers = {
        name: answer.redaction(value)
        for name, value in answer.headers.items()
        if name.lower() not in HOP_BY_HOP | SECRET_ANSWERS
    }
    return {"status_code": answer.status, "headers": headers, "body": _body(answer, kind.lower())}


def _body(answer: Response, kind: str) -> Any:
    if not answer.body:
        return None
    try:
        text = answer.redaction(answer.body.decode())
    except UnicodeDecodeError:
        return _encoded(answer, kind)
    if "json" in kind or not kind:
        try:
            msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return text
        return msgspec.Raw(text.encode())
    if kind.startswith("text/") or "xml" in kind or "javascript" in kind or "urlencoded" in kind:
        return text
    return _encoded(answer, kind)


def _encoded(answer: Response, kind: str) -> dict[str, str]:
    return {"content_type": kind, "base64": base64.b64encode(answer.body).decode()}
