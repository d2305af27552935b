"""What signing in is to the HTTP client: a request goes in, the same request signed comes out.

ready ── gets whatever a signature needs, which may be a call ── sign ── pure ── refresh, after a 401
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from yarl import URL

from crossdock.errors import InvalidCredentials
from crossdock.kit.gate import SignInGate


@dataclass(frozen=True)
class VendorRequest:
    """A request as it is about to be sent."""

    method: str
    url: URL
    """With its query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    token: str = field(default="", repr=False)
    """What the sign-in knows by which token it was signed; not sent."""

    def with_headers(self, added: Mapping[str, str]) -> "VendorRequest":
        """The request with these headers in place of those of the same names, in any case."""
        replaced = {name.lower() for name in added}
        unchanged = {name: text for name, text in self.headers.items() if name.lower() not in replaced}
        return replace(self, headers=unchanged | dict(added))

    def with_params(self, added: Mapping[str, str]) -> "VendorRequest":
        """The request with these parameters added to its query."""
        return replace(self, url=self.url.extend_query(added))

    def header(self, name: str) -> str:
        """The value of a header, "" when there is none."""
        values = (text for key, text in self.headers.items() if key.lower() == name.lower())
        return next(values, "")


class Auth(Protocol):
    """Signs the requests of one account."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that it signs with; never to be shown."""
        ...

    @property
    def is_fixed(self) -> bool:
        """Check whether nothing is bought: then the first call shows whether the credentials work."""
        ...

    def pass_through(self, gate: SignInGate) -> None:
        """Have every log-in pass this gate."""
        ...

    async def ready(self) -> None:
        """Get what a signature needs. Raises InvalidCredentials when the vendor does not give it."""
        ...

    def sign(self, request: VendorRequest) -> VendorRequest:
        """The request, signed. Called last, when it is about to be sent: timestamps are fresh."""
        ...

    async def refresh(self, refused: VendorRequest) -> "Renewal":
        """Get another token after a 401 to a signed request; tell where it came from."""
        ...


Renewal = Literal["none", "shared", "bought"]
"""none: there is no other token, so another try makes no sense. shared: another worker has bought one,
which may be refused by now, too. bought: it is as new as can be.
"""


def base64_text(text: str) -> str:
    """A text in Base64."""
    return base64.b64encode(text.encode()).decode()


def header_safe(secret: str) -> str:
    """The secret, if a header can hold it: a pasted key often brings a line break along."""
    if not secret.isprintable() or not secret.isascii():
        raise InvalidCredentials("a key or token contains a line break or another unusual character")
    return secret
