"""Bad days of every vendor that has a mock: whatever it does, no record is lost, guessed or made up.

Mocks are found by their place, `tests/integrations/<vendor>/mock.py`: see tests/mock_vendors/orders.py.
"""

import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from crossdock.kit.http import Patience
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.wms.orders import ORDERS as WMS_ORDERS
from tests.journeys.conftest import World
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import (
    answering,
    done_then,
    dropped,
    failing,
    hanging,
    html,
    meanwhile,
    repeated,
    slow,
    throttled,
    usual,
)
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite, all_mocks
from tests.mock_vendors.vendor import MockCall

ORDERS = {"wms": WMS_ORDERS, "cart": CART_ORDERS}
TEXT = "Ünïcödé 漢字 😀👩‍👩‍👧 \"quoted\" <b>&amp;</b> 'x' \u202eabc"
MOST_LINES = 5_000
TRIES = Patience().retries + 1
WORD = TEXT.replace(" ", "")
FREE_TEXTS = {"tracking_number", "carrier_name", "address1", "city", "order_number", "reason"}
"""The members of writes that hold free text."""


@pytest.fixture(params=list(all_mocks()))
async def mocked(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MockedVendor]:
    mock_type = all_mocks()[request.param]
    kind, _ = mock_type.integration
    call: pytest.Function = request.node
    skew_seconds = float(str(call.callspec.params.get("skew_seconds", 0)))
    async with mock_type() as mock:
        yield await connected(
            MockedVendor, world, mock, monkeypatch, [ORDERS[kind]], orders=3, skew_seconds=skew_seconds
        )


@pytest.fixture
def database_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """A copy on SQLite: what differs from vendor to vendor does not differ from database to database."""
    return f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / 'crossdock.db')}"


async def test_orders_are_read_and_read_again_only_where_they_changed(mocked: MockedVendor):
    before = await mocked.orders()
    assert len(before) == 3
    changed = next(iter(before))
    mocked.world.clock.pass_seconds(5)
    mocked.mock.change_order(changed)
    assert await mocked.sync() == "done"
    after = await mocked.orders()
    assert {key for key in before if before[key] != after[key]} == {changed}
    kind = "order" if mocked.connection.type == "wms" else "cart-order"
    assert len(await mocked.world.events(mocked.connection, f"{kind}.updated")) == 1


async def test_credentials_that_expire_are_told_and_change_nothing(mocked: MockedVendor):
    before = await mocked.orders()
    mocked.mock.expire()
    await mocked.sync()
    assert "invalid_credentials" in await mocked.kinds()
    assert await mocked.orders() == before
    mocked.mock.renew()
    await mocked.world.next_sync(6 * 3600)
    await mocked.sync()
    assert await mocked.kinds() == set()


async def test_a_right_that_is_missing_blocks_what_needs_it_and_says_which(mocked: MockedVendor):
    before = await mocked.orders()
    mocked.mock.revoke(mocked.mock.permission)
    await mocked.world.force(mocked.connection, mocked.mock.permission)
    problems = await mocked.world.problems(mocked.connection)
    assert [(problem.function, problem.kind) for problem in problems] == [
        (mocked.mock.permission, "missing_permission")
    ]
    assert await mocked.orders() == before


@pytest.mark.parametrize("retry_after", [None, 2, "0"])
async def test_a_vendor_that_throttles_is_waited_for(mocked: MockedVendor, retry_after: float | str | None):
    mocked.mock.add_order(SampleOrder(4))
    mocked.mock.script(mocked.mock.orders_path, [throttled(retry_after), throttled(retry_after)])
    assert await mocked.sync() == "done"
    assert len(await mocked.orders()) == 4


async def test_a_storm_of_errors_ends_the_run_and_the_next_one_gets_all(mocked: MockedVendor):
    before = await mocked.orders()
    mocked.mock.add_order(SampleOrder(4))
    mocked.mock.script(mocked.mock.orders_path, [failing(500), failing(503)])
    assert await mocked.sync() == "done", "a short one is waited for"
    mocked.mock.add_order(SampleOrder(5))
    mocked.mock.script(mocked.mock.orders_path, [failing(500)] * 100)
    await mocked.sync()
    assert len(await mocked.orders()) == len(before) + 1
    mocked.mock.calm()
    await mocked.world.next_sync()
    assert len(await mocked.orders()) == len(before) + 2


async def test_a_vendor_that_is_slow_is_waited_for_and_one_that_hangs_is_asked_again(
    mocked: MockedVendor, monkeypatch: pytest.MonkeyPatch
):
    before = await mocked.orders()
    mocked.mock.add_order(SampleOrder(4))
    mocked.mock.script(mocked.mock.orders_path, [slow(0.2)])
    assert await mocked.sync() == "done"
    assert len(await mocked.orders()) == len(before) + 1
    mocked.mock.add_order(SampleOrder(5))
    mocked.mock.script(mocked.mock.orders_path, [hanging()] * 100)
    with monkeypatch.context() as impatient:
        mocked.wait_no_longer_than(impatient, 0.05)
        await mocked.sync()
    assert len(await mocked.orders()) == len(before) + 1
    assert (
        "vendor_unavailable" in await mocked.kinds() or (await mocked.world.last_job(mocked.connection)).error
    )
    mocked.mock.calm()
    await mocked.world.next_sync()
    assert len(await mocked.orders()) == len(before) + 2


NONSENSE = {
    "a web page": html(),
    "nothing": answering(body=b""),
    "half of an answer": answering(body=b'{"data": [{'),
    "another kind of answer": answering(body="ok"),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_an_answer_that_is_none_changes_nothing_and_is_told(mocked: MockedVendor, name: str):
    before = await mocked.orders()
    mocked.mock.script(mocked.mock.orders_path, [NONSENSE[name]] * TRIES)
    assert await mocked.sync() == "failed"
    assert await mocked.orders() == before
    mocked.mock.calm()
    assert await mocked.sync() == "done"
    assert await mocked.orders() == before


async def test_a_status_that_nobody_knows_is_other_with_the_vendors_word(mocked: MockedVendor):
    order_id = mocked.mock.add_order(SampleOrder(4, status="IN_ORBIT"))
    assert await mocked.sync() == "done"
    order = (await mocked.orders())[order_id]
    assert order["status"] == "other"
    assert "IN_ORBIT".casefold() in str(order.get("raw_status")).casefold()


async def test_a_record_without_what_was_promised_takes_none_along(mocked: MockedVendor):
    before = await mocked.orders()
    spoilt = mocked.mock.add_order(SampleOrder(4))
    mocked.mock.spoil_order(spoilt)
    mocked.mock.allows_violations = True
    whole = mocked.mock.add_order(SampleOrder(5))
    assert await mocked.sync() == "done"
    orders = await mocked.orders()
    assert before.keys() < orders.keys()
    assert whole in orders
    set_aside = await mocked.world.quarantined(mocked.connection, "get_orders")
    assert set_aside or "records_set_aside" in await mocked.kinds() or spoilt in orders


async def test_every_letter_of_every_text_survives(mocked: MockedVendor):
    order_id = mocked.mock.add_order(SampleOrder(4, text=TEXT))
    assert await mocked.sync() == "done"
    order = (await mocked.orders())[order_id]
    assert TEXT in _texts(order)
    assert [text for text in _texts(order) if "漢" in text and TEXT not in text] == [], "cut or changed"
    async with writing(mocked.world, mocked.connection) as hand:
        answer = await hand.send("GET", f"/{mocked.connection.type}/orders/{order_id}")
    assert _texts(answer.json()["data"]) >= {text for text in _texts(order) if "漢" in text}
    kind = "order" if mocked.connection.type == "wms" else "cart-order"
    told = await mocked.world.events(mocked.connection, f"{kind}.created")
    assert TEXT in _texts([event["data"] for event in told if event["data"]["id"] == order_id])


async def test_every_letter_of_a_write_reaches_the_vendor(mocked: MockedVendor):
    write = _write_of(mocked.mock)
    order_id = next(iter(await mocked.orders()))
    mocked.mock.calls.clear()
    async with writing(mocked.world, mocked.connection) as hand:
        path = write.path.replace("{id}", order_id)
        answer = await hand.send(write.method, path, _filled(write.body))
    assert answer.status_code == 200, answer.text
    sent = _texts([_decoded(call) for call in mocked.mock.calls])
    assert {TEXT, WORD} & sent
    assert [text for text in sent if "漢" in text and TEXT not in text and WORD not in text] == []


def _write_of(mock: OrderMock) -> SampleWrite:
    if mock.write is None:
        pytest.skip("the integration writes nothing")
    return mock.write


def _filled(body: Any, name: str = "") -> Any:
    """A body with difficult letters wherever it has free text."""
    if isinstance(body, Mapping):
        return {key: _filled(value, key) for key, value in body.items()}
    if isinstance(body, list):
        return [_filled(part) for part in body]
    if name == "full_name":
        return WORD  # some vendors have it in two parts
    return TEXT if name in FREE_TEXTS else body


def _decoded(call: MockCall) -> Any:
    if "json" in call.headers.get("content-type", "") and call.body:
        return call.json()
    return dict(parse_qsl(call.body.decode()))


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_texts, value.values()))
    if isinstance(value, list):
        return set().union(*map(_texts, value))
    return {value} if isinstance(value, str) else set()


async def test_an_order_of_five_thousand_lines_is_read_whole(mocked: MockedVendor):
    order_id = mocked.mock.add_order(SampleOrder(4, lines=MOST_LINES))
    assert await mocked.sync() == "done"
    assert len((await mocked.orders())[order_id]["line_items"]) == MOST_LINES


async def test_a_page_that_comes_twice_loses_no_order_and_tells_of_none_twice(mocked: MockedVendor):
    before = set(await mocked.orders())
    added = [mocked.mock.add_order(SampleOrder(number)) for number in range(mocked.mock.more_than_a_page)]
    mocked.mock.script(mocked.mock.orders_path, [usual(), repeated()])
    await mocked.sync()
    mocked.mock.calm()
    await mocked.sync()
    assert set(await mocked.orders()) == before | set(added)
    assert sorted(await mocked.created()) == sorted(added)


async def test_orders_that_change_and_go_while_they_are_paged_through_take_none_along(mocked: MockedVendor):
    before = set(await mocked.orders())
    mock = mocked.mock
    added = [mock.add_order(SampleOrder(number)) for number in range(mock.more_than_a_page)]
    first, second, last = added[0], added[1], added[-1]

    def busy() -> None:
        mock.change_order(first)
        mock.remove_order(second)
        added.append(mock.add_order(SampleOrder(1_000)))
        mock.change_order(last)

    mock.script(mock.orders_path, [usual(), meanwhile(busy)])
    await mocked.sync()
    await mocked.sync()
    orders = await mocked.orders()
    assert set(orders) - {second} == (before | set(added)) - {second}
    created = await mocked.created()
    assert sorted(set(created) - {second}) == sorted(set(added) - {second})
    assert len(created) == len(set(created))
    if mock.dates_changes:
        unchanged = orders[added[2]]["updated_date"]
        assert orders[first]["updated_date"] == orders[last]["updated_date"] > unchanged, "they were seen"
    else:
        assert all("changed" in str(orders[changed]) for changed in (first, last)), "they were seen"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine, in a time zone that is far from UTC and has another day there for hours."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def test_a_moment_is_the_same_in_every_time_zone(elsewhere: None, mocked: MockedVendor):
    mocked.mock.zone = timezone(timedelta(hours=-9.5))
    moment = datetime.fromtimestamp(mocked.world.clock() // 1000, UTC)
    order_id = mocked.mock.add_order(SampleOrder(4))
    assert await mocked.sync() == "done"
    order = (await mocked.orders())[order_id]
    assert order["created_date"] == moment.isoformat().replace("+00:00", "Z")
    mocked.world.clock.pass_seconds(5)
    mocked.mock.change_order(order_id)
    assert await mocked.sync() == "done"
    date = "updated_date" if mocked.mock.dates_changes else "trackstar_updated_date"
    assert (await mocked.orders())[order_id][date] > order[date]


@pytest.mark.parametrize("skew_seconds", [-3 * 3600, 3 * 3600])
async def test_a_vendor_whose_clock_is_wrong_loses_no_change(mocked: MockedVendor, skew_seconds: int):
    assert mocked.mock.clock() == mocked.world.clock() / 1000 + skew_seconds
    assert len(await mocked.orders()) == 3
    order_id = mocked.mock.add_order(SampleOrder(4))
    assert await mocked.sync() == "done"
    mocked.world.clock.pass_seconds(60)
    mocked.mock.change_order(order_id)
    before = (await mocked.orders())[order_id]
    assert await mocked.sync() == "done"
    assert (await mocked.orders())[order_id] != before


async def test_an_order_that_is_gone_leaves_lists_where_the_vendor_tells(mocked: MockedVendor):
    before = await mocked.orders()
    removed = next(iter(before))
    mocked.mock.remove_order(removed)
    for _ in range(3):
        await mocked.world.next_sync(12 * 3600)
    left = await mocked.orders()
    assert (removed not in left) if mocked.mock.tells_deleted else (left.keys() <= before.keys())
    assert before.keys() - {removed} <= left.keys()


LOST = {
    "no answer": dropped(),
    "an answer that comes too late": hanging(),
    "an error": failing(502),
    "a web page": html(),
}
"""What comes in the place of the answer to a write."""


@pytest.mark.parametrize("name", LOST)
async def test_a_write_whose_answer_is_lost_is_done_once(
    mocked: MockedVendor, name: str, monkeypatch: pytest.MonkeyPatch
):
    write = _write_of(mocked.mock)
    order_id = next(iter(await mocked.orders()))
    before = getattr(mocked.mock, write.count)
    if name == "an answer that comes too late":
        mocked.wait_no_longer_than(monkeypatch, 0.7)
    mocked.mock.script(write.vendor_path, [done_then(LOST[name])])
    async with writing(mocked.world, mocked.connection) as hand:
        path = write.path.replace("{id}", order_id)
        first = await hand.send(write.method, path, dict(write.body), headers={"Idempotency-Key": "k-1"})
        again = await hand.send(write.method, path, dict(write.body), headers={"Idempotency-Key": "k-1"})
    assert getattr(mocked.mock, write.count) == before + 1
    if write.settles:
        assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    else:
        assert "uncertain" in first.text + again.text
