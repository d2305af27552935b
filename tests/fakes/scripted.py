"""A vendor in memory, for runs of many pages: each takes time of a clock that stands still.

script = Script(clock)
script.pages[connection.id, "orders"] = 1000        one record on each; else there is one page
engine = replace(engine, sign_in=script.sign_in)
script.seen                                         (connection, resource, page, when) of each page served
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from crossdock.kit.contract import Account, Client, Page, Walk
from crossdock.kit.registry import Integration
from crossdock.store.connections.connections import ConnectionRow
from crossdock.sync.gate import ConnectionGate
from tests.conftest import Clock


@dataclass(frozen=True)
class Seen:
    """One page that was served."""

    connection_id: int
    resource: str
    page: int
    at_ms: int


@dataclass
class Script:
    """What the vendor does. after_page: awaited after each."""

    clock: Clock
    page_seconds: float = 1.0
    pages: dict[tuple[int, str], int] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    sign_ins: Counter[int] = field(default_factory=Counter)
    after_page: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(0)

    @asynccontextmanager
    async def sign_in(
        self, connection: ConnectionRow, _: Integration, __: ConnectionGate
    ) -> AsyncIterator[Client]:
        self.sign_ins[connection.id] += 1
        yield _Client(self, connection.id)

    def of(self, connection_id: int, resource: str) -> list[int]:
        """The pages of a walk, in the order they were served."""
        return [
            item.page
            for item in self.seen
            if (item.connection_id, item.resource) == (connection_id, resource)
        ]


class _Client:
    def __init__(self, script: Script, connection_id: int) -> None:
        self._script = script
        self._connection_id = connection_id

    async def check(self) -> Account:
        return Account("Scripted")

    def orders(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walk("orders", walk)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walk("warehouses", walk)

    def order_packs(self, walk: Walk) -> AsyncIterator[Page]:
        return self._walk("order_packs", walk)

    async def _walk(self, resource: str, walk: Walk) -> AsyncIterator[Page]:
        script = self._script
        last = script.pages.get((self._connection_id, resource), 1) - 1
        number = walk.cursor or 0
        while True:
            script.clock.pass_seconds(script.page_seconds)
            script.seen.append(Seen(self._connection_id, resource, number, script.clock()))
            await script.after_page()
            yield Page([_record(number)], number + 1 if number < last else None)
            if number == last:
                return
            number += 1


def _record(number: int) -> dict[str, Any]:
    """One that all readers of the fake integration understand."""
    return {
        "id": f"r-{number:05}", "created_at": "2026-01-31T09:00:00Z", "updated_at": "2026-02-01T00:00:00Z",
        "state": "NEW", "name": f"N{number}", "packs": [],
    }  # fmt: skip
