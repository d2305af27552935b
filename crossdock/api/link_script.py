"""The script of the button, for pages of customers: `/main.js`, and the same at `/link/main.js`."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.pages.static_files import CONNECT_FILES

NAME = "main.js"
MEDIA_TYPE = "text/javascript; charset=utf-8"
OWN_PATH = b'const SELF = "/main.js";'
"""Where the script has the path that it was asked for: what is before that in its address is the server."""
HEADERS = {
    "cache-control": "public, max-age=300",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "vary": "accept-encoding",
}


@dataclass(frozen=True)
class ScriptEdition:
    """The script as it is served at one path, as it is or packed with gzip."""

    content: bytes
    etag: str
    encoding: str = ""


async def served(visit: RequestContext) -> Response:
    edition = script_edition(visit.operation.path, packed=_takes_gzip(visit.request))
    headers = HEADERS | {"etag": edition.etag}
    if _has(visit.request, edition.etag):
        return Response(status_code=304, headers=headers)
    if edition.encoding:
        headers["content-encoding"] = edition.encoding
    return Response(edition.content, headers=headers, media_type=MEDIA_TYPE)


@cache
def script_edition(path: str, *, packed: bool) -> ScriptEdition:
    """The script for a path. Raises ValueError when the script does not say where its path goes."""
    source = CONNECT_FILES.files[NAME].content
    if source.count(OWN_PATH) != 1:
        raise ValueError(f"{NAME} is to have {OWN_PATH.decode()} once")
    content = source.replace(OWN_PATH, b'const SELF = "%s";' % path.encode())
    digest = hashlib.sha256(content).hexdigest()[:32]
    if packed:
        return ScriptEdition(gzip.compress(content, mtime=0), f'"{digest}-gzip"', "gzip")
    return ScriptEdition(content, f'"{digest}"')


def _takes_gzip(request: Request) -> bool:
    accepted = [part.split(";") for part in request.headers.get("accept-encoding", "").split(",")]
    weights = {name.strip().lower(): "".join(weight).replace(" ", "") for name, *weight in accepted}
    return "gzip" in weights and weights["gzip"] not in ("q=0", "q=0.0", "q=0.00", "q=0.000")


def _has(request: Request, etag: str) -> bool:
    """Check whether the caller has this edition already."""
    known_tags = [
        part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")
    ]
    return etag in known_tags or known_tags == ["*"]
