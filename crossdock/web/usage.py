"""Uses of each connection's tokens and of each key: counted in memory, written now and then.

A crash loses some seconds of counting, never anything else.
"""

import asyncio

import structlog

from crossdock.errors import Unavailable
from crossdock.store.connections import retired_tokens
from crossdock.store.connections.access import digest, note_key_uses
from crossdock.store.connections.connections import TokenUse, count_use
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock

EVERY_SECONDS = 5.0

log = structlog.get_logger()


class UsageCounter:
    """Counts calls by connection, and notes when replaced tokens were used last."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counted: dict[int, TokenUse] = {}
        self._retired: dict[bytes, int] = {}
        self._keys: dict[str, int] = {}

    def count_key(self, key_id: str) -> None:
        """Note that an API key was used."""
        self._keys[key_id] = self._clock()

    def count(self, connection_id: int, retired: str | None = None) -> None:
        """Count a call. retired: the token that was sent, where it is not the connection's own any more."""
        now = self._clock()
        current_ms = now if retired is None else None
        self._add(connection_id, TokenUse(1, now, current_ms))
        if retired is not None:
            self._retired[digest(retired)] = now

    def _add(self, connection_id: int, use: TokenUse) -> None:
        before = self._counted.get(connection_id, TokenUse(0, 0))
        self._counted[connection_id] = TokenUse(
            before.count + use.count,
            max(before.last_ms, use.last_ms),
            before.current_ms if use.current_ms is None else use.current_ms,
        )

    async def write(self) -> None:
        """Store what was counted since the last time."""
        await self._write_keys()
        counted, self._counted = self._counted, {}
        retired, self._retired = self._retired, {}
        try:
            if counted:
                await count_use(self._database, counted)
                counted = {}
            if retired:
                await retired_tokens.note_use(self._database, retired)
        except Unavailable:
            # The log has it from the engine; what was counted waits for the next time.
            for connection_id, use in counted.items():
                self._add(connection_id, use)
            self._retired = retired | self._retired

    async def _write_keys(self) -> None:
        used, self._keys = self._keys, {}
        if not used:
            return
        try:
            await note_key_uses(self._database, used)
        except Unavailable:
            self._keys = {**used, **self._keys}

    async def write_now_and_then(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.write()
            except Exception:
                # Whatever it is, counting goes on.
                log.exception("storing use counts failed")
