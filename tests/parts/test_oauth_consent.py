"""Consent on a page of the vendor: a link that works once, and tokens that are kept."""

import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from yarl import URL

from crossdock.connections.oauth import (
    FLOW_SECONDS,
    ConsentFlow,
    ConsentFlows,
    check_answer,
    code_challenge,
    exchange,
    new_verifier,
)
from crossdock.errors import BadRequest, Gone, InvalidCredentials, MissingPermission
from crossdock.kit.auth.oauth import oauth_client_credentials, oauth_code
from crossdock.kit.contract import Context
from crossdock.kit.http import Http, new_session
from crossdock.kit.limits import LocalSlots
from crossdock.kit.manifest import manifest_of
from crossdock.kit.session import LocalSession
from crossdock.kit.verification import verified
from crossdock.net.addresses import AddressPolicy
from crossdock.store.connections import access
from crossdock.store.connections.oauth_flows import KEPT_MS
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from tests.conftest import Clock
from tests.fakes.oauth_server import CLIENT_ID, CLIENT_SECRET, OAuthServer

MANIFEST = """
name = "Acme"
type = "cart"
description = "A shop"
evidence = "documented"
[functions]
read = ["get_orders"]
[auth]
scheme = "oauth_code"
fields = [
    { key = "base", label = "Base" },
    { key = "client_id", label = "Client id" },
    { key = "client_secret", label = "Client secret", secret = true },
]
[auth.oauth]
authorize_url = "{api}/authorize?theme=dark"
token_url = "{api}/token"
scopes = ["orders", "stock"]
scope_separator = ","
audience = "https://acme.example/api"
authorize_params = { access_type = "offline" }
[hosts]
api = "{base}"
[verification]
path = "/me"
name = "name"
identifiers = { shop_id = "shop.id" }
facts = { shop = "shop.id" }
"""
FLOW = ConsentFlow("cart", "acme", {"base": "x"}, "https://us.example/back", new_verifier(), "cookie-1")


@pytest.fixture
async def vendor() -> AsyncIterator[OAuthServer]:
    async with OAuthServer() as running:
        yield running


@pytest.fixture
async def context(vendor: OAuthServer) -> AsyncIterator[Context]:
    manifest = manifest_of(tomllib.loads(MANIFEST), Path())
    credentials = {"base": vendor.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    async with new_session(AddressPolicy.parse("127.0.0.0/8")) as opened:
        http = Http(session=opened, account="acct", slots=LocalSlots(), limits=manifest.limits)
        yield Context(credentials, http, Path(), session=LocalSession(), manifest=manifest)


@pytest.fixture
def flows(database: Database, vault: Vault, clock: Clock) -> ConsentFlows:
    return ConsentFlows(database, vault, clock)


@pytest.fixture
async def organization(database: Database, clock: Clock) -> str:
    return await access.create_organization(database, "Test", clock())


def test_the_challenge_is_that_of_rfc_7636():
    """Appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert 43 <= len(new_verifier()) <= 128
    assert new_verifier() != new_verifier()


async def test_the_link_has_what_the_manifest_says_and_no_secret(
    flows: ConsentFlows, context: Context, organization: str
):
    link = URL(await flows.begin(context, organization, FLOW))
    query = dict(link.query)
    assert (link.path, query.pop("theme")) == ("/authorize", "dark")
    assert query.pop("state")
    assert query == {
        "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": FLOW.redirect_uri,
        "scope": "orders,stock", "audience": "https://acme.example/api", "access_type": "offline",
        "code_challenge": code_challenge(FLOW.verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    assert FLOW.verifier not in str(link)
    assert CLIENT_SECRET not in link.query_string


async def _state(flows: ConsentFlows, context: Context, organization: str) -> str:
    return URL(await flows.begin(context, organization, FLOW)).query["state"]


async def test_a_state_gives_its_flow_back_once(flows: ConsentFlows, context: Context, organization: str):
    state = await _state(flows, context, organization)
    assert await flows.take(state, "cookie-1") == (organization, FLOW)
    with pytest.raises(Gone, match="begin again"):
        await flows.take(state, "cookie-1")


async def test_a_state_works_for_some_minutes(
    flows: ConsentFlows, context: Context, organization: str, clock: Clock
):
    state = await _state(flows, context, organization)
    clock.pass_seconds(FLOW_SECONDS + 1)
    with pytest.raises(Gone):
        await flows.take(state, "cookie-1")


async def test_consents_that_nobody_came_back_with_are_forgotten(
    flows: ConsentFlows, context: Context, organization: str, clock: Clock
):
    await _state(flows, context, organization)
    clock.pass_seconds(FLOW_SECONDS + KEPT_MS / 1000 + 1)
    await _state(flows, context, organization)
    rows = await flows.database.fetch("SELECT id FROM oauth_flows")
    assert len(rows) == 1, "those whose time is over go"


async def test_a_state_of_another_browser_is_refused_and_used_up(
    flows: ConsentFlows, context: Context, organization: str
):
    state = await _state(flows, context, organization)
    with pytest.raises(BadRequest, match="another browser"):
        await flows.take(state, "cookie-2")
    with pytest.raises(Gone):
        await flows.take(state, "cookie-1")


@pytest.mark.parametrize("change", ["", "x", ".", "..", "a.b.c", "ä.9.ö", "later", "signed"])
async def test_a_state_that_is_not_ours_is_refused(
    flows: ConsentFlows, context: Context, organization: str, change: str
):
    state = await _state(flows, context, organization)
    flow_id, expires, signed = state.split(".")
    forged = {
        "later": f"{flow_id}.{int(expires) + 1}.{signed}",
        "signed": f"{flow_id}.{expires}.{signed[:-2]}",
    }
    with pytest.raises(BadRequest):
        await flows.take(forged.get(change, change), "cookie-1")
    assert await flows.take(state, "cookie-1")


async def test_p20_what_is_kept_of_a_consent_can_not_be_read(
    flows: ConsentFlows, context: Context, organization: str
):
    await _state(flows, context, organization)
    [row] = await flows.database.fetch("SELECT id, content FROM oauth_flows")
    assert FLOW.verifier.encode() not in bytes(row[1])


async def test_a_code_becomes_tokens_that_sign_calls_and_show_the_account(
    context: Context, vendor: OAuthServer
):
    vendor.more = {"api_domain": "eu", "id_token": "not kept"}
    kept_exchange = await exchange(context, FLOW, vendor.consent(code_challenge(FLOW.verifier)))
    assert kept_exchange["tokens"]["answer"] == {"api_domain": "eu"}
    connected = replace(context, session=LocalSession(kept_exchange))
    account = await verified(connected, connected.http.signed(oauth_code(connected)))
    assert (account.name, account.identifiers, account.facts) == ("Ann's Shop", {"shop_id": 7}, {"shop": 7})
    assert vendor.granted == ["authorization_code"]
    assert vendor.forms[0]["audience"] == "https://acme.example/api"


async def test_a_code_is_not_taken_with_another_verifier_or_twice(context: Context, vendor: OAuthServer):
    code = vendor.consent(code_challenge("another"))
    with pytest.raises(InvalidCredentials, match="invalid_grant") as caught:
        await exchange(context, FLOW, code)
    assert code not in str(caught.value)
    with pytest.raises(InvalidCredentials):
        await exchange(context, FLOW, code)


async def test_client_credentials_are_read_from_the_manifest_and_shared(
    context: Context, vendor: OAuthServer
):
    for _ in range(2):  # runs
        http = context.http.signed(oauth_client_credentials(context))
        assert (await http.send("GET", f"{vendor.url}/me")).status == 200
    assert vendor.granted == ["client_credentials"]
    assert vendor.forms[0]["scope"] == "orders,stock"


def test_what_the_page_says_in_place_of_a_code_is_told():
    assert check_answer({"code": "c"}) == "c"
    with pytest.raises(MissingPermission, match="Ann said no"):
        check_answer({"error": "access_denied", "error_description": "Ann said no"})
    with pytest.raises(InvalidCredentials, match="no code"):
        check_answer({})
