"""Portal tokens: may do some things in one application for a while."""

from crossdock.api.webhooks import bodies
from crossdock.api.webhooks.applications import brought
from crossdock.api.webhooks.operations import CAPABILITIES, VIEW
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import Invalid
from crossdock.store.access import new_token
from crossdock.store.webhooks import portal
from crossdock.store.webhooks.portal import PortalToken

WEEK_SECONDS = 604_800


async def access(visit: Visit) -> Answer:
    """A link with a token in its fragment, which no server sees."""
    body = await visit.body(bodies.PortalAccessIn, required=False)
    app = await brought(visit, body.application)
    token = new_token("pt")
    flags = frozenset(body.feature_flags or ())
    if any("," in one for one in flags):
        raise Invalid({"body": {"featureFlags": ["a flag must not hold a comma"]}})
    held = PortalToken(
        organization_id=app.organization_id, application_id=app.id, session_id=body.session_id,
        capabilities=_capabilities(body), feature_flags=flags,
        expires_ms=visit.now_ms + (body.expiry or WEEK_SECONDS) * 1000,
    )  # fmt: skip
    await portal.add(visit.door.database, token, held)
    return Answer(200, {"url": f"{visit.door.settings.url}/portal#token={token}", "token": token})


def _capabilities(body: bodies.PortalAccessIn) -> frozenset[str]:
    if body.capabilities is None:
        return frozenset({VIEW} if body.read_only else CAPABILITIES)
    unknown = sorted(set(body.capabilities) - set(CAPABILITIES))
    if unknown:
        text = f"{unknown[0][:100]!r} is none; there are {', '.join(CAPABILITIES)}"
        raise Invalid({"body": {"capabilities": [text]}})
    return frozenset(body.capabilities)


async def expired(visit: Visit) -> Answer:
    body, app = await visit.body(bodies.ExpireAllIn, required=False), await visit.app()
    at_ms = visit.now_ms + (body.expiry or 0) * 1000
    await portal.expire_all(visit.door.database, app.id, at_ms, body.session_ids)
    return Answer(204)


async def logged_out(visit: Visit) -> Answer:
    """The token of this call works no longer. An API key is not revoked here."""
    if visit.who.portal is not None:
        await portal.revoke(visit.door.database, visit.who.token)
    return Answer(204)
