"""Signing in on a page of the vendor, as a part of a flow.

    begin ─ start_url ─▶ start: the cookie that binds it to this browser ─▶ the vendor's page
                                                                             │
    frame ◀─ the flow's state ── come_back: state, cookie, code ─▶ connected ◀┘

The window that the user signs in in and the frame that waits share nothing but the flow: what came of it is
stored with it, and the frame asks for it. Neither link nor page holds a secret of the vendor's.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from yarl import URL

from crossdock.connections.connect import new_connection, placeholders
from crossdock.connections.credentials import fill, replace_values, with_app
from crossdock.connections.link import refusals
from crossdock.connections.link.branding import origin_of
from crossdock.connections.link.flows import LinkAttempt, LinkForm, begin_flow, connect, stored_values, turn
from crossdock.connections.link.form import chosen_sign_in, filled_in, is_configured
from crossdock.connections.link.magic_links import PAGE as MAGIC_PAGE
from crossdock.connections.link.options import LinkOptions
from crossdock.connections.link.service import LinkServices
from crossdock.connections.oauth import (
    ConsentFlow,
    ConsentFlows,
    TakenConsent,
    authorize_url,
    begin_oauth1,
    check_answer,
    check_binding,
    exchange,
    exchange_oauth1,
    new_flow_id,
    new_verifier,
)
from crossdock.errors import BadRequest, CrossdockError, Gone, LinkRefused, VendorError
from crossdock.kit.contract import Context
from crossdock.kit.registry import Integration, get_integration
from crossdock.store.connections import branding, connections, link_flows
from crossdock.store.connections.link_flows import FlowError
from crossdock.store.connections.link_tokens import LinkToken
from crossdock.store.people.audit_log import Actor

START, CALLBACK, DONE = "/connect/oauth/start", "/connect/oauth/callback", "/connect/oauth/done"
FLOW_PARAMETER = "crossdock_flow"
LONGEST_URL = 2000
NOT_YET = "not yet "
"""How the binding of a consent begins that no browser has begun yet: nobody can come back with it."""


class KeptConsent(msgspec.Struct, frozen=True):
    """The part of a flow that is kept while its user is on the vendor's page."""

    flow_id: str
    organization_id: str
    token_id: str
    connection_uid: str | None
    customer_id: str | None
    magic_link_id: str | None
    options: LinkOptions
    return_url: str | None
    """Where the window goes in the end; None: it closes."""
    webhook_endpoints: str = "[]"

    @property
    def bearer(self) -> LinkToken:
        return LinkToken(
            self.token_id, self.organization_id, self.connection_uid, self.customer_id, self.magic_link_id, 0,
            self.webhook_endpoints,
        )  # fmt: skip


@dataclass(frozen=True)
class Departure:
    """The way to the vendor's page: its address, and the cookie that the browser shows when it is back."""

    url: str
    cookie_name: str
    cookie: str


@dataclass(frozen=True)
class Arrival:
    """The end of a sign-in, as a browser that is back is shown it."""

    flow_id: str | None
    """None: nobody knows which flow it is about."""
    error: FlowError | None
    return_url: str | None = None


def consents(services: LinkServices) -> ConsentFlows:
    return ConsentFlows(services.database, services.vault, services.clock)


# Off


@dataclass(frozen=True)
class ConsentWish:
    """A sign-in on a page of the vendor that is to be begun. return_url: None, where its window closes."""

    flow_id: str
    form: LinkForm
    integration: Integration
    fields: Mapping[str, Any]
    return_url: str | None


async def begin_consent(services: LinkServices, bearer: LinkToken, wish: ConsentWish) -> str:
    """The address that the window is sent to. Raises LinkRefused and Invalid."""
    integration, name = wish.integration, wish.integration.manifest.name
    app = await services.apps.fields(integration)
    if not chosen_sign_in(integration, app, wish.fields).asks_for_consent:
        raise LinkRefused(f"{name} has a form to fill in", code="not_oauth")
    if not is_configured(integration, app):
        raise LinkRefused(f"{name} is not set up on this server", code="not_configured", status=409)
    if wish.return_url is not None:
        await _check_return(services, bearer, wish.return_url)
    values = await _values(services, wish, app)
    _filled(services, bearer, integration, with_app(integration, values, app))
    await begin_flow(services, bearer, wish.flow_id)
    kept = KeptConsent(
        wish.flow_id, bearer.organization_id, bearer.id, bearer.connection_uid, bearer.customer_id,
        bearer.magic_link_id, wish.form.options, wish.return_url, bearer.webhook_endpoints,
    )  # fmt: skip
    consent = ConsentFlow(
        integration.type,
        integration.slug,
        values,
        f"{services.settings.url}{CALLBACK}",
        new_verifier(),
        binding=f"{NOT_YET}{secrets.token_urlsafe(32)}",
        connection_id=bearer.connection_uid,
        customer_id=bearer.customer_id,
        link=msgspec.to_builtins(kept),
    )
    state = await consents(services).keep(bearer.organization_id, consent)
    await link_flows.wait(services.database, wish.flow_id, bearer.organization_id, bearer.subject)
    return f"{services.settings.url}{START}/{state}"


async def _values(services: LinkServices, wish: ConsentWish, app: Mapping[str, str]) -> dict[str, str]:
    """The sign-in fields as they were filled in, over those of the connection that is repaired."""
    stored = await stored_values(services, wish.form.repaired)
    values = filled_in(wish.integration, app, wish.fields, stored)
    return values if stored is None else replace_values(wish.integration, stored, values)


async def _check_return(services: LinkServices, bearer: LinkToken, return_url: str) -> None:
    """Raise LinkRefused for an address that is neither our page nor one of the organization's origins."""
    if len(return_url) <= LONGEST_URL and return_url.isprintable():
        magic_page = f"{services.settings.url}{MAGIC_PAGE}/"
        if bearer.magic_link_id is not None and return_url.startswith(magic_page):
            return
        look = await branding.get(services.database, bearer.organization_id)
        if (origin := origin_of(return_url)) is not None and origin in look.allowed_origins:
            return
    raise LinkRefused(
        "return_url must be below one of the organization's allowed origins", code="invalid_return_url",
        status=422, field="return_url",
    )  # fmt: skip


def _filled(
    services: LinkServices, bearer: LinkToken, integration: Integration, values: Mapping[str, str]
) -> dict[str, str]:
    """All sign-in fields. Raises Invalid for what is missing or does not fit."""
    now = services.clock()
    connection = new_connection(bearer.organization_id, integration, bearer.customer_id, now)
    return fill(integration, values, placeholders(connection, now))


async def _context(services: LinkServices, kept: KeptConsent, consent: ConsentFlow) -> Context:
    integration = get_integration(consent.type, consent.integration)
    app = await services.apps.fields(integration)
    values = with_app(integration, consent.credentials, app)
    filled = _filled(services, kept.bearer, integration, values)
    connection = new_connection(kept.organization_id, integration, kept.customer_id, services.clock())
    return services.consent_context(connection, integration, filled)


async def depart(services: LinkServices, state: str) -> Departure | Arrival:
    """The way to the vendor's page, by the state that `begin_consent` gave; it can be taken once."""
    taken = await _taken(services, state)
    if isinstance(taken, Arrival):
        return taken
    kept = _kept(taken)
    if taken.is_expired or not taken.flow.binding.startswith(NOT_YET):
        return await _failed(services, kept, LinkRefused(EXPIRED, code="oauth_expired", status=410))
    try:
        return await _departure(services, taken, kept)
    except CrossdockError as problem:
        await _tell_failed(services, kept, taken.flow, problem)
        return await _failed(services, kept, refusals.refusal_of(problem))


EXPIRED = "this sign-in took too long; begin again"


async def _departure(services: LinkServices, taken: TakenConsent, kept: KeptConsent) -> Departure:
    binding, consent_id = secrets.token_urlsafe(32), new_flow_id()
    consent = msgspec.structs.replace(taken.flow, binding=binding)
    context = await _context(services, kept, consent)
    if _is_oauth1(consent):
        # The state goes along in the address that the vendor sends the user back to.
        state = await consents(services).keep(kept.organization_id, consent, consent_id)
        callback = str(URL(consent.redirect_uri).update_query(state=state))
        url, temporary = await begin_oauth1(context, callback)
        consent = msgspec.structs.replace(consent, temporary=temporary)
        await consents(services).replace(kept.organization_id, consent, consent_id)
    else:
        state = await consents(services).keep(kept.organization_id, consent, consent_id)
        url = authorize_url(context, state, consent)
    return Departure(url, cookie_name(state), binding)


def _is_oauth1(consent: ConsentFlow) -> bool:
    manifest = get_integration(consent.type, consent.integration).manifest
    return manifest.auth_of(consent.credentials).scheme == "oauth1"


def cookie_name(state: str) -> str:
    """The cookie of a sign-in: another for each, so that several can be under way in one browser."""
    return f"crossdock_oauth_{state.partition('.')[0][:12].replace('-', '0').replace('_', '1')}"


# And back


async def come_back(
    services: LinkServices, query: Mapping[str, str], cookies: Mapping[str, str], actor: Actor
) -> Arrival:
    """Connect with what a browser came back with. What came of it is stored with the flow, too."""
    state = query.get("state", "")
    taken = await _taken(services, state)
    if isinstance(taken, Arrival):
        return taken
    kept = _kept(taken)
    if taken.is_expired:
        return await _failed(services, kept, LinkRefused(EXPIRED, code="oauth_expired", status=410))
    try:
        check_binding(taken.flow, cookies.get(cookie_name(state), ""))
    except BadRequest as problem:
        return await _failed(services, kept, LinkRefused(str(problem), code="wrong_browser"))
    try:
        await _connected(services, taken.flow, kept, query, actor)
    except LinkRefused as refused:
        return Arrival(kept.flow_id, refusals.as_flow_error(refused), kept.return_url)
    return Arrival(kept.flow_id, None, kept.return_url)


async def _connected(
    services: LinkServices, consent: ConsentFlow, kept: KeptConsent, query: Mapping[str, str], actor: Actor
) -> None:
    integration = get_integration(consent.type, consent.integration)
    bearer = kept.bearer
    async with turn(services, bearer, kept.flow_id) as flow:
        if flow is None:
            return
        try:
            session_values = await _session_values(services, kept, consent, query)
        except VendorError as problem:
            await _tell_failed(services, kept, consent, problem)
            if query.get("error") == "access_denied" or query.get("denied"):
                raise LinkRefused(str(problem), code="consent_denied", status=403) from problem
            raise LinkRefused(str(problem), code="oauth_failed", status=502) from problem
        repaired = None
        if bearer.connection_uid is not None:
            repaired = await connections.by_uid(
                services.database, bearer.connection_uid, bearer.organization_id
            )
            if repaired is None:
                raise LinkRefused("the connection was deleted", code="connection_gone", status=404)
        form = LinkForm(kept.options, [integration], True, repaired, [])
        attempt = LinkAttempt(flow, form, integration, actor)
        await connect(services, attempt, consent.credentials, session_values)


async def _session_values(
    services: LinkServices, kept: KeptConsent, consent: ConsentFlow, query: Mapping[str, str]
) -> dict[str, Any]:
    context = await _context(services, kept, consent)
    if _is_oauth1(consent):
        return await exchange_oauth1(context, consent, query)
    return await exchange(context, consent, check_answer(query))


async def _taken(services: LinkServices, state: str) -> TakenConsent | Arrival:
    """The consent of a state; what is shown where there is none."""
    try:
        taken = await consents(services).take_any(state)
    except (BadRequest, Gone) as problem:
        code = "oauth_used" if isinstance(problem, Gone) else "oauth_state_invalid"
        return Arrival(None, FlowError(code, str(problem)))
    if taken.flow.link is None:
        return Arrival(None, FlowError("oauth_state_invalid", "this sign-in is part of no flow"))
    return taken


def _kept(taken: TakenConsent) -> KeptConsent:
    return msgspec.convert(taken.flow.link, KeptConsent)


async def _failed(services: LinkServices, kept: KeptConsent, refused: LinkRefused) -> Arrival:
    """Tell of what went wrong, in the flow and to the window."""
    error = refusals.as_flow_error(refused)
    await link_flows.fail_waiting(
        services.database, kept.flow_id, kept.organization_id, kept.bearer.subject, error
    )
    return Arrival(kept.flow_id, error, kept.return_url)


async def _tell_failed(
    services: LinkServices, kept: KeptConsent, consent: ConsentFlow, problem: CrossdockError
) -> None:
    """Tell the organization of a vendor that let nobody in: `install.failed`."""
    if not isinstance(problem, VendorError) or kept.connection_uid is not None:
        return
    integration = get_integration(consent.type, consent.integration)
    connection = new_connection(kept.organization_id, integration, kept.customer_id, services.clock())
    await services.connector.emit_failed(connection, problem)
