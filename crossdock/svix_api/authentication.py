"""Portal tokens: may do some things in one application for a while."""

from starlette.responses import Response

from crossdock.errors import Invalid
from crossdock.store.connections.access import new_token
from crossdock.store.people import audit_log
from crossdock.store.webhooks import portal
from crossdock.store.webhooks.portal import PortalToken
from crossdock.svix_api import bodies
from crossdock.svix_api.applications import brought
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.operations import CAPABILITIES, VIEW
from crossdock.web.responses import no_content, reply

WEEK_SECONDS = 604_800


async def access(visit: AdminContext) -> Response:
    """A link with a token in its fragment, which no server sees."""
    body = await visit.body(bodies.PortalAccessIn, required=False)
    app = await brought(visit, body.application)
    token = new_token("pt")
    flags = frozenset(body.feature_flags or ())
    if any("," in flag for flag in flags):
        raise Invalid({"body": {"featureFlags": ["a flag must not hold a comma"]}})
    held = PortalToken(
        organization_id=app.organization_id, application_id=app.id, session_id=body.session_id,
        capabilities=_capabilities(body), feature_flags=flags,
        expires_ms=visit.now_ms + (body.expiry or WEEK_SECONDS) * 1000,
    )  # fmt: skip
    await audit_log.note_look(
        visit.door.database, app.organization_id, "portal_token.created", app.id, visit.now_ms,
        capabilities=sorted(held.capabilities), expires_ms=held.expires_ms,
    )  # fmt: skip
    await portal.add(visit.door.database, token, held)
    return reply({"url": f"{visit.door.settings.url}/portal#token={token}", "token": token})


def _capabilities(body: bodies.PortalAccessIn) -> frozenset[str]:
    if body.capabilities is None:
        return frozenset({VIEW} if body.read_only else CAPABILITIES)
    unknown = sorted(set(body.capabilities) - set(CAPABILITIES))
    if unknown:
        text = f"{unknown[0][:100]!r} is none; there are {', '.join(CAPABILITIES)}"
        raise Invalid({"body": {"capabilities": [text]}})
    return frozenset(body.capabilities)


async def expired(visit: AdminContext) -> Response:
    body, app = await visit.body(bodies.ExpireAllIn, required=False), await visit.app()
    at_ms = visit.now_ms + (body.expiry or 0) * 1000
    await audit_log.note_look(
        visit.door.database, app.organization_id, "portal_token.expired", app.id, visit.now_ms, at_ms=at_ms
    )
    await portal.expire_all(visit.door.database, app.id, at_ms, body.session_ids)
    return no_content()


async def logged_out(visit: AdminContext) -> Response:
    """The token of this call works no longer. An API key is not revoked here."""
    if visit.who.portal is not None:
        organization_id, app_id = visit.who.organization_id, visit.who.portal.application_id
        await audit_log.note_look(
            visit.door.database, organization_id, "portal_token.revoked", app_id, visit.now_ms
        )
        await portal.revoke(visit.door.database, visit.who.token)
    return no_content()
