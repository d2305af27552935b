"""Records that need further calls are read whole, some at a time, in the order of their list."""

import asyncio

import pytest

from crossdock.errors import VendorRefused, VendorUnavailable
from crossdock.kit.contract import Page, Raw
from crossdock.kit.paging import with_details
from tests.fakes.vendor import answer, failing
from tests.journeys.conftest import warehouse
from tests.journeys.modern import ModernWorld, modern, vendor

__all__ = ["modern", "vendor"]


async def test_details_are_fetched_some_at_a_time(modern: ModernWorld):
    modern.vendor.collections["halls"] = [warehouse(n) for n in range(1, 21)]
    connection = await modern.connect()
    documents = await modern.documents(connection, "get_warehouses")
    assert [hall["name"] for hall in documents.values()] == [f"Hall {key[2:]}" for key in documents]
    assert len(documents) == 20
    assert 1 < modern.vendor.most_details <= 3


async def test_a_record_that_is_gone_when_its_details_are_asked_for_becomes_a_tombstone(modern: ModernWorld):
    modern.vendor.collections["halls"] = [warehouse(1), warehouse(2)]
    connection = await modern.connect()
    modern.vendor.script("/halls/w-1", [answer(404, {"message": "gone"})])
    await modern.next_sync(12 * 3600)
    assert list(await modern.gone(connection)) == ["w-1"]
    assert await modern.problems(connection) == []
    [event] = await modern.events(connection, "warehouse.deleted")
    assert event["data"]["id"] == "w-1"


async def test_details_that_fail_fail_the_page_and_nothing_is_taken_for_gone(modern: ModernWorld):
    modern.vendor.collections["halls"] = [warehouse(1), warehouse(2)]
    connection = await modern.connect()
    modern.vendor.script("/halls/w-2", [failing(422)])
    await modern.next_sync(12 * 3600)
    assert await modern.gone(connection) == {}
    [problem] = await modern.problems(connection)
    assert (problem.function, problem.kind) == ("get_warehouses", "request_refused")


async def test_the_order_of_the_list_is_kept_whatever_takes_longest():
    async def slow(raw: Raw) -> Raw:
        await asyncio.sleep(0.01 * (5 - int(raw["id"])))
        return {**raw, "whole": True}

    page = await with_details(Page([{"id": str(n)} for n in range(5)], cursor=7, mark="m"), slow, at_once=5)
    assert [raw["id"] for raw in page.records] == ["0", "1", "2", "3", "4"]
    assert all(raw["whole"] for raw in page.records)
    assert (page.cursor, page.mark, page.deleted) == (7, "m", ())


async def test_what_is_gone_can_be_left_out_without_a_word():
    async def fetch(raw: Raw) -> Raw:
        if raw["id"] == "1":
            raise VendorRefused("404: no", status=404)
        return raw

    page = await with_details(Page([{"id": "0"}, {"id": "1"}]), fetch, gone="left out")
    assert (page.records, page.deleted) == ([{"id": "0"}], ())


async def test_the_first_failure_ends_the_other_calls():
    ended: list[str] = []

    async def fetch(raw: Raw) -> Raw:
        if raw["id"] == "0":
            raise VendorUnavailable("503: down", status=503)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(raw["id"])
        return raw

    with pytest.raises(VendorUnavailable, match="down"):
        await with_details(Page([{"id": "0"}, {"id": "1"}, {"id": "2"}]), fetch, at_once=2)
    assert ended == ["1", "2"]
