"""Watching syncs live: a line a function, with pages, records a second, and what they did."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.live import Live
from rich.table import Table

from crossdock.store import jobs, runs
from crossdock.store.engine import Database
from crossdock.store.jobs import Job
from crossdock.store.runs import Run
from crossdock.terminal.output import console

EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Watched:
    """A job and, once it began, its run."""

    job: Job
    run: Run | None


async def look(database: Database, job_ids: Iterable[str]) -> list[Watched]:
    found = []
    for job_id in job_ids:
        job = await jobs.get(database, job_id)
        if job is not None:
            found.append(Watched(job, await runs.get(database, job_id)))
    return found


async def watch(
    database: Database, job_ids: list[str], each: Callable[[list[Watched]], object]
) -> list[Watched]:
    """Returns when all jobs have ended. each: is told now and then how they come along."""
    while True:
        found = await look(database, job_ids)
        each(found)
        if all(one.job.state in ("done", "failed") for one in found):
            return found
        await asyncio.sleep(EVERY_SECONDS)


@contextmanager
def shown_live() -> Iterator[Callable[[list[Watched]], object]]:
    """Shows what it is told where people look, and nothing elsewhere; gone at the end of the block."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda found: live.update(table(found), refresh=True)


MARKS = {"queued": "[dim]·[/]", "running": "[cyan]…[/]", "done": "[green]✓[/]", "failed": "[red]✗[/]"}
COUNTS = ("created", "updated", "unchanged", "gone", "quarantined")
RARE = ("gone", "quarantined")
"""Shown only when there are any, so that the rest fits."""


def table(watched: list[Watched]) -> Table:
    """The state of the jobs, for people: it fits on 80 columns."""
    counts = [
        name for name in COUNTS if name not in RARE or any(getattr(one.run, name, 0) for one in watched)
    ]
    shown = Table(header_style="bold", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    shown.add_column("")
    shown.add_column("function", overflow="fold")
    for name in ("pages", "records", "/s", *counts):
        shown.add_column("set aside" if name == "quarantined" else name, justify="right", no_wrap=True)
    for one in watched:
        shown.add_row(*_cells(one, counts))
    return shown


def _cells(one: Watched, counts: list[str]) -> list[str]:
    mark, run = MARKS[one.job.state], one.run
    if run is None:
        return [mark, one.job.function]
    return [
        mark,
        one.job.function,
        f"{run.pages:,}",
        f"{run.received:,}",
        f"{rate(run):,.0f}",
        *(f"{getattr(run, name):,}" for name in counts),
    ]


def rate(run: Run) -> float:
    """Records a second so far."""
    return run.received / max(0.001, (run.progress_ms - run.started_ms) / 1000)


def as_json(one: Watched) -> dict[str, object]:
    """A job's result, for programs."""
    run = one.run
    return {
        "job_id": one.job.id,
        "function": one.job.function,
        "state": one.job.state,
        "error": one.job.error,
        "first": run.first if run else None,
        "pages": run.pages if run else 0,
        "received": run.received if run else 0,
        "created": run.created if run else 0,
        "updated": run.updated if run else 0,
        "unchanged": run.unchanged if run else 0,
        "gone": run.gone if run else 0,
        "quarantined": run.quarantined if run else 0,
        "records_per_second": round(rate(run), 1) if run else 0.0,
    }
