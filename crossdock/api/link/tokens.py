"""Link tokens for the button, and what their flows end with: a connection and its access token."""

from msgspec import UNSET
from starlette.responses import Response

from crossdock.api.context import RequestContext
from crossdock.api.link import schemas
from crossdock.connections.capabilities import available_actions, available_endpoints, integration_of
from crossdock.connections.link.tokens import LinkTarget, checked_endpoints, exchange, mint
from crossdock.store.people.audit_log import acting
from crossdock.web.responses import reply

NO_STORE = {"cache-control": "no-store"}


async def minted(visit: RequestContext) -> Response:
    """A link token; with `connection_id` for repairing that connection."""
    visit.arguments()
    body = await visit.body(schemas.LinkTokenRequest, required=False)
    organization = visit.caller.organization_id
    target = LinkTarget(
        organization,
        connection_uid=None if body.connection_id is UNSET else body.connection_id,
        customer_id=None if body.customer_id is UNSET else body.customer_id,
        webhook_endpoints=await checked_endpoints(visit.door.link, organization, body.webhook_endpoint_ids),
    )
    token = await mint(visit.door.link, target)
    return reply(schemas.LinkTokenResponse(link_token=token), headers=NO_STORE)


async def exchanged(visit: RequestContext) -> Response:
    """The access token of a connection, for its auth code."""
    visit.arguments()
    body = await visit.body(schemas.ExchangeRequest)
    customer_id = None if body.customer_id is UNSET else body.customer_id
    organization_id, actor = visit.caller.organization_id, acting()
    known = await exchange(visit.door.link, organization_id, body.auth_code, customer_id, actor)
    connection, integration = known.connection, integration_of(known.connection)
    off = visit.door.settings.off
    return reply(
        schemas.ExchangeResponse(
            access_token=known.access_token,
            connection_id=connection.uid,
            integration_name=connection.integration,
            customer_id=connection.customer_id,
            available_actions=available_actions(connection, integration, off),
            available_endpoints=available_endpoints(connection, integration, off),
        ),
        headers=NO_STORE,
    )
