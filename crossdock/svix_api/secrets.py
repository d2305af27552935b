"""What of an endpoint is secret: what signs for it, and the headers it is called with."""

from dataclasses import replace
from typing import Any

from msgspec.structs import replace as with_members
from starlette.responses import Response

from crossdock.errors import BadRequest
from crossdock.store.people import audit_log
from crossdock.store.webhooks.endpoints import Endpoint, EndpointSecret
from crossdock.svix_api import bodies
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.endpoints import changed, checked_headers, checked_secret
from crossdock.web.responses import no_content, reply
from crossdock.webhooks import sign
from crossdock.webhooks.request import SENSITIVE

MOST_OLD = 10
"""Secrets that are still valid beside the present one."""
DAY_SECONDS = 86_400


async def shown(visit: AdminContext) -> Response:
    endpoint = await visit.endpoint()
    await audit_log.note_look(
        visit.door.database, endpoint.organization_id, "endpoint.secret_seen", endpoint.id, visit.now_ms
    )
    return reply({"key": sign.shown(endpoint.hidden.secrets[0].key)})


async def rotated(visit: AdminContext) -> Response:
    """The old secret goes on signing beside the new one for a while."""
    body = await visit.body(bodies.SecretRotateIn, required=False)
    fresh = checked_secret(body.key, "key") if body.key is not None else None
    seconds = DAY_SECONDS if body.grace_period_seconds is None else body.grace_period_seconds
    now, text = visit.now_ms, ""

    def change(before: Endpoint) -> Endpoint:
        nonlocal text
        present, *old = before.hidden.secrets
        kept_endpoint_secrets = [
            endpoint_secret
            for endpoint_secret in old
            if endpoint_secret.until_ms is not None and endpoint_secret.until_ms > now
        ]
        if seconds:
            kept_endpoint_secrets.insert(0, EndpointSecret(present.key, now + seconds * 1000))
        if len(kept_endpoint_secrets) > MOST_OLD:
            raise BadRequest(f"{MOST_OLD} old secrets are still valid", code="limit_reached")
        text = fresh or _like(present.key)
        return _with(before, now, secrets=[EndpointSecret(text), *kept_endpoint_secrets])

    await changed(visit, await visit.endpoint(), change)
    return no_content() if visit.is_operational else reply({"key": sign.shown(text)})


def _like(secret: str) -> str:
    """A new secret of the same kind."""
    return sign.new_private_key() if secret.startswith(sign.PRIVATE) else sign.new_secret()


def _with(before: Endpoint, now_ms: int, **hidden: Any) -> Endpoint:
    return replace(before, updated_ms=now_ms, hidden=with_members(before.hidden, **hidden))


async def headers(visit: AdminContext) -> Response:
    """The headers of an endpoint; those whose values are secret are only named."""
    fields = (await visit.endpoint()).hidden.headers
    sensitive = sorted(name for name in fields if name.lower() in SENSITIVE)
    open_ones = {name: value for name, value in fields.items() if name not in sensitive}
    return reply({"headers": open_ones, "sensitive": sensitive})


async def headers_set(visit: AdminContext) -> Response:
    body = await visit.body(bodies.HeadersIn)
    fields = checked_headers(body.headers)
    await changed(visit, await visit.endpoint(), lambda value: _with(value, visit.now_ms, headers=fields))
    return no_content()


async def headers_patched(visit: AdminContext) -> Response:
    body = await visit.body(bodies.HeadersPatchIn)
    fields = checked_headers({name: value for name, value in body.headers.items() if value is not None})
    touched = {name.lower() for name in (*body.headers, *(body.delete_headers or ()))}

    def change(before: Endpoint) -> Endpoint:
        kept_values = {
            name: value for name, value in before.hidden.headers.items() if name.lower() not in touched
        }
        return _with(before, visit.now_ms, headers=checked_headers(kept_values | fields))

    await changed(visit, await visit.endpoint(), change)
    return no_content()
