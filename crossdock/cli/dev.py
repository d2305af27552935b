"""`crossdock dev`: everything in one process on the embedded database, with sandbox data."""

import asyncio
import os
import shlex
import shutil
import sys
from typing import Any

import msgspec
from rich.markup import escape
from rich.panel import Panel

from crossdock.cli.folder import held, write_private
from crossdock.cli.output import console, say
from crossdock.cli.serving import on_stop
from crossdock.config import Settings, variable
from crossdock.connections.lookup import oldest_of
from crossdock.kit.registry import get_integration
from crossdock.services.api_server import serve_api
from crossdock.services.open import open_services
from crossdock.services.server import check_port
from crossdock.services.wiring import Services
from crossdock.store.connections import access, connections
from crossdock.store.database.migrate import migrate
from crossdock.store.people import users

VERTICALS = ("wms", "cart", "carrier")
SANDBOX = "sandbox"
FIRST_OWNER = "owner@localhost"


async def run(settings: Settings) -> None:
    """Serve and work until told to stop."""
    check_port(settings, "port")
    await migrate(settings.database)
    with held(settings.folder) as is_first:
        await _run(settings, is_first=is_first)


async def _run(settings: Settings, *, is_first: bool) -> None:
    async with open_services(settings) as services:
        worker = services.worker()
        note = await _prepared(services)
        started, stop = asyncio.Event(), asyncio.Event()
        on_stop(stop.set)
        serving = asyncio.create_task(
            serve_api(services, wake=worker.wake, started=started, demo_organization=note["organization_id"])
        )
        working = asyncio.create_task(worker.run())
        try:
            await _first(started, serving, working)
            if is_first:
                _write_note(settings, note)
            _greet(settings, note, await _first_link(services, note["organization_id"]))
            if not is_first:
                _tell_second(settings)
            await _first(stop, serving, working)
        finally:
            worker.stop()
            serving.cancel()
            await asyncio.wait({serving, working})


def _write_note(settings: Settings, note: dict[str, Any]) -> None:
    write_private(settings.folder / "dev.json", msgspec.json.format(msgspec.json.encode(note), indent=2))


def _tell_second(settings: Settings) -> None:
    file = settings.folder / "dev.json"
    say(
        f"[yellow]Another dev serves this folder already:[/] both share its data, and {escape(str(file))} "
        f"goes on naming the address of the first. This one is at {settings.url} while it runs."
    )


async def _first(event: asyncio.Event, *tasks: "asyncio.Task[None]") -> None:
    """Wait for the event, or the end of a task; raise what that task raises."""
    waiting = asyncio.create_task(event.wait())
    done, _ = await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in done - {waiting}:
        await task
    waiting.cancel()


async def _prepared(services: Services) -> dict[str, Any]:
    """The organization, a key and the three sandboxes, made where they are missing; as in dev.json."""
    database, now = services.database, services.clock()
    known_organizations = await access.organizations(database)
    organization = (
        known_organizations[0].id
        if known_organizations
        else await access.create_organization(database, "Development", now)
    )
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
        caller = await access.caller(services.database, key, services.clock())
        if caller is not None and caller.organization_id == organization:
            return key
    _, key = await access.create_key(
        services.database, organization, name="development", read_only=False, now_ms=services.clock()
    )
    return key


async def _sandbox(services: Services, organization: str, kind: str) -> dict[str, str]:
    connection = await oldest_of(services.database, organization, kind, SANDBOX)
    if connection is None:
        connection, token = await services.connector.connect(organization, get_integration(kind, SANDBOX), {})
    else:
        token = await connections.token(services.database, services.vault, connection)
    return {"connection_id": connection.uid, "access_token": token}


async def _first_link(services: Services, organization_id: str) -> str | None:
    """A link that signs the first owner in; None when an owner signed in before."""
    members = await users.of_organization(services.database, organization_id)
    if any(membership.user.last_sign_in_ms is not None for membership in members):
        return None
    for membership in members:
        if membership.user.email == FIRST_OWNER:
            return (await services.identity.members.link(membership.user)).link
    made = await services.identity.members.create(organization_id, FIRST_OWNER, "", "owner")
    return made.link


def _greet(settings: Settings, note: dict[str, Any], link: str | None) -> None:
    """Print what is there now, and what to do next. link: of an owner who never signed in."""
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
    if link is not None:
        say(f"[bold]Sign in as the first owner, {FIRST_OWNER} (works once):[/]\n")
        say(f"  {link}\n")
    say("[bold]Next, in another terminal:[/]\n")
    say(f"  {command} connections       what is connected, and how it syncs")
    say(f"  {command} connect --help    connect a real system")
    say(f"  {settings.folder / 'dev.json'}    the key and all tokens, for scripts")
    say(f"  {note['base_url']}/dashboard    health, connections and calls, once you are signed in")
    say(f"  {note['base_url']}/connect/demo    the button that end users connect with")
    say(f"  {note['base_url']}/openapi.json    every operation\n")


def _command(settings: Settings) -> str:
    """The command line that calls this command from the same folder, on the same data."""
    program = "crossdock" if shutil.which("crossdock") else f"{os.path.relpath(sys.executable)} -m crossdock"
    elsewhere = settings.data_dir != Settings().data_dir
    return f"{variable('data_dir')}={shlex.quote(settings.data_dir)} {program}" if elsewhere else program
