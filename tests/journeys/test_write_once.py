"""The same write twice is one write: with a key, without one, at once, and after anything broke."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossdock.errors import Conflict
from crossdock.kit.registry import get_integration
from crossdock.resources.catalogue import by_action
from crossdock.services.open import open_services
from crossdock.store.jobs.write_log import KEPT_MS
from crossdock.writes import idempotency
from crossdock.writes.idempotency import LEASE_SECONDS, Reservations
from crossdock.writes.request import WriteRequest
from tests.fakes.fake_wms import SLUG, fake_integration
from tests.fakes.fake_wms import write as fake_write
from tests.fakes.vendor import answer as answer_with
from tests.fakes.vendor import broken_off, done_and, dropped, failing, html, meanwhile
from tests.journeys.conftest import World, order, with_settings
from tests.journeys.writing import ORDER, Hand, writing

BREAKS = [dropped(), broken_off(), html(), failing(502), failing(504)]


# Idempotency-Key


async def test_p12_the_same_key_answers_again_what_was_answered_and_writes_nothing(world: World):
    async with writing(world) as hand:
        first = await hand.order(key="k")
        again = await hand.order(key="k")
        assert "idempotent-replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (again.status_code, again.content) == (200, first.content)
        assert hand.sent() == 1
        assert (await hand.order(key="other")).json()["id"] != first.json()["id"]


async def test_p12_fifty_requests_at_once_with_one_key_are_one_call(world: World):
    async with writing(world) as hand:
        answers = await asyncio.gather(*(hand.order(key="k") for _ in range(50)))
        counted = {status: sum(answer.status_code == status for answer in answers) for status in (200, 409)}
        assert counted[200] >= 1
        assert sum(counted.values()) == 50
        assert hand.sent() == 1
        assert len({answer.json()["id"] for answer in answers if answer.status_code == 200}) == 1
        refused = next((answer for answer in answers if answer.status_code == 409), None)
        assert refused is None or "still running" in refused.json()["error"]


async def test_p12_it_holds_over_processes_and_a_restart(world: World, tmp_path: Path):
    async with writing(world) as hand:
        settings = dict(vars(world.services.settings))
        line = {
            "settings": settings, "connection": hand.connection.uid, "body": ORDER, "key": "k", "times": 25,
            "now_ms": world.clock(),
        }  # fmt: skip
        processes = [await _writer(line) for _ in range(2)]
        outcomes: list[str] = []
        for process in processes:
            out, _ = await asyncio.wait_for(process.communicate(), 60)
            outcomes += json.loads(out)
        assert len(outcomes) == 50
        assert set(outcomes) <= {"done", "replayed", "Conflict"}
        assert outcomes.count("done") == 1
        assert hand.sent() == 1
        # Whoever opens the database after them all knows it too.
        async with open_services(world.services.settings, clock=world.clock) as later:
            hand.world.services = later
            async with writing_again(world, hand) as other_writing_again:
                assert (await other_writing_again.order(key="k")).headers["Idempotent-Replayed"] == "true"
        assert hand.sent() == 1


async def _writer(line: dict[str, Any]) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.writer", stdin=PIPE, stdout=PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdin
    process.stdin.write(json.dumps(line).encode() + b"\n")
    return process


def writing_again(world: World, hand: Hand):
    from contextlib import asynccontextmanager

    import httpx

    from crossdock.services.application import application

    @asynccontextmanager
    async def made():
        transport = httpx.ASGITransport(app=application(world.services.dependencies()))
        headers = dict(hand.http.headers)
        async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as http:
            yield Hand(world, http, hand.connection)

    return made()


async def test_a_key_that_was_used_for_something_else_is_refused(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        await hand.order(key="k")
        for answer in (
            await hand.order(key="k", order_number="SO-2"),
            await hand.send("PUT", "/wms/orders/o-001", ORDER, headers={"Idempotency-Key": "k"}),
            await hand.send(
                "PUT", "/wms/orders/o-001/trackstar-tags", {"trackstar_tags": ["a"]},
                headers={"Idempotency-Key": "k"},
            ),
        ):  # fmt: skip
            assert (answer.status_code, answer.json()["origin"]) == (400, "trackstar")
            assert "another endpoint or body" in answer.json()["error"]
        assert hand.sent() == 1


async def test_the_order_of_members_and_the_space_between_them_make_no_other_body(world: World):
    async with writing(world) as hand:
        headers = {"Idempotency-Key": "k", "content-type": "application/json"}
        turned = json.dumps(dict(reversed(ORDER.items())), indent=3)
        first = await hand.order(key="k")
        again = await hand.send("POST", "/wms/orders", content=turned, headers=headers)
        assert again.content == first.content


async def test_a_key_belongs_to_its_connection_and_is_forgotten_after_a_day(world: World):
    async with writing(world) as hand, writing(world) as other_hand:
        ids = {(await hand.order(key="k")).json()["id"] for hand in (hand, other_hand)}
        world.clock.pass_seconds(KEPT_MS / 1000 + 1)
        ids.add((await hand.order(key="k")).json()["id"])
        assert len(ids) == 3


async def test_a_first_attempt_that_did_not_fit_frees_its_key(world: World):
    async with writing(world) as hand:
        assert (await hand.order(key="k", line_items=[])).status_code == 422
        assert (await hand.order(key="k")).status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_one_to_255_characters(world: World, key: str):
    async with writing(world) as hand:
        answer = await hand.order(key=key)
        assert answer.json()["detail"]["headers"]["Idempotency-Key"]
        assert (await hand.order(key="x" * 255)).status_code == 200


async def test_tags_heed_a_key_too(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        path, key = "/wms/orders/o-001/trackstar-tags", {"Idempotency-Key": "k"}
        first = await hand.send("PUT", path, {"trackstar_tags": ["a"]}, headers=key)
        await hand.send("PUT", path, {"trackstar_tags": ["b"]})
        again = await hand.send("PUT", path, {"trackstar_tags": ["a"]}, headers=key)
        assert again.content == first.content
        assert (await world.documents(hand.connection))["o-001"]["trackstar_tags"] == ["b"]


# Uncertain outcomes


@pytest.mark.parametrize("then", BREAKS)
async def test_p13_a_write_whose_answer_was_lost_is_asked_for_and_told_as_done(world: World, then):
    async with writing(world) as hand:
        world.vendor.script("/orders", [done_and(then)])
        answer = await hand.order()
        assert answer.status_code == 200, answer.text
        assert [entry["id"] for entry in hand.held()] == [answer.json()["id"]]
        assert await world.told(hand.connection) == [
            "connection.created", *["connection.historical-sync-completed"] * 3, "order.created",
        ]  # fmt: skip


@pytest.mark.parametrize("key", ["k", None])
async def test_p13_when_it_can_not_be_asked_either_it_is_told_as_uncertain_and_a_retry_settles_it(
    world: World, key: str | None
):
    async with writing(world) as hand:
        world.vendor.script("/orders", [done_and(dropped()), *[failing(503)] * 2])
        answer = await hand.order(key=key)
        assert (answer.status_code, answer.json()["origin"]) == (502, "integration")
        assert answer.json()["outcome"] == "uncertain"
        again = await hand.order(key=key)
        assert again.status_code == 200, again.text
        assert [entry["id"] for entry in hand.held()] == [again.json()["id"]]
        assert hand.sent() == 1


async def test_p13_what_the_vendor_never_got_is_not_made_twice_while_it_may_still_arrive(world: World):
    async with writing(world) as hand:
        world.vendor.script("/orders", [dropped()])
        assert (await hand.order(key="k")).json()["outcome"] == "uncertain"
        again = await hand.order(key="k")
        assert (again.status_code, again.json()["outcome"]) == (502, "uncertain")
        world.clock.pass_seconds(121)
        assert (await hand.order(key="k")).status_code == 200
        assert len(hand.held()) == 1


async def test_p13_what_can_not_be_asked_for_is_settled_by_hand_with_another_key(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        path, body = "/wms/orders/o-001/shipments", {"warehouse_id": "w-1"}
        world.vendor.script(path.removeprefix("/wms"), [done_and(dropped())])
        for _ in range(2):
            answer = await hand.send("POST", path, body, headers={"Idempotency-Key": "k"})
            assert (answer.status_code, answer.json()["outcome"]) == (502, "uncertain")
        assert len(world.vendor.collections["orders"][0]["shipments"]) == 1
        await hand.send("POST", path, body, headers={"Idempotency-Key": "another"})
        assert len(world.vendor.collections["orders"][0]["shipments"]) == 2


async def test_p13_a_write_that_was_done_in_part_is_told_so_and_not_begun_again(world: World):
    world.vendor.collections["orders"] = [order(1)]
    async with writing(world) as hand:
        path, body = "/wms/orders/o-001/shipments", {"warehouse_id": "w-1"}
        world.vendor.script("/orders/o-001", [failing(500)])
        answer = await hand.send("POST", path, body)
        assert (answer.status_code, answer.json()["outcome"]) == (502, "partial")
        again = await hand.send("POST", path, body)
        assert again.json()["outcome"] == "uncertain"
        assert len(world.vendor.collections["orders"][0]["shipments"]) == 1


async def test_p13_what_was_begun_stays_begun_though_its_next_step_is_refused_again(world: World):
    async with writing(world) as hand:
        refused = answer_with(422, {"message": "not today"})
        for _ in range(2):
            world.vendor.script("/orders/new-1", [refused])
            response = await hand.order(key="k", priority="high")
            assert (response.status_code, response.json()["outcome"]) == (502, "partial")
            assert (response.json()["id"], len(hand.held())) == ("new-1", 1)
        done = await hand.order(key="k", priority="high")
        assert (done.status_code, done.json()["id"]) == (200, "new-1")
        assert (hand.sent(), hand.held()[0]["confirmed"]) == (1, True)


async def test_p13_a_lost_answer_whose_next_step_is_refused_frees_no_key(world: World):
    async with writing(world) as hand:
        world.vendor.script("/orders", [done_and(dropped())])
        world.vendor.script("/orders/new-1", [answer_with(422, {"message": "not today"})])
        response = await hand.order(key="k", priority="high")
        assert (response.status_code, response.json()["outcome"]) == (502, "partial")
        done = await hand.order(key="k", priority="high")
        assert (done.status_code, hand.sent(), len(hand.held())) == (200, 1, 1)


async def test_p13_a_server_that_is_stopped_in_the_middle_leaves_its_write_to_be_settled(world: World):
    async with writing(world) as hand:
        begun = asyncio.Event()

        async def hold() -> None:
            begun.set()
            await asyncio.sleep(0.3)

        world.vendor.script("/orders", [done_and(meanwhile(hold))])
        requested_task = asyncio.create_task(hand.order(key="k"))
        await begun.wait()
        for task in list(world.services.writer._running):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await requested_task
        again = await hand.order(key="k")
        assert (again.status_code, hand.sent(), len(hand.held())) == (200, 1, 1)


async def test_p13_a_sync_settles_what_can_not_be_asked_for(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fake_write, "CREATE_ORDER", replace(fake_write.CREATE_ORDER, find=None))
    world.vendor.collections["orders"] = [order(1) | {"number": "SO-1"}]  # of the same number, and older
    async with writing(world) as hand:
        world.clock.pass_seconds(5)
        world.vendor.script("/orders", [done_and(dropped())])
        assert (await hand.order(key="k")).json()["outcome"] == "uncertain"
        assert "the next sync shows" in (await hand.order(key="k")).json()["error"]
        await world.next_sync()
        settled = await hand.order(key="k")
        assert (settled.status_code, settled.json()["id"]) == (200, hand.held()[0]["id"])
        assert (hand.sent(), len(hand.held())) == (1, 1)


async def test_p13_what_no_sync_has_met_was_not_done_and_is_done_now(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fake_write, "CREATE_ORDER", replace(fake_write.CREATE_ORDER, find=None))
    async with writing(world) as hand:
        world.vendor.script("/orders", [dropped()])
        assert (await hand.order(key="k")).json()["outcome"] == "uncertain"
        await world.next_sync()
        assert (await hand.order(key="k")).status_code == 200
        assert len(hand.held()) == 1


async def test_p13_a_sync_that_began_while_the_vendor_may_be_acting_does_not_show_that_it_did_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fake_write, "CREATE_ORDER", replace(fake_write.CREATE_ORDER, find=None))
    async with writing(world) as hand:
        world.vendor.script("/orders", [dropped()])
        assert (await hand.order(key="k")).json()["outcome"] == "uncertain"
        await world.force(hand.connection, "get_orders")
        again = await hand.order(key="k")
        assert (again.json()["outcome"], hand.sent()) == ("uncertain", 1)
        late = {"id": "new-7", "number": "SO-1", "updated_at": world.vendor_time()}
        world.vendor.collections["orders"].append(order(1) | late)
        await world.next_sync()
        settled = await hand.order(key="k")
        assert (settled.status_code, settled.json()["id"], hand.sent()) == (200, "new-7", 1)


async def test_p13_a_connection_that_was_never_made_leaves_nothing_in_doubt(world: World):
    async with writing(world) as hand:
        await world.vendor.__aexit__()
        answer = await hand.order(key="k")
        assert (answer.status_code, "outcome" in answer.json()) == (503, False)


async def test_p13_a_process_that_dies_in_the_middle_leaves_its_write_to_be_settled(world: World):
    async with writing(world) as hand:
        process: list[asyncio.subprocess.Process] = []

        async def die() -> None:
            process[0].kill()
            await process[0].wait()

        world.vendor.script("/orders", [meanwhile_done(die)])
        line = {
            "settings": dict(vars(world.services.settings)), "connection": hand.connection.uid, "body": ORDER,
            "key": "k", "times": 1, "now_ms": world.clock(),
        }  # fmt: skip
        process.append(await _writer(line))
        await asyncio.wait_for(process[0].communicate(), 60)
        assert len(hand.held()) == 1
        assert (await hand.order(key="k")).status_code == 409, "as far as anybody can know it still runs"
        world.clock.pass_seconds(121)
        settled = await hand.order(key="k")
        assert (settled.status_code, settled.json()["id"]) == (200, hand.held()[0]["id"])
        assert len(hand.held()) == 1


def meanwhile_done(act):
    """The write is done, and before it is answered something happens elsewhere."""

    async def behave(vendor, request):
        await act()
        return vendor._page("warehouses", {})

    return done_and(behave)


async def test_a_write_that_takes_too_long_is_told_as_uncertain(world: World):
    async with writing(with_settings(world, write_seconds=1)) as hand:
        world.vendor.script("/orders", [done_and(meanwhile(lambda: asyncio.sleep(5)))])
        answer = await hand.order(key="k")
        assert (answer.status_code, answer.json()["outcome"]) == (502, "uncertain")
        assert "more than 1 s" in answer.json()["error"]
        again = await hand.order(key="k")
        assert (again.status_code, len(hand.held())) == (200, 1)


async def test_a_caller_who_goes_away_does_not_stop_the_write(world: World):
    async with writing(world) as hand:
        begun = asyncio.Event()

        async def hold() -> None:
            begun.set()
            await asyncio.sleep(0.2)

        world.vendor.script("/orders", [done_and(meanwhile(hold))])
        task = asyncio.create_task(hand.order(key="k"))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0.5)
        again = await hand.order(key="k")
        assert (again.status_code, hand.sent()) == (200, 1)


# A process that dies


async def begun(world: World, hand: Hand, *, sent: bool, key: str | None = "k") -> None:
    """What a process leaves that is killed while it writes, before or after it has sent something."""
    wish = WriteRequest(hand.connection, fake_integration(), by_action("wms")["create_order"], ORDER, key=key)
    reservations = Reservations(world.services.database, world.clock)
    held = await reservations.reserve(wish)
    if sent:
        await reservations.begin_sending(held, None)


async def test_a_write_whose_process_died_before_it_sent_anything_is_done_within_seconds(world: World):
    async with writing(world) as hand:
        await begun(world, hand, sent=False)
        assert (await hand.order(key="k")).status_code == 409
        world.clock.pass_seconds(LEASE_SECONDS)
        answer = await hand.order(key="k")
        assert (answer.status_code, hand.sent()) == (200, 1)


async def test_a_write_whose_process_died_after_the_vendor_did_it_is_settled_within_seconds(world: World):
    async with writing(world) as hand:
        await begun(world, hand, sent=True)
        world.vendor.collections["orders"].append(order(1) | {"id": "new-7", "number": "SO-1"})
        world.clock.pass_seconds(LEASE_SECONDS)
        answer = await hand.order(key="k")
        assert (answer.status_code, answer.json()["id"], hand.sent()) == (200, "new-7", 0)


@pytest.mark.parametrize("key", ["k", None])
@pytest.mark.parametrize("was_answered", [False, True], ids=["its process died", "its answer was lost"])
async def test_p12_a_process_that_dies_while_it_settles_a_write_leaves_it_to_be_settled(
    world: World, key: str | None, was_answered: bool
):
    async with writing(world) as hand:
        if was_answered:
            # Neither the write is answered, nor the question what became of it.
            world.vendor.script("/orders", [done_and(dropped()), failing(400)])
            assert (await hand.order(key=key)).status_code == 502
        else:
            await begun(world, hand, sent=True, key=key)
            world.vendor.collections["orders"].append(order(1) | {"id": "new-1", "number": "SO-1"})
        for _ in range(3):
            world.clock.pass_seconds(LEASE_SECONDS)
            await begun(world, hand, sent=False, key=key)
        world.clock.pass_seconds(LEASE_SECONDS)
        answer = await hand.order(key=key)
        assert (answer.status_code, answer.json()["id"]) == (200, "new-1")
        assert len(hand.held()) == 1
        assert hand.sent() == was_answered


@pytest.mark.parametrize("seconds", [None, 0])
async def test_what_a_dead_process_may_have_sent_is_done_anew_when_the_vendor_can_not_be_acting_on_it(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: float | None
):
    limits = get_integration("wms", SLUG).manifest.limits
    monkeypatch.setattr(limits, "acts_after_seconds", seconds)
    async with writing(world) as hand:
        await begun(world, hand, sent=True)
        world.clock.pass_seconds(LEASE_SECONDS)
        answer = await hand.order(key="k")
        assert answer.status_code == (200 if seconds == 0 else 502), answer.text
        # Asking again does not make anybody wait longer.
        world.clock.pass_seconds(60)
        await hand.order(key="k")
        world.clock.pass_seconds(61)
        assert (await hand.order(key="k")).status_code == 200
        assert hand.sent() == 1


async def test_a_write_that_takes_long_is_under_way_for_as_long(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(idempotency, "RENEW_SECONDS", 0.01)
    async with writing(world) as hand:
        reservations = Reservations(world.services.database, world.clock)
        wish = WriteRequest(
            hand.connection, fake_integration(), by_action("wms")["create_order"], ORDER, key="k"
        )
        held = await reservations.reserve(wish)
        async with reservations.leased(held):
            for _ in range(3):
                world.clock.pass_seconds(LEASE_SECONDS - 1)
                await asyncio.sleep(0.2)
                assert (await hand.order(key="k")).status_code == 409
        assert hand.sent() == 0
        # Whoever was taken for dead, and is not, sends nothing any more.
        world.clock.pass_seconds(LEASE_SECONDS)
        assert (await hand.order(key="k")).status_code == 200
        with pytest.raises(Conflict):
            await reservations.begin_sending(held, None)
