"""Webhooks that vendors send to us: what an `inbound.py` offers, and how signatures are checked.

An `inbound.py` is a module of plain functions, see `Inbound`. All but `subscribe` and its like are pure.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from multidict import CIMultiDict, CIMultiDictProxy

from crossdock.errors import CrossdockError
from crossdock.kit.contract import Json
from crossdock.kit.erasure import ErasureRequest

Reads = list[tuple[str, str]]
"""Which records a notice is about: (function that reads them, id)."""


class BadSignature(CrossdockError):
    """A notice that the vendor did not sign; whoever sent it is not told why."""

    http_status = 401


@dataclass(frozen=True)
class InboundRequest:
    """A request to a connection's inbound address, as it came."""

    body: bytes
    headers: Mapping[str, str]
    """Their names are found whatever their case."""

    @classmethod
    def of(cls, body: bytes, headers: Mapping[str, str]) -> "InboundRequest":
        return cls(body, CIMultiDictProxy(CIMultiDict(headers)))


@dataclass(frozen=True)
class Subscription:
    """A subscription as the vendor made it."""

    id: Json
    """What it is called there: whatever `unsubscribe` needs."""
    secret: str | None = None
    """What it signs with, where it does not take our secret."""


class Inbound(Protocol):
    """The functions of `inbound.py`."""

    async def subscribe(self, client: Any, url: str, secret: str) -> Subscription:
        """Have the vendor send notices to this address, signed with this secret if it lets us choose."""
        ...

    async def unsubscribe(self, client: Any, subscription: Json) -> None:
        """End the subscription. Raises NotFound where there is none any more."""
        ...

    async def is_subscribed(self, client: Any, subscription: Json) -> bool:
        """Check whether the vendor still has it, switched on. Optional: without it nobody looks after it."""
        ...

    async def find_subscription(self, client: Any, url: str) -> Json | None:
        """The subscription that the vendor has to this address; optional."""
        ...

    def verify(self, request: InboundRequest, secret: str) -> None:
        """Raise BadSignature for what the vendor did not send."""
        ...

    def changed(self, body: Json, headers: Mapping[str, str]) -> Reads:
        """The records that are to be read again."""
        ...

    def deleted(self, body: Json, headers: Mapping[str, str]) -> Reads:
        """The records gone, as the vendor says: each is read, and deleted if there is none. Optional."""
        ...

    def erasures(self, body: Json, headers: Mapping[str, str]) -> list[ErasureRequest]:
        """Requests to erase people of the shop, or to tell what is held of them. Optional.

        They are about this connection alone, whatever they name. None for a notice of another kind; what is
        raised refuses the notice, so that the vendor sends it again.
        """
        ...


def hmac_text(
    secret: str,
    message: bytes,
    *,
    digest: Literal["sha1", "sha256", "sha512"] = "sha256",
    encoding: Literal["base64", "hex"] = "base64",
) -> str:
    """The signature of a message, as vendors write it into a header."""
    signature = hmac.new(secret.encode(), message, getattr(hashlib, digest)).digest()
    return base64.b64encode(signature).decode() if encoding == "base64" else signature.hex()


def require_equal(sent: str | None, expected: str) -> None:
    """Raise BadSignature when a header does not say what it should; it takes as long for any other text."""
    if not _is_same((sent or "").strip(), expected):
        raise BadSignature("the signature is missing or wrong")


def require_hmac(
    request: InboundRequest,
    secret: str,
    header: str,
    *,
    digest: Literal["sha1", "sha256", "sha512"] = "sha256",
    encoding: Literal["base64", "hex"] = "base64",
    prefix: str = "",
) -> None:
    """Raise BadSignature unless the header holds the HMAC of the raw body. prefix: what stands before it."""
    expected = prefix + hmac_text(secret, request.body, digest=digest, encoding=encoding)
    require_equal(request.headers.get(header), expected)


def require_standard_webhook(
    request: InboundRequest, secret: str, now_seconds: float, *, tolerance_seconds: float = 300
) -> None:
    """Raise BadSignature unless it is signed by the rules of Standard Webhooks, lately.

    secret: base64, with or without `whsec_`. Source: standardwebhooks.com, "Signature scheme".
    """
    message_id = request.headers.get("webhook-id", "")
    sent_at = request.headers.get("webhook-timestamp", "")
    if not sent_at.isdigit() or abs(now_seconds - int(sent_at[:15])) > tolerance_seconds:
        raise BadSignature("the timestamp is missing or too old")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((message_id.encode("utf-8", "surrogateescape"), sent_at.encode(), request.body))
    expected = f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
    signatures = request.headers.get("webhook-signature", "").split()
    if not any([_is_same(text, expected) for text in signatures]):
        raise BadSignature("the signature is missing or wrong")


def _is_same(sent: str, expected: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), expected.encode())
