"""Vendors' limits, shared by all runs and workers: each request takes the next free moment of its account.

Moments lie a fixed distance apart, so no window of any length sees more requests than the vendor
allows, whoever sends them and whatever was restarted in between.
"""

import math

from crossdock.store.engine import Database
from crossdock.store.ids import Clock

# Vendors count on arrival, in any window: a second to spare in each minute absorbs the way there.
_MINUTE_MS = 61_000


class StoredSlots:
    """`integrations.http.Slots`, kept in the database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def reserve(self, account: str, per_minute: float) -> float:
        """Takes the account's next free moment; seconds until then. No limit: only a hold counts."""
        if math.isinf(per_minute):
            held = await self._database.fetch_one(
                "SELECT free_ms FROM vendor_slots WHERE account = ?", account
            )
            return max(0, int(held[0]) - self._clock()) / 1000 if held else 0.0
        now, apart = self._clock(), int(_MINUTE_MS / per_minute) + 1
        async with self._database.transaction() as transaction:
            row = await transaction.fetch_one(
                "INSERT INTO vendor_slots (account, free_ms) VALUES (?, ?) ON CONFLICT (account) DO UPDATE "
                "SET free_ms = CASE WHEN vendor_slots.free_ms > ? THEN vendor_slots.free_ms ELSE ? END + ? "
                "RETURNING free_ms",
                account, now + apart, now, now, apart,
            )  # fmt: skip
        taken = int(row[0]) - apart if row else now
        return max(0, taken - now) / 1000

    async def hold(self, account: str, seconds: float) -> None:
        """No moment of this account is free for so long."""
        until = self._clock() + int(seconds * 1000)
        await self._database.execute(
            "INSERT INTO vendor_slots (account, free_ms) VALUES (?, ?) ON CONFLICT (account) DO UPDATE "
            "SET free_ms = CASE WHEN vendor_slots.free_ms > ? THEN vendor_slots.free_ms ELSE ? END",
            account, until, until, until,
        )  # fmt: skip
