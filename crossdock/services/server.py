"""The HTTP server: what listens, how many may be connected, and how long each of them may take.

    connected ──► its request's headers ──► its body ──► the answer ──► the next request's headers …
              idle_seconds             body_seconds    body_seconds    idle_seconds

A connection that is open costs some memory and no turn of the event loop, so there may be thousands. One that
does not get on is ended: by the server while headers are due, by `web.middleware` while a body is, by the
system's TCP while an answer is not taken.
"""

import asyncio
import os
import socket
import sys
from contextlib import suppress
from typing import Any

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.net import SocketSpec  # type: ignore[attr-defined]
from granian.server.embed import Server
from starlette.types import ASGIApp

from crossdock.config import Settings, variable
from crossdock.errors import SettingsError
from crossdock.services import connection_limits

BACKLOG = 4096
"""Connections that wait to be accepted; the system may allow fewer (net.core.somaxconn)."""
RESERVED_FILES = 768
"""Open files that are left for the database, vendors, webhooks and files."""

log = structlog.get_logger(__name__)


async def serve(settings: Settings, app: ASGIApp, started: asyncio.Event | None = None) -> None:
    """Answer HTTP until cancelled. Raises SettingsError when the port is taken."""
    check_port(settings, "port")
    server = _server(settings, app)
    running = asyncio.create_task(server.serve())
    try:
        if started is not None:
            listening = asyncio.create_task(_listening(settings.host, settings.port))
            await asyncio.wait({listening, running}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                started.set()
            listening.cancel()
        async with connection_limits.connection_limits(settings):
            await asyncio.shield(running)
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        with suppress(asyncio.CancelledError):
            await running


class _Listening(Server):
    """Granian's server on a socket whose connections end when nobody takes what is sent."""

    patience_ms = 0

    def _init_shared_socket(self) -> None:
        holder = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux. Accepted connections inherit it.
            with socket.socket(fileno=os.dup(holder.get_fd())) as listener:
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, self.patience_ms)
        self._shd: Any = holder


def _server(settings: Settings, app: ASGIApp) -> Server:
    # HTTP/1.1 only: before the server knows which version a connection speaks, it waits without end.
    server = _Listening(
        app, address=settings.host, port=settings.port, interface=Interfaces.ASGI, log_enabled=False,
        websockets=False, http=HTTPModes.http1, backlog=BACKLOG, backpressure=_most(settings),
        http1_settings=HTTP1Settings(header_read_timeout=settings.idle_seconds * 1000),
    )  # fmt: skip
    server.patience_ms = settings.body_seconds * 1000
    return server


def _most(settings: Settings) -> int:
    """The most connections that may be open: as set, or as open files allow, which are raised to the most."""
    if sys.platform == "win32":
        return settings.max_connections
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    if soft == resource.RLIM_INFINITY:
        return settings.max_connections
    room = max(soft - RESERVED_FILES, soft // 2)
    if room < settings.max_connections:
        log.warning(
            "fewer connections than set: the limit of open files is low", open_files=soft, connections=room,
            set=settings.max_connections,
        )  # fmt: skip
    return min(room, settings.max_connections)


def check_port(settings: Settings, name: str) -> None:
    """A clear word before the server tries: its own comes late and from another thread.

    name: of the setting that has the port. Raises SettingsError.
    """
    host, port = settings.host, int(getattr(settings, name))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise SettingsError(
                f"can't listen on {host}:{port} ({problem.strerror}); set {variable(name)} to another port"
            ) from None


async def _listening(host: str, port: int) -> None:
    """Wait until the port answers."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return
