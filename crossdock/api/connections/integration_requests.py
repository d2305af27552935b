"""Asking for an integration that there is none of yet.

An extension: the contract names these paths and no more.
"""

from typing import get_args
from urllib.parse import urlsplit

from starlette.responses import Response

from crossdock.api import platform_schemas as schemas
from crossdock.api.context import RequestContext
from crossdock.api.schemas import IntegrationType
from crossdock.errors import Conflict, Invalid
from crossdock.store.connections import integration_requests as store
from crossdock.store.connections.integration_requests import IntegrationRequestRow
from crossdock.store.database.ids import new_id
from crossdock.web.responses import reply
from crossdock.wire import stamp


async def created(visit: RequestContext) -> Response:
    """Keep who wants which integration; the same again changes what is kept of it."""
    visit.arguments()
    body = await visit.body(schemas.IntegrationRequestBody)
    _check(body)
    now = visit.door.clock()
    integration_request = IntegrationRequestRow(
        id=new_id("ir", now),
        organization_id=visit.caller.organization_id,
        type=body.integration_type or "",
        name=body.integration_name.strip(),
        url=body.url,
        note=body.note,
        created_ms=now,
        updated_ms=now,
    )
    kept_integration_request = await store.upsert(visit.door.database, integration_request)
    if kept_integration_request is None:
        raise Conflict(
            f"there are {store.MOST} integration requests of this organization, and may be no more"
        )
    return reply(schemas.IntegrationRequestItem(data=_shown(kept_integration_request)))


def _check(body: schemas.IntegrationRequestBody) -> None:
    """Raise Invalid for what the types do not say."""
    if not body.integration_name.strip():
        raise Invalid({"json": {"integration_name": ["must not be blank"]}})
    if body.url is None:
        return
    try:
        parts = urlsplit(body.url)
        is_link = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_link = False
    if not is_link:
        raise Invalid({"json": {"url": [f"must be a link with http or https, not {body.url[:60]!r}"]}})


async def flows(visit: RequestContext) -> Response:
    """The types that can be asked for, each with the fields of its request."""
    visit.arguments()
    fields = [
        schemas.IntegrationRequestField(
            name="integration_name", description="What the system is called.", required=True
        ),
        schemas.IntegrationRequestField(
            name="url", description="Where its makers describe it.", required=False
        ),
        schemas.IntegrationRequestField(
            name="note", description="Whatever else helps: version, region, use.", required=False
        ),
    ]
    shown = [
        schemas.IntegrationRequestFlow(integration_type=kind, fields=fields)
        for kind in get_args(IntegrationType)
    ]
    return reply(schemas.IntegrationRequestFlows(data=shown))


def _shown(kept_integration_request: IntegrationRequestRow) -> schemas.IntegrationRequest:
    return schemas.IntegrationRequest(
        id=kept_integration_request.id,
        integration_name=kept_integration_request.name,
        integration_type=kept_integration_request.type or None,
        url=kept_integration_request.url,
        note=kept_integration_request.note,
        created_date=stamp(kept_integration_request.created_ms),
        updated_date=stamp(kept_integration_request.updated_ms),
    )
