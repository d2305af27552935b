"""`crossdock sync`: syncing a connection now, and watching it."""

import asyncio

import typer
from rich.markup import escape

from crossdock.cli import progress
from crossdock.cli.output import console, print_json, say
from crossdock.cli.progress import Watched
from crossdock.config import Settings
from crossdock.connections.lookup import get_by_prefix
from crossdock.connections.schedules import force_sync
from crossdock.services.open import open_services
from crossdock.store.database.engine import Database


async def sync(settings: Settings, reference: str, functions: list[str], *, as_json: bool) -> None:
    """Sync a connection to its end. Ends the command with exit code 1 when a function failed."""
    async with open_services(settings) as services:
        connection = await get_by_prefix(services.database, reference)
        jobs = await force_sync(
            services.database,
            connection,
            functions,
            settings.off,
            services.clock(),
            parameter=("options", "function"),
        )
        # This process works too, in case no worker runs elsewhere; whoever claims a job does it.
        worker = services.worker(connection_id=connection.id)
        working = asyncio.create_task(worker.run())
        try:
            watched = await _watch(services.database, list(jobs.values()), as_json=as_json)
        finally:
            worker.stop()
            await working
    _print(watched, as_json=as_json)
    if any(item.job.state == "failed" for item in watched):
        raise typer.Exit(1)


async def _watch(database: Database, job_ids: list[str], *, as_json: bool) -> list[Watched]:
    if as_json:
        return await progress.watch(database, job_ids, lambda _: None)
    with progress.shown_live() as show:
        return await progress.watch(database, job_ids, show)


def _print(watched: list[Watched], *, as_json: bool) -> None:
    if as_json:
        print_json([progress.as_json(item) for item in watched])
        return
    if not watched:
        say("Nothing to sync.")
        return
    console.print(progress.table(watched))
    for item in watched:
        if item.job.state == "failed":
            say(f"[bold red]{item.job.function}:[/] {escape(item.job.error or 'failed')}")
