"""On-demand syncs: windows of time that a caller has read, a backfill of one function. `sync/` reads them.

asked for ─▶ open ─┬─ the walk ends ───────────────▶ completed
                   ├─ the caller cancels ──────────▶ cancelled   at the next page, if it runs
                   └─ it fails, or gets nowhere ───▶ stuck
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from crossdock.errors import BadRequest, Invalid, NotFound
from crossdock.jobs.queue import enqueue
from crossdock.resources import dates
from crossdock.store.connections import connections, on_demand
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.on_demand import OnDemandRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.jobs import queue
from crossdock.store.people import audit_log
from crossdock.wire import stamp

LONGEST = timedelta(days=3 * 365 + 1)
AHEAD_MS = 300_000
"""How far a caller's clock may be ahead of ours: what lies so far in the future is taken as now."""

log = structlog.get_logger()


@dataclass(frozen=True)
class SyncWindow:
    """From a moment to a later one, in milliseconds."""

    start_ms: int
    end_ms: int


def parse_window(start_time: str, end_time: str, now_ms: int) -> SyncWindow:
    """The window between two times. Raises Invalid naming every one that does not fit."""
    texts = {"start_time": start_time, "end_time": end_time}
    moments: dict[str, int] = {}
    faults: dict[str, list[str]] = {}
    for name, text in texts.items():
        try:
            moments[name] = _until_now(dates.milliseconds(text), now_ms)
        except ValueError as problem:
            faults[name] = [str(problem)]
    if not faults:
        faults = _window_faults(texts, moments, now_ms)
    if faults:
        raise Invalid({"json": faults})
    return SyncWindow(moments["start_time"], moments["end_time"])


def _until_now(moment_ms: int, now_ms: int) -> int:
    return now_ms if now_ms < moment_ms <= now_ms + AHEAD_MS else moment_ms


def _window_faults(texts: dict[str, str], moments: dict[str, int], now_ms: int) -> dict[str, list[str]]:
    start_ms, end_ms = moments["start_time"], moments["end_time"]
    faults = {
        name: [f"{texts[name]} is more than five minutes in the future"]
        for name, moment in moments.items()
        if moment > now_ms
    }
    if start_ms == now_ms:
        faults["start_time"] = [f"{texts['start_time']} is not in the past"]
    elif end_ms <= start_ms:
        faults.setdefault("end_time", []).append(f"{texts['end_time']} is not after {texts['start_time']}")
    elif end_ms - start_ms > LONGEST / timedelta(milliseconds=1):
        faults.setdefault("start_time", []).append("the window is longer than three years")
    return faults


async def open_window(
    database: Database, connection: ConnectionRow, function: str, window: SyncWindow, now_ms: int
) -> OnDemandRow:
    """Open an on-demand sync; the connection's scheduled syncs are held from now on."""

    async def work(transaction: Transaction) -> OnDemandRow:
        if not await connections.lock(transaction, connection.id):
            raise NotFound("the connection was deleted", record_id=connection.uid)
        job_id = await enqueue(
            transaction,
            kind="on_demand",
            connection_id=connection.id,
            function=function,
            cause="on_demand",
            now_ms=now_ms,
        )
        if job_id is None:
            raise RuntimeError("a window was taken for one that is open already")
        row = OnDemandRow(
            id=new_id("osj", now_ms),
            connection_id=connection.id,
            function=function,
            start_ms=window.start_ms,
            end_ms=window.end_ms,
            status="open",
            job_id=job_id,
            created_ms=now_ms,
            ended_ms=None,
        )
        await on_demand.create(transaction, row)
        await audit_log.note_act(
            transaction, connection.organization_id, "sync_job.created", row.id, now_ms,
            connection_id=connection.uid, function=function,
        )  # fmt: skip
        return row

    return await database.transact(work)


async def get_window(database: Database, connection: ConnectionRow, window_id: str) -> OnDemandRow:
    """A connection's on-demand sync. Raises NotFound."""
    row = await on_demand.get(database, connection.id, window_id)
    if row is None:
        raise NotFound(f"there is no sync job {window_id!r}", record_id=window_id)
    return row


async def cancel_window(
    database: Database, connection: ConnectionRow, window_id: str, now_ms: int
) -> OnDemandRow:
    """Cancel an open on-demand sync; one that runs stops before it stores another page.

    Raises NotFound, and BadRequest for one that had ended.
    """
    row = await get_window(database, connection, window_id)

    async def work(transaction: Transaction) -> bool:
        # The job first: whoever ends a window begins there, so that nobody waits for each other.
        await queue.fail_open(transaction, row.job_id, "cancelled", now_ms)
        if not await on_demand.end(transaction, row.id, "cancelled", now_ms):
            return False
        await audit_log.note_act(
            transaction, connection.organization_id, "sync_job.cancelled", row.id, now_ms,
            connection_id=connection.uid,
        )  # fmt: skip
        return True

    is_cancelled = await database.transact(work)
    row = await get_window(database, connection, window_id)
    if not is_cancelled:
        raise BadRequest(f"the sync job {row.id} is {row.status}; only an open one can be cancelled")
    log.info("window cancelled", function=row.function, job=row.job_id)
    return row


def describe(connection: ConnectionRow, row: OnDemandRow) -> dict[str, Any]:
    """An on-demand sync as the API and its events show it."""
    return {
        "id": row.id,
        "sync_job_id": row.id,
        "connection_id": connection.uid,
        "function_name": row.function,
        "requested_start_time": stamp(row.start_ms),
        "requested_end_time": stamp(row.end_ms),
        "status": row.status,
        "created_at": stamp(row.created_ms),
    }
