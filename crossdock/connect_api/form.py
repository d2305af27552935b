"""What the form shows: who asks, what can be picked, and what is filled in."""

from typing import Literal

from starlette.responses import Response

from crossdock.connect_api import schemas
from crossdock.connect_api.context import LinkContext, checked_flow_id
from crossdock.connections.link.branding import integration_logo_url, shown_branding
from crossdock.connections.link.flows import LinkForm, open_form
from crossdock.connections.link.form import (
    chosen_sign_in,
    consent_choice,
    form_fields,
    is_configured,
)
from crossdock.connections.link.magic_links import open_magic_link
from crossdock.connections.link.options import as_button
from crossdock.errors import LinkRefused, NotFound
from crossdock.kit.manifest import SignIn
from crossdock.kit.registry import Integration, get_integration
from crossdock.store.connections import access, branding, connections
from crossdock.web.responses import reply


async def magic_session(visit: LinkContext) -> Response:
    """A link token for whoever was sent a magic link."""
    body = await visit.body(schemas.MagicSessionBody)
    flow_id = None if body.flow_id is None else checked_flow_id(body.flow_id)
    session = await open_magic_link(visit.link, body.secret, flow_id)
    return reply(schemas.MagicSessionReply(link_token=session.link_token, options=as_button(session.options)))


async def opened(visit: LinkContext) -> Response:
    """The first screen, and the picker."""
    body = await visit.body(schemas.OpenBody)
    form = await open_form(visit.link, visit.bearer, body.options, body.integration_id)
    database, organization_id = visit.door.database, visit.bearer.organization_id
    organization = await access.organization(database, organization_id)
    look = await branding.get(database, organization_id)
    name = "" if organization is None else organization.name
    return reply(
        schemas.OpenReply(
            organization=shown_branding(look, name, visit.door.settings, form.options.logo),
            allowed_origins=look.allowed_origins,
            integration_type=form.options.integration_type,
            integrations=[_entry(visit, integration) for integration in form.integrations],
            skips_picker=form.skips_picker,
            reinstall=_reinstall(form),
            language_hint=_language(visit),
            warnings=form.warnings,
        )
    )


async def integration(visit: LinkContext) -> Response:
    """The form of an integration; for one that is repaired with what is stored and no secret."""
    kind, name = str(visit.arguments["type"]), str(visit.arguments["name"])
    try:
        shown = get_integration(kind, name)
    except NotFound:
        raise LinkRefused(
            f"there is no {kind:.20} integration {name!r:.80}", code="not_found", status=404
        ) from None
    form = await open_form(visit.link, visit.bearer, {})
    is_bound = form.repaired is not None or visit.bearer.magic_link_id is not None
    if is_bound and shown not in form.integrations:
        raise LinkRefused("it can't be connected here", code="integration_not_allowed", status=403)
    stored = None
    if form.repaired is not None:
        stored = await connections.credentials(visit.door.database, visit.door.vault, form.repaired)
    app = await visit.link.apps.fields(shown)
    return reply(
        schemas.IntegrationReply(
            type=shown.type,
            name=shown.slug,
            display_name=shown.manifest.name,
            description=shown.manifest.description,
            logo_url=integration_logo_url(shown, visit.door.settings),
            install_method=_method(chosen_sign_in(shown, app, {})),
            not_configured=not is_configured(shown, app),
            consent_when=consent_choice(shown, app),
            fields=form_fields(shown, app, stored),
            docs=shown.manifest.docs,
        )
    )


def _entry(visit: LinkContext, shown: Integration) -> schemas.PickerEntry:
    return schemas.PickerEntry(
        type=shown.type,
        name=shown.slug,
        display_name=shown.manifest.name,
        description=shown.manifest.description,
        logo_url=integration_logo_url(shown, visit.door.settings),
        install_method=_method(shown.manifest.auth),
    )


def _method(sign_in: SignIn) -> Literal["input", "oauth"]:
    return "oauth" if sign_in.asks_for_consent else "input"


def _reinstall(form: LinkForm) -> schemas.ReinstallEntry | None:
    if form.repaired is None:
        return None
    repaired = form.integrations[0]
    return schemas.ReinstallEntry(
        connection_id=form.repaired.uid,
        integration_name=repaired.slug,
        integration_type=repaired.type,
        display_name=repaired.manifest.name,
    )


def _language(visit: LinkContext) -> str | None:
    """The language that the browser asks for first: "de"."""
    first = visit.request.headers.get("accept-language", "").partition(",")[0].partition(";")[0]
    language = first.strip().partition("-")[0].lower()
    return language if language.isalpha() and language.isascii() and len(language) <= 3 else None
