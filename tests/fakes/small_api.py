"""A third API on the kernel: signed in by cookie, pages by number, errors as RFC 9457 has them."""

from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from crossdock.errors import CrossdockError, Forbidden, NotFound, RequestError, TooManyRequests, Unauthorized
from crossdock.store.connections import connections
from crossdock.web.context import HandlerContext
from crossdock.web.dependencies import Dependencies
from crossdock.web.dialect import Dialect
from crossdock.web.middleware import note_headers
from crossdock.web.operation import HttpOperation, Parameter
from crossdock.web.pagination import paginate
from crossdock.web.query import arguments, pairs
from crossdock.web.responses import no_content, rate_headers, reply

NAMES = ("Ada", "Grace", "Joan", "Mary", "Sofja")
PAGE_SIZE = 2


@dataclass(frozen=True)
class SmallOperation(HttpOperation):
    """An operation; some are for managers."""

    for_managers: bool = False


@dataclass(frozen=True)
class SmallContext(HandlerContext):
    """Who is signed in."""

    operation: SmallOperation
    user: str

    def arguments(self) -> dict[str, str | bool | int]:
        sent = pairs(self.request.scope["query_string"])
        return arguments(self.operation.parameters, self.request.path_params, sent)


class Greeting(msgspec.Struct, kw_only=True):
    text: str = "hello"


PAGE = Parameter("page", is_number=True, default=1)
NAME = Parameter("name", "path")
OPERATIONS = (
    SmallOperation("GET", "/people", "small_api.people", "people", parameters=(PAGE,)),
    SmallOperation("GET", "/people/{name}", "small_api.person", "person", parameters=(NAME,)),
    SmallOperation("POST", "/greetings", "small_api.greet", "greet"),
    SmallOperation("DELETE", "/people/{name}", "small_api.remove", "remove", True, parameters=(NAME,)),
    SmallOperation("GET", "/connections", "small_api.count", "count"),
    SmallOperation("GET", "/throttled", "small_api.throttled", "throttled"),
    SmallOperation("GET", "/broken", "small_api.broken", "broken"),
)


class SmallDialect(Dialect[SmallOperation, SmallContext]):
    """Problems have a title and a status."""

    prefix = "/small"
    package = "tests.fakes"

    def __init__(self, door: Dependencies) -> None:
        super().__init__(OPERATIONS)
        self._door = door

    async def admit(self, operation: SmallOperation, request: Request) -> SmallContext:
        user = request.cookies.get("user")
        with self._door.strangers.hearing(request, user):
            if user is None:
                raise Unauthorized("sign in first")
        if operation.for_managers and user != "manager":
            raise Forbidden("only managers may")
        return SmallContext(self._door, request, operation, user)

    def refusal(self, error: CrossdockError) -> Response:
        return _problem(error.http_status, str(error))

    def is_told(self, error: CrossdockError) -> bool:
        return isinstance(error, RequestError)

    def unexpected(self) -> Response:
        return _problem(500, "something broke")

    def no_such_path(self, request: Request) -> Response:
        return _problem(404, f"nothing at {request.scope['path']}")

    def wrong_method(self, request: Request, methods: list[str]) -> Response:
        return _problem(405, f"try {' or '.join(methods)}")


def _problem(status: int, title: str) -> Response:
    content = msgspec.json.encode({"title": title, "status": status})
    return Response(content, status, media_type="application/problem+json")


async def people(context: SmallContext) -> Response:
    number = int(context.arguments()["page"])
    start = (number - 1) * PAGE_SIZE

    async def fetch(limit: int) -> tuple[str, ...]:
        return NAMES[start : start + limit]

    page = await paginate(PAGE_SIZE, fetch, lambda _name: str(number + 1))
    return reply({"people": page.items, "next_page": page.next_token})


async def person(context: SmallContext) -> Response:
    name = str(context.arguments()["name"])
    if name not in NAMES:
        raise NotFound(f"nobody is called {name}")
    return reply({"name": name, "request": context.request.state.request_id})


async def greet(context: SmallContext) -> Response:
    greeting = await context.body(Greeting, required=False)
    return reply({"said": greeting.text, "to": context.user}, 201)


async def remove(_context: SmallContext) -> Response:
    return no_content()


async def count(context: SmallContext) -> Response:
    """A look into the database that all APIs share."""
    return reply({"connections": len(await connections.page(context.door.database, context.user))})


async def throttled(context: SmallContext) -> Response:
    note_headers(context.request, rate_headers(10, 0, 1, 1))
    raise TooManyRequests("slow down", retry_after_seconds=1)


async def broken(_context: SmallContext) -> Response:
    raise ZeroDivisionError("secret-in-the-message")
