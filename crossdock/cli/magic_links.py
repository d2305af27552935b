"""`crossdock magic-links`: links that end users connect their systems with."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, OrganizationReference, run
from crossdock.config import Settings

if TYPE_CHECKING:
    from crossdock.connections.link.magic_links import MagicLinkWish
    from crossdock.connections.link.service import LinkServices
    from crossdock.store.connections.magic_links import MagicLink

app = typer.Typer(no_args_is_help=True, help="Magic links: what end users connect their systems with.")


@app.command("create")
def create_magic_link(  # noqa: PLR0913, PLR0917 - each is an option
    kind: Annotated[str, typer.Option("--type", help="wms, cart, carrier or freight.")] = "wms",
    days: Annotated[int, typer.Option(help="How long it works.", min=1, max=365)] = 7,
    customer_id: Annotated[str | None, typer.Option(help="Your own id of the customer.")] = None,
    connection: Annotated[
        str | None, typer.Option("--connection", help="The connection to repair, in place of a new one.")
    ] = None,
    allow: Annotated[
        list[str] | None, typer.Option("--allow", help="An integration that can be picked; repeat for more.")
    ] = None,
    block: Annotated[
        list[str] | None, typer.Option("--block", help="An integration that can't; repeat for more.")
    ] = None,
    disabled: Annotated[
        list[str] | None, typer.Option("--disable", help="A function that is off for what is connected.")
    ] = None,
    enabled: Annotated[
        list[str] | None, typer.Option("--enable", help="A function that is on, though off otherwise.")
    ] = None,
    connections: Annotated[
        int | None, typer.Option(help="How many can be connected with it; 0: any number.", min=0)
    ] = None,
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """Make a link to send to a customer: whoever opens it can connect a system, and nothing else.

    Example: `crossdock magic-links create --customer-id customer-42 --allow acme-wms`
    """
    from crossdock.connections.link.magic_links import MagicLinkWish
    from crossdock.connections.link.options import LinkOptions

    options = LinkOptions(
        integration_type=kind,
        integration_allow_list=tuple(allow or ()),
        integration_block_list=tuple(block or ()),
        disabled_functions=tuple(disabled or ()),
        enabled_functions=tuple(enabled or ()),
    )
    wish = MagicLinkWish(options, days, customer_id, connection, connections)
    run(lambda settings: _create(settings, organization, wish, as_json=as_json), as_json=as_json)


async def _create(settings: Settings, reference: str | None, wish: "MagicLinkWish", *, as_json: bool) -> None:
    from crossdock.connections.link.magic_links import create_magic_link
    from crossdock.connections.organizations import get_organization
    from crossdock.services.open import open_services
    from crossdock.store.people.audit_log import COMMAND_LINE

    async with open_services(settings) as services:
        owner = await get_organization(services.database, reference)
        link = await create_magic_link(services.link, owner.id, wish, COMMAND_LINE)
        row = _row(services.link, link)
    if as_json:
        print_json(row)
        return
    say(f"Send this link; it works until {row['expires_at']}:")
    say(row["url"])


@app.command("list")
def list_magic_links(organization: OrganizationReference = None, as_json: AsJson = False) -> None:
    """List the magic links that there are, and how often each was used."""
    run(lambda settings: _list(settings, organization, as_json=as_json), as_json=as_json)


async def _list(settings: Settings, reference: str | None, *, as_json: bool) -> None:
    from crossdock.connections.link.magic_links import list_magic_links
    from crossdock.connections.organizations import get_organization
    from crossdock.services.open import open_services

    async with open_services(settings) as services:
        owner = await get_organization(services.database, reference)
        rows = [_row(services.link, link) for link in await list_magic_links(services.link, owner.id)]
    if as_json:
        print_json(rows)
    else:
        print_table("Magic links", rows, "There are none: crossdock magic-links create")


@app.command("delete")
def delete_magic_link(
    link_id: Annotated[str, typer.Argument(help="The id of the link, as `magic-links list` shows it.")],
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """Delete a link: it works no more. What was connected with it stays."""
    run(lambda settings: _delete(settings, organization, link_id, as_json=as_json), as_json=as_json)


async def _delete(settings: Settings, reference: str | None, link_id: str, *, as_json: bool) -> None:
    from crossdock.connections.link.magic_links import delete_magic_link
    from crossdock.connections.organizations import get_organization
    from crossdock.services.open import open_services
    from crossdock.store.people.audit_log import COMMAND_LINE

    async with open_services(settings) as services:
        owner = await get_organization(services.database, reference)
        await delete_magic_link(services.link, owner.id, link_id, COMMAND_LINE)
    if as_json:
        print_json({"id": link_id, "deleted": True})
    else:
        say(f"The link {link_id} works no more.")


def _row(services: "LinkServices", link: "MagicLink") -> dict[str, Any]:
    """A link with its address."""
    from crossdock.connections.link.magic_links import options_of, url_of
    from crossdock.wire import stamp

    return {
        "id": link.id,
        "url": url_of(services, link),
        "expires_at": stamp(link.expires_ms),
        "integration_type": options_of(link).integration_type,
        "customer_id": link.customer_id,
        "connection_id": link.connection_uid,
        "connections": link.connections,
        "max_connections": link.max_connections,
    }
