"""An API server in a process of its own that can be killed, with the fake integration.

    python -m tests.fakes.api_server    reads one JSON object a line: {"settings": {…}, "ahead_ms": 0}
                                        answers the id of the process that serves, then goes on reading

Each server is a fork of the process that reads, which has everything imported.
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
from crossdock.services.application import application
from crossdock.services.clock import now_ms
from crossdock.services.open import open_services
from crossdock.services.server import serve
from tests.fakes.fake_wms import with_fake


async def _serve(fields: dict[str, Any], ahead_ms: int) -> None:
    settings = Settings(**fields)
    async with open_services(settings, clock=lambda: now_ms() + ahead_ms) as services:
        await serve(settings, application(services.dependencies()))


def main() -> None:
    registry.all_integrations = with_fake()  # type: ignore[assignment]
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: they are killed
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            asyncio.run(_serve(order["settings"], order["ahead_ms"]))
            os._exit(0)
        print(child, flush=True)


if __name__ == "__main__":
    main()
