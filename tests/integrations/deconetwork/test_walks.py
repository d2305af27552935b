"""Windows of time miss nothing and take nothing twice, in whatever order a site lists its rows."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from crossdock.errors import VendorUnavailable
from crossdock.integrations.deconetwork import client as deconetwork
from crossdock.integrations.deconetwork.client import Client
from crossdock.kit.contract import Context, Page, Walk
from crossdock.kit.http import Http
from crossdock.kit.limits import LocalSlots
from tests.integrations.deconetwork.mock import PASSWORD, USERNAME, Mock
from tests.mock_vendors.orders import SampleOrder
from tests.mock_vendors.vendor import MockAnswer, MockCall

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class BusySite(Mock):
    """A site in which something may happen before each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN.timestamp()
        self.clock = lambda: self.now
        self.meanwhile: list[Any] = []

    async def handle(self, call: MockCall) -> MockAnswer:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return await super().handle(call)


@pytest.fixture
async def site() -> AsyncIterator[BusySite]:
    async with BusySite() as started:
        yield started


@pytest.fixture
async def client(site: BusySite, tmp_path: Path) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        http = Http(session=session, account="a", slots=LocalSlots(), clock=lambda: BEGIN)
        yield Client(Context({"url": site.url, "username": USERNAME, "password": PASSWORD}, http, tmp_path))


async def pages(client: Client, **walk: Any) -> list[Page]:
    return [page async for page in client.inventory_ledger(Walk(**walk))]


def records(read: list[Page]) -> list[dict[str, Any]]:
    return [record for page in read for record in page.records]


async def test_hundreds_of_events_in_one_second_are_all_read_once(site: BusySite, client: Client):
    for number in range(350):
        site.set_level(f"1_{number % 3}", number)
    read = await pages(client)
    assert len({record["id"] for record in records(read)}) == 350


async def test_more_than_a_window_takes_are_read_even_in_one_second(
    site: BusySite, client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(deconetwork, "MOST_ROWS", 150)
    for number in range(400):
        site.now = BEGIN.timestamp() + (0 if number < 300 else number)
        site.set_level(f"1_{number % 3}", number)
    read = await pages(client)
    assert len(read) > 1
    assert len({record["id"] for record in records(read)}) == 400


async def test_events_that_are_alike_in_everything_are_told_apart(site: BusySite, client: Client):
    for number in range(120):
        site.set_level("1_1", number % 2)
    first = records(await pages(client))
    assert len({record["id"] for record in first}) == 120
    assert {record["id"] for record in records(await pages(client))} == {record["id"] for record in first}


@pytest.mark.parametrize("seed", range(5))
async def test_walk_after_walk_adds_up_to_all_events_however_they_come(
    site: BusySite, client: Client, seed: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(deconetwork, "MOST_ROWS", 120)
    chance, mark = random.Random(seed), None
    stored: dict[str, dict[str, Any]] = {}

    def happen() -> None:
        for _ in range(chance.choice([0, 1, 3, 130])):
            site.now += chance.choice([0, 0, 0, 1, 400])
            site.set_level(f"{chance.randrange(1, 4)}_1", chance.randrange(5))

    for _ in range(4):
        happen()
        site.meanwhile = [happen, lambda: None, happen]
        cursor = None
        read: list[Page] = []
        async for page in client.inventory_ledger(Walk(mark=mark)):
            read.append(page)
            if chance.random() < 0.3:
                cursor = page.cursor
                break  # the worker is killed, and another one goes on
        if cursor is not None:
            read += await pages(client, mark=mark, cursor=cursor)
        stored |= {record["id"]: record for record in records(read)}
        mark = read[-1].mark
    site.meanwhile = []
    stored |= {record["id"]: record for record in records(await pages(client, mark=mark))}

    def parts(event: dict[str, Any]) -> str:
        return str(sorted((name, value) for name, value in event.items() if name != "id"))

    assert Counter(map(parts, stored.values())) == Counter(map(parts, site.rows["inventory_events"]))


async def test_a_second_that_never_rests_is_told_and_nothing_of_it_is_taken(site: BusySite, client: Client):
    for number in range(150):
        site.set_level("1_1", number)
    site.meanwhile = [lambda: site.set_level("1_1", -1)] * 10_000
    read: list[Page] = []
    with pytest.raises(VendorUnavailable, match="changed each time"):
        read.extend([page async for page in client.inventory_ledger(Walk())])
    assert not records(read)


async def test_an_order_that_changes_while_pages_are_read_takes_no_other_out(site: BusySite, client: Client):
    for number in range(250):
        site.now += 1
        site.add_order(SampleOrder(number, lines=1))
    site.now += 100
    site.meanwhile = [lambda: None, *(lambda n=n: site.change_order(f"INV{n:05}") for n in range(1, 100, 9))]
    read = [page async for page in client.orders(Walk())]
    assert {record["order_id"] for record in records(read)} == {f"INV{n:05}" for n in range(1, 251)}


async def test_the_password_is_in_no_address_and_no_error(site: BusySite, client: Client):
    site.expire()
    with pytest.raises(Exception, match="30001") as refusal:
        await client.check()
    assert PASSWORD not in str(refusal.value)
    assert all(not call.query for call in site.calls)


async def test_stock_that_was_never_changed_is_read_though_it_has_no_date(site: BusySite, client: Client):
    for number in range(250):
        site.set_level(f"{number + 1}_1", number)
        if number % 2:
            site.rows["inventories"][-1]["inv_last_modified"] = None
    read = [page async for page in client.inventory(Walk())]
    assert {record["dn_sku_id"] for record in records(read)} == {f"{n + 1}_1" for n in range(250)}
    site.now += 3600
    site.set_level("7_1", 70)
    again = [page async for page in client.inventory(Walk(mark=read[-1].mark))]
    assert "7_1" in {record["dn_sku_id"] for record in records(again)}


async def test_stock_of_more_rows_than_a_window_takes_is_read_whole(
    site: BusySite, client: Client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(deconetwork, "MOST_ROWS", 120)
    for number in range(400):
        site.set_level(f"{number * number + 1}_1", number)
    read = [page async for page in client.inventory(Walk())]
    assert len(read) > 3
    assert len({record["dn_sku_id"] for record in records(read)}) == 400


async def test_a_product_that_moves_between_pages_hides_no_other(site: BusySite, client: Client):
    for number in range(1, 131):
        site.now += 1
        site.add_product(number, sizes=1)
    rows = site.rows["products"]
    site.meanwhile = [lambda: None, lambda: rows.append(rows.pop(0))]
    read = [page async for page in client.products(Walk())]
    assert len({record["id"] for record in records(read)}) == 130


@pytest.mark.parametrize("hours", [10, -7])
async def test_dates_in_a_zone_that_they_do_not_name_hide_no_later_change(
    site: BusySite, client: Client, hours: int, monkeypatch: pytest.MonkeyPatch
):
    def local(row: dict[str, Any]) -> dict[str, Any]:
        moment = datetime.fromisoformat(row["created_at"]) + timedelta(hours=hours)
        return row | {"created_at": moment.isoformat()}

    shown = site._search

    def search(form: Any, name: str) -> MockAnswer:
        answer = shown(form, name)
        return MockAnswer(body=answer.body | {name: [local(row) for row in answer.body[name]]})

    monkeypatch.setattr(site, "_search", search)
    site.set_level("1_1", 1)
    mark = (await pages(client))[-1].mark
    site.now += 1800
    site.set_level("1_1", 2)
    monkeypatch.setattr(client.http, "clock", lambda: BEGIN + timedelta(seconds=1800))
    assert 2 in [record["new_qty"] for record in records(await pages(client, mark=mark))]
