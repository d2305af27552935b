"""Reads the invoices of simulated carriers, which come as files: each when its account was billed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

from crossdock.errors import VendorRefused
from crossdock.integrations.sandbox.generate import invoices
from crossdock.integrations.sandbox.operations.walks import SandboxWalks
from crossdock.invoices.client import Client as InvoiceClient
from crossdock.kit.contract import Account, Context
from crossdock.kit.file_sources import SourceFile


class Client(InvoiceClient):
    """Line items out of the files."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._walks = SandboxWalks(context, "carrier")

    async def check(self) -> Account:
        return await self._walks.account("Sandbox carriers")


class Source:
    """The files that the carriers deliver: complete as soon as they are there."""

    kind = "sandbox"
    settles = False

    def __init__(self, context: Context, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._walks = SandboxWalks(context, "carrier")
        self._now = now
        self._made: dict[str, tuple[datetime, bytes]] | None = None

    async def files(self) -> AsyncIterator[SourceFile]:
        for name, (billed, content) in (await self._all()).items():
            yield SourceFile(name, len(content), int(billed.timestamp() * 1000))

    async def fetch(self, source_file: SourceFile, into: Path) -> None:
        pair = (await self._all()).get(source_file.place)
        if pair is None:
            raise VendorRefused(f"there is no {source_file.place!r} any more")
        await asyncio.to_thread(into.write_bytes, pair[1])

    async def _all(self) -> dict[str, tuple[datetime, bytes]]:
        if self._made is None:
            world, epoch = await self._walks.world()
            threads = await asyncio.to_thread(lambda: list(invoices.files(world, epoch, self._now())))
            self._made = {name: (billed, content) for name, billed, content in threads}
        return self._made
