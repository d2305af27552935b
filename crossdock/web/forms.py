"""Forms with files, read within bounds."""

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from crossdock.errors import BadRequest

_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


async def read_form(request: Request, *, max_fields: int) -> FormData:
    """A form with up to one file. Raises BadRequest, with what is wrong, for what is none."""
    _check_charset(request)
    try:
        return await request.form(max_files=1, max_fields=max_fields)
    except MultiPartException as problem:
        raise BadRequest(problem.message) from None


def _check_charset(request: Request) -> None:
    """Raise BadRequest for texts in anything but UTF-8.

    The reader would try any codec that Python has: some need minutes for a megabyte, some fail.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    charset = options.get(b"charset", b"utf-8").decode("latin-1")
    if charset.strip().lower() not in _CHARSETS:
        raise BadRequest(f"a form is read as UTF-8, not as {charset[:40]!r}")
