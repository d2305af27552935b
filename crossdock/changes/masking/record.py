"""Pure: a record with its history → both without a person, so that history still replays byte for byte.

    document ─ undone, change by change ─▶ every state ─▶ each masked ─▶ the changes between these

What is kept of a change is worked out anew from the masked states on both sides of it, so nothing of what
was masked is left in it, and putting it back gives the masked state before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

from crossdock.changes import document as documents
from crossdock.changes.diff import previous_attributes, restored
from crossdock.changes.history.past import NOTHING, Rewind, history_body, value_at
from crossdock.changes.masking.mask import Json, RecordMask, Search
from crossdock.resources.schema import Resource
from crossdock.store.records.history import Trail
from crossdock.wire import decoder, encoder

PATCHING = ("updated", "back")
"""The kinds of changes that keep old values."""


@dataclass(frozen=True)
class RecordState:
    """A record without our own two dates, as it was at some time."""

    body: bytes
    fields: dict[str, Json]


@dataclass(frozen=True)
class MaskedRecord:
    """A record without the person. body: None where it did not say anything of them."""

    body: bytes | None
    fields: dict[str, Json]
    history: list[tuple[int, bytes]]
    """(number, what is kept) of the changes whose old values are others now."""


def states_of(resource: Resource, trail: Trail) -> list[RecordState]:
    """All states of a record, the newest first: before the first change, then after each that was undone."""
    rewind = Rewind(resource, trail)
    states = [_state(resource, rewind)]
    for change in trail.changes:
        rewind.undo(change)
        if change.kind in PATCHING:
            states.append(_state(resource, rewind))
    return states


def _state(resource: Resource, rewind: Rewind) -> RecordState:
    body = documents.body_of(resource, rewind.document)
    return RecordState(body, decoder.decode(body))


def masked_record(trail: Trail, states: Sequence[RecordState], mask: RecordMask) -> MaskedRecord:
    """The record and its history without the person. states: as `states_of` has them."""
    masked = [_masked_state(state, mask) for state in states]
    history = []
    patching = [change for change in trail.changes if change.kind in PATCHING]
    pairs = pairwise(states)
    for change, new, old, before in zip(patching, masked[:-1], masked[1:], pairs, strict=True):
        if old.body == before[1].body and new.body == before[0].body:
            continue  # neither side of it was touched
        fresh = _patch(new, old)
        if fresh != change.previous:
            history.append((change.id, fresh))
    body = None if masked[0].body == states[0].body else masked[0].body
    return MaskedRecord(body, masked[0].fields, history)


def _masked_state(state: RecordState, mask: RecordMask) -> RecordState:
    fields = mask.masked(state.fields)
    return state if fields is state.fields else RecordState(encoder.encode(fields), fields)


def _patch(new: RecordState, old: RecordState) -> bytes:
    """The part to keep of a change from one masked state to the next."""
    if new.body == old.body:
        return NOTHING
    return history_body(old.body, new.fields, previous_attributes(old.fields, new.fields))


def masked_event(body: bytes, mask: RecordMask) -> bytes:
    """The body of an event about the record without the person; the same bytes where nothing was said."""
    try:
        envelope: dict[str, Any] = decoder.decode(body)
    except msgspec.DecodeError:
        return body
    data, previous = envelope.get("data"), envelope.get("previous_attributes")
    fresh = mask.masked(data)
    changed = fresh is not data
    if isinstance(previous, dict) and previous:
        masked_previous = _masked_previous(data, previous, mask)
        changed = changed or masked_previous != previous
        envelope["previous_attributes"] = masked_previous
    envelope["data"] = fresh
    return encoder.encode(envelope) if changed else body


def _masked_previous(data: Json, previous: dict[str, Json], mask: RecordMask) -> dict[str, Json]:
    """The old values that an event shows, as the masked record had them. None is left out."""
    try:
        old = mask.masked(restored(data, previous))
        return {path: value_at(old, path) for path in previous}
    except (LookupError, TypeError, ValueError, AttributeError):
        # The event was cut short, or shows another record than it changed.
        return {path: mask.masked(value) for path, value in previous.items()}


def record_mask(search: Search, states: Sequence[RecordState], *, is_known: bool) -> RecordMask | None:
    """The mask of a record with these states; None: nobody who is searched for is in it."""
    return RecordMask.of(search, [state.fields for state in states], is_known=is_known)
