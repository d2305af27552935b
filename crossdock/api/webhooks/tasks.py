"""Bulk work: recover, replay what is missing, replay all; and how it goes."""

from datetime import datetime

from crossdock.api.webhooks import answers, bodies
from crossdock.api.webhooks.paging import DAY_MS, page, turn
from crossdock.api.webhooks.visit import Answer, Visit
from crossdock.errors import BadRequest, Invalid, NotFound
from crossdock.store.webhooks import endpoints, tasks
from crossdock.store.webhooks.deliveries import CHANNEL
from crossdock.store.webhooks.tasks import Task, Wanted
from crossdock.webhooks.tasks import BULK, RECOVER, REPLAY, Asked, begun

MOST_DAYS = 14
KINDS = (
    REPLAY, RECOVER, BULK, "application.stats", "application.purge_content", "event-type.aggregate",
    "message.broadcast", "sdk.generate",
)  # fmt: skip


async def recovering(visit: Visit) -> Answer:
    body = await visit.body(bodies.WindowIn)
    asked = _asked(visit, body)
    if asked.until_ms - asked.since_ms > MOST_DAYS * DAY_MS:
        text = f"lies more than {MOST_DAYS} days before `until`"
        raise Invalid({"body": {"since": [text]}})
    return await _begun(visit, RECOVER, asked)


async def replaying(visit: Visit) -> Answer:
    return await _begun(visit, REPLAY, _asked(visit, await visit.body(bodies.WindowIn)))


async def bulk_replaying(visit: Visit) -> Answer:
    body = await visit.body(bodies.BulkReplayIn)
    asked = _asked(visit, body)
    asked.types, asked.channel, asked.tag = body.event_types, body.channel, body.tag
    asked.status, asked.code_class = body.status, body.status_code_class
    return await _begun(visit, BULK, asked)


def _asked(visit: Visit, body: bodies.WindowIn) -> Asked:
    since, until = _ms(body.since), visit.now_ms + 1 if body.until is None else _ms(body.until)
    if since > until:
        raise Invalid({"body": {"since": ["lies behind `until`"]}})
    return Asked(since_ms=since, until_ms=until)


def _ms(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1000))


async def _begun(visit: Visit, kind: str, asked: Asked) -> Answer:
    found = await visit.endpoint()
    if found.disabled:
        raise BadRequest("the endpoint is disabled: nothing is sent there", code="endpoint_disabled")
    task = begun(found.organization_id, found.number, kind, asked, visit.now_ms)
    async with visit.door.database.transaction() as transaction:
        await tasks.add(transaction, task)
        await transaction.notify(CHANNEL)
    visit.door.wake()
    return Answer(202, answers.task_begun(task))


async def listed(visit: Visit) -> Answer:
    asked = turn(visit, descending=True)
    status = visit.choice("status", ("running", "finished", "failed"))
    kind = visit.choice("task", KINDS)

    async def fetch(limit: int) -> list[Task]:
        wanted = Wanted(visit.who.organization_id, status, kind, asked.after)
        return await tasks.page(visit.door.database, wanted, limit, descending=asked.descending)

    async def shown(found: list[Task]) -> list[answers.Shown]:
        return [answers.task(one) for one in found]

    return await page(asked, fetch, lambda one: one.id, shown)


async def one(visit: Visit) -> Answer:
    found = await tasks.get(visit.door.database, visit.who.organization_id, visit.part("task_id"))
    if found is not None and visit.who.portal is not None:
        application = await endpoints.application_of(visit.door.database, found.endpoint)
        found = found if application == visit.who.portal.application_id else None
    if found is None:
        raise NotFound(f"there is no task {visit.part('task_id')}")
    return Answer(200, answers.task(found))
