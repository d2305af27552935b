"""What an integration keeps of a connection between runs: tokens, and facts that it found when connecting.

    values = await context.session.get()                  a copy, to read
    async with context.session.change() as values:        to change; nobody else does meanwhile, on any worker
        values["channel_id"] = 7

All of it is encrypted at rest and survives restarts. What stands below `tokens` is forgotten when the
connection gets new credentials; all else (a shop, a realm, the host of a region) stays. Values are what JSON
can hold. The session of a connection is deleted with it.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

TOKENS = "tokens"


class ConnectionSession(Protocol):
    """The session of one connection."""

    async def get(self) -> dict[str, Any]:
        """The values kept now; a copy."""
        ...

    def change(self) -> AbstractAsyncContextManager[dict[str, Any]]:
        """The values kept, for a block that may change it and call the vendor; stored when it ends well.

        Blocks of one connection come one after the other, on all workers. Raises VendorUnavailable when that
        takes too long.
        """
        ...


class LocalSession:
    """A session in memory: for credentials that are tried before they are stored, and for tests."""

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self._turn = asyncio.Lock()

    async def get(self) -> dict[str, Any]:
        return copy.deepcopy(self.values)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[dict[str, Any]]:
        async with self._turn:
            values = copy.deepcopy(self.values)
            yield values
            self.values = values
