"""Callers that show no key that works: how many of their requests are heard, by the address they come from.

A request that shows nothing costs as much as another, so a flood of them must not become a flood of look-ups
in the database, nor keep connections open. Whoever calls with a key that worked a while ago is no stranger,
whatever else comes from the same address.

The address is the connection's, or what a trusted reverse proxy says of it (`X-Forwarded-For`, read from its
end, since a caller may have written the beginning).
"""

import ipaddress
import time
from collections.abc import Callable

from starlette.requests import Request

from crossdock.config import Network
from crossdock.errors import TooManyRequests, Unauthorized
from crossdock.web.middleware import note_headers

KNOWN_SECONDS = 300.0
"""So long a key that worked is looked up again without being counted."""
MOST_KNOWN = 10_000
MOST_ADDRESSES = 10_000
"""In one second; what comes from more is counted together."""


class AddressLimiter:
    """Counts them, second by second. per_second: of each address; 0: no limit."""

    def __init__(
        self,
        per_second: int,
        proxies: tuple[Network, ...] = (),
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = per_second
        self._proxies = proxies
        self._seconds = seconds
        self._second = 0
        self._counts: dict[str, int] = {}
        self._keys: dict[int, float] = {}
        """When each key worked last, by hash: what it opens is for the database to say."""

    def admit(self, request: Request, key: str | None = None) -> None:
        """Raise TooManyRequests for a stranger whose address has used up its second."""
        if self._most == 0 or (key is not None and self._worked_lately(key)):
            return
        address = self.address(request)
        if self._turned().get(address, 0) >= self._most:
            note_headers(request, [(b"connection", b"close")])
            raise TooManyRequests(
                f"an address may make {self._most} requests a second without a key that works",
                retry_after_seconds=1,
            )

    def hearing(self, request: Request, key: str | None) -> "HeardRequest":
        """Hear a request, and count it when the block finds that its key is none: Unauthorized.

        Raises TooManyRequests as `admit` does.
        """
        self.admit(request, key)
        return HeardRequest(self, request)

    def count(self, request: Request) -> None:
        """A request without a key that works."""
        counts = self._turned()
        address = self.address(request)
        if address not in counts and len(counts) >= MOST_ADDRESSES:
            address = ""
        counts[address] = counts.get(address, 0) + 1

    def worked(self, key: str) -> None:
        """Note that this key works."""
        if len(self._keys) >= MOST_KNOWN:
            self._keys.clear()
        self._keys[hash(key)] = self._seconds()

    def address(self, request: Request) -> str:
        """The caller's address: an IPv4 one, or the /64 of an IPv6 one, which is what a single caller has."""
        client = request.scope.get("client")
        text = client[0] if client else ""
        if is_within(text, self._proxies):
            text = self._forwarded(request, text)
        return caller_of(text)

    def _forwarded(self, request: Request, proxy: str) -> str:
        """The last address that no trusted proxy has: what was before it, its sender may have made up."""
        named = [
            part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")
        ]
        nearest = proxy
        for text in reversed(named):
            if _parsed(text) is None:
                break
            nearest = text
            if not is_within(text, self._proxies):
                break
        return nearest

    def _worked_lately(self, key: str) -> bool:
        return self._keys.get(hash(key), -KNOWN_SECONDS) > self._seconds() - KNOWN_SECONDS

    def _turned(self) -> dict[str, int]:
        """The counts of this second."""
        second = int(self._seconds())
        if second != self._second:
            self._second, self._counts = second, {}
        return self._counts


class HeardRequest:
    """A block in which a key is looked up. A class of its own, since each request of each API passes one."""

    def __init__(self, limiter: AddressLimiter, request: Request) -> None:
        self._limiter = limiter
        self._request = request

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, _error: object, _traceback: object) -> None:
        if kind is not None and issubclass(kind, Unauthorized):
            self._limiter.count(self._request)


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, an IPv4 one in IPv6's clothes as what it is; None: it is something else."""
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


def is_within(text: str, networks: tuple[Network, ...]) -> bool:
    """Check whether an address is in one of these networks."""
    address = _parsed(text)
    return address is not None and any(address in network for network in networks)


def caller_of(text: str) -> str:
    """The name of a single caller: an IPv4 address, or the /64 of an IPv6 one."""
    address = _parsed(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address or text)
