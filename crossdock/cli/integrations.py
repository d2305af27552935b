"""The commands about integrations: `new-integration`, and `integration-requests`, which callers asked for."""

from pathlib import Path
from typing import Annotated

import typer

from crossdock.cli.output import own_command, print_json, print_table, say
from crossdock.cli.running import AsJson, run
from crossdock.config import Settings

app = typer.Typer()


@app.command("new-integration")
def new_integration(
    name: Annotated[str, typer.Argument(help="Lower case, words joined by underscores: acme_wms.")],
    kind: Annotated[str, typer.Option("--type", help="wms, cart, carrier or freight.")] = "wms",
    target: Annotated[Path | None, typer.Option(help="Where to; default: beside the others.")] = None,
) -> None:
    """Make the folder of a new integration: a small one that runs and passes the contract suite."""
    run(lambda _settings: _scaffold(name, kind, target))


async def _scaffold(name: str, kind: str, target: Path | None) -> None:
    from crossdock.kit import registry, scaffold

    for file in scaffold.create(name, kind, target or registry.FOLDER):
        say(f"  {file}")
    slug = name.replace("_", "-")
    say("\nNext: docs/add-an-integration.md. The suite that every integration passes:")
    say(f"  make check-integration NAME={name}" if target is None else f"  {_suite(name)}")
    say(f"\nTo try it, with `{own_command()} dev` running in another terminal:")
    say(f"  {own_command()} connect {slug}")


def _suite(name: str) -> str:
    return f"{own_command('python')} -m pytest tests/contracts/test_integration*.py -k {name}"


@app.command("integration-requests")
def integration_requests(as_json: AsJson = False) -> None:
    """List the integrations that organizations have asked for, oldest first."""
    run(lambda settings: _list_requests(settings, as_json=as_json), as_json=as_json)


async def _list_requests(settings: Settings, *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.connections import integration_requests as store
    from crossdock.wire import stamp

    async with open_services(settings) as services:
        requests = await store.every(services.database)
    rows = [
        {
            "id": request.id,
            "organization": organization,
            "integration_type": request.type or None,
            "integration_name": request.name,
            "url": request.url,
            "note": request.note,
            "created_at": stamp(request.created_ms),
            "updated_at": stamp(request.updated_ms),
        }
        for request, organization in requests
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("Integration requests", rows, "Nobody has asked for an integration yet.")
