"""The command line: thin. `crossdock --help` says what there is."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock import config
from crossdock.config import Settings
from crossdock.errors import CrossdockError, Invalid, NotFound, SettingsError
from crossdock.terminal import invoices
from crossdock.terminal.folder import dev_settings, is_dev
from crossdock.terminal.listen import listen
from crossdock.terminal.output import print_json, print_settings, print_table, say, stop

if TYPE_CHECKING:
    from crossdock.store.access import Organization

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Crossdock: one API for warehouse systems, carts and carriers.\n\n"
    "Start with `crossdock dev`: a server, a worker and sandbox data in one process. "
    "Settings come from the environment; `crossdock settings` lists them.",
)
keys = typer.Typer(no_args_is_help=True, help="API keys: what your backend signs in with.")
app.add_typer(keys, name="keys")
organizations = typer.Typer(no_args_is_help=True, help="Organizations: who owns keys and connections.")
app.add_typer(organizations, name="organizations")
app.command()(listen)
app.add_typer(invoices.app, name="invoices")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Reference = Annotated[str, typer.Argument(help="The id of a connection, or the beginning of it.")]


def main() -> None:
    app(prog_name="crossdock")


def _tell_version(wanted: bool) -> None:
    if wanted:
        say(f"crossdock {version('crossdock')}")
        raise typer.Exit


@app.callback()
def every_command(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Takes what comes before the command."""


def _run(work: Callable[[Settings], Coroutine[Any, Any, None]], *, as_json: bool = False) -> None:
    """Runs a command on the settings; an expected failure is told in a line."""
    from crossdock import logs

    try:
        settings = _settings()
        logs.configure(settings, unless_set="error")
        asyncio.run(work(settings))
    except CrossdockError as problem:
        stop(problem, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _settings() -> Settings:
    """The settings; those of `dev` for a data folder that `dev` made."""
    folder = config.load().folder
    return dev_settings(os.environ) if is_dev(folder) else config.load()


# Running


@app.command()
def dev(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Start everything in one process, with sandbox data: server, worker, SQLite.

    The data folder (CROSSDOCK_DATA_DIR, "data") keeps the database, a secret key and dev.json with the
    base URL, an API key and the sandboxes' access tokens. Vendors on this machine may be reached.
    """
    from crossdock import logs
    from crossdock.terminal import dev as development

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

    async def worked(settings: Settings) -> None:
        from crossdock.app import metrics_served, open_services

        async with open_services(settings) as services, metrics_served(services):
            worker = services.worker(concurrency=concurrency)
            _on_stop(worker.stop)
            await worker.run()

    _operate(worked)


async def _serve(settings: Settings) -> None:
    from crossdock.api.routes import application
    from crossdock.app import open_services
    from crossdock.app import serve as serve_app

    async with open_services(settings) as services:
        serving = asyncio.create_task(serve_app(settings, application(services.door())))
        _on_stop(serving.cancel)
        await asyncio.wait({serving})
        if not serving.cancelled():
            serving.result()


def _operate(work: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Runs a service: on the operator's own settings, never on those of `dev`."""
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
        asyncio.run(work(settings))
    except CrossdockError as problem:
        stop(problem, as_json=False)


def _on_stop(act: Callable[[], object]) -> None:
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, act)


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this version's schema. Safe to run again, and while servers run."""

    async def migrated(settings: Settings) -> None:
        from crossdock.store.migrate import migrate as bring

        before, after = await bring(settings.database)
        if as_json:
            print_json({"before": before, "after": after})
        elif before == after:
            say(f"The database is at schema {after} already.")
        else:
            say(f"Migrated from {before or 'nothing'} to {after}.")

    _run(migrated, as_json=as_json)


@app.command()
def settings(as_json: AsJson = False) -> None:
    """List every setting: its variable, value, default and meaning. Secrets are not shown."""

    async def listed(loaded: Settings) -> None:
        rows = config.described(loaded)
        if as_json:
            print_json(rows)
        else:
            print_settings(rows)
            for name in config.unknown(os.environ):
                say(f"[yellow]{name}[/] is set, but there is no such setting.")

    _run(listed, as_json=as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that can be wrong (settings, disk, database, key, clock, queue), and say what to do.

    It changes nothing. The exit code is 1 when something fails.
    """
    from crossdock import logs
    from crossdock.terminal import doctor as examination

    found: Settings | SettingsError
    try:
        found = settings = _settings()
        logs.configure(settings, unless_set="error")
    except SettingsError as problem:
        found = problem
    asyncio.run(examination.run(found, as_json=as_json))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to; it must not exist yet.")],
    as_json: AsJson = False,
) -> None:
    """Copy the embedded database (SQLite) into one file, while everything runs.

    For PostgreSQL use pg_dump. Restoring either: docs/self-hosting.md.
    """
    from crossdock.terminal import backup as copying

    _run(lambda settings: copying.run(settings, file, as_json=as_json), as_json=as_json)


# Keys


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for: it is listed under this name.")],
    read_only: Annotated[bool, typer.Option("--read-only", help="The key may only read.")] = False,
    organization: Annotated[str | None, typer.Option(help="Whose; needed when there are several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key. It is shown this once. The first key also makes the organization."""

    async def created(settings: Settings) -> None:
        from crossdock.app import open_services
        from crossdock.store import access

        async with open_services(settings) as services:
            now = services.clock()
            known = await access.organizations(services.database)
            if not known and organization is None:
                owner = await access.create_organization(services.database, name, now)
            else:
                owner = _one_of(known, organization)
            key_id, key = await access.create_key(
                services.database, owner, name=name, read_only=read_only, now_ms=now
            )
        if as_json:
            print_json({"id": key_id, "organization_id": owner, "api_key": key, "read_only": read_only})
            return
        say(f"Key [bold]{key_id}[/] of {owner}. Keep it now, it is not shown again:")
        say(key)

    _run(created, as_json=as_json)


def _one_of(known: "list[Organization]", wanted: str | None) -> str:
    """The id of the organization meant. Raises NotFound or Invalid with what there is."""
    ids = [one.id for one in known]
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted is None:
        raise Invalid({"options": {"organization": [f"say which with --organization: {', '.join(ids)}"]}})
    if wanted not in ids:
        raise NotFound(f"there is no organization {wanted!r}", record_id=wanted)
    return wanted


# Organizations


@organizations.command("list")
def list_organizations(as_json: AsJson = False) -> None:
    """List organizations and what they have differently from the settings."""
    from crossdock.terminal import tenants

    _run(lambda settings: tenants.listed(settings, as_json=as_json), as_json=as_json)


@organizations.command("set")
def set_organization(
    organization: Annotated[str | None, typer.Option(help="Whose; needed when there are several.")] = None,
    lookback_days: Annotated[
        int | None, typer.Option(help="How far back first syncs read.", min=0, max=1096)
    ] = None,
    disabled: Annotated[
        str | None, typer.Option(help="Functions that are off, separated by commas; empty: none is.")
    ] = None,
    derived_ledger: Annotated[
        bool | None,
        typer.Option(
            "--derived-ledger/--no-derived-ledger",
            help="Keep a ledger of stock where the system keeps none, from the changes that syncs find.",
        ),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="As the settings say, for all.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change what an organization has differently: how far back it reads, and which functions are off.

    Example: `crossdock organizations set --lookback-days 365 --disabled get_bills`
    """
    from crossdock.terminal import tenants

    change = tenants.Change(lookback_days, disabled, derived_ledger, reset)
    _run(
        lambda settings: tenants.change(
            settings, change, pick=lambda known: _one_of(known, organization), as_json=as_json
        ),
        as_json=as_json,
    )


@keys.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List API keys; the keys themselves are not kept, only their last letters."""

    async def listed(settings: Settings) -> None:
        from crossdock.app import open_services
        from crossdock.changes.document import stamp
        from crossdock.store import access

        async with open_services(settings) as services:
            found = await access.keys(services.database)
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "kind": one.kind,
                "ends_with": one.hint,
                "created_at": stamp(one.created_ms),
                "revoked_at": None if one.revoked_ms is None else stamp(one.revoked_ms),
                "organization_id": one.organization_id,
            }
            for one in found
        ]
        if as_json:
            print_json(rows)
            return
        if len({row["organization_id"] for row in rows}) == 1:
            rows = [{**row, "organization_id": None} for row in rows]
        print_table("API keys", rows, "There are no keys yet: crossdock keys create NAME")

    _run(listed, as_json=as_json)


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The id of the key, as `keys list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """End a key: from now on it opens nothing."""

    async def revoked(settings: Settings) -> None:
        from crossdock.app import open_services
        from crossdock.store import access

        async with open_services(settings) as services:
            if not await access.revoke_key(services.database, key_id, services.clock()):
                raise NotFound(f"there is no working key {key_id!r}", record_id=key_id)
        if as_json:
            print_json({"id": key_id, "revoked": True})
        else:
            say(f"Key {key_id} is revoked.")

    _run(revoked, as_json=as_json)


# Connections


@app.command()
def connect(
    name: Annotated[str, typer.Argument(help="The integration: its slug, such as tryton.")],
    fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A sign-in field; repeat for more.")
    ] = None,
    customer_id: Annotated[str | None, typer.Option(help="Your own id of the customer.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="wms, cart, carrier or freight.")] = None,
    organization: Annotated[str | None, typer.Option(help="Whose; needed when there are several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Connect a customer's system: the credentials are tried first, then stored encrypted.

    Example: `crossdock connect tryton --set url=https://erp.example.com/db --set user=api
    --set password=-` (a value of "-" is asked for, so that it stays out of your shell's history).
    """
    from crossdock.terminal import connecting

    given = connecting.parsed(fields or [])
    asks = sys.stdin.isatty() and not as_json
    _run(
        lambda settings: connecting.connect(
            settings,
            name,
            connecting.asked(connecting.chosen(name, kind), given, connecting.prompt) if asks else given,
            customer_id=customer_id,
            kind=kind,
            pick=lambda known: _one_of(known, organization),
            as_json=as_json,
        ),
        as_json=as_json,
    )


@app.command("connections")
def list_connections(as_json: AsJson = False) -> None:
    """List what is connected, how it syncs, and what keeps it from syncing."""
    from crossdock.terminal import connecting

    _run(lambda settings: connecting.listed(settings, as_json=as_json), as_json=as_json)


@app.command()
def sync(
    connection: Reference,
    function: Annotated[
        list[str] | None, typer.Option("--function", help="Only this one: get_orders. Repeat for more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sync a connection now and watch it. Works with or without a worker running elsewhere."""
    from crossdock.terminal import connecting

    _run(
        lambda settings: connecting.sync(settings, connection, function or [], as_json=as_json),
        as_json=as_json,
    )


@app.command()
def quarantine(
    connection: Reference,
    function: Annotated[str | None, typer.Option("--function", help="Only of this one: get_orders.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the vendor's records that did not fit, with the reason and what was sent."""
    from crossdock.terminal import connecting

    _run(
        lambda settings: connecting.quarantined(settings, connection, function, as_json=as_json),
        as_json=as_json,
    )


# Making integrations


@app.command("new-integration")
def new_integration(
    name: Annotated[str, typer.Argument(help="Lower case, words joined by underscores: acme_wms.")],
    kind: Annotated[str, typer.Option("--type", help="wms, cart, carrier or freight.")] = "wms",
    target: Annotated[Path | None, typer.Option(help="Where to; default: beside the others.")] = None,
) -> None:
    """Make the folder of a new integration: a small one that runs and passes the contract suite."""

    async def made(_settings: Settings) -> None:
        from crossdock.integrations import registry, scaffold

        for file in scaffold.create(name, kind, target or registry.HERE):
            say(f"  {file}")
        say("\nNext: docs/add-an-integration.md, then")
        say(f"  pytest tests/contracts/test_integrations.py -k {name}")

    _run(made)
