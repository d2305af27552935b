"""What a handler of the API is given: who calls, and with whose access token."""

from dataclasses import dataclass

from crossdock.api.operation import ApiOperation
from crossdock.errors import Unauthorized
from crossdock.store.connections.access import ApiCaller
from crossdock.store.connections.connections import ConnectionRow
from crossdock.web.context import HandlerContext
from crossdock.web.query import Pair, arguments, pairs


@dataclass(frozen=True)
class RequestContext(HandlerContext):
    """One request that was let in."""

    operation: ApiOperation
    who: ApiCaller | None
    with_token: ConnectionRow | None

    @property
    def caller(self) -> ApiCaller:
        """The organization that calls."""
        if self.who is None:
            raise Unauthorized("the x-trackstar-api-key header is missing")
        return self.who

    @property
    def connection(self) -> ConnectionRow:
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
