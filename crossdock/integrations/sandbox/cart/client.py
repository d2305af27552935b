"""Reads a simulated shop."""

from collections.abc import AsyncIterator

from crossdock.integrations.contract import Account, Context, Page, Walk
from crossdock.integrations.sandbox.walks import Walks


class Client:
    """One method per function; what the manifest calls a snapshot comes whole every time."""

    def __init__(self, context: Context) -> None:
        self._walks = Walks(context, "cart")

    async def check(self) -> Account:
        return await self._walks.account("Sandbox shop")

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("orders", walk)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("products", walk)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.snapshot("warehouses", walk)
