"""Connecting: once for each flow, and what came of it."""

from starlette.responses import Response

from crossdock.connect_api import schemas
from crossdock.connect_api.context import LinkContext, checked_flow_id
from crossdock.connections.link import flows
from crossdock.connections.link.form import chosen_sign_in
from crossdock.errors import LinkRefused
from crossdock.web.responses import reply


async def connected(visit: LinkContext) -> Response:
    """Try what was filled in, and connect with it; a flow that is done is answered as it was."""
    body = await visit.body(schemas.ConnectBody)
    flow_id, link, bearer = checked_flow_id(body.flow_id), visit.link, visit.bearer
    flow = await flows.begin_flow(link, bearer, flow_id)
    if flow.status != "done":
        form = await flows.open_form(link, bearer, body.options)
        integration = await flows.picked(form, body.type, body.name)
        app = await link.apps.fields(integration)
        if chosen_sign_in(integration, app, body.fields).asks_for_consent:
            name = integration.manifest.name
            raise LinkRefused(f"one signs in to {name} on a page of its own", code="needs_oauth")
        async with visit.limits.signing_in(bearer), flows.turn(link, bearer, flow_id) as turn:
            if turn is not None:
                attempt = flows.LinkAttempt(turn, form, integration, visit.actor)
                await flows.connect_fields(link, attempt, body.fields)
                visit.door.wake()
        flow = await flows.get_flow(link, bearer, flow_id)
    return reply(await flows.result_of(link, bearer, flow))


async def permissions(visit: LinkContext) -> Response:
    """Check the connection function by function, within half a minute."""
    flow = await flows.get_flow(visit.link, visit.bearer, visit.flow_id)
    return reply(schemas.PermissionsReply(permissions=await flows.checked_permissions(visit.link, flow)))


async def shown(visit: LinkContext) -> Response:
    """The state of a flow."""
    flow = await flows.get_flow(visit.link, visit.bearer, visit.flow_id)
    if flow.status != "done":
        return reply(schemas.FlowReply(status=flow.status, error=flow.error))
    result = await flows.result_of(visit.link, visit.bearer, flow)
    return reply(schemas.FlowReply(status="done", result=result))
