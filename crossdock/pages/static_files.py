"""Scripts, styles and pictures of the pages: read once, packed once, and named by what all of them hold.

Their addresses have an *edition*, a hash over all files: `/connect/static/4f2a…/frame.js`. So a browser keeps
them for a year, and modules that import one another (`./dom.js`) are always of one edition. Who asks for
another edition, from a page of a moment ago or of another process, gets the file as it is now, to be kept by
nobody.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from crossdock.errors import NotFound

MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}  # fmt: skip
EDITION_LENGTH = 16


@dataclass(frozen=True)
class StaticFile:
    """The bytes of a file, as they are and packed."""

    content: bytes
    packed: bytes
    media_type: str


class StaticFolder:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def files(self) -> dict[str, StaticFile]:
        """All files by name."""
        return {
            path.name: StaticFile(
                path.read_bytes(), gzip.compress(path.read_bytes(), mtime=0), MEDIA_TYPES[path.suffix]
            )
            for path in sorted(self.folder.iterdir())
            if path.suffix in MEDIA_TYPES
        }

    @cached_property
    def edition(self) -> str:
        """The hash over all files that stands in their addresses."""
        digest = hashlib.sha256()
        for name, file in self.files.items():
            digest.update(b"%d %s %d\n" % (len(name), name.encode(), len(file.content)) + file.content)
        return digest.hexdigest()[:EDITION_LENGTH]

    def response(self, request: Request, name: str, asked_edition: str) -> Response:
        """The response with a file. Raises NotFound."""
        file = self.files.get(name)
        if file is None:
            raise NotFound("there is no such file")
        is_current = asked_edition == self.edition
        headers = {
            "cache-control": "public, max-age=31536000, immutable" if is_current else "no-store",
            "cross-origin-resource-policy": "same-origin",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(file.packed, headers=headers, media_type=file.media_type)
        return Response(file.content, headers=headers, media_type=file.media_type)


CONNECT_FILES = StaticFolder(Path(__file__).parent / "static")
