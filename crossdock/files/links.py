"""Pure: links that open one file for 20 minutes, signed by us whatever the storage is.

/carrier/files/{id}/download?expires=…&signature=…      signature = HMAC-SHA256(key, id ‖ expires)
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.changes.document import stamp
from crossdock.errors import Forbidden
from crossdock.store.files import Received

LINK_MS = 20 * 60_000


@dataclass(frozen=True)
class Links:
    """Makes links and checks them."""

    base_url: str
    key: bytes

    def url(self, file_id: str, now_ms: int) -> tuple[str, int]:
        """A link, and when it expires, in whole seconds since 1970."""
        expires = (now_ms + LINK_MS) // 1000
        query = f"expires={expires}&signature={self._signature(file_id, str(expires))}"
        return f"{self.base_url}/carrier/files/{file_id}/download?{query}", expires

    def check(self, file_id: str, expires: str, signature: str, now_ms: int) -> None:
        """Raises Forbidden for a link that is not ours, or has expired."""
        if not hmac.compare_digest(self._signature(file_id, expires).encode(), signature.encode()):
            raise Forbidden("this link was not made by this server, or was altered; ask GET /carrier/files")
        if now_ms >= int(expires) * 1000:
            raise Forbidden(
                f"this link expired at {stamp(int(expires) * 1000)}; GET /carrier/files has a new one"
            )

    def _signature(self, file_id: str, expires: str) -> str:
        signed = msgspec.msgpack.encode((1, file_id, expires))
        return hmac.new(self.key, signed, hashlib.sha256).hexdigest()

    def described(self, one: Received, now_ms: int) -> dict[str, Any]:
        """A file as the API and its event show it."""
        url, expires = self.url(one.id, now_ms)
        return {
            "file_name": one.name,
            "generated_time": stamp(one.received_ms),
            "file_type": one.file_type,
            "download_url": url,
            "download_url_expires_at": stamp(expires * 1000),
        }
