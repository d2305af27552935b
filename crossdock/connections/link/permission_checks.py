"""Checks of permissions that are under way: all who ask for the same flow wait for the same check."""

import asyncio
from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[str]]
FlowKey = tuple[str, str, str]
"""A flow: its organization, its subject, and its id."""


class PermissionChecks:
    """The checks of this process. What they find is kept with the flow, for every process."""

    def __init__(self) -> None:
        self._running: dict[FlowKey, asyncio.Task[str]] = {}

    async def get(self, flow: FlowKey, check: Check) -> str:
        """The result of the check of a flow, which begins unless it is under way."""
        task = self._running.get(flow)
        if task is None:
            task = asyncio.ensure_future(_awaited(check))
            self._running[flow] = task
            task.add_done_callback(lambda _: self._running.pop(flow, None))
        return await asyncio.shield(task)


async def _awaited(check: Check) -> str:
    return await check()
