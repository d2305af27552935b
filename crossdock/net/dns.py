"""Names to addresses, as the machine resolves them, in threads that do nothing else.

A name whose servers do not answer holds its thread for half a minute. In the event loop's own few threads a
handful of those would stop every other lookup, and whatever else is done there. So that they do not take all
threads here either, names of one domain get a few at a time, and one that took long for nothing is not
looked up again for a while. Deliveries, whose names customers choose, have threads of their own.
"""

import asyncio
import socket
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

AT_ONCE, OF_A_DOMAIN = 64, 8
"""Lookups at a time: in all, and of the names of one domain; more wait."""
LONG_SECONDS = 8.0
"""More than where the first of a machine's name servers is down."""
REFUSED_SECONDS = 60.0

Found = list[Any]
Look = Callable[[], Found]


class DnsLookups:
    """Threads that resolve names."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, name)
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[tuple[str, Look, Future[Found]]]] = defaultdict(deque)
        self._refused: dict[str, float] = {}

    def ask(self, host: str, look: Look) -> "Future[Found]":
        """Ask for what `look` finds of this name. The future raises OSError for one that hung lately."""
        domain, future = domain_of(host), Future[Found]()
        with self._lock:
            if self._running[domain] >= OF_A_DOMAIN:
                self._waiting[domain].append((host, look, future))
                return future
            self._running[domain] += 1
        self._threads.submit(self._work, domain, host, look, future)
        return future

    def _work(self, domain: str, host: str, look: Look, future: "Future[Found]") -> None:
        if future.set_running_or_notify_cancel():
            self._look(host, look, future)
        with self._lock:
            waiting = self._waiting.get(domain)
            if waiting:
                # At the end of all that wait for a thread: other domains come first.
                self._threads.submit(self._work, domain, *waiting.popleft())
                return
            self._waiting.pop(domain, None)
            self._running[domain] -= 1
            if not self._running[domain]:
                del self._running[domain]

    def _look(self, host: str, look: Look, future: "Future[Found]") -> None:
        began = time.monotonic()
        if self._refused.get(host, 0) > began:
            future.set_exception(OSError(None, f"{host} was not resolved in time, and is not asked for yet"))
            return
        try:
            items = look()
        except BaseException as problem:  # noqa: BLE001 - it is whoever asked who gets it
            if time.monotonic() - began > LONG_SECONDS:
                self._refuse(host)
            future.set_exception(problem)
        else:
            future.set_result(items)

    def _refuse(self, host: str) -> None:
        now = time.monotonic()
        with self._lock:
            self._refused = {name: until for name, until in self._refused.items() if until > now}
            self._refused[host] = now + REFUSED_SECONDS


def domain_of(host: str) -> str:
    """The last two labels of a name."""
    return ".".join(host.rstrip(".").lower().split(".")[-2:])


VENDORS, DELIVERIES = DnsLookups("names"), DnsLookups("names of receivers")


class SystemResolver(AbstractResolver):
    """A resolver that asks `getaddrinfo`."""

    def __init__(self, lookups: DnsLookups = VENDORS) -> None:
        self._lookups = lookups

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve a name; raise OSError when it has no address, or nobody says."""

        def look() -> Found:
            return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)

        wrap_futures = await asyncio.wrap_future(self._lookups.ask(host, look))
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=numeric
            )
            for kind, _, protocol, _, address in wrap_futures
        ]  # fmt: skip

    async def close(self) -> None:
        """The threads are everybody's."""
