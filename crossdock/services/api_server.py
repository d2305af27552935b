"""The API on the HTTP server: what `crossdock serve` and `crossdock dev` run."""

import asyncio
from collections.abc import Callable

from crossdock.services.application import application
from crossdock.services.server import serve
from crossdock.services.wiring import Services


async def serve_api(
    services: Services,
    *,
    wake: Callable[[], None] = lambda: None,
    started: asyncio.Event | None = None,
    demo_organization: str = "",
) -> None:
    """Answer the API until cancelled. Raises SettingsError when the port is taken.

    wake: tells a worker in this process of new work. started: set once the port answers. demo_organization:
    whose systems the page connects on which the button is tried out; empty: there is no such page.
    """
    app = application(services.dependencies(wake), demo_organization)
    await serve(services.settings, app, started)
