"""The kernel carries a third API: its own sign-in, errors and pages, on the same store as the others."""

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import structlog

from crossdock import metrics
from crossdock.api.dialect import ApiDialect
from crossdock.errors import LeaseLost
from crossdock.web.application import Application
from crossdock.web.middleware import ErrorMiddleware
from tests.fakes import small_api
from tests.fakes.small_api import SmallDialect
from tests.journeys.conftest import World


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A caller that is signed in as the world's organization."""
    door = world.services.dependencies()
    app = ErrorMiddleware(Application(ApiDialect(door), [SmallDialect(door)]), new_id=lambda: "request-1")
    transport = httpx.ASGITransport(app=app)
    cookies = {"user": world.organization}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", cookies=cookies) as client:
        yield client


async def test_its_handlers_read_the_same_store(world: World, http: httpx.AsyncClient):
    await world.connect(sync=False)
    assert (await http.get("/small/connections")).json() == {"connections": 1}


async def test_its_pages_look_as_it_says(http: httpx.AsyncClient):
    assert (await http.get("/small/people")).json() == {"people": ["Ada", "Grace"], "next_page": "2"}
    assert (await http.get("/small/people?page=3")).json() == {"people": ["Sofja"], "next_page": None}


@pytest.mark.parametrize("body", [b"", b"  ", b"null", b"{}"])
async def test_a_body_that_may_be_left_out_may_be_empty_or_null(
    world: World, http: httpx.AsyncClient, body: bytes
):
    post = await http.post("/small/greetings", content=body)
    assert (post.status_code, post.json()) == (201, {"said": "hello", "to": world.organization})


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "title"),
    [
        ("GET", "/small/people/Karl", b"", 404, "nobody is called Karl"),
        ("GET", "/small", b"", 404, "nothing at /small"),
        ("GET", "/small/people/", b"", 404, "nothing at /small/people/"),
        ("POST", "/small/people", b"", 405, "try GET or HEAD"),
        ("GET", "/small/people?page=two", b"", 422, "'two' is not a whole number of at least 1"),
        ("GET", "/small/people?since=1", b"", 422, "unknown parameter"),
        ("POST", "/small/greetings", b"{", 400, None),
        ("POST", "/small/greetings", b'{"text": 7}', 422, "text must be a text, not 7"),
        ("POST", "/small/greetings", b'"%b"' % (b"x" * 70_000), 413, None),
        ("DELETE", "/small/people/Ada", b"", 403, "only managers may"),
        ("GET", "/small/throttled", b"", 429, "slow down"),
        ("GET", "/small/broken", b"", 500, "something broke"),
    ],
)  # fmt: skip
async def test_whatever_goes_wrong_looks_as_it_says(
    http: httpx.AsyncClient, method: str, path: str, body: bytes, status: int, title: str | None
):
    refused = await http.request(method, path, content=body)
    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    assert refused.json()["status"] == status
    assert title is None or refused.json()["title"] == title
    assert refused.headers.get_list("x-request-id") == ["request-1"]


async def test_who_is_not_signed_in_is_refused(http: httpx.AsyncClient):
    http.cookies.clear()
    assert (await http.get("/small/people")).json() == {"title": "sign in first", "status": 401}


async def test_a_handler_knows_the_request_id(http: httpx.AsyncClient):
    assert (await http.get("/small/people/Ada")).json() == {"name": "Ada", "request": "request-1"}


async def test_headers_that_were_noted_are_on_errors_too(http: httpx.AsyncClient):
    refused = await http.get("/small/throttled")
    assert (refused.headers["x-ratelimit-remaining"], refused.headers["retry-after"]) == ("0", "1")


async def test_paths_of_others_are_answered_by_others(http: httpx.AsyncClient):
    assert (await http.get("/smaller")).json() == {"error": "there is no /smaller", "origin": "trackstar"}
    refused = await http.patch("/healthz")
    assert refused.json() == {"error": "PATCH is not offered by /healthz", "origin": "trackstar"}
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


async def lost(_context: object) -> None:
    raise LeaseLost("row 17 of jobs")


@pytest.mark.parametrize("handler", [small_api.broken, lost])
async def test_what_nobody_expected_is_logged_once_and_not_told(
    world: World, monkeypatch: pytest.MonkeyPatch, handler: Callable[[object], object]
):
    monkeypatch.setattr(small_api, "broken", handler)
    small = Application(SmallDialect(world.services.dependencies()))
    transport = httpx.ASGITransport(app=ErrorMiddleware(small, new_id=lambda: "request-1"))
    cookies = {"user": "ada"}
    async with httpx.AsyncClient(transport=transport, base_url="http://here", cookies=cookies) as client:
        with structlog.testing.capture_logs() as logged:
            refused = await client.get("/small/broken")
    assert (refused.status_code, refused.json()["title"]) == (500, "something broke")
    assert [(entry["event"], entry["request_id"], entry["path"]) for entry in logged] == [
        ("request failed", "request-1", "/small/broken")
    ]


async def test_its_answers_are_counted_under_its_operations(http: httpx.AsyncClient):
    await http.get("/small/people")
    value = metrics.REGISTRY.get_sample_value(
        "crossdock_api_seconds_count", {"operation": "people", "status": "200"}
    )
    assert value is not None
