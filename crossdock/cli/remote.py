"""The running server as one organization sees it over HTTP: for commands that need no database."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import msgspec

from crossdock.config import Settings
from crossdock.connections.lookup import only_with_prefix
from crossdock.errors import CrossdockError, SettingsError
from crossdock.net.addresses import parsed_url

TIMEOUT_SECONDS = 15.0

Page = TypeVar("Page", bound=msgspec.Struct)


class Event(msgspec.Struct):
    """An event as the feed shows it; `body` is kept as the bytes that a webhook has."""

    id: str
    type: str
    connection_id: str
    created_at: str
    body: msgspec.Raw


class Events(msgspec.Struct):
    data: list[Event]
    next: str


class _Connection(msgspec.Struct):
    connection_id: str


class _Connections(msgspec.Struct):
    data: list[_Connection]
    next_token: str | None


class _Refusal(msgspec.Struct):
    error: str


class ServerAway(CrossdockError):
    """The server does not answer now."""


def address_and_key(settings: Settings) -> tuple[str, str]:
    """The server's URL, and a key for it. Raises SettingsError when there is none."""
    if settings.api_key:
        return settings.url, settings.api_key
    file = settings.folder / "dev.json"
    if not file.exists():
        raise SettingsError(
            f"CROSSDOCK_API_KEY is not set, and there is no {file}; make a key with `crossdock keys create "
            "listen`, or start `crossdock dev`"
        )
    note = msgspec.json.decode(file.read_bytes())
    return note["base_url"], note["api_key"]


@dataclass(frozen=True)
class Server:
    """The running server, as one organization sees it."""

    session: aiohttp.ClientSession
    url: str
    key: str

    async def get(self, path: str, kind: type[Page], query: Sequence[tuple[str, str]]) -> Page:
        """Get a page of the server.

        Raises ServerAway when another try may help, CrossdockError with the server's words when not.
        """
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        options: Any = {"headers": {"x-trackstar-api-key": self.key}, "timeout": timeout}
        try:
            async with self.session.get(
                parsed_url(self.url + path).extend_query(query), allow_redirects=False, **options
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise ServerAway(f"no server answers at {self.url}: {describe_network_error(problem)}") from None
        if answer.status == 429 or answer.status >= 500:
            raise ServerAway(f"the server at {self.url} answers {answer.status}")
        try:
            if answer.status == 200:
                return msgspec.json.decode(body, type=kind)
            refusal = msgspec.json.decode(body, type=_Refusal)
        except msgspec.DecodeError:
            raise CrossdockError(f"what answers at {self.url} ({answer.status}) is not Crossdock") from None
        raise CrossdockError(f"the server at {self.url} answers {answer.status}: {refusal.error}")

    async def connection(self, reference: str) -> str:
        """The id that begins so. Raises NotFound unless there is exactly one."""
        matches = [connection async for connection in self._connections() if connection.startswith(reference)]
        return only_with_prefix(reference, matches)

    async def _connections(self) -> AsyncIterator[str]:
        query: list[tuple[str, str]] = []
        while True:
            page = await self.get("/connections", _Connections, query)
            for connection in page.data:
                yield connection.connection_id
            if page.next_token is None:
                return
            query = [("page_token", page.next_token)]


def describe_network_error(problem: Exception) -> str:
    """A network error in a few words."""
    if isinstance(problem, aiohttp.ClientConnectorError):
        number = problem.os_error.errno or 0
        return os.strerror(number) if number > 0 else problem.os_error.strerror or "no connection"
    return str(problem) or type(problem).__name__
