"""Pure: a record as it is, and its changes from the newest back → what it was.

    document now ──undo──▶ before the last change ──undo──▶ … ──▶ as it was first seen

The result is byte for byte the document that was stored then, our two dates included.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from crossdock.changes import document as documents
from crossdock.changes.diff import previous_attributes, restored
from crossdock.resources.schema import Resource
from crossdock.store.records.history import HistoryChange, Trail
from crossdock.wire import decoder, encoder, seconds, stamp

Json = Any

WHOLE = ""
"""The path of an old body that is kept whole."""

NOTHING = b"{}"
"""Nothing was different before."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True)
class PastChange:
    """One field before and after a change, by dotted path."""

    field: str
    old: Json
    new: Json


def history_body(old_body: bytes, new: dict[str, Json], previous: dict[str, Json]) -> bytes:
    """The part of a change that history keeps: the old values, or the old body where those do not suffice.

    They do not where a number is written in another way, or where the resource has other fields than it
    had: the body that comes from putting old values back would say the same, but in other bytes.
    """
    if encoder.encode(restored(new, previous)) == old_body:
        return encoder.encode(previous)
    return encoder.encode({WHOLE: msgspec.Raw(old_body)})


class Rewind:
    """A record that is wound back, change by change, from the newest."""

    def __init__(self, resource: Resource, trail: Trail) -> None:
        self._resource = resource
        self._body: bytes | None = documents.body_of(resource, trail.document)
        self._fields: dict[str, Json] | None = None
        self.created, self._updated = documents.stamps_of(resource, trail.document)
        self.exists = True
        """Whether it had been seen at all."""
        self.is_gone = trail.gone_ms is not None

    @property
    def fields(self) -> dict[str, Json]:
        """The record without our own dates."""
        if self._fields is None:
            self._fields = decoder.decode(self._body or b"{}")
        return self._fields

    @property
    def document(self) -> bytes:
        """The document as it was stored then."""
        if self._body is None:
            self._body = encoder.encode(self.fields)
        return documents.document(self._resource, self._body, self.created, self._updated)

    def told(self, change: HistoryChange) -> list[PastChange]:
        """The effects of this change on the fields; to be asked before it is undone."""
        if change.kind not in ("updated", "back"):
            return []
        whole_content = _whole_body(change)
        previous = (
            decoder.decode(change.previous)
            if whole_content is None
            else previous_attributes(decoder.decode(whole_content), self.fields)
        )
        return [PastChange(path, old, value_at(self.fields, path)) for path, old in previous.items()]

    def undo(self, change: HistoryChange) -> None:
        """Go to the state before this change, which must be the last one that is still in effect."""
        if change.kind == "created":
            self.exists = False
        elif change.kind == "gone":
            self.is_gone = False
        else:
            self.is_gone = change.kind == "back"
            self._put_back(change)

    def _put_back(self, change: HistoryChange) -> None:
        whole_content = _whole_body(change)
        if whole_content is not None:
            self._body, self._fields = whole_content, None
        elif change.previous != NOTHING:
            self._fields = restored(self.fields, decoder.decode(change.previous))
            self._body = None
        before = change.updated_before
        self._updated = self.created if before is None else stamp(before * 1000)


def _whole_body(change: HistoryChange) -> bytes | None:
    """The old body, where it is kept whole."""
    if not change.previous.startswith(b'{"":'):
        return None
    return bytes(_members.decode(change.previous)[WHOLE])


def value_at(fields: Json, path: str) -> Json:
    """The value at a dotted path; None where it leads nowhere."""
    for step in path.split("."):
        if isinstance(fields, list):
            fields = fields[int(step)] if int(step) < len(fields) else None
        else:
            fields = fields.get(step) if isinstance(fields, dict) else None
    return fields


@dataclass(frozen=True)
class PastState:
    """A record at a moment."""

    id: str
    document: bytes
    is_gone: bool
    hidden: Mapping[str, str | None]
    """The columns that the document does not show: as they are now, they have no history."""


def at(resource: Resource, trail: Trail, end_ms: int) -> PastState | None:
    """The record as it was right before a moment; None when it had not been seen yet.

    `trail.changes` are all changes from that moment on, or more.
    """
    rewind = Rewind(resource, trail)
    for change in _later(trail, end_ms):
        rewind.undo(change)
    if not rewind.exists or (rewind.created and seconds(rewind.created) * 1000 >= end_ms):
        return None
    return PastState(
        trail.id, rewind.document, rewind.is_gone and not _went_later(trail, end_ms), trail.hidden
    )


def _later(trail: Trail, end_ms: int) -> Iterator[HistoryChange]:
    """The changes to undo, from the newest back.

    Up to the first that had happened by then: where a clock jumped back, the order in which changes were
    stored counts.
    """
    for change in trail.changes:
        if change.at_ms < end_ms:
            return
        yield change


def _went_later(trail: Trail, end_ms: int) -> bool:
    """Check whether it went later without a row that says so: rows do only since history knows deletes."""
    late = trail.gone_ms is not None and trail.gone_ms >= end_ms
    return late and not any(history_change.kind == "gone" for history_change in _later(trail, end_ms))
