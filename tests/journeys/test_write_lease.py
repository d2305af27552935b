"""A write makes calls of its vendor only while it is known that nobody else goes on with it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from crossdock.errors import Unavailable
from crossdock.store.jobs import write_log
from crossdock.writes.idempotency import LEASE_SECONDS
from tests.fakes.vendor import Behaviour, FakeVendor
from tests.journeys.conftest import World
from tests.journeys.writing import writing


def written_while(act: Callable[[], Awaitable[object]]) -> Behaviour:
    """The write is done, then this happens elsewhere, and then it is answered."""

    async def behave(vendor: FakeVendor, request: web.Request) -> web.StreamResponse:
        answer = vendor.write(request.method, "orders", "", await request.read())
        await act()
        return answer

    return behave


def out_of_reach(world: World, monkeypatch: pytest.MonkeyPatch, *, taken_over: bool) -> Any:
    """What happens during a call: nobody reaches the database until others may go on with the write."""

    async def away(*_: Any) -> bool:
        raise Unavailable("the database does not answer")

    async def cut_off() -> None:
        monkeypatch.setattr(write_log, "renew", away)
        world.clock.pass_seconds(LEASE_SECONDS)
        if taken_over:
            monkeypatch.undo()
            await world.services.database.execute("UPDATE writes SET holder = 'somebody else'")

    return cut_off


@pytest.mark.parametrize("taken_over", [True, False], ids=["taken over", "database away"])
async def test_whoever_may_have_lost_a_write_makes_no_further_call_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch, *, taken_over: bool
):
    async with writing(world) as hand:
        cut_off = out_of_reach(world, monkeypatch, taken_over=taken_over)
        world.vendor.script("/orders", [written_while(cut_off)])
        answer = await hand.order(key="k", priority="high")
        assert "goes on with this write" in answer.json()["error"]
        assert (answer.status_code, answer.json()["outcome"]) == (502, "uncertain")
        assert hand.sent() == 1
        puts = [request.path for request in world.vendor.requests if request.method == "PUT"]
        assert puts == [], "the second call of the write was made"
        rows = await world.services.database.fetch("SELECT state, holder FROM writes")
        assert len(rows) == 1
        assert (rows[0][1] == "somebody else") == taken_over


async def test_a_write_that_renews_its_lease_late_goes_on(world: World, monkeypatch: pytest.MonkeyPatch):
    async def late() -> None:
        world.clock.pass_seconds(LEASE_SECONDS - 1)

    async with writing(world) as hand:
        world.vendor.script("/orders", [written_while(late)])
        answer = await hand.order(key="k", priority="high")
        assert answer.status_code == 200, answer.text
