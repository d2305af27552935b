"""What a form has sent, and whether it asks for something that there is."""

from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from crossdock.dashboard.operation import DashboardOperation
from crossdock.errors import BadRequest, Invalid, TooLarge
from crossdock.web import csrf
from crossdock.web.forms import read_form

MOST_FIELDS = 1000


async def sent_form(
    operation: DashboardOperation, request: Request
) -> tuple[dict[str, str], dict[str, UploadFile]]:
    """The fields and the files of a form; empty where none is sent. Raises BadRequest for what is none."""
    if request.method in csrf.SAFE:
        return {}, {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not operation.takes_file or kind != "multipart/form-data":
        return await _sent_fields(request, operation.largest_form), {}
    form = await read_form(request, max_fields=MOST_FIELDS)
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    files = {name: value for name, value in form.items() if isinstance(value, UploadFile)}
    return fields, files


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


def check_act(operation: DashboardOperation, wanted: str) -> None:
    """Raise Invalid for a form that asks for what there is not."""
    if operation.acts and wanted not in operation.acts:
        raise Invalid({"form": {"do": [f"is {wanted[:40]!r}; wanted is {', '.join(operation.acts)}"]}})
