"""How every command runs: on the settings of here, and an expected failure is told in a line."""

import asyncio
import getpass
import os
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from crossdock import config
from crossdock.cli.folder import dev_settings, is_dev
from crossdock.cli.output import own_command, stop
from crossdock.config import Settings
from crossdock.errors import CrossdockError, SettingsError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Reference = Annotated[str, typer.Argument(help="The id of a connection, or the beginning of it.")]
OrganizationReference = Annotated[
    str | None, typer.Option("--organization", help="Whose; needed when there are several.")
]


def run(work: Callable[[Settings], Coroutine[Any, Any, None]], *, as_json: bool = False) -> None:
    """Run a command on the settings; an expected failure is told in a line."""
    from crossdock import logs

    try:
        settings = settings_of_here()
        logs.configure(settings, unless_set="error")
        asyncio.run(_helped(work, settings))
    except CrossdockError as problem:
        stop(problem, as_json=as_json)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


async def _helped(work: Callable[[Settings], Coroutine[Any, Any, None]], settings: Settings) -> None:
    """Run the work. Where nothing was ever set up, a failure for that says both ways to begin."""
    from crossdock.store.people.audit_log import Actor, act_as

    act_as(lambda: Actor("command_line", name=_own_name()))
    try:
        await work(settings)
    except SettingsError as problem:
        if settings.secret_key or settings.database_url:
            raise
        raise SettingsError(
            f"{problem}.\nNothing is set up in {settings.folder} yet. To try things out, start "
            f"`{own_command()} dev`, leave it running, and run this again in another terminal. For a server "
            "of your own, set CROSSDOCK_SECRET_KEY and run `crossdock migrate` first (docs/self-hosting.md)"
        ) from problem


def _own_name() -> str:
    """The name of who runs the command, as this machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as containers have
        return ""


def settings_of_here() -> Settings:
    """The settings; those of `dev` for a data folder that `dev` made."""
    folder = config.load().folder
    return dev_settings(os.environ) if is_dev(folder) else config.load()
