"""Single sign-on: how it is set up, and the way of a browser to the provider and back."""

from functools import wraps
from typing import Any

from starlette.responses import RedirectResponse, Response

from crossdock.account_api import bodies
from crossdock.account_api.context import AccountContext
from crossdock.errors import CrossdockError, Invalid
from crossdock.pages.account.faults import fault_page, wants_page
from crossdock.people.members import check_role
from crossdock.people.refusals import no_sign_on
from crossdock.people.single_sign_on import FLOW_MS, WantedSignOn
from crossdock.store.people import sign_on
from crossdock.store.people.sign_on import SignOnSettings
from crossdock.web import cookies
from crossdock.web.dialect import Handler
from crossdock.web.people import hand_over, local_path
from crossdock.web.responses import no_content, reply
from crossdock.wire import stamp

BINDING_COOKIE = "crossdock_sign_on"
PATH = "/account/sso"


async def shown(visit: AccountContext) -> Response:
    settings = await sign_on.get(visit.door.database, visit.organization_id)
    if settings is None:
        raise no_sign_on()
    return reply(_shown(visit, settings))


def _shown(visit: AccountContext, settings: SignOnSettings) -> dict[str, Any]:
    return {
        "issuer": settings.issuer,
        "client_id": settings.client_id,
        "has_client_secret": settings.client_secret is not None,
        "domains": list(settings.domains),
        "default_role": settings.default_role,
        "adds_members": settings.adds_members,
        "is_enforced": settings.is_enforced,
        "break_glass_user_id": settings.break_glass_user_id,
        "changed_at": stamp(settings.changed_ms),
        "redirect_uri": visit.identity.single_sign_on.redirect_uri,
        "begin_url": f"{visit.door.settings.url}{PATH}/begin?organization={settings.organization_id}",
    }


async def configured(visit: AccountContext) -> Response:
    body = await visit.body(bodies.SignOnBody)
    wanted = WantedSignOn(
        body.issuer, body.client_id, body.client_secret,
        tuple(dict.fromkeys(domain.strip().casefold() for domain in body.domains)),
        check_role(body.default_role), body.adds_members, body.is_enforced, body.break_glass_user_id,
    )  # fmt: skip
    settings = await visit.identity.single_sign_on.configure(visit.organization_id, wanted)
    return reply(_shown(visit, settings))


async def removed(visit: AccountContext) -> Response:
    await visit.identity.single_sign_on.remove(visit.organization_id)
    return no_content()


def told_in_words(handler: Handler[AccountContext]) -> Handler[AccountContext]:
    """Have a browser that comes here told what went wrong on a page; programs get JSON, as everywhere."""

    @wraps(handler)
    async def telling(visit: AccountContext) -> Response:
        try:
            return await handler(visit)
        except CrossdockError as error:
            if error.http_status == 500 or not wants_page(visit.request):
                raise
            return fault_page(visit.request, error)

    return telling


@told_in_words
async def begun(visit: AccountContext) -> Response:
    """Send the browser to the provider."""
    arguments, settings = visit.arguments(), visit.door.settings
    organization_id = str(arguments.get("organization", ""))
    if not organization_id:
        raise Invalid({"query": {"organization": ["is missing"]}})
    return_path = local_path(str(arguments.get("return_path", "")), "/account")
    begun_sign_on = await visit.identity.single_sign_on.begin(organization_id, return_path)
    response = RedirectResponse(begun_sign_on.url, 303)
    cookies.set_cookie(
        response, settings, BINDING_COOKIE, begun_sign_on.binding, path=cookies.below(settings, PATH),
        seconds=FLOW_MS // 1000,
    )  # fmt: skip
    return response


@told_in_words
async def ended(visit: AccountContext) -> Response:
    """Let in who comes back from the provider."""
    settings = visit.door.settings
    binding = visit.request.cookies.get(BINDING_COOKIE, "")
    done = await visit.identity.single_sign_on.end(visit.request.query_params, binding, visit.visitor)
    response = RedirectResponse(f"{settings.url}{done.return_path}", 303)
    hand_over(response, visit.door, done.opened)
    cookies.clear_cookie(response, settings, BINDING_COOKIE, path=cookies.below(settings, PATH))
    return response
