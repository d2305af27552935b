"""Signing in on a page: password or single sign-on, the second factor; then on to what was wanted."""

from urllib.parse import urlencode, urlsplit

from starlette.responses import Response

from crossdock.errors import Invalid, Unauthorized
from crossdock.pages.account.context import AccountPageContext
from crossdock.pages.account.faults import NO_FAULT, TOLD, FormFault
from crossdock.pages.account.operations import HOME, SECOND_FACTOR, SIGN_IN
from crossdock.people.sessions import OpenedSession
from crossdock.store.people import sign_on
from crossdock.web.people import hand_over, local_path, take_back


async def shown(visit: AccountPageContext) -> Response:
    """The page to sign in on; who has signed in already goes on."""
    holder = visit.holder_or_none
    if holder is None:
        return await _page(visit)
    if holder.session.stage == "open":
        return visit.onward(return_path(visit))
    return visit.onward(SECOND_FACTOR, return_path=visit.wanted_path)


async def sent(visit: AccountPageContext) -> Response:
    """Let somebody in, or show the ways of single sign-on that their address has."""
    if visit.text("do") == "sign_on":
        return await _sign_on_page(visit)
    try:
        opened = await visit.identity.sign_ins.with_password(
            visit.text("email"), visit.text("password"), visit.visitor
        )
    except Unauthorized:
        return await _page(visit, FormFault("password", visit.translate("error.wrong_sign_in")))
    except TOLD as error:
        return await _page(visit, visit.fault("password", error))
    return let_in(visit, opened, return_path(visit))


async def code_shown(visit: AccountPageContext) -> Response:
    return _code_page(visit)


async def code_sent(visit: AccountPageContext) -> Response:
    """Let in who shows a code of the app, or a recovery code; or end what was begun."""
    if visit.text("do") == "cancel":
        return await signed_out(visit, SIGN_IN)
    form = "recovery" if "recovery_code" in visit.fields else "code"
    code = visit.text("recovery_code" if form == "recovery" else "code")
    try:
        opened = await visit.identity.sign_ins.with_code(visit.holder, code, visit.visitor)
    except TOLD as error:
        return _code_page(visit, visit.fault(form, error))
    return let_in(visit, opened, return_path(visit))


def let_in(visit: AccountPageContext, opened: OpenedSession, path: str) -> Response:
    """The way on with a session that was just opened: to the second factor, or where it was wanted."""
    if opened.session.stage == "open":
        response = visit.onward(path)
    else:
        response = visit.onward(SECOND_FACTOR, return_path="" if path == HOME else path)
    hand_over(response, visit.door, opened)
    return response


async def signed_out(visit: AccountPageContext, path: str) -> Response:
    """End the session, half open or whole, and go on to a page that anybody sees."""
    await visit.identity.sign_ins.sign_out(visit.holder)
    response = visit.onward(path)
    take_back(response, visit.door)
    return response


def return_path(visit: AccountPageContext) -> str:
    """The page that somebody is sent to in the end: a path of ours, or the first one."""
    try:
        path = local_path(visit.wanted_path, HOME)
    except Invalid:
        return HOME
    return HOME if path.startswith((SIGN_IN, SECOND_FACTOR)) else path


async def _page(
    visit: AccountPageContext, fault: FormFault = NO_FAULT, providers: list[dict[str, str]] | None = None
) -> Response:
    is_offered = await sign_on.is_offered(visit.door.database)
    return visit.page(
        "account_sign_in.html", fault, return_path=return_path(visit), offers_sign_on=is_offered,
        providers=providers or [],
    )  # fmt: skip


async def _sign_on_page(visit: AccountPageContext) -> Response:
    """The page with the providers of an address. It says whose each is, since anybody may name a domain."""
    email = visit.text("email")
    domain = email.rpartition("@")[2].strip().casefold()
    ways = await sign_on.of_domain(visit.door.database, domain) if domain else []
    if not ways:
        return await _page(visit, FormFault("sign_on", "", {"email": visit.translate("error.no_sign_on")}))
    providers = [
        {
            "name": way.organization_name,
            "host": urlsplit(way.issuer).netloc,
            "url": begin_url(visit, way.organization_id, return_path(visit)),
        }
        for way in ways
    ]
    return await _page(visit, providers=providers)


def begin_url(visit: AccountPageContext, organization_id: str, path: str) -> str:
    """The address that leads to an organization's provider: on the name that the provider knows us by."""
    query = urlencode({"organization": organization_id, "return_path": path})
    return f"{visit.door.settings.url}/account/sso/begin?{query}"


def _code_page(visit: AccountPageContext, fault: FormFault = NO_FAULT) -> Response:
    return visit.page("account_second_factor.html", fault, return_path=return_path(visit))
