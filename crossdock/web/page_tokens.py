"""Page tokens: where the next page begins, opaque and signed.

    token = base64url(first 16 bytes of HMAC-SHA256(key, list ‖ order ‖ place) ‖ place)
    place = the key of the last record that was sent

The list (connection, resource, parent) and its order are known when a token comes back, so they are
signed but not carried: a token of another connection, resource or order has a wrong signature.
Filters are not part of it; the contract has clients resend them.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

import msgspec

from crossdock.errors import Invalid
from crossdock.store.database.secrets import is_signed

After = tuple[str] | tuple[int, str]
"""The key of the last record of a page: (id,), or (seconds, id) where a time column orders the list."""

VERSION = 1
SIGNATURE_BYTES = 16
LONGEST = 8192
"""In characters. An id of 1,500 characters still fits, whatever its script."""


@dataclass(frozen=True)
class PageTokens:
    """The pages of one list: one resource of one connection, below one parent."""

    key: bytes
    """The server's secret for page tokens, at least 16 bytes."""
    connection_id: int
    resource: str
    parent: str | None = None

    def token(self, after: After, order: str | None) -> str:
        """The token that a client sends back to get the page behind `after`."""
        return self._token(self.key, after, order)

    def _token(self, key: bytes, after: After, order: str | None) -> str:
        msgpack = msgspec.msgpack.encode(after)
        signed = self._signature(key, msgpack, order) + msgpack
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")

    def after(self, token: str, order: str | None) -> After:
        """The key a token stands for. Raises Invalid unless this list, in this order, issued it."""
        after = _position(token, order)
        # Comparing whole tokens also refuses a second spelling of the same bytes.
        if after is None or not is_signed(lambda key: self._token(key, after, order), token, self.key):
            raise Invalid({"query": {"page_token": [_REFUSED]}})
        return after

    def key_or_none(self, token: object, order: str | None = None) -> After | None:
        """The key that a parameter stands for; None: it was not sent. Raises Invalid as `after` does."""
        return None if token is None else self.after(str(token), order)

    def _signature(self, key: bytes, msgpack: bytes, order: str | None) -> bytes:
        # A MessagePack array says where each part ends: no two lists sign the same bytes.
        signed = msgspec.msgpack.encode(
            (VERSION, self.connection_id, self.resource, self.parent, order, msgpack)
        )
        return hmac.new(key, signed, hashlib.sha256).digest()[:SIGNATURE_BYTES]


_BY_ID: msgspec.msgpack.Decoder[tuple[str]] = msgspec.msgpack.Decoder(tuple[str])
_BY_TIME: msgspec.msgpack.Decoder[tuple[int, str]] = msgspec.msgpack.Decoder(tuple[int, str])

_REFUSED = (
    "not a token of this list; send the next_token of the previous page unchanged, "
    "with the same access token, path and filters"
)


def _position(token: str, order: str | None) -> After | None:
    """The place that the token claims, unchecked. None when it cannot be a token at all."""
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        urlsafe_b64decode = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[SIGNATURE_BYTES:]
        return _BY_ID.decode(urlsafe_b64decode) if order is None else _BY_TIME.decode(urlsafe_b64decode)
    except ValueError:  # of base64, of MessagePack and of UTF-8
        return None
