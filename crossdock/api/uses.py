"""How often each connection's token was used: counted in memory, written now and then.

A crash loses some seconds of counting, never anything else.
"""

import asyncio

import structlog

from crossdock.errors import Unavailable
from crossdock.store.connections import count_use
from crossdock.store.engine import Database
from crossdock.store.ids import Clock

EVERY_SECONDS = 5.0

log = structlog.get_logger()


class Uses:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._counted: dict[int, tuple[int, int]] = {}

    def count(self, connection_id: int) -> None:
        before, _ = self._counted.get(connection_id, (0, 0))
        self._counted[connection_id] = (before + 1, self._clock())

    async def write(self) -> None:
        """Stores what was counted since the last time."""
        counted, self._counted = self._counted, {}
        if not counted:
            return
        try:
            await count_use(self._database, counted)
        except Unavailable:
            # The log has it from the engine; what was counted waits for the next time.
            for connection_id, (count, last) in counted.items():
                since, later = self._counted.get(connection_id, (0, last))
                self._counted[connection_id] = (count + since, later)

    async def write_now_and_then(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.write()
            except Exception:
                # Whatever it is, counting goes on.
                log.exception("storing use counts failed")
