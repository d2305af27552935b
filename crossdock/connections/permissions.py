"""What the credentials of a connection may do, function by function, without changing anything.

the client's own `probe`                                   → as it says
else a read: its first page, of one record where it can    → allowed, or denied by MissingPermission
else a write                                               → unknown
takes too long, or fails for another reason                → unknown, with the reason
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from typing import cast

from crossdock.errors import MissingPermission, NotOffered, VendorError
from crossdock.kit.contract import Client, Fetch, Page, Permission, Walk
from crossdock.kit.registry import Integration

AT_ONCE = 3
EACH_SECONDS = 10.0
ALL_SECONDS = 30.0

Probe = Callable[[str], Awaitable[Permission]]


async def check_permissions(
    client: Client,
    integration: Integration,
    functions: Collection[str],
    *,
    each_seconds: float = EACH_SECONDS,
    all_seconds: float = ALL_SECONDS,
) -> dict[str, Permission]:
    """The permission of each function, in their order. Some are checked at a time, all within so long."""
    results = {function: Permission("unknown", "there was no time to check it") for function in functions}
    turns = asyncio.Semaphore(AT_ONCE)

    async def check(function: str) -> None:
        async with turns:
            results[function] = await _permission(client, integration, function, each_seconds)

    tasks = [asyncio.create_task(check(function)) for function in results]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=all_seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return results


async def _permission(client: Client, integration: Integration, function: str, seconds: float) -> Permission:
    try:
        async with asyncio.timeout(seconds):
            return await _probed(client, integration, function)
    except MissingPermission as failure:
        return Permission("denied", str(failure))
    except (VendorError, NotOffered) as failure:
        return Permission("unknown", str(failure))
    except TimeoutError:
        return Permission("unknown", f"no answer within {seconds:g} s")


async def _probed(client: Client, integration: Integration, function: str) -> Permission:
    probe = cast("Probe | None", getattr(client, "probe", None))
    if probe is not None:
        return await probe(function)
    resource = integration.resources.get(function)
    if resource is None:
        return Permission("unknown", "it shows when it is used")
    fetch: Fetch = getattr(client, resource.name)
    async with aclosing(cast("AsyncGenerator[Page, None]", fetch(Walk(at_most=1)))) as pages:
        async for _ in pages:
            break
    return Permission("allowed")
