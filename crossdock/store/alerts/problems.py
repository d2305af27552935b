"""Problems as alerts know them, and what each channel was told of them.

begins (revision + 1) ─▶ stands ─▶ is over (resolved_ms) ─▶ forgotten once no channel is owed a word
                           └── withdrawn: its subject is gone, and nobody is told
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from crossdock.store.database.engine import Database, Row, Transaction
from crossdock.store.database.ids import new_id

OPEN, OVER, SKIPPED = "open", "over", "skipped"
PASSING = ("sync_job_stuck", "install_failed")
"""Kinds that happen, and don't stand."""
MOST_CANDIDATES = 10_000
"""Problems that one message may be about."""


class AlertSubject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The subject of a problem; members that say nothing are empty."""

    system: str = ""
    """The name of the connected system, as people write it."""
    connection: str = ""
    """The id that users see."""
    customer: str = ""
    functions: tuple[str, ...] = ()
    """Empty: all of them."""
    endpoint: str = ""
    endpoint_host: str = ""


@dataclass(frozen=True, kw_only=True)
class AlertProblem:
    """A problem. count: how many times, or how much, it stands for; revision: how often it has begun."""

    id: str
    organization_id: str
    key: str
    kind: str
    connection_id: int = 0
    application_id: str = ""
    subject: AlertSubject
    message: str
    count: int = 1
    revision: int = 1
    first_ms: int
    last_ms: int
    resolved_ms: int | None = None

    @property
    def is_open(self) -> bool:
        return self.resolved_ms is None


@dataclass(frozen=True)
class AlertCandidate:
    """A problem that a channel may have to be told of. told: what it was told last; None: nothing."""

    problem: AlertProblem
    told: str | None


_COLUMNS = (
    "id, organization_id, key, kind, connection_id, application_id, subject, message, count, revision, "
    "first_ms, last_ms, resolved_ms"
)
_NAMES = _COLUMNS.split(", ")


def _problem(row: Row) -> AlertProblem:
    values = dict(zip(_NAMES, row, strict=True))
    return AlertProblem(**values | {"subject": msgspec.json.decode(values["subject"], type=AlertSubject)})


def _values(problem: AlertProblem) -> list[object]:
    values = {name: getattr(problem, name) for name in _NAMES}
    return list((values | {"subject": msgspec.json.encode(problem.subject).decode()}).values())


async def by_key(transaction: Transaction, organization_id: str, key: str) -> AlertProblem | None:
    row = await transaction.fetch_one(
        f"SELECT {_COLUMNS} FROM alert_problems WHERE organization_id = ? AND key = ?", organization_id, key
    )
    return None if row is None else _problem(row)


async def of_connection(
    transaction: Transaction, organization_id: str, connection_id: int
) -> list[AlertProblem]:
    rows = await transaction.fetch(
        f"SELECT {_COLUMNS} FROM alert_problems WHERE organization_id = ? AND connection_id = ?",
        organization_id,
        connection_id,
    )
    return [_problem(row) for row in rows]


async def open_connections(transaction: Transaction, organization_id: str) -> list[int]:
    """Connections of which alerts know an open problem, or the store has one."""
    rows = await transaction.fetch(
        "SELECT connection_id FROM alert_problems WHERE organization_id = ? AND connection_id > 0 "
        "AND resolved_ms IS NULL UNION SELECT e.connection_id FROM connection_errors e "
        "JOIN connections c ON c.id = e.connection_id WHERE c.organization_id = ? AND c.deleted_ms IS NULL",
        organization_id,
        organization_id,
    )
    return [row[0] for row in rows]


async def put(transaction: Transaction, problem: AlertProblem) -> None:
    """Store a problem, new or changed. id "": it is new."""
    if not problem.id:
        values = _values(problem)
        values[0] = new_id("prb", problem.last_ms)
        await transaction.execute(
            f"INSERT INTO alert_problems ({_COLUMNS}) VALUES ({', '.join('?' * len(_NAMES))})", *values
        )
        return
    await transaction.execute(
        "UPDATE alert_problems SET subject = ?, message = ?, count = ?, revision = ?, first_ms = ?, "
        "last_ms = ?, resolved_ms = ? WHERE id = ?",
        msgspec.json.encode(problem.subject).decode(), problem.message, problem.count, problem.revision,
        problem.first_ms, problem.last_ms, problem.resolved_ms, problem.id,
    )  # fmt: skip


async def withdraw(transaction: Transaction, problem_ids: Sequence[str]) -> None:
    """Forget problems without a word to anybody."""
    for table, column in (("alert_notices", "problem_id"), ("alert_problems", "id")):
        await transaction.executemany(
            f"DELETE FROM {table} WHERE {column} = ?", [(problem_id,) for problem_id in problem_ids]
        )


async def candidates(
    transaction: Transaction, organization_id: str, channel_id: str, application_id: str | None = None
) -> list[AlertCandidate]:
    """The problems that a channel was not told: those that began since, or are over since; oldest first.

    application_id: only of endpoints of this application.
    """
    names = ", ".join(f"p.{name}" for name in _NAMES)
    rows = await transaction.fetch(
        f"SELECT {names}, n.state FROM alert_problems p LEFT JOIN alert_notices n "
        "ON n.problem_id = p.id AND n.channel_id = ? WHERE p.organization_id = ? AND "
        "((p.resolved_ms IS NULL AND (n.problem_id IS NULL OR n.revision < p.revision)) "
        f"OR (p.resolved_ms IS NOT NULL AND n.state = '{OPEN}')) "
        f"{'' if application_id is None else 'AND p.application_id = ? '}ORDER BY p.first_ms, p.id LIMIT ?",
        channel_id, organization_id, *([] if application_id is None else [application_id]), MOST_CANDIDATES,
    )  # fmt: skip
    return [AlertCandidate(_problem(row[:-1]), row[-1]) for row in rows]


async def applications_with(transaction: Transaction, organization_id: str, kind: str) -> list[str]:
    """Applications with a problem of this kind, open or to be told as over."""
    rows = await transaction.fetch(
        "SELECT DISTINCT application_id FROM alert_problems WHERE organization_id = ? AND kind = ?",
        organization_id,
        kind,
    )
    return [row[0] for row in rows]


async def note_told(
    transaction: Transaction, channel_id: str, told: Iterable[AlertProblem], state: str
) -> None:
    """Note what a channel knows of these problems from now on."""
    await transaction.executemany(
        "INSERT INTO alert_notices (channel_id, problem_id, revision, state) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (channel_id, problem_id) DO UPDATE SET revision = excluded.revision, "
        "state = excluded.state",
        [(channel_id, problem.id, problem.revision, state) for problem in told],
    )


async def forget_skipped(transaction: Transaction, channel_id: str) -> None:
    """Look anew at what a channel's rules passed over."""
    await transaction.execute(
        f"DELETE FROM alert_notices WHERE channel_id = ? AND state = '{SKIPPED}'", channel_id
    )


async def forget_channel(transaction: Transaction, channel_id: str) -> None:
    await transaction.execute("DELETE FROM alert_notices WHERE channel_id = ?", channel_id)


async def forget(database: Database, before_ms: int, at_most: int) -> int:
    """Remove problems that were over before a moment, or have passed; return how many: none at the end."""
    async with database.transaction() as transaction:
        rows = await transaction.fetch(
            "SELECT id FROM alert_problems WHERE resolved_ms < ? "
            "OR (kind IN (?, ?) AND last_ms < ?) ORDER BY id LIMIT ?",
            before_ms, *PASSING, before_ms, at_most,
        )  # fmt: skip
        await withdraw(transaction, [row[0] for row in rows])
    return len(rows)
