"""A ledger of stock for a system that keeps none: its entries add up to the stock, at every moment."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from crossdock.changes import opening
from crossdock.changes.commit import Incoming, Outcome, Target, commit
from crossdock.changes.ledger import difference, entry_id, stock
from crossdock.changes.opening import open_ledger
from crossdock.integrations import registry
from crossdock.integrations.contract import Fields, Page, Raw, Walk
from crossdock.integrations.registry import Functions, Integration
from crossdock.integrations.values import timestamp, whole
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store import access
from crossdock.store.connections import Connection
from crossdock.store.engine import Transaction
from crossdock.terminal import tenants
from tests.fakes import fake_wms
from tests.fakes.fake_wms import FakeIntegration, fake_integration
from tests.fakes.fake_wms.client import Client
from tests.fakes.vendor import TOKEN
from tests.journeys.callers import Caller, calling
from tests.journeys.conftest import World, with_settings

LEDGER = "/wms/inventory/ledger"


# A warehouse that shows stock and keeps no ledger


class StockClient(Client):
    def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        return self._pages("stock", walk, since=None)


def inventory_item(raw: Raw) -> Fields:
    places = {place: {"onhand": whole(units)} for place, units in raw["places"].items()}
    return {
        "id": raw["id"],
        "created_date": timestamp(raw["updated_at"]),
        "updated_date": timestamp(raw["updated_at"]),
        "warehouse_customer_id": raw.get("customer"),
        "name": raw["id"],
        "sku": raw.get("sku"),
        "active": True,
        **dict.fromkeys(("awaiting", "committed", "unfulfillable", "fulfillable", "sellable"), 0),
        "onhand": whole(raw["units"]),
        "inventory_by_warehouse_id": places,
    }


class StockIntegration(FakeIntegration):
    """The fake warehouse with stock; its own ledger is never asked for."""

    def _module(self, name: str) -> Any:
        return {
            "client": SimpleNamespace(Client=StockClient),
            "read": SimpleNamespace(inventory_item=inventory_item),
        }[name]


def stocking(*functions: str) -> Integration:
    manifest = msgspec.structs.replace(
        fake_integration().manifest, functions=Functions(read=[*functions], snapshot=["get_inventory"])
    )
    return StockIntegration("stocking", Path(fake_wms.__file__).parent, manifest)


def known(monkeypatch: pytest.MonkeyPatch, one: Integration) -> None:
    everything = {**registry.all_integrations(), ("wms", one.slug): one}
    monkeypatch.setattr(registry, "all_integrations", lambda: everything)


def item(name: str, units: int, **places: int) -> Raw:
    return {
        "id": name,
        "sku": f"sku-{name}",
        "units": units,
        "places": places,
        "updated_at": "2026-02-01T00:00:00Z",
    }


@dataclass
class House:
    """A world with a connection to that warehouse."""

    world: World
    caller: Caller
    connection: Connection

    @property
    def shelves(self) -> list[Raw]:
        return self.world.vendor.collections["stock"]

    @shelves.setter
    def shelves(self, items: list[Raw]) -> None:
        self.world.vendor.collections["stock"] = items

    async def switch(self, *, on: bool) -> None:
        """What `crossdock organizations set --derived-ledger` does, on the world's clock."""
        database = self.world.services.database
        await access.change_organization(
            database, self.world.organization, lookback_days=None, disabled_functions=None, derived_ledger=on
        )
        await open_ledger(database, self.connection, self.world.clock)

    async def entries(self, **query: str) -> list[dict[str, Any]]:
        found = await self.caller.get(self.connection, LEDGER, **query)
        assert found.status_code == 200, found.text
        data: list[dict[str, Any]] = found.json()["data"]
        return data

    async def is_balanced(self, **query: str) -> bool:
        """Whether the entries add up to the stock: of every item, and of every item in every warehouse."""
        items = (await self.caller.get(self.connection, "/wms/inventory", **query)).json()["data"]
        whole_stock = Counter({one["id"]: one["onhand"] for one in items})
        by_place = {
            (one["id"], place): units["onhand"]
            for one in items
            for place, units in one["inventory_by_warehouse_id"].items()
        }
        entered: Counter[str] = Counter()
        entered_by_place: Counter[tuple[str, str]] = Counter()
        for one in await self.entries(**query):
            entered[one["inventory_item_id"]] += one["quantity"]
            if one["warehouse_id"] is not None:
                entered_by_place[one["inventory_item_id"], one["warehouse_id"]] += one["quantity"]
        return _without_zeros(entered) == _without_zeros(whole_stock) and _without_zeros(
            entered_by_place
        ) == _without_zeros(by_place)


def _without_zeros(found: Any) -> dict[Any, int]:
    return {key: units for key, units in found.items() if units}


@pytest.fixture
async def house(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Connected, not yet synced, its ledger not switched on."""
    known(monkeypatch, stocking("get_inventory"))
    world.vendor.collections["stock"] = []
    behind = registry.integration("wms", "stocking")
    given = {"url": world.vendor.url, "token": TOKEN}
    connection, _ = await world.services.linker.connect(world.organization, behind, given)
    async with calling(with_settings(world, reads_per_second=0, disabled_functions="")) as caller:
        yield House(world, caller, connection)


# What is entered


async def test_a_ledger_is_not_offered_until_the_organization_switches_it_on(house: House):
    house.shelves = [item("a", 5)]
    await house.world.work()
    refused = await house.caller.get(house.connection, LEDGER)
    assert (refused.status_code, refused.json()["error"]) == (
        501, "Endpoint get_inventory_ledger is not implemented for Fake WMS",
    )  # fmt: skip
    assert "get_inventory_ledger" not in await actions(house)

    await house.switch(on=True)
    assert len(await house.entries()) == 1
    assert "get_inventory_ledger" in await actions(house)
    shown = (await house.caller.get(house.connection, f"/connections/{house.connection.uid}")).json()
    assert "GET /inventory/ledger" in shown["data"][0]["available_endpoints"]

    await house.switch(on=False)
    assert (await house.caller.get(house.connection, LEDGER)).status_code == 501
    async with calling(with_settings(house.world, disabled_functions="get_inventory_ledger")) as caller:
        await house.switch(on=True)
        assert (await caller.get(house.connection, LEDGER)).status_code == 403


async def actions(house: House) -> list[str]:
    found = await house.caller.get(house.connection, f"/connections/{house.connection.uid}")
    listed: list[str] = found.json()["data"][0]["available_actions"]
    return listed


async def test_switching_it_on_enters_the_stock_that_is_there_and_tells_nobody(house: House):
    house.shelves = [item("a", 5), item("b", 0), item("c", 7, w1=3, w2=4)]
    await house.world.work()
    told = await house.world.told(house.connection)
    await house.switch(on=True)

    now = house.caller.now()
    entered = {(one["inventory_item_id"], one["warehouse_id"]): one for one in await house.entries()}
    assert {key: one["quantity"] for key, one in entered.items()} == {
        ("a", None): 5, ("c", "w1"): 3, ("c", "w2"): 4,
    }  # fmt: skip
    one = entered["a", None]
    assert one.pop("id").startswith("derived:")
    assert one == {
        "created_date": now, "updated_date": now, "entry_date": now, "inventory_item_id": "a", "sku": "sku-a",
        "quantity": 5, "raw_event_type": "derived", "event_type": "adjustment", "reason": "opening stock",
        "object_id": None, "object_type": None, "warehouse_id": None, "location_id": None,
        "additional_fields": {}, "trackstar_created_date": now, "trackstar_updated_date": now,
    }  # fmt: skip
    assert await house.world.told(house.connection) == told
    await house.switch(on=True)
    assert len(await house.entries()) == 3


async def test_each_change_of_stock_is_an_entry_with_its_event_in_the_transaction_of_the_change(house: House):
    house.shelves = [item("a", 5), item("b", 7, w1=3, w2=4)]
    await house.world.work()
    await house.switch(on=True)
    opened = await house.entries()
    house.shelves = [item("a", 2), item("b", 7, w1=2, w2=5), item("c", 1) | {"sku": None}]
    await house.world.next_sync()

    fresh = [one for one in await house.entries() if one not in opened]
    named = ("inventory_item_id", "warehouse_id", "quantity", "reason")
    assert {tuple(one[name] for name in named) for one in fresh} == {
        ("a", None, -3, None), ("b", "w1", -1, None), ("b", "w2", 1, None), ("c", None, 1, "opening stock")
    }  # fmt: skip
    assert {one["sku"] for one in fresh} == {"sku-a", "sku-b", ""}
    events = await house.world.events(house.connection, "inventory_ledger.created")
    assert sorted((one["data"] for one in events), key=lambda one: one["id"]) == fresh

    await house.world.next_sync()
    assert len(await house.entries()) == len(opened) + 4


async def test_what_is_gone_leaves_no_stock_and_what_comes_back_brings_it(house: House):
    house.shelves = [item("a", 5), item("b", 1)]
    await house.world.work()
    await house.switch(on=True)
    house.shelves = [item("b", 1)]
    await house.world.next_sync()
    assert [(one["quantity"], one["reason"]) for one in await house.entries()][-1] == (-5, "the item is gone")
    assert await house.is_balanced()
    house.shelves = [item("a", 4), item("b", 1)]
    await house.world.next_sync()
    assert [one["quantity"] for one in await house.entries()][-1] == 4
    assert await house.is_balanced()


async def test_entries_can_be_filtered_by_merchant_although_none_shows_one(house: House):
    house.shelves = [item("a", 5) | {"customer": "m1"}, item("b", 7) | {"customer": "m2"}]
    await house.world.work()
    await house.switch(on=True)
    found = await house.entries(warehouse_customer_id="m2")
    assert [one["inventory_item_id"] for one in found] == ["b"]


@pytest.mark.parametrize("seed", range(4))
async def test_entries_add_up_to_the_stock_of_every_item_and_warehouse_as_of_every_moment(
    seed: int, house: House, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(opening, "AT_ONCE", 2)
    chance = random.Random(seed)
    is_on, since_on = False, []
    for step in range(14):
        if step in (2, 7, 9):
            is_on = not is_on
            await house.switch(on=is_on)
            if is_on:
                assert await house.is_balanced()
        house.shelves = [any_item(chance, name) for name in "abcde" if chance.random() < 0.8]
        await house.world.next_sync()
        if is_on:
            since_on.append(house.caller.now())
    assert len(since_on) == 10
    assert len(await house.entries()) > 20
    for moment in since_on:
        assert await house.is_balanced(as_of=moment), moment


def any_item(chance: random.Random, name: str) -> Raw:
    """Stock in all, by warehouse, or by warehouse with some that is in none."""
    places = {place: chance.randrange(6) for place in ("w1", "w2", "w3") if chance.random() < 0.4}
    return item(name, chance.choice([0, sum(places.values()), chance.randrange(20)]), **places)


# Beside other things that happen


async def test_stock_that_a_run_stores_while_the_ledger_is_switched_on_is_not_missed(house: House):
    house.shelves = [item("a", 5)]
    await house.world.work()
    database, begun, go_on = house.world.services.database, asyncio.Event(), asyncio.Event()

    async def slowly(_transaction: Transaction, _outcome: Outcome) -> None:
        begun.set()
        await go_on.wait()

    # Of a connection as it was read before: it does not know that the ledger is wanted.
    target = Target(house.connection, INVENTORY, "sync")
    said = [Incoming(one["id"], inventory_item(one), None) for one in (item("a", 9), item("b", 2))]
    storing = asyncio.create_task(commit(database, target, said, house.world.clock(), slowly))
    await begun.wait()
    switching = asyncio.create_task(house.switch(on=True))
    await asyncio.wait({switching}, timeout=0.2)
    assert not switching.done()
    go_on.set()
    await asyncio.gather(storing, switching)

    assert await house.is_balanced()
    assert sorted(one["quantity"] for one in await house.entries()) == [2, 9]


async def test_entries_of_the_system_itself_never_stand_beside_derived_ones(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    house.shelves = [item("a", 5), item("b", 7)]
    await house.world.work()
    await house.switch(on=True)
    derived, then = await house.entries(), house.caller.now()
    house.world.clock.pass_seconds(60)
    # A new version of the integration reads the vendor's own ledger.
    known(monkeypatch, stocking("get_inventory", "get_inventory_ledger"))
    own = {
        "id": "e-1", "created_date": then, "updated_date": then, "entry_date": then, "inventory_item_id": "a",
        "sku": "s", "quantity": 5, "raw_event_type": "received", "event_type": "inbound_receipt",
    }  # fmt: skip

    async def nothing(_transaction: Transaction, _outcome: Outcome) -> None:
        pass

    target = Target(house.connection, INVENTORY_LEDGER, "sync")
    database = house.world.services.database
    await commit(database, target, [Incoming("e-1", own, None)], house.world.clock(), nothing)

    assert [one["id"] for one in await house.entries()] == ["e-1"]
    assert await house.entries(as_of=then) == derived
    assert await house.world.events(house.connection, "inventory_ledger.deleted") == []
    house.shelves = [item("a", 6)]
    await house.world.next_sync()
    assert [one["id"] for one in await house.entries()] == ["e-1"]


async def test_the_command_line_switches_it_on_and_opens_every_ledger(
    house: House, capsys: pytest.CaptureFixture[str]
):
    house.shelves = [item("a", 5)]
    await house.world.work()

    async def change(**wanted: Any) -> bool:
        capsys.readouterr()
        change = tenants.Change(**({"lookback_days": None, "disabled": None, "reset": False} | wanted))
        settings = house.world.services.settings
        await tenants.change(settings, change, pick=lambda known: known[0].id, as_json=True)
        shown: bool = json.loads(capsys.readouterr().out)["derived_ledger"]
        return shown

    assert await change(derived_ledger=True) is True
    assert [one["quantity"] for one in await house.entries()] == [5]
    assert await change(derived_ledger=None) is True
    assert await change(derived_ledger=None, reset=True) is False
    assert await change(derived_ledger=True) is True
    assert await change(derived_ledger=False) is False


# The pure part


@pytest.mark.parametrize(
    ("onhand", "places", "expected"),
    [
        (5, {}, {None: 5}),
        (0, {}, {None: 0}),
        (7, {"w1": 3, "w2": 4}, {"w1": 3, "w2": 4}),
        (9, {"w1": 3, "w2": 4}, {"w1": 3, "w2": 4, None: 2}),
        (5, {"w1": 7}, {"w1": 7, None: -2}),
    ],
)
def test_stock_by_warehouse_is_together_what_is_on_hand(onhand: int, places: dict, expected: dict):
    by_place = {place: {"onhand": units} for place, units in places.items()}
    found = stock({"onhand": onhand, "inventory_by_warehouse_id": by_place})
    assert found == expected
    assert sum(found.values()) == onhand


def test_only_what_differs_is_entered():
    assert difference({None: 5, "w1": 2}, {"w1": 2, "w2": 3}) == {None: -5, "w2": 3}
    assert difference({}, {None: 0}) == {}


def test_entries_have_ids_of_their_own_in_the_order_of_time():
    keys = [("a", None, 1), ("a", "w", 1), ("a", None, 2), ("aw", None, 1), ("a", "", 1), ("b", None, 1)]
    ids = [entry_id(*key, now_ms) for now_ms in (999, 1_770_000_000_000) for key in keys]
    assert len(set(ids)) == len(ids)
    assert max(ids[: len(keys)]) < min(ids[len(keys) :])
