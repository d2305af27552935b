"""The log of API calls: noted in memory as they are answered, stored in the background every few seconds.

A call costs its caller one append to a list. What is noted and not stored yet is lost in a crash: some
seconds. Of more calls than `MOST_WAITING` between two times of storing the rest is not kept; the server's log
says how many.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from starlette.types import Scope

from crossdock.errors import Unavailable
from crossdock.store.connections import api_calls
from crossdock.store.connections.api_calls import ApiCall
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock

EVERY_SECONDS = 5.0
MOST_WAITING = 5000
AT_ONCE = 500
"""Rows in one transaction: others who write do not wait long."""
LONGEST_PATH = 500
CALLED_BY = "called_by"
"""Where a request's state says who calls: a `CalledBy`."""

log = structlog.get_logger()


@dataclass(frozen=True)
class CalledBy:
    """The caller of a call. None: a token of the webhook portal; no connection's access token."""

    organization_id: str
    key_id: str | None = None
    connection_uid: str | None = None


_Noted = tuple[CalledBy, tuple[str, str, str], int, float, int]
"""Who called, the request's id, method and path, the status, the seconds, and when it was answered."""


class CallLog:
    """Notes calls, and stores them."""

    def __init__(self, database: Database, clock: Clock, *, is_on: bool) -> None:
        self._database = database
        self._clock = clock
        self._is_on = is_on
        self._waiting: list[_Noted] = []
        self._lost = 0

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """Note a call that was answered. Calls of nobody known are none of any organization."""
        caller: CalledBy | None = scope["state"].get(CALLED_BY)
        if caller is None or not self._is_on:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._lost += 1
            return
        # As little as can be: all else is made when it is stored.
        subject = (scope["state"]["request_id"], scope["method"], scope["path"])
        self._waiting.append((caller, subject, status, seconds, self._clock()))

    async def write(self) -> None:
        """Store what was noted since the last time."""
        waiting, self._waiting = self._waiting, []
        if self._lost:
            log.warning("api calls not logged", calls=self._lost)
            self._lost = 0
        for start in range(0, len(waiting), AT_ONCE):
            try:
                await api_calls.add(
                    self._database, [_call(*values) for values in waiting[start : start + AT_ONCE]]
                )
            except Unavailable:
                # The engine has logged it; what fits waits for the next time.
                self._keep(waiting[start:])
                return

    def _keep(self, calls: Sequence[_Noted]) -> None:
        room = MOST_WAITING - len(self._waiting)
        self._lost += max(0, len(calls) - room)
        self._waiting = [*calls[:room], *self._waiting]

    async def write_now_and_then(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.write()
            except Exception:
                # Whatever it is, the log goes on.
                log.exception("storing the log of api calls failed")


def _call(
    caller: CalledBy, request: tuple[str, str, str], status: int, seconds: float, answered_ms: int
) -> ApiCall:
    request_id, method, path = request
    at_ms = answered_ms - int(seconds * 1000)
    return ApiCall(
        api_calls.call_id(at_ms, request_id), caller.organization_id, at_ms, request_id, method,
        _fitting(path), status or 500, int(seconds * 1_000_000), caller.key_id, caller.connection_uid,
    )  # fmt: skip


def _fitting(path: str) -> str:
    """A path as databases take it, cut where it is long."""
    return path[:LONGEST_PATH].replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
