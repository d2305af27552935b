"""Reads a simulated shop, and writes to it."""

from collections.abc import AsyncIterator

from crossdock.integrations.sandbox.operations.service import SandboxService
from crossdock.kit.contract import Account, Context, Page, Raw, Walk


class Client(SandboxService):
    """One method per function; what the manifest calls a snapshot comes whole every time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, "cart")

    async def check(self) -> Account:
        return await self._account("Sandbox shop")

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("orders", walk)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("products", walk)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("warehouses", walk)

    async def order(self, record_id: str) -> Raw:
        return await self._one("orders", record_id)

    async def product(self, record_id: str) -> Raw:
        return await self._one("products", record_id)
