"""Stores what became of attempts beside the sending of others: those that ended meanwhile together."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from crossdock.errors import Unavailable
from crossdock.webhooks.recording import AttemptRecorder, AttemptResult

STORE_AGAIN_SECONDS = 1.0
GATHER_SECONDS = 0.01
"""How long what has ended waits for company while more is under way: each commit waits for the disk."""

log = structlog.get_logger()


class ResultWriter:
    """Attempts that have ended and are not stored yet."""

    def __init__(
        self, recorder: AttemptRecorder, is_sending: Callable[[], object], when_stored: Callable[[], None]
    ) -> None:
        self._recorder = recorder
        self._is_sending = is_sending
        self._when_stored = when_stored
        self._results: list[AttemptResult] = []
        self._storing = 0
        self._has_results = asyncio.Event()
        self._is_closing = False

    @property
    def unstored(self) -> int:
        """The number of attempts that have ended and are not stored."""
        return len(self._results) + self._storing

    def put(self, result: AttemptResult) -> None:
        """Queue the result to be stored soon."""
        self._results.append(result)
        self._has_results.set()

    def start(self) -> "asyncio.Task[None]":
        """Start a task that stores results until `close`."""
        self._is_closing = False
        return asyncio.create_task(self._run())

    def close(self) -> None:
        """Let the task end when all is stored."""
        self._is_closing = True
        self._has_results.set()

    async def _run(self) -> None:
        while self._results or not self._is_closing:
            await self._has_results.wait()
            if self._is_sending() and not self._is_closing:
                await asyncio.sleep(GATHER_SECONDS)
            self._has_results.clear()
            batch, self._results = self._results, []
            self._storing = len(batch)
            if batch:
                await self._store(batch)
            self._storing = 0
            self._when_stored()

    async def _store(self, results: Sequence[AttemptResult]) -> None:
        """Store the results, however long the database is away; give up when they can't be stored."""
        while True:
            try:
                await self._recorder.record(results)
            except Unavailable:
                await asyncio.sleep(STORE_AGAIN_SECONDS)  # the log has it from the engine, once
                continue
            except Exception:  # not even how they ended
                log.exception("attempts were not stored and are made again", attempts=len(results))
            return
