"""Pure: an ID token of an identity provider → its claims, checked as OpenID Connect Core 1.0, 3.1.3.7 has it.

Only signatures that need a private key count: a token without one, or one "signed" with what the provider
publishes, is refused whatever else it says.
"""

import base64
import hashlib
import hmac
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from crossdock.errors import Unauthorized

PublicKey = RSAKey | ECKey | OKPKey

ALGORITHMS: Mapping[str, tuple[str, str]] = {
    "RS256": ("RSA", "sha256"),
    "ES256": ("EC", "sha256"),
    "EdDSA": ("OKP", "sha512"),
    "Ed25519": ("OKP", "sha512"),
}
"""The kind of key and the hash of each."""
LEEWAY_SECONDS = 60
OLDEST_SECONDS = 600
LONGEST_TOKEN = 65_536
LONGEST_SUBJECT = 255


class UnknownKey(Unauthorized):
    """The token is signed with a key that the provider's set does not have, or had not when it was read."""


@dataclass(frozen=True)
class ExpectedToken:
    """The ID token that is waited for. now_s: seconds since 1970."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    now_s: int


def public_keys(key_set: Mapping[str, Any]) -> list[PublicKey]:
    """The keys of a JWK Set that verify signatures; those of other kinds are passed over."""
    kinds: dict[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    keys = []
    for member in key_set.get("keys", ()):
        kind = kinds.get(str(member.get("kty"))) if isinstance(member, Mapping) else None
        if kind is None or member.get("use", "sig") != "sig":
            continue
        try:
            keys.append(kind.import_key(dict(member)))
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return keys


def claims(token: str, keys: Sequence[PublicKey], expected: ExpectedToken) -> dict[str, Any]:
    """The claims of a token. Raises UnknownKey, and Unauthorized with what is wrong."""
    header = _header(token)
    algorithm = str(header.get("alg"))
    if algorithm not in ALGORITHMS:
        raise _refused(f"is signed with {algorithm[:20]!r}; wanted is one of {', '.join(ALGORITHMS)}")
    contents = _verified(token, _fitting(keys, algorithm, header.get("kid")), algorithm)
    _check_names(contents, expected)
    _check_times(contents, expected.now_s)
    if not hmac.compare_digest(str(contents.get("nonce", "")).encode(), expected.nonce.encode()):
        raise _refused("has another nonce: it answers another sign-on")
    _check_access_token(contents, algorithm, expected.access_token)
    return contents


def _header(token: str) -> Mapping[str, Any]:
    try:
        if len(token) > LONGEST_TOKEN:
            raise ValueError
        return jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        raise _refused("can't be read") from None


def _fitting(keys: Sequence[PublicKey], algorithm: str, kid: object) -> list[PublicKey]:
    kind, _ = ALGORITHMS[algorithm]
    fitting = [key for key in keys if key.key_type == kind and (kid is None or key.kid == kid)]
    if not fitting:
        raise UnknownKey(
            "the ID token is signed with a key that the provider does not publish", code="sso_failed"
        )
    return fitting


def _verified(token: str, keys: Sequence[PublicKey], algorithm: str) -> dict[str, Any]:
    """The claims, by whichever of the keys verifies them. Tokens without a key's id leave several."""
    for key in keys:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)  # of "EdDSA", which providers still send
                return dict(jwt.decode(token, key, algorithms=[algorithm]).claims)
        except (JoseError, ValueError):
            continue
    raise UnknownKey("the signature of the ID token does not verify", code="sso_failed")


def _check_names(contents: Mapping[str, Any], expected: ExpectedToken) -> None:
    if contents.get("iss") != expected.issuer:
        raise _refused(f"is of the issuer {str(contents.get('iss'))[:200]!r}, not {expected.issuer!r}")
    named = contents.get("aud")
    audience = named if isinstance(named, list) else [named]
    if expected.client_id not in audience:
        raise _refused("is for another client")
    party = contents.get("azp")
    if (len(audience) > 1 and party is None) or party not in (None, expected.client_id):
        raise _refused("was issued to another client (azp)")
    subject = contents.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise _refused("names no subject")


def _check_times(contents: Mapping[str, Any], now_s: int) -> None:
    times = {name: contents.get(name) for name in ("exp", "iat", "nbf")}
    for name, moment in times.items():
        if moment is None and name == "nbf":
            continue
        if not isinstance(moment, int | float) or isinstance(moment, bool):
            raise _refused(f"has no time in {name}")
    if times["exp"] <= now_s - LEEWAY_SECONDS:  # type: ignore[operator]
        raise _refused("has expired; do both clocks go right?")
    if max(times["iat"], times["nbf"] or 0) > now_s + LEEWAY_SECONDS:  # type: ignore[type-var, operator]
        raise _refused("is of the future; do both clocks go right?")
    if times["iat"] < now_s - OLDEST_SECONDS:  # type: ignore[operator]
        raise _refused("is too old; do both clocks go right?")


def _check_access_token(contents: Mapping[str, Any], algorithm: str, access_token: str) -> None:
    """Check `at_hash`, where there is one: that both tokens belong together."""
    named = contents.get("at_hash")
    if named is None:
        return
    digest = hashlib.new(ALGORITHMS[algorithm][1], access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
    if not hmac.compare_digest(str(named).encode(), half.encode()):
        raise _refused("belongs to another access token (at_hash)")


def _refused(text: str) -> Unauthorized:
    return Unauthorized(f"the ID token {text}", code="sso_failed")
