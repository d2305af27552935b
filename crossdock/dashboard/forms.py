"""What a form sends: its fields, and where its page takes one, a file. Both are bounded in size."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from crossdock.dashboard.operation import DashboardOperation
from crossdock.errors import BadRequest, Invalid, TooLarge
from crossdock.web import csrf
from crossdock.web.forms import read_form
from crossdock.web.middleware import allow_body
from crossdock.web.query import check_texts

MOST_FIELDS = 1000
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


async def sent_form(operation: DashboardOperation, request: Request, most_file_bytes: int) -> SentForm:
    """The form in a request; an empty one where none is sent. most_file_bytes: of a file that may be large.

    Raises TooLarge, and BadRequest for what is no form.
    """
    if request.method in csrf.SAFE:
        return SentForm()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not operation.takes_file or kind != "multipart/form-data":
        return SentForm(await _sent_fields(request, operation.largest_form))
    if operation.is_file_large:
        allow_body(request, most_file_bytes + AROUND_BYTES)
    return _parted(await read_form(request, max_fields=MOST_FIELDS))


async def _sent_fields(request: Request, most_bytes: int) -> dict[str, str]:
    """The fields of a form. Raises TooLarge, and BadRequest for what is none."""
    raw = await request.body()
    if len(raw) > most_bytes:
        raise TooLarge(f"A form may have {most_bytes:,} bytes here; this has {len(raw):,}.")
    try:
        return dict(
            parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
        )
    except ValueError:
        raise BadRequest("What was sent is not a form.") from None


def _parted(form: FormData) -> SentForm:
    return SentForm(
        {name: value for name, value in form.items() if isinstance(value, str)},
        {name: value for name, value in form.items() if isinstance(value, UploadFile)},
    )


def check_act(operation: DashboardOperation, wanted: str) -> None:
    """Raise Invalid for a form that asks for what there is not."""
    if operation.acts and wanted not in operation.acts:
        raise Invalid({"form": {"do": [f"is {wanted[:40]!r}; wanted is {', '.join(operation.acts)}"]}})


def check_fit(request: Request, fields: Mapping[str, str]) -> None:
    """Raise Invalid for an address or a form with characters that no stored value has."""
    check_texts("path", {name: str(text) for name, text in request.path_params.items()})
    check_texts("query", dict(request.query_params))
    check_texts("form", fields)
