"""Pure: how a webhook is signed, after Standard Webhooks 1.0, and how that is checked.

    signed text   id.timestamp.body
    v1            HMAC-SHA256; secret  whsec_ + base64(key)
    v1a           ed25519;     secret  whsk_ + base64(seed + public key), shown as whpk_ + base64(public key)

Each message carries its three headers under two names: `webhook-*` for every library of the standard,
`svix-*` for that library. While a secret is being changed, both sign, the present one first.

The time is that of the attempt, so that a retry of tomorrow is not refused as too old.
"""

import base64
import binascii
import hashlib
import hmac
import secrets as random
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HMAC, PRIVATE, PUBLIC = "whsec_", "whsk_", "whpk_"
FAMILIES = ("webhook", "svix")
NEW_BYTES, LEAST_BYTES, MOST_BYTES = 24, 24, 75
"""Of an HMAC key: of one that we make, and of one that is given."""
TOLERANCE_SECONDS = 300
"""How far the clocks of sender and receiver may be apart; the libraries take as much."""


def new_secret() -> str:
    """An HMAC secret."""
    return HMAC + base64.b64encode(random.token_bytes(NEW_BYTES)).decode()


def new_private_key() -> str:
    """An ed25519 secret."""
    seed = random.token_bytes(32)
    return PRIVATE + base64.b64encode(seed + _public_bytes(seed)).decode()


def secret_fault(secret: str) -> str | None:
    """The fault of a secret that a customer brings; None: it has none. The fault does not show the secret."""
    if secret.startswith(PUBLIC):
        return "that is a public key; a secret begins with whsec_ or whsk_"
    kind = PRIVATE if secret.startswith(PRIVATE) else HMAC
    try:
        key = _decoded(secret, kind)
    except ValueError:
        return f"a secret is {kind} and base64 after it"
    if kind == PRIVATE:
        fits = len(key) == 64 and hmac.compare_digest(_public_bytes(key[:32]), key[32:])
        return None if fits else "a whsk_ secret is base64 of 32 bytes of seed and the 32 of their public key"
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        return f"the secret has {len(key)} bytes; {LEAST_BYTES} to {MOST_BYTES} are wanted"
    return None


def shown(secret: str) -> str:
    """The key that its owner sees and verifies with: an HMAC secret itself, an ed25519 one's public key."""
    if not secret.startswith(PRIVATE):
        return secret
    return PUBLIC + base64.b64encode(_decoded(secret, PRIVATE)[32:]).decode()


def headers(message_id: str, timestamp: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The headers that sign a message, under both names.

    timestamp: of this attempt, in whole seconds since 1970. secrets: the present one, then the old ones
    that still count. Raises ValueError for a secret that is none.
    """
    signatures = " ".join(signature(secret, message_id, timestamp, body) for secret in secrets)
    values = (("id", message_id), ("timestamp", str(timestamp)), ("signature", signatures))
    return {f"{family}-{name}": value for family in FAMILIES for name, value in values}


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One entry of the signature header: its version, a comma, base64."""
    text = _signed_text(message_id, timestamp, body)
    if secret.startswith(PRIVATE):
        signed = Ed25519PrivateKey.from_private_bytes(_decoded(secret, PRIVATE)[:32]).sign(text)
        return "v1a," + base64.b64encode(signed).decode()
    signed = hmac.digest(_decoded(secret, HMAC), text, hashlib.sha256)
    return "v1," + base64.b64encode(signed).decode()


def verify(secret: str, message_id: str, timestamp: int, body: bytes, signatures: str, *, now: float) -> bool:
    """Check whether a message is signed with this secret (or public key), and not too old or too new."""
    if abs(now - timestamp) > TOLERANCE_SECONDS:
        return False
    entries = signatures.split(" ")
    if secret.startswith((PRIVATE, PUBLIC)):
        key = _decoded(shown(secret), PUBLIC)
        return _any_signed(key, _signed_text(message_id, timestamp, body), entries)
    expected = signature(secret, message_id, timestamp, body).encode()
    return any(hmac.compare_digest(expected, entry.encode()) for entry in entries)


def _any_signed(public: bytes, text: bytes, entries: Iterable[str]) -> bool:
    key = Ed25519PublicKey.from_public_bytes(public)
    for entry in entries:
        version, _, encoded = entry.partition(",")
        if version != "v1a":
            continue
        try:
            key.verify(base64.b64decode(encoded, validate=True), text)
        except (InvalidSignature, binascii.Error):
            continue
        return True
    return False


def _signed_text(message_id: str, timestamp: int, body: bytes) -> bytes:
    return b"%b.%d.%b" % (message_id.encode(), timestamp, body)


@lru_cache(1024)
def _decoded(secret: str, kind: str) -> bytes:
    """The key in a secret, with or without its padding. Raises ValueError when it is not base64."""
    text = secret.removeprefix(kind).rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _public_bytes(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
