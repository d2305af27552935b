"""A case that passes says that these requests were made, in this order, and no others."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from crossdock.errors import VendorUnavailable
from crossdock.kit.http import Http
from crossdock.kit.manifest import Manifest
from crossdock.kit.registry import get_integration
from tests.contracts.case_files import CallsFile, Exchange
from tests.contracts.replay import ReplayedSession, UnexpectedRequest, replayed_http

URL = "https://api.example.com/orders"


def manifest() -> Manifest:
    return get_integration("wms", "tryton").manifest


def exchanges(*parts: dict[str, Any]) -> list[Exchange]:
    return msgspec.json.decode(msgspec.json.encode(parts), type=list[Exchange])


def replayed(*parts: dict[str, Any]) -> tuple[Http, ReplayedSession]:
    http, session, _ = replayed_http(manifest(), exchanges(*parts))
    return http, session


def posted(**members: Any) -> dict[str, Any]:
    request = {"method": "POST", "url": URL, "body": {"number": 1}} | members
    return {"request": request, "answer": {"body": {"id": 7, "total": 10.90}}}


async def test_the_answer_comes_as_it_was_written():
    http, session = replayed(posted(params={"dry": "true"}, headers={"X-Key": "k"}))
    answer = await http.send("POST", URL, params={"dry": True}, headers={"x-key": "k"}, json={"number": 1})
    session.check_end()
    assert answer.json() == {"id": 7, "total": Decimal("10.9")}


@pytest.mark.parametrize(
    ("call", "difference"),
    [
        ({"json": {"number": 2}}, '"number": 2'),
        ({"json": {"number": True}}, '"number": true'),
        ({"json": {"number": 1.0}}, '"number": 1.0'),
        ({"json": {"number": 1, "note": "x"}}, '"note": "x"'),
        ({"json": {"number": 1}, "params": {"page": 2}}, '"page": "2"'),
        ({}, '"body"'),
        ({"json": {"number": 1}, "headers": {"X-Key": "other"}}, '"x-key": "other"'),
    ],
)
async def test_a_request_that_differs_fails_and_shows_where(call: dict[str, Any], difference: str):
    http, session = replayed(posted(headers={"X-Key": "k"}))
    with pytest.raises(UnexpectedRequest) as failure:
        await http.send("POST", URL, **{"headers": {"X-Key": "k"}, **call})
    assert difference in str(failure.value)
    with pytest.raises(UnexpectedRequest):
        session.check_end()


async def test_a_request_too_many_and_one_that_is_not_made_fail():
    http, session = replayed(posted())
    with pytest.raises(AssertionError, match="1 requests were not made"):
        session.check_end()
    await http.send("POST", URL, json={"number": 1})
    with pytest.raises(UnexpectedRequest, match="one too many"):
        await http.send("POST", URL, json={"number": 1})


async def test_no_handler_of_errors_swallows_a_request_that_differs():
    http, session = replayed(posted())
    assert not issubclass(UnexpectedRequest, Exception)
    with suppress(UnexpectedRequest):
        await http.send("GET", URL)
    with pytest.raises(UnexpectedRequest):
        session.check_end()


async def test_time_outs_and_broken_connections_are_played_as_they_come():
    request = {"method": "GET", "url": URL}
    kinds = ("timeout", "broken", "timeout", "broken", "timeout")
    failures = [{"request": request, "answer": {"failure": kind}} for kind in kinds]
    http, session, clock = replayed_http(manifest(), exchanges(*failures))
    with pytest.raises(VendorUnavailable, match="no answer within"):
        await http.send("GET", URL)
    session.check_end()
    assert clock.waits == [1, 2, 4, 8]


def test_a_misspelt_expectation_is_refused():
    with pytest.raises(msgspec.ValidationError, match="pagse"):
        msgspec.json.decode(b'{"cases": [{"name": "x", "check": true, "pagse": []}]}', type=CallsFile)
