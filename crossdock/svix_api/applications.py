"""Applications. Each organization has one under its own id; it may add others."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
from msgspec import UNSET
from starlette.responses import Response

from crossdock.errors import BadRequest, Conflict, Invalid, NotFound
from crossdock.store.database.engine import Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.people import audit_log
from crossdock.store.webhooks import apps, endpoints, messages, portal
from crossdock.store.webhooks.apps import App
from crossdock.svix_api import answers, bodies
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.paging import page, turn
from crossdock.web.responses import no_content, reply
from crossdock.webhooks.operational import OperationalSubject, tell_endpoint

MOST_METADATA_BYTES = 4096


async def healthy(_: AdminContext) -> Response:
    return no_content()


async def get_list(visit: AdminContext) -> Response:
    page_turn, database, organization = (
        turn(visit, descending=False),
        visit.door.database,
        visit.who.organization_id,
    )
    await apps.ensure_own(database, organization)
    no_endpoints = visit.flag("exclude_apps_with_no_endpoints", otherwise=False)
    all_off = visit.flag("exclude_apps_with_disabled_endpoints", otherwise=False)

    async def fetch(limit: int) -> list[App]:
        found_apps: list[App] = []
        after = page_turn.after
        while len(found_apps) < limit:
            part = await apps.page(database, organization, after, limit, descending=page_turn.descending)
            for app in part:
                number, on = await endpoints.count(database, app.id)
                if not ((no_endpoints and number == 0) or (all_off and number > 0 and on == 0)):
                    found_apps.append(app)
            if len(part) < limit:
                break
            after = part[-1].id
        return found_apps[:limit]

    async def shown(found_apps: list[App]) -> list[answers.Shown]:
        return [answers.application(app) for app in found_apps]

    return await page(page_turn, fetch, lambda app: app.id, shown)


async def created(visit: AdminContext) -> Response:
    body = await visit.body(bodies.ApplicationIn)
    app, is_new = await ensured(visit, body, body.uid)
    if not is_new and not visit.flag("get_if_exists", otherwise=False):
        raise Conflict(f"there is an application with uid {body.uid} already")
    return reply(answers.application(app), 201 if is_new else 200)


async def ensured(visit: AdminContext, body: bodies.ApplicationIn, uid: str | None) -> tuple[App, bool]:
    """The application with this uid, and whether it was made just now."""
    database, organization, now = visit.door.database, visit.who.organization_id, visit.now_ms
    await apps.ensure_own(database, organization)
    fresh = App(
        id=new_id("app", now), organization_id=organization, uid=checked_uid(uid, "app_"), name=body.name,
        rate=body.throttle_rate or body.rate_limit, metadata=checked_metadata(body.metadata), created_ms=now,
        updated_ms=now,
    )  # fmt: skip

    async def work(transaction: Transaction) -> tuple[App, bool]:
        await transaction.in_turn(f"applications of {organization}")
        app = None if uid is None else await apps.named(transaction, organization, uid)
        if app is not None:
            return app, False
        await apps.put(transaction, fresh)
        return fresh, True

    return await database.transact(work)


async def brought(visit: AdminContext, body: bodies.ApplicationIn | None) -> App:
    """The application of the path; made, where a request brings it along. Raises NotFound."""
    app, path = await visit.app_or_none(), visit.part("app_id")
    uid = None if body is None else body.uid
    if uid is not None and uid != path and (app is None or app.uid != uid):
        raise Invalid({"body": {"application.uid": [f"is {uid}, but the path is about {path}"]}})
    if app is None and body is not None:
        app, _ = await ensured(visit, body, path)
    if app is None:
        raise NotFound(f"there is no application {path}")
    return app


async def get_item(visit: AdminContext) -> Response:
    return reply(answers.application(await visit.app()))


async def upserted(visit: AdminContext) -> Response:
    body, app = await visit.body(bodies.ApplicationIn), await visit.app_or_none()
    if app is None:
        path = visit.part("app_id")
        app, is_new = await ensured(visit, body, body.uid or path)
        if is_new:
            return reply(answers.application(app), 201)
        if app.uid != path:
            raise Conflict(f"there is an application with uid {app.uid} already")

    def change(before: App) -> App:
        return replace(
            before, name=body.name, uid=body.uid or before.uid, rate=body.throttle_rate or body.rate_limit,
            metadata=body.metadata or {},
        )  # fmt: skip

    return reply(answers.application(await _stored(visit, app, change)))


async def patched(visit: AdminContext) -> Response:
    body, app = await visit.body(bodies.ApplicationPatch), await visit.app()
    rate = body.throttle_rate if body.throttle_rate is not UNSET else body.rate_limit

    def change(before: App) -> App:
        return replace(
            before,
            name=before.name if body.name is UNSET else body.name,
            uid=before.uid if body.uid is UNSET else body.uid,
            rate=before.rate if rate is UNSET else rate,
            metadata=before.metadata if body.metadata is UNSET else body.metadata or {},
        )

    return reply(answers.application(await _stored(visit, app, change)))


async def _stored(visit: AdminContext, app: App, change: Callable[[App], App]) -> App:
    """The application, changed as it stands when nobody else changes it.

    Raises Conflict when the uid is another one's, BadRequest when it is that of an organization.
    """

    async def work(transaction: Transaction) -> App:
        await transaction.in_turn(f"applications of {app.organization_id}")
        before = await apps.find(transaction, app.organization_id, app.id)
        if before is None:
            raise NotFound(f"there is no application {app.id}")
        changed = _checked(before, replace(change(before), updated_ms=visit.now_ms))
        if changed.uid not in (None, before.uid):
            other_app = await apps.named(transaction, before.organization_id, changed.uid)
            if other_app is not None and other_app.id != before.id:
                raise Conflict(f"there is an application with uid {changed.uid} already")
        await apps.put(transaction, changed)
        return changed

    return await visit.door.database.transact(work)


def _checked(before: App, changed: App) -> App:
    checked_metadata(changed.metadata)
    if changed.uid != before.uid:
        if before.id == before.organization_id:
            raise BadRequest("the uid of the application of an organization is the organization's id")
        checked_uid(changed.uid, "app_")
    return changed


async def deleted(visit: AdminContext) -> Response:
    """Delete an application; that of the organization itself stays, empty: its events belong somewhere."""
    app = await visit.app_or_none()
    if app is None:
        raise NotFound(f"there is no application {visit.part('app_id')}")
    application, organization, name = app.id, app.organization_id, app.name

    async def work(transaction: Transaction) -> None:
        for endpoint_id, uid in await endpoints.delete_all(transaction, application, visit.now_ms):
            about = OperationalSubject(organization, application, endpoint_id, uid)
            await tell_endpoint(transaction, about, "endpoint.deleted", visit.now_ms)
        await messages.delete_all(transaction, application)
        await portal.delete_all(transaction, application)
        await apps.delete(transaction, application)
        await audit_log.note_act(
            transaction, organization, "webhook_application.deleted", application, visit.now_ms, name=name
        )  # fmt: skip

    await visit.door.database.transact(work)
    return no_content()


def checked_uid(uid: str | None, prefix: str) -> str | None:
    if uid is not None and uid.startswith(prefix):
        raise Invalid({"body": {"uid": [f"must not begin with {prefix}: ids of ours do"]}})
    return uid


def checked_metadata(metadata: object) -> dict[str, str]:
    fields: dict[str, str] = dict(metadata or {})  # type: ignore[call-overload]
    if len(msgspec.json.encode(fields)) > MOST_METADATA_BYTES:
        raise Invalid({"body": {"metadata": [f"has more than {MOST_METADATA_BYTES} bytes as JSON"]}})
    return fields
