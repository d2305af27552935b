"""Reads the invoices of simulated carriers, which come as files: each when its account was billed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from crossdock.errors import VendorRefused
from crossdock.integrations.contract import Account, Context
from crossdock.integrations.deliveries import Lying
from crossdock.integrations.invoices.client import InvoiceClient
from crossdock.integrations.sandbox import invoices
from crossdock.integrations.sandbox.walks import Walks


class Client(InvoiceClient):
    """Line items out of the files."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, None)
        self._walks = Walks(context, "carrier")

    async def check(self) -> Account:
        return await self._walks.account("Sandbox carriers")


class Source:
    """The files that the carriers deliver: complete as soon as they are there."""

    kind = "sandbox"
    settles = False

    def __init__(self, context: Context, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._walks = Walks(context, "carrier")
        self._now = now
        self._made: dict[str, tuple[datetime, bytes]] | None = None

    async def files(self) -> AsyncIterator[Lying]:
        for name, (billed, content) in (await self._all()).items():
            yield Lying(name, len(content), int(billed.timestamp() * 1000))

    async def fetch(self, one: Lying, into: Path) -> None:
        found = (await self._all()).get(one.place)
        if found is None:
            raise VendorRefused(f"there is no {one.place!r} any more")
        await asyncio.to_thread(into.write_bytes, found[1])

    async def _all(self) -> dict[str, tuple[datetime, bytes]]:
        if self._made is None:
            world, epoch = await self._walks.world()
            made = await asyncio.to_thread(lambda: list(invoices.files(world, epoch, self._now())))
            self._made = {name: (billed, content) for name, billed, content in made}
        return self._made
