"""How the sandbox's clients read a world: pages of 50, by change or as a whole."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime

from crossdock.errors import InvalidCredentials
from crossdock.integrations.sandbox.generate.worlds import open_world
from crossdock.integrations.sandbox.world.records import KEYS, World, moment
from crossdock.kit.contract import Account, Context, Page, Walk

PAGE_SIZE = 50


class SandboxWalks:
    """The walks of one vertical: "wms", "cart" or "carrier"."""

    def __init__(self, context: Context, vertical: str) -> None:
        self._context = context
        self._vertical = vertical
        self._world: World | None = None

    async def account(self, name: str) -> Account:
        """The account, with its world. Raises InvalidCredentials when the credentials name none."""
        world = await self.open()
        return Account(name, {"world": world.name})

    async def world(self) -> tuple[World, datetime]:
        """The world, and the time that its content leads up to."""
        return await self.open(), _epoch(self._context.credentials.get("epoch", ""))

    async def changes(self, resource: str, walk: Walk) -> AsyncIterator[Page]:
        """The records changed since the mark, oldest first; one changed meanwhile comes again at the end."""
        world, key = await self.open(), KEYS[self._vertical]
        mark = _mark(walk)
        before = moment(walk.end) if walk.end else None
        while True:
            rows = world.changed_after(f"{self._vertical}_{resource}", mark, before, PAGE_SIZE + 1)
            page = rows[:PAGE_SIZE]
            mark = page[-1][:2] if page else mark
            is_last = len(rows) <= PAGE_SIZE
            yield Page([raw for _, _, raw in page], None if is_last else list(mark), list(mark), key)
            if is_last:
                return

    async def snapshot(self, resource: str, walk: Walk) -> AsyncIterator[Page]:
        """All records, by id."""
        world, key = await self.open(), KEYS[self._vertical]
        last = walk.cursor or ""
        while True:
            rows = world.after(f"{self._vertical}_{resource}", last, PAGE_SIZE + 1)
            page = rows[:PAGE_SIZE]
            last = page[-1][0] if page else last
            is_last = len(rows) <= PAGE_SIZE
            yield Page([raw for _, raw in page], None if is_last else last, None, key)
            if is_last:
                return

    async def open(self) -> World:
        """The world that the credentials name, made when it is not there yet. Raises InvalidCredentials."""
        if self._world is None:
            credentials = self._context.credentials
            seed, epoch = _seed(credentials.get("seed", "")), _epoch(credentials.get("epoch", ""))
            # The first opening makes the world, which takes a second.
            self._world = await asyncio.to_thread(
                open_world, self._context.folder, credentials.get("world", ""), seed, epoch
            )
        return self._world


def _mark(walk: Walk) -> tuple[str, str]:
    """The point where the walk goes on: within itself, after the last one, or at its start."""
    if walk.cursor or walk.mark:
        updated_at, record_id = walk.cursor or walk.mark
        return updated_at, record_id
    return (moment(walk.start) if walk.start else "", "")


def _seed(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise InvalidCredentials(f"the sandbox's seed is a whole number, not {text!r}")
    return int(text)


def _epoch(text: str) -> datetime:
    try:
        epoch = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidCredentials(f"the sandbox's epoch is a UTC time, not {text!r}") from None
    if epoch.tzinfo is None:
        raise InvalidCredentials(f"the sandbox's epoch needs its zone, as in {text}Z")
    return epoch
