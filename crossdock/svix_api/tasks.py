"""Bulk work: recover, replay what is missing, replay all; and how it goes."""

from datetime import datetime

from starlette.responses import Response

from crossdock.errors import BadRequest, Invalid, NotFound
from crossdock.resources.event_types import proper_name
from crossdock.store.database.engine import Transaction
from crossdock.store.webhooks import endpoints, tasks
from crossdock.store.webhooks.deliveries import CHANNEL
from crossdock.store.webhooks.tasks import Task, TaskRequest
from crossdock.svix_api import answers, bodies
from crossdock.svix_api.context import AdminContext
from crossdock.svix_api.paging import DAY_MS, page, turn
from crossdock.web.responses import reply
from crossdock.webhooks.tasks import BULK, RECOVER, REPLAY, BulkTaskRequest, begun

MOST_DAYS = 14
KINDS = (
    REPLAY, RECOVER, BULK, "application.stats", "application.purge_content", "event-type.aggregate",
    "message.broadcast", "sdk.generate",
)  # fmt: skip


async def recovering(visit: AdminContext) -> Response:
    body = await visit.body(bodies.WindowIn)
    bulk_task_request = _task_request(visit, body)
    if bulk_task_request.until_ms - bulk_task_request.since_ms > MOST_DAYS * DAY_MS:
        text = f"lies more than {MOST_DAYS} days before `until`"
        raise Invalid({"body": {"since": [text]}})
    return await _begun(visit, RECOVER, bulk_task_request)


async def replaying(visit: AdminContext) -> Response:
    return await _begun(visit, REPLAY, _task_request(visit, await visit.body(bodies.WindowIn)))


async def bulk_replaying(visit: AdminContext) -> Response:
    body = await visit.body(bodies.BulkReplayIn)
    bulk_task_request = _task_request(visit, body)
    bulk_task_request.types = (
        None if body.event_types is None else [proper_name(event_type) for event_type in body.event_types]
    )
    bulk_task_request.channel, bulk_task_request.tag = body.channel, body.tag
    bulk_task_request.status, bulk_task_request.code_class = body.status, body.status_code_class
    return await _begun(visit, BULK, bulk_task_request)


def _task_request(visit: AdminContext, body: bodies.WindowIn) -> BulkTaskRequest:
    since, until = _ms(body.since), visit.now_ms + 1 if body.until is None else _ms(body.until)
    if since > until:
        raise Invalid({"body": {"since": ["lies behind `until`"]}})
    return BulkTaskRequest(since_ms=since, until_ms=until)


def _ms(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1000))


async def _begun(visit: AdminContext, kind: str, bulk_task_request: BulkTaskRequest) -> Response:
    endpoint = await visit.endpoint()
    if endpoint.disabled:
        raise BadRequest("the endpoint is disabled: nothing is sent there", code="endpoint_disabled")
    task = begun(endpoint.organization_id, endpoint.number, kind, bulk_task_request, visit.now_ms)

    async def work(transaction: Transaction) -> None:
        await tasks.add(transaction, task)
        await transaction.notify(CHANNEL)

    await visit.door.database.transact(work)
    visit.door.wake()
    return reply(answers.task_begun(task), 202)


async def get_list(visit: AdminContext) -> Response:
    page_turn = turn(visit, descending=True)
    status = visit.choice("status", ("running", "finished", "failed"))
    kind = visit.choice("task", KINDS)

    async def fetch(limit: int) -> list[Task]:
        task_request = TaskRequest(visit.who.organization_id, status, kind, page_turn.after)
        return await tasks.page(visit.door.database, task_request, limit, descending=page_turn.descending)

    async def shown(found_tasks: list[Task]) -> list[answers.Shown]:
        return [answers.task(task) for task in found_tasks]

    return await page(page_turn, fetch, lambda task: task.id, shown)


async def get_item(visit: AdminContext) -> Response:
    task = await tasks.get(visit.door.database, visit.who.organization_id, visit.part("task_id"))
    if task is not None and visit.who.portal is not None:
        application = await endpoints.application_of(visit.door.database, task.endpoint)
        task = task if application == visit.who.portal.application_id else None
    if task is None:
        raise NotFound(f"there is no task {visit.part('task_id')}")
    return reply(answers.task(task))
