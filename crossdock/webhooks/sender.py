"""The loop that sends what is due. Any number of senders share one database.

    look: at which endpoints is something due ─ claim as much as their lanes have room for ─▶ stock
      ▲                                                                                       │ begin a few
      └── sleep until woken, or due ◀── store what became of them, many at a time ◀── attempt ┘ at a time

Looking, beginning and storing go on beside each other: the database works while messages are sent.
A claim is a lease: what a sender that dies had under way is due again when that ends, under the same id.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from crossdock import metrics
from crossdock.errors import Unavailable
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import deliveries, messages
from crossdock.store.webhooks.deliveries import CHANNEL, ClaimedDelivery, DueDelivery
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks.claiming import DeliveryClaimer, TimedDelivery
from crossdock.webhooks.concurrency import WIDEST, WITH_SCRIPT, EndpointConcurrency, EndpointLane
from crossdock.webhooks.deliver import DeliveryOutcome, DeliverySettings, attempt, failed
from crossdock.webhooks.endpoint_cache import EndpointCache
from crossdock.webhooks.recording import AttemptRecorder, AttemptResult
from crossdock.webhooks.result_writer import ResultWriter
from crossdock.webhooks.tasks import TaskRunner

LANES_AT_ONCE = 50
"""Endpoints that one transaction claims from."""
LOOK_SECONDS, IDLE_SECONDS, LISTEN_SECONDS = 0.05, 0.2, 30.0
"""How often a sender asks whether anything was stored, where nobody tells it: soon after something was, and
later on. How long it sleeps at most."""
LOOKING_SHARE = 10
"""Looking takes at most one part in so many of the time."""
BEGUN_AT_ONCE = 16
"""Attempts that begin in one turn of the event loop: with more, nothing else would get on meanwhile."""
MOST_UNSTORED = 1024
"""Attempts that have ended and are not stored: with more, nothing new is begun."""
PATIENCE_SECONDS = 3.0
"""How long a sender that is to stop waits for what is under way."""

Found = TypeVar("Found")

log = structlog.get_logger()


@dataclass(frozen=True)
class SenderSettings:
    """The means and settings of sending."""

    database: Database
    vault: Vault
    clock: Clock
    disable_ms: int = 120 * 3_600_000
    most_under_way: int = 512
    chance: Callable[[], float] = random.random


@dataclass
class _SendRound:
    """The result of one look."""

    dues: list[DueDelivery] = field(default_factory=list)
    took: int = 0


_Ready = tuple[EndpointLane, ClaimedDelivery, Message, int]
"""A delivery, its lane, its message, and the moment in microseconds that it may go."""


class WebhookSender:
    """Sends what is due, until `stop`. means: made by whoever runs it, when it begins."""

    def __init__(self, office: SenderSettings, means: DeliverySettings) -> None:
        self._office = office
        self._means = means
        self._tasks = TaskRunner(office.database, office.vault, office.clock)
        self._lanes = EndpointConcurrency(office.most_under_way)
        self._cache = EndpointCache(office.database, office.vault)
        self._claimer = DeliveryClaimer(office.database, self._cache)
        self._results = ResultWriter(
            AttemptRecorder(office.database, office.vault, office.disable_ms, office.chance),
            is_sending=lambda: self._lanes.under_way,
            when_stored=self.wake,
        )
        self._stock: deque[_Ready] = deque()
        self._has_stock = asyncio.Event()
        self._under_way: dict[asyncio.Task[None], ClaimedDelivery] = {}
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._is_told = False
        self._look_seconds = 0.0
        self._age = 0

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    def wake(self) -> None:
        """Wake the sender: there may be something to send now."""
        self._wake.set()

    async def run(self) -> None:
        """Send until `stop`; what is under way then is finished."""
        beside = self._beside()
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                await self._listen()
                await self._safely("bulk work", self._tasks.work(), otherwise=False)
                send_round = await self._safely("looking for messages", self._round(), _SendRound())
                if not send_round.took:
                    await self._sleep(send_round.dues)
        finally:
            await self._wind_up(*beside)

    async def drain(self) -> None:
        """Send until nothing is due and nothing is under way."""
        beside = self._beside()
        try:
            while True:
                self._wake.clear()
                worked = await self._safely("bulk work", self._tasks.work(), otherwise=False)
                send_round = await self._safely("looking for messages", self._round(), _SendRound())
                if send_round.took or worked:
                    continue
                if not (self._lanes.under_way or self._results.unstored):
                    return
                await self._wake.wait()
        finally:
            await self._wind_up(*beside)

    def _beside(self) -> "tuple[asyncio.Task[None], asyncio.Task[None]]":
        """Start the tasks that go on beside looking: beginning and storing."""
        return asyncio.create_task(self._feed()), self._results.start()

    async def _wind_up(self, feeding: "asyncio.Task[None]", recording: "asyncio.Task[None]") -> None:
        """Finish and store what is under way; what was not begun or takes too long is due again at once."""
        feeding.cancel()
        await asyncio.wait({feeding})
        given_up = [claimed_delivery for _, claimed_delivery, _, _ in self._stock]
        self._stock.clear()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PATIENCE_SECONDS)
        for task, claimed_delivery in list(self._under_way.items()):
            task.cancel()
            given_up.append(claimed_delivery)
        if self._under_way:
            await asyncio.wait(self._under_way)
        if given_up:
            await self._safely("handing back", self._claimer.release(given_up, self._office.clock()), None)
        self._results.close()
        await asyncio.wait({recording}, timeout=10)
        recording.cancel()

    # One look

    async def _round(self) -> _SendRound:
        began = time.monotonic()
        self._age = await self._office.database.age()
        dues = await deliveries.due(self._office.database)
        self._look_seconds = time.monotonic() - began
        now = self._office.clock()
        due_deliveries = [due_delivery for due_delivery in dues if due_delivery.at_ms <= now]
        sending = [due for due in due_deliveries if not due.is_off]
        dropped = await self._claimer.drop([due.endpoint for due in due_deliveries if due.is_off], now)
        for number, endpoint in (await self._cache.refresh(sending)).items():
            self._lanes.lane(number).limit(WITH_SCRIPT if endpoint.transforms else WIDEST)
        claimed = await self._claimer.claim(self._plan(sending), now)
        if claimed:
            await self._prepare(claimed)
        return _SendRound(dues, len(claimed) + dropped)

    def _plan(self, dues: Sequence[DueDelivery]) -> list[tuple[EndpointLane, int]]:
        """Plan how many more are to be sent to which endpoints."""
        if self._results.unstored >= MOST_UNSTORED:
            return []
        readable = [due.endpoint for due in dues if self._cache.is_readable(due.endpoint)]
        return self._lanes.plan(readable, LANES_AT_ONCE)

    async def _prepare(self, claimed: Sequence[TimedDelivery]) -> None:
        """Put what was claimed in stock, with its messages."""
        message_ids = list({claimed_delivery.message_id for _, claimed_delivery, _ in claimed})
        bodies = await messages.by_ids(self._office.database, self._office.vault, message_ids)
        for lane, claimed_delivery, at_us in claimed:
            lane.under_way += 1
            message = bodies.get(claimed_delivery.message_id)
            if message is None:
                message = Message(
                    id=claimed_delivery.message_id,
                    application_id=self._cache.get(claimed_delivery.endpoint).application_id,
                    type="",
                    at_ms=0,
                    body=messages.EXPIRED,
                )
            self._stock.append((lane, claimed_delivery, message, at_us))
        self._has_stock.set()

    async def _feed(self) -> None:
        """Begin what is in stock."""
        while True:
            await self._has_stock.wait()
            for _ in range(min(BEGUN_AT_ONCE, len(self._stock))):
                self._begin(*self._stock.popleft())
            if not self._stock:
                self._has_stock.clear()
            await asyncio.sleep(0)

    def _begin(self, lane: EndpointLane, claimed: ClaimedDelivery, message: Message, at_us: int) -> None:
        task = asyncio.create_task(self._attempt(lane, claimed, message, at_us))
        self._under_way[task] = claimed
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(task, None)

    # One attempt

    async def _attempt(
        self, lane: EndpointLane, claimed: ClaimedDelivery, message: Message, at_us: int
    ) -> None:
        wait = at_us / 1_000_000 - self._office.clock() / 1000
        if wait > 0:
            await asyncio.sleep(wait)
        endpoint, at_ms, began = self._cache.get(claimed.endpoint), self._office.clock(), time.monotonic()
        outcome = await self._tried(endpoint, message, at_ms)
        # With the time that a script took: who has a slow one should not have many waiting for it.
        lane.note(time.monotonic() - began, answered=outcome.code > 0)
        metrics.attempted(outcome.status, outcome.code, outcome.seconds)
        self._results.put(AttemptResult(claimed, endpoint, message, outcome, at_ms, self._office.clock()))
        if lane.has_room:
            self._wake.set()

    async def _tried(self, endpoint: Endpoint, message: Message, at_ms: int) -> DeliveryOutcome:
        """Make an attempt. A fault of ours is a failure like any other, and has its tries."""
        try:
            return await attempt(self._means, endpoint, message, at_ms)
        except Exception:
            log.exception("an attempt failed here", endpoint=endpoint.id, message=message.id)
            return failed(endpoint.hidden.url, "internal error; see the log for this message's id")

    # Between looks

    async def _listen(self) -> None:
        if not self._is_told:
            listening = self._office.database.listen(CHANNEL, self.wake, self._lost)
            self._is_told = await self._safely("listening", listening, otherwise=False)

    def _lost(self) -> None:
        self._is_told = False
        self._wake.set()

    async def _sleep(self, dues: Sequence[DueDelivery]) -> None:
        """Until it is woken, something is due, or somebody has stored something."""
        least = max(LOOK_SECONDS, LOOKING_SHARE * self._look_seconds)
        now = self._office.clock()
        # What is due and was not taken has no room yet, or is another sender's: look again soon.
        waits = [
            (due_delivery.at_ms - now) / 1000 if due_delivery.at_ms > now else least for due_delivery in dues
        ]
        until = time.monotonic() + min([LISTEN_SECONDS, *waits])
        while not self._wake.is_set() and (seconds_left := until - time.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._wake.wait(),
                    seconds_left if self._is_told else min(seconds_left, least),
                )
            least = max(least, min(IDLE_SECONDS, least * 1.5))
            if not self._is_told and await self._changed():
                return

    async def _changed(self) -> bool:
        """Check whether anything was stored since the last look; asked where nobody tells us."""
        return await self._safely("asking for changes", self._office.database.age(), -1) != self._age

    async def _safely(self, name: str, act: Awaitable[Found], otherwise: Found) -> Found:
        """The result, or `otherwise`: the loop outlives whatever goes wrong."""
        try:
            return await act
        except Unavailable:
            return otherwise
        except Exception:
            log.exception("the sender goes on after a failure", what=name)
            return otherwise
