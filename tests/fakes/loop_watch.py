"""How long callbacks hold an event loop: the processor time that each of them takes on the loop's thread.

Processor time, not the time on the wall: on a busy machine a thread waits for others, which says nothing
about what it does.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Watch:
    """The longest that one callback has held the loop."""

    seconds: float = 0.0
    what: str = "nothing"


@contextmanager
def watched(loop: asyncio.AbstractEventLoop) -> Iterator[Watch]:
    """Measures every callback of a loop that runs in this process, in whichever thread."""
    watch = Watch()
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        if handle._loop is not loop:  # type: ignore[attr-defined]
            run(handle)
            return
        started = time.thread_time()
        run(handle)
        seconds = time.thread_time() - started
        if seconds > watch.seconds:
            watch.seconds, watch.what = seconds, f"{seconds:.3f} s in {handle!r:.300}"

    asyncio.Handle._run = measured  # type: ignore[method-assign, assignment]
    try:
        yield watch
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]
