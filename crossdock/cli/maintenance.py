"""The commands of whoever runs a server: `crossdock migrate`, `settings`, `doctor` and `backup`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from crossdock import config
from crossdock.cli.output import print_json, print_settings, say
from crossdock.cli.running import AsJson, run, settings_of_here
from crossdock.config import Settings
from crossdock.errors import SettingsError

app = typer.Typer()


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to this version's schema. Safe to run again, and while servers run."""
    run(lambda settings: _migrate(settings, as_json=as_json), as_json=as_json)


async def _migrate(settings: Settings, *, as_json: bool) -> None:
    from crossdock.store.database import migrate as migrations

    before, after = await migrations.migrate(settings.database)
    if as_json:
        print_json({"before": before, "after": after})
    elif before == after:
        say(f"The database is at schema {after} already.")
    else:
        say(f"Migrated from {before or 'nothing'} to {after}.")


@app.command()
def settings(as_json: AsJson = False) -> None:
    """List every setting: its variable, value, default and meaning. Secrets are not shown."""
    run(lambda loaded: _list_settings(loaded, as_json=as_json), as_json=as_json)


async def _list_settings(loaded: Settings, *, as_json: bool) -> None:
    rows = config.described(loaded)
    if as_json:
        print_json(rows)
        return
    print_settings(rows)
    for name in config.unknown(os.environ):
        say(f"[yellow]{name}[/] is set, but there is no such setting.")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything that can be wrong (settings, disk, database, key, clock, queue), and say what to do.

    It changes nothing. The exit code is 1 when something fails.
    """
    from crossdock import logs
    from crossdock.cli import doctor as examination

    examined: Settings | SettingsError
    try:
        examined = loaded = settings_of_here()
        logs.configure(loaded, unless_set="error")
    except SettingsError as problem:
        examined = problem
    asyncio.run(examination.run(examined, as_json=as_json))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to; it must not exist yet.")],
    as_json: AsJson = False,
) -> None:
    """Copy the embedded database (SQLite) into one file, while everything runs.

    For PostgreSQL use pg_dump. Restoring either: docs/self-hosting.md.
    """
    run(lambda loaded: _backup(loaded, file, as_json=as_json), as_json=as_json)


async def _backup(loaded: Settings, target: Path, *, as_json: bool) -> None:
    from crossdock.store.database import backup as copying

    size = await copying.copy(loaded.database, target)
    if as_json:
        print_json({"file": str(target), "bytes": size})
        return
    say(f"Copied to [bold]{target}[/] ({size / 2**20:,.1f} MB), checked.")
    say("It opens only with the key of this database: keep CROSSDOCK_SECRET_KEY too, somewhere else.")
