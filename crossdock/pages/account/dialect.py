"""Pages for people who sign in, below /account, beside the JSON of the account API: forms, and no key.

form or page? ─ another site's page? ─ whose session? ─ the form's token? ─ handler ─ HTML
  │  └── nobody signed in: on to the page for it, and back
  └── all else below /account is the API's
"""

import hmac
import secrets
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from crossdock.errors import (
    BadRequest,
    CrossdockError,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    TooLarge,
    Unauthorized,
)
from crossdock.pages.account.context import FORM_COOKIE, AccountPageContext
from crossdock.pages.account.faults import fault_page
from crossdock.pages.account.language import language_of, translator
from crossdock.pages.account.operations import HOME, OPERATIONS, PREFIX, SECOND_FACTOR, SIGN_IN, PageOperation
from crossdock.pages.rendering import root_of
from crossdock.people.refusals import not_signed_in, signed_in_already
from crossdock.people.sessions import require_open
from crossdock.store.people.user_sessions import SignedIn
from crossdock.web import cookies, csrf
from crossdock.web.context import LARGEST_BODY
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.people import act_for, csrf_key, holder_or_none, take_back, visitor_of
from crossdock.web.query import check_texts

FORM_TYPE = "application/x-www-form-urlencoded"
MOST_FIELDS = 50
ELSEWHERE = {"not_signed_in": SIGN_IN, "second_factor_required": SECOND_FACTOR, "signed_in_already": HOME}
"""Where somebody is sent who can't see a page yet, by the code of why."""


class AccountPages(Dialect[PageOperation, AccountPageContext]):
    """Callers are people's browsers. has_demo: there is a page to try the button out on."""

    prefix = PREFIX
    package = "crossdock.pages.account"
    ends_loosely = True

    def __init__(self, door: Dependencies, *, has_demo: bool) -> None:
        super().__init__(OPERATIONS)
        self._door = door
        self._has_demo = has_demo

    def takes(self, request: Request) -> bool:
        """Check whether a page is asked for, or one of its forms sent: JSON is the API's."""
        if request.method == "POST" and _media_type(request) != FORM_TYPE:
            return False
        return self.match(request, request.scope["path"].removeprefix(self.prefix)) is not None

    async def admit(self, operation: PageOperation, request: Request) -> AccountPageContext:
        csrf.check_origin(request, self._door.settings.url)
        visitor = visitor_of(self._door, request)
        holder = await holder_or_none(self._door, request)
        language = language_of(request.headers.get("accept-language", ""))
        form_key = request.cookies.get(FORM_COOKIE, "")
        fields = await _fields(request) if request.method == "POST" else {}
        _require(operation, holder)
        tokens = self._tokens(request, holder, form_key)
        self._check_token(operation, request, fields.get("csrf_token", ""), tokens)
        act_for(holder, visitor, operation.id)
        new_form_key = "" if tokens else secrets.token_urlsafe(16)
        return AccountPageContext(
            self._door, request, holder, visitor, fields, language, translator(language),
            (tokens or self._tokens(request, None, new_form_key))[0], new_form_key, self._has_demo,
        )  # fmt: skip

    def _tokens(self, request: Request, holder: SignedIn | None, form_key: str) -> list[str]:
        """The tokens of forms that were given to this browser: of its session, and of before that."""
        owners = [cookies.session_token(request)] if holder is not None else []
        if form_key:
            owners.append(f"{FORM_COOKIE} {form_key}")
        return [csrf.csrf_token(csrf_key(self._door), owner) for owner in owners]

    def _check_token(self, operation: PageOperation, request: Request, sent: str, tokens: list[str]) -> None:
        """Raise Forbidden for a form that no page of ours gave this browser.

        A form that anybody may send is also good from a page of before somebody signed in, in another tab.
        """
        good = tokens if operation.needs == "anybody" else tokens[:1]
        if request.method in csrf.SAFE or any(
            hmac.compare_digest(sent.encode(), token.encode()) for token in good
        ):
            return
        raise Forbidden("this form was not given to this browser, or it keeps no cookies", code="csrf")

    async def answer(self, request: Request) -> Response:
        """The answer to a request. Raises what is a fault of ours."""
        try:
            return await super().answer(request)
        except CrossdockError as error:
            if not self.is_told(error):
                raise
            return self._told(request, error)

    def _told(self, request: Request, error: CrossdockError) -> Response:
        code = error.code if isinstance(error, Unauthorized | BadRequest) else ""
        if code not in ELSEWHERE:
            return fault_page(request, error)
        response = RedirectResponse(f"{root_of(request)}{ELSEWHERE[code].lstrip('/')}{_return(request)}", 303)
        if code == "not_signed_in":
            take_back(response, self._door)
        return response

    def refusal(self, error: CrossdockError) -> Response:
        raise error

    def unexpected(self) -> Response:
        return Response("Something went wrong here. Please try again.", 500, media_type="text/plain")

    def no_such_path(self, request: Request) -> Response:
        return fault_page(request, NotFound("there is no such page"))

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        response = fault_page(request, MethodNotAllowed("this is no page"))
        response.headers["allow"] = ", ".join(methods)
        return response


def _require(operation: PageOperation, holder: SignedIn | None) -> None:
    """Raise Unauthorized, with where to go, for who may not see a page yet."""
    if operation.needs == "anybody":
        return
    if holder is None:
        raise not_signed_in()
    if operation.needs == "signed_in":
        require_open(holder)
    elif holder.session.stage == "open":
        raise signed_in_already()


def _return(request: Request) -> str:
    """The way back to a page that can't be seen yet, as the query of where somebody is sent."""
    path = request.scope["path"]
    wanted = request.query_params.get("return_path", "") if path == SECOND_FACTOR else path
    return f"?{urlencode({'return_path': wanted})}" if wanted and wanted != HOME else ""


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form. Raises TooLarge, and BadRequest for what is none."""
    raw = await request.body()
    if len(raw) > LARGEST_BODY:
        raise TooLarge(f"the form has more than {LARGEST_BODY} bytes, which is all that is read here")
    try:
        fields = dict(
            parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
        )
    except ValueError:
        raise BadRequest("this is no form of ours") from None
    check_texts("form", fields)
    return fields
