"""Reads the invoices of simulated carriers."""

from collections.abc import AsyncIterator

from crossdock.integrations.contract import Account, Context, Page, Walk
from crossdock.integrations.sandbox.walks import Walks


class Client:
    """Line items by the time they were posted."""

    def __init__(self, context: Context) -> None:
        self._walks = Walks(context, "carrier")

    async def check(self) -> Account:
        return await self._walks.account("Sandbox carriers")

    def invoice_line_items(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walks.changes("invoice_line_items", walk)
