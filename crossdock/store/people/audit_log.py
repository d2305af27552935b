"""The audit log: who did what, when, from where. Rows are only ever added.

An entry is written in the transaction of what it tells, so neither is there without the other. Who acts is
said once, where a caller is let in (`act_as`), and holds for all that is done for that caller. The database
itself refuses to change or remove rows, but for what `prune` announces.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import first_id, new_id

ActorKind = Literal["user", "api_key", "command_line", "link", "sign_on", "system"]
"""A person who signed in; a backend; who is on the server itself; an end user who connects a system; an
identity provider; the product by itself."""

AT_ONCE = 1000
"""Rows that an export reads at a time."""


@dataclass(frozen=True)
class Actor:
    """The one who acts. id and name: of the user, key or link, as they can be shown; address: where from."""

    kind: ActorKind
    id: str = ""
    name: str = ""
    address: str = ""
    request_id: str = ""


SYSTEM = Actor("system")
COMMAND_LINE = Actor("command_line")

_ACTING: ContextVar[tuple[Callable[[], Actor], str]] = ContextVar("acting", default=(lambda: SYSTEM, ""))


def act_as(actor: Callable[[], Actor], operation: str = "") -> None:
    """Have all that is done from here on, in this request or command, be told as this actor's.

    actor: asked only when there is something to tell; operation: what was asked for, by its name.
    """
    _ACTING.set((actor, operation))


def acting() -> Actor:
    """The actor of what is done now; the product by itself where nobody was let in."""
    return _ACTING.get()[0]()


@dataclass(frozen=True)
class AuditEntry:
    """An act, and what it was done to.

    action: noun and participle, "connection.deleted"; subject: the id of what it was done to; detail: what
    changed, never a secret.
    """

    organization_id: str
    actor: Actor
    action: str
    subject: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


async def note(transaction: Transaction, entry: AuditEntry, now_ms: int) -> str:
    """Add an entry, with what it tells of. Its id."""
    entry_id, actor = new_id("audit", now_ms), entry.actor
    await transaction.execute(
        "INSERT INTO audit_log (id, organization_id, at_ms, actor_kind, actor_id, actor_name, address, "
        "request_id, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry_id, entry.organization_id, now_ms, actor.kind, actor.id, actor.name, actor.address,
        actor.request_id, entry.action, entry.subject, msgspec.json.encode(entry.detail).decode(),
    )  # fmt: skip
    return entry_id


async def note_act(
    transaction: Transaction, organization_id: str, action: str, subject: str, now_ms: int, **detail: Any
) -> None:
    """Add what the actor of now does, in the transaction of the act."""
    actor, operation = _ACTING.get()
    told = detail | ({"operation": operation} if operation else {})
    await note(transaction, AuditEntry(organization_id, actor(), action, subject, told), now_ms)


async def note_look(
    database: Database, organization_id: str, action: str, subject: str, now_ms: int, **detail: Any
) -> None:
    """Add that the actor of now is about to see a secret: before it is shown."""
    async with database.transaction() as transaction:
        await note_act(transaction, organization_id, action, subject, now_ms, **detail)


# Reading


@dataclass(frozen=True)
class AuditRow:
    """An entry as it was stored. detail: JSON."""

    id: str
    organization_id: str
    at_ms: int
    actor_kind: str
    actor_id: str
    actor_name: str
    address: str
    request_id: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True)
class AuditFilter:
    """The entries that are wanted. None: whatever it is; organization_id None: everybody's.

    actor: the id, name or kind of who acted; action: the whole, or its noun: "connection".
    """

    organization_id: str | None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def where(self) -> tuple[str, list[object]]:
        """The condition in SQL, and its values."""
        action = self.action or ""
        parts: list[tuple[str, list[object]]] = [
            ("organization_id = ?", [] if self.organization_id is None else [self.organization_id]),
            (
                "(actor_id = ? OR actor_name = ? OR actor_kind = ?)",
                [] if self.actor is None else [self.actor] * 3,
            ),
            (
                "(action = ? OR substr(action, 1, ?) = ?)",
                [action, len(action) + 1, f"{action}."] if action else [],
            ),
            ("subject = ?", [] if self.subject is None else [self.subject]),
            # Ids begin with their time, and lead the index.
            ("id >= ?", [] if self.since_ms is None else [first_id("audit", self.since_ms)]),
            ("id < ?", [] if self.until_ms is None else [first_id("audit", self.until_ms + 1)]),
        ]
        wanted = [(clause, values) for clause, values in parts if values]
        return " AND ".join(clause for clause, _ in wanted) or "1 = 1", [
            value for _, values in wanted for value in values
        ]


_COLUMNS = (
    "id, organization_id, at_ms, actor_kind, actor_id, actor_name, address, request_id, action, subject, "
    "detail"
)


async def page(
    database: Database, audit_filter: AuditFilter, before: str | None, limit: int
) -> list[AuditRow]:
    """The entries, the newest first, older than the id `before`."""
    where, values = audit_filter.where()
    older = "" if before is None else " AND id < ?"
    rows = await database.fetch(
        f"SELECT {_COLUMNS} FROM audit_log WHERE {where}{older} ORDER BY id DESC LIMIT ?",
        *values, *([] if before is None else [before]), limit,
    )  # fmt: skip
    return [_row(row) for row in rows]


async def everything(database: Database, audit_filter: AuditFilter) -> AsyncIterator[list[AuditRow]]:
    """All entries, the oldest first, some at a time."""
    where, values = audit_filter.where()
    after = ""
    while True:
        rows = await database.fetch(
            f"SELECT {_COLUMNS} FROM audit_log WHERE {where} AND id > ? ORDER BY id LIMIT ?",
            *values, after, AT_ONCE,
        )  # fmt: skip
        if not rows:
            return
        yield [_row(row) for row in rows]
        after = str(rows[-1][0])


def _row(row: Row) -> AuditRow:
    return AuditRow(*row)


async def prune(database: Database, before_ms: int, now_ms: int) -> int:
    """Remove the entries from before a moment, and add who did so to each log; how many were removed.

    The one way in which rows are ever removed: the triggers let pass what `audit_prunings` announces, and
    nobody sees that outside this transaction.
    """
    async with database.transaction() as transaction:
        await transaction.in_turn("pruning the audit log")
        counts = await transaction.fetch(
            "SELECT organization_id, count(*) FROM audit_log WHERE at_ms < ? GROUP BY organization_id",
            before_ms,
        )
        await transaction.execute("INSERT INTO audit_prunings (before_ms) VALUES (?)", before_ms)
        await transaction.execute("DELETE FROM audit_log WHERE at_ms < ?", before_ms)
        await transaction.execute("DELETE FROM audit_prunings")
        for organization_id, count in counts:
            detail = {"before_ms": before_ms, "entries": count}
            await note_act(transaction, organization_id, "audit_log.pruned", "", now_ms, **detail)
    return sum(int(count) for _, count in counts)
