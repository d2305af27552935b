"""What follows from an attempt: the log, the next try, the endpoint switched off, the operator told.

Attempts that ended at about the same time are stored in one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec
import structlog

from crossdock.errors import printable
from crossdock.store.alerts import signals
from crossdock.store.database.batches import together_or_apart
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import new_id
from crossdock.store.database.secrets import Vault
from crossdock.store.webhooks import attempts, deliveries, endpoints
from crossdock.store.webhooks.attempts import Attempt, AttemptExchange
from crossdock.store.webhooks.deliveries import (
    CANCELED,
    FAIL,
    SENDING,
    SUCCESS,
    ClaimedDelivery,
    DeliveryResult,
)
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks.deliver import ABORT, DISABLE, DeliveryOutcome
from crossdock.webhooks.operational import (
    OperationalSubject,
    TriedAttempt,
    signal,
    tell_attempt,
    tell_endpoint,
)
from crossdock.webhooks.schedule import ATTEMPTS, FAILING_AFTER, seconds_to_wait
from crossdock.wire import stamp

MOST_SAID = 500

log = structlog.get_logger()


class AttemptResult(msgspec.Struct, frozen=True):
    """An attempt that was made."""

    claimed: ClaimedDelivery
    endpoint: Endpoint
    message: Message
    outcome: DeliveryOutcome
    at_ms: int
    ended_ms: int

    @property
    def number(self) -> int:
        """The number of the attempt in its schedule, from 1."""
        return self.claimed.attempts + 1


def result(done: AttemptResult, chance: Callable[[], float]) -> DeliveryResult:
    """Pure: what an attempt makes of its delivery."""
    outcome = done.outcome
    if outcome.status in (SUCCESS, CANCELED):
        return DeliveryResult(done.claimed, outcome.status)
    if done.claimed.manual or outcome.says in (DISABLE, ABORT):
        return DeliveryResult(done.claimed, FAIL)
    wait = seconds_to_wait(done.number, chance, is_busy=outcome.is_busy, retry_after=outcome.retry_after)
    if wait is None:
        return DeliveryResult(done.claimed, FAIL)
    return DeliveryResult(done.claimed, SENDING, done.ended_ms + int(wait * 1000))


@dataclass(frozen=True)
class AttemptRecorder:
    """Stores what became of attempts. disable_ms: how long all must fail until an endpoint is off."""

    database: Database
    vault: Vault
    disable_ms: int
    chance: Callable[[], float]

    async def record(self, all_done: Sequence[AttemptResult]) -> None:
        """Store these attempts with all that follows from them; of one that can't be stored, what can."""
        await together_or_apart(all_done, self._together, self._without_what_it_holds)

    async def _without_what_it_holds(self, done: AttemptResult, problem: Exception) -> None:
        """Store an attempt without what was sent and answered; where even that fails, only how it ended."""
        stated_printable = printable(f"{type(problem).__name__}: {problem}")[:MOST_SAID]
        fields = {"endpoint": done.endpoint.id, "message": done.message.id, "error": stated_printable}
        log.error("an attempt is stored without what it holds", **fields)
        text = f"what was sent and answered can't be stored: {stated_printable}".encode()
        bare = msgspec.structs.replace(done.outcome, exchange=AttemptExchange(url=""), response=text)
        await together_or_apart([msgspec.structs.replace(done, outcome=bare)], self._together, self._only_how)

    async def _only_how(self, done: AttemptResult, problem: Exception) -> None:
        log.error("an attempt is not in the log", endpoint=done.endpoint.id, exc_info=problem)
        async with self.database.transaction() as transaction:
            [(then, counts)] = await self._counting(transaction, [result(done, self.chance)])
            await deliveries.record(transaction, [then] if counts else [])

    async def _together(self, all_done: Sequence[AttemptResult]) -> None:
        """Store these attempts with all that follows from them, or nothing of it."""
        logged = [_attempt(done) for done in all_done]
        rows = await self._sealed(all_done, logged)
        results = [result(attempt_result, self.chance) for attempt_result in all_done]
        async with self.database.transaction() as transaction:
            await transaction.seek_first()
            failing = await self._failing(transaction, all_done)
            await attempts.add(transaction, rows)
            counting = await self._counting(transaction, results)
            await deliveries.record(
                transaction, [delivery_result for delivery_result, counts in counting if counts]
            )
            for number, done in _succeeded(all_done):
                if await endpoints.note_success(transaction, number):
                    about = OperationalSubject.of(done.endpoint)
                    await signal(transaction, about, signals.RECOVERED, done.ended_ms)
            for done, tried, (then, counts) in zip(all_done, logged, counting, strict=True):
                await self._follow_up(transaction, done, then if counts else None, tried)
                if _key(done.claimed) in failing and done.outcome.status == SUCCESS:
                    await _emit(transaction, done, "message.attempt.recovered", tried)

    async def _follow_up(
        self, transaction: Transaction, done: AttemptResult, then: DeliveryResult | None, tried: Attempt
    ) -> None:
        """Do what a failure leads to. then: None where the attempt says nothing of its delivery any more."""
        if done.outcome.says == DISABLE:
            await _switched_off(transaction, done)
        elif done.outcome.status == FAIL and then is not None:
            await self._failed(transaction, done, then, tried)

    async def _sealed(
        self, all_done: Sequence[AttemptResult], logged: Sequence[Attempt]
    ) -> list[tuple[Any, ...]]:
        """Rows for the log, encrypted."""
        return [
            await attempts.sealed(self.vault, done.endpoint.organization_id, attempt)
            for done, attempt in zip(all_done, logged, strict=True)
        ]

    async def _counting(
        self, transaction: Transaction, results: Sequence[DeliveryResult]
    ) -> list[tuple[DeliveryResult, bool]]:
        """Check which of these still say anything of their delivery: a success of now does, whoever holds it
        by now, and so does what was asked for by hand; any other outcome only while it is held."""
        claimed_deliveries = [
            delivery_result.claimed
            for delivery_result in results
            if delivery_result.state != SUCCESS and not delivery_result.claimed.manual
        ]
        held = await deliveries.lock_claimed(transaction, claimed_deliveries)
        return [
            (
                delivery_result,
                delivery_result.state == SUCCESS
                or delivery_result.claimed.manual
                or _key(delivery_result.claimed) in held,
            )
            for delivery_result in results
        ]

    async def _failing(
        self, transaction: Transaction, all_done: Sequence[AttemptResult]
    ) -> set[tuple[int, str]]:
        """Messages that succeeded now and were told as failing before."""
        pairs = set()
        for attempt_result in all_done:
            claimed = attempt_result.claimed
            if attempt_result.outcome.status != SUCCESS:
                continue
            before = claimed.attempts
            if claimed.manual:
                before = await deliveries.failures(transaction, claimed.endpoint, claimed.message_id)
            if before >= FAILING_AFTER:
                pairs.add(_key(claimed))
        return pairs

    async def _failed(
        self, transaction: Transaction, done: AttemptResult, then: DeliveryResult, tried: Attempt
    ) -> None:
        if done.claimed.manual or done.outcome.says == ABORT:
            return
        if then.state == SENDING:
            if done.number == FAILING_AFTER:
                await _emit(transaction, done, "message.attempt.failing", tried)
            return
        if done.number >= ATTEMPTS:
            await _emit(transaction, done, "message.attempt.exhausted", tried)
            about = OperationalSubject.of(done.endpoint)
            await signal(transaction, about, signals.EXHAUSTED, done.ended_ms)
            await self._used_up(transaction, done)

    async def _used_up(self, transaction: Transaction, done: AttemptResult) -> None:
        """A message has used up its attempts: when that goes on for long, nothing more is sent there."""
        number, now = done.claimed.endpoint, done.ended_ms
        since = await endpoints.note_used_up(transaction, number, now, self.disable_ms)
        if since is not None and await endpoints.switch_off(transaction, number, now):
            about = OperationalSubject.of(done.endpoint)
            await signal(transaction, about, signals.DISABLED, now)
            await tell_endpoint(
                transaction, about, "endpoint.disabled", now, failSince=stamp(since), trigger="automatic"
            )


def _succeeded(all_done: Sequence[AttemptResult]) -> list[tuple[int, AttemptResult]]:
    """The endpoints that took a message, in the order in which everybody changes them."""
    taken = {done.claimed.endpoint: done for done in all_done if done.outcome.status == SUCCESS}
    return sorted(taken.items(), key=itemgetter(0))


def _key(claimed: ClaimedDelivery) -> tuple[int, str]:
    return claimed.endpoint, claimed.message_id


async def _switched_off(transaction: Transaction, done: AttemptResult) -> None:
    """The receiver wants no more, whatever else it answered."""
    if await endpoints.switch_off(transaction, done.claimed.endpoint, done.ended_ms):
        about = OperationalSubject.of(done.endpoint)
        await signal(transaction, about, signals.DISABLED, done.ended_ms)
        await tell_endpoint(
            transaction, about, "endpoint.disabled", done.ended_ms, failSince=None, trigger="manual"
        )


async def _emit(transaction: Transaction, done: AttemptResult, event_type: str, attempt: Attempt) -> None:
    tried = TriedAttempt(attempt.id, attempt.code, attempt.at_ms)
    await tell_attempt(transaction, OperationalSubject.of(done.endpoint), event_type, done.message, tried)


def _attempt(done: AttemptResult) -> Attempt:
    outcome = done.outcome
    return Attempt(
        id=new_id("atmpt", done.at_ms),
        endpoint=done.claimed.endpoint,
        message_id=done.claimed.message_id,
        at_ms=done.at_ms,
        status=outcome.status,
        code=outcome.code,
        duration_ms=int(outcome.seconds * 1000),
        manual=done.claimed.manual,
        response=outcome.response,
        exchange=outcome.exchange,
    )
