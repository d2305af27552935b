"""The command `crossdock listen`, its options only: `listening.py` does it."""

import asyncio
from typing import Annotated

import typer

from crossdock import config
from crossdock.cli.output import stop
from crossdock.errors import CrossdockError

app = typer.Typer()


@app.command()
def listen(
    forward: Annotated[
        str | None, typer.Option(metavar="URL", help="Post each event there, signed as a webhook is.")
    ] = None,
    connection: Annotated[
        str | None, typer.Option(help="Only of this one: its id, or the beginning of it.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only this one: order.created. Repeat for more.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            metavar="whsec_…", help="What --forward signs with. Default: a new one, which is shown."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each event.")] = False,
) -> None:
    """Show events as they happen, and forward them to a program on this machine. Ctrl-C ends it.

    It asks the running server, as the organization whose key is in CROSSDOCK_API_KEY or in the dev.json of
    the data folder. When the server is away for a while, nothing is missed.

    Example: `crossdock listen --type order.created --forward http://127.0.0.1:3000/webhooks`
    """
    from crossdock import logs
    from crossdock.cli import listening

    listen_options = listening.ListenOptions(forward, connection, tuple(types or ()), secret)
    try:
        settings = config.load()
        logs.configure(settings, unless_set="error")
        asyncio.run(listening.run(settings, listen_options, as_json=as_json))
    except CrossdockError as problem:
        stop(problem, as_json=as_json)
