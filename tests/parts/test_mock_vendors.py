"""Mocks of vendors: they refuse what the vendor would refuse, and tell the test."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.contracts.vendor_specs import Description, OpenApiDescription
from tests.mock_vendors.faults import done_then, dropped, failing, throttled, usual
from tests.mock_vendors.graphql_vendor import GraphQlMock, MockError, connection
from tests.mock_vendors.throttles import FixedWindow, SlidingWindow, Throttle, TokenBucket
from tests.mock_vendors.vendor import MockAnswer, MockCall, MockVendor

ITEM = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {"name": {"type": "string"}},
}
OPENAPI: Mapping[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        "/items": {
            "get": {
                "parameters": [{"in": "query", "name": "page", "schema": {"type": "integer"}}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"type": "array", "items": ITEM}}}}
                },
            },
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": ITEM}}},
                "responses": {"201": {"description": "made"}},
            },
        }
    },
}


class ItemVendor(MockVendor):
    """A vendor of items."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Any] = []
        self.allows_violations = True

    def description(self) -> Description:
        return OpenApiDescription(OPENAPI)

    def is_signed_in(self, call: MockCall) -> bool:
        return call.headers.get("authorization") == "Bearer good"

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.method == "GET":
            return MockAnswer(body=self.items)
        self.items.append(call.json())
        return MockAnswer(201)


async def status_of(vendor: MockVendor, method: str = "GET", token: str = "good", **members: Any) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{vendor.url}/items", **members) as answer,
    ):
        await answer.read()
        return answer.status


async def test_what_is_not_described_is_refused_and_told():
    async with ItemVendor() as vendor:
        assert await status_of(vendor, params={"page": "1"}) == 200
        assert await status_of(vendor, "POST", json={"name": "a"}) == 201
        assert vendor.violations == []
        assert await status_of(vendor, params={"limit": "1"}) == 400
        assert await status_of(vendor, "POST", json={"name": "a", "size": 1}) == 400
        assert await status_of(vendor, "DELETE") == 400
    assert [text.partition(":")[0] for text in vendor.violations] == ["request"] * 3
    assert vendor.items == [{"name": "a"}]


async def test_what_was_sent_undescribed_fails_the_test_that_sent_it():
    vendor = ItemVendor()
    vendor.allows_violations = False
    with pytest.raises(AssertionError, match="limit is not described"):
        async with vendor:
            await status_of(vendor, params={"limit": "1"})


async def test_an_answer_that_is_not_described_is_told_too():
    async with ItemVendor() as vendor:
        vendor.items = [{"title": "no name"}]
        assert await status_of(vendor) == 200
    assert vendor.violations
    assert all("answer of the mock" in text for text in vendor.violations)


async def test_nobody_gets_in_without_credentials_and_costs_nothing():
    async with ItemVendor() as vendor:
        vendor.throttles = [FixedWindow(1, 60)]
        assert [await status_of(vendor, token=token) for token in ("bad", "good", "good")] == [401, 200, 429]


async def test_scripts_come_first_and_each_fault_once():
    async with ItemVendor() as vendor:
        vendor.script("/items", [failing(503), throttled(3), usual()])
        assert [await status_of(vendor) for _ in range(4)] == [503, 429, 200, 200]
        assert len(vendor.asked("/items", "GET")) == 4
        vendor.script("/items", [done_then(dropped())])
        with pytest.raises(aiohttp.ClientError):
            await status_of(vendor, "POST", json={"name": "kept"})
    assert vendor.items == [{"name": "kept"}]


THROTTLES: dict[str, tuple[Callable[[], Throttle], list[tuple[float, bool]]]] = {
    "bucket": (lambda: TokenBucket(2, 1), [(0, True), (0, True), (0.5, False), (1, True), (1.5, False)]),
    "sliding": (lambda: SlidingWindow(2, 10), [(0, True), (9, True), (9.5, False), (10, True), (18, False)]),
    "fixed": (lambda: FixedWindow(2, 10), [(8, True), (9, True), (9.5, False), (10, True), (11, True)]),
}


@pytest.mark.parametrize("name", THROTTLES)
def test_each_throttle_lets_through_what_it_says(name: str):
    make, steps = THROTTLES[name]
    throttle = make()
    assert [(at, throttle.take(at) == 0) for at, _ in steps] == steps


class ShelfVendor(GraphQlMock):
    """A vendor of books, over GraphQL."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file
        self.allows_violations = True

    def schema_file(self) -> Path:
        return self.file

    def is_signed_in(self, call: MockCall) -> bool:
        return True

    def root(self) -> Mapping[str, Callable[..., Any]]:
        return {"books": self.books, "refuse": self.refuse}

    def books(self, first: int, after: str | None = None) -> dict[str, Any]:
        return connection([{"title": f"Book {number}"} for number in range(3)], first, after)

    def refuse(self) -> None:
        raise MockError("not today", "THROTTLED")


SHELF = """
type Query { books(first: Int!, after: String): Books!  refuse: String  forgotten: String }
type Books { nodes: [Book!]!  pageInfo: PageInfo! }
type Book { title: String! }
type PageInfo { hasNextPage: Boolean!  endCursor: String }
"""


async def asked(vendor: ShelfVendor, query: str) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{vendor.url}/graphql", json={"query": query}) as answer,
    ):
        content: dict[str, Any] = await answer.json()
        return content


async def test_a_graphql_mock_pages_refuses_and_knows_its_schema(tmp_path: Path):
    file = tmp_path / "shelf.graphql"
    file.write_text(SHELF)
    async with ShelfVendor(file) as vendor:
        page = "{ nodes { title } pageInfo { hasNextPage endCursor } }"
        first = (await asked(vendor, f"{{ books(first: 2) {page} }}"))["data"]["books"]
        assert [node["title"] for node in first["nodes"]] == ["Book 0", "Book 1"]
        cursor = first["pageInfo"]["endCursor"]
        second = (await asked(vendor, f'{{ books(first: 2, after: "{cursor}") {page} }}'))["data"]["books"]
        assert ([node["title"] for node in second["nodes"]], second["pageInfo"]["hasNextPage"]) == (
            ["Book 2"],
            False,
        )
        [error] = (await asked(vendor, "{ refuse }"))["errors"]
        assert (error["message"], error["extensions"]) == ("not today", {"code": "THROTTLED"})
        assert vendor.violations == []
        await asked(vendor, "{ books(first: 2) { nodes { isbn } } }")
        await asked(vendor, "{ forgotten }")
    assert "isbn" in vendor.violations[0]
    assert "forgotten" in vendor.violations[1]
