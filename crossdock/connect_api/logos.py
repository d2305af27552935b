"""Pictures of organizations and integrations. An SVG may do nothing, wherever it is opened."""

from pathlib import PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from crossdock.connect_api.context import LinkContext
from crossdock.connections.link.branding import LOGO_TYPES
from crossdock.errors import LinkRefused, NotFound
from crossdock.kit.registry import get_integration
from crossdock.store.connections import branding

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "public, max-age=86400",
}
MEDIA_TYPES = {f".{ending}": media_type for media_type, ending in LOGO_TYPES.items()}


async def of_organization(visit: LinkContext) -> Response:
    """The logo that an organization has uploaded. Its address changes with it."""
    logo = await branding.logo(visit.door.database, str(visit.arguments["name"]))
    if logo is None:
        raise _no_logo()
    content, media_type = logo
    return Response(content, media_type=media_type, headers=HEADERS)


async def of_integration(visit: LinkContext) -> Response:
    """The logo in the folder of an integration."""
    name = PurePosixPath(str(visit.arguments["name"]))
    try:
        integration = get_integration(str(visit.arguments["type"]), name.stem)
    except NotFound:
        raise _no_logo() from None
    logo = integration.manifest.logo
    if not logo or PurePosixPath(logo).suffix != name.suffix:
        raise _no_logo()
    content = await run_in_threadpool((integration.folder / logo).read_bytes)
    return Response(content, media_type=MEDIA_TYPES[name.suffix], headers=HEADERS)


def _no_logo() -> LinkRefused:
    return LinkRefused("there is no such picture", code="not_found", status=404)
