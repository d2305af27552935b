"""Consent on a page of the vendor: from our link to tokens in the session of a connection.

    begin ─ link with state and code challenge ─▶ vendor's page ─▶ back with state and code ─ take ─ exchange
      └── the flow is kept, sealed ──────────────────────────────────────────────────────────┘

The state is signed, works for some minutes and only once. The verifier of the challenge never leaves the
server (RFC 7636). What the vendor's page says instead of a code is told to the user (RFC 6749, 4.1.2.1).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from yarl import URL

from crossdock.errors import BadRequest, Gone, InvalidCredentials, MissingPermission
from crossdock.kit.auth.oauth import code_token, oauth_app
from crossdock.kit.auth.oauth1 import app_keys, temporary_credentials, token_credentials
from crossdock.kit.contract import Context
from crossdock.kit.manifest import OAuthManifest
from crossdock.kit.registry import find_integration
from crossdock.kit.session import TOKENS
from crossdock.store.connections import oauth_flows
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault, is_signed

FLOW_SECONDS = 600
USED_UP = "this sign-in was used already or took too long; begin again"


class ConsentFlow(msgspec.Struct, frozen=True):
    """A consent that was begun: what is to be connected when the user comes back."""

    type: str
    integration: str
    credentials: dict[str, str]
    """The sign-in fields that were filled in before."""
    redirect_uri: str
    verifier: str
    binding: str = ""
    """What the browser that began it can show, such as a cookie; "": any browser may end it."""
    connection_id: str | None = None
    """The connection that is to be repaired; None: a new one."""
    customer_id: str | None = None
    link: dict[str, Any] | None = None
    """What the form keeps of the flow that the consent is part of; None: it is of none."""
    temporary: dict[str, str] = {}
    """The temporary credentials of OAuth 1.0a: token and secret."""


@dataclass(frozen=True)
class TakenConsent:
    """A consent that somebody came back with. It was taken, and can't be taken again."""

    organization_id: str
    flow: ConsentFlow
    is_expired: bool


@dataclass(frozen=True)
class ConsentFlows:
    """Begins and ends consents."""

    database: Database
    vault: Vault
    clock: Clock

    async def begin(self, context: Context, organization_id: str, flow: ConsentFlow) -> str:
        """The link to the vendor's page. context: of the credentials in the flow."""
        return authorize_url(context, await self.keep(organization_id, flow), flow)

    async def keep(self, organization_id: str, flow: ConsentFlow, flow_id: str | None = None) -> str:
        """Keep a consent until somebody comes back with the state that this gives."""
        now = self.clock()
        flow_id, expires = flow_id or new_flow_id(), now + FLOW_SECONDS * 1000
        content = await self.vault.seal(organization_id, _purpose(flow_id), msgspec.json.encode(flow))
        await oauth_flows.add(
            self.database, flow_id, organization_id, content, now_ms=now, expires_ms=expires
        )
        return _state(self.vault.token_key("state of a consent"), flow_id, expires)

    async def replace(self, organization_id: str, flow: ConsentFlow, flow_id: str) -> None:
        """Keep more with a consent that is kept already, under the same state."""
        content = await self.vault.seal(organization_id, _purpose(flow_id), msgspec.json.encode(flow))
        await oauth_flows.replace(self.database, flow_id, content)

    async def take(self, state: str, binding: str = "") -> tuple[str, ConsentFlow]:
        """The organization and the flow of a state that came back; it works once.

        Raises BadRequest for a state that is not ours or of another browser, and Gone for one whose time is
        over or that was used.
        """
        taken = await self.take_any(state)
        if taken.is_expired:
            raise Gone(USED_UP)
        check_binding(taken.flow, binding)
        return taken.organization_id, taken.flow

    async def take_any(self, state: str) -> TakenConsent:
        """The consent of a state that came back, also where its time is over.

        Raises BadRequest for a state that is not ours, and Gone for one that was used.
        """
        flow_id, _, signed = state.partition(".")
        expires = int(signed.partition(".")[0]) if signed.partition(".")[0].isdecimal() else 0
        key = self.vault.token_key("state of a consent")
        if not is_signed(lambda each: _state(each, flow_id, expires), state, key):
            raise BadRequest("this is no state that we gave out")
        stored = await oauth_flows.take(self.database, flow_id)
        if stored is None:
            raise Gone(USED_UP)
        organization_id, content = stored
        opened = await self.vault.open(organization_id, _purpose(flow_id), content)
        flow = msgspec.json.decode(opened, type=ConsentFlow)
        return TakenConsent(organization_id, flow, expires < self.clock())


def _state(key: bytes, flow_id: str, expires_ms: int) -> str:
    text = f"{flow_id}.{expires_ms}"
    return f"{text}.{_base64url(hmac.digest(key, text.encode(), 'sha256'))}"


def new_flow_id() -> str:
    """A fresh name of a consent, which can't be guessed."""
    return secrets.token_urlsafe(18)


def check_binding(flow: ConsentFlow, binding: str) -> None:
    """Raise BadRequest when a consent comes back in another browser than it was begun in."""
    if not hmac.compare_digest(flow.binding.encode(), binding.encode()):
        raise BadRequest("this sign-in was begun in another browser")


def new_verifier() -> str:
    """A fresh secret for a code challenge: RFC 7636, section 4.1."""
    return secrets.token_urlsafe(48)


def code_challenge(verifier: str) -> str:
    """The challenge of a verifier, S256: RFC 7636, section 4.2."""
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def authorize_url(context: Context, state: str, flow: ConsentFlow) -> str:
    """The vendor's page of consent: RFC 6749, section 4.1.1, with what the manifest says besides."""
    if (module := _own_consent(flow)) is not None:
        return str(module.authorize_url(context, state))
    oauth = _oauth_of(context)
    params = {
        "response_type": "code",
        "client_id": context.credentials.get("client_id", ""),
        "redirect_uri": flow.redirect_uri,
        "state": state,
    }
    if oauth.scopes:
        params["scope"] = oauth.scope_separator.join(oauth.scopes)
    if oauth.audience:
        params["audience"] = oauth.audience
    if oauth.pkce:
        params |= {"code_challenge": code_challenge(flow.verifier), "code_challenge_method": "S256"}
    return str(URL(context.address(oauth.authorize_url)).update_query(params | oauth.authorize_params))


async def begin_oauth1(context: Context, callback: str) -> tuple[str, dict[str, str]]:
    """The link to the vendor's page for OAuth 1.0a, and the temporary credentials (RFC 5849, section 2).

    callback: where the user comes back to, with the state in its query. Raises VendorError.
    """
    oauth = _oauth_of(context)
    temporary = await temporary_credentials(
        context.http, app_keys(context), context.address(oauth.request_url), callback, oauth.signature_method
    )
    query = oauth.authorize_params | {"oauth_token": temporary.token}
    link = URL(context.address(oauth.authorize_url)).update_query(query)
    return str(link), {"token": temporary.token, "secret": temporary.token_secret}


async def exchange_oauth1(context: Context, flow: ConsentFlow, query: Mapping[str, str]) -> dict[str, Any]:
    """The first values of the connection's session, for the verifier that came back.

    Raises MissingPermission where none came, and the VendorError of a vendor that does not take it.
    """
    verifier = query.get("oauth_verifier", "")
    if not verifier or query.get("oauth_token", "") != flow.temporary.get("token"):
        raise MissingPermission("the sign-in was not completed: no verifier came back")
    oauth, temporary = _oauth_of(context), flow.temporary
    keys = replace(app_keys(context), token=temporary["token"], token_secret=temporary["secret"])
    token = await token_credentials(
        context.http, keys, context.address(oauth.token_url), verifier, oauth.signature_method
    )
    return {TOKENS: {"access_token": token.token, "token_secret": token.token_secret}}


def _oauth_of(context: Context) -> OAuthManifest:
    """`[auth.oauth]` of an integration that has users consent. Raises LookupError where there is none."""
    oauth = context.auth.oauth
    if oauth is None or not oauth.authorize_url:
        raise LookupError("the manifest names no authorize_url")
    return oauth


async def exchange(context: Context, flow: ConsentFlow, code: str) -> dict[str, Any]:
    """The first values of the connection's session, for the code that came back.

    Raises InvalidCredentials when the vendor does not take the code.
    """
    if (module := _own_consent(flow)) is not None:
        return {TOKENS: (await module.code_token(context, code)).stored()}
    oauth = context.auth.oauth
    verifier = flow.verifier if oauth is None or oauth.pkce else None
    token = await code_token(context.http, oauth_app(context), code, flow.redirect_uri, verifier)
    return {TOKENS: token.stored()}


def _own_consent(flow: ConsentFlow) -> Any:
    """The module `consent` of an integration whose vendor's endpoints are none of OAuth 2's, or None."""
    integration = find_integration(flow.type, flow.integration)
    return integration.module("consent") if integration and integration.has("consent") else None


def check_answer(query: Mapping[str, str]) -> str:
    """The code in what came back. Raises MissingPermission when the user refused, else InvalidCredentials."""
    if code := query.get("code"):
        return code
    error = query.get("error", "")
    words = query.get("error_description") or error or "no code came back"
    kind = MissingPermission if error == "access_denied" else InvalidCredentials
    raise kind(f"the sign-in was not completed: {words[:300]}")


def _purpose(flow_id: str) -> str:
    return f"consent {flow_id}"


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
