"""How the form of an organization looks."""

from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.link import schemas
from crossdock.connections.link.branding import LARGEST_LOGO, logo_url, set_branding, set_logo
from crossdock.errors import TooLarge
from crossdock.store.connections import branding
from crossdock.store.connections.branding import Branding
from crossdock.store.people.audit_log import acting
from crossdock.web.responses import reply


async def get_item(visit: RequestContext) -> Response:
    """The look as it is now."""
    visit.arguments()
    return _answer(visit, await branding.get(visit.door.database, visit.caller.organization_id))


async def changed(visit: RequestContext) -> Response:
    """Set all but the logo."""
    visit.arguments()
    body = await visit.body(schemas.BrandingBody)
    look = Branding(body.name, body.color, body.terms_url, body.privacy_url, tuple(body.allowed_origins))
    organization_id, door = visit.caller.organization_id, visit.door
    changed = await set_branding(door.database, organization_id, look, acting(), door.clock())
    return _answer(visit, changed)


async def logo_changed(visit: RequestContext) -> Response:
    """Set the logo."""
    visit.arguments()
    logo = await visit.request.body()
    if len(logo) > LARGEST_LOGO:
        raise TooLarge(f"the logo has {len(logo):,} bytes; at most {LARGEST_LOGO:,} are kept")
    return await _logo(visit, logo)


async def logo_removed(visit: RequestContext) -> Response:
    """Remove the logo."""
    visit.arguments()
    return await _logo(visit, None)


async def _logo(visit: RequestContext, logo: bytes | None) -> Response:
    organization_id, door = visit.caller.organization_id, visit.door
    changed = await set_logo(door.database, organization_id, logo, acting(), door.clock())
    return _answer(visit, changed)


def _answer(visit: RequestContext, look: Branding) -> Response:
    return reply(
        schemas.BrandingItem(
            data=schemas.BrandingReply(
                name=look.name,
                color=look.color,
                logo_url=logo_url(look, visit.door.settings),
                terms_url=look.terms_url,
                privacy_url=look.privacy_url,
                allowed_origins=list(look.allowed_origins),
            )
        )
    )
