"""Bad days of every vendor that has a mock: whatever it does, no record is lost, guessed or made up.

Mocks are found by their place, `tests/integrations/<vendor>/mock.py`: see tests/mock_vendors/orders.py.
"""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crossdock.kit.http import Patience
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.wms.orders import ORDERS as WMS_ORDERS
from tests.journeys.conftest import World
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import answering, done_then, dropped, failing, html, throttled
from tests.mock_vendors.orders import SampleOrder, all_mocks

ORDERS = {"wms": WMS_ORDERS, "cart": CART_ORDERS}
TEXT = "Ünïcödé 漢字 😀👩‍👩‍👧 \"quoted\" <b>&amp;</b> 'x' \u202eabc"
MOST_LINES = 5_000
TRIES = Patience().retries + 1


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


async def test_a_write_whose_answer_is_lost_is_done_once(mocked: MockedVendor):
    write = mocked.mock.write
    if write is None:
        pytest.skip("the integration writes nothing")
    order_id = next(iter(await mocked.orders()))
    before = getattr(mocked.mock, write.count)
    mocked.mock.script(write.vendor_path, [done_then(dropped())])
    async with writing(mocked.world, mocked.connection) as hand:
        path = write.path.replace("{id}", order_id)
        first = await hand.send(write.method, path, dict(write.body), headers={"Idempotency-Key": "k-1"})
        again = await hand.send(write.method, path, dict(write.body), headers={"Idempotency-Key": "k-1"})
    assert getattr(mocked.mock, write.count) == before + 1
    if write.settles:
        assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    else:
        assert "uncertain" in first.text + again.text
