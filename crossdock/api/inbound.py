"""The address that vendors send webhooks to. It tells nobody whether there is such a connection."""

from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.errors import Unauthorized
from crossdock.kit.inbound import BadSignature, InboundRequest
from crossdock.web.middleware import SHOWN_PATH, allow_body
from crossdock.web.responses import reply

LARGEST_NOTICE = 1_048_576


async def received(visit: RequestContext) -> Response:
    """Store which records are to be read, then answer."""
    door, request = visit.door, visit.request
    path: str = request.path_params["inbound_path"]  # not `arguments`: a vendor may add a query of its own
    request.scope["state"][SHOWN_PATH] = "/inbound/***"
    allow_body(request, LARGEST_NOTICE)
    door.strangers.admit(request, path)
    notice = InboundRequest.of(await request.body(), request.headers)
    try:
        answer = await door.notices.take(path, notice)
    except BadSignature:
        door.strangers.count(request)
        raise Unauthorized("not accepted") from None
    door.strangers.worked(path)
    door.wake()
    return reply(answer)
