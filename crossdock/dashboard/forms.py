"""What a form sends: its fields, and where its page takes one, a file. Both are bounded in size."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from crossdock.errors import BadRequest, TooLarge
from crossdock.web.context import LARGEST_BODY
from crossdock.web.forms import read_form
from crossdock.web.middleware import allow_body

MOST_FIELDS = 200
AROUND_BYTES = 65_536
"""What a form has around its file."""


@dataclass(frozen=True)
class SentForm:
    """Fields and files by name, the last where one was sent twice; files are on this machine until closed."""

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, UploadFile] = field(default_factory=dict)

    async def close(self) -> None:
        for file in self.files.values():
            await file.close()


async def sent_form(request: Request, *, takes_file: bool, most_file_bytes: int = 0) -> SentForm:
    """The form in a request. most_file_bytes: of its file; 0: what every body may have.

    Raises TooLarge, and BadRequest for what is no form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if takes_file and kind == "multipart/form-data":
        if most_file_bytes:
            allow_body(request, most_file_bytes + AROUND_BYTES)
        return _parted(await read_form(request, max_fields=MOST_FIELDS))
    raw = await request.body()
    if len(raw) > LARGEST_BODY:
        raise TooLarge(f"A form may have {LARGEST_BODY:,} bytes here; this has {len(raw):,}.")
    try:
        return SentForm(
            dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
        )
    except ValueError:
        raise BadRequest("What was sent is not a form.") from None


def _parted(form: FormData) -> SentForm:
    return SentForm(
        {name: value for name, value in form.items() if isinstance(value, str)},
        {name: value for name, value in form.items() if isinstance(value, UploadFile)},
    )
