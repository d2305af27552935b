"""`crossdock organizations branding`: how the form that end users connect with looks."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossdock.cli.output import print_json, print_table
from crossdock.cli.running import AsJson, OrganizationReference, run
from crossdock.config import Settings

if TYPE_CHECKING:
    from crossdock.services.wiring import Services
    from crossdock.store.connections.branding import Branding


@dataclass(frozen=True)
class BrandingChange:
    """A change of how it looks. None: stays as it is; an empty text: is unset."""

    texts: dict[str, str | None]
    origins: list[str] | None
    logo: Path | None
    is_logo_removed: bool


def brand_organization(  # noqa: PLR0913, PLR0917 - each is an option
    organization: OrganizationReference = None,
    name: Annotated[str | None, typer.Option(help="Whom users are told that they connect with.")] = None,
    color: Annotated[
        str | None, typer.Option(help="Of buttons, #rrggbb; refused where it can't be seen on white.")
    ] = None,
    terms_url: Annotated[str | None, typer.Option(help="Your terms.")] = None,
    privacy_url: Annotated[str | None, typer.Option(help="Your privacy statement.")] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option("--origin", help="A page that may hold the form: https://app.example.com. Repeat."),
    ] = None,
    logo: Annotated[
        Path | None, typer.Option(help="A PNG or a plain SVG of at most 256 kB.", exists=True, dir_okay=False)
    ] = None,
    no_logo: Annotated[bool, typer.Option("--no-logo", help="Remove the logo.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set how the form looks that end users connect with; without options, show it. "" unsets a text.

    Example: `crossdock organizations branding --name Acme --color "#1d4ed8" --logo acme.svg`
    """
    texts = {"name": name, "color": color, "terms_url": terms_url, "privacy_url": privacy_url}
    change = BrandingChange(texts, origin, logo, no_logo)
    run(lambda settings: _brand(settings, organization, change, as_json=as_json), as_json=as_json)


async def _brand(settings: Settings, reference: str | None, change: BrandingChange, *, as_json: bool) -> None:
    from crossdock.connections.link.branding import logo_url
    from crossdock.connections.organizations import get_organization
    from crossdock.services.open import open_services

    async with open_services(settings) as services:
        owner = await get_organization(services.database, reference)
        look = await _changed(services, owner.id, change)
    row = {
        "organization_id": owner.id, "name": look.name or owner.name, "color": look.color,
        "logo_url": logo_url(look, settings), "terms_url": look.terms_url, "privacy_url": look.privacy_url,
        "allowed_origins": list(look.allowed_origins),
    }  # fmt: skip
    if as_json:
        print_json(row)
    else:
        print_table("Branding", [row | {"allowed_origins": ", ".join(look.allowed_origins)}], "")


async def _changed(services: "Services", organization_id: str, change: BrandingChange) -> "Branding":
    """The look after the change."""
    from crossdock.connections.link.branding import set_branding, set_logo
    from crossdock.store.connections import branding
    from crossdock.store.people.audit_log import COMMAND_LINE

    database, now = services.database, services.clock()
    look = await branding.get(database, organization_id)
    changes: dict[str, Any] = {key: text for key, text in change.texts.items() if text is not None}
    if change.origins is not None:
        changes["allowed_origins"] = tuple(text for text in change.origins if text)
    if changes:
        look = await set_branding(database, organization_id, replace(look, **changes), COMMAND_LINE, now)
    if change.logo is not None or change.is_logo_removed:
        content = None if change.logo is None else change.logo.read_bytes()
        look = await set_logo(database, organization_id, content, COMMAND_LINE, now)
    return look
