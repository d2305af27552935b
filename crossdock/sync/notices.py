"""What a vendor's webhook becomes: ids of records that are to be read, stored before it is answered.

    request ─▶ whose address? ─▶ signed? ─▶ which records? ─▶ stored, and a job to read them ─▶ 200
                   │ nobody's      │ no          │ too many wait already: the next sync is due now
                   └── 401 ────────┘

A notice is not believed, only heeded: whatever it says of a record, that record is read from the vendor. So
one that is forged, old or sent twice can do no more than have something read.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import structlog
from msgspec import structs

from crossdock.erasing.request import ErasureDesk, Requester
from crossdock.errors import BadRequest, TooManyRequests
from crossdock.jobs.queue import enqueue
from crossdock.kit.contract import Json
from crossdock.kit.erasure import ErasureRequest
from crossdock.kit.inbound import BadSignature, InboundRequest
from crossdock.kit.registry import Integration, get_integration
from crossdock.store.connections import connections, inbound, schedules
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.people.audit_log import Actor
from crossdock.sync.completion import leave_to_sync

MOST_WAITING = 10_000
"""Records of a function that wait to be read; when there are more a sync is quicker."""
MOST_IN_A_SECOND = 5_000
"""Notices of one connection that are taken in, by each process: far more than any vendor's storm has."""
LONGEST_ID = 512

log = structlog.get_logger()


@dataclass
class NoticeRates:
    """Counts the notices of each connection, second by second."""

    seconds: Callable[[], float] = time.monotonic
    _second: int = 0
    _counts: Counter[int] = field(default_factory=Counter)

    def take(self, connection_id: int) -> None:
        """Count one. Raises TooManyRequests when there were too many in this second."""
        second = int(self.seconds())
        if second != self._second:
            self._second, self._counts = second, Counter()
        self._counts[connection_id] += 1
        if self._counts[connection_id] > MOST_IN_A_SECOND:
            raise TooManyRequests(f"{MOST_IN_A_SECOND} a second are taken", retry_after_seconds=1)


@dataclass
class NoticeBatch:
    """Notices of a connection that came while those before were stored. reads: (function, record id)."""

    connection_id: int
    reads: set[tuple[str, str]]
    stored: asyncio.Future[None]


@dataclass
class NoticeFolding:
    """Stores the notices of each connection together with all that came meanwhile: storms take few turns."""

    _waiting: dict[int, NoticeBatch] = field(default_factory=dict)
    _storing: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def add(
        self,
        connection_id: int,
        reads: Iterable[tuple[str, str]],
        store: Callable[[NoticeBatch], Awaitable[None]],
    ) -> None:
        """Have records stored; return when they are. Raises what storing them raised."""
        batch = self._waiting.get(connection_id)
        if batch is None:
            future = asyncio.get_running_loop().create_future()
            batch = self._waiting[connection_id] = NoticeBatch(connection_id, set(), future)
        batch.reads.update(reads)
        if connection_id not in self._storing:
            self._storing[connection_id] = asyncio.create_task(self._store(connection_id, store))
        await asyncio.shield(batch.stored)

    async def _store(self, connection_id: int, store: Callable[[NoticeBatch], Awaitable[None]]) -> None:
        try:
            while batch := self._waiting.pop(connection_id, None):
                storing = asyncio.ensure_future(store(batch))
                await asyncio.wait([storing])
                if problem := storing.exception():
                    batch.stored.set_exception(problem)
                else:
                    batch.stored.set_result(None)
        finally:
            del self._storing[connection_id]


@dataclass(frozen=True)
class NoticeIntake:
    """Takes in what vendors send."""

    database: Database
    vault: Vault
    clock: Clock
    off: frozenset[str]
    """Functions that the operator's settings switch off."""
    rates: NoticeRates = field(default_factory=NoticeRates)
    folding: NoticeFolding = field(default_factory=NoticeFolding)

    async def take(self, path: str, request: InboundRequest) -> Json:
        """Note what a request is about; return the answer. Raises BadSignature, also for a path of nobody."""
        row = await inbound.by_path(self.database, path)
        connection = None if row is None else await connections.by_id(self.database, row.connection_id)
        if row is None or connection is None:
            raise BadSignature("there is no such address")
        integration = get_integration(connection.type, connection.integration)
        if integration.manifest.inbound is None:
            raise BadSignature("this integration takes no notices")
        secret = await inbound.open_secret(self.vault, connection, row)
        integration.inbound.verify(request, secret)
        self.rates.take(connection.id)
        body = _decoded(request)
        await self._erase(connection, _erasures(integration, body, request))
        reads = self._wanted(connection, integration, _named(integration, body, request))
        if reads:
            await self.folding.add(connection.id, reads, self._store)
        return getattr(integration.inbound, "ANSWER", {})

    async def _erase(self, connection: ConnectionRow, requests: Iterable[ErasureRequest]) -> None:
        """Queue what the vendor wants erased in this connection, or told. Raises Invalid for bad values.

        Asked for again, it is done again: nothing is left to be found then.
        """
        desk = ErasureDesk(self.database, self.vault, self.clock)
        requester = Requester(connection.organization_id, Actor("system", connection.uid, "vendor"), "notice")
        for request in requests:
            subject = structs.replace(request.subject, connection_id=connection.uid)
            if not subject.is_empty:
                await desk.request(requester, subject, request.mode)

    def _wanted(
        self, connection: ConnectionRow, integration: Integration, reads: Iterable[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """The records of functions that are on."""
        return [
            (function, record_id)
            for function, record_id in reads
            if function in integration.resources
            and not connection.is_off(function, self.off)
            and 0 < len(record_id.encode("utf-8", "surrogateescape")) <= LONGEST_ID
        ]

    async def _store(self, batch: NoticeBatch) -> None:
        """Note the records, and a job for each function that has none open."""
        by_function = defaultdict[str, list[str]](list)
        for function, record_id in sorted(batch.reads):
            by_function[function].append(record_id)

        async def work(transaction: Transaction) -> None:
            await inbound.take_turn(transaction, batch.connection_id)
            if not await connections.lock(transaction, batch.connection_id):
                return
            for function, ids in by_function.items():
                if await schedules.is_on(transaction, batch.connection_id, function):
                    await self._note(transaction, batch.connection_id, function, ids)

        await self.database.transact(work)

    async def _note(
        self, transaction: Transaction, connection_id: int, function: str, ids: list[str]
    ) -> None:
        now = self.clock()
        if await inbound.count(transaction, connection_id, function) + len(ids) > MOST_WAITING:
            await leave_to_sync(transaction, connection_id, function, now)
            return
        await inbound.add(transaction, connection_id, function, ids, now)
        await enqueue(
            transaction, kind="read_again", connection_id=connection_id, function=function, cause="notice",
            now_ms=now,
        )  # fmt: skip


def _erasures(integration: Integration, body: Json, request: InboundRequest) -> list[ErasureRequest]:
    """The erasures that a notice wants. One that can't be made out is refused: the vendor sends it again."""
    erasures = getattr(integration.inbound, "erasures", None)
    if erasures is None:
        return []
    try:
        return list(erasures(body, request.headers))
    except (LookupError, TypeError, ValueError, AttributeError) as problem:
        log.warning("a request to erase can't be made out", integration=integration.slug)
        raise BadRequest(f"{type(problem).__name__}: the request to erase can't be made out") from None


def _named(integration: Integration, body: Json, request: InboundRequest) -> list[tuple[str, str]]:
    """The records that a notice names. One that can't be made out names none: the next sync finds them."""
    module = integration.inbound
    deleted = getattr(module, "deleted", None)
    try:
        reads = [*module.changed(body, request.headers)]
        reads += [] if deleted is None else deleted(body, request.headers)
        return [(str(function), str(record_id)) for function, record_id in reads]
    except (LookupError, TypeError, ValueError, AttributeError) as problem:
        log.warning(
            "a notice can't be made out", integration=integration.slug,
            error=f"{type(problem).__name__}: {problem}"[:200],
        )  # fmt: skip
        return []


def _decoded(request: InboundRequest) -> Json:
    """The body: JSON, else the members of a form, else the bytes as they are."""
    try:
        decoded: Any = msgspec.json.decode(request.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return dict(parse_qsl(request.body.decode("utf-8", "replace"))) if is_form else request.body
    return decoded
