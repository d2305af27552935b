"""Pure: links that open one file for 20 minutes, signed by us whatever the storage is.

/carrier/files/{id}/download?expires=…&signature=…      signature = HMAC-SHA256(key, id ‖ expires)
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.errors import Forbidden
from crossdock.store.carriers.files import FileRow
from crossdock.store.database.secrets import is_signed
from crossdock.wire import stamp

LINK_MS = 20 * 60_000


@dataclass(frozen=True)
class FileLinks:
    """Makes links and checks them."""

    base_url: str
    key: bytes

    def url(self, file_id: str, now_ms: int) -> tuple[str, int]:
        """A link, and when it expires, in whole seconds since 1970."""
        expires = (now_ms + LINK_MS) // 1000
        query = f"expires={expires}&signature={_signature(self.key, file_id, str(expires))}"
        return f"{self.base_url}/carrier/files/{file_id}/download?{query}", expires

    def check(self, file_id: str, expires: str, signature: str, now_ms: int) -> None:
        """Raise Forbidden for a link that is not ours, or has expired."""
        if not is_signed(lambda key: _signature(key, file_id, expires), signature, self.key):
            raise Forbidden("this link was not made by this server, or was altered; ask GET /carrier/files")
        if now_ms >= int(expires) * 1000:
            raise Forbidden(
                f"this link expired at {stamp(int(expires) * 1000)}; GET /carrier/files has a new one"
            )

    def described(self, file: FileRow, now_ms: int) -> dict[str, Any]:
        """A file as the API shows it."""
        url, expires = self.url(file.id, now_ms)
        link = {"download_url": url, "download_url_expires_at": stamp(expires * 1000)}
        return {**described(file), **link}


def _signature(key: bytes, file_id: str, expires: str) -> str:
    signed = msgspec.msgpack.encode((1, file_id, expires))
    return hmac.new(key, signed, hashlib.sha256).hexdigest()


def described(file: FileRow) -> dict[str, Any]:
    """A file as its event shows it."""
    came = stamp(file.received_ms)
    return {
        "id": file.id,
        "file_name": file.name,
        "created_date": came,
        "generated_time": came,
        "file_type": file.file_type,
    }
