"""What of an endpoint is secret: what signs for it, and the headers it is called with."""

from dataclasses import replace
from typing import Any

from msgspec.structs import replace as with_members

from crossdock.api.webhooks import bodies
from crossdock.api.webhooks.endpoints import changed, checked_headers, checked_secret
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import BadRequest
from crossdock.store.webhooks.endpoints import Endpoint, Secret
from crossdock.webhooks import sign
from crossdock.webhooks.request import SENSITIVE

MOST_OLD = 10
"""Secrets that are still valid beside the present one."""
DAY_SECONDS = 86_400


async def shown(visit: Visit) -> Answer:
    found = await visit.endpoint()
    return Answer(200, {"key": sign.shown(found.hidden.secrets[0].key)})


async def rotated(visit: Visit) -> Answer:
    """The old secret goes on signing beside the new one for a while."""
    body = await visit.body(bodies.SecretRotateIn, required=False)
    fresh = checked_secret(body.key, "key") if body.key is not None else None
    seconds = DAY_SECONDS if body.grace_period_seconds is None else body.grace_period_seconds
    now, made = visit.now_ms, ""

    def change(before: Endpoint) -> Endpoint:
        nonlocal made
        present, *old = before.hidden.secrets
        kept = [one for one in old if one.until_ms is not None and one.until_ms > now]
        if seconds:
            kept.insert(0, Secret(present.key, now + seconds * 1000))
        if len(kept) > MOST_OLD:
            raise BadRequest(f"{MOST_OLD} old secrets are still valid", code="limit_reached")
        made = fresh or _like(present.key)
        return _with(before, now, secrets=[Secret(made), *kept])

    await changed(visit, await visit.endpoint(), change)
    return Answer(204) if visit.is_operational else Answer(200, {"key": sign.shown(made)})


def _like(secret: str) -> str:
    """A new secret of the same kind."""
    return sign.new_private_key() if secret.startswith(sign.PRIVATE) else sign.new_secret()


def _with(before: Endpoint, now_ms: int, **hidden: Any) -> Endpoint:
    return replace(before, updated_ms=now_ms, hidden=with_members(before.hidden, **hidden))


async def headers(visit: Visit) -> Answer:
    """Those whose values are secret are only named."""
    found = (await visit.endpoint()).hidden.headers
    sensitive = sorted(name for name in found if name.lower() in SENSITIVE)
    open_ones = {name: value for name, value in found.items() if name not in sensitive}
    return Answer(200, {"headers": open_ones, "sensitive": sensitive})


async def headers_set(visit: Visit) -> Answer:
    body = await visit.body(bodies.HeadersIn)
    given = checked_headers(body.headers)
    await changed(visit, await visit.endpoint(), lambda one: _with(one, visit.now_ms, headers=given))
    return Answer(204)


async def headers_patched(visit: Visit) -> Answer:
    body = await visit.body(bodies.HeadersPatchIn)
    put = checked_headers({name: value for name, value in body.headers.items() if value is not None})
    touched = {name.lower() for name in (*body.headers, *(body.delete_headers or ()))}

    def change(before: Endpoint) -> Endpoint:
        kept = {name: value for name, value in before.hidden.headers.items() if name.lower() not in touched}
        return _with(before, visit.now_ms, headers=checked_headers(kept | put))

    await changed(visit, await visit.endpoint(), change)
    return Answer(204)
