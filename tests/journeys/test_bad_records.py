"""A vendor record that can't be stored is set aside with its reason, and the run goes on; one that can is
stored without what of it does not fit, which is told."""

import pytest

from tests.fakes.fake_wms import read
from tests.fakes.vendor import answer
from tests.journeys.callers import calling
from tests.journeys.conftest import World, order, with_settings

HUGE = 10 * 2**20


def page(*records: bytes) -> bytes:
    """The vendor's answer, byte by byte."""
    return b'{"data": [%s], "next": null}' % b",".join(records)


GOOD = b'{"id": "good", "updated_at": "2026-02-01T00:00:09Z", "created_at": "2026-02-01", "state": "NEW"}'
FIELDS = b'"updated_at": "2026-02-01T00:00:01Z", "created_at": "2026-02-01", "state": "NEW"'

# What the vendor sends, the key that it is kept under, and the reason.
SET_ASIDE = {
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
}  # fmt: skip


@pytest.mark.parametrize("name", SET_ASIDE)
async def test_a_record_that_cannot_be_stored_is_set_aside_and_the_others_are_stored(name: str, world: World):
    raw, key, reason = SET_ASIDE[name]
    connection = await world.connect(sync=False)
    world.vendor.script("/orders", [answer(body=page(raw, GOOD))])
    await world.work()

    [quarantined] = await world.quarantined(connection)
    assert quarantined.function == "get_orders"
    assert quarantined.key.startswith(key)
    assert reason in quarantined.reason
    assert len(quarantined.raw) <= 65_536
    assert list(await world.documents(connection)) == ["good"]
    run, job = await world.last_run(connection), await world.last_job(connection)
    assert (run.received, run.created, run.quarantined, job.state) == (2, 1, 1, "done")
    assert (await world.schedule(connection)).first_done_ms is not None


LINES = b'"lines": [{"product": "p", "quantity": %s}, {"product": "p2", "quantity": 4}]'
OF_NUL = b'"updated_at": "2026-02-01T00:00:01Z", "created_at": "2026\\u0000", "state": "NEW"'
NO_DAY = b'"updated_at": "2026-02-30T00:00:00Z", "created_at": "2026-02-01", "state": "NEW"'
SHIPPED = b'"shipments": [{"id": "s", "warehouse": "w", "shipped_at": "soon", "trackings": ["T1"]}]'

# What the vendor sends beside the id, what is told, and what is stored at that place.
IN_PART = {
    "a date in words": (
        FIELDS + b", " + SHIPPED, "shipments[0].shipped_date is 'soon', wanted a time; stored is nothing",
    ),
    "no such day": (NO_DAY, "updated_date is '2026-02-30T00:00:00Z', wanted a time; stored is 2026-02-01T00"),
    "a date of NUL": (OF_NUL, "created_date is '2026\\x00', wanted a time; stored is 2026-02-01T00:00:01Z"),
    "a quantity in words": (
        FIELDS + b", " + LINES % b'"many"', "line_items[0].quantity is 'many', wanted a number; stored is 0",
    ),
    "a quantity of 1.5": (
        FIELDS + b", " + LINES % b"1.5", "line_items[0].quantity is 1.5, wanted a whole number; stored is 2",
    ),
    "no quantity": (
        FIELDS + b", " + LINES % b"null",
        "line_items[0].quantity is nothing, wanted a whole number; stored is 0",
    ),
    "a text for a price": (
        FIELDS + b', "total": "ten"', "total_price is 'ten', wanted a number; stored is nothing",
    ),
    "1e400 for a price": (
        FIELDS + b', "total": 1e400', "total_price is 1E+400, wanted a finite number of usual size; stored",
    ),
    "1e400 for a quantity": (
        FIELDS + b", " + LINES % b"1e400",
        "line_items[0].quantity is 1E+400, wanted a finite number of usual size; stored is 0",
    ),
    "1e400 for a text": (FIELDS + b', "channel": 1e400', "channel is 1E+400, wanted a text; stored is"),
    "a list for a text": (FIELDS + b', "channel": [1]', "channel is [1], wanted a text; stored is nothing"),
    "NUL in what is searched": (
        FIELDS + b', "channel": "a\\u0000"',
        "channel is 'a\\x00', wanted at most 2,000 bytes without U+0000; stored is nothing",
    ),
    "NUL in a number of theirs": (
        FIELDS + b', "number": "a\\u0000"', "order_number is 'a\\x00', wanted at most 2,000 bytes without",
    ),
    "a long text in what is searched": (
        FIELDS + b', "channel": "%s"' % (b"y" * 3000), "wanted at most 2,000 bytes without U+0000; stored is",
    ),
    "a word that is no choice": (FIELDS.replace(b"NEW", b"ODD"), "status is 'lost', wanted one of: open, c"),
    "no number": (
        FIELDS + b', "extra": {"rate": NaN}', "additional_fields.rate is NaN, wanted a finite number; stored",
    ),
    "an endless number": (
        FIELDS + b', "extra": {"rate": Infinity}', "additional_fields.rate is Infinity, wanted a finite",
    ),
    "invalid UTF-8": (
        FIELDS + b', "extra": {"a": "\xff"}', "additional_fields.a is '\\udcff', wanted a text in UTF-8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PART)
async def test_p36_one_bad_member_leaves_the_rest_of_its_record_there_is_told_and_clears_itself(
    name: str, world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(read.STATUS, "ODD", "lost")
    members, reason = IN_PART[name]
    if b'"lines"' not in members:
        members += b', "lines": [{"product": "p", "quantity": 1}, {"product": "p2", "quantity": 4}]'
    good = b'{"id": "o", %s, "lines": [], "channel": "web"}' % FIELDS
    bad = b'{"id": "o", %s}' % members
    again = bad.replace(b'"NEW"', b'"SHIPPED"').replace(b'"ODD"', b'"ODD", "note": 1')
    connection = await world.connect(sync=False)
    world.vendor.script(
        "/orders", [answer(body=page(content, GOOD)) for content in (good, bad, bad, again, good)]
    )
    await world.work()
    for _ in range(2):
        await world.next_sync()
        documents = await world.documents(connection)
        assert sorted(documents) == ["good", "o"]
        assert [line["product_id"] for line in documents["o"]["line_items"]] == ["p", "p2"]
        assert documents["o"]["line_items"][1]["quantity"] == 4
        [quarantined] = await world.quarantined(connection)
        assert (quarantined.key, quarantined.kind, (await world.last_job(connection)).state) == (
            "o",
            "partial",
            "done",
        )
        assert reason in quarantined.reason
        assert "`" not in quarantined.reason
        [problem] = await world.problems(connection)
        assert (problem.kind, problem.is_blocking) == ("records_set_aside", False)
        assert reason[:60] in problem.message
    assert len(await world.events(connection, "order.updated")) == 1, "the same again changes nothing"

    await world.next_sync()
    status = (await world.documents(connection))["o"]["status"]
    assert status == ("other" if b"ODD" in bad else "fulfilled"), (
        "what else the record says is never held back"
    )
    assert [quarantine.key for quarantine in await world.quarantined(connection)] == ["o"]

    await world.next_sync()
    assert await world.quarantined(connection) == []
    assert await world.problems(connection) == []
    assert len(await world.events(connection, "connection-error.deleted")) == 1


async def test_p36_a_member_that_no_longer_fits_is_null_and_one_that_is_not_sent_stays(world: World):
    world.vendor.collections["orders"] = [order(1, channel="web", total=10)]
    connection = await world.connect()
    raw = b'{"id": "o-001", %s, "channel": ["web"]}' % FIELDS
    world.vendor.script("/orders", [answer(body=page(raw))])
    await world.next_sync()

    document = (await world.documents(connection))["o-001"]
    assert (document["channel"], document["total_price"]) == (None, 10)
    [event] = await world.events(connection, "order.updated")
    assert event["previous_attributes"]["channel"] == "web"


async def test_p36_callers_find_what_does_not_fit_in_errors_and_beside_the_record(world: World):
    world.vendor.collections["orders"] = [order(1, total="ten", channel=[1])]
    connection = await world.connect()
    reason = (
        "total_price is 'ten', wanted a number; stored is nothing; "
        "channel is [1], wanted a text; stored is nothing"
    )
    async with calling(world) as caller:
        [error] = (await caller.get(connection, f"/connections/{connection.uid}")).json()["data"]["errors"]
        assert error["examples"] == [{"id": "o-001", "reason": error["examples"][0]["reason"]}]
        assert sorted(error["examples"][0]["reason"].split("; ")) == sorted(reason.split("; "))
        answered = await caller.get(connection, "/wms/orders/o-001")
        assert "total_price is 'ten'" in answered.headers["x-crossdock-partial"]


async def test_what_has_no_id_is_forgotten_a_week_after_it_was_last_met(world: World):
    connection = await world.connect(sync=False)
    world.vendor.script("/orders", [answer(body=page(b'{"state": "NEW"}', GOOD))])
    await world.work()
    await world.next_sync(6 * 24 * 3600)
    assert len(await world.quarantined(connection)) == 1
    assert len(await world.problems(connection)) == 1
    await world.next_sync(2 * 24 * 3600)

    assert await world.quarantined(connection) == []
    assert await world.problems(connection) == []


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

    assert [quarantine.key for quarantine in await world.quarantined(connection)] == ["o-001"]
    assert list(await world.documents(connection)) == ["o-002"]


async def test_two_records_with_one_id_are_one_when_they_say_the_same(world: World):
    connection = await world.connect(sync=False)
    world.vendor.script("/orders", [answer(body=page(GOOD, GOOD))])
    await world.work()

    assert list(await world.documents(connection)) == ["good"]
    assert await world.quarantined(connection) == []


async def test_two_records_with_one_id_that_differ_are_both_set_aside(world: World):
    connection = await world.connect(sync=False)
    other_good = GOOD.replace(b"NEW", b"PICKED")
    world.vendor.script("/orders", [answer(body=page(GOOD, other_good, b'{"id": "fine", %s}' % FIELDS))])
    await world.work()

    assert list(await world.documents(connection)) == ["fine"]
    quarantines = await world.quarantined(connection)
    assert sorted(quarantine.key for quarantine in quarantines) == ["good", "good (2)"]
    assert {quarantine.reason for quarantine in quarantines} == {"the page holds another record with this id"}


async def test_a_record_that_stops_fitting_keeps_what_is_stored_and_is_released_when_it_fits_again(
    world: World,
):
    world.vendor.collections["orders"] = [order(1), order(2)]
    connection = await world.connect()
    before = await world.documents(connection)
    world.change("orders", "o-001", lines=[{"quantity": "many"}])
    await world.next_sync()
    assert await world.documents(connection) == before
    assert [quarantine.key for quarantine in await world.quarantined(connection, "get_orders")] == ["o-001"]

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


async def test_records_that_shared_an_id_are_both_released_when_one_is_left(world: World):
    connection = await world.connect(sync=False)
    twin = GOOD.replace(b"NEW", b"PICKED")
    world.vendor.script("/orders", [answer(body=page(GOOD, twin)), answer(body=page(GOOD))])
    await world.work()
    assert len(await world.quarantined(connection)) == 2
    await world.next_sync()

    assert await world.quarantined(connection) == []
    assert await world.problems(connection) == []


@pytest.mark.parametrize("misfit", [{"id": None}, {"id": "w-9", "name": {"not": "text"}}])
async def test_what_is_set_aside_and_then_gone_from_a_whole_list_is_released(misfit: dict, world: World):
    warehouse = {"id": "w-1", "updated_at": "2026-02-01T00:00:00Z", "name": "x"}
    world.vendor.collections["warehouses"] = [warehouse, {**warehouse, **misfit}]
    connection = await world.connect()
    assert len(await world.quarantined(connection, "get_warehouses")) == 1

    world.vendor.collections["warehouses"] = [{**warehouse, "name": "y"}]
    await world.next_sync(12 * 3600)
    assert await world.quarantined(connection, "get_warehouses") == []
    assert await world.problems(connection) == []
