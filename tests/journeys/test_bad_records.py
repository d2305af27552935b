"""A vendor record that does not fit is set aside with its reason, and the run goes on."""

import pytest

from tests.fakes.vendor import answer
from tests.journeys.conftest import World, order, with_settings

HUGE = 10 * 2**20


def page(*records: bytes) -> bytes:
    """The vendor's answer, byte by byte."""
    return b'{"data": [%s], "next": null}' % b",".join(records)


GOOD = b'{"id": "good", "updated_at": "2026-02-01T00:00:09Z", "created_at": "2026-02-01", "state": "NEW"}'
FIELDS = b'"updated_at": "2026-02-01T00:00:01Z", "created_at": "2026-02-01", "state": "NEW"'

# What the vendor sends, the key that it is kept under, and the reason.
MISFITS = {
    "no id": (b"{%s}" % FIELDS, "without id: ", "its 'id' is None, no id"),
    "a list for an id": (b'{"id": [1], %s}' % FIELDS, "without id: ", "its 'id' is [1], no id"),
    "true for an id": (b'{"id": true, %s}' % FIELDS, "without id: ", "its 'id' is True, no id"),
    "an empty id": (b'{"id": "", %s}' % FIELDS, "without id: ", "its 'id' is '', no id"),
    "NUL in the id": (b'{"id": "a\\u0000b", %s}' % FIELDS, "without id: ", "its 'id' holds a NUL character"),
    "an endless id": (b'{"id": "%s", %s}' % (b"x" * 600, FIELDS), "without id: ", "longer than 512 bytes"),
    "an id of bytes": (b'{"id": "\xff\xfe", %s}' % FIELDS, "without id: ", "its 'id' is not Unicode"),
    "no object": (b'"just text"', "without id: ", "is not an object but str"),
    "too large": (b'{"id": "big", "x": "%s", %s}' % (b"x" * HUGE, FIELDS), "big", "has 10,485,"),
    "a wrong type": (b'{"id": "w", %s, "lines": 7}' % FIELDS, "w", "can't be read: TypeError"),
    "a missing member": (b'{"id": "m", "state": "NEW"}', "m", "lacks 'created_at'"),
    "half a line": (
        b'{"id": "h", %s, "lines": [{"quantity": 1}]}' % FIELDS, "h", "lacks 'product'",
    ),
    "a quantity of 1.5": (
        b'{"id": "q", %s, "lines": [{"product": "p", "quantity": 1.5}]}' % FIELDS, "q", "whole number",
    ),
    "no quantity": (
        b'{"id": "q0", %s, "lines": [{"product": "p", "quantity": null}]}' % FIELDS, "q0",
        "does not fit Order: Expected `int`, got `null`",
    ),
    "text for a price": (b'{"id": "p", %s, "total": "ten"}' % FIELDS, "p", "wanted a number, got 'ten'"),
    "no number": (b'{"id": "n", %s, "extra": {"rate": NaN}}' % FIELDS, "n", "does not fit Order"),
    "an endless number": (
        b'{"id": "i", %s, "extra": {"rate": Infinity}}' % FIELDS, "i", "does not fit Order",
    ),
    "no such day": (
        b'{"id": "d", "updated_at": "2026-02-30T00:00:00Z", "created_at": "2026-02-01", "state": "NEW"}', "d",
        "wanted a time",
    ),
    "invalid UTF-8": (b'{"id": "u", %s, "extra": {"a": "\xff"}}' % FIELDS, "u", "surrogates not allowed"),
    "NUL in what is searched": (
        b'{"id": "s", %s, "channel": "a\\u0000"}' % FIELDS, "s", "channel holds a NUL",
    ),
    "a long text in what is searched": (
        b'{"id": "l", %s, "channel": "%s"}' % (FIELDS, b"y" * 3000), "l", "channel has 3,000 bytes",
    ),
    "a state of NUL": (b'{"id": "z", "created_at": "2026\\u0000"}', "z", "wanted a time, got '2026\\x00'"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
async def test_a_record_that_does_not_fit_is_set_aside_and_the_others_are_stored(name: str, world: World):
    raw, key, reason = MISFITS[name]
    connection = await world.connect(sync=False)
    world.vendor.script("/orders", [answer(body=page(raw, GOOD))])
    await world.work()

    [kept] = await world.quarantined(connection)
    assert kept.function == "get_orders"
    assert kept.key.startswith(key)
    assert reason in kept.reason
    assert len(kept.raw) <= 65_536
    assert list(await world.documents(connection)) == ["good"]
    run, job = await world.last_run(connection), await world.last_job(connection)
    assert (run.received, run.created, run.quarantined, job.state) == (2, 1, 1, "done")
    assert (await world.schedule(connection)).first_done_ms is not None


async def test_text_without_meaning_for_searching_may_hold_what_it_likes(world: World):
    connection = await world.connect(sync=False)
    raw = b'{"id": "1", %s, "extra": {"note": "NUL \\u0000, NaN, Infinity", "big": 123456789012345678901234}}'
    world.vendor.script("/orders", [answer(body=page(raw % FIELDS))])
    await world.work()

    [document] = (await world.documents(connection)).values()
    assert document["additional_fields"] == {
        "note": "NUL \x00, NaN, Infinity", "big": 123456789012345678901234
    }  # fmt: skip
    assert await world.quarantined(connection) == []


async def test_the_size_that_a_record_may_have_is_a_setting(world: World):
    world = with_settings(world, max_record_bytes=500)
    world.vendor.collections["orders"] = [order(1, x="x" * 500), order(2)]
    connection = await world.connect()

    assert [one.key for one in await world.quarantined(connection)] == ["o-001"]
    assert list(await world.documents(connection)) == ["o-002"]


async def test_two_records_with_one_id_are_one_when_they_say_the_same(world: World):
    connection = await world.connect(sync=False)
    world.vendor.script("/orders", [answer(body=page(GOOD, GOOD))])
    await world.work()

    assert list(await world.documents(connection)) == ["good"]
    assert await world.quarantined(connection) == []


async def test_two_records_with_one_id_that_differ_are_both_set_aside(world: World):
    connection = await world.connect(sync=False)
    other = GOOD.replace(b"NEW", b"PICKED")
    world.vendor.script("/orders", [answer(body=page(GOOD, other, b'{"id": "fine", %s}' % FIELDS))])
    await world.work()

    assert list(await world.documents(connection)) == ["fine"]
    found = await world.quarantined(connection)
    assert sorted(one.key for one in found) == ["good", "good (2)"]
    assert {one.reason for one in found} == {"the page holds another record with this id"}


async def test_a_record_that_stops_fitting_keeps_what_is_stored_and_is_released_when_it_fits_again(
    world: World,
):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    before = await world.documents(connection)
    world.change("orders", "o-001", lines=[{"quantity": "many"}])
    await world.next_sync()
    assert await world.documents(connection) == before
    assert [one.key for one in await world.quarantined(connection, "get_orders")] == ["o-001"]

    world.change("orders", "o-001", lines=[{"product": "p1", "quantity": 1}])
    await world.next_sync()
    assert await world.quarantined(connection) == []
    assert len((await world.documents(connection))["o-001"]["line_items"]) == 1
    assert len(await world.events(connection, "order.updated")) == 1


async def test_a_record_that_goes_back_to_what_is_stored_is_released_too(world: World):
    world.vendor.collections["orders"] = [order(1)]
    connection = await world.connect()
    good = world.vendor.collections["orders"]
    world.vendor.collections["orders"] = [order(1, lines=5)]
    await world.next_sync()
    assert len(await world.quarantined(connection)) == 1

    world.vendor.collections["orders"] = good
    await world.next_sync()
    assert await world.quarantined(connection) == []


async def test_a_record_that_fits_when_it_comes_again_in_the_same_walk_is_released(world: World):
    connection = await world.connect(sync=False)
    bad = b'{"data": [{"id": "good", "state": "NEW"}], "next": "2"}'
    world.vendor.script("/orders", [answer(body=bad), answer(body=page(GOOD))])
    await world.work()

    assert list(await world.documents(connection)) == ["good"]
    assert await world.quarantined(connection) == []


async def test_what_does_not_fit_is_seen_again_each_time_with_its_first_and_last_time(world: World):
    world.vendor.collections["orders"] = [order(1, lines=5)]
    connection = await world.connect()
    [first] = await world.quarantined(connection)
    await world.services.database.execute("UPDATE schedules SET mark = NULL")
    await world.next_sync()

    [again] = await world.quarantined(connection)
    assert again.first_ms == first.first_ms
    assert again.last_ms > first.last_ms
    assert again.job_id != first.job_id


async def test_a_deeply_nested_record_does_not_stop_the_run(world: World):
    connection = await world.connect(sync=False)
    for depth in (300, 600, 800, 850, 900, 940, 980):
        deep = b'{"a":' * depth + b"1" + b"}" * depth
        raw = b'{"id": "deep-%d", %s, "extra": %s}' % (depth, FIELDS, deep)
        world.vendor.script("/orders", [answer(body=page(raw, GOOD))])
        await world.force(connection, "get_orders")
        job = await world.last_job(connection)
        # What even the decoder does not take is nonsense; all else is stored or set aside.
        assert job.state == "done" or "wanted JSON" in str(job.error), (depth, job)
