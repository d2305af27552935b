"""Vendors' limits, shared by all runs and workers: each call reserves its part of each of them.

What is kept is the moment when all that was reserved has come back, so no window of any length sees more
than the vendor allows, whoever calls and whatever was restarted in between (`net.pacing`).

Places bound the calls at a time. Who wants one draws a ticket; those with the lowest tickets have the places,
so nobody is passed by. A ticket whose process died runs out.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from crossdock.errors import Unavailable, VendorThrottled
from crossdock.net import pacing
from crossdock.net.pacing import BucketState, Pace, RemainingBudget
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock

TICKET_MS = 15_000
RENEWAL_SECONDS = 5.0
SHORTEST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.02, 0.25
RETRY_SECONDS = 5.0
"""When to come again for a place that did not become free."""

_COLUMNS = "free_ms, held_ms, per_second, capacity"


def account_of(kind: str, integration: str, uid: str) -> str:
    """The name of a connection's account among limits: "wms/acme/4f…"."""
    return f"{kind}/{integration}/{uid}"


@dataclass(frozen=True)
class StoredSlots:
    """`kit.limits.Slots`, kept in the database."""

    database: Database
    clock: Clock
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    async def reserve(
        self, account: str, pace: Pace, cost: float = 1.0, longest_seconds: float = math.inf
    ) -> float:
        """Take the account's next free moment; return the seconds until then. No limit: only a hold counts.

        A moment that is farther away than `longest_seconds` is not taken: it stays for others.
        """
        now = self.clock()
        if not pace.is_limited:
            row = await self.database.fetch_one(
                f"SELECT {_COLUMNS} FROM vendor_slots WHERE account = ?", account
            )
            state = BucketState(*row) if row else BucketState()
            if not state.pace(pace).is_limited:
                return pacing.reserve(state, pace, cost, now)[1]
        async with self.database.transaction() as transaction:
            before = await _locked(transaction, account)
            state, seconds = pacing.reserve(before, pace, cost, now, longest_seconds)
            if state != before:
                await _put(transaction, account, state)
        return seconds

    async def hold(self, account: str, seconds: float) -> None:
        """Let nothing of this account pass for so long."""
        now = self.clock()
        async with self.database.transaction() as transaction:
            state = await _locked(transaction, account)
            await _put(transaction, account, pacing.hold(state, seconds, now))

    async def correct(self, account: str, pace: Pace, budget: RemainingBudget) -> None:
        """Keep what the vendor says is left of a limit. Write only where that changes anything."""
        now = self.clock()
        row = await self.database.fetch_one(f"SELECT {_COLUMNS} FROM vendor_slots WHERE account = ?", account)
        state = BucketState(*row) if row else BucketState()
        if pacing.correct(state, pace, budget, now) == state:
            return
        async with self.database.transaction() as transaction:
            state = await _locked(transaction, account)
            await _put(transaction, account, pacing.correct(state, pace, budget, now))

    @asynccontextmanager
    async def place(self, account: str, at_most: int, longest_seconds: float) -> AsyncIterator[None]:
        """Hold one of so many places for as long as the block takes. VendorThrottled when none gets free."""
        ticket = await self._draw(account)
        renewal = asyncio.create_task(self._renew(ticket))
        try:
            await self._turn(account, ticket, at_most, longest_seconds)
            yield
        finally:
            renewal.cancel()
            with suppress(Unavailable):  # it runs out by itself
                await self.database.execute("DELETE FROM vendor_calls WHERE id = ?", ticket)

    async def _draw(self, account: str) -> int:
        now = self.clock()
        async with self.database.transaction() as transaction:
            # In turn, so that tickets become visible in the order of their numbers.
            await transaction.in_turn(f"calls of {account}")
            await transaction.execute(
                "DELETE FROM vendor_calls WHERE account = ? AND (until_ms < ? OR until_ms > ?)",
                account, now, now + 2 * TICKET_MS,
            )  # fmt: skip
            row = await transaction.fetch_one(
                "INSERT INTO vendor_calls (account, until_ms) VALUES (?, ?) RETURNING id",
                account, now + TICKET_MS,
            )  # fmt: skip
        if row is None:
            raise RuntimeError("the database returned no number for a new ticket")
        return int(row[0])

    async def _turn(self, account: str, ticket: int, at_most: int, longest_seconds: float) -> None:
        """Wait until fewer than so many tickets are before this one."""
        look, deadline = SHORTEST_LOOK_SECONDS, time.monotonic() + longest_seconds
        while True:
            now = self.clock()
            row = await self.database.fetch_one(
                "SELECT COUNT(*) FROM vendor_calls "
                "WHERE account = ? AND id < ? AND until_ms >= ? AND until_ms <= ?",
                account, ticket, now, now + 2 * TICKET_MS,
            )  # fmt: skip
            if row is None or row[0] < at_most:
                return
            if time.monotonic() >= deadline:
                raise VendorThrottled(RETRY_SECONDS, status=None)
            await self.sleep(look)
            look = min(look * 2, LONGEST_LOOK_SECONDS)

    async def _renew(self, ticket: int) -> None:
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            with suppress(Unavailable):
                await self.database.execute(
                    "UPDATE vendor_calls SET until_ms = ? WHERE id = ?", self.clock() + TICKET_MS, ticket
                )


async def forget_connection(transaction: Transaction, connection_id: int) -> None:
    """Remove the limits of a connection's account, and its tickets."""
    row = await transaction.fetch_one(
        "SELECT type, integration, uid FROM connections WHERE id = ?", connection_id
    )
    if row is None:
        return
    account = account_of(*row)
    for table in ("vendor_slots", "vendor_calls"):
        # The account itself, and its named limits, "account#name".
        await transaction.execute(
            f"DELETE FROM {table} WHERE account = ? OR (account >= ? AND account < ?)",
            account, f"{account}#", f"{account}$",
        )  # fmt: skip


async def forget_idle(database: Database, before_ms: int, at_most: int) -> int:
    """Remove limits that nothing was reserved of since a moment, some at a time; return how many.

    Those are whole again, as without a row; also such as were left by credentials that were only tried.
    """
    async with database.transaction() as transaction:
        return await transaction.execute(
            "DELETE FROM vendor_slots WHERE account IN "
            "(SELECT account FROM vendor_slots WHERE free_ms < ? AND held_ms < ? LIMIT ?)",
            before_ms, before_ms, at_most,
        )  # fmt: skip


async def _locked(transaction: Transaction, account: str) -> BucketState:
    """The state of a limit; nobody else changes it until the transaction ends."""
    row = await transaction.fetch_one(
        "INSERT INTO vendor_slots (account, free_ms) VALUES (?, 0) "
        f"ON CONFLICT (account) DO UPDATE SET account = excluded.account RETURNING {_COLUMNS}",
        account,
    )
    return BucketState(*row) if row else BucketState()


async def _put(transaction: Transaction, account: str, state: BucketState) -> None:
    await transaction.execute(
        "UPDATE vendor_slots SET free_ms = ?, held_ms = ?, per_second = ?, capacity = ? WHERE account = ?",
        state.free_ms, state.held_ms, state.per_second, state.capacity, account,
    )  # fmt: skip
