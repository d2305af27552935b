"""What handlers stand on, and the visit that each of them is given."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from crossdock.api.limits import Limiter
from crossdock.api.operation import Operation
from crossdock.api.query import Pair, arguments, pairs
from crossdock.api.uses import Uses
from crossdock.config import Settings
from crossdock.errors import Unauthorized
from crossdock.files.arrive import Arrivals
from crossdock.link.connect import Linker
from crossdock.store.access import Caller
from crossdock.store.connections import Connection
from crossdock.store.engine import Database
from crossdock.store.ids import Clock
from crossdock.store.secrets import Vault
from crossdock.webhooks.transform import Scripts
from crossdock.writes.run import Writer


@dataclass(frozen=True)
class Door:
    """What the API needs of the rest."""

    settings: Settings
    database: Database
    vault: Vault
    linker: Linker
    clock: Clock
    limiter: Limiter
    uses: Uses
    writer: Writer
    arrivals: Arrivals
    scripts: Scripts
    wake: Callable[[], None]
    """Tells a worker in this process that there may be work."""

    @cached_property
    def page_key(self) -> bytes:
        return self.vault.token_key("page tokens")

    def folder(self, slug: str) -> Path:
        """Where an integration keeps files of its own."""
        return self.settings.folder / "integrations" / slug

    def is_off(self, connection: Connection, function: str) -> bool:
        """Whether a function is switched off, for everybody or for this connection."""
        return connection.is_off(function, self.settings.off)


@dataclass(frozen=True)
class Visit:
    """One request that was let in."""

    door: Door
    request: Request
    operation: Operation
    who: Caller | None
    with_token: Connection | None

    @property
    def caller(self) -> Caller:
        """The organization that calls."""
        if self.who is None:
            raise Unauthorized("the x-trackstar-api-key header is missing")
        return self.who

    @property
    def connection(self) -> Connection:
        """The connection whose access token was sent."""
        if self.with_token is None:
            raise Unauthorized("the x-trackstar-access-token header is missing")
        return self.with_token

    @property
    def pairs(self) -> list[Pair]:
        return pairs(self.request.scope["query_string"])

    def arguments(self) -> dict[str, str | bool | int]:
        """The operation's own parameters, checked."""
        return arguments(self.operation.parameters, self.request.path_params, self.pairs)


Handler = Callable[[Visit], Awaitable[Response]]
