"""A sandbox world is a vendor: it keeps its state, is read in pages, and misses no change."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crossdock.errors import InvalidCredentials, NotFound
from crossdock.integrations.sandbox.generate.worlds import open_world
from crossdock.integrations.sandbox.operations import simulate
from crossdock.integrations.sandbox.world.records import World
from crossdock.kit.contract import Context, Walk
from crossdock.kit.http import Http
from crossdock.kit.paging import PageGuard
from crossdock.kit.registry import all_integrations
from tests.integrations.sandbox.test_consistency import (
    EPOCH,
    VERTICALS,
    WORLD,
    client_of,
    pages_of,
    raws_of,
    read_all,
    resources,
)

NOW = EPOCH + timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return open_world(tmp_path, WORLD, 1, EPOCH)


@pytest.mark.parametrize("vertical", ["wms", "cart"])
async def test_the_client_offers_every_function_of_its_manifest_in_pages_of_50(
    tmp_path: Path, vertical: str
) -> None:
    client = client_of(tmp_path, vertical)
    for name in resources(vertical):
        pages = await pages_of(client, name, Walk())
        assert [len(page.records) for page in pages[:-1]] == [50] * (len(pages) - 1)
        assert pages[-1].cursor is None
        ids = [raw[page.key] for page in pages for raw in page.records]
        assert len(ids) == len(set(ids)) > 0


@pytest.mark.parametrize("vertical", ["wms", "cart"])
async def test_no_walk_looks_like_one_that_gets_nowhere(tmp_path: Path, vertical: str) -> None:
    client = client_of(tmp_path, vertical)
    for name in resources(vertical):
        guard = PageGuard(None)
        for page in await pages_of(client, name, Walk()):
            guard.see(page)


async def test_the_account_names_the_world_and_no_secret(tmp_path: Path) -> None:
    account = await client_of(tmp_path, "wms").check()
    assert (account.name, account.identifiers) == ("Sandbox warehouse", {"world": WORLD})


HOSTILE = ["", "..", "../up", "a/b", "ab\n", "AB", "ab.sqlite", "ab\x00", "-ab", "ab-", "a--b", "é", "a" * 65]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_world_is_named_by_a_hex_id_and_nothing_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidCredentials, match="hex id"):
        asyncio.run(client_of(tmp_path, "wms", world=name).check())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"world": WORLD, "seed": "", "epoch": "2026-03-01T00:00:00Z"}, "seed"),
        ({"world": WORLD, "seed": "1.5", "epoch": "2026-03-01T00:00:00Z"}, "seed"),
        ({"world": WORLD, "seed": "1", "epoch": ""}, "epoch"),
        ({"world": WORLD, "seed": "1", "epoch": "yesterday"}, "epoch"),
        ({"world": WORLD, "seed": "1", "epoch": "2026-03-01T00:00:00"}, "epoch"),
        ({}, "seed"),
    ],
)
async def test_credentials_that_do_not_fit_are_refused_by_name(
    tmp_path: Path, fields: dict[str, str], wrong: str
) -> None:
    client = all_integrations()["wms", "sandbox"].client(Context(fields, Http.__new__(Http), tmp_path))
    with pytest.raises(InvalidCredentials, match=wrong):
        await client.check()


async def test_what_changed_comes_next_time_and_nothing_else(tmp_path: Path, world: World) -> None:
    client = client_of(tmp_path, "wms")
    first = await pages_of(client, "orders", Walk())
    simulate.fulfill_order(world, "order_id_99", False, NOW)
    then = await pages_of(client, "orders", Walk(mark=first[-1].mark))
    assert [raw["uid"] for page in then for raw in page.records] == ["order_id_99"]
    assert await raws_of(client, "orders", Walk(mark=then[-1].mark)) == []


async def test_two_changes_within_one_second_are_both_seen_by_a_walk_between_them(
    tmp_path: Path, world: World
) -> None:
    client = client_of(tmp_path, "wms")
    mark = (await pages_of(client, "orders", Walk()))[-1].mark
    items = []
    for order_id in ("order_id_99", "order_id_95", "order_id_97"):
        simulate.fulfill_order(world, order_id, False, NOW)
        [page] = await pages_of(client, "orders", Walk(mark=mark))
        items += [raw["uid"] for raw in page.records]
        mark = page.mark
    assert items == ["order_id_99", "order_id_95", "order_id_97"]


async def test_a_clock_that_goes_backwards_hides_no_change(tmp_path: Path, world: World) -> None:
    client = client_of(tmp_path, "wms")
    mark = (await pages_of(client, "orders", Walk()))[-1].mark
    simulate.fulfill_order(world, "order_id_99", False, EPOCH - timedelta(days=3))
    [raw] = await raws_of(client, "orders", Walk(mark=mark))
    assert raw["uid"] == "order_id_99"


async def test_a_record_that_changes_during_a_walk_is_missed_by_none(tmp_path: Path, world: World) -> None:
    client = client_of(tmp_path, "wms")
    items, changed = [], False
    async for page in client.orders(Walk()):
        items += [(raw["uid"], raw["state"]) for raw in page.records]
        if not changed:
            simulate.fulfill_order(world, "order_id_99", False, NOW)
            changed = True
    assert {uid for uid, _ in items} == {f"order_id_{n}" for n in range(100)}
    assert items[-1] == ("order_id_99", "DESPATCHED")


async def test_a_walk_that_was_cut_off_goes_on_where_it_stood(tmp_path: Path) -> None:
    client = client_of(tmp_path, "wms")
    whole_raws = await raws_of(client, "inventory_ledger", Walk())
    pages = await pages_of(client, "inventory_ledger", Walk())
    for n, page in enumerate(pages[:-1]):
        following_raws = await raws_of(client, "inventory_ledger", Walk(cursor=page.cursor))
        assert following_raws == whole_raws[50 * (n + 1) :]


async def test_a_walk_keeps_to_its_start_and_end(tmp_path: Path) -> None:
    client = client_of(tmp_path, "wms")
    start, end = EPOCH - timedelta(days=10), EPOCH - timedelta(days=5)
    within = {raw["uid"] for raw in await raws_of(client, "orders", Walk(start=start, end=end))}
    orders = await raws_of(client, "orders", Walk())
    expected = {raw["uid"] for raw in orders if start <= datetime.fromisoformat(raw["changed"]) < end}
    assert 0 < len(within) < len(orders)
    assert within == expected


async def test_a_look_back_of_30_days_sees_everything(tmp_path: Path) -> None:
    for vertical in VERTICALS:
        client = client_of(tmp_path, vertical)
        for name in resources(vertical):
            raws = await raws_of(client, name, Walk(start=EPOCH - timedelta(days=30)))
            assert raws == await raws_of(client, name, Walk())


async def test_a_mark_counts_more_than_the_start_of_the_look_back(tmp_path: Path) -> None:
    client = client_of(tmp_path, "wms")
    mark = (await pages_of(client, "orders", Walk()))[-1].mark
    assert await raws_of(client, "orders", Walk(start=EPOCH - timedelta(days=30), mark=mark)) == []


async def test_a_snapshot_shows_what_was_deleted(tmp_path: Path, world: World) -> None:
    client = client_of(tmp_path, "wms")
    before = [raw["uid"] for raw in await raws_of(client, "warehouse_locations", Walk())]
    with world.change(NOW) as records:
        records.delete("wms_warehouse_locations", "location_id_22")
    after = [raw["uid"] for raw in await raws_of(client, "warehouse_locations", Walk())]
    assert before == sorted(before)
    assert after == [uid for uid in before if uid != "location_id_22"]


def test_deleting_what_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(NotFound), world.change(NOW) as records:
        records.delete("wms_orders", "order_id_100")


def test_a_world_keeps_what_happened_when_it_is_opened_again(tmp_path: Path, world: World) -> None:
    simulate.fulfill_order(world, "order_id_99", False, NOW)
    open_world(tmp_path, WORLD, seed=2, epoch=EPOCH + timedelta(days=9))
    assert read_all(tmp_path)["wms_orders"]["order_id_99"]["status"] == "fulfilled"


def test_a_reset_world_is_as_new(tmp_path: Path, world: World) -> None:
    fresh = read_all(tmp_path)
    simulate.fulfill_order(world, "order_id_99", False, NOW)
    simulate.create_cart_product(world, {}, NOW)
    assert read_all(tmp_path) != fresh
    simulate.reset(tmp_path, WORLD, 1, EPOCH)
    assert read_all(tmp_path) == fresh


def test_a_world_that_was_not_there_can_be_reset(tmp_path: Path) -> None:
    simulate.reset(tmp_path / "deep" / "folder", WORLD, 1, EPOCH)
    assert len(read_all(tmp_path / "deep" / "folder")["wms_orders"]) == 100


def change_and_fail(world: World) -> None:
    with world.change(NOW) as records:
        records.delete("wms_orders", "order_id_0")
        records.number("shipment")
        raise ZeroDivisionError


def test_a_change_that_fails_half_way_leaves_no_trace(tmp_path: Path, world: World) -> None:
    before = read_all(tmp_path)
    with pytest.raises(ZeroDivisionError):
        change_and_fail(world)
    assert read_all(tmp_path) == before
    with world.change(NOW) as records:
        records.put("wms_orders", records.get("wms_orders", "order_id_0"))


def test_worlds_of_one_folder_do_not_know_each_other(tmp_path: Path) -> None:
    current_world, other_world = open_world(tmp_path, "aa", 1, EPOCH), open_world(tmp_path, "bb", 1, EPOCH)
    simulate.fulfill_order(current_world, "order_id_99", False, NOW)
    [(_, there)] = other_world.after("wms_orders", "order_id_98", 1)
    assert (there["uid"], there["state"]) == ("order_id_99", "NEW")


OPENING = """
import sys
from datetime import datetime
from pathlib import Path
from crossdock.integrations.sandbox.generate.worlds import open_world
from crossdock.integrations.sandbox.operations import simulate
epoch = datetime.fromisoformat(sys.argv[3])
world = open_world(Path(sys.argv[1]), sys.argv[2], 1, epoch)
print(simulate.create_cart_order(world, {}, epoch)["gid"])
"""


def test_processes_that_open_a_new_world_at_once_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENING, str(tmp_path), WORLD, EPOCH.isoformat()]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate(timeout=60)[0].strip() for process in started]
    assert sorted(answers) == [f"shopify_order_id_{n}" for n in (100, 101, 102)]


async def test_threads_that_change_a_world_at_once_lose_nothing(world: World) -> None:
    threads = await asyncio.gather(
        *(asyncio.to_thread(simulate.create_cart_order, world, {}, NOW) for _ in range(8))
    )
    stamps = [raw["modified_at"] for raw in threads]
    assert len({raw["gid"] for raw in threads}) == len(set(stamps)) == 8


def test_dates_of_a_world_do_not_depend_on_the_zone_its_epoch_was_given_in(tmp_path: Path) -> None:
    local = EPOCH.astimezone().replace(microsecond=123456)
    assert read_all(tmp_path / "a", epoch=local) == read_all(tmp_path / "b", epoch=EPOCH.astimezone(UTC))
