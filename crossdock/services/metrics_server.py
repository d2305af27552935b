"""The metrics of a worker: /metrics at a port of its own, as a worker answers no API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from crossdock.services.application import metrics_application
from crossdock.services.server import check_port, serve
from crossdock.services.wiring import Services


@asynccontextmanager
async def metrics_served(services: Services) -> AsyncIterator[None]:
    """Answer /metrics at a port of its own, where the settings name one: beside a worker."""
    settings = services.settings
    if settings.metrics_port == 0:
        yield
        return
    check_port(settings, "metrics_port")
    app = metrics_application(services.dependencies())
    serving = asyncio.create_task(serve(replace(settings, port=settings.metrics_port), app))
    try:
        yield
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
