"""Endpoints: those of an application, and the operator's own."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace as with_members
from starlette.responses import Response

from crossdock.errors import AddressRefused, Conflict, Invalid, NotFound
from crossdock.net.addresses import AddressPolicy, check_url
from crossdock.resources.event_types import proper_name
from crossdock.store.connections import connections
from crossdock.store.database.engine import Transaction
from crossdock.store.database.ids import first_id, new_id
from crossdock.store.webhooks import attempts, deliveries, endpoints
from crossdock.store.webhooks.endpoints import Endpoint, EndpointSecret, HiddenHeaders
from crossdock.svix_api import answers, bodies
from crossdock.svix_api.applications import checked_metadata, checked_uid
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.operations import ROTATE
from crossdock.svix_api.paging import page, turn
from crossdock.web.responses import no_content, reply
from crossdock.webhooks import event_types, headers, operational, sign
from crossdock.webhooks.operational import OperationalSubject, tell_endpoint

HOUR_MS = 3_600_000
END = (1 << 48) - 1


async def get_list(visit: AdminContext) -> Response:
    page_turn, application = turn(visit, descending=False), await visit.application_id()

    async def fetch(limit: int) -> list[Endpoint]:
        return await endpoints.page(
            visit.door.database,
            visit.door.vault,
            application,
            page_turn.after,
            limit,
            descending=page_turn.descending,
        )

    async def shown(found_endpoints: list[Endpoint]) -> list[answers.Shown]:
        return [_shown(visit, endpoint) for endpoint in found_endpoints]

    return await page(page_turn, fetch, lambda endpoint: endpoint.id, shown)


def _shown(visit: AdminContext, endpoint: Endpoint) -> answers.Shown:
    return answers.endpoint(endpoint, is_whole=visit.who.sees_whole_urls)


async def created(visit: AdminContext) -> Response:
    body, application = await visit.body(bodies.EndpointIn), await visit.application_id()
    return reply(_shown(visit, await _new_endpoint(visit, application, body, body.uid)), 201)


async def _new_endpoint(
    visit: AdminContext, application: str, body: bodies.EndpointUpsertIn, uid: str | None
) -> Endpoint:
    now, endpoint_in = visit.now_ms, body if isinstance(body, bodies.EndpointIn) else None
    key = (
        checked_secret(endpoint_in.secret, "secret")
        if endpoint_in and endpoint_in.secret is not None
        else sign.new_secret()
    )
    hidden = HiddenHeaders(
        url=checked_url(visit, body.url),
        secrets=[EndpointSecret(key)],
        headers=checked_headers(endpoint_in.headers) if endpoint_in and endpoint_in.headers else {},
    )
    endpoint = Endpoint(
        number=0, id=new_id("ep", now), organization_id=visit.who.organization_id,
        application_id=application, created_ms=now, hidden=hidden,
        **await _members(visit, body), uid=checked_uid(uid, "ep_"),
    )  # fmt: skip
    await visit.door.vault.prepare(endpoint.organization_id)

    async def work(transaction: Transaction) -> Endpoint:
        await _require_free(transaction, endpoint)
        stored = await endpoints.add(transaction, visit.door.vault, endpoint)
        await tell_endpoint(transaction, OperationalSubject.of(stored), "endpoint.created", now)
        return stored

    return await visit.door.database.transact(work)


async def _members(
    visit: AdminContext, body: bodies.EndpointUpsertIn, before: Endpoint | None = None
) -> dict[str, Any]:
    """The members of a whole endpoint, but for its URL and what is secret.

    Not those that say whose events it gets, where the body has none: clients of Svix don't know them, and
    must not open an endpoint to everybody's by changing its description.
    """
    types, name = body.event_types or body.filter_types, "eventTypes" if body.event_types else "filterTypes"
    return {
        "description": body.description or "",
        "types": await _types(visit, types or None, name),
        "channels": _unique("channels", body.channels),
        **await _scope(visit, body, before),
        "rate": body.throttle_rate or body.rate_limit,
        "disabled": bool(body.disabled),
        "metadata": checked_metadata(body.metadata),
        "updated_ms": visit.now_ms,
    }


async def get_item(visit: AdminContext) -> Response:
    return reply(_shown(visit, await visit.endpoint()))


async def upserted(visit: AdminContext) -> Response:
    body, application = await visit.body(bodies.EndpointUpsertIn), await visit.application_id()
    reference = visit.part("endpoint_id")
    endpoint = await endpoints.find(visit.door.database, visit.door.vault, application, reference)
    if endpoint is None:
        new_endpoint = await _new_endpoint(visit, application, body, body.uid or reference)
        return reply(_shown(visit, new_endpoint), 201)
    url, members = checked_url(visit, body.url), await _members(visit, body, endpoint)
    uid = body.uid if body.uid is not None else endpoint.uid

    def change(now: Endpoint) -> Endpoint:
        return replace(now, **members, uid=uid, hidden=with_members(now.hidden, url=url))

    return reply(_shown(visit, await changed(visit, endpoint, change)))


async def patched(visit: AdminContext) -> Response:
    body, endpoint = await visit.body(bodies.EndpointPatch), await visit.endpoint()
    members = await _changes(visit, body) | await _scope(visit, body, endpoint)
    hidden: dict[str, Any] = {}
    if body.url is not UNSET:
        hidden["url"] = checked_url(visit, body.url)
    if body.secret is not UNSET and body.secret is not None:
        visit.who.require_held(ROTATE)
        hidden["secrets"] = [EndpointSecret(checked_secret(body.secret, "secret"))]

    def change(now: Endpoint) -> Endpoint:
        return replace(now, **members, hidden=with_members(now.hidden, **hidden))

    return reply(_shown(visit, await changed(visit, endpoint, change)))


async def _changes(visit: AdminContext, body: bodies.EndpointPatch) -> dict[str, Any]:
    """The members of an endpoint that are to change, but for its URL and what is secret."""
    types = _either(body.event_types, body.filter_types)
    name = "filterTypes" if body.event_types is UNSET else "eventTypes"
    members: dict[str, Any] = {
        "updated_ms": visit.now_ms,
        "description": _unless_unset(body.description, ""),
        "rate": _unless_unset(_either(body.throttle_rate, body.rate_limit), None),
        "types": UNSET if types is UNSET else await _types(visit, types or None, name),
        "channels": UNSET if body.channels is UNSET else _unique("channels", body.channels or None),
        "uid": body.uid,
        "disabled": body.disabled,
        "metadata": UNSET if body.metadata is UNSET else checked_metadata(body.metadata),
    }
    return {name: value for name, value in members.items() if value is not UNSET}


def _unless_unset(value: Any, empty: Any) -> Any:
    """UNSET as it is; what else is empty, as this."""
    return value if value is UNSET else value or empty


def _either(new: Any, old: Any) -> Any:
    """The value under the name that 2.x clients use, else under that of 1.x clients."""
    return old if new is UNSET else new


async def changed(visit: AdminContext, endpoint: Endpoint, change: Any) -> Endpoint:
    """Store an endpoint with a change, and tell the operator. change: a function of what is stored."""
    await visit.door.vault.prepare(endpoint.organization_id)

    async def work(transaction: Transaction) -> Endpoint:
        before = await endpoints.locked(transaction, visit.door.vault, endpoint.number)
        if before is None:
            raise NotFound(f"there is no endpoint {endpoint.id}")
        after: Endpoint = change(before)
        if after.uid != before.uid:
            checked_uid(after.uid, "ep_")
            await _require_free(transaction, after)
        await endpoints.change(transaction, visit.door.vault, after)
        await _emit(transaction, before, after, visit.now_ms)
        return after

    return await visit.door.database.transact(work)


async def _emit(transaction: Transaction, before: Endpoint, after: Endpoint, now_ms: int) -> None:
    about = OperationalSubject.of(after)
    if before.disabled and not after.disabled:
        await endpoints.note_success(transaction, after.number)  # a new beginning
        await tell_endpoint(transaction, about, "endpoint.enabled", now_ms)
    elif after.disabled and not before.disabled:
        await tell_endpoint(transaction, about, "endpoint.disabled", now_ms, failSince=None, trigger="manual")
    await tell_endpoint(transaction, about, "endpoint.updated", now_ms)


async def _require_free(transaction: Transaction, endpoint: Endpoint) -> None:
    """Raise Conflict when the uid is another endpoint's."""
    if endpoint.uid is None:
        return
    await transaction.in_turn(f"endpoints of {endpoint.application_id}")
    if await endpoints.is_taken(transaction, endpoint.application_id, endpoint.uid, endpoint.number):
        raise Conflict(f"there is an endpoint with uid {endpoint.uid} already")


async def deleted(visit: AdminContext) -> Response:
    endpoint = await visit.endpoint()

    async def work(transaction: Transaction) -> None:
        await tell_endpoint(transaction, OperationalSubject.of(endpoint), "endpoint.deleted", visit.now_ms)
        await endpoints.delete(transaction, endpoint.number, visit.now_ms)

    await visit.door.database.transact(work)
    return no_content()


# Counts


async def stats(visit: AdminContext) -> Response:
    endpoint = await visit.endpoint()
    since, until = visit.moment("since") or 0, visit.moment("until") or END
    counts = await deliveries.counts(
        visit.door.database, endpoint.number, first_id("msg", since), first_id("msg", until)
    )
    return reply({name: counts.get(state, 0) for state, name in enumerate(answers.STATUSES)})


async def attempt_stats(visit: AdminContext) -> Response:
    """Of whole hours: from the beginning of the first to the end of the last."""
    endpoint = await visit.endpoint()
    since, until = visit.moment("since") or 0, visit.moment("until")
    since -= since % HOUR_MS
    end = END if until is None else until + -until % HOUR_MS
    counts = await attempts.counts(
        visit.door.database, endpoint.number, first_id("atmpt", since), first_id("atmpt", end)
    )
    names = {state: answers.STATUSES[state] for state in (0, 2, 4)}
    return reply({name: counts.get(state, 0) for state, name in names.items()})


# What callers give


async def _types(visit: AdminContext, types: Iterable[str] | None, name: str) -> tuple[str, ...] | None:
    """name: what the caller calls them."""
    unique = _unique(name, types)
    if unique is None:
        return None
    offered = (
        set(operational.TYPES)
        if visit.is_operational
        else await event_types.names(visit.door.database, visit.who.organization_id)
    )
    unique = tuple(dict.fromkeys(text if text in offered else proper_name(text) for text in unique))
    unknown = [text for text in unique if text not in offered]
    if unknown:
        raise Invalid({"body": {name: [f"there is no event type {unknown[0]}"]}})
    return unique


async def _scope(
    visit: AdminContext, body: bodies.EndpointScope, before: Endpoint | None
) -> dict[str, tuple[str, ...] | None]:
    """The members that say whose events an endpoint gets, of those that the body has."""
    if visit.is_operational:
        return {}
    members: dict[str, tuple[str, ...] | None] = {}
    if not isinstance(body.customer_ids, UnsetType):
        members["customers"] = _unique("customerIds", body.customer_ids)
    if not isinstance(body.connection_ids, UnsetType):
        ids = members["connections"] = _unique("connectionIds", body.connection_ids)
        known_ids = set(before.connections or ()) if before is not None else set()
        fresh = [uid for uid in ids or () if uid not in known_ids]
        offered = await connections.among(visit.door.database, visit.who.organization_id, fresh)
        unknown = [uid for uid in fresh if uid not in offered]
        if unknown:
            raise Invalid({"body": {"connectionIds": [f"there is no connection {unknown[0]}"]}})
    return members


def _unique(name: str, values: Iterable[str] | UnsetType | None) -> tuple[str, ...] | None:
    if values is None or isinstance(values, UnsetType):
        return None
    texts = tuple(values)
    if len(set(texts)) != len(texts):
        raise Invalid({"body": {name: ["holds the same value twice"]}})
    return texts


def checked_url(visit: AdminContext, url: str) -> str:
    """A URL that may be called, as far as that shows without calling it."""
    fault = None
    if any(ord(character) <= 32 or ord(character) == 127 for character in url):
        fault = "holds a space or a control character"
    elif visit.door.settings.webhook_https_only and not url.lower().startswith("https://"):
        fault = "has to begin with https://"
    else:
        try:
            check_url(url, AddressPolicy.parse(visit.door.settings.allowed_addresses))
        except AddressRefused as problem:
            fault = str(problem)
    if fault is not None:
        raise Invalid({"body": {"url": [fault]}})
    return url


def checked_secret(secret: str, name: str) -> str:
    """A signing secret with its prefix."""
    fault = sign.secret_fault(secret)
    if fault is not None:
        raise Invalid({"body": {name: [fault]}})
    return secret if secret.startswith((sign.HMAC, sign.PRIVATE)) else sign.HMAC + secret


def checked_headers(fields: dict[str, str]) -> dict[str, str]:
    faults = headers.faults(fields)
    if faults:
        raise Invalid({"body": {"headers": faults}})
    return fields
