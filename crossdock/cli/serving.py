"""The commands that run until they are told to stop: `crossdock dev`, `serve` and `work`."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from crossdock import config
from crossdock.cli.folder import dev_settings
from crossdock.cli.output import stop
from crossdock.config import Settings
from crossdock.errors import CrossdockError, SettingsError

app = typer.Typer()


@app.command()
def dev(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Start everything in one process, with sandbox data: server, worker, SQLite.

    The data folder (CROSSDOCK_DATA_DIR, "data") keeps the database, a secret key and dev.json with the
    base URL, an API key and the sandboxes' access tokens. Vendors on this machine may be reached.
    """
    from crossdock import logs
    from crossdock.cli import dev as development

    try:
        settings = dev_settings(os.environ, port=port)
        logs.configure(settings, unless_set="warning")
        asyncio.run(development.run(settings))
    except CrossdockError as problem:
        stop(problem, as_json=False)


@app.command()
def serve() -> None:
    """Start the API server. Needs CROSSDOCK_SECRET_KEY and a migrated database."""
    _operate(_serve)


@app.command()
def work(
    concurrency: Annotated[int | None, typer.Option(help="Sync runs at a time.", min=1, max=256)] = None,
) -> None:
    """Start a worker: it syncs what is due. Any number of them may share one database."""
    _operate(lambda settings: _work(settings, concurrency))


async def _serve(settings: Settings) -> None:
    from crossdock.services.api_server import serve_api
    from crossdock.services.open import open_services

    async with open_services(settings) as services:
        task = asyncio.create_task(serve_api(services))
        on_stop(task.cancel)
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()


async def _work(settings: Settings, concurrency: int | None) -> None:
    from crossdock.services.metrics_server import metrics_served
    from crossdock.services.open import open_services

    async with open_services(settings) as services, metrics_served(services):
        worker = services.worker(concurrency=concurrency)
        on_stop(worker.stop)
        await worker.run()


def _operate(service: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a service: on the operator's own settings, never on those of `dev`."""
    import structlog

    from crossdock import logs

    try:
        settings = config.load()
        if not settings.secret_key:
            raise SettingsError(
                "CROSSDOCK_SECRET_KEY is not set; make one with `openssl rand -base64 32` and keep it safe. "
                "To try things out, use `crossdock dev`."
            )
        logs.configure(settings, unless_set="info")
        for name in config.unknown(os.environ):
            structlog.get_logger().warning("no such setting", variable=name)
        asyncio.run(service(settings))
    except CrossdockError as problem:
        stop(problem, as_json=False)


def on_stop(act: Callable[[], object]) -> None:
    """Have `act` called when the process is asked to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, act)
