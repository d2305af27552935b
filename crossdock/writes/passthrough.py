"""Pure: calls of the caller's own to the connected system, and never anywhere else."""

import base64
import posixpath
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import msgspec

from crossdock.errors import Invalid
from crossdock.integrations.answers import Response
from crossdock.integrations.contract import Passed

PASSTHROUGH = "passthrough"
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


def wanted(body: Any) -> Passed:
    """The call that a body describes. Raises Invalid, naming all that is wrong with it."""
    faults: Faults = {}
    if not isinstance(body, Mapping):
        raise Invalid({"json": {"": ["must be an object with a method and a path"]}})
    for name in sorted(body.keys() - {"method", "path", "data", "headers", "params"}):
        faults[name] = ["unknown member"]
    method = body.get("method")
    if method not in METHODS:
        faults["method"] = [f"must be one of: {', '.join(METHODS)}; not {method!r:.60}"]
    path = body.get("path")
    if problem := path_fault(path):
        faults["path"] = [problem]
    data = body.get("data")
    if data is not None and method in METHODS and method not in WITH_BODY:
        faults["data"] = [f"{method} carries no body"]
    headers = _headers(body.get("headers") or {}, faults)
    params = _params(body.get("params") or {}, faults)
    if faults:
        raise Invalid({"json": faults})
    return Passed(str(method), str(path), params, headers, data)


def path_fault(path: Any) -> str | None:
    """Why a path could lead elsewhere than below the vendor's base URL; None when it can't."""
    if not isinstance(path, str) or not path.startswith("/"):
        return f"must be a path that begins with /, not {path!r:.60}"
    if len(path) > LONGEST_PATH:
        return f"must have at most {LONGEST_PATH} characters"
    plain = path.partition("?")[0]
    # Twice: what is decoded once on the way must not turn into what is refused here.
    for text in (plain, unquote(plain), unquote(unquote(plain))):
        if any(one < " " or one in "\\\x7f" for one in text):
            return "must not hold control characters or backslashes"
        if "//" in text:
            return "must not hold //: it could name another host"
        if any(part in (".", "..") or part.startswith("..;") for part in text.split("/")):
            return "must not hold . or .. as a part: it could leave the vendor's base URL"
        if posixpath.normpath(text) != text.rstrip("/") and text != "/":
            return "must be in its plain form"
    if any(one <= " " or one == "#" for one in path):
        return "must not hold spaces, control characters or #, but as %20"
    return None


def _headers(given: Any, faults: Faults) -> dict[str, str]:
    if not isinstance(given, Mapping) or len(given) > MOST_HEADERS:
        faults["headers"] = [f"must be an object of at most {MOST_HEADERS} texts"]
        return {}
    found: dict[str, str] = {}
    for name, value in given.items():
        if not TOKEN.fullmatch(name):
            faults[f"headers.{name}"] = ["is no name of a header"]
        elif name.lower() in HOP_BY_HOP | OURS:
            faults[f"headers.{name}"] = ["can't be set: it belongs to the connection or to the sign-in"]
        elif not isinstance(value, str) or not _is_header_text(value):
            faults[f"headers.{name}"] = [f"must be one line of at most {LONGEST_HEADER} characters"]
        else:
            found[name] = value
    return found


def _is_header_text(value: str) -> bool:
    return len(value) <= LONGEST_HEADER and all(" " <= one < "\x7f" or one == "\t" for one in value)


def _params(given: Any, faults: Faults) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        faults["params"] = ["must be an object"]
        return {}
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str | int | Decimal | bool) or one is None for one in values):
            faults[f"params.{name}"] = ["must be a text, a number, true or false, or a list of those"]
    return dict(given)


def shown(answer: Response) -> dict[str, Any]:
    """What the caller sees: JSON as JSON, text as text, anything else as base64. Secrets are taken out."""
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
