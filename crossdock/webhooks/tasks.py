"""Bulk work at an endpoint: recover what failed, replay what it never got, replay all that fits a filter.

Each becomes manual attempts: one try each, whatever the endpoint's filters say. A task goes on step by step
in transactions of their own, whoever does them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import Clock, first_id, new_id
from crossdock.store.secrets import Vault
from crossdock.store.webhooks import deliveries, messages, tasks
from crossdock.store.webhooks.deliveries import CHANNEL, New
from crossdock.store.webhooks.messages import EXPIRED, Message, Search
from crossdock.store.webhooks.tasks import FINISHED, RUNNING, Task, Window
from crossdock.webhooks import operational

RECOVER, REPLAY, BULK = "endpoint.recover", "endpoint.replay", "endpoint.bulk-replay"
AT_ONCE = 500
MOST_RECOVERED = 10_000


class Asked(msgspec.Struct, kw_only=True):
    """What a task is about: messages of a time, or what failed in it, and filters."""

    since_ms: int
    until_ms: int
    types: list[str] | None = None
    channel: str | None = None
    tag: str | None = None
    status: int | None = None
    code_class: int | None = None


def begun(organization_id: str, endpoint: int, kind: str, asked: Asked, now_ms: int) -> Task:
    """A new task."""
    return Task(
        id=new_id("qtask", now_ms), organization_id=organization_id, endpoint=endpoint, kind=kind,
        status=RUNNING, asked=msgspec.json.encode(asked).decode(), cursor=_id_at(kind, asked.since_ms),
        sent=0, updated_ms=now_ms,
    )  # fmt: skip


@dataclass(frozen=True)
class _Step:
    """The messages of a step, and the last that was looked at; None: there are no more."""

    ids: Sequence[str]
    cursor: str | None


@dataclass(frozen=True)
class Tasks:
    """Does what tasks there are."""

    database: Database
    vault: Vault
    clock: Clock

    async def work(self) -> bool:
        """A step of the oldest task; whether there was one."""
        if not await tasks.is_any_running(self.database):
            return False
        async with self.database.transaction() as transaction:
            task = await tasks.next_running(self.database, transaction)
            if task is None:
                return False
            await self._step(transaction, task)
        return True

    async def _step(self, transaction: Transaction, task: Task) -> None:
        now, asked = self.clock(), msgspec.json.decode(task.asked, type=Asked)
        window = Window(task.cursor, _id_at(task.kind, asked.until_ms), AT_ONCE)
        step = await {RECOVER: self._failed, REPLAY: self._missing, BULK: self._all}[task.kind](
            transaction, task, asked, window
        )
        ids = list(step.ids)[: MOST_RECOVERED - task.sent] if task.kind == RECOVER else list(step.ids)
        if ids:
            await deliveries.put(transaction, task.endpoint, ids, now, manual=True)
            await transaction.notify(CHANNEL)
        sent = task.sent + len(ids)
        is_over = step.cursor is None or (task.kind == RECOVER and sent >= MOST_RECOVERED)
        status = FINISHED if is_over else RUNNING
        await tasks.get_on(transaction, task.id, status, step.cursor or task.cursor, sent, now)
        if is_over:
            data = {"taskId": task.id, "task": task.kind, "status": status, "data": {"messagesSent": sent}}
            await operational.tell(transaction, task.organization_id, "background_task.finished", data, now)

    async def _failed(self, transaction: Transaction, task: Task, asked: Asked, window: Window) -> _Step:
        found = await tasks.failed(transaction, task.endpoint, window)
        ids = list(dict.fromkeys(message for _, message in found))
        # Whether one succeeded, or had its turn, is asked of the whole time and not of what is left of it.
        whole = replace(window, after=_id_at(task.kind, asked.since_ms))
        first = await tasks.first_failures(self.database, transaction, task.endpoint, ids, whole)
        known = await messages.by_ids(self.database, self.vault, ids)
        wanted = [message for attempt, message in found if attempt in first]
        cursor = _last([attempt for attempt, _ in found], window)
        return _Step([one for one in wanted if _can_go(known.get(one), task)], cursor)

    async def _missing(self, transaction: Transaction, task: Task, _: Asked, window: Window) -> _Step:
        wish = await deliveries.wish(transaction, task.endpoint)
        if wish is None:
            return _Step([], None)
        search = Search(wish.application_id, above=window.after, below=window.until)
        found = await messages.search(
            self.database, self.vault, search, window.limit, descending=False, with_body=False
        )
        wanted = [
            one.id for one in found if _can_go(one, task) and wish.takes(New(one.id, one.type, one.channels))
        ]
        fresh = await tasks.never_tried(self.database, transaction, task.endpoint, wanted)
        return _Step(fresh, _last([one.id for one in found], window))

    async def _all(self, transaction: Transaction, task: Task, asked: Asked, window: Window) -> _Step:
        found = await tasks.attempted(transaction, task.endpoint, window)
        ids = [message for message, state in found if asked.status in (None, state)]
        known = await messages.by_ids(self.database, self.vault, ids)
        ids = [one for one in ids if _can_go(known.get(one), task) and _fits(known[one], asked)]
        if asked.code_class is not None:
            codes = await tasks.last_codes(self.database, transaction, task.endpoint, ids)
            ids = [one for one in ids if codes.get(one, 0) // 100 * 100 == asked.code_class]
        return _Step(ids, _last([message for message, _ in found], window))


def _id_at(kind: str, moment_ms: int) -> str:
    """Where a moment lies among what a task goes through: what failed is found by when it did."""
    return first_id("atmpt", moment_ms) if kind == RECOVER else messages.id_at(moment_ms)


def _last(found: Sequence[str], window: Window) -> str | None:
    return found[-1] if len(found) == window.limit else None


def _can_go(message: Message | None, task: Task) -> bool:
    """Whether there is something to send, and not an example that was made for another endpoint."""
    return message is not None and message.body != EXPIRED and message.is_for(task.endpoint)


def _fits(message: Message, asked: Asked) -> bool:
    return (
        (not asked.types or message.type in asked.types)
        and (asked.channel is None or asked.channel in (message.channels or ()))
        and (asked.tag is None or asked.tag in (message.tags or ()))
    )
