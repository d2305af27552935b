"""Taking in what happened: events of the feed and signals about endpoints become problems.

An event about a connection's errors says only that they are to be looked at: what is wrong is read from where
it is stored, so that looking twice, or late, comes to the same. All of it in the transaction that moves the
position on.
"""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from crossdock.alerts import kinds
from crossdock.kit import registry
from crossdock.store.alerts import positions, problems, signals
from crossdock.store.alerts.positions import BEGIN, FeedPosition, FollowedEvent
from crossdock.store.alerts.problems import AlertProblem, AlertSubject
from crossdock.store.alerts.signals import AlertSignal
from crossdock.store.connections import connections
from crossdock.store.connections import problems as connection_problems
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.database.engine import Transaction

AT_ONCE = 1000
"""Events that are looked at in a transaction, and signals."""
LOOKED_UP_AT_ONCE = 500
LOOKED_AT = frozenset(
    {"connection-error.created", "connection-error.updated", "connection-error.deleted", "connection.deleted"}
)
WORDS_NEEDED = ("connection.sync-job-stuck", "install.failed")


async def take_in_feed(transaction: Transaction, position: FeedPosition, now_ms: int) -> bool:
    """Take in the next events of an organization; whether there may be more."""
    organization_id = position.organization_id
    if position.seq == BEGIN:
        last = await positions.last_seq(transaction, organization_id)
        await _reconcile(
            transaction,
            organization_id,
            await problems.open_connections(transaction, organization_id),
            now_ms,
        )
        await positions.move(transaction, organization_id, last)
        await positions.plan_at(transaction, organization_id, now_ms)
        return False
    events = await positions.after(transaction, position, WORDS_NEEDED, AT_ONCE)
    if not events:
        return False
    looked_at = sorted({event.connection_id for event in events if event.type in LOOKED_AT})
    await _reconcile(transaction, organization_id, looked_at, now_ms)
    passed = [event for event in events if event.type in WORDS_NEEDED]
    for event in passed:
        await _note_passing(transaction, organization_id, event)
    await positions.move(transaction, organization_id, events[-1].seq)
    if looked_at or passed:
        await positions.plan_at(transaction, organization_id, now_ms)
    return len(events) == AT_ONCE


# What stands: errors of connections


async def _reconcile(
    transaction: Transaction, organization_id: str, connection_ids: Sequence[int], now_ms: int
) -> None:
    """Bring what alerts know of these connections to what is so."""
    for start in range(0, len(connection_ids), LOOKED_UP_AT_ONCE):
        part = connection_ids[start : start + LOOKED_UP_AT_ONCE]
        await _reconcile_part(transaction, organization_id, part, now_ms)


async def _reconcile_part(
    transaction: Transaction, organization_id: str, connection_ids: Sequence[int], now_ms: int
) -> None:
    known = await connections.by_ids(transaction, connection_ids)
    standing = await connection_problems.of_connections(transaction, connection_ids)
    for connection_id in connection_ids:
        before = await problems.of_connection(transaction, organization_id, connection_id)
        connection = known.get(connection_id)
        if connection is None or connection.organization_id != organization_id:
            await problems.withdraw(transaction, [problem.id for problem in before])
            continue
        await _reconcile_one(transaction, connection, before, standing[connection_id], now_ms)


async def _reconcile_one(
    transaction: Transaction,
    connection: ConnectionRow,
    before: Sequence[AlertProblem],
    standing: Sequence[ConnectionProblem],
    now_ms: int,
) -> None:
    by_key = {problem.key: problem for problem in before}
    now_there = {}
    for connection_problem in standing:
        fresh = _of_connection(connection, connection_problem)
        now_there[fresh.key] = fresh
        await put_open(transaction, by_key.get(fresh.key), fresh)
    for problem in before:
        if problem.is_open and problem.key not in now_there and not kinds.kind_of(problem.kind).is_passing:
            await problems.put(transaction, replace(problem, resolved_ms=now_ms, last_ms=now_ms))


def _of_connection(connection: ConnectionRow, problem: ConnectionProblem) -> AlertProblem:
    kind = kinds.kind_of(problem.kind)
    subject = _subject(connection, [problem.function])
    return AlertProblem(
        id="", organization_id=connection.organization_id,
        key=f"connection/{connection.uid}/{problem.aspect}/{problem.kind}/{problem.function}", kind=kind.name,
        connection_id=connection.id, subject=subject, message=problem.message, count=max(1, problem.count),
        first_ms=problem.first_ms, last_ms=problem.last_ms,
    )  # fmt: skip


def _subject(connection: ConnectionRow, functions: Sequence[str] = ()) -> AlertSubject:
    return AlertSubject(
        system=_system(connection.integration, connection.type), connection=connection.uid,
        customer=connection.customer_id or "",
        functions=tuple(function for function in functions if function),
    )  # fmt: skip


def _system(slug: str, kind: str | None = None) -> str:
    """The name of a system as people write it. kind: its type, where that is known."""
    for (known_kind, known_slug), integration in registry.all_integrations().items():
        if known_slug == slug and kind in (None, known_kind):
            return integration.manifest.name
    return slug


async def put_open(transaction: Transaction, before: AlertProblem | None, fresh: AlertProblem) -> bool:
    """Store that a problem stands; whether it has begun by that."""
    if before is None:
        await problems.put(transaction, fresh)
        return True
    has_begun = not before.is_open
    first_ms = fresh.first_ms if has_begun else before.first_ms
    changed = replace(
        fresh, id=before.id, revision=before.revision + has_begun, first_ms=first_ms, resolved_ms=None
    )
    if changed != before:
        await problems.put(transaction, changed)
    return has_begun


# What passes: jobs that are stuck, installs that failed


class _StuckJob(msgspec.Struct):
    function_name: str = ""


class _FailedInstall(msgspec.Struct):
    error_message: str = ""


class _Envelope(msgspec.Struct):
    data: msgspec.Raw
    customer_id: str | None = None
    integration_name: str = ""


async def _note_passing(transaction: Transaction, organization_id: str, event: FollowedEvent) -> None:
    try:
        envelope = msgspec.json.decode(event.body, type=_Envelope)
    except msgspec.MsgspecError:
        return  # its body was erased meanwhile
    fresh = (
        await _stuck_job(transaction, organization_id, event, envelope)
        if event.type == "connection.sync-job-stuck"
        else _failed_install(organization_id, event, envelope)
    )
    if fresh is None:
        return
    before = await problems.by_key(transaction, organization_id, fresh.key)
    if before is not None:
        fresh = replace(
            fresh,
            id=before.id,
            count=before.count + 1,
            revision=before.revision + 1,
            first_ms=before.first_ms,
        )
    await problems.put(transaction, fresh)


async def _stuck_job(
    transaction: Transaction, organization_id: str, event: FollowedEvent, envelope: _Envelope
) -> AlertProblem | None:
    connection = (await connections.by_ids(transaction, [event.connection_id])).get(event.connection_id)
    if connection is None:
        return None
    function = msgspec.json.decode(envelope.data, type=_StuckJob).function_name
    subject = _subject(connection, [function])
    return AlertProblem(
        id="", organization_id=organization_id, key=f"job/{connection.uid}/{function}", kind="sync_job_stuck",
        connection_id=connection.id, subject=subject,
        message=f"An on-demand sync of {function} from {subject.system} does not get on, and was ended.",
        first_ms=event.at_ms, last_ms=event.at_ms,
    )  # fmt: skip


def _failed_install(organization_id: str, event: FollowedEvent, envelope: _Envelope) -> AlertProblem:
    why = msgspec.json.decode(envelope.data, type=_FailedInstall).error_message
    customer = envelope.customer_id or ""
    return AlertProblem(
        id="", organization_id=organization_id, key=f"install/{envelope.integration_name}/{customer}",
        kind="install_failed", message=why,
        subject=AlertSubject(system=_system(envelope.integration_name), customer=customer),
        first_ms=event.at_ms, last_ms=event.at_ms,
    )  # fmt: skip


# Endpoints of webhooks


async def take_in_signals(transaction: Transaction, now_ms: int) -> bool:
    """Take in what happened to endpoints; whether there may be more."""
    new_signals = await signals.take(transaction, AT_ONCE)
    for group in _folded(new_signals):
        await _note_endpoint(transaction, *group)
    for organization_id in sorted({signal.organization_id for signal in new_signals}):
        await positions.plan_at(transaction, organization_id, now_ms)
    return len(new_signals) == AT_ONCE


def _folded(all_signals: Sequence[AlertSignal]) -> list[tuple[AlertSignal, int]]:
    """Signals that say the same of an endpoint one after the other, as the last of them and their number."""
    last: dict[str, tuple[AlertSignal, int]] = {}
    folded: list[tuple[AlertSignal, int]] = []
    for signal in all_signals:
        before = last.get(signal.endpoint_id)
        if before is not None and before[0].type != signal.type:
            folded.append(last.pop(signal.endpoint_id))
            before = None
        last[signal.endpoint_id] = (signal, 1 if before is None else before[1] + 1)
    return [*folded, *last.values()]


async def _note_endpoint(transaction: Transaction, signal: AlertSignal, count: int) -> None:
    failing = await problems.by_key(
        transaction, signal.organization_id, f"endpoint/{signal.endpoint_id}/messages_failing"
    )
    disabled = await problems.by_key(
        transaction, signal.organization_id, f"endpoint/{signal.endpoint_id}/endpoint_disabled"
    )
    if signal.type == signals.EXHAUSTED:
        is_more = failing is not None and failing.is_open
        number = count + (failing.count if failing is not None and is_more else 0)
        await put_open(transaction, failing, _of_endpoint(signal, "messages_failing", number))
    elif signal.type == signals.DISABLED:
        await put_open(transaction, disabled, _of_endpoint(signal, "endpoint_disabled", 1))
        # That messages fail there is said by saying that it is off.
        await _withdraw(transaction, failing)
    elif signal.type == signals.DELETED:
        await _withdraw(transaction, failing, disabled)
    else:
        await _resolve(transaction, signal.at_ms, failing, disabled)


def _of_endpoint(signal: AlertSignal, kind: str, count: int) -> AlertProblem:
    message = (
        f"{count:,} message{'' if count == 1 else 's'} used up all attempts."
        if kind == "messages_failing"
        else "Nothing has arrived there for too long, or it asked for nothing more."
    )
    return AlertProblem(
        id="", organization_id=signal.organization_id, key=f"endpoint/{signal.endpoint_id}/{kind}", kind=kind,
        application_id=signal.application_id,
        subject=AlertSubject(endpoint=signal.endpoint_id, endpoint_host=signal.host),
        message=message, count=count, first_ms=signal.at_ms, last_ms=signal.at_ms,
    )  # fmt: skip


async def _withdraw(transaction: Transaction, *known: AlertProblem | None) -> None:
    await problems.withdraw(transaction, [problem.id for problem in known if problem is not None])


async def _resolve(transaction: Transaction, at_ms: int, *known: AlertProblem | None) -> None:
    for problem in known:
        if problem is not None and problem.is_open:
            await problems.put(transaction, replace(problem, resolved_ms=at_ms, last_ms=at_ms))
