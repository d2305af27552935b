"""Names to addresses, as the machine resolves them, in threads that do nothing else.

A name whose servers do not answer holds its thread for half a minute. In the event loop's own few threads a
handful of those would stop every other lookup, and whatever else is done there.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

AT_ONCE = 64
_threads = ThreadPoolExecutor(AT_ONCE, "names")


class SystemResolver(AbstractResolver):
    """What `getaddrinfo` says."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises OSError when the name has no address, or nobody says."""
        found = await asyncio.get_running_loop().run_in_executor(
            _threads,
            lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG),
        )
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host, host=str(address[0]), port=port, family=kind, proto=protocol, flags=numeric
            )
            for kind, _, protocol, _, address in found
        ]  # fmt: skip

    async def close(self) -> None:
        """The threads are everybody's."""
