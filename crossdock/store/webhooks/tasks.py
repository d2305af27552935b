"""Bulk work at one endpoint: recover, replay what is missing, replay all. Done a step at a time.

A step adds some manual deliveries and moves the cursor, in one transaction: a crash repeats nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.people import audit_log

RUNNING, FINISHED, FAILED = "running", "finished", "failed"


@dataclass(frozen=True)
class Task:
    """asked: JSON; cursor: the id of the last message, or attempt, that was looked at."""

    id: str
    organization_id: str
    endpoint: int
    kind: str
    status: str
    asked: str
    cursor: str
    sent: int
    updated_ms: int


_COLUMNS = "id, organization_id, endpoint, kind, status, asked, cursor, sent, updated_ms"


def _task(row: Row) -> Task:
    return Task(*row)


async def add(transaction: Transaction, task: Task) -> None:
    await transaction.execute(
        f"INSERT INTO webhook_tasks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        task.id, task.organization_id, task.endpoint, task.kind, task.status, task.asked, task.cursor,
        task.sent, task.updated_ms,
    )  # fmt: skip
    await audit_log.note_act(
        transaction, task.organization_id, "webhook_task.started", task.id, task.updated_ms, kind=task.kind
    )


async def next_running(transaction: Transaction) -> Task | None:
    """A task with work left that nobody else is at."""
    row = await transaction.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_tasks WHERE status = 'running' ORDER BY id LIMIT 1"
        f"{transaction.skip_locked}"
    )
    return None if row is None else _task(row)


async def is_any_running(database: Database) -> bool:
    row = await database.fetch_one("SELECT 1 FROM webhook_tasks WHERE status = 'running' LIMIT 1")
    return row is not None


async def record_progress(
    transaction: Transaction, task_id: str, status: str, cursor: str, sent: int, now_ms: int
) -> None:
    await transaction.execute(
        "UPDATE webhook_tasks SET status = ?, cursor = ?, sent = ?, updated_ms = ? WHERE id = ?",
        status, cursor, sent, now_ms, task_id,
    )  # fmt: skip


async def get(database: Database, organization_id: str, task_id: str) -> Task | None:
    row = await database.fetch_one(
        f"SELECT {_COLUMNS} FROM webhook_tasks WHERE id = ? AND organization_id = ?", task_id, organization_id
    )
    return None if row is None else _task(row)


@dataclass(frozen=True)
class TaskRequest:
    """A search for tasks of an organization, from behind an id."""

    organization_id: str
    status: str | None
    kind: str | None
    after: str | None


async def page(database: Database, task_request: TaskRequest, limit: int, *, descending: bool) -> list[Task]:
    comparison, order = ("<", "DESC") if descending else (">", "ASC")
    sql, values = "organization_id = ?", [task_request.organization_id]
    for condition, value in (
        ("status = ?", task_request.status),
        ("kind = ?", task_request.kind),
        (f"id {comparison} ?", task_request.after),
    ):
        if value is not None:
            sql, values = f"{sql} AND {condition}", [*values, value]
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM webhook_tasks WHERE {sql} ORDER BY id {order} LIMIT ?", *values, limit
    )
    return [_task(row) for row in rows]


# Which messages a task is about: those at its endpoint, in the order of their ids


@dataclass(frozen=True)
class TaskWindow:
    """A window of ids, behind one and before another."""

    after: str
    until: str
    limit: int


async def failed(transaction: Transaction, endpoint: int, window: TaskWindow) -> list[tuple[str, str]]:
    """(attempt, message) of what failed there. The window is of attempts."""
    await transaction.seek_first()
    rows = await transaction.fetch(
        "SELECT id, message_id FROM webhook_attempts WHERE endpoint = ? AND id > ? AND id < ? AND status = 2 "
        "ORDER BY id LIMIT ?",
        endpoint, window.after, window.until, window.limit,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


async def first_failures(
    transaction: Transaction,
    endpoint: int,
    message_ids: Sequence[str],
    window: TaskWindow,
) -> set[str]:
    """Of each of these messages the first attempt there in a time that failed, where none succeeded."""
    # Looked for by message alone: an endpoint has many more attempts than a message.
    condition, bound = transaction.one_of("message_id", message_ids)
    rows = await transaction.fetch(
        f"SELECT message_id, id, status, endpoint FROM webhook_attempts WHERE {condition}", bound
    )
    first: dict[str, str] = {}
    arrived = set[str]()
    for message, attempt, status, where in rows:
        if where != endpoint or not window.after <= attempt < window.until:
            continue
        if status == 0:
            arrived.add(message)
        elif status == 2:
            first[message] = min(attempt, first.get(message, attempt))
    return {attempt for message, attempt in first.items() if message not in arrived}


async def attempted(transaction: Transaction, endpoint: int, window: TaskWindow) -> list[tuple[str, int]]:
    """(message, state) of all that was tried there."""
    rows = await transaction.fetch(
        "SELECT message_id, state FROM webhook_deliveries WHERE endpoint = ? AND message_id > ? "
        "AND message_id < ? AND manual = 0 AND state <> 1 ORDER BY message_id LIMIT ?",
        endpoint, window.after, window.until, window.limit,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


async def never_tried(transaction: Transaction, endpoint: int, message_ids: list[str]) -> list[str]:
    """The messages among these that have no delivery there, done or to come."""
    condition, bound = transaction.one_of("message_id", message_ids)
    rows = await transaction.fetch(
        f"SELECT message_id FROM webhook_deliveries WHERE endpoint = ? AND {condition}", endpoint, bound
    )
    there = {row[0] for row in rows}
    return [message_id for message_id in message_ids if message_id not in there]


async def last_codes(transaction: Transaction, endpoint: int, message_ids: list[str]) -> dict[str, int]:
    """The code that answered the latest attempt of each of these messages there."""
    condition, bound = transaction.one_of("message_id", message_ids)
    rows = await transaction.fetch(
        f"SELECT message_id, code FROM webhook_attempts WHERE endpoint = ? AND {condition} ORDER BY id",
        endpoint,
        bound,
    )
    return {row[0]: row[1] for row in rows}
