"""The portal below /portal: the pages about webhooks of one application, for whoever holds a portal token.

    /portal#token=pt_…   a page that knows nothing; its script takes the token out of the fragment, which no
                         server and no referrer is told, and fetches the pages with it, as documents
    /portal/webhooks/…   the pages: `authorization: Bearer pt_…`, the same handlers as the dashboard's

So it needs no cookie, which browsers keep from frames of other sites, and no page holds the token.
"""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from crossdock.connections.link.branding import LOGOS, shown_branding
from crossdock.dashboard.dialect import fault_page
from crossdock.dashboard.forms import check_act, check_fit, sent_form
from crossdock.dashboard.inside_webhooks import InsideWebhooks
from crossdock.dashboard.operation import DashboardOperation
from crossdock.dashboard.portal.context import PortalContext
from crossdock.dashboard.webhooks.area import WEBHOOK_PAGES
from crossdock.errors import CrossdockError, MethodNotAllowed, NotFound, Unauthorized
from crossdock.store.connections import access, branding
from crossdock.store.people.audit_log import act_as
from crossdock.store.webhooks import portal
from crossdock.svix_api.context import PORTAL_VISITOR, AdminCaller
from crossdock.svix_api.dialect import WebhookAdmin
from crossdock.web.context import HandlerContext
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.operation import HttpOperation

PREFIX = "/portal"
FAULT = "portal/fault.html"
SHELL = (HttpOperation("GET", "", "portal.pages.shell", "portal"),)


class PortalShell(Dialect[HttpOperation, HandlerContext]):
    """The page around the portal's pages, for anybody: it holds nothing of anybody."""

    prefix = PREFIX
    package = "crossdock.dashboard"
    ends_loosely = True

    def __init__(self, door: Dependencies) -> None:
        super().__init__(SHELL)
        self._door = door

    def takes(self, request: Request) -> bool:
        return bool(request.scope["path"].rstrip("/") == PREFIX)

    async def admit(self, _operation: HttpOperation, request: Request) -> HandlerContext:
        self._door.strangers.admit(request)
        self._door.strangers.count(request)
        return HandlerContext(self._door, request)

    def refusal(self, error: CrossdockError) -> Response:
        return Response(str(error), error.http_status, media_type="text/plain")

    def unexpected(self) -> Response:
        return Response("Something went wrong here. Please try again.", 500, media_type="text/plain")

    def no_such_path(self, request: Request) -> Response:
        return fault_page(request, NotFound("There is no such page."), FAULT)

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        response = fault_page(request, MethodNotAllowed("This is a page."), FAULT)
        response.headers["allow"] = ", ".join(methods)
        return response


class Portal(Dialect[DashboardOperation, PortalContext]):
    """Callers show a portal token. webhooks: whose operations the pages call."""

    prefix = PREFIX
    package = "crossdock.dashboard"
    ends_loosely = True

    def __init__(self, door: Dependencies, webhooks: WebhookAdmin) -> None:
        super().__init__(WEBHOOK_PAGES)
        self._door = door
        self._webhooks = webhooks

    async def admit(self, operation: DashboardOperation, request: Request) -> PortalContext:
        door = self._door
        guest = await _guest(door, request, operation.id)
        fields = (await sent_form(operation, request, 0)).fields
        check_act(operation, fields.get("do", ""))
        check_fit(request, fields)
        organization_id = guest.organization_id
        look = await branding.get(door.database, organization_id)
        organization = await access.organization(door.database, organization_id)
        return PortalContext(
            door, request, organization_id, InsideWebhooks(self._webhooks, request, guest, None), fields,
            shown_branding(look, organization.name if organization else "", door.settings, None),
            f"{LOGOS}/organizations/{look.logo_name}".lstrip("/") if look.logo_name else "",
        )  # fmt: skip

    async def answer(self, request: Request) -> Response:
        """The answer to a request. Raises what is a fault of ours."""
        try:
            return await super().answer(request)
        except CrossdockError as error:
            if not self.is_told(error):
                raise
            return fault_page(request, error, FAULT)

    def refusal(self, error: CrossdockError) -> Response:
        raise error

    def unexpected(self) -> Response:
        return Response("Something went wrong here. Please try again.", 500, media_type="text/plain")

    def no_such_path(self, request: Request) -> Response:
        return fault_page(request, NotFound("There is no such page."), FAULT)

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        response = fault_page(request, MethodNotAllowed("This is not a page."), FAULT)
        response.headers["allow"] = ", ".join(methods)
        return response


async def _guest(door: Dependencies, request: Request, operation_id: str) -> AdminCaller:
    """The guest who shows a portal token, and acts from here on. Raises Unauthorized, TooManyRequests."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    with door.strangers.hearing(request, token):
        held = await portal.find(door.database, token, door.clock()) if token else None
        if held is None:
            raise Unauthorized("The link to this page works no longer. Open it anew where it came from.")
    door.strangers.worked(token)
    address, request_id = door.strangers.address(request), request.scope["state"]["request_id"]
    act_as(lambda: replace(PORTAL_VISITOR, address=address, request_id=request_id), operation_id)
    return AdminCaller(held.organization_id, token, held)
