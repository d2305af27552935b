"""An identity provider as we call it, over the checked session: what it publishes, and a code for tokens."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote_plus

import aiohttp
import msgspec
from yarl import URL

from crossdock.errors import AddressRefused, BadRequest, VendorUnavailable
from crossdock.net.addresses import parsed_url
from crossdock.people import id_tokens
from crossdock.people.id_tokens import PublicKey

Decoded = TypeVar("Decoded")

WELL_KNOWN = "/.well-known/openid-configuration"
TIMEOUT_SECONDS = 10
LARGEST_ANSWER = 1_048_576
KEPT_SECONDS = 600
MOST_KEPT = 100


class ProviderMetadata(msgspec.Struct, frozen=True):
    """The part of OpenID Connect Discovery 1.0, section 3, that we use."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


class TokenAnswer(msgspec.Struct, frozen=True):
    """A token endpoint's answer to a code."""

    access_token: str
    id_token: str


@dataclass(frozen=True)
class CodeGrant:
    """A code, and what it is exchanged with. client_secret "": a public client."""

    code: str
    verifier: str
    redirect_uri: str
    client_id: str
    client_secret: str


class IdentityProviders:
    """Calls providers; what they publish is kept for some minutes, keys until an unknown one is met."""

    def __init__(self, session: aiohttp.ClientSession, *, allows_http: bool) -> None:
        """allows_http: also providers without https: beside a server that has none itself."""
        self._session = session
        self._schemes = ("https", "http") if allows_http else ("https",)
        self._metadata: dict[str, tuple[float, ProviderMetadata]] = {}
        self._keys: dict[str, list[PublicKey]] = {}

    async def metadata(self, issuer: str, *, fresh: bool = False) -> ProviderMetadata:
        """The metadata of a provider. Raises BadRequest for an issuer that is none, VendorUnavailable."""
        now = asyncio.get_running_loop().time()
        kept = self._metadata.get(issuer)
        if kept is not None and not fresh and now - kept[0] < KEPT_SECONDS:
            return kept[1]
        url = self.checked(issuer.rstrip("/") + WELL_KNOWN)
        metadata = _decoded(await self._get(url), ProviderMetadata, str(url))
        if metadata.issuer != issuer:
            raise BadRequest(
                f"{url} is of the issuer {metadata.issuer[:200]!r}, not {issuer!r}", code="sso_provider_wrong"
            )
        for address in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
            self.checked(address)
        if len(self._metadata) >= MOST_KEPT:
            self._metadata.clear()
            self._keys.clear()
        self._metadata[issuer] = (now, metadata)
        return metadata

    async def keys(self, metadata: ProviderMetadata, *, fresh: bool = False) -> list[PublicKey]:
        """The provider's public keys; fresh: as they are now."""
        if fresh or metadata.jwks_uri not in self._keys:
            url = self.checked(metadata.jwks_uri)
            key_set = _decoded(await self._get(url), dict[str, Any], str(url))
            self._keys[metadata.jwks_uri] = id_tokens.public_keys(key_set)
        return self._keys[metadata.jwks_uri]

    async def tokens(self, metadata: ProviderMetadata, grant: CodeGrant) -> TokenAnswer:
        """The tokens for a code (RFC 6749, 4.1.3, with RFC 7636). Raises BadRequest, VendorUnavailable."""
        form = {
            "grant_type": "authorization_code", "code": grant.code, "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.verifier, "client_id": grant.client_id,
        }  # fmt: skip
        headers = None
        if grant.client_secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # Both are form-encoded before they are joined: RFC 6749, 2.3.1.
            name, secret = quote_plus(grant.client_id), quote_plus(grant.client_secret)
            headers = {"authorization": aiohttp.encode_basic_auth(name, secret)}
        elif grant.client_secret:
            form["client_secret"] = grant.client_secret
        url = self.checked(metadata.token_endpoint)
        raw = await self._call("POST", url, data=form, headers=headers)
        return _decoded(raw, TokenAnswer, str(url))

    async def user_info(self, metadata: ProviderMetadata, access_token: str) -> dict[str, Any]:
        """The claims besides those of the ID token. Raises BadRequest, VendorUnavailable."""
        if metadata.userinfo_endpoint is None:
            return {}
        url = self.checked(metadata.userinfo_endpoint)
        raw = await self._get(url, {"authorization": f"Bearer {access_token}"})
        return _decoded(raw, dict[str, Any], str(url))

    def checked(self, text: str) -> URL:
        """The URL of a provider. Raises BadRequest for what is not called."""
        try:
            url = parsed_url(text)
        except AddressRefused as problem:
            raise BadRequest(f"{text[:200]!r}: {problem}", code="sso_provider_wrong") from None
        if url.scheme not in self._schemes:
            raise BadRequest(f"{text[:200]!r} has to begin with https://", code="sso_provider_wrong")
        return url

    async def _get(self, url: URL, headers: Mapping[str, str] | None = None) -> bytes:
        return await self._call("GET", url, headers=headers)

    async def _call(self, method: str, url: URL, **request: Any) -> bytes:
        """The body of an answer. Redirects are not followed: the secret is for this address."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        try:
            async with self._session.request(
                method, url, timeout=timeout, allow_redirects=False, **request
            ) as response:
                body = await response.content.read(LARGEST_ANSWER + 1)
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise _unreachable(url, type(problem).__name__) from None
        except AddressRefused as problem:
            raise BadRequest(str(problem), code="sso_provider_wrong") from None
        if status >= 500:
            raise _unreachable(url, f"status {status}")
        if status != 200 or len(body) > LARGEST_ANSWER:
            raise BadRequest(f"{_shown(url)} answered with status {status}", code="sso_provider_refused")
        return body


def _shown(url: URL) -> str:
    return str(url.with_query(None).with_user(None))


def _unreachable(url: URL, reason: str) -> VendorUnavailable:
    return VendorUnavailable(f"the identity provider does not answer: {_shown(url)} ({reason})")


def _decoded(raw: bytes, kind: type[Decoded], url: str) -> Decoded:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadRequest(
            f"what {url} answers is not what OpenID Connect wants", code="sso_provider_wrong"
        ) from None
