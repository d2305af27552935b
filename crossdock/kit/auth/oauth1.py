"""OAuth 1.0a: each request signed with the secrets of an application and of a user (RFC 5849)."""

import secrets as random_bytes
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal
from urllib.parse import parse_qsl, quote

from yarl import URL

from crossdock.errors import InvalidCredentials, VendorNonsense, VendorRefused
from crossdock.kit.auth.base import Renewal, VendorRequest
from crossdock.kit.auth.signature import Digest, SignatureAuth, hmac_digest
from crossdock.kit.contract import Context
from crossdock.kit.gate import SignInGate
from crossdock.kit.http import Http
from crossdock.kit.session import TOKENS, ConnectionSession

Method = Literal["HMAC-SHA1", "HMAC-SHA256"]
_DIGESTS: dict[Method, Digest] = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, repr=False)
class OAuth1Keys:
    """The keys of an application, and of the user who let it in."""

    consumer_key: str
    consumer_secret: str
    token: str = ""
    token_secret: str = ""


def oauth1(
    keys: OAuth1Keys,
    method: Method = "HMAC-SHA256",
    *,
    realm: str | None = None,
    extra: Mapping[str, str] = {},
    nonce: Callable[[], str] = lambda: random_bytes.token_hex(16),
    clock: Callable[[], float] = time.time,
) -> SignatureAuth:
    """Sign with the header Authorization. realm: what some vendors want named there; it is not signed.

    extra: further protocol parameters, such as `oauth_callback`.
    """

    def signed(request: VendorRequest) -> VendorRequest:
        protocol = {
            "oauth_consumer_key": keys.consumer_key,
            "oauth_nonce": nonce(),
            "oauth_signature_method": method,
            "oauth_timestamp": str(int(clock())),
            "oauth_version": "1.0",
            **extra,
        }
        if keys.token:
            protocol["oauth_token"] = keys.token
        protocol["oauth_signature"] = signature_of(request, protocol, keys, method)
        shown = [("realm", realm)] if realm is not None else []
        pairs = ", ".join(f'{name}="{_escaped(text)}"' for name, text in [*shown, *sorted(protocol.items())])
        return request.with_headers({"Authorization": f"OAuth {pairs}"})

    own_secrets = (keys.consumer_secret, keys.token_secret, extra.get("oauth_verifier", ""))
    return SignatureAuth(tuple(filter(None, own_secrets)), signed)


async def temporary_credentials(
    http: Http, keys: OAuth1Keys, url: str, callback: str, method: Method = "HMAC-SHA1"
) -> OAuth1Keys:
    """The credentials that users take along to the page of consent: RFC 5849, section 2.1. http: unsigned."""
    return await _credentials(http, keys, url, method, {"oauth_callback": callback})


async def token_credentials(
    http: Http, keys: OAuth1Keys, url: str, verifier: str, method: Method = "HMAC-SHA1"
) -> OAuth1Keys:
    """The credentials of a consent: RFC 5849, section 2.3. keys: with the temporary ones."""
    return await _credentials(http, keys, url, method, {"oauth_verifier": verifier})


async def _credentials(
    http: Http, keys: OAuth1Keys, url: str, method: Method, extra: Mapping[str, str]
) -> OAuth1Keys:
    signed = http.signed(oauth1(keys, method, extra=extra))
    try:
        answer = await signed.send("POST", url, repeatable=False)
    except VendorRefused as refusal:
        raise InvalidCredentials(str(refusal), url=refusal.url, status=refusal.status) from None
    values = dict(parse_qsl(answer.text()))
    token, secret = values.get("oauth_token"), values.get("oauth_token_secret")
    if not token or secret is None:
        raise VendorNonsense("the vendor answered without oauth_token and oauth_token_secret", url=url)
    return replace(keys, token=token, token_secret=secret)


@dataclass(kw_only=True, eq=False, repr=False)
class ConsentedOAuth1:
    """Signatures with the token that users let us in with, which the session of the connection keeps."""

    keys: OAuth1Keys
    session: ConnectionSession
    method: Method = "HMAC-SHA1"
    realm: str | None = None

    is_fixed = True

    def __post_init__(self) -> None:
        self._signature: SignatureAuth | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.keys.consumer_secret,) if self._signature is None else self._signature.secrets

    def pass_through(self, gate: SignInGate) -> None:
        """Do nothing: no token is bought."""

    async def ready(self) -> None:
        if self._signature is not None:
            return
        stored = (await self.session.get()).get(TOKENS) or {}
        if not stored.get("access_token"):
            raise InvalidCredentials("there is no token; connect again")
        keys = replace(self.keys, token=stored["access_token"], token_secret=stored["token_secret"])
        self._signature = oauth1(keys, self.method, realm=self.realm)

    def sign(self, request: VendorRequest) -> VendorRequest:
        if self._signature is None:
            raise InvalidCredentials("there is no token yet")
        return self._signature.sign(request)

    async def refresh(self, refused: VendorRequest) -> Renewal:  # noqa: ARG002 - it lives until it is revoked
        return "none"


def oauth1_consent(context: Context, realm: str | None = None) -> ConsentedOAuth1:
    """The signatures of a connection whose user consented on a page of the vendor."""
    oauth = context.auth.oauth
    method = oauth.signature_method if oauth else "HMAC-SHA1"
    return ConsentedOAuth1(keys=app_keys(context), session=context.session, method=method, realm=realm)


def app_keys(context: Context) -> OAuth1Keys:
    """The keys of our application with the vendor: the sign-in fields consumer_key and consumer_secret."""
    credentials = context.credentials
    return OAuth1Keys(credentials.get("consumer_key", ""), credentials.get("consumer_secret", ""))


def signature_of(request: VendorRequest, protocol: dict[str, str], keys: OAuth1Keys, method: Method) -> str:
    """RFC 5849, section 3.4.2."""
    key = f"{_escaped(keys.consumer_secret)}&{_escaped(keys.token_secret)}"
    return hmac_digest(key, base_string(request, protocol).encode(), _DIGESTS[method], "base64")


def base_string(request: VendorRequest, protocol: dict[str, str]) -> str:
    """The text that is signed: method, URL and all parameters (RFC 5849, section 3.4.1)."""
    params = [*_pairs(request.url.raw_query_string), *protocol.items()]
    if request.header("Content-Type").split(";")[0].strip().lower() == FORM:
        params += _pairs((request.body or b"").decode())
    escaped = sorted((_escaped(name), _escaped(text)) for name, text in params)
    joined = "&".join(f"{name}={text}" for name, text in escaped)
    return "&".join(map(_escaped, (request.method.upper(), _base_url(request.url), joined)))


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True)


def _base_url(url: URL) -> str:
    """Scheme, host and path; a port only where it is not the scheme's own."""
    return str(url.with_query(None).with_fragment(None))


_escaped = partial(quote, safe="-._~")
