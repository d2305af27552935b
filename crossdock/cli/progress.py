"""Watching syncs live: a line a function, with pages, records a second, and what they did."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.live import Live
from rich.table import Table

from crossdock.cli.output import console
from crossdock.store.connections import runs
from crossdock.store.connections.runs import Run
from crossdock.store.database.engine import Database
from crossdock.store.jobs import queue
from crossdock.store.jobs.queue import JobRow

EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Watched:
    """A job and, once it began, its run."""

    job: JobRow
    run: Run | None


async def look(database: Database, job_ids: Iterable[str]) -> list[Watched]:
    watched_items = []
    for job_id in job_ids:
        job = await queue.get(database, job_id)
        if job is not None:
            watched_items.append(Watched(job, await runs.get(database, job_id)))
    return watched_items


async def watch(
    database: Database, job_ids: list[str], show: Callable[[list[Watched]], object]
) -> list[Watched]:
    """Wait until all jobs have ended. show: is told now and then how they come along."""
    while True:
        watched_items = await look(database, job_ids)
        show(watched_items)
        if all(watched.job.state in ("done", "failed") for watched in watched_items):
            return watched_items
        await asyncio.sleep(EVERY_SECONDS)


@contextmanager
def shown_live() -> Iterator[Callable[[list[Watched]], object]]:
    """Show the jobs where people look, and nothing elsewhere; gone at the end of the block."""
    if not console.is_terminal:
        yield lambda _: None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda watched_items: live.update(table(watched_items), refresh=True)


MARKS = {"queued": "[dim]·[/]", "running": "[cyan]…[/]", "done": "[green]✓[/]", "failed": "[red]✗[/]"}
COUNTS = ("created", "updated", "unchanged", "gone", "quarantined")
RARE = ("gone", "quarantined")
"""Shown only when there are any, so that the rest fits."""


def table(watched: list[Watched]) -> Table:
    """The state of the jobs, for people: it fits on 80 columns."""
    counts = [
        name
        for name in COUNTS
        if name not in RARE or any(getattr(watched.run, name, 0) for watched in watched)
    ]
    shown = Table(header_style="bold", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    shown.add_column("")
    shown.add_column("function", overflow="fold")
    for name in ("pages", "records", "/s", *counts):
        shown.add_column("set aside" if name == "quarantined" else name, justify="right", no_wrap=True)
    for current_watched in watched:
        shown.add_row(*_cells(current_watched, counts))
    return shown


def _cells(watched: Watched, counts: list[str]) -> list[str]:
    mark, run = MARKS[watched.job.state], watched.run
    if run is None:
        return [mark, watched.job.function]
    return [
        mark,
        watched.job.function,
        f"{run.pages:,}",
        f"{run.received:,}",
        f"{rate(run):,.0f}",
        *(f"{getattr(run, name):,}" for name in counts),
    ]


def rate(run: Run) -> float:
    """Records a second so far."""
    return run.received / max(0.001, (run.progress_ms - run.started_ms) / 1000)


def as_json(watched: Watched) -> dict[str, object]:
    """A job's result, for programs."""
    run = watched.run
    return {
        "job_id": watched.job.id,
        "function": watched.job.function,
        "state": watched.job.state,
        "error": watched.job.error,
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
