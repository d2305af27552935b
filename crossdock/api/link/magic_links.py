"""Magic links."""

import msgspec
from msgspec import UNSET
from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.link import schemas
from crossdock.connections.link.magic_links import (
    MagicLinkWish,
    create_magic_link,
    delete_magic_link,
    get_magic_link,
    list_magic_links,
    options_of,
    url_of,
)
from crossdock.connections.link.options import LinkOptions
from crossdock.store.connections.magic_links import MagicLink
from crossdock.store.people.audit_log import acting
from crossdock.web.responses import reply
from crossdock.wire import stamp

NO_STORE = {"cache-control": "no-store"}


async def get_list(visit: RequestContext) -> Response:
    """All links of the organization, the oldest first."""
    visit.arguments()
    links = await list_magic_links(visit.door.link, visit.caller.organization_id)
    shown = [_shown(visit, link) for link in links]
    return reply(schemas.MagicLinkListEnvelope(magic_links=shown), headers=NO_STORE)


async def created(visit: RequestContext) -> Response:
    """A new link."""
    visit.arguments()
    body = await visit.body(schemas.CreateMagicLinkRequest, required=False)
    options = LinkOptions(
        integration_type=body.integration_type,
        integration_allow_list=tuple(body.integration_allow_list),
        integration_block_list=tuple(body.integration_block_list),
        integrations_with_endpoints=tuple(body.integrations_with_endpoints),
        disabled_functions=tuple(body.disabled_functions),
        enabled_functions=tuple(body.enabled_functions),
    )
    wish = MagicLinkWish(
        options,
        days=body.link_duration,
        customer_id=None if body.customer_id is UNSET else body.customer_id,
        connection_uid=None if body.connection_id is UNSET else body.connection_id,
        max_connections=None if body.max_connections is UNSET else body.max_connections,
        webhook_endpoint_ids=body.webhook_endpoint_ids,
    )
    link = await create_magic_link(visit.door.link, visit.caller.organization_id, wish, acting())
    return reply(schemas.MagicLinkEnvelope(magic_link=_shown(visit, link)), headers=NO_STORE)


async def get_item(visit: RequestContext) -> Response:
    """A link by its id."""
    link_id = str(visit.arguments()["magic_link_id"])
    link = await get_magic_link(visit.door.link, visit.caller.organization_id, link_id)
    return reply(schemas.MagicLinkEnvelope(magic_link=_shown(visit, link)), headers=NO_STORE)


async def deleted(visit: RequestContext) -> Response:
    """Delete a link: its page says from now on that there is none."""
    link_id = str(visit.arguments()["magic_link_id"])
    await delete_magic_link(visit.door.link, visit.caller.organization_id, link_id, acting())
    return reply(schemas.DeletedMagicLink(id=link_id))


def _shown(visit: RequestContext, link: MagicLink) -> schemas.MagicLinkItem:
    options, webhook_endpoint_ids = options_of(link), msgspec.json.decode(link.webhook_endpoints)
    return schemas.MagicLinkItem(
        id=link.id,
        expires_at=stamp(link.expires_ms),
        integration_type=options.integration_type,  # type: ignore[arg-type]
        integration_allow_list=list(options.integration_allow_list),
        integration_block_list=list(options.integration_block_list),
        integrations_with_endpoints=list(options.integrations_with_endpoints),
        customer_id=link.customer_id,
        url=UNSET if visit.caller.read_only else url_of(visit.door.link, link),
        connection_id=link.connection_uid,
        disabled_functions=list(options.disabled_functions),
        enabled_functions=list(options.enabled_functions),
        webhook_endpoint_ids=webhook_endpoint_ids or UNSET,
    )
