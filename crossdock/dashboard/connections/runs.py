"""The run history of a connection: what each sync read, how long it took, and how it ended."""

from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.dashboard.connections.head import ConnectionHead, opened_connection
from crossdock.dashboard.context import DashboardContext
from crossdock.errors import Invalid
from crossdock.store.connections import run_history
from crossdock.store.connections.run_history import ReadRun, RunSearch
from crossdock.web.page_tokens import PageTokens
from crossdock.web.pagination import paginate
from crossdock.wire import stamp

PAGE = 50
STATES = {"completed": "done", "failed": "failed", "running": "running", "waiting": "queued"}
"""What people call the states of a run."""
_OUTCOMES = {state: outcome for outcome, state in STATES.items()}
_KINDS = {"sync": "schedule", "on_demand": "on demand", "read_again": "webhook"}


class RunLine(msgspec.Struct, kw_only=True):
    """A run. cause: "schedule", "by hand", "on demand" or "webhook"; rate: of records a second."""

    id: str
    function_name: str
    cause: str
    outcome: str
    error: str | None
    started_at: str | None
    ended_at: str | None
    duration_seconds: float
    records_per_second: float | None
    pages: int
    received: int
    created: int
    updated: int
    unchanged: int
    deleted: int
    set_aside: int


class RunsPage(msgspec.Struct, kw_only=True):
    """A page of runs, the newest first."""

    head: ConnectionHead
    runs: list[RunLine]
    functions: list[str]
    outcomes: list[str]
    filters: dict[str, str]
    next_token: str | None


async def listed(visit: DashboardContext) -> Response:
    """The runs that fit, the newest first."""
    opened = await opened_connection(visit)
    filters = visit.query("function", "outcome")
    outcome = filters.get("outcome", "")
    if outcome and outcome not in STATES:
        raise Invalid({"query": {"outcome": [f"is {outcome[:40]!r}; wanted is {', '.join(STATES)}"]}})
    search = RunSearch(opened.row.id, filters.get("function", ""), STATES.get(outcome, ""))
    tokens = PageTokens(visit.door.page_key, opened.row.id, "dashboard runs")
    before: Any = tokens.key_or_none(visit.query("page_token").get("page_token"), "created")
    current_page = await paginate(
        PAGE,
        lambda limit: run_history.page(visit.door.database, search, before, limit),
        lambda run: tokens.token((run.created_ms, run.job_id), "created"),
    )
    now = visit.door.clock()
    page = RunsPage(
        head=opened.head,
        runs=[line_of(run, now) for run in current_page.items],
        functions=[plan.function for plan in opened.overview.schedules],
        outcomes=list(STATES),
        filters=filters,
        next_token=current_page.next_token,
    )
    return visit.view("connections/runs.html", page, title=opened.head.title)


def line_of(run: ReadRun, now_ms: int) -> RunLine:
    """A run as it is shown."""
    seconds = run.seconds(now_ms)
    return RunLine(
        id=run.job_id,
        function_name=run.function,
        cause="by hand" if run.cause == "force" else _KINDS.get(run.kind, run.kind),
        outcome=_OUTCOMES[run.state],
        error=run.error if run.state == "failed" else None,
        started_at=None if run.started_ms is None else stamp(run.started_ms),
        ended_at=None if run.ended_ms is None else stamp(run.ended_ms),
        duration_seconds=round(seconds, 3),
        records_per_second=round(run.received / seconds, 1) if run.received and seconds else None,
        pages=run.pages,
        received=run.received,
        created=run.created,
        updated=run.updated,
        unchanged=run.unchanged,
        deleted=run.gone,
        set_aside=run.quarantined,
    )
