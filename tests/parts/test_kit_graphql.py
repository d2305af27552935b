"""GraphQL: errors in answers with status 200, partial data, and queries that cost too much."""

import json
from pathlib import Path
from typing import Any

import pytest

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
    VendorThrottled,
    VendorUnavailable,
)
from crossdock.kit.graphql import GraphQL, QueryCost, cost_in_extensions, load_queries
from crossdock.kit.http import Http
from crossdock.kit.limits import CallLimit, RateLimits
from tests.fakes.vendor import FakeVendor, answer
from tests.parts.calls import fake, http, slept

__all__ = ["fake", "http", "slept"]

QUERY = "query Orders($after: String) { orders(after: $after) { nodes { id } } }"


@pytest.fixture
def graphql(fake: FakeVendor, http: Http) -> GraphQL:
    return GraphQL(http, f"{fake.url}/graphql")


def script(fake: FakeVendor, *bodies: Any, status: int = 200) -> None:
    fake.script("/graphql", [answer(status, body) for body in bodies])


def error(message: str, code: str = "", path: list[Any] | None = None) -> dict[str, Any]:
    return {"message": message, "path": path, "extensions": {"code": code}}


async def test_a_query_is_sent_with_its_variables(graphql: GraphQL, fake: FakeVendor):
    script(fake, {"data": {"orders": {"nodes": []}}})
    assert await graphql.query(QUERY, {"after": "x"}) == {"orders": {"nodes": []}}
    assert json.loads(fake.requests[0].body) == {"query": QUERY, "variables": {"after": "x"}}


def test_queries_are_files(tmp_path: Path):
    (tmp_path / "orders.graphql").write_text(QUERY)
    assert load_queries(tmp_path) == {"orders": QUERY}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNAUTHENTICATED", InvalidCredentials),
        ("ACCESS_DENIED", MissingPermission),
        ("UNDEFINED_FIELD", VendorRefused),
        ("", VendorRefused),
    ],
)
async def test_errors_in_an_answer_with_status_200_are_errors(
    graphql: GraphQL, fake: FakeVendor, code: str, kind: type[Exception]
):
    script(fake, {"data": None, "errors": [error("that failed", code), error("that, too")]})
    with pytest.raises(kind, match=r"that failed \(and 1 more\)"):
        await graphql.query(QUERY)


async def test_a_vendor_in_trouble_is_asked_again_and_a_change_is_made_once(
    graphql: GraphQL, fake: FakeVendor
):
    broken = {"data": None, "errors": [error("oops", "INTERNAL_SERVER_ERROR")]}
    script(fake, broken, {"data": {"ok": 1}})
    assert await graphql.query(QUERY) == {"ok": 1}
    script(fake, broken)
    with pytest.raises(VendorUnavailable, match="oops"):
        await graphql.mutate("mutation { x }")
    assert len(fake.requests) == 3


async def test_a_throttled_query_waits_until_its_points_are_restored(
    graphql: GraphQL, fake: FakeVendor, slept: list[float]
):
    cost = {
        "requestedQueryCost": 700, "actualQueryCost": None,
        "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 100, "restoreRate": 50.0},
    }  # fmt: skip
    throttled = {"errors": [error("Throttled", "THROTTLED")], "extensions": {"cost": cost}}
    script(fake, throttled, {"data": {"ok": 1}})
    assert await graphql.query(QUERY) == {"ok": 1}
    assert slept == [pytest.approx(12)]


async def test_a_vendor_may_tell_in_words_of_its_own_how_long_to_wait(fake: FakeVendor, http: Http):
    def wait(problem: Any, _: QueryCost | None) -> float | None:
        return float(problem["time_remaining"].split()[0]) if problem.get("code") == 30 else None

    graphql = GraphQL(http, f"{fake.url}/graphql", wait=wait)
    script(fake, {"errors": [{"message": "not enough credits", "code": 30, "time_remaining": "300 seconds"}]})
    with pytest.raises(VendorThrottled) as raised:
        await graphql.query(QUERY)
    assert raised.value.retry_after == 300


@pytest.mark.parametrize(
    ("code", "kind", "status"),
    [(7, MissingPermission, 403), (5, VendorRefused, 404), (3, VendorRefused, 200)],
)
async def test_a_vendor_may_have_codes_of_its_own(
    fake: FakeVendor, http: Http, code: int, kind: type[VendorError], status: int
):
    graphql = GraphQL(http, f"{fake.url}/graphql", status=lambda error: {5: 404, 7: 403}.get(error["code"]))
    script(fake, {"data": {"order": None}, "errors": [{"message": "no", "code": code}]})
    with pytest.raises(kind, match="no") as raised:
        await graphql.query(QUERY)
    assert raised.value.status == status


def test_what_a_query_cost_is_read_from_its_answer():
    status = {"maximumAvailable": 1000, "currentlyAvailable": 954, "restoreRate": 50.0}
    cost = {"requestedQueryCost": 101, "actualQueryCost": 46, "throttleStatus": status}
    assert cost_in_extensions({"extensions": {"cost": cost}}) == QueryCost(46, 954, 50, 1000)
    assert cost_in_extensions({"data": {}}) is None


def charged(charge: float, remaining_number: float, per_second: float = 10) -> dict[str, Any]:
    status = {"maximumAvailable": 100, "currentlyAvailable": remaining_number, "restoreRate": per_second}
    cost = {"requestedQueryCost": charge, "actualQueryCost": charge, "throttleStatus": status}
    return {"data": {"ok": 1}, "extensions": {"cost": cost}}


@pytest.fixture
def counted(fake: FakeVendor, http: Http) -> GraphQL:
    """A vendor that restores 10 points a second, up to 100."""
    http.limits = RateLimits(named={"points": CallLimit(capacity=100, restore_per_second=10)})
    return GraphQL(http, f"{fake.url}/graphql", limit="points")


async def test_queries_wait_until_there_are_points_for_what_they_may_cost(
    counted: GraphQL, fake: FakeVendor, slept: list[float]
):
    script(fake, {"data": {"ok": 1}}, {"data": {"ok": 2}})
    await counted.query(QUERY, cost=80)
    await counted.mutate(QUERY, cost=50)
    assert slept == [pytest.approx(3, rel=0.05)]


async def test_points_that_a_query_did_not_cost_are_given_back(
    counted: GraphQL, fake: FakeVendor, slept: list[float]
):
    script(fake, charged(5, remaining_number=95), {"data": {"ok": 2}})
    await counted.query(QUERY, cost=80)
    await counted.query(QUERY, cost=90)
    assert slept == []


async def test_points_that_others_have_used_are_waited_for_at_the_speed_that_the_vendor_says(
    counted: GraphQL, fake: FakeVendor, slept: list[float]
):
    script(fake, charged(5, remaining_number=10, per_second=20), {"data": {"ok": 2}})
    await counted.query(QUERY, cost=5)
    await counted.query(QUERY, cost=50)
    assert slept == [pytest.approx(2, rel=0.05)]


async def test_a_vendor_without_a_limit_in_points_is_not_slowed_down_by_what_it_says_of_them(
    graphql: GraphQL, fake: FakeVendor, slept: list[float]
):
    script(fake, charged(5, remaining_number=0), {"data": {"ok": 2}})
    await graphql.query(QUERY)
    await graphql.query(QUERY)
    assert slept == []


PLACE = ["orders", "nodes", 1, "note"]
PARTIAL: dict[str, Any] = {
    "data": {
        "orders": {"nodes": [{"id": "1", "note": None, "lines": [{"sku": None}]}, {"id": "2", "note": "n"}]}
    },
    "errors": [
        error("no right", "ACCESS_DENIED", ["orders", "nodes", 0, "note"]),
        error("down", "", ["orders", "nodes", 0, "lines", 0, "sku", "deeper"]),
    ],
}  # fmt: skip


async def test_partial_data_fail_the_call_since_null_would_mean_there_is_none(
    graphql: GraphQL, fake: FakeVendor
):
    script(fake, PARTIAL)
    with pytest.raises(MissingPermission, match="no right"):
        await graphql.query(QUERY)


async def test_partial_data_that_are_wanted_lack_what_failed(graphql: GraphQL, fake: FakeVendor):
    script(fake, PARTIAL)
    data = await graphql.query(QUERY, partial=True)
    assert data == {"orders": {"nodes": [{"id": "1", "lines": [{}]}, {"id": "2", "note": "n"}]}}


@pytest.mark.parametrize(
    "data",
    [
        {"orders": {"nodes": [{"id": "1"}, None]}},
        {"orders": None},
        None,
    ],
)
async def test_a_record_is_never_missing_in_silence(graphql: GraphQL, fake: FakeVendor, data: Any):
    script(fake, {"data": data, "errors": [error("lost", "", ["orders", "nodes", 1, "id"])]})
    with pytest.raises(VendorRefused, match="lost"):
        await graphql.query(QUERY, partial=True)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INTERNAL_SERVER_ERROR", VendorUnavailable),
        ("TIMEOUT", VendorUnavailable),
        ("UNAUTHENTICATED", InvalidCredentials),
    ],
)
async def test_a_member_that_a_later_call_may_have_is_not_left_out(
    graphql: GraphQL, fake: FakeVendor, code: str, kind: type[VendorError]
):
    """Else the mark of a walk would pass a change that nobody has seen."""
    partial = {"data": PARTIAL["data"], "errors": [*PARTIAL["errors"], error("gone", code, PLACE)]}
    script(fake, *[partial] * 9)
    with pytest.raises(kind, match="gone"):
        await graphql.query(QUERY, partial=True)


async def test_an_error_without_a_place_fails_the_call(graphql: GraphQL, fake: FakeVendor):
    script(fake, {"data": {"orders": {}}, "errors": [error("somewhere")]})
    with pytest.raises(VendorRefused, match="somewhere"):
        await graphql.query(QUERY, partial=True)


@pytest.mark.parametrize("body", [b"<html>", {"data": None}, [], {}])
async def test_what_is_no_answer_is_nonsense(graphql: GraphQL, fake: FakeVendor, body: Any):
    script(fake, body)
    with pytest.raises(VendorNonsense):
        await graphql.query(QUERY)


async def test_the_status_counts_where_it_says_more(graphql: GraphQL, fake: FakeVendor):
    script(fake, {"errors": [{"message": "who?"}]}, status=401)
    with pytest.raises(InvalidCredentials, match="who"):
        await graphql.query(QUERY)
