"""Work on large bodies, off the event loop: everybody else is served meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, Protocol, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

SMALL_BYTES = 16_384
"""Up to here a body is checked within a few milliseconds, and a thread costs more than it saves."""

_turns: dict[int, asyncio.Semaphore] = {}


class SizedUpload(Protocol):
    @property
    def size(self) -> int: ...


@dataclass(frozen=True)
class UploadSize:
    size: int


SMALL = UploadSize(0)


async def aside(
    sized_upload: SizedUpload, work: Callable[P, T], *args: P.args, **extra_fields: P.kwargs
) -> T:
    """Do the work: at once for a small body, in a thread for a large one.

    One large body at a time: two threads that compute would only take the loop's turns from it.
    """
    if sized_upload.size <= SMALL_BYTES:
        return work(*args, **extra_fields)
    async with _turn():
        return await asyncio.to_thread(work, *args, **extra_fields)


def _turn() -> asyncio.Semaphore:
    loop: Any = asyncio.get_running_loop()
    if id(loop) not in _turns:
        _turns.clear()  # a loop before this one is gone
        _turns[id(loop)] = asyncio.Semaphore(1)
    return _turns[id(loop)]
