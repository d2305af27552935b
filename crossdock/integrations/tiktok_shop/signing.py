"""The signature of every request to TikTok Shop, over its path, its query and its body.

Partner Center, "Sign your API request": parameters sorted by name and joined, the path before them, the body
behind, the app secret around it all; HMAC-SHA256 with that secret, in small hexadecimal letters.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from crossdock.kit.auth.base import VendorRequest
from crossdock.kit.auth.signature import hmac_digest

UNSIGNED = {"sign", "access_token"}


def signature_of(secret: str, path: str, params: Iterable[tuple[str, str]], body: bytes | None) -> str:
    """The signature of a request with these parameters, as they are before they are escaped."""
    joined = "".join(f"{name}{value}" for name, value in sorted(params) if name not in UNSIGNED)
    message = f"{secret}{path}{joined}".encode() + (body or b"") + secret.encode()
    return hmac_digest(secret, message)


def signer(key: str, secret: str, clock: Callable[[], datetime]) -> Callable[[VendorRequest], VendorRequest]:
    """The function that signs a request with key and secret of an app, at the time when it is sent."""

    def signed(request: VendorRequest) -> VendorRequest:
        timed = request.with_params({"app_key": key, "timestamp": str(int(clock().timestamp()))})
        sign = signature_of(secret, timed.url.path, timed.url.query.items(), timed.body)
        return timed.with_params({"sign": sign})

    return signed
