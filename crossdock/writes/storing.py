"""What was written, through the same door as a sync; stored, published and answered in one transaction."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import structlog

from crossdock.changes.commit import Changes, store_changes
from crossdock.changes.masking.memory import ErasedPeople, StaleMemory, masked_incoming
from crossdock.changes.plan import CommitOutcome, Incoming, Target
from crossdock.errors import CrossdockError, NotFound, Uncertain, VendorNonsense
from crossdock.kit.additional import overlaid
from crossdock.kit.misfits import read_leniently
from crossdock.resources.schema import Resource
from crossdock.resources.writes import TAGS
from crossdock.store.connections import connections, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.jobs import write_log
from crossdock.store.jobs.write_log import WriteRow
from crossdock.store.records import records
from crossdock.writes.answers import answer
from crossdock.writes.aside import aside
from crossdock.writes.request import WriteRequest
from crossdock.writes.send import Sent
from crossdock.writes.validate import validated_tags

Made = TypeVar("Made")

log = structlog.get_logger()


@dataclass(frozen=True)
class Stored:
    """A write that is done and stored: the bytes to answer with, and the records that were read back."""

    answer: bytes
    incoming: Sequence[Incoming] = ()


@dataclass(frozen=True)
class WriteStoring:
    """Stores what a connected system did for one write."""

    database: Database
    clock: Clock
    client: Any
    request: WriteRequest
    erased: ErasedPeople | None = None
    """Masks those who were erased, where the system still says them."""

    async def store_sent(self, row: WriteRow, sent: Sent, unused: Sequence[str]) -> Stored:
        """Read back what the vendor did, and store it. Raises Uncertain: it is done whatever goes wrong."""
        write = self.request.write
        async with _known_to_be_done(sent.ids[0]):
            to_read = [] if write.answers == "word" else list(dict.fromkeys(sent.ids))
            incoming = [await self._read(write.resource, record_id) for record_id in to_read]

            async def finished(transaction: Transaction, outcome: CommitOutcome) -> bytes:
                if outcome.refused:
                    raise VendorNonsense("; ".join(outcome.refused.values()))
                ids = [record.id for record in incoming] or sent.ids
                return await _finish(transaction, self.request, row, ids, unused)

            return Stored(await self._commit(write.resource, incoming, finished), incoming)

    async def _commit(
        self,
        resource: Resource,
        incoming: Sequence[Incoming],
        work: Callable[[Transaction, CommitOutcome], Awaitable[Made]],
    ) -> Made:
        """Store records without those who were erased, and do the work in the same transaction."""
        connection, erased = self.request.connection, self.erased
        target = Target(connection, resource, cause="write")
        while True:
            recognizer = None if erased is None else await erased.recognizer(connection.organization_id)
            masked, _ = masked_incoming(recognizer, connection, resource, incoming)
            try:
                async with self.database.transaction() as transaction:
                    outcome = await store_changes(transaction, target, Changes(masked), self.clock())
                    await _require_there(transaction, connection)
                    if erased is not None:
                        await erased.check(transaction, connection.organization_id, recognizer)
                    return await work(transaction, outcome)
            except StaleMemory:
                continue

    async def store_side_effects(self, stored: Stored) -> None:
        """Read and store what a write made besides. What can't be read now, the next sync reads."""
        connection, action = self.request.connection, self.request.write.action
        integration = self.request.integration
        new_chain = chain.from_iterable(integration.also(action, record.fields) for record in stored.incoming)
        for function, record_id in new_chain:
            if await schedules.get(self.database, connection.id, function) is None:
                continue  # switched off
            resource = integration.resources[function]
            try:
                await self._commit(resource, [await self._read(resource, record_id)], _nothing)
            except CrossdockError as failure:
                log.warning(
                    "not read back", connection=connection.uid, action=action, function=function,
                    record=record_id, error=str(failure),
                )  # fmt: skip

    async def _read(self, resource: Resource, record_id: str) -> Incoming:
        """A record as the vendor has it now."""
        request = self.request
        raw = await getattr(self.client, resource.reader)(record_id)
        # What does not fit is shown by the next sync: without a raw hash the record is read again.
        is_exact = request.connection.quantities == "exact"
        reader = overlaid(request.integration.reader(resource), request.connection.custom_fields, resource)
        fields, _ = read_leniently(reader, raw, exact=is_exact)
        if TAGS in request.body and resource is request.write.resource:
            fields[TAGS] = request.body[TAGS]
        return Incoming(str(fields["id"]), fields, None)


async def _require_there(transaction: Transaction, connection: ConnectionRow) -> None:
    """Hold the connection. Raises NotFound for one that was deleted meanwhile: nothing of it is stored.

    Not before the records have had their turn: a sync that holds its job may wait for that.
    """
    if not await connections.lock(transaction, connection.id):
        raise NotFound("the connection was deleted", record_id=connection.uid)


async def _nothing(_transaction: Transaction, _outcome: CommitOutcome) -> None:
    """Do nothing besides storing."""


async def store_tags(database: Database, clock: Clock, request: WriteRequest, row: WriteRow) -> Stored:
    """Replace a record's tags: the caller's own labels, which no connected system ever sees.

    Raises NotFound and Invalid.
    """
    resource, record_id = request.write.resource, str(request.record_id)
    unused = await aside(request, validated_tags, request)
    fields = {"id": record_id, TAGS: request.body[TAGS]}
    incoming = [Incoming(record_id, fields, None, must_be_there=True)]
    target = Target(request.connection, resource, cause="tags")
    async with database.transaction() as transaction:
        outcome = await store_changes(transaction, target, Changes(incoming), clock())
        await _require_there(transaction, request.connection)
        if outcome.refused:
            word = resource.singular.replace("_", " ")
            raise NotFound(f"there is no {word} {record_id!r}", record_id=record_id)
        return Stored(await _finish(transaction, request, row, [record_id], unused))


async def _finish(
    transaction: Transaction, request: WriteRequest, row: WriteRow, ids: Sequence[str], unused: Sequence[str]
) -> bytes:
    """Keep the answer to a write as the last of its transaction, and return it."""
    documents: list[bytes] = []
    if request.write.answers != "word":
        for record_id in ids:
            resource, connection_id = request.write.resource, request.connection.id
            document = await records.within(transaction, resource, connection_id, record_id)
            documents.append(document or b"{}")
    body = answer(request.write, ids, documents, unused)
    await write_log.finish(transaction, row, ids[0], body)
    return body


@asynccontextmanager
async def _known_to_be_done(record_id: str) -> AsyncIterator[None]:
    """Turn what goes wrong after the vendor has done it into Uncertain, which says so."""
    try:
        yield
    except Exception as failure:
        doubt = f"it was done (record {record_id}), but could not be read back and stored: {failure}"
        raise Uncertain(doubt, outcome="done", record_id=record_id) from failure
