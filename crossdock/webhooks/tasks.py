"""Bulk work at an endpoint: recover what failed, replay what it never got, replay all that fits a filter.

Each becomes manual attempts: one try each, whatever types and channels the endpoint has by now, but nothing
of a connection or customer that it is not for. A task goes on step by step in transactions of their own,
whoever does them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import structlog

from crossdock.errors import Unavailable
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, first_id, new_id
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import deliveries, messages, tasks
from crossdock.store.webhooks.deliveries import CHANNEL, NewMessage
from crossdock.store.webhooks.messages import EXPIRED, Message, MessageSearch
from crossdock.store.webhooks.tasks import FAILED, FINISHED, RUNNING, Task, TaskWindow
from crossdock.webhooks import operational

RECOVER, REPLAY, BULK = "endpoint.recover", "endpoint.replay", "endpoint.bulk-replay"
AT_ONCE = 500
MOST_RECOVERED = 10_000

log = structlog.get_logger()


class BulkTaskRequest(msgspec.Struct, kw_only=True):
    """The subject of a task: messages of a time, or what failed in it, and filters."""

    since_ms: int
    until_ms: int
    types: list[str] | None = None
    channel: str | None = None
    tag: str | None = None
    status: int | None = None
    code_class: int | None = None


def begun(
    organization_id: str, endpoint: int, kind: str, bulk_task_request: BulkTaskRequest, now_ms: int
) -> Task:
    """A new task."""
    return Task(
        id=new_id("qtask", now_ms),
        organization_id=organization_id,
        endpoint=endpoint,
        kind=kind,
        status=RUNNING,
        asked=msgspec.json.encode(bulk_task_request).decode(),
        cursor=_id_at(kind, bulk_task_request.since_ms),
        sent=0,
        updated_ms=now_ms,
    )


@dataclass(frozen=True)
class _TaskStep:
    """The messages of a step, and the last that was looked at; None: there are no more."""

    ids: Sequence[str]
    cursor: str | None


@dataclass(frozen=True)
class TaskRunner:
    """Does what tasks there are."""

    database: Database
    vault: Vault
    clock: Clock

    async def work(self) -> bool:
        """A step of the oldest task; whether there was one. One that can't go on fails: others wait."""
        if not await tasks.is_any_running(self.database):
            return False
        task: Task | None = None
        try:
            async with self.database.transaction() as transaction:
                task = await tasks.next_running(transaction)
                if task is None:
                    return False
                await self._step(transaction, task)
        except Unavailable:
            raise
        except Exception:
            if task is None:
                raise
            log.exception("bulk work at an endpoint failed", task=task.id)
            async with self.database.transaction() as transaction:
                await self._end(transaction, replace(task, status=FAILED), self.clock())
        return True

    async def _step(self, transaction: Transaction, task: Task) -> None:
        now, bulk_task_request = self.clock(), msgspec.json.decode(task.asked, type=BulkTaskRequest)
        window = TaskWindow(task.cursor, _id_at(task.kind, bulk_task_request.until_ms), AT_ONCE)
        step = await {RECOVER: self._failed, REPLAY: self._missing, BULK: self._all}[task.kind](
            transaction, task, bulk_task_request, window
        )
        ids = await self._within_scope(transaction, task, step.ids)
        ids = ids[: MOST_RECOVERED - task.sent] if task.kind == RECOVER else ids
        if ids:
            await deliveries.put(transaction, task.endpoint, ids, now, manual=True)
            await transaction.notify(CHANNEL)
        sent = task.sent + len(ids)
        is_over = step.cursor is None or (task.kind == RECOVER and sent >= MOST_RECOVERED)
        task = replace(task, cursor=step.cursor or task.cursor, sent=sent)
        if is_over:
            await self._end(transaction, replace(task, status=FINISHED), now)
        else:
            await tasks.record_progress(transaction, task.id, RUNNING, task.cursor, sent, now)

    async def _within_scope(self, transaction: Transaction, task: Task, ids: Sequence[str]) -> list[str]:
        """The messages among these of connections and customers that the endpoint is for."""
        wish = await deliveries.get_subscription(transaction, task.endpoint)
        if wish is None or wish.is_for_all or not ids:
            return list(ids)
        known_messages = await messages.by_ids(self.database, self.vault, ids)
        return [
            identifier
            for identifier in ids
            if (message := known_messages.get(identifier)) is not None
            and (message.only_endpoint is not None or wish.is_for(message.channels))
        ]

    async def _end(self, transaction: Transaction, task: Task, now_ms: int) -> None:
        """End a task with its status, and tell of it."""
        await tasks.record_progress(transaction, task.id, task.status, task.cursor, task.sent, now_ms)
        sent = {"messagesSent": task.sent}
        data = {"taskId": task.id, "task": task.kind, "status": task.status, "data": sent}
        await operational.emit_operational(
            transaction, task.organization_id, "background_task.finished", data, now_ms
        )

    async def _failed(
        self, transaction: Transaction, task: Task, bulk_task_request: BulkTaskRequest, window: TaskWindow
    ) -> _TaskStep:
        texts = await tasks.failed(transaction, task.endpoint, window)
        ids = list(dict.fromkeys(message for _, message in texts))
        # Whether one succeeded, or had its turn, is asked of the whole time and not of what is left of it.
        whole_task_window = replace(window, after=_id_at(task.kind, bulk_task_request.since_ms))
        first = await tasks.first_failures(transaction, task.endpoint, ids, whole_task_window)
        known_messages = await messages.by_ids(self.database, self.vault, ids)
        wanted_messages = [message for attempt, message in texts if attempt in first]
        cursor = _last([attempt for attempt, _ in texts], window)
        return _TaskStep(
            [message for message in wanted_messages if _can_go(known_messages.get(message), task)], cursor
        )

    async def _missing(
        self, transaction: Transaction, task: Task, _: BulkTaskRequest, window: TaskWindow
    ) -> _TaskStep:
        wish = await deliveries.get_subscription(transaction, task.endpoint)
        if wish is None:
            return _TaskStep([], None)
        search = MessageSearch(wish.application_id, above=window.after, below=window.until)
        matches = await messages.search(
            self.database, self.vault, search, window.limit, descending=False, with_body=False
        )
        ids = [
            message.id
            for message in matches
            if _can_go(message, task) and wish.takes(NewMessage(message.id, message.type, message.channels))
        ]
        fresh = await tasks.never_tried(transaction, task.endpoint, ids)
        return _TaskStep(fresh, _last([message.id for message in matches], window))

    async def _all(
        self, transaction: Transaction, task: Task, bulk_task_request: BulkTaskRequest, window: TaskWindow
    ) -> _TaskStep:
        pairs = await tasks.attempted(transaction, task.endpoint, window)
        ids = [message for message, state in pairs if bulk_task_request.status in (None, state)]
        known_messages = await messages.by_ids(self.database, self.vault, ids)
        ids = [
            identifier
            for identifier in ids
            if _can_go(known_messages.get(identifier), task)
            and _fits(known_messages[identifier], bulk_task_request)
        ]
        if bulk_task_request.code_class is not None:
            codes = await tasks.last_codes(transaction, task.endpoint, ids)
            ids = [
                identifier
                for identifier in ids
                if codes.get(identifier, 0) // 100 * 100 == bulk_task_request.code_class
            ]
        return _TaskStep(ids, _last([message for message, _ in pairs], window))


def _id_at(kind: str, moment_ms: int) -> str:
    """The place of a moment among what a task goes through: what failed is found by when it did."""
    return first_id("atmpt", moment_ms) if kind == RECOVER else messages.id_at(moment_ms)


def _last(texts: Sequence[str], window: TaskWindow) -> str | None:
    return texts[-1] if len(texts) == window.limit else None


def _can_go(message: Message | None, task: Task) -> bool:
    """Check whether there is something to send, and not an example that was made for another endpoint."""
    return message is not None and message.body != EXPIRED and message.is_for(task.endpoint)


def _fits(message: Message, bulk_task_request: BulkTaskRequest) -> bool:
    return (
        (not bulk_task_request.types or message.type in bulk_task_request.types)
        and (bulk_task_request.channel is None or bulk_task_request.channel in (message.channels or ()))
        and (bulk_task_request.tag is None or bulk_task_request.tag in (message.tags or ()))
    )
