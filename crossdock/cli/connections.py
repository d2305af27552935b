"""The commands about connections, their options only: `connecting.py` and `syncing.py` do them."""

import sys
from typing import Annotated, Literal

import typer

from crossdock.cli.running import AsJson, OrganizationReference, Reference, run

app = typer.Typer()
group = typer.Typer(invoke_without_command=True, help="List what is connected, or look after one connection.")
tokens = typer.Typer(no_args_is_help=True, help="The access token of a connection.")
group.add_typer(tokens, name="token")
app.add_typer(group, name="connections")


@app.command()
def connect(
    name: Annotated[str, typer.Argument(help="The integration: its slug, such as acme-wms.")],
    fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A sign-in field; repeat for more.")
    ] = None,
    customer_id: Annotated[str | None, typer.Option(help="Your own id of the customer.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="wms, cart, carrier or freight.")] = None,
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """Connect a customer's system: the credentials are tried first, then stored encrypted.

    Example: `crossdock connect acme-wms --set url=https://acme.example.com --set user=api
    --set password=-` (a value of "-" is asked for, so that it stays out of your shell's history).
    """
    from crossdock.cli import connecting

    request = connecting.ConnectRequest(
        name=name,
        kind=kind,
        values=connecting.parse_fields(fields or []),
        customer_id=customer_id,
        organization=organization,
        is_interactive=sys.stdin.isatty() and not as_json,
    )
    run(lambda settings: connecting.connect(settings, request, as_json=as_json), as_json=as_json)


@app.command()
def reconnect(
    connection: Reference,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A sign-in field that is new; repeat for more."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give a connection new credentials, or have those it has tried again at once.

    They are tried first and stored only if they work. The connection keeps its id, access token and records;
    what failed is synced at once.

    Example: `crossdock reconnect 549af06b --set password=-` (a value of "-" is asked for).
    """
    from crossdock.cli import connecting

    values = connecting.parse_fields(fields or [])
    run(lambda settings: connecting.reconnect(settings, connection, values, as_json=as_json), as_json=as_json)


@app.command()
def disconnect(
    connection: Reference,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a connection for good: its secrets at once, its records and what was told of them soon after.

    Example: `crossdock disconnect 549af06b --yes`
    """
    from crossdock.cli import connection_life

    if not is_sure:
        typer.confirm(f"Delete {connection} and all its data for good?", abort=True, err=True)
    run(lambda settings: connection_life.disconnect(settings, connection, as_json=as_json), as_json=as_json)


@group.callback()
def list_connections(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is connected, how it syncs, and what keeps it from syncing."""
    if context.invoked_subcommand is not None:
        return
    from crossdock.cli import connection_list

    run(lambda settings: connection_list.show(settings, as_json=as_json), as_json=as_json)


@group.command("set")
def set_connection(
    connection: Reference,
    every: Annotated[
        list[str] | None,
        typer.Option(
            "--every", metavar="FUNCTION=SECONDS",
            help="How often a function syncs: get_orders=600, or get_orders=default. Repeat for more.",
        ),
    ] = None,
    lookback_days: Annotated[
        str | None,
        typer.Option(metavar="DAYS|default", help="How far back first syncs read that have not begun."),
    ] = None,
    webhooks: Annotated[
        Literal["on", "off"] | None, typer.Option(help="Whether events about its records are told.")
    ] = None,
    customer_id: Annotated[str | None, typer.Option(help="Your own id of the customer; empty: none.")] = None,
    keep_raw: Annotated[
        bool | None, typer.Option("--keep-raw/--no-keep-raw", help="Keep records as they were sent, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Change what is set for a connection, and show all of it; without options only show it.

    Example: `crossdock connections set 549af06b --every get_orders=600 --lookback-days 90 --webhooks off`
    """
    from crossdock.cli import connection_life

    options = connection_life.SettingOptions(every or [], lookback_days, webhooks, customer_id, keep_raw)
    run(
        lambda settings: connection_life.set_up(settings, connection, options, as_json=as_json),
        as_json=as_json,
    )


@group.command("check")
def check_connection(connection: Reference, as_json: AsJson = False) -> None:
    """Check what the credentials of a connection may do, function by function, without changing anything.

    Ends with exit code 1 when something is missing. Example: `crossdock connections check 549af06b`
    """
    from crossdock.cli import connection_life

    run(lambda settings: connection_life.check(settings, connection, as_json=as_json), as_json=as_json)


@tokens.command("show")
def show_token(connection: Reference, as_json: AsJson = False) -> None:
    """Show a connection's access token. That somebody looked is in the audit log."""
    from crossdock.cli import connection_life

    run(lambda settings: connection_life.show_token(settings, connection, as_json=as_json), as_json=as_json)


@tokens.command("list")
def list_tokens(connection: Reference, as_json: AsJson = False) -> None:
    """List the access tokens of a connection that work, without the tokens themselves."""
    from crossdock.cli import connection_life

    run(lambda settings: connection_life.list_tokens(settings, connection, as_json=as_json), as_json=as_json)


@tokens.command("rotate")
def rotate_token(
    connection: Reference,
    grace_seconds: Annotated[
        int, typer.Option(help="How long the token before works on.", min=0, max=604_800)
    ] = 86_400,
    as_json: AsJson = False,
) -> None:
    """Give a connection another access token; the one before works for a time yet.

    Example: `crossdock connections token rotate 549af06b --grace-seconds 3600`
    """
    from crossdock.cli import connection_life

    run(
        lambda settings: connection_life.rotate(settings, connection, grace_seconds, as_json=as_json),
        as_json=as_json,
    )


@app.command()
def sync(
    connection: Reference,
    function: Annotated[
        list[str] | None, typer.Option("--function", help="Only this one: get_orders. Repeat for more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sync a connection now and watch it. Works with or without a worker running elsewhere."""
    from crossdock.cli import syncing

    run(lambda settings: syncing.sync(settings, connection, function or [], as_json=as_json), as_json=as_json)


@app.command()
def quarantine(
    connection: Reference,
    function: Annotated[str | None, typer.Option("--function", help="Only of this one: get_orders.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the vendor's records that did not fit, with the reason and what was sent."""
    from crossdock.cli import connection_list

    run(
        lambda settings: connection_list.show_quarantine(settings, connection, function, as_json=as_json),
        as_json=as_json,
    )


@app.command()
def quantities(
    connection: Reference,
    how: Annotated[Literal["rounded", "exact"], typer.Argument(help="rounded: whole numbers; exact: 1.5.")],
    as_json: AsJson = False,
) -> None:
    """Set how a connection sends quantities that are no whole numbers; its records are read again for it.

    Example: `crossdock quantities 549af06b exact`
    """
    from crossdock.cli import connecting

    run(
        lambda settings: connecting.set_quantities(settings, connection, how, as_json=as_json),
        as_json=as_json,
    )
