"""Single sign-on by OpenID Connect, an organization at a time: the code flow with PKCE, state and nonce.

    begin ─ state, nonce, challenge; a cookie binds the browser ─▶ provider ─▶ back with code and state ─ end
      └── the flow is kept, sealed, and taken once ──────────────────────────────────────────┘

Its session opens that organization and nothing else of the user's: whoever runs a provider for their own
organization gets no farther with it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from yarl import URL

from crossdock.errors import BadRequest, Conflict, Forbidden, Gone, Invalid, NotFound
from crossdock.people import id_tokens
from crossdock.people.id_tokens import ExpectedToken, UnknownKey
from crossdock.people.identity_provider import CodeGrant, IdentityProviders, ProviderMetadata
from crossdock.people.members import check_email
from crossdock.people.refusals import no_sign_on
from crossdock.people.sessions import OpenedSession, Sessions, Visitor
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.people import audit_log, sign_on, users
from crossdock.store.people.sign_on import SignOnSettings
from crossdock.store.people.users import Role, User

FLOW_MS = 600_000
MOST_DOMAINS = 50


@dataclass(frozen=True)
class WantedSignOn:
    """Single sign-on as an organization wants it. client_secret None: as it is; "": a public client."""

    issuer: str
    client_id: str
    client_secret: str | None
    domains: tuple[str, ...]
    default_role: Role
    adds_members: bool
    is_enforced: bool
    break_glass_user_id: str | None


class SignOnFlow(msgspec.Struct, frozen=True):
    """A sign-on that was begun. binding: what the browser that began it has in a cookie."""

    nonce: str
    verifier: str
    binding: str
    redirect_uri: str
    return_path: str


@dataclass(frozen=True)
class BegunSignOn:
    """The address that the browser goes to, and what it keeps in a cookie meanwhile."""

    url: str
    binding: str


@dataclass(frozen=True)
class EndedSignOn:
    """A session that was opened, and where the browser goes."""

    opened: OpenedSession
    return_path: str


@dataclass(frozen=True)
class SingleSignOn:
    """Settings, and the flow."""

    database: Database
    vault: Vault
    clock: Clock
    providers: IdentityProviders
    sessions: Sessions
    base_url: str

    @property
    def redirect_uri(self) -> str:
        """The address that the provider must know as ours."""
        return f"{self.base_url}/account/sso/callback"

    # Settings

    async def configure(self, organization_id: str, wanted: WantedSignOn) -> SignOnSettings:
        """Set single sign-on up; the provider is asked first. Raises Invalid, Conflict, and as `metadata`."""
        _check(wanted)
        await self.providers.metadata(wanted.issuer, fresh=True)
        before, now = await sign_on.get(self.database, organization_id), self.clock()
        secret = None if before is None else before.client_secret
        if wanted.client_secret is not None:
            secret = await self._sealed(organization_id, wanted.client_secret)
        settings = SignOnSettings(
            organization_id, wanted.issuer, wanted.client_id, secret, wanted.domains, wanted.default_role,
            wanted.adds_members, wanted.is_enforced, wanted.break_glass_user_id, now,
        )  # fmt: skip
        async with self.database.transaction() as transaction:
            await transaction.in_turn(f"members of {organization_id}")
            if wanted.is_enforced:
                await _check_break_glass(transaction, organization_id, wanted.break_glass_user_id)
            await sign_on.put(transaction, settings)
            await audit_log.note_act(
                transaction, organization_id, "sign_on.changed", organization_id, now, issuer=wanted.issuer,
                domains=list(wanted.domains), is_enforced=wanted.is_enforced,
                adds_members=wanted.adds_members, default_role=wanted.default_role,
            )  # fmt: skip
        return settings

    async def _sealed(self, organization_id: str, secret: str) -> bytes | None:
        if not secret:
            return None
        return await self.vault.seal(organization_id, _PURPOSE_OF_CLIENT, secret.encode())

    async def remove(self, organization_id: str) -> None:
        """Switch single sign-on off. Raises NotFound."""
        async with self.database.transaction() as transaction:
            if not await sign_on.remove(transaction, organization_id):
                raise no_sign_on()
            await audit_log.note_act(
                transaction, organization_id, "sign_on.removed", organization_id, self.clock()
            )

    # The flow

    async def begin(self, organization_id: str, return_path: str) -> BegunSignOn:
        """Send a browser to the organization's provider. Raises NotFound, BadRequest, VendorUnavailable."""
        settings = await self._settings(organization_id)
        metadata = await self.providers.metadata(settings.issuer)
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        binding = secrets.token_urlsafe(32)
        flow = SignOnFlow(secrets.token_urlsafe(32), verifier, binding, self.redirect_uri, return_path)
        sealed = await self.vault.seal(organization_id, _purpose(state), msgspec.json.encode(flow))
        await sign_on.add_flow(self.database, state, organization_id, sealed, self.clock() + FLOW_MS)
        challenge = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code", "client_id": settings.client_id, "redirect_uri": self.redirect_uri,
            "scope": "openid email profile", "state": state, "nonce": flow.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }  # fmt: skip
        return BegunSignOn(str(URL(metadata.authorization_endpoint).update_query(query)), binding)

    async def end(self, query: Mapping[str, str], binding: str, visitor: Visitor) -> EndedSignOn:
        """A session for what came back from the provider.

        Raises Gone for a state that is over, BadRequest for another browser's or what the provider says,
        Unauthorized for an ID token that is not right, Forbidden for who may not come in.
        """
        state = query.get("state", "")
        kept = await sign_on.take_flow(self.database, state, self.clock()) if state else None
        if kept is None:
            raise Gone("this sign-on was used already or took too long: begin again", code="sso_over")
        organization_id, sealed = kept
        opened = await self.vault.open(organization_id, _purpose(state), sealed)
        flow = msgspec.json.decode(opened, type=SignOnFlow)
        if not hmac.compare_digest(flow.binding.encode(), binding.encode()):
            raise BadRequest("this sign-on was begun in another browser", code="sso_other_browser")
        settings = await self._settings(organization_id)
        metadata = await self.providers.metadata(settings.issuer)
        claims = await self._claims(settings, metadata, flow, _code(query, metadata))
        async with self.database.transaction() as transaction:
            user = await self._user(transaction, settings, claims)
            session = await self.sessions.open(
                transaction, user.id, "sign_on", "open", visitor, organization_id
            )
            actor = audit_log.Actor("sign_on", user.id, user.email, visitor.address, visitor.request_id)
            entry = audit_log.AuditEntry(organization_id, actor, "user.signed_in", session.session.id)
            await audit_log.note(transaction, entry, self.clock())
        return EndedSignOn(session, flow.return_path)

    async def _claims(
        self, settings: SignOnSettings, metadata: ProviderMetadata, flow: SignOnFlow, code: str
    ) -> dict[str, Any]:
        """The claims of the ID token of who came back, with an address from elsewhere if it has none."""
        secret = ""
        if settings.client_secret is not None:
            opened = await self.vault.open(
                settings.organization_id, _PURPOSE_OF_CLIENT, settings.client_secret
            )
            secret = opened.decode()
        grant = CodeGrant(code, flow.verifier, flow.redirect_uri, settings.client_id, secret)
        tokens = await self.providers.tokens(metadata, grant)
        expected = ExpectedToken(
            settings.issuer, settings.client_id, flow.nonce, tokens.access_token, self.clock() // 1000
        )
        try:
            claims = id_tokens.claims(tokens.id_token, await self.providers.keys(metadata), expected)
        except UnknownKey:
            # The provider may have changed its keys since we read them.
            keys = await self.providers.keys(metadata, fresh=True)
            claims = id_tokens.claims(tokens.id_token, keys, expected)
        if "email" not in claims:
            info = await self.providers.user_info(metadata, tokens.access_token)
            if info.get("sub") == claims["sub"]:
                claims |= {name: info[name] for name in ("email", "email_verified", "name") if name in info}
        return claims

    async def _user(
        self, transaction: Transaction, settings: SignOnSettings, claims: Mapping[str, Any]
    ) -> User:
        """The member that the claims are about; made where the settings say so. Raises Forbidden."""
        organization_id, now = settings.organization_id, self.clock()
        email = _checked_email(settings, claims)
        await transaction.in_turn("addresses of users")
        await transaction.in_turn(f"members of {organization_id}")
        subject = str(claims["sub"])
        known_id = await sign_on.identity(transaction, organization_id, settings.issuer, subject)
        user = None if known_id is None else await users.by_id(transaction, known_id)
        user = user or await users.by_email(transaction, email)
        if user is not None and user.disabled_ms is not None:
            raise Forbidden("this account is disabled", code="user_disabled")
        memberships = [] if user is None else await users.of_user(transaction, user.id)
        if organization_id not in {membership.organization_id for membership in memberships}:
            user = await self._added(transaction, settings, user, email, claims)
        if user is None:
            raise Forbidden(f"{email} is no member here", code="not_a_member")
        await sign_on.add_identity(transaction, organization_id, settings.issuer, subject, user.id, now)
        return user

    async def _added(
        self, transaction: Transaction, settings: SignOnSettings, user: User | None, email: str,
        claims: Mapping[str, Any],
    ) -> User:  # fmt: skip
        if not settings.adds_members:
            raise Forbidden(f"{email} is no member here: ask an owner for an invitation", code="not_a_member")
        now = self.clock()
        if user is None:
            name = " ".join(str(claims.get("name") or "").split())[:100]
            user = await users.add(transaction, email, name if name.isprintable() else "", None, now)
        role = settings.default_role
        # Their password, if they have any, must not open this: whoever made an account under somebody's
        # address before would come in with it.
        await users.put_member(transaction, settings.organization_id, user.id, role, now, by_sign_on=True)
        actor = audit_log.Actor("sign_on", user.id, user.email)
        detail = {"email": email, "role": role}
        entry = audit_log.AuditEntry(settings.organization_id, actor, "member.added", user.id, detail)
        await audit_log.note(transaction, entry, now)
        return user

    async def _settings(self, organization_id: str) -> SignOnSettings:
        settings = await sign_on.get(self.database, organization_id)
        if settings is None:
            raise NotFound(f"organization {organization_id[:100]!r} has no single sign-on", code="no_sign_on")
        return settings


_PURPOSE_OF_CLIENT = "client of single sign-on"


def _purpose(state: str) -> str:
    return f"sign-on {hashlib.sha256(state.encode()).hexdigest()}"


def _code(query: Mapping[str, str], metadata: ProviderMetadata) -> str:
    """The code that came back. Raises BadRequest, with the provider's words where it refused."""
    named = query.get("iss")
    if named != metadata.issuer and (
        named is not None or metadata.authorization_response_iss_parameter_supported
    ):
        raise BadRequest("the answer is of another provider (RFC 9207)", code="sso_failed")
    if code := query.get("code"):
        return code
    words = query.get("error_description") or query.get("error") or "no code came back"
    raise BadRequest(f"the sign-on was not completed: {words[:300]}", code="sso_refused")


def _checked_email(settings: SignOnSettings, claims: Mapping[str, Any]) -> str:
    """The address that the provider vouches for. Raises Forbidden."""
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") not in (True, "true"):
        raise Forbidden(
            "the provider does not say that your e-mail address is verified", code="email_unverified"
        )
    try:
        email = check_email(email)
    except Invalid:
        raise Forbidden("the provider names no e-mail address", code="email_unverified") from None
    if email.rpartition("@")[2].casefold() not in settings.domains:
        raise Forbidden(
            f"addresses of {email.rpartition('@')[2]} may not come in here", code="domain_refused"
        )
    return email


def _check(wanted: WantedSignOn) -> None:
    """Raise Invalid, with all that does not fit."""
    faults: dict[str, list[str]] = {}
    if not wanted.client_id or len(wanted.client_id) > 500:
        faults["client_id"] = ["must have 1 to 500 characters"]
    if not 0 < len(wanted.domains) <= MOST_DOMAINS or any(
        not domain or not domain.isprintable() or set(domain) & set("@, /") for domain in wanted.domains
    ):
        faults["domains"] = [f"must name 1 to {MOST_DOMAINS} domains of e-mail addresses: example.com"]
    if wanted.default_role == "owner":
        faults["default_role"] = ["must not be owner: an owner makes others owners"]
    if wanted.is_enforced and not wanted.break_glass_user_id:
        faults["break_glass_user_id"] = ["must name an owner with a password, who can come in when it fails"]
    if faults:
        raise Invalid({"json": faults})


async def _check_break_glass(transaction: Transaction, organization_id: str, user_id: str | None) -> None:
    members = await users.of_organization(transaction, organization_id)
    is_fit = any(
        membership.user.id == user_id
        and membership.role == "owner"
        and membership.user.disabled_ms is None
        and membership.user.password_hash is not None
        and not membership.by_sign_on
        for membership in members
    )
    if not is_fit:
        raise Conflict(
            "break_glass_user_id must be an owner of the organization with a password",
            code="break_glass_owner",
        )
