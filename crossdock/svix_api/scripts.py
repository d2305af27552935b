"""Transformations: the script of an endpoint, and trying one out."""

from dataclasses import replace
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace as with_members
from starlette.responses import Response

from crossdock.errors import BadRequest, Invalid
from crossdock.store.people import audit_log
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.svix_api import answers, bodies
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.endpoints import changed
from crossdock.svix_api.messages import checked_payload
from crossdock.web.responses import no_content, reply
from crossdock.webhooks.transform import TransformCall, TransformFailed, script_fault, simulate


async def shown(visit: AdminContext) -> Response:
    endpoint = await visit.endpoint()
    # Its variables may hold keys of the receiver's.
    await audit_log.note_look(
        visit.door.database, endpoint.organization_id, "endpoint.script_seen", endpoint.id, visit.now_ms
    )
    updated = None if endpoint.transformed_ms is None else answers.time(endpoint.transformed_ms)
    return reply(
        {
            "code": endpoint.hidden.code,
            "enabled": endpoint.transforms,
            "variables": endpoint.hidden.variables,
            "updatedAt": updated,
        }
    )


async def patched(visit: AdminContext) -> Response:
    body = await visit.body(bodies.TransformationPatch)
    hidden: dict[str, Any] = {}
    if body.code is not UNSET:
        fault = script_fault(body.code) if body.code is not None else None
        if fault is not None:
            raise Invalid({"body": {"code": [fault]}})
        hidden["code"] = body.code
    if body.variables is not UNSET:
        hidden["variables"] = body.variables

    def change(before: Endpoint) -> Endpoint:
        inner = with_members(before.hidden, **hidden)
        enabled = before.transforms if body.enabled is UNSET or body.enabled is None else body.enabled
        return replace(
            before, hidden=inner, transforms=enabled and inner.code is not None,
            transformed_ms=visit.now_ms, updated_ms=visit.now_ms,
        )  # fmt: skip

    await changed(visit, await visit.endpoint(), change)
    return no_content()


async def simulated(visit: AdminContext) -> Response:
    """Try a script on a sample. Nothing is sent."""
    body, endpoint = await visit.body(bodies.SimulateIn), await visit.endpoint()
    call = TransformCall(
        url=endpoint.hidden.url, payload=checked_payload(body.payload), event_type=body.event_type,
        channels=tuple(body.channels or ()), variables=body.variables or endpoint.hidden.variables or {},
    )  # fmt: skip
    outcome = await simulate(visit.door.scripts, body.code, call, owner=endpoint.id)
    if isinstance(outcome, TransformFailed):
        raise BadRequest(outcome.error, code="transformation_failed")
    fields = {"url": outcome.url, "payload": outcome.payload, "method": outcome.method}
    return reply({**fields, "cancel": outcome.cancel})
