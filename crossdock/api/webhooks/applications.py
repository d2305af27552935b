"""Applications. Each organization has one under its own id; it may add others."""

from dataclasses import replace

import msgspec
from msgspec import UNSET

from crossdock.api.webhooks import answers, bodies
from crossdock.api.webhooks.paging import page, turn
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import BadRequest, Conflict, Invalid, NotFound
from crossdock.store.ids import new_id
from crossdock.store.webhooks import apps, endpoints, messages, portal
from crossdock.store.webhooks.apps import App
from crossdock.webhooks.operational import About, tell_endpoint

MOST_METADATA_BYTES = 4096


async def healthy(_: Visit) -> Answer:
    return Answer(204)


async def listed(visit: Visit) -> Answer:
    asked, database, organization = (
        turn(visit, descending=False),
        visit.door.database,
        visit.who.organization_id,
    )
    await apps.ensure_own(database, organization)
    no_endpoints = visit.flag("exclude_apps_with_no_endpoints", otherwise=False)
    all_off = visit.flag("exclude_apps_with_disabled_endpoints", otherwise=False)

    async def fetch(limit: int) -> list[App]:
        found: list[App] = []
        after = asked.after
        while len(found) < limit:
            part = await apps.page(database, organization, after, limit, descending=asked.descending)
            for one in part:
                number, on = await endpoints.count(database, one.id)
                if not ((no_endpoints and number == 0) or (all_off and number > 0 and on == 0)):
                    found.append(one)
            if len(part) < limit:
                break
            after = part[-1].id
        return found[:limit]

    async def shown(found: list[App]) -> list[answers.Shown]:
        return [answers.application(one) for one in found]

    return await page(asked, fetch, lambda one: one.id, shown)


async def created(visit: Visit) -> Answer:
    body = await visit.body(bodies.ApplicationIn)
    made, is_new = await ensured(visit, body, body.uid)
    if not is_new and not visit.flag("get_if_exists", otherwise=False):
        raise Conflict(f"there is an application with uid {body.uid} already")
    return Answer(201 if is_new else 200, answers.application(made))


async def ensured(visit: Visit, body: bodies.ApplicationIn, uid: str | None) -> tuple[App, bool]:
    """The application with this uid, and whether it was made just now."""
    database, organization, now = visit.door.database, visit.who.organization_id, visit.now_ms
    await apps.ensure_own(database, organization)
    fresh = App(
        id=new_id("app", now), organization_id=organization, uid=checked_uid(uid, "app_"), name=body.name,
        rate=body.throttle_rate or body.rate_limit, metadata=checked_metadata(body.metadata), created_ms=now,
        updated_ms=now,
    )  # fmt: skip
    async with database.transaction() as transaction:
        await transaction.in_turn(f"applications of {organization}")
        found = None if uid is None else await apps.named(transaction, organization, uid)
        if found is not None:
            return found, False
        await apps.put(transaction, fresh)
    return fresh, True


async def brought(visit: Visit, body: bodies.ApplicationIn | None) -> App:
    """The application of the path; made, where a request brings it along. Raises NotFound."""
    found, path = await visit.app_or_none(), visit.part("app_id")
    uid = None if body is None else body.uid
    if uid is not None and uid != path and (found is None or found.uid != uid):
        raise Invalid({"body": {"application.uid": [f"is {uid}, but the path is about {path}"]}})
    if found is None and body is not None:
        found, _ = await ensured(visit, body, path)
    if found is None:
        raise NotFound(f"there is no application {path}")
    return found


async def one(visit: Visit) -> Answer:
    return Answer(200, answers.application(await visit.app()))


async def upserted(visit: Visit) -> Answer:
    body, found = await visit.body(bodies.ApplicationIn), await visit.app_or_none()
    if found is None:
        path = visit.part("app_id")
        found, is_new = await ensured(visit, body, body.uid or path)
        if is_new:
            return Answer(201, answers.application(found))
        if found.uid != path:
            raise Conflict(f"there is an application with uid {found.uid} already")
    changed = replace(
        found, name=body.name, uid=body.uid or found.uid, rate=body.throttle_rate or body.rate_limit,
        metadata=body.metadata or {},
    )  # fmt: skip
    return Answer(200, answers.application(await _stored(visit, found, changed)))


async def patched(visit: Visit) -> Answer:
    body, found = await visit.body(bodies.ApplicationPatch), await visit.app()
    rate = body.throttle_rate if body.throttle_rate is not UNSET else body.rate_limit
    changed = replace(
        found,
        name=found.name if body.name is UNSET else body.name,
        uid=found.uid if body.uid is UNSET else body.uid,
        rate=found.rate if rate is UNSET else rate,
        metadata=found.metadata if body.metadata is UNSET else body.metadata or {},
    )
    return Answer(200, answers.application(await _stored(visit, found, changed)))


async def _stored(visit: Visit, before: App, changed: App) -> App:
    """Raises Conflict when the uid is another one's, BadRequest when it is that of an organization."""
    checked_metadata(changed.metadata)
    if before.id == before.organization_id and changed.uid != before.uid:
        raise BadRequest("the uid of the application of an organization is the organization's id")
    if changed.uid != before.uid:
        checked_uid(changed.uid, "app_")
    changed = replace(changed, updated_ms=visit.now_ms)
    async with visit.door.database.transaction() as transaction:
        await transaction.in_turn(f"applications of {before.organization_id}")
        if changed.uid is not None:
            other = await apps.named(transaction, before.organization_id, changed.uid)
            if other is not None and other.id != before.id:
                raise Conflict(f"there is an application with uid {changed.uid} already")
        await apps.put(transaction, changed)
    return changed


async def deleted(visit: Visit) -> Answer:
    """That of the organization itself stays, empty: its events belong somewhere."""
    found = await visit.app_or_none()
    if found is None:
        raise NotFound(f"there is no application {visit.part('app_id')}")
    async with visit.door.database.transaction() as transaction:
        for endpoint_id, uid in await endpoints.delete_all(transaction, found.id, visit.now_ms):
            about = About(found.organization_id, found.id, endpoint_id, uid)
            await tell_endpoint(transaction, about, "endpoint.deleted", visit.now_ms)
        await messages.delete_all(transaction, found.id)
        await portal.delete_all(transaction, found.id)
        await apps.delete(transaction, found.id)
    return Answer(204)


def checked_uid(uid: str | None, prefix: str) -> str | None:
    if uid is not None and uid.startswith(prefix):
        raise Invalid({"body": {"uid": [f"must not begin with {prefix}: ids of ours do"]}})
    return uid


def checked_metadata(metadata: object) -> dict[str, str]:
    found: dict[str, str] = dict(metadata or {})  # type: ignore[call-overload]
    if len(msgspec.json.encode(found)) > MOST_METADATA_BYTES:
        raise Invalid({"body": {"metadata": [f"has more than {MOST_METADATA_BYTES} bytes as JSON"]}})
    return found
