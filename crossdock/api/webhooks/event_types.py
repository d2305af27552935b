"""The catalogue of event types: ours, and those that the organization added."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from msgspec import UNSET

from crossdock.api.webhooks import answers, bodies
from crossdock.api.webhooks.paging import page, turn
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import Conflict, NotFound
from crossdock.store.engine import Database, Transaction
from crossdock.store.webhooks import event_types as stored
from crossdock.webhooks import event_types
from crossdock.webhooks.event_types import Known


async def listed(visit: Visit) -> Answer:
    asked = turn(visit, descending=False)
    above, below = asked.bounds(None, None)
    archived = visit.flag("include_archived", otherwise=False)
    with_content = visit.flag("with_content", otherwise=True)
    flags = None if visit.who.portal is None else visit.who.portal.feature_flags
    known = await event_types.all_of(visit.door.database, visit.who.organization_id)

    def is_wanted(one: Known) -> bool:
        beyond = (above is None or one.name > above) and (below is None or one.name < below)
        may_see = flags is None or not one.feature_flags or not flags.isdisjoint(one.feature_flags)
        return beyond and may_see and (archived or not one.archived)

    async def fetch(limit: int) -> list[Known]:
        in_order = sorted(known.values(), key=lambda one: one.name, reverse=asked.descending)
        return [one for one in in_order if is_wanted(one)][:limit]

    async def shown(found: list[Known]) -> list[answers.Shown]:
        return [answers.event_type(one, with_content=with_content) for one in found]

    return await page(asked, fetch, lambda one: one.name, shown)


@asynccontextmanager
async def _alone(visit: Visit) -> AsyncIterator[Transaction]:
    """A transaction in which nobody else changes the organization's event types."""
    async with visit.door.database.transaction() as transaction:
        await transaction.in_turn(f"event types of {visit.who.organization_id}")
        yield transaction


async def _found(visit: Visit, reader: Database | Transaction) -> Known:
    name = visit.part("name")
    found = await event_types.get(reader, visit.who.organization_id, name)
    if found is None:
        raise NotFound(f"there is no event type {name}")
    return found


async def one(visit: Visit) -> Answer:
    return Answer(200, answers.event_type(await _found(visit, visit.door.database), with_content=True))


def _made(name: str, body: bodies.EventTypeUpsertIn, now_ms: int) -> Known:
    flags = body.feature_flags or ([body.feature_flag] if body.feature_flag else None)
    return Known(
        name=name, description=body.description, archived=bool(body.archived),
        deprecated=bool(body.deprecated), schemas=body.schemas, group_name=body.group_name,
        feature_flags=None if flags is None else tuple(flags), created_ms=now_ms, updated_ms=now_ms,
    )  # fmt: skip


async def _put(visit: Visit, transaction: Transaction, one: Known, status: int = 200) -> Answer:
    await stored.put(transaction, visit.who.organization_id, one)
    return Answer(status, answers.event_type(one, with_content=True))


async def created(visit: Visit) -> Answer:
    """One that was archived comes back."""
    body = await visit.body(bodies.EventTypeIn)
    async with _alone(visit) as transaction:
        before = await event_types.get(transaction, visit.who.organization_id, body.name)
        if before is not None and not before.archived:
            raise Conflict(f"there is an event type {body.name} already")
        return await _put(visit, transaction, _made(body.name, body, visit.now_ms), 201)


async def upserted(visit: Visit) -> Answer:
    body, name = await visit.body(bodies.EventTypeUpsertIn), visit.part("name")
    made = _made(name, body, visit.now_ms)
    async with _alone(visit) as transaction:
        before = await event_types.get(transaction, visit.who.organization_id, name)
        if before is None:
            return await _put(visit, transaction, made, 201)
        schemas = before.schemas if body.schemas is None and event_types.is_ours(name) else made.schemas
        changed = replace(made, created_ms=before.created_ms, schemas=schemas)
        return await _put(visit, transaction, changed)


async def patched(visit: Visit) -> Answer:
    body = await visit.body(bodies.EventTypePatch)
    names = ("description", "archived", "deprecated", "schemas", "group_name")
    given = {name: value for name in names if (value := getattr(body, name)) is not UNSET}
    if body.feature_flags is not UNSET:
        given["feature_flags"] = None if body.feature_flags is None else tuple(body.feature_flags)
    elif body.feature_flag is not UNSET:
        given["feature_flags"] = None if body.feature_flag is None else (body.feature_flag,)
    async with _alone(visit) as transaction:
        found = await _found(visit, transaction)
        return await _put(visit, transaction, replace(found, **given, updated_ms=visit.now_ms))


async def deleted(visit: Visit) -> Answer:
    """Into the archive, or for good; ours can't go for good, since they are sent all the same."""
    for_good = visit.flag("expunge", otherwise=False)
    async with _alone(visit) as transaction:
        found = await _found(visit, transaction)
        if for_good and not event_types.is_ours(found.name):
            await stored.delete(transaction, visit.who.organization_id, found.name)
        else:
            await _put(visit, transaction, replace(found, archived=True, updated_ms=visit.now_ms))
    return Answer(204)
