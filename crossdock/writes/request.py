"""What a caller wants to have done, and what comes of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from crossdock.kit.contract import Upload, WireRequest
from crossdock.kit.registry import Integration
from crossdock.resources.writes import Write
from crossdock.store.connections.connections import ConnectionRow
from crossdock.wire import canonical_encoder


@dataclass(frozen=True)
class WriteRequest:
    """One write that was asked for."""

    connection: ConnectionRow
    integration: Integration
    write: Write
    body: Mapping[str, Any]
    record_id: str | None = None
    upload: Upload | None = None
    key: str | None = None
    size: int = 0
    """Of the body that it was sent with, in bytes."""

    @cached_property
    def fingerprint(self) -> str:
        """Equal for the same endpoint, record and body, however that is spaced and ordered."""
        digest = hashlib.sha256()
        where = f"{self.write.method} {self.write.path} {self.record_id or ''}"
        for part in (where.encode(), canonical_encoder.encode(self.body)):
            digest.update(len(part).to_bytes(8, "big") + part)
        if self.upload is not None:
            digest.update(self.upload.name.encode() + b"\0" + hashlib.sha256(self.upload.content).digest())
        return digest.hexdigest()


@dataclass(frozen=True)
class WriteResult:
    """A write that was done: the bytes to answer with."""

    answer: bytes
    is_replayed: bool = False
    """Whether it was done before, and this is the answer of then."""


@dataclass(frozen=True)
class DryRunResult:
    """A write as it would be done."""

    requests: list[WireRequest]
    unused_fields: Sequence[str] = field(default=())
    is_complete: bool = True
