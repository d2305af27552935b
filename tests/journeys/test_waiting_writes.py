"""A write whose vendor does it later is waited for, within its time, and searched for after that."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from crossdock.writes import steps
from tests.fakes.modern_wms import write as modern_write
from tests.fakes.vendor import answer, failing
from tests.journeys.modern import ModernWorld, modern, vendor
from tests.journeys.writing import Hand, writing

__all__ = ["modern", "vendor"]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that writes waited; they took none."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(steps.execute, "__defaults__", (*(steps.execute.__defaults__ or ())[:-1], sleep))
    return waited


async def ordered(hand: Hand, **extra_fields: Any) -> httpx.Response:
    return await hand.order(key="k-1", **extra_fields)


async def test_an_operation_is_asked_for_until_it_ended(modern: ModernWorld, pauses: list[float]):
    modern.vendor.polls = 3
    async with writing(modern) as hand:
        answered = await ordered(hand)
        assert answered.status_code == 200, answered.text
        assert answered.json()["data"]["order_number"] == "SO-1"
        assert pauses == [2, 2, 2]
        assert len(hand.held()) == 1


async def test_an_operation_that_takes_too_long_is_in_doubt_and_settled_by_asking(modern: ModernWorld):
    modern.vendor.polls = 1000
    services = modern.services
    services.__dict__["writer"] = replace(services.writer, seconds=0.5)
    async with writing(modern) as hand:
        answered = await ordered(hand)
        assert answered.status_code == 502
        assert "it took more than 0.5 s" in answered.text
        # The vendor gets it done meanwhile; who asks again with the same key makes no second order.
        modern.vendor.polls = 0
        for operation in modern.vendor.operations.values():
            operation["polls"] = 0
        await modern.vendor._operations("GET", next(iter(modern.vendor.operations)), b"")
        modern.clock.pass_seconds(600)
        answered = await ordered(hand)
        assert answered.status_code == 200, answered.text
        assert len(modern.vendor.operations) == len(hand.held()) == 1


async def test_an_operation_that_cannot_be_asked_for_is_in_doubt_not_refused(
    modern: ModernWorld, pauses: list[float]
):
    async with writing(modern) as hand:
        modern.vendor.script("/operations/op-1", [answer(403, {"message": "not yours"})])
        modern.vendor._serial = iter(range(1, 99))  # type: ignore[assignment]
        answered = await ordered(hand)
        assert answered.status_code == 502
        assert "403: not yours; whether it was done is unknown" in answered.text


async def test_an_operation_that_the_vendor_says_failed_is_a_refusal(
    modern: ModernWorld, monkeypatch: pytest.MonkeyPatch
):
    from crossdock.errors import VendorRefused
    from crossdock.kit.contract import Call

    def create_order(_: Any) -> Any:
        yield Call("POST", "/async-orders", {}, begins=True)
        raise VendorRefused("the operation failed: no stock")

    failing_order = replace(modern_write.CREATE_ORDER, steps=create_order)
    monkeypatch.setattr(modern_write, "CREATE_ORDER", failing_order)
    async with writing(modern) as hand:
        answered = await ordered(hand)
        assert (answered.status_code, answered.json()["error"]) == (400, "the operation failed: no stock")


async def test_a_lost_answer_to_the_beginning_is_in_doubt(modern: ModernWorld):
    async with writing(modern) as hand:
        modern.vendor.script("/async-orders", [failing(502)])
        answered = await ordered(hand)
        assert answered.status_code == 502
        assert "unknown" in answered.text


async def test_a_dry_run_shows_the_calls_and_waits_for_nothing(modern: ModernWorld, pauses: list[float]):
    async with writing(modern) as hand:
        answered = await hand.send(
            "POST",
            "/wms/orders?dry_run=true",
            {"order_number": "SO-1", "line_items": [{"product_id": "p", "quantity": 1}]},
        )
        assert answered.status_code == 200, answered.text
        shown = answered.json()
        assert [request["method"] for request in shown["requests"]] == ["POST", "GET"]
        assert pauses == []
        assert modern.vendor.operations == {}
