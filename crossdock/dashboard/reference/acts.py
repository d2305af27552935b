"""What the page of an operation does: send it to a connection of the sandbox, and show the answer."""

from starlette.responses import Response

from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.reference import trial
from crossdock.dashboard.reference.pages import current_book, operation_view
from crossdock.errors import Forbidden, Invalid, NotFound

_NOT_SHOWN = ("csrf_token", "confirmed")


async def tried(visit: DashboardContext) -> Response:
    """The page again, with the answer to what its form has sent."""
    operation_id = visit.part("operation_id")
    if operation_id not in (await current_book(visit)).sources:
        raise NotFound("There is no such operation.")
    operation = trial.api_operation(operation_id)
    if operation is None:
        raise Forbidden(trial.why_not(None, visit.role))
    values = {name: value for name, value in visit.fields.items() if name not in _NOT_SHOWN}
    try:
        answer = await trial.tried(visit, operation)
    except Invalid as error:
        problems = [
            f"{name}: {text}"
            for part in error.detail.values()
            for name, texts in part.items()
            for text in texts
        ]
        return await operation_view(visit, values=values, problems=problems)
    return await operation_view(visit, values=values, answer=answer)
