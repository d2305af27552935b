"""The loop that sends what is due. Any number of senders share one database.

    look: at which endpoints is something due ─ claim as much as their lanes have room for ─▶ stock
      ▲                                                                                       │ begin a few
      └── sleep until woken, or due ◀── store what became of them, many at a time ◀── attempt ┘ at a time

Looking, beginning and storing go on beside each other: the database works while messages are sent.
A claim is a lease: what a sender that dies had under way is due again when that ends, under the same id.
"""

import asyncio
import random
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog

from crossdock import metrics
from crossdock.errors import Unavailable
from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import Clock
from crossdock.store.secrets import Vault
from crossdock.store.webhooks import apps, deliveries, endpoints, messages
from crossdock.store.webhooks.deliveries import CHANNEL, Claim, Claimed, Due
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks.aftermath import Done, Recorder
from crossdock.webhooks.deliver import Means, attempt
from crossdock.webhooks.lanes import WIDEST, WITH_SCRIPT, Lane, Lanes
from crossdock.webhooks.tasks import Tasks

LEASE_MS = 120_000
LANES_AT_ONCE = 50
"""Endpoints that one transaction claims from."""
DROP_AT_ONCE = 1000
LOOK_SECONDS, IDLE_SECONDS, LISTEN_SECONDS = 0.05, 0.2, 30.0
"""How often a sender asks whether anything was stored, where nobody tells it: soon after something was, and
later on. How long it sleeps at most."""
LOOKING_SHARE = 10
"""Looking takes at most one part in so many of the time."""
RATES_SECONDS = 5.0
"""How long a changed limit of an application may go unnoticed."""
STORE_AGAIN_SECONDS = 1.0
GATHER_SECONDS = 0.01
"""How long what has ended waits for company while more is under way: each commit waits for the disk."""
BEGUN_AT_ONCE = 16
"""Attempts that begin in one turn of the event loop: with more, nothing else would get on meanwhile."""
MOST_UNSTORED = 1024
"""Attempts that have ended and are not stored: with more, nothing new is begun."""
PATIENCE_SECONDS = 3.0
"""How long a sender that is to stop waits for what is under way."""
AHEAD_MS = 250
"""How far ahead a throttled endpoint's messages are claimed."""

Found = TypeVar("Found")

log = structlog.get_logger()


@dataclass(frozen=True)
class Office:
    """What sending needs."""

    database: Database
    vault: Vault
    clock: Clock
    disable_ms: int = 120 * 3_600_000
    most_under_way: int = 512
    chance: Callable[[], float] = random.random


@dataclass
class _Round:
    """What one look found."""

    dues: list[Due] = field(default_factory=list)
    took: int = 0


_Taken = tuple[Lane, Claimed, int]
"""A delivery, its lane, and the moment in microseconds that it may go."""
_Ready = tuple[Lane, Claimed, Message, int]
"""The same with its message."""


class Sender:
    """Sends what is due, until `stop`. means: made by whoever runs it, when it begins."""

    def __init__(self, office: Office, means: Means) -> None:
        self._office = office
        self._means = means
        self._recorder = Recorder(office.database, office.vault, office.disable_ms, office.chance)
        self._tasks = Tasks(office.database, office.vault, office.clock)
        self._lanes = Lanes(office.most_under_way)
        self._known: dict[int, Endpoint] = {}
        self._rates: dict[str, int] = {}
        self._rated: set[str] = set()
        self._rates_at = 0.0
        self._stock: deque[_Ready] = deque()
        self._has_stock = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], Claimed] = {}
        self._done: list[Done] = []
        self._storing = 0
        self._has_done = asyncio.Event()
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_told = False
        self._is_closing = False
        self._look_seconds = 0.0
        self._age = 0

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def wake(self) -> None:
        """There may be something to send now."""
        self._wake.set()

    async def run(self) -> None:
        """Sends until `stop`; what is under way then is finished."""
        beside = self._beside()
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                await self._listen()
                await self._safely("bulk work", self._tasks.work(), otherwise=False)
                found = await self._safely("looking for messages", self._round(), _Round())
                if not found.took:
                    await self._sleep(found.dues)
        finally:
            await self._wind_up(*beside)

    async def drain(self) -> None:
        """Sends until nothing is due and nothing is under way."""
        beside = self._beside()
        try:
            while True:
                self._wake.clear()
                worked = await self._safely("bulk work", self._tasks.work(), otherwise=False)
                found = await self._safely("looking for messages", self._round(), _Round())
                if found.took or worked:
                    continue
                if not (self._lanes.under_way or self._unstored):
                    return
                await self._wake.wait()
        finally:
            await self._wind_up(*beside)

    def _beside(self) -> "tuple[asyncio.Task[None], asyncio.Task[None]]":
        """What goes on beside looking: beginning and storing."""
        self._is_closing = False
        return asyncio.create_task(self._feed()), asyncio.create_task(self._record())

    async def _wind_up(self, feeding: "asyncio.Task[None]", recording: "asyncio.Task[None]") -> None:
        """What is under way ends and is stored; what was not begun or takes too long is due again at once."""
        feeding.cancel()
        await asyncio.wait({feeding})
        given_up = [one for _, one, _, _ in self._stock]
        self._stock.clear()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PATIENCE_SECONDS)
        for task, one in list(self._under_way.items()):
            task.cancel()
            given_up.append(one)
        if self._under_way:
            await asyncio.wait(self._under_way)
        if given_up:
            await self._safely("handing back", self._put_back(given_up), None)
        self._is_closing = True
        self._has_done.set()
        await asyncio.wait({recording}, timeout=10)
        recording.cancel()

    async def _put_back(self, claimed: Sequence[Claimed]) -> None:
        async with self._office.database.transaction() as transaction:
            await deliveries.put_back(transaction, claimed, self._office.clock())

    # One look

    async def _round(self) -> _Round:
        began = time.monotonic()
        self._age = await self._office.database.age()
        dues = await deliveries.due(self._office.database)
        self._look_seconds = time.monotonic() - began
        now = self._office.clock()
        ready = [one for one in dues if one.at_ms <= now]
        dropped = await self._drop([one.endpoint for one in ready if one.is_off], now)
        await self._learn([one for one in ready if not one.is_off])
        wanted = [one.endpoint for one in ready if not one.is_off and one.endpoint in self._known]
        plan = self._lanes.plan(wanted, LANES_AT_ONCE) if self._unstored < MOST_UNSTORED else []
        claimed = await self._claim(plan, now)
        if claimed:
            await self._prepare(claimed)
        return _Round(dues, len(claimed) + dropped)

    async def _drop(self, numbers: Sequence[int], now_ms: int) -> int:
        """What is due at endpoints that are off is not sent."""
        dropped = 0
        for one in numbers:
            dropped += await deliveries.drop_if_off(self._office.database, one, now_ms, DROP_AT_ONCE)
        return dropped

    async def _learn(self, dues: Sequence[Due]) -> None:
        """Reads endpoints that have changed since, and now and then the limits of applications."""
        database = self._office.database
        stale = [one.endpoint for one in dues if self._revision(one.endpoint) < one.revision]
        if stale:
            self._known |= await endpoints.by_numbers(database, self._office.vault, stale)
        for number in stale:
            if number in self._known:
                transforms = self._known[number].transforms
                self._lanes.lane(number).limit(WITH_SCRIPT if transforms else WIDEST)
        await self._learn_rates(
            {self._known[one.endpoint].application_id for one in dues if one.endpoint in self._known}
        )

    async def _learn_rates(self, applications: set[str]) -> None:
        """Reads the limits of these applications: of those that are new at once, of all every few seconds."""
        if time.monotonic() > self._rates_at + RATES_SECONDS:
            self._rates_at, self._rates, self._rated = time.monotonic(), {}, set()
        if missing := applications - self._rated:
            self._rates |= await apps.rates(self._office.database, sorted(missing))
            self._rated |= missing

    def _revision(self, number: int) -> int:
        known = self._known.get(number)
        return 0 if known is None else known.revision

    async def _claim(self, plan: Sequence[tuple[Lane, int]], now_ms: int) -> "list[_Taken]":
        """Deliveries of these lanes, each with the moment it may go."""
        if not plan:
            return []
        found: list[_Taken] = []
        holder = secrets.token_hex(8)
        async with self._office.database.transaction() as transaction:
            # A claim that a power cut undoes is made again: at worst a message arrives twice.
            await transaction.seek_first(lasting=False)
            for lane, room in plan:
                asked = Claim(lane.endpoint, room, now_ms, now_ms + LEASE_MS, holder)
                found += await self._claim_one(transaction, lane, asked)
        return found

    async def _claim_one(self, transaction: Transaction, lane: Lane, asked: Claim) -> "list[_Taken]":
        database, rate = self._office.database, self._rate(lane.endpoint)
        if rate is None:
            taken = await deliveries.claim(database, transaction, asked)
            return [(lane, one, 0) for one in taken]
        # The next moments that are free lie 1/rate apart, so no second sees more than the limit.
        apart_us, ahead_us = -(-1_000_000 // rate), (asked.now_ms + AHEAD_MS) * 1000
        free_us = await deliveries.free_at(database, transaction, lane.endpoint)
        first_us = max(asked.now_ms * 1000, free_us)
        if first_us > ahead_us:
            return []
        limit = min(asked.limit, (ahead_us - first_us) // apart_us + 1)
        taken = await deliveries.claim(database, transaction, replace(asked, limit=limit))
        if taken:
            await deliveries.reserve(transaction, lane.endpoint, first_us + len(taken) * apart_us)
        return [(lane, one, first_us + n * apart_us) for n, one in enumerate(taken)]

    def _rate(self, number: int) -> int | None:
        endpoint = self._known[number]
        return endpoint.rate or self._rates.get(endpoint.application_id)

    async def _prepare(self, claimed: "Sequence[_Taken]") -> None:
        """Puts what was claimed in stock, with its messages."""
        wanted = list({one.message_id for _, one, _ in claimed})
        bodies = await messages.by_ids(self._office.database, self._office.vault, wanted)
        for lane, one, at_us in claimed:
            lane.under_way += 1
            message = bodies.get(one.message_id)
            if message is None:
                message = Message(
                    id=one.message_id, application_id=self._known[one.endpoint].application_id, type="",
                    at_ms=0, body=messages.EXPIRED,
                )  # fmt: skip
            self._stock.append((lane, one, message, at_us))
        self._has_stock.set()

    async def _feed(self) -> None:
        """Begins what is in stock."""
        while True:
            await self._has_stock.wait()
            for _ in range(min(BEGUN_AT_ONCE, len(self._stock))):
                self._begin(*self._stock.popleft())
            if not self._stock:
                self._has_stock.clear()
            await asyncio.sleep(0)

    def _begin(self, lane: Lane, claimed: Claimed, message: Message, at_us: int) -> None:
        task = asyncio.create_task(self._attempt(lane, claimed, message, at_us))
        self._under_way[task] = claimed
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(task, None)

    # One attempt

    async def _attempt(self, lane: Lane, claimed: Claimed, message: Message, at_us: int) -> None:
        wait = at_us / 1_000_000 - self._office.clock() / 1000
        if wait > 0:
            await asyncio.sleep(wait)
        endpoint, at_ms, began = self._known[claimed.endpoint], self._office.clock(), time.monotonic()
        outcome = await self._safely("an attempt", attempt(self._means, endpoint, message, at_ms), None)
        # With the time that a script took: who has a slow one should not have many waiting for it.
        lane.note(time.monotonic() - began, answered=outcome is not None and outcome.code > 0)
        if outcome is not None:  # else a fault of ours, told in the log: due again when its lease ends
            metrics.attempted(outcome.status, outcome.code, outcome.seconds)
            self._done.append(Done(claimed, endpoint, message, outcome, at_ms, self._office.clock()))
            self._has_done.set()
        if outcome is None or lane.has_room:
            self._wake.set()

    @property
    def _unstored(self) -> int:
        return len(self._done) + self._storing

    async def _record(self) -> None:
        """Stores what attempts became, those that ended meanwhile together."""
        while self._done or not self._is_closing:
            await self._has_done.wait()
            if self._lanes.under_way and not self._is_closing:
                await asyncio.sleep(GATHER_SECONDS)
            self._has_done.clear()
            batch, self._done = self._done, []
            self._storing = len(batch)
            if batch:
                await self._store(batch)
            self._storing = 0
            self._wake.set()

    async def _store(self, all_done: Sequence[Done]) -> None:
        """Returns when it is done, however long the database is away; or when it can't be."""
        while True:
            try:
                await self._recorder.record(all_done)
            except Unavailable:
                await asyncio.sleep(STORE_AGAIN_SECONDS)  # the log has it from the engine, once
                continue
            except Exception:
                log.exception("attempts were not stored and are made again", attempts=len(all_done))
            return

    # Between looks

    async def _listen(self) -> None:
        if not self._is_told:
            listening = self._office.database.listen(CHANNEL, self.wake, self._lost)
            self._is_told = await self._safely("listening", listening, otherwise=False)

    def _lost(self) -> None:
        self._is_told = False
        self._wake.set()

    async def _sleep(self, dues: Sequence[Due]) -> None:
        """Until it is woken, something is due, or somebody has stored something."""
        least = max(LOOK_SECONDS, LOOKING_SHARE * self._look_seconds)
        now = self._office.clock()
        # What is due and was not taken has no room yet, or is another sender's: look again soon.
        waits = [(one.at_ms - now) / 1000 if one.at_ms > now else least for one in dues]
        until = time.monotonic() + min([LISTEN_SECONDS, *waits])
        while not self._wake.is_set() and (left := until - time.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), left if self._is_told else min(left, least))
            least = max(least, min(IDLE_SECONDS, least * 1.5))
            if not self._is_told and await self._changed():
                return

    async def _changed(self) -> bool:
        """Whether anything was stored since the last look; asked where nobody tells us."""
        return await self._safely("asking for changes", self._office.database.age(), -1) != self._age

    async def _safely(self, what: str, act: Awaitable[Found], otherwise: Found) -> Found:
        """The result, or `otherwise`: the loop outlives whatever goes wrong."""
        try:
            return await act
        except Unavailable:
            return otherwise
        except Exception:
            log.exception("the sender goes on after a failure", what=what)
            return otherwise
