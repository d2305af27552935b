"""What one transaction is going to write, decided record by record: nothing of it asks the database.

what a vendor says + what is stored ──▶ records, tombstones, history, events, tags, hashes ──▶ store_plan
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crossdock.changes import dates
from crossdock.changes import document as documents
from crossdock.changes.diff import new_items, previous_attributes, settled
from crossdock.changes.document import Composed
from crossdock.changes.events import Subject, record_event
from crossdock.changes.fitting import fitted
from crossdock.changes.history import past
from crossdock.errors import BadVendorValue
from crossdock.kit.contract import Fields, Misfit
from crossdock.resources.event_types import extension_types
from crossdock.resources.schema import Resource
from crossdock.resources.writes import TAGS
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.records.events import EventRow
from crossdock.store.records.history import HistoryRow, Kind
from crossdock.store.records.records import RecordRow, StoredRecord
from crossdock.wire import decoder, encoder, hashed, seconds, stamp

_TOO_DEEP = "is nested too deeply"


@dataclass(frozen=True)
class Incoming:
    """A vendor's word on one record. `raw_hash` None: it came from elsewhere than a page of a walk."""

    id: str
    fields: Fields
    raw_hash: bytes | None
    must_be_there: bool = False
    """Whether it only changes a record that we hold: where there is none it is refused."""


@dataclass(frozen=True)
class Target:
    """The place where changes go, and why they come."""

    connection: ConnectionRow
    resource: Resource
    cause: str
    job_id: str | None = None
    quiet: bool = False
    """The initial sync of this resource: records are stored, and nobody is told."""


@dataclass
class CommitOutcome:
    """The outcome of a commit."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: int = 0
    gone: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Records that do not fit, by id, with the reason."""
    misfits: dict[str, list[Misfit]] = field(default_factory=dict)
    """Of records that were stored, by id: what of them did not fit."""
    newest: int | None = None
    """The latest `updated_date` among what was stored, in seconds."""
    oldest: int | None = None
    last_event: str | None = None
    """The last event, of those that nobody has to ask for by name."""

    def add(self, part: "CommitOutcome") -> None:
        """Count in what a part of the commit did."""
        self.created += part.created
        self.updated += part.updated
        self.unchanged += part.unchanged
        self.gone += part.gone
        self.refused |= part.refused
        self.misfits |= part.misfits
        self.newest = max((date for date in (self.newest, part.newest) if date is not None), default=None)
        self.oldest = min((date for date in (self.oldest, part.oldest) if date is not None), default=None)
        self.last_event = part.last_event or self.last_event


class CommitPlan:
    """The writes of one transaction, decided record by record."""

    def __init__(self, target: Target, now_ms: int) -> None:
        self.target = target
        self.now_ms = now_ms
        self._now = stamp(now_ms)
        self.outcome = CommitOutcome()
        self.rows: list[RecordRow] = []
        self.hashes: list[tuple[str, bytes | None, bytes | None]] = []
        """Of records that came out the same: id, raw hash, said hash."""
        self.events: list[EventRow] = []
        self.history: list[HistoryRow] = []
        self.tags: dict[str, frozenset[str]] = {}
        """Of the records whose tags are set anew."""
        self.restored: list[str] = []
        """Records that are back from their tombstones."""
        self.tombstones: dict[str, bytes] = {}
        """Documents of the records that become tombstones."""

    def add(self, incoming: Incoming, stored: StoredRecord | None, tombstone: bytes | None) -> None:
        """Decide about a record. What of it does not fit is left out, and noted as a misfit.

        A record that can't be stored without that is refused, and the others go on.
        """
        before = self._lengths()
        try:
            self._decide(incoming, stored, tombstone)
        except BadVendorValue as problem:
            self._undo(before)
            self._add_fitted(incoming, stored, tombstone, problem)
        except RecursionError:
            self._undo(before)
            self.outcome.refused[incoming.id] = _TOO_DEEP

    def _add_fitted(
        self,
        incoming: Incoming,
        stored: StoredRecord | None,
        tombstone: bytes | None,
        problem: BadVendorValue,
    ) -> None:
        before, resource = self._lengths(), self.target.resource
        try:
            held = {} if stored is None else decoder.decode(documents.body_of(resource, stored.document))
            fields, misfits = fitted(resource, incoming.fields, held, exact=self._is_exact)
            if not misfits:
                raise problem
            self._decide(replace(incoming, fields=fields), stored, tombstone)
            self.outcome.misfits[incoming.id] = misfits
        except BadVendorValue as still:
            self._undo(before)
            self.outcome.refused[incoming.id] = str(still)
        except RecursionError:
            self._undo(before)
            self.outcome.refused[incoming.id] = _TOO_DEEP

    def _decide(self, incoming: Incoming, stored: StoredRecord | None, tombstone: bytes | None) -> None:
        """Plan a record. Raises BadVendorValue for one that does not fit."""
        if stored is None and incoming.must_be_there:
            raise BadVendorValue(f"there is no {incoming.id!r}")
        if stored is None:
            self._create(incoming, tombstone)
            return
        said_hash = _said_hash(self.target.resource, incoming)
        if stored.said_hash == said_hash:
            self.hashes.append((incoming.id, incoming.raw_hash, said_hash))
            self.outcome.unchanged += 1
        else:
            self._update(incoming, said_hash, stored)

    @property
    def _lists(self) -> tuple[list[Any], ...]:
        outcome = self.outcome
        return (
            self.rows, self.hashes, self.events, self.history, self.restored, outcome.created,
            outcome.updated,
        )  # fmt: skip

    def _lengths(self) -> tuple[int, ...]:
        return tuple(map(len, self._lists))

    def _undo(self, lengths: tuple[int, ...]) -> None:
        """Forget what was decided since."""
        for plans, length in zip(self._lists, lengths, strict=True):
            del plans[length:]

    def _composed(
        self,
        fields: Mapping[str, Any],
        old_body: bytes | None = None,
        hidden: Mapping[str, str | None] = documents.NOTHING,
    ) -> Composed:
        return documents.compose(self.target.resource, fields, old_body, hidden, exact=self._is_exact)

    @property
    def _is_exact(self) -> bool:
        return self.target.connection.quantities == "exact"

    def _update(self, incoming: Incoming, said_hash: bytes, stored: StoredRecord) -> None:
        old_body = documents.body_of(self.target.resource, stored.document)
        fields = dates.without_none(incoming.fields)
        composed = self._composed(fields, old_body, stored.hidden)
        old, new = decoder.decode(old_body), decoder.decode(composed.body)
        previous = {} if composed.body == old_body else previous_attributes(old, new)
        if previous and dates.is_undated(incoming.fields):
            composed = self._composed({**fields, dates.UPDATED: self._now}, old_body, stored.hidden)
            new = decoder.decode(composed.body)
            previous = previous_attributes(old, new)
        if self.target.resource.append_only and previous.keys() == {"updated_date"}:
            self.hashes.append((incoming.id, incoming.raw_hash, said_hash))
            self.outcome.unchanged += 1
        elif previous:
            new = settled(old, new)
            composed = replace(composed, body=encoder.encode(new))
            document = self._store(incoming, said_hash, composed, stored.document)
            event_id = self._emit_updated(
                Subject(self.target.resource.key, incoming.id, document), old, new, previous
            )
            self._note_history(
                incoming.id, "updated", event_id, past.history_body(old_body, new, previous), stored.document
            )
        else:
            self._keep_document(
                incoming, said_hash, composed, stored, has_other_fields=old.keys() != new.keys()
            )

    def _create(self, incoming: Incoming, tombstone: bytes | None) -> None:
        """Plan a record that is not stored: new, or back from its tombstone.

        A tenth of a first sync is saved by not hashing what is said here: when the vendor next sends the
        record otherwise, it is compared field by field once.
        """
        resource = self.target.resource
        fields = dates.dated(incoming.fields, self._now)
        if tombstone is None:
            composed = self._composed(fields)
            event_id = self._emit_created(incoming.id, self._store(incoming, None, composed, None))
            if not resource.stamped:
                # Those with stamps say themselves since when they are.
                self._note_history(incoming.id, "created", event_id)
            return
        old_body = documents.body_of(resource, tombstone)
        old = decoder.decode(old_body)
        # Tags are the caller's: the vendor neither knows them nor takes them away.
        kept_fields = {name: old[name] for name in (TAGS,) if name in old}
        composed = self._composed({**fields, **kept_fields})
        new = settled(old, decoder.decode(composed.body))
        composed = replace(composed, body=encoder.encode(new))
        self.restored.append(incoming.id)
        event_id = self._emit_created(incoming.id, self._store(incoming, None, composed, tombstone))
        self._note_history(
            incoming.id,
            "back",
            event_id,
            past.history_body(old_body, new, previous_attributes(old, new)),
            tombstone,
        )

    def _store(
        self, incoming: Incoming, said_hash: bytes | None, composed: Composed, before: bytes | None
    ) -> bytes:
        """Plan the row of a record that is new or has changed; return its document.

        before: the document that was stored, or that its tombstone holds.
        """
        resource = self.target.resource
        updated = self._now
        created = (documents.created_of(resource, before) if before else None) or updated
        document = documents.document(resource, composed.body, created, updated)
        columns = documents.columns(resource, composed, created, updated)
        self.rows.append(RecordRow(incoming.id, columns, incoming.raw_hash, said_hash, document))
        if TAGS in incoming.fields:
            self.tags[incoming.id] = documents.tags(incoming.fields)
        self._note_date(composed)
        return document

    def _keep_document(
        self,
        incoming: Incoming,
        said_hash: bytes,
        composed: Composed,
        stored: StoredRecord,
        *,
        has_other_fields: bool,
    ) -> None:
        """Keep a record in which nothing has changed that the API shows.

        A hidden value may have changed, or how a number is written. The document stays byte for byte as it
        is, but where the resource now has a field that it had not.
        """
        if not has_other_fields and composed.hidden == stored.hidden:
            self.outcome.unchanged += 1
            self.hashes.append((incoming.id, incoming.raw_hash, said_hash))
            return
        resource, document = self.target.resource, stored.document
        stamps = documents.stamps_of(resource, document)
        if has_other_fields:
            document = documents.document(resource, composed.body, *stamps)
        columns = documents.columns(resource, composed, *stamps)
        self.outcome.unchanged += 1
        self.rows.append(RecordRow(incoming.id, columns, incoming.raw_hash, said_hash, document))

    def _note_date(self, composed: Composed) -> None:
        updated = composed.values.get("updated_date")
        if updated is None:
            return
        moment, outcome = seconds(updated), self.outcome
        outcome.newest = moment if outcome.newest is None else max(outcome.newest, moment)
        outcome.oldest = moment if outcome.oldest is None else min(outcome.oldest, moment)

    def _emit_created(self, record_id: str, document: bytes) -> str | None:
        """Emit the events of a new record; return the id of the first."""
        self.outcome.created.append(record_id)
        if not self._emits_events:
            return None
        subject = Subject(self.target.resource.key, record_id, document)
        event_id = self._emit("created", subject)
        if self.target.resource.subevents:
            before: Fields = {subevent.list_field: [] for subevent in self.target.resource.subevents}
            self._emit_subevents(subject, before, decoder.decode(document))
        return event_id

    def _emit_updated(
        self, subject: Subject, old: Fields, new: Fields, previous: Mapping[str, Any]
    ) -> str | None:
        """Emit the events of a record that has changed; return the id of the first."""
        self.outcome.updated.append(subject.record_id)
        if not self._emits_events:
            return None
        event_id = self._emit("updated", subject, previous)
        self._emit_subevents(subject, old, new)
        return event_id

    def delete(self, record_id: str, document: bytes) -> None:
        """Plan the tombstone of a record that is gone."""
        self.outcome.gone.append(record_id)
        self.tombstones[record_id] = document
        event_id = None
        if self._emits_events:
            event_id = self._emit("deleted", Subject(self.target.resource.key, record_id, document))
        self._note_history(record_id, "gone", event_id)

    def _note_history(
        self,
        record_id: str,
        kind: Kind,
        event_id: str | None,
        previous: bytes = past.NOTHING,
        before: bytes | None = None,
    ) -> None:
        """Note a change in the history, a quiet one too: callers read records while a first sync goes on."""
        resource = self.target.resource
        updated = documents.stamps_of(resource, before)[1] if before is not None else ""
        self.history.append(
            HistoryRow(
                connection_id=self.target.connection.id,
                resource=resource.key,
                record_id=record_id,
                at_ms=self.now_ms,
                kind=kind,
                cause=self.target.cause,
                job_id=self.target.job_id,
                event_id=event_id,
                previous=previous,
                updated_before=seconds(updated) if updated else None,
            )
        )

    @property
    def _emits_events(self) -> bool:
        """Check whether changes of these records are published."""
        target = self.target
        is_heard = not target.quiet and not target.connection.webhooks_disabled
        return is_heard and target.resource.event is not None

    def _emit(self, current_text: str, subject: Subject, previous: Mapping[str, Any] | None = None) -> str:
        """Add an event, and return its id."""
        name = f"{self.target.resource.event}.{current_text}"
        return self._add_event(name, subject, previous)

    def _add_event(self, name: str, subject: Subject, previous: Mapping[str, Any] | None) -> str:
        event = record_event(self.target.connection, name, subject, self.now_ms, previous)
        self.events.append(event)
        if name not in extension_types():
            self.outcome.last_event = event.id
        return event.id

    def _emit_subevents(self, subject: Subject, old: Fields, new: Fields) -> None:
        for subevent in self.target.resource.subevents:
            name = subevent.list_field
            if new_items(old[name], new[name], subevent.item_key):
                self._add_event(subevent.name, subject, {name: old[name]})


def _said_hash(resource: Resource, incoming: Incoming) -> bytes:
    try:
        return hashed(resource.shape, encoder.encode(incoming.fields))
    except (ValueError, TypeError, RecursionError) as problem:
        raise BadVendorValue(f"holds what JSON can't: {problem}") from None
