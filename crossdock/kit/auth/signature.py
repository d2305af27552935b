"""Signatures over the request itself: method, URL, headers and body, with a secret that is never sent."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crossdock.kit.auth.base import Auth, Renewal, VendorRequest
from crossdock.kit.gate import SignInGate

Digest = Literal["sha1", "sha256", "sha512"]
Encoding = Literal["hex", "base64"]


def hmac_digest(key: str, message: bytes, digest: Digest = "sha256", encoding: Encoding = "hex") -> str:
    """The HMAC of a message, as a text."""
    value = hmac.new(key.encode(), message, getattr(hashlib, digest)).digest()
    return value.hex() if encoding == "hex" else base64.b64encode(value).decode()


@dataclass(frozen=True, repr=False)
class SignatureAuth:
    """A signature that a function of the whole request makes."""

    own_secrets: tuple[str, ...]
    signed: Callable[[VendorRequest], VendorRequest]
    token: Auth | None = None
    """What signs before: a token that stands in the request and is signed with it."""

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self.own_secrets, *(self.token.secrets if self.token else ()))

    @property
    def is_fixed(self) -> bool:
        return self.token is None or self.token.is_fixed

    def pass_through(self, gate: SignInGate) -> None:
        if self.token is not None:
            self.token.pass_through(gate)

    async def ready(self) -> None:
        if self.token is not None:
            await self.token.ready()

    def sign(self, request: VendorRequest) -> VendorRequest:
        return self.signed(request if self.token is None else self.token.sign(request))

    async def refresh(self, refused: VendorRequest) -> Renewal:
        return "none" if self.token is None else await self.token.refresh(refused)


def signature(
    signed: Callable[[VendorRequest], VendorRequest], *secrets: str, token: Auth | None = None
) -> SignatureAuth:
    """A scheme of the vendor's own.

        def signed(request: VendorRequest) -> VendorRequest:
            message = request.url.path.encode() + (request.body or b"")
            return request.with_headers({"X-Signature": hmac_digest(secret, message)})

        http.signed(signature(signed, secret))

    token: signs first, `oauth_code(context)`.
    """
    return SignatureAuth(secrets, signed, token)
