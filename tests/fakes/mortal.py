"""A process that dies between any two steps that others can see, again and again, one step later each time.

for steps in count():
    with mortal(world, steps) as life:
        await work()
    …                          what is there now is what a `kill -9` would have left
    if not life.is_over:
        break                  it had no more steps to die at

A step is where a transaction begins, where it is about to be committed and where it was, where a request goes
out and where its answer has come. Once dead it does nothing any more, not even tidy up.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from crossdock.store.database.engine import Transaction
from tests.journeys.conftest import World


class Died(BaseException):
    """Not an error that anybody could catch."""


@dataclass
class Life:
    """How many steps are left."""

    steps: int
    is_over: bool = False
    transactions: int = 0

    def step(self) -> None:
        if self.steps == 0:
            self.is_over = True
        self.still()
        self.steps -= 1

    def still(self) -> None:
        if self.is_over:
            raise Died


@contextmanager
def mortal(world: World, steps: int) -> Iterator[Life]:
    """Has what is done in the block die after so many steps."""
    life, database = Life(steps), world.services.database
    transaction, request = database.transaction, aiohttp.ClientSession._request

    @asynccontextmanager
    async def watched() -> AsyncIterator[Transaction]:
        life.step()
        life.transactions += 1
        async with transaction() as opened:
            yield opened
            life.step()
        life.step()

    async def called(*items: Any, **extra_fields: Any) -> aiohttp.ClientResponse:
        life.step()
        answer = await request(*items, **extra_fields)
        life.step()
        return answer

    def reading(read: Any) -> Any:
        async def watched_read(*items: Any) -> Any:
            life.still()
            return await read(*items)

        return watched_read

    with pytest.MonkeyPatch.context() as patch, suppress(Died):
        patch.setattr(database, "transaction", watched)
        patch.setattr(aiohttp.ClientSession, "_request", called)
        for name in ("fetch", "fetch_few", "fetch_one"):
            patch.setattr(database, name, reading(getattr(database, name)))
        yield life
