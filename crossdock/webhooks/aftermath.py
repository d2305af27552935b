"""What follows from an attempt: the log, the next try, the endpoint switched off, the operator told.

Attempts that ended at about the same time are stored in one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from crossdock.changes.document import stamp
from crossdock.store.engine import Database, Transaction
from crossdock.store.ids import new_id
from crossdock.store.secrets import Vault
from crossdock.store.webhooks import attempts, deliveries, endpoints
from crossdock.store.webhooks.attempts import Attempt
from crossdock.store.webhooks.deliveries import CANCELED, FAIL, SENDING, SUCCESS, Claimed, Result
from crossdock.store.webhooks.endpoints import Endpoint
from crossdock.store.webhooks.messages import Message
from crossdock.webhooks.deliver import ABORT, DISABLE, Outcome
from crossdock.webhooks.operational import About, Tried, tell_attempt, tell_endpoint
from crossdock.webhooks.schedule import ATTEMPTS, FAILING_AFTER, seconds_to_wait


class Done(msgspec.Struct, frozen=True):
    """An attempt that was made."""

    claimed: Claimed
    endpoint: Endpoint
    message: Message
    outcome: Outcome
    at_ms: int
    ended_ms: int

    @property
    def number(self) -> int:
        """Which attempt of the schedule it was."""
        return self.claimed.attempts + 1


def result(done: Done, chance: Callable[[], float]) -> Result:
    """Pure: what an attempt makes of its delivery."""
    outcome = done.outcome
    if outcome.status in (SUCCESS, CANCELED):
        return Result(done.claimed, outcome.status)
    if done.claimed.manual or outcome.says in (DISABLE, ABORT):
        return Result(done.claimed, FAIL)
    wait = seconds_to_wait(done.number, chance, is_busy=outcome.is_busy, retry_after=outcome.retry_after)
    if wait is None:
        return Result(done.claimed, FAIL)
    return Result(done.claimed, SENDING, done.ended_ms + int(wait * 1000))


@dataclass(frozen=True)
class Recorder:
    """Stores what became of attempts. disable_ms: how long all must fail until an endpoint is off."""

    database: Database
    vault: Vault
    disable_ms: int
    chance: Callable[[], float]

    async def record(self, all_done: Sequence[Done]) -> None:
        """Stores these attempts with all that follows from them, or nothing of it."""
        logged = [_attempt(one) for one in all_done]
        rows = [
            await attempts.sealed(self.vault, done.endpoint.organization_id, one)
            for done, one in zip(all_done, logged, strict=True)
        ]
        results = [result(one, self.chance) for one in all_done]
        async with self.database.transaction() as transaction:
            await transaction.seek_first()
            failing = await self._failing(transaction, all_done)
            await attempts.add(transaction, rows)
            await deliveries.record(self.database, transaction, results)
            succeeded = {one.claimed.endpoint for one in all_done if one.outcome.status == SUCCESS}
            for number in sorted(succeeded):
                await endpoints.note_success(transaction, number)
            for done, one, then in zip(all_done, logged, results, strict=True):
                tried = Tried(one.id, one.code, one.at_ms)
                if done.outcome.status == SUCCESS:
                    if (done.claimed.endpoint, done.claimed.message_id) in failing:
                        await _tell(transaction, done, "message.attempt.recovered", tried)
                elif done.outcome.status == FAIL:
                    await self._failed(transaction, done, then, tried)

    async def _failing(self, transaction: Transaction, all_done: Sequence[Done]) -> set[tuple[int, str]]:
        """Messages that succeeded now and were told as failing before."""
        found = set()
        for one in all_done:
            claimed = one.claimed
            if one.outcome.status != SUCCESS:
                continue
            before = claimed.attempts
            if claimed.manual:
                before = await deliveries.failures(transaction, claimed.endpoint, claimed.message_id)
            if before >= FAILING_AFTER:
                found.add((claimed.endpoint, claimed.message_id))
        return found

    async def _failed(self, transaction: Transaction, done: Done, then: Result, tried: Tried) -> None:
        number = done.claimed.endpoint
        if done.outcome.says == DISABLE:
            if await endpoints.switch_off(transaction, number, done.ended_ms):
                about = About.of(done.endpoint)
                await tell_endpoint(
                    transaction, about, "endpoint.disabled", done.ended_ms, failSince=None, trigger="manual"
                )
            return
        if done.claimed.manual or done.outcome.says == ABORT:
            return
        if then.state == SENDING:
            if done.number == FAILING_AFTER:
                await _tell(transaction, done, "message.attempt.failing", tried)
            return
        if done.number >= ATTEMPTS:
            await _tell(transaction, done, "message.attempt.exhausted", tried)
            await self._used_up(transaction, done)

    async def _used_up(self, transaction: Transaction, done: Done) -> None:
        """A message has used up its attempts: when that goes on for long, nothing more is sent there."""
        number, now = done.claimed.endpoint, done.ended_ms
        since = await endpoints.note_used_up(transaction, number, now, self.disable_ms)
        if since is not None and await endpoints.switch_off(transaction, number, now):
            await tell_endpoint(
                transaction, About.of(done.endpoint), "endpoint.disabled", now,
                failSince=stamp(since), trigger="automatic",
            )  # fmt: skip


async def _tell(transaction: Transaction, done: Done, event_type: str, tried: Tried) -> None:
    await tell_attempt(transaction, About.of(done.endpoint), event_type, done.message, tried)


def _attempt(done: Done) -> Attempt:
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
