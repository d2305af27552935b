"""Forms with files, read within bounds."""

from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from crossdock.errors import BadRequest


async def read_form(request: Request, *, max_fields: int) -> FormData:
    """A form with up to one file. Raises BadRequest, with what is wrong, for what is none."""
    try:
        return await request.form(max_files=1, max_fields=max_fields)
    except MultiPartException as problem:
        raise BadRequest(problem.message) from None
