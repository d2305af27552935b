"""What a form sends: its fields, and where its page takes one, a file. Both are bounded in size."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from crossdock.errors import BadRequest, TooLarge
from crossdock.web.context import LARGEST_BODY
from crossdock.web.forms import read_form
from crossdock.web.middleware import allow_body

MOST_FIELDS = 100
MOST_BESIDE_FILE = 10
AROUND_BYTES = 65_536
"""What a form has around its file."""


@dataclass(frozen=True)
class SentForm:
    """Fields by name, the last where one was sent twice; file: lies on this machine until it is closed."""

    fields: Mapping[str, str] = field(default_factory=dict)
    file: UploadFile | None = None

    async def close(self) -> None:
        if self.file is not None:
            await self.file.close()


async def sent_form(request: Request, most_file_bytes: int) -> SentForm:
    """The form in a request. most_file_bytes: of its file; 0: it may have none.

    Raises TooLarge, and BadRequest for what is no form.
    """
    content_type = request.headers.get("content-type", "").lower()
    if most_file_bytes and content_type.startswith("multipart/form-data"):
        return await _with_file(request, most_file_bytes)
    raw = await request.body()
    if len(raw) > LARGEST_BODY:
        raise TooLarge(f"A form may have {LARGEST_BODY:,} bytes here; this has {len(raw):,}.")
    try:
        return SentForm(
            dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
        )
    except ValueError:
        raise BadRequest("What was sent is not a form.") from None


async def _with_file(request: Request, most_bytes: int) -> SentForm:
    allow_body(request, most_bytes + AROUND_BYTES)
    form = await read_form(request, max_fields=MOST_BESIDE_FILE)
    values = form.multi_items()
    files = [value for _, value in values if isinstance(value, UploadFile)]
    fields = {name: value for name, value in values if isinstance(value, str)}
    # A browser sends a field for a file also when nobody chose one: without a name.
    return SentForm(fields, next((file for file in files if file.filename), None))
