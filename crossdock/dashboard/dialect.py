"""The dashboard below /dashboard: pages for people who sign in, each also as JSON.

page or form ─ another site's? ─ whose session? ─ may the role? ─ the form's token? ─ handler ─ HTML or JSON
                    └── nobody signed in: on to the page for it, and back
"""

import hmac
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crossdock.account_api.dialect import AccountApi
from crossdock.api.dialect import ApiDialect
from crossdock.dashboard.context import DashboardContext, frame_values, wants_json
from crossdock.dashboard.forms import check_act, check_fit, sent_form
from crossdock.dashboard.inside import InsideCalls
from crossdock.dashboard.inside_account import InsideAccount
from crossdock.dashboard.inside_webhooks import InsideWebhooks
from crossdock.dashboard.navigation import navigation
from crossdock.dashboard.operation import DashboardOperation
from crossdock.dashboard.operations import AREAS, OPERATIONS, PREFIX
from crossdock.dashboard.rendering import POLICY, rendered
from crossdock.errors import (
    CrossdockError,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from crossdock.pages.rendering import root_of
from crossdock.people.permissions import may, require
from crossdock.people.sessions import check_organization, require_open
from crossdock.store.people.user_sessions import SignedIn
from crossdock.store.people.users import Role
from crossdock.svix_api.context import AdminCaller
from crossdock.svix_api.dialect import WebhookAdmin
from crossdock.web import cookies, csrf
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect, Handler
from crossdock.web.people import act_for, csrf_key, holder_of, take_back, visitor_of
from crossdock.web.responses import reply

SIGN_IN = {
    "not_signed_in": "account/sign-in", "session_over": "account/sign-in",
    "second_factor_required": "account/second-factor",
}  # fmt: skip
"""Where somebody is sent who can't see a page yet, by the code of why; the sign-in where none is named."""


class Dashboard(Dialect[DashboardOperation, DashboardContext]):
    """Callers are people's browsers. api, account, webhooks: whose operations the pages call."""

    prefix = PREFIX
    package = "crossdock.dashboard"
    ends_loosely = True

    def __init__(
        self, door: Dependencies, api: ApiDialect, account: AccountApi, webhooks: WebhookAdmin
    ) -> None:
        super().__init__(OPERATIONS)
        self._door = door
        self._api = api
        self._account = account
        self._webhooks = webhooks

    async def admit(self, operation: DashboardOperation, request: Request) -> DashboardContext:
        csrf.check_origin(request, self._door.settings.url)
        holder = await holder_of(self._door, request)
        role, organization_id = _membership(holder, operation)
        visitor = visitor_of(self._door, request)
        token = csrf.csrf_token(csrf_key(self._door), cookies.session_token(request))
        form = await sent_form(operation, request, self._door.settings.max_file_bytes)
        try:
            _check_token(request, form.fields.get("csrf_token", ""), token)
            check_act(operation, form.fields.get("do", ""))
            check_fit(request, form.fields)
        except CrossdockError:
            await form.close()
            raise
        act_for(holder, visitor, operation.id)
        inside = InsideCalls(self._api, self._door, request, organization_id, role, holder.email)
        account = InsideAccount(self._account, self._door, request, holder, visitor)
        admin = AdminCaller(organization_id, "", only_looks=not may(role, "webhooks.manage"))
        hooks = InsideWebhooks(self._webhooks, request, admin, role)
        entries = navigation(AREAS, PREFIX, role, request.scope["path"].removeprefix(PREFIX).rstrip("/"))
        return DashboardContext(
            self._door, request, holder, role, organization_id, inside, account, hooks, form.fields,
            form.files, token, entries,
        )  # fmt: skip

    async def respond(self, handler: Handler[DashboardContext], context: DashboardContext) -> Response:
        try:
            return await super().respond(handler, context)
        finally:
            for file in context.files.values():
                await file.close()

    async def answer(self, request: Request) -> Response:
        """The answer to a request. Raises what is a fault of ours."""
        try:
            return await super().answer(request)
        except CrossdockError as error:
            if not self.is_told(error):
                raise
            return self._told(request, error)

    def _told(self, request: Request, error: CrossdockError) -> Response:
        if not isinstance(error, Unauthorized) or wants_json(request):
            return fault_page(request, error)
        wanted = request.scope["path"]
        if request.method == "GET" and request.url.query:
            wanted += f"?{request.url.query}"
        page = SIGN_IN.get(error.code, SIGN_IN["not_signed_in"])
        response = RedirectResponse(f"{root_of(request)}{page}?{urlencode({'return_path': wanted})}", 303)
        if error.code == "not_signed_in":
            take_back(response, self._door)
        return response

    def refusal(self, error: CrossdockError) -> Response:
        raise error

    def unexpected(self) -> Response:
        return Response("Something went wrong here. Please try again.", 500, media_type="text/plain")

    def no_such_path(self, request: Request) -> Response:
        return fault_page(request, NotFound("There is no such page."))

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        response = fault_page(request, MethodNotAllowed("This is not a page."))
        response.headers["allow"] = ", ".join(methods)
        return response


def fault_page(request: Request, error: CrossdockError, template: str = "fault.html") -> Response:
    """The page, or the JSON, that tells a person why there is none."""
    headers = dict(POLICY.headers)
    if isinstance(error, TooManyRequests):
        headers["retry-after"] = str(error.retry_after_seconds)
    if wants_json(request):
        response = reply({"error": str(error), "origin": error.origin}, error.http_status)
        response.headers.update(headers)
        return response
    details = (
        [
            f"{name}: {text}"
            for part in error.detail.values()
            for name, texts in part.items()
            for text in texts
        ]
        if isinstance(error, Invalid)
        else []
    )
    html = rendered(
        template, **frame_values(request), title="This did not work", status=error.http_status,
        text=str(error), details=details,
    )  # fmt: skip
    return Response(html, error.http_status, headers, media_type="text/html; charset=utf-8")


def _membership(holder: SignedIn, operation: DashboardOperation) -> tuple[Role, str]:
    """The role and the organization of a session. Raises Unauthorized, Forbidden."""
    require_open(holder)
    role = check_organization(holder)
    require(role, operation.permission)
    return role, str(holder.session.organization_id)


def _check_token(request: Request, sent: str, token: str) -> None:
    """Raise Forbidden for a form that no page of ours gave this browser."""
    if request.method in csrf.SAFE:
        return
    shown = sent or request.headers.get(csrf.TOKEN_HEADER, "")
    if not hmac.compare_digest(shown.encode(), token.encode()):
        raise Forbidden("This form is from an earlier visit: open the page again.", code="csrf")
