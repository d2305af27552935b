"""A worker in a process of its own that can be killed, with the fake integration.

    python -m tests.fakes.worker        reads one JSON object a line: {"settings": {…}, "ahead_ms": 0}
                                        answers the id of the process that works with it, then goes on reading

Each worker is a fork of the process that reads, which has everything imported: what would take two seconds
takes none. It works until nothing is due, and ends.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

import structlog

from crossdock.config import Settings
from crossdock.kit import registry
from crossdock.services.clock import now_ms
from crossdock.services.open import open_services
from tests.fakes.modern_wms import with_modern


async def _work(settings: dict[str, Any], ahead_ms: int) -> None:
    async with open_services(Settings(**settings), clock=lambda: now_ms() + ahead_ms) as services:
        await services.worker(concurrency=2).drain()


def main() -> None:
    registry.all_integrations = with_modern()  # type: ignore[assignment]
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: they are killed
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            asyncio.run(_work(order["settings"], order["ahead_ms"]))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
