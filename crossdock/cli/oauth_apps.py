"""`crossdock oauth-apps`: the operator's registrations with vendors that users sign in at."""

from typing import Annotated

import typer

from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, run
from crossdock.config import Settings

app = typer.Typer(
    no_args_is_help=True, help="OAuth apps: your registrations with vendors that users sign in at."
)

ASKED = "-"
"""The value that is asked for on the terminal."""

Name = Annotated[str, typer.Argument(help="The integration: its slug, such as acme-shop.")]


@app.command("set")
def set_oauth_app(
    name: Name,
    client_id: Annotated[str, typer.Option(help="The client id, or consumer key, that the vendor gave you.")],
    client_secret: Annotated[
        str, typer.Option(help='The secret that belongs to it. "-": asked for, so that no history has it.')
    ] = ASKED,
    as_json: AsJson = False,
) -> None:
    """Keep your registration with a vendor, its secret encrypted. It holds for all organizations.

    Register CROSSDOCK_BASE_URL followed by /connect/oauth/callback as the redirect URI at the vendor.
    Example: `crossdock oauth-apps set acme-shop --client-id 1234`
    """
    if client_secret == ASKED:
        client_secret = typer.prompt("client_secret", hide_input=True)
    run(lambda settings: _set(settings, name, client_id, client_secret, as_json=as_json), as_json=as_json)


async def _set(settings: Settings, name: str, client_id: str, client_secret: str, *, as_json: bool) -> None:
    from crossdock.connections.link.consent import CALLBACK
    from crossdock.services.open import open_services
    from crossdock.store.people.audit_log import COMMAND_LINE

    async with open_services(settings) as services:
        now = services.clock()
        slug = await services.oauth_apps.set(name, client_id, client_secret, COMMAND_LINE, now)
    redirect = f"{settings.url}{CALLBACK}"
    if as_json:
        print_json({"integration": slug, "client_id": client_id, "redirect_uri": redirect})
        return
    say(f"Users can sign in to {slug}. The vendor must know this redirect URI:")
    say(redirect)


@app.command("list")
def list_oauth_apps(as_json: AsJson = False) -> None:
    """List the apps that there are, and never their secrets."""
    run(lambda settings: _list(settings, as_json=as_json), as_json=as_json)


async def _list(settings: Settings, *, as_json: bool) -> None:
    from crossdock.services.open import open_services

    async with open_services(settings) as services:
        rows = await services.oauth_apps.listed()
    if as_json:
        print_json(rows)
    else:
        print_table("OAuth apps", rows, "There are none: crossdock oauth-apps set NAME --client-id ID")


@app.command("remove")
def remove_oauth_app(name: Name, as_json: AsJson = False) -> None:
    """Forget an app: nobody can sign in with it, and connections made with it stop at their next renewal."""
    run(lambda settings: _remove(settings, name, as_json=as_json), as_json=as_json)


async def _remove(settings: Settings, name: str, *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.people.audit_log import COMMAND_LINE

    async with open_services(settings) as services:
        slug = await services.oauth_apps.remove(name, COMMAND_LINE, services.clock())
    if as_json:
        print_json({"integration": slug, "removed": True})
    else:
        say(f"The app for {slug} is forgotten.")
