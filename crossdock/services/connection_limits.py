"""No address holds more connections than its share, whatever it does with them. Linux only.

The server accepts whoever comes and says nothing of it, so what is too much is ended right after: of the
address that has too many, those connections that were silent longest. Nothing is looked at before so many
files are open that an address could have too many.
"""

import asyncio
import os
import socket
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from crossdock.config import Settings
from crossdock.web.address_limiter import caller_of, is_within

PERIOD_SECONDS = 1.0
AT_ONCE = 100
"""Connections that are looked at before the event loop has its turn: about a millisecond's work."""
TCP_INFO_BYTES = 60
LAST_DATA_RECEIVED = slice(52, 56)
"""In Linux's `struct tcp_info`: milliseconds since data came (linux/tcp.h)."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HeldShare:
    """A connection to this server. peer: the other end's address and port."""

    silent_ms: int
    descriptor: int
    peer: tuple[str, int]


@asynccontextmanager
async def connection_limits(settings: Settings) -> AsyncIterator[None]:
    """End what is too much, until the end of the block."""
    if settings.connections_per_address == 0 or sys.platform != "linux":
        yield
        return
    keeping = asyncio.create_task(_keep(settings))
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def _keep(settings: Settings) -> None:
    while True:
        await asyncio.sleep(PERIOD_SECONDS)
        if _lowest_free_descriptor() > settings.connections_per_address:
            with suppress(OSError):  # no file can be opened now: it is looked at again in a second
                await _end_excess(settings)


async def _end_excess(settings: Settings) -> None:
    largest_connections_per_address = settings.connections_per_address
    for address, held in (await _by_address(settings)).items():
        # Of those that fell silent in the same moment the one that came first.
        held.sort(key=lambda share: (-share.silent_ms, share.descriptor))
        excess = held[: max(0, len(held) - largest_connections_per_address)]
        ended = sum([await _ended(settings.port, held_share) for held_share in excess])
        if ended:
            log.warning(
                "too many connections of one address",
                address=address,
                ended=ended,
                allowed=largest_connections_per_address,
            )


def _lowest_free_descriptor() -> int:
    """No fewer files are open than this; a system call or two."""
    try:
        descriptor = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return sys.maxsize  # none is free
    os.close(descriptor)
    return descriptor


async def _by_address(settings: Settings) -> dict[str, list[HeldShare]]:
    """The connections of each address, but for trusted proxies."""
    held_shares: dict[str, list[HeldShare]] = defaultdict(list)
    for number, name in enumerate(os.listdir("/proc/self/fd")):
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
        held = _held(int(name), settings.port)
        if held is not None and not is_within(held.peer[0], settings.proxies):
            held_shares[caller_of(held.peer[0])].append(held)
    return held_shares


def _held(descriptor: int, port: int) -> HeldShare | None:
    """The connection to this port that a descriptor is; None if it is none, or no longer open."""
    with suppress(OSError), _copy(descriptor) as current_descriptor:
        if (
            current_descriptor.type == socket.SOCK_STREAM
            and current_descriptor.family != socket.AF_UNIX
            and current_descriptor.getsockname()[1] == port
        ):
            peer = current_descriptor.getpeername()
            info = current_descriptor.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
            silent_ms = int.from_bytes(info[LAST_DATA_RECEIVED], sys.byteorder)
            return HeldShare(silent_ms, descriptor, (peer[0], peer[1]))
    return None


async def _ended(port: int, held: HeldShare) -> bool:
    """End a connection, if it is still the one that was seen."""
    await asyncio.sleep(0)
    with suppress(OSError), _copy(held.descriptor) as descriptor:
        if descriptor.getsockname()[1] == port and descriptor.getpeername()[:2] == held.peer:
            descriptor.shutdown(socket.SHUT_RDWR)
            return True
    return False


def _copy(descriptor: int) -> socket.socket:
    """The same socket under a number that nobody else closes and reuses meanwhile. Raises OSError."""
    copy = os.dup(descriptor)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
