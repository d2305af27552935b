"""The gate of a connection's sign-ins, over all workers, functions, writes and passthrough calls.

    check ─┬─ the credentials work, as far as is known ─▶ go on
           ├─ refused, and it is time to try again ─────▶ this one is the probe: its outcome decides
           └─ refused, and it is not ───────────────────▶ SignInOnHold; nothing is sent

After a refusal they are tried again after 6, 24, 48 and then every 60 minutes, each time by a single probe;
so a vendor sees at most three in the first hour. What somebody waits for (a forced sync, a window, a write)
may be the probe earlier, but not within 6 minutes of the last and not as a fourth within an hour. An attempt
is counted before it is made, so that a process that dies does not make another one possible.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

import structlog

from crossdock.connections import problems
from crossdock.errors import InvalidCredentials, LoginThrottled, SignInOnHold, VendorError, VendorUnavailable
from crossdock.kit.registry import get_integration
from crossdock.store.connections import connections, schedules, sign_ins
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.connections.problems import ConnectionProblem
from crossdock.store.connections.sign_ins import LEASE_MS, SignInState
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock
from crossdock.wire import stamp

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
WAITS_MS = tuple(minutes * MINUTE_MS for minutes in (6, 24, 48, 60))
"""After the first refusal in a row, the second, …; the last one from then on."""
MOST_IN_AN_HOUR = 3
LOOK_SECONDS = 0.1
LONGEST_LOOK_SECONDS = 30.0
"""How long one waits for another's sign-in before it is put back."""

log = structlog.get_logger()

_inside: ContextVar["ConnectionGate | None"] = ContextVar("inside a sign-in", default=None)


def wait_ms(refusals: int, retry_after: float = 0) -> int:
    """From a refusal, the first in a row being 1, to the next try. retry_after: seconds, by the vendor."""
    planned = WAITS_MS[min(refusals, len(WAITS_MS)) - 1]
    return max(planned, int(retry_after * 1000))


def may_try(state: SignInState, now_ms: int, *, urgent: bool) -> bool:
    """Check whether refused credentials may be tried now. urgent: somebody waits for it."""
    if now_ms >= state.next_ms or state.next_ms > now_ms + 24 * HOUR_MS:
        return True  # a time that far ahead was set by a clock that was wrong
    if not urgent or state.refused_kind == "login_throttled":
        return False
    in_the_last_hour = [number for number in state.attempts_ms if now_ms - HOUR_MS < number <= now_ms]
    last_ms = max(in_the_last_hour, default=0)
    return len(in_the_last_hour) < MOST_IN_AN_HOUR and now_ms - last_ms >= WAITS_MS[0]


def refusal_in(failure: BaseException) -> VendorError | None:
    """The refusal of a sign-in that a failure is, or came of; None: it has another reason."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, InvalidCredentials | LoginThrottled):
            return cause
        cause = cause.__cause__
    return None


@dataclass(frozen=True)
class SignInGates:
    """Makes the gates of connections."""

    database: Database
    clock: Clock
    turns: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """Lets those of this process wait for each other without asking the database."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def of(self, connection: ConnectionRow, function: str = "", *, urgent: bool) -> "ConnectionGate":
        """A gate for one run or write. function: the one that is due for the next probe if it is refused."""
        return ConnectionGate(self, connection, function, urgent)


class ConnectionGate:
    """A `Gate`, for one run or write."""

    def __init__(self, gates: SignInGates, connection: ConnectionRow, function: str, urgent: bool) -> None:
        self._gates = gates
        self._database = gates.database
        self._connection = connection
        self._function = function
        self._urgent = urgent
        self._holder = secrets.token_hex(8)
        self._is_probing = False

    async def check(self) -> None:
        if self._is_probing or _inside.get() is self:
            return
        state = await sign_ins.get(self._database, self._connection.id)
        if state.refused_kind is not None:
            await self._until(self._probes)

    async def _until(self, is_settled: Callable[[Transaction, SignInState, int], Awaitable[bool]]) -> None:
        """Wait until nobody else signs in and it is settled; raise VendorUnavailable when that takes long."""
        waited = 0.0
        while waited < LONGEST_LOOK_SECONDS:
            now = self._gates.clock()
            async with self._database.transaction() as transaction:
                state = await self._locked(transaction)
                if not state.is_held(now) and await is_settled(transaction, state, now):
                    return
            await self._gates.sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS
        raise VendorUnavailable(
            f"another sign-in to {self._system} takes long; this one waits for it", may_have_arrived=False
        )

    async def _probes(self, transaction: Transaction, state: SignInState, now: int) -> bool:
        """Become the probe, if need be. Raises SignInOnHold when it is not time."""
        if state.refused_kind is None:
            return True  # the one that was waited for was let in
        if not may_try(state, now, urgent=self._urgent):
            raise self._on_hold(state)
        planned = replace(
            state,
            attempts_ms=(*state.attempts_ms, now),
            next_ms=now + wait_ms(state.refusals + 1),
            holder=self._holder,
            lease_ms=now + LEASE_MS,
        )
        await sign_ins.put(transaction, self._connection.id, planned)
        self._is_probing = True
        return True

    async def _takes(self, transaction: Transaction, state: SignInState, now: int) -> bool:
        """Take the sign-in. Raises SignInOnHold when the one before was refused."""
        if state.refused_kind is not None:
            raise self._on_hold(state)
        sign_in_state = replace(state, holder=self._holder, lease_ms=now + LEASE_MS)
        await sign_ins.put(transaction, self._connection.id, sign_in_state)
        return True

    def _on_hold(self, state: SignInState) -> SignInOnHold:
        last_ms = max(state.attempts_ms, default=self._gates.clock())
        name = "takes no log-ins of this user" if state.refused_kind == "login_throttled" else "refused them"
        return SignInOnHold(
            f"the credentials of {self._system} are not tried now: it {name} ({stamp(last_ms)}); "
            f"the next try is at {stamp(state.next_ms)}. New ones are tried at once when you connect again"
        )

    @property
    def _system(self) -> str:
        connection = self._connection
        return get_integration(connection.type, connection.integration).manifest.name

    @asynccontextmanager
    async def signing_in(self) -> AsyncIterator[None]:
        if _inside.get() is self:
            yield  # the token endpoint's own call, within the sign-in
            return
        await self.check()
        async with self._gates.turns[self._connection.id]:
            if not self._is_probing:
                await self._until(self._takes)
            token = _inside.set(self)
            try:
                async with self.noting():
                    yield
            finally:
                _inside.reset(token)
                await self.release()

    @asynccontextmanager
    async def noting(self) -> AsyncIterator[None]:
        """Around what signs in by itself and can't be held up for long: only its outcome is noted."""
        try:
            yield
        except SignInOnHold:
            raise
        except (InvalidCredentials, LoginThrottled) as failure:
            await self.refused(failure)
            raise
        await self._accepted()

    async def _locked(self, transaction: Transaction) -> SignInState:
        await transaction.in_turn(f"sign-ins of {self._connection.id}")
        return await sign_ins.get(transaction, self._connection.id)

    async def release(self) -> None:
        """Let others sign in."""
        self._is_probing = False
        await sign_ins.release(self._database, self._connection.id, self._holder)

    async def stay_due(self) -> None:
        """Have the function run when the credentials are tried next, where its schedule comes later."""
        state = await sign_ins.get(self._database, self._connection.id)
        if state.refused_kind is not None:
            async with self._database.transaction() as transaction:
                await schedules.due_by(transaction, self._connection.id, self._function, state.next_ms)

    # What came of it

    async def refused(self, failure: VendorError) -> None:
        if getattr(failure, "is_noted", False) or isinstance(failure, SignInOnHold):
            return
        now, connection = self._gates.clock(), self._connection
        async with self._database.transaction() as transaction:
            if not await connections.lock(transaction, connection.id):
                return
            before = await self._locked(transaction)
            state = self._after_refusal(before, failure, now)
            await sign_ins.put(transaction, connection.id, state)
            await schedules.due_by(transaction, connection.id, self._function, state.next_ms)
            await problems.note(transaction, connection, self._problem(failure, now))
        self._is_probing = False
        if isinstance(failure, InvalidCredentials | LoginThrottled):
            failure.is_noted = True
        log.warning(
            "sign-in refused", connection=connection.uid, integration=connection.integration,
            error=str(failure), next=stamp(state.next_ms),
        )  # fmt: skip

    def _after_refusal(self, before: SignInState, failure: VendorError, now: int) -> SignInState:
        attempts = before.attempts_ms if self._is_probing else (*before.attempts_ms, now)
        kind = "login_throttled" if isinstance(failure, LoginThrottled) else "invalid_credentials"
        retry_after = failure.retry_after if isinstance(failure, LoginThrottled) else 0
        if before.refused_kind is not None and not self._is_probing:
            # A call that was under way when another one was refused: it is the same refusal.
            return replace(before, attempts_ms=attempts)
        worked_well = before.refused_kind is None and now - before.accepted_ms >= HOUR_MS
        refusals = 1 if worked_well else before.refusals + 1
        return replace(
            before, refused_kind=kind, refusals=refusals, attempts_ms=attempts,
            next_ms=now + wait_ms(refusals, retry_after), holder=None,
        )  # fmt: skip

    def _problem(self, failure: VendorError, now: int) -> ConnectionProblem:
        kind, message = "invalid_credentials", f"Invalid {self._system} credentials"
        if isinstance(failure, LoginThrottled):
            kind = "login_throttled"
            message = (
                f"{self._system} takes no log-ins of this user for a while, usually as several were refused. "
                "They are tried again by themselves, seldom; see who else signs in as this user, and connect "
                "again if its password has changed."
            )
        return ConnectionProblem(self._connection.id, "", kind, message, failure.url, now, now)

    async def _accepted(self) -> None:
        state = await sign_ins.get(self._database, self._connection.id)
        if state.refused_kind is None:
            return
        now = self._gates.clock()
        async with self._database.transaction() as transaction:
            before = await self._locked(transaction)
            state = replace(before, refused_kind=None, accepted_ms=now, next_ms=0, holder=None)
            await sign_ins.put(transaction, self._connection.id, state)
            await schedules.due_again(transaction, self._connection.id, now)
            await problems.clear(transaction, self._connection, "", now)
        self._is_probing = False
        log.info("sign-in works again", connection=self._connection.uid)
