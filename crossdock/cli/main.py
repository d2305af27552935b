"""The command line: which commands there are. `crossdock --help` says what they do.

Each group has a module with its options, which loads what takes long only when a command runs.
"""

from importlib.metadata import version
from typing import Annotated

import typer

from crossdock.cli import (
    alerts,
    audit_log,
    connections,
    erase,
    files,
    integrations,
    invoices,
    keys,
    listen,
    magic_links,
    maintenance,
    oauth_apps,
    organizations,
    serving,
    users,
)
from crossdock.cli.output import print_anywhere, say

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Crossdock: one API for warehouse systems, carts and carriers.\n\n"
    "Start with `crossdock dev`: a server, a worker and sandbox data in one process. "
    "Settings come from the environment; `crossdock settings` lists them.",
)
app.add_typer(serving.app)
app.add_typer(maintenance.app)
app.add_typer(connections.app)
app.add_typer(listen.app)
app.add_typer(erase.app)
app.add_typer(integrations.app)
app.add_typer(keys.app, name="keys")
app.add_typer(organizations.app, name="organizations")
app.add_typer(users.app, name="users")
app.add_typer(audit_log.app, name="audit-log")
app.add_typer(alerts.app, name="alerts")
app.add_typer(magic_links.app, name="magic-links")
app.add_typer(oauth_apps.app, name="oauth-apps")
app.add_typer(files.app, name="files")
app.add_typer(invoices.app, name="invoices")


def main() -> None:
    """Run the command that the arguments name."""
    print_anywhere()
    app(prog_name="crossdock")


def _show_version(is_asked: bool) -> None:
    if is_asked:
        say(f"crossdock {version('crossdock')}")
        raise typer.Exit


@app.callback()
def every_command(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take what comes before the command."""
