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
            counting = await self._counting(transaction, results)
            await deliveries.record(self.database, transaction, [one for one, counts in counting if counts])
            succeeded = {one.claimed.endpoint for one in all_done if one.outcome.status == SUCCESS}
            for number in sorted(succeeded):
                await endpoints.note_success(transaction, number)
            for done, one, (then, counts) in zip(all_done, logged, counting, strict=True):
                if done.outcome.says == DISABLE:
                    await _switched_off(transaction, done)
                elif done.outcome.status == FAIL and counts:
                    await self._failed(transaction, done, then, one)
                if _key(done.claimed) in failing and done.outcome.status == SUCCESS:
                    await _tell(transaction, done, "message.attempt.recovered", one)

    async def _counting(
        self, transaction: Transaction, results: Sequence[Result]
    ) -> list[tuple[Result, bool]]:
        """Whether each of these still says anything of its delivery: a success of now does, whoever holds it
        by now, and so does what was asked for by hand; any other outcome only while it is held."""
        asked = [one.claimed for one in results if one.state != SUCCESS and not one.claimed.manual]
        held = await deliveries.held(self.database, transaction, asked)
        return [
            (one, one.state == SUCCESS or one.claimed.manual or _key(one.claimed) in held) for one in results
        ]

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
                found.add(_key(claimed))
        return found

    async def _failed(self, transaction: Transaction, done: Done, then: Result, tried: Attempt) -> None:
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


def _key(claimed: Claimed) -> tuple[int, str]:
    return claimed.endpoint, claimed.message_id


async def _switched_off(transaction: Transaction, done: Done) -> None:
    """The receiver wants no more, whatever else it answered."""
    if await endpoints.switch_off(transaction, done.claimed.endpoint, done.ended_ms):
        await tell_endpoint(
            transaction, About.of(done.endpoint), "endpoint.disabled", done.ended_ms,
            failSince=None, trigger="manual",
        )  # fmt: skip


async def _tell(transaction: Transaction, done: Done, event_type: str, one: Attempt) -> None:
    tried = Tried(one.id, one.code, one.at_ms)
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
