"""What went wrong → the answer that a caller of the API sees.

CrossdockError      its own status, message and origin     {error, origin, detail | id}
                    (Unavailable, 503: the database; it is told in the log where it is noticed)
no path, no method  404 and 405                             {error, origin}
anything else       500 "internal error", and the log has the rest
"""

import math
from typing import Any

from starlette.responses import Response

from crossdock.errors import (
    CrossdockError,
    Invalid,
    NotFound,
    TooManyRequests,
    Unavailable,
    Uncertain,
    VendorError,
    VendorThrottled,
)
from crossdock.web.responses import reply


def refusal(error: CrossdockError) -> Response:
    """The answer for an error of ours. Only for those that say something about the request or the vendor."""
    body: dict[str, Any] = {"error": str(error), "origin": error.origin}
    if isinstance(error, Invalid):
        body["detail"] = error.detail
    if isinstance(error, NotFound | Uncertain) and error.record_id is not None:
        body["id"] = error.record_id
    if isinstance(error, Uncertain):
        body["outcome"] = error.outcome
    return reply(body, _status(error), _wait(error))


def _status(error: CrossdockError) -> int:
    """The error's own status; what a connected system refused keeps the status it was refused with."""
    if isinstance(error, VendorError) and error.status is not None and 400 <= error.status < 600:
        return error.status
    return error.http_status


def failure(text: str, status: int, headers: dict[str, str] | None = None) -> Response:
    """The answer where no error of ours says what is wrong."""
    return reply({"error": text, "origin": "trackstar"}, status, headers)


def _wait(error: CrossdockError) -> dict[str, str]:
    if isinstance(error, TooManyRequests | Unavailable):
        return {"retry-after": str(error.retry_after_seconds)}
    if isinstance(error, VendorThrottled):
        return {"retry-after": str(math.ceil(error.retry_after))}
    return {}
