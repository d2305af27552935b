"""Pages on which an end user connects a system: the frame inside the customer's page, and the magic link's.

Both run the same scripts. Neither page knows anything: the frame gets its link token by message from the page
around it, the magic link's page exchanges the secret of its address for one.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from crossdock.pages.rendering import ANYBODY, PagePolicy, page
from crossdock.pages.static_files import CONNECT_FILES
from crossdock.web.context import HandlerContext
from crossdock.web.middleware import SHOWN_PATH

FRAME = PagePolicy(framed_by=ANYBODY, cache="no-cache")
"""Anybody may frame it: which organization it is for comes with the link token, which strangers lack."""
CONSENT_END = PagePolicy()
MAGIC_LINK = PagePolicy(opener="same-origin-allow-popups")


async def frame(visit: HandlerContext) -> Response:
    """The modal, for an iframe that covers the customer's page."""
    return page(visit.request, "frame.html", FRAME, mode="frame")


async def magic_link(visit: HandlerContext) -> Response:
    """The modal as a page of its own. Whether the link is any good is told by what its scripts ask."""
    visit.request.scope["state"][SHOWN_PATH] = "/connect/m/***"
    return page(visit.request, "frame.html", MAGIC_LINK, mode="page")


def consent_end_page(request: Request) -> Response:
    """The page that a vendor's window ends on. It holds the flow's id, which nobody gets anything by without
    a link token."""
    query = request.query_params
    flow_id = query.get("flow", "")
    return page(
        request, "oauth_done.html", CONSENT_END, is_done=query.get("status") == "done",
        flow_id=flow_id if _FLOW_ID.fullmatch(flow_id) else "",
    )  # fmt: skip


_FLOW_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


async def static_file(visit: HandlerContext) -> Response:
    """A script or style, to be kept for a year under its edition."""
    path = visit.request.path_params
    return CONNECT_FILES.response(visit.request, path["name"], path["edition"])
