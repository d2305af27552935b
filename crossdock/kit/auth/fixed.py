"""Signatures that are the same on every request: keys, user and password, tokens that users fill in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crossdock.kit.auth.base import Renewal, VendorRequest, base64_text, header_safe
from crossdock.kit.gate import SignInGate


@dataclass(frozen=True, repr=False)
class FixedAuth:
    """The same signature on every request."""

    secrets: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)

    is_fixed = True

    def pass_through(self, gate: SignInGate) -> None:
        """Do nothing: no token is bought."""

    async def ready(self) -> None:
        """Do nothing: the signature needs nothing."""

    def sign(self, request: VendorRequest) -> VendorRequest:
        return request.with_headers(self.headers).with_params(self.params)

    async def refresh(self, refused: VendorRequest) -> Renewal:  # noqa: ARG002 - there is nothing to renew
        return "none"


def api_key(key: str, header: str = "X-Api-Key") -> FixedAuth:
    """The key in a header of its own."""
    return FixedAuth((key,), headers={header: header_safe(key)})


def api_key_in_query(key: str, parameter: str = "api_key") -> FixedAuth:
    """The key as a parameter of the query."""
    return FixedAuth((key,), params={parameter: key})


def basic(user: str, password: str) -> FixedAuth:
    """RFC 7617; the user name is no secret."""
    pair = base64_text(f"{user}:{password}")
    return FixedAuth((password, pair), headers={"Authorization": f"Basic {pair}"})


def bearer(token: str) -> FixedAuth:
    """A token that the user filled in."""
    return FixedAuth((token,), headers={"Authorization": f"Bearer {header_safe(token)}"})
