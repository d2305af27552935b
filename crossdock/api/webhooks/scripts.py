"""Transformations: the script of an endpoint, and trying one out."""

from dataclasses import replace
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace as with_members

from crossdock.api.webhooks import answers, bodies
from crossdock.api.webhooks.endpoints import changed
from crossdock.api.webhooks.messages import checked_payload
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import BadRequest, Invalid
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.webhooks.transform import Call, Failed, script_fault, simulate


async def shown(visit: Visit) -> Answer:
    found = await visit.endpoint()
    updated = None if found.transformed_ms is None else answers.time(found.transformed_ms)
    return Answer(
        200,
        {
            "code": found.hidden.code,
            "enabled": found.transforms,
            "variables": found.hidden.variables,
            "updatedAt": updated,
        },
    )


async def patched(visit: Visit) -> Answer:
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
    return Answer(204)


async def simulated(visit: Visit) -> Answer:
    """What a script would make of a sample. Nothing is sent."""
    body, found = await visit.body(bodies.SimulateIn), await visit.endpoint()
    call = Call(
        url=found.hidden.url, payload=checked_payload(body.payload), event_type=body.event_type,
        channels=tuple(body.channels or ()), variables=body.variables or found.hidden.variables or {},
    )  # fmt: skip
    outcome = await simulate(visit.door.scripts, body.code, call, owner=found.id)
    if isinstance(outcome, Failed):
        raise BadRequest(outcome.error, code="transformation_failed")
    made = {"url": outcome.url, "payload": outcome.payload, "method": outcome.method}
    return Answer(200, {**made, "cancel": outcome.cancel})
