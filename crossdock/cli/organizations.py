"""`crossdock organizations`: who owns keys and connections, and what holds for all their connections."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crossdock.cli.branding import brand_organization
from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, OrganizationReference, run
from crossdock.config import Settings

if TYPE_CHECKING:
    from crossdock.connections.organizations import OrganizationChange
    from crossdock.store.connections.access import Organization

app = typer.Typer(no_args_is_help=True, help="Organizations: who owns keys and connections.")

app.command("branding")(brand_organization)

Holds = Literal["connection", "function"]


@app.command("create")
def create_organization(
    name: Annotated[str, typer.Argument(help="Who it is: it is listed under this name.")],
    as_json: AsJson = False,
) -> None:
    """Make an organization, beside those that there are: it sees nothing of theirs.

    It has no key yet: `crossdock keys create NAME --organization ID` makes one.
    """
    run(lambda settings: _create(settings, name, as_json=as_json), as_json=as_json)


async def _create(settings: Settings, name: str, *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.connections import access

    async with open_services(settings) as services:
        organization_id = await access.add_organization(services.database, name, services.clock())
        organization = await access.organization(services.database, organization_id)
    if as_json:
        print_json(None if organization is None else _row(organization, settings))
        return
    say(f"Organization [bold]{organization_id}[/]. A key for it:")
    say(f"  crossdock keys create NAME --organization {organization_id}")


@app.command("list")
def list_organizations(as_json: AsJson = False) -> None:
    """List organizations and what they have differently from the settings."""
    run(lambda settings: _list(settings, as_json=as_json), as_json=as_json)


async def _list(settings: Settings, *, as_json: bool) -> None:
    from crossdock.connections.organizations import NO_ORGANIZATION
    from crossdock.services.open import open_services
    from crossdock.store.connections import access

    async with open_services(settings) as services:
        organizations = await access.organizations(services.database)
    rows = [_row(organization, settings) for organization in organizations]
    if as_json:
        print_json(rows)
    else:
        print_table("Organizations", rows, NO_ORGANIZATION)


@app.command("set")
def set_organization(  # noqa: PLR0913, PLR0917 - each is an option
    organization: OrganizationReference = None,
    lookback_days: Annotated[
        int | None, typer.Option(help="How far back first syncs read.", min=0, max=1096)
    ] = None,
    disabled: Annotated[
        str | None,
        typer.Option(
            help="Functions that are off, separated by commas; empty: none is. cart:get_orders: of carts."
        ),
    ] = None,
    on_demand_holds: Annotated[
        Holds | None,
        typer.Option(help="What an open on-demand sync holds back: syncs of its connection or function."),
    ] = None,
    derived_ledger: Annotated[
        bool | None,
        typer.Option(
            "--derived-ledger/--no-derived-ledger",
            help="Keep a ledger of stock where the system keeps none, from the changes that syncs find.",
        ),
    ] = None,
    sync_events: Annotated[
        bool | None,
        typer.Option(
            "--sync-events/--no-sync-events",
            help="Tell the end of each sync (sync.completed), also where no endpoint names that event.",
        ),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="As the settings say, for all.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change what an organization has differently: how far back it reads, and which functions are off.

    Example: `crossdock organizations set --lookback-days 365 --disabled get_bills`
    """
    from crossdock.connections.organizations import OrganizationChange

    change = OrganizationChange(lookback_days, disabled, derived_ledger, reset, on_demand_holds, sync_events)
    run(lambda settings: _change(settings, organization, change, as_json=as_json), as_json=as_json)


async def _change(
    settings: Settings, reference: str | None, change: "OrganizationChange", *, as_json: bool
) -> None:
    from crossdock.connections.organizations import NO_ORGANIZATION, change_organization
    from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
    from crossdock.services.open import open_services

    async with open_services(settings) as services:
        changed = await change_organization(
            services.database, reference, change, services.clock, settings.off
        )
    row = _row(changed, settings)
    if as_json:
        print_json(row)
        return
    print_table("Organization", [row], NO_ORGANIZATION)
    if change.derived_ledger and INVENTORY_LEDGER.function in changed.off("wms", settings.off):
        say(f"{INVENTORY_LEDGER.function} is off: the ledger is kept, and can be read once it is on.")


def _row(organization: "Organization", settings: Settings) -> dict[str, Any]:
    """An organization with what holds for it."""
    from crossdock.resources import switches
    from crossdock.resources.catalogue import TYPES
    from crossdock.wire import stamp

    off = [
        f"{kind}:{function}"
        for kind in TYPES
        for function in sorted(organization.off(kind, settings.off) & switches.switchable(kind))
    ]
    days = organization.lookback_days
    return {
        "id": organization.id,
        "name": organization.name,
        "lookback_days": settings.lookback_days if days is None else days,
        "disabled_functions": ", ".join(off),
        "derived_ledger": organization.derived_ledger,
        "on_demand_holds": organization.on_demand_holds,
        "sync_events": organization.sync_events,
        "created_at": stamp(organization.created_ms),
    }
