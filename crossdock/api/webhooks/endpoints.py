"""Endpoints: those of an application, and the operator's own."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace as with_members

from crossdock.api.webhooks import answers, bodies
from crossdock.api.webhooks.applications import checked_metadata, checked_uid
from crossdock.api.webhooks.operations import ROTATE
from crossdock.api.webhooks.paging import page, turn
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import AddressRefused, Conflict, Invalid, NotFound
from crossdock.integrations.addresses import AddressPolicy, check_url
from crossdock.store.engine import Transaction
from crossdock.store.ids import first_id, new_id
from crossdock.store.webhooks import attempts, deliveries, endpoints
from crossdock.store.webhooks.endpoints import Endpoint, Hidden, Secret
from crossdock.webhooks import event_types, headers, operational, sign
from crossdock.webhooks.operational import About, tell_endpoint

HOUR_MS = 3_600_000
END = (1 << 48) - 1


async def listed(visit: Visit) -> Answer:
    asked, application = turn(visit, descending=False), await visit.application_id()

    async def fetch(limit: int) -> list[Endpoint]:
        return await endpoints.page(
            visit.door.database,
            visit.door.vault,
            application,
            asked.after,
            limit,
            descending=asked.descending,
        )

    async def shown(found: list[Endpoint]) -> list[answers.Shown]:
        return [answers.endpoint(one) for one in found]

    return await page(asked, fetch, lambda one: one.id, shown)


async def created(visit: Visit) -> Answer:
    body, application = await visit.body(bodies.EndpointIn), await visit.application_id()
    return Answer(201, answers.endpoint(await _made(visit, application, body, body.uid)))


async def _made(visit: Visit, application: str, body: bodies.EndpointUpsertIn, uid: str | None) -> Endpoint:
    now, given = visit.now_ms, body if isinstance(body, bodies.EndpointIn) else None
    key = checked_secret(given.secret, "secret") if given and given.secret is not None else sign.new_secret()
    hidden = Hidden(
        url=checked_url(visit, body.url),
        secrets=[Secret(key)],
        headers=checked_headers(given.headers) if given and given.headers else {},
    )
    endpoint = Endpoint(
        number=0, id=new_id("ep", now), organization_id=visit.who.organization_id,
        application_id=application, created_ms=now, hidden=hidden,
        **await _members(visit, body), uid=checked_uid(uid, "ep_"),
    )  # fmt: skip
    await visit.door.vault.prepare(endpoint.organization_id)
    async with visit.door.database.transaction() as transaction:
        await _require_free(transaction, endpoint)
        stored = await endpoints.add(transaction, visit.door.vault, endpoint)
        await tell_endpoint(transaction, About.of(stored), "endpoint.created", now)
    return stored


async def _members(visit: Visit, body: bodies.EndpointUpsertIn) -> dict[str, Any]:
    """What a whole endpoint says, but for its URL and what is secret."""
    types, name = body.event_types or body.filter_types, "eventTypes" if body.event_types else "filterTypes"
    return {
        "description": body.description or "",
        "types": await _types(visit, types, name),
        "channels": _unique("channels", body.channels),
        "rate": body.throttle_rate or body.rate_limit,
        "disabled": bool(body.disabled),
        "metadata": checked_metadata(body.metadata),
        "updated_ms": visit.now_ms,
    }


async def one(visit: Visit) -> Answer:
    return Answer(200, answers.endpoint(await visit.endpoint()))


async def upserted(visit: Visit) -> Answer:
    body, application = await visit.body(bodies.EndpointUpsertIn), await visit.application_id()
    reference = visit.part("endpoint_id")
    found = await endpoints.find(visit.door.database, visit.door.vault, application, reference)
    if found is None:
        made = await _made(visit, application, body, body.uid or reference)
        return Answer(201, answers.endpoint(made))
    url, members = checked_url(visit, body.url), await _members(visit, body)
    uid = body.uid if body.uid is not None else found.uid

    def change(now: Endpoint) -> Endpoint:
        return replace(now, **members, uid=uid, hidden=with_members(now.hidden, url=url))

    return Answer(200, answers.endpoint(await changed(visit, found, change)))


async def patched(visit: Visit) -> Answer:
    body, found = await visit.body(bodies.EndpointPatch), await visit.endpoint()
    members = await _given(visit, body)
    hidden: dict[str, Any] = {}
    if body.url is not UNSET:
        hidden["url"] = checked_url(visit, body.url)
    if body.secret is not UNSET and body.secret is not None:
        visit.who.require_held(ROTATE)
        hidden["secrets"] = [Secret(checked_secret(body.secret, "secret"))]

    def change(now: Endpoint) -> Endpoint:
        return replace(now, **members, hidden=with_members(now.hidden, **hidden))

    return Answer(200, answers.endpoint(await changed(visit, found, change)))


async def _given(visit: Visit, body: bodies.EndpointPatch) -> dict[str, Any]:
    """What of an endpoint is to be otherwise, but for its URL and what is secret."""
    members: dict[str, Any] = {"updated_ms": visit.now_ms}
    if body.description is not UNSET:
        members["description"] = body.description or ""
    rate = _either(body.throttle_rate, body.rate_limit)
    if rate is not UNSET:
        members["rate"] = rate or None
    types = _either(body.event_types, body.filter_types)
    if types is not UNSET:
        name = "filterTypes" if body.event_types is UNSET else "eventTypes"
        members["types"] = await _types(visit, types or None, name)
    if body.channels is not UNSET:
        members["channels"] = _unique("channels", body.channels or None)
    for name, value in (("uid", body.uid), ("disabled", body.disabled)):
        if value is not UNSET:
            members[name] = value
    if body.metadata is not UNSET:
        members["metadata"] = checked_metadata(body.metadata)
    return members


def _either(new: Any, old: Any) -> Any:
    """What 2.x clients call it, else what 1.x clients do."""
    return old if new is UNSET else new


async def changed(visit: Visit, found: Endpoint, change: Any) -> Endpoint:
    """Stores an endpoint with a change, and tells the operator. change: a function of what is stored."""
    await visit.door.vault.prepare(found.organization_id)
    async with visit.door.database.transaction() as transaction:
        before = await endpoints.locked(visit.door.database, transaction, visit.door.vault, found.number)
        if before is None:
            raise NotFound(f"there is no endpoint {found.id}")
        after: Endpoint = change(before)
        if after.uid != before.uid:
            checked_uid(after.uid, "ep_")
            await _require_free(transaction, after)
        await endpoints.change(transaction, visit.door.vault, after)
        await _tell(transaction, before, after, visit.now_ms)
    return after


async def _tell(transaction: Transaction, before: Endpoint, after: Endpoint, now_ms: int) -> None:
    about = About.of(after)
    if before.disabled and not after.disabled:
        await endpoints.note_success(transaction, after.number)  # a new beginning
        await tell_endpoint(transaction, about, "endpoint.enabled", now_ms)
    elif after.disabled and not before.disabled:
        await tell_endpoint(transaction, about, "endpoint.disabled", now_ms, failSince=None, trigger="manual")
    await tell_endpoint(transaction, about, "endpoint.updated", now_ms)


async def _require_free(transaction: Transaction, endpoint: Endpoint) -> None:
    """Raises Conflict when the uid is another endpoint's."""
    if endpoint.uid is None:
        return
    await transaction.in_turn(f"endpoints of {endpoint.application_id}")
    if await endpoints.is_taken(transaction, endpoint.application_id, endpoint.uid, endpoint.number):
        raise Conflict(f"there is an endpoint with uid {endpoint.uid} already")


async def deleted(visit: Visit) -> Answer:
    found = await visit.endpoint()
    async with visit.door.database.transaction() as transaction:
        await tell_endpoint(transaction, About.of(found), "endpoint.deleted", visit.now_ms)
        await endpoints.delete(transaction, found.number, visit.now_ms)
    return Answer(204)


# Counts


async def stats(visit: Visit) -> Answer:
    found = await visit.endpoint()
    since, until = visit.moment("since") or 0, visit.moment("until") or END
    counts = await deliveries.counts(
        visit.door.database, found.number, first_id("msg", since), first_id("msg", until)
    )
    return Answer(200, {name: counts.get(state, 0) for state, name in enumerate(answers.STATUSES)})


async def attempt_stats(visit: Visit) -> Answer:
    """Of whole hours: from the beginning of the first to the end of the last."""
    found = await visit.endpoint()
    since, until = visit.moment("since") or 0, visit.moment("until")
    since -= since % HOUR_MS
    end = END if until is None else until + -until % HOUR_MS
    counts = await attempts.counts(
        visit.door.database, found.number, first_id("atmpt", since), first_id("atmpt", end)
    )
    names = {state: answers.STATUSES[state] for state in (0, 2, 4)}
    return Answer(200, {name: counts.get(state, 0) for state, name in names.items()})


# What callers give


async def _types(visit: Visit, types: Iterable[str] | None, name: str) -> tuple[str, ...] | None:
    """name: what the caller calls them."""
    found = _unique(name, types)
    if found is None:
        return None
    offered = (
        set(operational.TYPES)
        if visit.is_operational
        else await event_types.names(visit.door.database, visit.who.organization_id)
    )
    unknown = [one for one in found if one not in offered]
    if unknown:
        raise Invalid({"body": {name: [f"there is no event type {unknown[0]}"]}})
    return found


def _unique(name: str, values: Iterable[str] | UnsetType | None) -> tuple[str, ...] | None:
    if values is None or isinstance(values, UnsetType):
        return None
    found = tuple(values)
    if len(set(found)) != len(found):
        raise Invalid({"body": {name: ["holds the same value twice"]}})
    return found


def checked_url(visit: Visit, url: str) -> str:
    """A URL that may be called, as far as that shows without calling it."""
    fault = None
    if any(ord(one) <= 32 or ord(one) == 127 for one in url):
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


def checked_headers(given: dict[str, str]) -> dict[str, str]:
    faults = headers.faults(given)
    if faults:
        raise Invalid({"body": {"headers": faults}})
    return given
