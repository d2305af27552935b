"""Erasing in records: each with its history, its events, what receivers answered to them, and its writes.

    a record, locked with its changes ─▶ all its states ─▶ is it about them? ─▶ masked states
      ─▶ document, tombstone, changes and copies rewritten; a further change and an event tell of it

One transaction holds a few records with everything that is kept of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossdock.changes import document as documents
from crossdock.changes.commit import take_turn
from crossdock.changes.diff import previous_attributes
from crossdock.changes.document import Composed
from crossdock.changes.events import Subject, record_event
from crossdock.changes.history.past import NOTHING, value_at
from crossdock.changes.masking.mask import Json, RecordMask, Search
from crossdock.changes.masking.record import (
    MaskedRecord,
    RecordState,
    masked_event,
    masked_record,
    record_mask,
    states_of,
)
from crossdock.erasing.findings import Findings
from crossdock.resources.writes import TAGS
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Transaction
from crossdock.store.erasing import record_copies
from crossdock.store.erasing.record_copies import Scope
from crossdock.store.records import events, history, records
from crossdock.store.records.history import HistoryRow, Trail
from crossdock.wire import decoder, encoder, seconds, stamp

AT_ONCE = 50


@dataclass(frozen=True)
class RecordEraser:
    """Erases in the records of one kind of a connection, those there or those gone."""

    search: Search
    connection: ConnectionRow
    scope: Scope
    erases: bool
    """False: it only tells what it would do."""
    job_id: str
    now_ms: int

    async def step(self, transaction: Transaction, after: str, findings: Findings) -> str | None:
        """Go through the next records; the id to go on behind, or None at the end."""
        await take_turn(transaction, self.scope.resource, self.connection.id)
        trails = await record_copies.trails(transaction, self.scope, after, AT_ONCE)
        for trail in trails:
            if self._may_be_in(trail):
                await self._look_at(transaction, trail, findings)
        return trails[-1].id if len(trails) == AT_ONCE else None

    def _may_be_in(self, trail: Trail) -> bool:
        parts = [trail.document, *(change.previous for change in trail.changes)]
        hidden = " ".join(filter(None, trail.hidden.values()))
        # A name and its street may stand in different states.
        return self.search.may_be_in(b" ".join(parts).decode("utf-8", "replace") + hidden)

    async def _look_at(self, transaction: Transaction, trail: Trail, findings: Findings) -> None:
        resource = self.scope.resource
        states = states_of(resource, trail)
        mask = record_mask(self.search, states, is_known=False)
        if mask is None:
            return
        masked = masked_record(trail, states, mask)
        if not mask.is_whole:
            findings.learned |= mask.person.pairs
            findings.linked |= mask.person.terms
        if mask.is_whole and not self.search.everyone:
            findings.records.append((self.connection.id, resource.key, trail.id))
        place = "tombstones" if self.scope.is_gone else "records"
        findings.add(place, int(masked.body is not None))
        findings.add("history", len(masked.history))
        if not self.erases and (masked.body is not None or masked.history):
            self._show(findings, place, trail.id, states, masked, mask)
        if self.erases:
            await self._rewrite(transaction, trail, states[0], masked)
        await self._copies(transaction, trail.id, mask, findings)

    def _show(
        self,
        findings: Findings,
        place: str,
        record_id: str,
        states: Sequence[RecordState],
        masked: MaskedRecord,
        mask: RecordMask,
    ) -> None:
        now = previous_attributes(states[0].fields, masked.fields)
        fields = list(now.items()) or [
            (f"{path} (before)", value)
            for state in states
            for path, value in previous_attributes(state.fields, mask.masked(state.fields)).items()
        ]
        named = f"{self.scope.resource.type}/{self.scope.resource.name}/{mask.text(record_id)}"
        findings.show(place, self.connection.uid, named, fields)

    async def _rewrite(
        self, transaction: Transaction, trail: Trail, state: RecordState, masked: MaskedRecord
    ) -> None:
        """Store the masked record, its changes, and the change that this is."""
        await record_copies.put_history(transaction, masked.history)
        if masked.body is None:
            return
        resource, scope = self.scope.resource, self.scope
        created, updated = documents.stamps_of(resource, trail.document)
        if scope.is_gone:
            document = documents.document(resource, masked.body, created, updated)
            await record_copies.put_tombstone(transaction, scope, trail.id, document)
            return
        fresh = stamp(self.now_ms) if updated else ""
        document = documents.document(resource, masked.body, created, fresh)
        hidden = {
            name: None if text is None else self.search.replaced(text) for name, text in trail.hidden.items()
        }
        values = {name: masked.fields.get(name) for name in resource.columns if name not in resource.hidden}
        composed = Composed(trail.id, masked.body, hidden, values)
        columns = documents.columns(resource, composed, created, fresh)
        await record_copies.put_document(transaction, scope, trail.id, columns, document)
        if masked.fields.get(TAGS) != state.fields.get(TAGS):
            tags = {trail.id: documents.tags(masked.fields)}
            await records.set_tags(transaction, resource, self.connection.id, tags)
        # As it was before, the record is masked too: what changed is told by name alone.
        changed = previous_attributes(state.fields, masked.fields)
        told = {path: value_at(masked.fields, path) for path in changed}
        event_id = await self._tell(transaction, Subject(resource.key, trail.id, document), told)
        change = HistoryRow(
            connection_id=self.connection.id, resource=resource.key, record_id=trail.id, at_ms=self.now_ms,
            kind="updated", cause="erasure", job_id=self.job_id, event_id=event_id, previous=NOTHING,
            updated_before=seconds(updated) if updated else None,
        )  # fmt: skip
        await history.add(transaction, [change])

    async def _tell(self, transaction: Transaction, subject: Subject, told: dict[str, Json]) -> str | None:
        """Tell that the record changed, so that copies elsewhere can follow; the event's id."""
        resource = self.scope.resource
        if resource.event is None or await connections.is_muted(transaction, self.connection.id):
            return None
        event = record_event(self.connection, f"{resource.event}.updated", subject, self.now_ms, told)
        await events.add(transaction, [event])
        return event.id

    async def _copies(
        self, transaction: Transaction, record_id: str, mask: RecordMask, findings: Findings
    ) -> None:
        """Mask what is kept of the record elsewhere."""
        scope = self.scope
        bodies = await record_copies.event_bodies(
            transaction, self.connection.organization_id, scope, record_id
        )
        fresh = _changed(bodies, lambda body: masked_event(body, mask))
        findings.add("events", len(fresh))
        responses = await record_copies.responses(transaction, [event_id for event_id, _ in bodies])
        answered = _changed(responses, lambda body: masked_bytes(body, mask))
        findings.add("webhook_attempts", len(answered))
        answers = await record_copies.answers(transaction, scope, record_id)
        written = _changed(answers, lambda body: masked_bytes(body, mask))
        findings.add("writes", len(written))
        if self.erases:
            await record_copies.put_event_bodies(transaction, scope, fresh)
            await record_copies.put_responses(transaction, answered)
            await record_copies.put_answers(transaction, self.connection.id, written)
            findings.add("raw_records", await record_copies.forget_raw(transaction, scope, record_id))
        elif await record_copies.has_raw(transaction, scope, record_id):
            findings.add("raw_records")


def _changed(bodies: Sequence[tuple[str, bytes]], mask: Callable[[bytes], bytes]) -> list[tuple[str, bytes]]:
    pairs = ((key, body, mask(body)) for key, body in bodies)
    return [(key, fresh) for key, body, fresh in pairs if fresh != body]


def masked_bytes(body: bytes, mask: RecordMask) -> bytes:
    """A JSON document or a text without the person; the same bytes where nothing was said."""
    value: Json
    try:
        value = decoder.decode(body)
    except ValueError:  # of JSON, and of UTF-8
        return _masked_text(body, mask)
    if isinstance(value, dict | list):
        fresh = mask.masked(value)
        return body if fresh is value else encoder.encode(fresh)
    return _masked_text(body, mask)


def _masked_text(body: bytes, mask: RecordMask) -> bytes:
    try:
        return mask.text(body.decode()).encode()
    except UnicodeDecodeError:
        return mask.text(body.decode("latin-1")).encode("latin-1", "replace")
