"""The catalogue of event types: ours, and those that the organization added."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from msgspec import UNSET
from starlette.responses import Response

from crossdock.errors import Conflict, NotFound
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.webhooks import event_types as stored
from crossdock.svix_api import answers, bodies
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.paging import page, turn
from crossdock.web.responses import no_content, reply
from crossdock.webhooks import event_types
from crossdock.webhooks.event_types import Known


async def get_list(visit: AdminContext) -> Response:
    page_turn = turn(visit, descending=False)
    above, below = page_turn.bounds(None, None)
    archived = visit.flag("include_archived", otherwise=False)
    with_content = visit.flag("with_content", otherwise=True)
    flags = None if visit.who.portal is None else visit.who.portal.feature_flags
    known_event_types = await event_types.all_of(visit.door.database, visit.who.organization_id)

    def is_wanted(event_type: Known) -> bool:
        beyond = (above is None or event_type.name > above) and (below is None or event_type.name < below)
        may_see = (
            flags is None or not event_type.feature_flags or not flags.isdisjoint(event_type.feature_flags)
        )
        return beyond and may_see and (archived or not event_type.archived)

    async def fetch(limit: int) -> list[Known]:
        in_order = sorted(
            known_event_types.values(), key=lambda event_type: event_type.name, reverse=page_turn.descending
        )
        return [event_type for event_type in in_order if is_wanted(event_type)][:limit]

    async def shown(types: list[Known]) -> list[answers.Shown]:
        return [answers.event_type(event_type, with_content=with_content) for event_type in types]

    return await page(page_turn, fetch, lambda event_type: event_type.name, shown)


async def _alone(visit: AdminContext, work: Callable[[Transaction], Awaitable[Response]]) -> Response:
    """Do the work in a transaction in which nobody else changes the organization's event types."""

    async def in_turn(transaction: Transaction) -> Response:
        await transaction.in_turn(f"event types of {visit.who.organization_id}")
        return await work(transaction)

    return await visit.door.database.transact(in_turn)


async def _known_type(visit: AdminContext, reader: Database | Transaction) -> Known:
    name = visit.part("name")
    event_type = await event_types.get(reader, visit.who.organization_id, name)
    if event_type is None:
        raise NotFound(f"there is no event type {name}")
    return event_type


async def get_item(visit: AdminContext) -> Response:
    return reply(answers.event_type(await _known_type(visit, visit.door.database), with_content=True))


def _new_type(name: str, body: bodies.EventTypeUpsertIn, now_ms: int) -> Known:
    flags = body.feature_flags or ([body.feature_flag] if body.feature_flag else None)
    return Known(
        name=name, description=body.description, archived=bool(body.archived),
        deprecated=bool(body.deprecated), schemas=body.schemas, group_name=body.group_name,
        feature_flags=None if flags is None else tuple(flags), created_ms=now_ms, updated_ms=now_ms,
    )  # fmt: skip


async def _put(
    visit: AdminContext, transaction: Transaction, event_type: Known, status: int = 200
) -> Response:
    await stored.put(transaction, visit.who.organization_id, event_type)
    return reply(answers.event_type(event_type, with_content=True), status)


async def created(visit: AdminContext) -> Response:
    """One that was archived comes back."""
    body = await visit.body(bodies.EventTypeIn)

    async def work(transaction: Transaction) -> Response:
        before = await event_types.get(transaction, visit.who.organization_id, body.name)
        if before is not None and not before.archived:
            raise Conflict(f"there is an event type {body.name} already")
        return await _put(visit, transaction, _new_type(body.name, body, visit.now_ms), 201)

    return await _alone(visit, work)


async def upserted(visit: AdminContext) -> Response:
    body, name = await visit.body(bodies.EventTypeUpsertIn), visit.part("name")
    event_type = _new_type(name, body, visit.now_ms)

    async def work(transaction: Transaction) -> Response:
        before = await event_types.get(transaction, visit.who.organization_id, name)
        if before is None:
            return await _put(visit, transaction, event_type, 201)
        schemas = before.schemas if body.schemas is None and event_types.is_ours(name) else event_type.schemas
        changed = replace(event_type, created_ms=before.created_ms, schemas=schemas)
        return await _put(visit, transaction, changed)

    return await _alone(visit, work)


async def patched(visit: AdminContext) -> Response:
    body = await visit.body(bodies.EventTypePatch)
    names = ("description", "archived", "deprecated", "schemas", "group_name")
    values = {name: value for name in names if (value := getattr(body, name)) is not UNSET}
    if body.feature_flags is not UNSET:
        values["feature_flags"] = None if body.feature_flags is None else tuple(body.feature_flags)
    elif body.feature_flag is not UNSET:
        values["feature_flags"] = None if body.feature_flag is None else (body.feature_flag,)

    async def work(transaction: Transaction) -> Response:
        event_type = await _known_type(visit, transaction)
        return await _put(visit, transaction, replace(event_type, **values, updated_ms=visit.now_ms))

    return await _alone(visit, work)


async def deleted(visit: AdminContext) -> Response:
    """Into the archive, or for good; ours can't go for good, since they are sent all the same."""
    for_good = visit.flag("expunge", otherwise=False)

    async def work(transaction: Transaction) -> Response:
        event_type = await _known_type(visit, transaction)
        if for_good and not event_types.is_ours(event_type.name):
            await stored.delete(transaction, visit.who.organization_id, event_type.name, visit.now_ms)
        else:
            await _put(visit, transaction, replace(event_type, archived=True, updated_ms=visit.now_ms))
        return no_content()

    return await _alone(visit, work)
