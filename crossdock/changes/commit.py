"""The single door into the store for vendor data.

One transaction holds the records of a page, a history row and the events for each change, and what
the caller adds (the cursor of its run, its lease). A crash therefore repeats at most one page, and
repeating a page changes nothing.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crossdock.changes import document as documents
from crossdock.changes import ledger, past
from crossdock.changes.diff import new_items, previous_attributes, settled
from crossdock.changes.document import Composed, decoder, encoder
from crossdock.changes.events import Subject, record_event
from crossdock.changes.ledger import Item
from crossdock.errors import BadVendorValue
from crossdock.integrations.contract import Fields
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.resources.writes import TAGS
from crossdock.store import connections, events, history, records
from crossdock.store import ledger as balances
from crossdock.store.connections import Connection
from crossdock.store.engine import Database, Transaction
from crossdock.store.events import EventRow
from crossdock.store.history import HistoryRow, Kind
from crossdock.store.records import RecordRow, Stored


@dataclass(frozen=True)
class Incoming:
    """What a vendor says of one record. `raw_hash` None: it came from elsewhere than a page of a walk."""

    id: str
    fields: Fields
    raw_hash: bytes | None
    must_be_there: bool = False
    """Whether it only changes a record that we hold: where there is none it is refused."""


@dataclass(frozen=True)
class Target:
    """Where changes go, and why they come."""

    connection: Connection
    resource: Resource
    cause: str
    job_id: str | None = None
    quiet: bool = False
    """The initial sync of this resource: records are stored, and nobody is told."""


@dataclass
class Outcome:
    """What a commit did."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: int = 0
    gone: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Records that do not fit, by id, with the reason."""
    newest: int | None = None
    """The latest `updated_date` among what was stored, in seconds."""
    oldest: int | None = None


Also = Callable[[Transaction, Outcome], Awaitable[None]]
"""What a caller writes in the same transaction."""


async def commit(
    database: Database, target: Target, incoming: Iterable[Incoming], now_ms: int, also: Also
) -> Outcome:
    """Stores what changed, with its events and history, and what `also` adds, or nothing of it."""
    wanted = {one.id: one for one in incoming}
    resource, connection_id = target.resource, target.connection.id
    async with database.transaction() as transaction:
        target = await _heard_by(transaction, target)
        plan = _Plan(target, now_ms)
        keeps_ledger = False
        if wanted:
            await take_turn(transaction, resource, connection_id)
            keeps_ledger = await _keeps_ledger(transaction, target, now_ms)
            stored = await records.locked(database, transaction, resource, connection_id, wanted)
            fresh = [one for one in wanted if one not in stored]
            buried = await records.buried(database, transaction, resource, connection_id, fresh)
            for one in wanted.values():
                plan.take(one, stored.get(one.id), buried.get(one.id))
            await plan.write(transaction)
            back = buried.keys() & set(plan.outcome.created)
            if back:
                await records.unbury(transaction, resource, connection_id, back)
        if keeps_ledger:
            items = ledger.of_rows((row.id, row.document) for row in plan.rows)
            await _derive(database, transaction, target, items, now_ms)
        await also(transaction, plan.outcome)
    return plan.outcome


async def bury_unseen(
    database: Database, target: Target, now_ms: int, *, before_ms: int, at_most: int, also: Also
) -> Outcome:
    """Turns records that a complete snapshot did not meet into tombstones, some at a time.

    Until it comes back with none there are more. `target.job_id` names the run of the snapshot;
    before_ms: when it began, records that changed since are left alone.
    """
    resource, connection_id = target.resource, target.connection.id
    async with database.transaction() as transaction:
        target = await _heard_by(transaction, target)
        plan = _Plan(target, now_ms)
        await take_turn(transaction, resource, connection_id)
        keeps_ledger = await _keeps_ledger(transaction, target, now_ms)
        found = await records.unseen(
            database, transaction, resource, connection_id,
            job_id=target.job_id or "", before_ms=before_ms, limit=at_most,
        )  # fmt: skip
        for record_id, document in found:
            plan.bury(record_id, document)
        await records.bury(transaction, resource, connection_id, dict(found), now_ms)
        await plan.write(transaction)
        if keeps_ledger:
            await _derive(database, transaction, target, ledger.of_rows(found, gone=True), now_ms)
        await also(transaction, plan.outcome)
    return plan.outcome


async def bury_these(
    database: Database, target: Target, ids: Iterable[str], now_ms: int, also: Also
) -> Outcome:
    """Turns these records into tombstones; those that are not there are no trouble."""
    resource, connection_id = target.resource, target.connection.id
    async with database.transaction() as transaction:
        target = await _heard_by(transaction, target)
        plan = _Plan(target, now_ms)
        await take_turn(transaction, resource, connection_id)
        stored = await records.locked(database, transaction, resource, connection_id, ids)
        for record_id, one in stored.items():
            plan.bury(record_id, one.document)
        found = {record_id: one.document for record_id, one in stored.items()}
        await records.bury(transaction, resource, connection_id, found, now_ms)
        await plan.write(transaction)
        await also(transaction, plan.outcome)
    return plan.outcome


async def _heard_by(transaction: Transaction, target: Target) -> Target:
    """The target, muted as its connection is now: it was read before, by a run that takes hours perhaps."""
    connection = target.connection
    muted = await connections.is_muted(transaction, connection.id)
    if muted == connection.webhooks_disabled:
        return target
    return replace(target, connection=replace(connection, webhooks_disabled=muted))


async def take_turn(transaction: Transaction, resource: Resource, connection_id: int) -> None:
    """Until this transaction ends no other one changes these records.

    Those that are there are locked when they are read; this is for those that are not: two transactions
    that bring the same one would both make it, and both tell of it.
    """
    await transaction.in_turn(f"{resource.key} of {connection_id}")


async def enter(transaction: Transaction, target: Target, entries: Iterable[Fields], now_ms: int) -> None:
    """Stores new entries of the ledger of `target.connection`."""
    plan = _Plan(replace(target, resource=INVENTORY_LEDGER), now_ms)
    for fields in entries:
        plan.take(Incoming(fields["id"], fields, None), None, None)
    if plan.outcome.refused:
        raise RuntimeError(f"derived entries do not fit: {plan.outcome.refused}")
    await plan.write(transaction)


async def _derive(
    database: Database, transaction: Transaction, target: Target, items: Mapping[str, Item], now_ms: int
) -> None:
    """Enters how the stock of these items has changed."""
    if items:
        entries = await ledger.derived(database, transaction, target.connection, items, now_ms)
        await enter(transaction, target, entries, now_ms)


async def _keeps_ledger(transaction: Transaction, target: Target, now_ms: int) -> bool:
    """Whether changes of this target are entered into a derived ledger."""
    if target.resource is INVENTORY:
        return await ledger.is_wanted(transaction, target.connection)
    if target.resource is INVENTORY_LEDGER and await balances.close(transaction, target.connection.id):
        # The system has a ledger of its own now: what was derived is not shown beside it.
        await _withdraw(transaction, target, now_ms)
    return False


async def _withdraw(transaction: Transaction, target: Target, now_ms: int) -> None:
    """Takes all derived entries away; nobody is told."""
    connection_id = target.connection.id
    while found := await balances.some_entries(transaction, connection_id, ledger.PREFIX, limit=500):
        plan = _Plan(replace(target, quiet=True), now_ms)
        for entry_id, document in found.items():
            plan.bury(entry_id, document)
        await records.bury(transaction, target.resource, connection_id, found, now_ms)
        await plan.write(transaction)


class _Plan:
    """What one transaction is going to write, decided record by record."""

    def __init__(self, target: Target, now_ms: int) -> None:
        self.target = target
        self.now_ms = now_ms
        self._now = documents.stamp(now_ms)
        self.outcome = Outcome()
        self.rows: list[RecordRow] = []
        self.kept: list[tuple[str, bytes | None, bytes | None]] = []
        self.events: list[EventRow] = []
        self.history: list[HistoryRow] = []
        self.tags: dict[str, frozenset[str]] = {}
        """Of the records whose tags are set anew."""

    def take(self, one: Incoming, stored: Stored | None, buried: bytes | None) -> None:
        """Decides about one record; one that does not fit is set aside."""
        try:
            if stored is None and one.must_be_there:
                raise BadVendorValue(f"there is no {one.id!r}")
            if stored is None:
                self._appear(one, buried)
                return
            said_hash = _said_hash(self.target.resource, one)
            if stored.said_hash == said_hash:
                self.kept.append((one.id, one.raw_hash, said_hash))
                self.outcome.unchanged += 1
            else:
                self._change(one, said_hash, stored)
        except BadVendorValue as problem:
            self.outcome.refused[one.id] = str(problem)

    def _change(self, one: Incoming, said_hash: bytes, stored: Stored) -> None:
        old_body = documents.body_of(self.target.resource, stored.document)
        record = documents.compose(self.target.resource, one.fields, old_body, stored.hidden)
        old, new = decoder.decode(old_body), decoder.decode(record.body)
        previous = {} if record.body == old_body else previous_attributes(old, new)
        if previous:
            new = settled(old, new)
            record = replace(record, body=encoder.encode(new))
            document = self._put(one, said_hash, record, stored.document)
            event_id = self._updated(Subject(self.target.resource.key, one.id, document), old, new, previous)
            self._note(one.id, "updated", event_id, past.kept(old_body, new, previous), stored.document)
        else:
            self._keep(one, said_hash, record, stored, has_other_fields=old.keys() != new.keys())

    def _appear(self, one: Incoming, buried: bytes | None) -> None:
        """A record that is not there: new, or back from its tombstone.

        A tenth of a first sync is saved by not hashing what is said here: when the vendor next sends the
        record otherwise, it is compared field by field once.
        """
        resource = self.target.resource
        if buried is None:
            record = documents.compose(resource, one.fields, None)
            event_id = self._created(one.id, self._put(one, None, record, None))
            if not resource.stamped:
                # Those with stamps say themselves since when they are.
                self._note(one.id, "created", event_id)
            return
        old_body = documents.body_of(resource, buried)
        old = decoder.decode(old_body)
        # Tags are the caller's: the vendor neither knows them nor takes them away.
        kept = {name: old[name] for name in (TAGS,) if name in old}
        record = documents.compose(resource, {**one.fields, **kept}, None)
        new = settled(old, decoder.decode(record.body))
        record = replace(record, body=encoder.encode(new))
        event_id = self._created(one.id, self._put(one, None, record, buried))
        self._note(one.id, "back", event_id, past.kept(old_body, new, previous_attributes(old, new)), buried)

    def _put(self, one: Incoming, said_hash: bytes | None, record: Composed, before: bytes | None) -> bytes:
        """Stores a record that is new or has changed; its document. before: what was stored or buried."""
        resource = self.target.resource
        updated = self._now
        created = (documents.created_of(resource, before) if before else None) or updated
        document = documents.document(resource, record.body, created, updated)
        columns = documents.columns(resource, record, created, updated)
        self.rows.append(RecordRow(one.id, columns, one.raw_hash, said_hash, document))
        if TAGS in one.fields:
            self.tags[one.id] = documents.tags(one.fields)
        self._note_date(record)
        return document

    def _keep(
        self, one: Incoming, said_hash: bytes, record: Composed, stored: Stored, *, has_other_fields: bool
    ) -> None:
        """Nothing has changed that the API shows. A hidden value may have, or how a number is written.

        The document stays byte for byte as it is, but where the resource now has a field that it had not.
        """
        self.outcome.unchanged += 1
        if not has_other_fields and record.hidden == stored.hidden:
            self.kept.append((one.id, one.raw_hash, said_hash))
            return
        resource, document = self.target.resource, stored.document
        stamps = documents.stamps_of(resource, document)
        if has_other_fields:
            document = documents.document(resource, record.body, *stamps)
        columns = documents.columns(resource, record, *stamps)
        self.rows.append(RecordRow(one.id, columns, one.raw_hash, said_hash, document))

    def _note_date(self, record: Composed) -> None:
        updated = record.values.get("updated_date")
        if updated is None:
            return
        moment, outcome = documents.seconds(updated), self.outcome
        outcome.newest = moment if outcome.newest is None else max(outcome.newest, moment)
        outcome.oldest = moment if outcome.oldest is None else min(outcome.oldest, moment)

    def _created(self, record_id: str, document: bytes) -> str | None:
        """Tells of it; the id of the event."""
        self.outcome.created.append(record_id)
        if self.target.quiet or not self._heard:
            return None
        subject = Subject(self.target.resource.key, record_id, document)
        event_id = self._tell("created", subject)
        if self.target.resource.subevents:
            before: Fields = {one.list_field: [] for one in self.target.resource.subevents}
            self._tell_subevents(subject, before, decoder.decode(document))
        return event_id

    def _updated(self, subject: Subject, old: Fields, new: Fields, previous: Mapping[str, Any]) -> str | None:
        """Tells of it; the id of the event."""
        self.outcome.updated.append(subject.record_id)
        if self.target.quiet or not self._heard:
            return None
        event_id = self._tell("updated", subject, previous)
        self._tell_subevents(subject, old, new)
        return event_id

    def bury(self, record_id: str, document: bytes) -> None:
        """A record that is gone."""
        self.outcome.gone.append(record_id)
        event_id = None
        if self._heard and not self.target.quiet:
            event_id = self._tell("deleted", Subject(self.target.resource.key, record_id, document))
        self._note(record_id, "gone", event_id)

    def _note(
        self,
        record_id: str,
        kind: Kind,
        event_id: str | None,
        previous: bytes = past.NOTHING,
        before: bytes | None = None,
    ) -> None:
        """Keeps a change in history. Quiet ones too: callers read records while a first sync goes on."""
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
                updated_before=documents.seconds(updated) if updated else None,
            )
        )

    @property
    def _heard(self) -> bool:
        """Whether records of this kind send events at all, here."""
        return self.target.resource.event is not None and not self.target.connection.webhooks_disabled

    def _tell(self, what: str, subject: Subject, previous: Mapping[str, Any] | None = None) -> str:
        """Adds an event; its id."""
        name = f"{self.target.resource.event}.{what}"
        event = record_event(self.target.connection, name, subject, self.now_ms, previous)
        self.events.append(event)
        return event.id

    def _tell_subevents(self, subject: Subject, old: Fields, new: Fields) -> None:
        for one in self.target.resource.subevents:
            if new_items(old[one.list_field], new[one.list_field], one.item_key):
                previous = {one.list_field: old[one.list_field]}
                self.events.append(
                    record_event(self.target.connection, one.name, subject, self.now_ms, previous)
                )

    async def write(self, transaction: Transaction) -> None:
        resource, connection_id = self.target.resource, self.target.connection.id
        if self.rows:
            await records.put(transaction, resource, connection_id, self.rows)
        if self.tags:
            await records.set_tags(transaction, resource, connection_id, self.tags)
        if self.kept:
            await records.keep_hashes(transaction, resource, connection_id, self.kept)
        if self.history:
            await history.add(transaction, self.history)
        if self.events:
            await events.add(transaction, self.events)


def _said_hash(resource: Resource, one: Incoming) -> bytes:
    try:
        return documents.hashed(resource.shape, encoder.encode(one.fields))
    except (ValueError, TypeError, RecursionError) as problem:
        raise BadVendorValue(f"holds what JSON can't: {problem}") from None
