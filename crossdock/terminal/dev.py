"""`crossdock dev`: everything in one process on the embedded database, with sandbox data."""

import asyncio
import os
import shlex
import shutil
import signal
import sys
from typing import Any

import msgspec
from rich.markup import escape
from rich.panel import Panel

from crossdock.api.routes import application
from crossdock.app import Services, check_port, open_services, serve
from crossdock.config import Settings, variable
from crossdock.integrations.registry import integration
from crossdock.store import access, connections
from crossdock.store.migrate import migrate
from crossdock.terminal.folder import write_private
from crossdock.terminal.output import console, say

VERTICALS = ("wms", "cart", "carrier")


async def run(settings: Settings) -> None:
    """Serves and works until it is told to stop."""
    check_port(settings, "port")
    await migrate(settings.database)
    async with open_services(settings) as services:
        worker = services.worker()
        note = await _prepared(services)
        started, stop = asyncio.Event(), asyncio.Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, stop.set)
        serving = asyncio.create_task(serve(settings, application(services.door(worker.wake)), started))
        working = asyncio.create_task(worker.run())
        try:
            await _first(started, serving, working)
            _write_note(settings, note)
            _greet(settings, note)
            await _first(stop, serving, working)
        finally:
            worker.stop()
            serving.cancel()
            await asyncio.wait({serving, working})


def _write_note(settings: Settings, note: dict[str, Any]) -> None:
    write_private(settings.folder / "dev.json", msgspec.json.format(msgspec.json.encode(note), indent=2))


async def _first(event: asyncio.Event, *tasks: "asyncio.Task[None]") -> None:
    """Returns when the event is set; raises what a task that ends before it raises."""
    waiting = asyncio.create_task(event.wait())
    done, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in done - {waiting}:
        await task
    waiting.cancel()


async def _prepared(services: Services) -> dict[str, Any]:
    """The organization, a key and the three sandboxes, made where they are missing; as in dev.json."""
    database, now = services.database, services.clock()
    known = await access.organizations(database)
    organization = known[0].id if known else await access.create_organization(database, "Development", now)
    return {
        "base_url": services.settings.url,
        "organization_id": organization,
        "api_key": await _key(services, organization),
        "sandboxes": {kind: await _sandbox(services, organization, kind) for kind in VERTICALS},
    }


async def _key(services: Services, organization: str) -> str:
    """The key of the last time, if it still works."""
    file = services.settings.folder / "dev.json"
    if file.exists():
        key: str = msgspec.json.decode(file.read_bytes())["api_key"]
        caller = await access.caller(services.database, key)
        if caller is not None and caller.organization_id == organization:
            return key
    _, key = await access.create_key(
        services.database, organization, name="development", read_only=False, now_ms=services.clock()
    )
    return key


async def _sandbox(services: Services, organization: str, kind: str) -> dict[str, str]:
    for one in await connections.page(services.database, organization):
        if (one.type, one.integration) == (kind, "sandbox"):
            token = await connections.token(services.database, services.vault, one)
            return {"connection_id": one.uid, "access_token": token}
    made, token = await services.linker.connect(organization, integration(kind, "sandbox"), {})
    return {"connection_id": made.uid, "access_token": token}


def _greet(settings: Settings, note: dict[str, Any]) -> None:
    """What is there now, and what to do next."""
    token = note["sandboxes"]["wms"]["access_token"]
    command = _command(settings)
    console.print(
        Panel.fit(
            f"[bold]Crossdock listens on {note['base_url']}[/]\n"
            f"Three sandboxes (warehouse, shop, carrier) are syncing. Ctrl-C stops.\n"
            f"[dim]For development only: vendors and webhooks at {escape(settings.allowed_addresses)} are "
            f"called.[/]",
            border_style="green",
        )
    )
    say("\n[bold]Read the first orders of the sandbox warehouse:[/]\n")
    say(
        f"  curl -s '{note['base_url']}/wms/orders?limit=2' \\\n"
        f"    -H 'x-trackstar-api-key: {note['api_key']}' \\\n"
        f"    -H 'x-trackstar-access-token: {token}'\n"
    )
    say("[bold]Next, in another terminal:[/]\n")
    say(f"  {command} connections       what is connected, and how it syncs")
    say(f"  {command} connect --help    connect a real system")
    say(f"  {settings.folder / 'dev.json'}    the key and all tokens, for scripts")
    say(f"  {note['base_url']}/openapi.json    every operation\n")


def _command(settings: Settings) -> str:
    """How to call this command from the same folder, on the same data."""
    program = "crossdock" if shutil.which("crossdock") else os.path.relpath(sys.argv[0])
    elsewhere = settings.data_dir != Settings().data_dir
    return f"{variable('data_dir')}={shlex.quote(settings.data_dir)} {program}" if elsewhere else program
