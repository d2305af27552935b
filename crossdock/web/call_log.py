"""The log of API calls: noted in memory as they are answered, stored in the background every few seconds.

A call costs its caller one append to a list. What is noted and not stored yet is lost in a crash: some
seconds. Of more calls than `MOST_WAITING` between two times of storing the rest is not kept; the server's log
says how many.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import structlog
from starlette.types import Scope

from crossdock.errors import Invalid, Unavailable
from crossdock.store.connections import api_calls
from crossdock.store.connections.api_calls import ApiCall
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.web.call_details import CallDetails, LogNames, kept_body, kept_headers, kept_query
from crossdock.web.middleware import EXCHANGE, Exchange
from crossdock.web.query import pairs
from crossdock.web.responses import Header

EVERY_SECONDS = 5.0
MOST_WAITING = 5000
AT_ONCE = 500
"""Rows in one transaction: others who write do not wait long."""
LONGEST_PATH = 500
FAILED = 400
MOST_KEPT_BYTES = 8_388_608
"""Bytes of bodies that wait to be stored; of more calls at a time nothing is kept but that they were made."""
CALLED_BY = "called_by"
"""Where a request's state says who calls: a `CalledBy`."""

log = structlog.get_logger()


@dataclass(frozen=True)
class CalledBy:
    """The caller of a call. None: a token of the webhook portal; no connection's access token."""

    organization_id: str
    key_id: str | None = None
    connection_uid: str | None = None


@dataclass(frozen=True)
class _Exchanged:
    """What a call sent and was answered, as it was: stored without secrets and without people."""

    query: bytes
    request_headers: Sequence[Header]
    response_headers: Sequence[Header]
    request_body: tuple[bytes | None, int]
    response_body: tuple[bytes | None, int]


_Noted = tuple[CalledBy, tuple[str, str, str], int, float, int, _Exchanged | None]
"""Who called, the request's id, method and path, the status, the seconds, when it was answered, and what was
sent; None: that is not kept."""


class CallLog:
    """Notes calls, and stores them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        is_on: bool,
        details: str = "failures",
        names: Callable[[], LogNames] = LogNames,
    ) -> None:
        """details: of which calls headers and bodies are kept, "none", "failures" or "all".

        names: asked for when the first call is stored.
        """
        self._details = details if is_on else "none"
        self._names = names
        self._database = database
        self._clock = clock
        self._is_on = is_on
        self._waiting: list[_Noted] = []
        self._kept_bytes = 0
        self._lost = 0

    def keeps(self, status: int) -> bool:
        """Check whether headers and bodies of calls with this status are kept; of 0: of any calls."""
        if self._details == "failures":
            return status >= FAILED or status == 0
        return self._details == "all"

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
        exchanged = self._exchanged(scope, status)
        self._waiting.append((caller, subject, status, seconds, self._clock(), exchanged))

    def _exchanged(self, scope: Scope, status: int) -> _Exchanged | None:
        exchange: Exchange | None = scope["state"].get(EXCHANGE)
        is_full = self._kept_bytes > MOST_KEPT_BYTES
        if exchange is None or is_full or not self.keeps(status or 500):
            return None
        made = _Exchanged(
            scope["query_string"], scope["headers"], exchange.response_headers, exchange.request_body,
            exchange.response_body,
        )  # fmt: skip
        self._kept_bytes += sum(len(body or b"") for body, _ in (made.request_body, made.response_body))
        return made

    async def write(self) -> None:
        """Store what was noted since the last time."""
        waiting, self._waiting, self._kept_bytes = self._waiting, [], 0
        if self._lost:
            log.warning("api calls not logged", calls=self._lost)
            self._lost = 0
        for start in range(0, len(waiting), AT_ONCE):
            try:
                await api_calls.add(
                    self._database, [self._call(*values) for values in waiting[start : start + AT_ONCE]]
                )
            except Unavailable:
                # The engine has logged it; what fits waits for the next time.
                self._keep(waiting[start:])
                return

    def _call(
        self,
        caller: CalledBy,
        request: tuple[str, str, str],
        status: int,
        seconds: float,
        answered_ms: int,
        exchanged: _Exchanged | None,
    ) -> ApiCall:
        request_id, method, path = request
        at_ms = answered_ms - int(seconds * 1000)
        return ApiCall(
            api_calls.call_id(at_ms, request_id), caller.organization_id, at_ms, request_id, method,
            _fitting(path), status or 500, int(seconds * 1_000_000), caller.key_id, caller.connection_uid,
            None if exchanged is None else self._detail(exchanged),
        )  # fmt: skip

    def _detail(self, exchanged: _Exchanged) -> str:
        """The details of a call as they are stored: JSON."""
        with suppress(Invalid):
            kept = CallDetails(
                kept_query(pairs(exchanged.query), self._names()),
                kept_headers(exchanged.request_headers),
                kept_body(exchanged.request_headers, *exchanged.request_body, self._names()),
                kept_headers(exchanged.response_headers),
                kept_body(exchanged.response_headers, *exchanged.response_body, self._names()),
            )
            return _storable(msgspec.json.encode(kept).decode())
        return ""

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


def _fitting(path: str) -> str:
    """A path as databases take it, cut where it is long."""
    return _storable(path[:LONGEST_PATH])


def _storable(text: str) -> str:
    """A text as databases take it."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
