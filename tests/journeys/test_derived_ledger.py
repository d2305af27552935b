"""A ledger of stock for a system that keeps none: its entries add up to the stock, at every moment."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from crossdock.changes.commit import Changes, commit, store_changes
from crossdock.changes.derived_ledger import opening
from crossdock.changes.derived_ledger.ledger import difference, entry_id, stock
from crossdock.changes.derived_ledger.opening import open_ledger
from crossdock.changes.plan import Incoming, Target
from crossdock.connections.organizations import OrganizationChange, change_organization
from crossdock.kit import registry
from crossdock.kit.contract import Fields, Page, Raw, Walk
from crossdock.kit.manifest import FunctionNames
from crossdock.kit.registry import Integration
from crossdock.kit.values import timestamp, whole
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.store.connections import access
from crossdock.store.connections.access import OrganizationChoices
from crossdock.store.connections.connections import ConnectionRow
from tests.fakes import fake_wms
from tests.fakes.fake_wms import fake_integration
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
    positions = {key: {"onhand": whole(units)} for key, units in raw["places"].items()}
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
        "inventory_by_warehouse_id": positions,
    }


class StockIntegration(Integration):
    """The fake warehouse with stock; its own ledger is never asked for."""

    def module(self, name: str) -> Any:
        return {
            "client": SimpleNamespace(Client=StockClient),
            "read": SimpleNamespace(__name__="stock.read", inventory_item=inventory_item),
        }[name]


def stocking(*functions: str) -> Integration:
    manifest = msgspec.structs.replace(
        fake_integration().manifest, functions=FunctionNames(read=[*functions], snapshot=["get_inventory"])
    )
    return StockIntegration("stocking", Path(fake_wms.__file__).parent, manifest, fake_wms.__name__)


def known(monkeypatch: pytest.MonkeyPatch, integration: Integration) -> None:
    everything = {**registry.all_integrations(), ("wms", integration.slug): integration}
    monkeypatch.setattr(registry, "all_integrations", lambda: everything)


def item(name: str, units: int, **options: int) -> Raw:
    return {
        "id": name,
        "sku": f"sku-{name}",
        "units": units,
        "places": options,
        "updated_at": "2026-02-01T00:00:00Z",
    }


@dataclass
class House:
    """A world with a connection to that warehouse."""

    world: World
    caller: Caller
    connection: ConnectionRow

    @property
    def shelves(self) -> list[Raw]:
        return self.world.vendor.collections["stock"]

    @shelves.setter
    def shelves(self, items: list[Raw]) -> None:
        self.world.vendor.collections["stock"] = items

    async def switch(self, *, on: bool) -> None:
        """What `crossdock organizations set --derived-ledger` does, on the world's clock."""
        database = self.world.services.database
        chosen = OrganizationChoices(derived_ledger=on)
        await access.change_organization(database, self.world.organization, chosen, 1)
        await open_ledger(database, self.connection, self.world.clock)

    async def entries(self, **query: str) -> list[dict[str, Any]]:
        response = await self.caller.get(self.connection, LEDGER, **query)
        assert response.status_code == 200, response.text
        data: list[dict[str, Any]] = response.json()["data"]
        return data

    async def is_balanced(self, **query: str) -> bool:
        """Whether the entries add up to the stock: of every item, and of every item in every warehouse."""
        items = (await self.caller.get(self.connection, "/wms/inventory", **query)).json()["data"]
        whole_stock = Counter({current_item["id"]: current_item["onhand"] for current_item in items})
        by_place = {
            (current_item["id"], key): units["onhand"]
            for current_item in items
            for key, units in current_item["inventory_by_warehouse_id"].items()
        }
        entered: Counter[str] = Counter()
        entered_by_place: Counter[tuple[str, str]] = Counter()
        for entry in await self.entries(**query):
            entered[entry["inventory_item_id"]] += entry["quantity"]
            if entry["warehouse_id"] is not None:
                entered_by_place[entry["inventory_item_id"], entry["warehouse_id"]] += entry["quantity"]
        return _without_zeros(entered) == _without_zeros(whole_stock) and _without_zeros(
            entered_by_place
        ) == _without_zeros(by_place)


def _without_zeros(found_stock: Any) -> dict[Any, int]:
    return {key: units for key, units in found_stock.items() if units}


@pytest.fixture
async def house(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Connected, not yet synced, its ledger not switched on."""
    known(monkeypatch, stocking("get_inventory"))
    world.vendor.collections["stock"] = []
    integration = registry.get_integration("wms", "stocking")
    fields = {"url": world.vendor.url, "token": TOKEN}
    connection, _ = await world.services.connector.connect(world.organization, integration, fields)
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
    assert "GET /inventory/ledger" in shown["data"]["available_endpoints"]

    await house.switch(on=False)
    assert (await house.caller.get(house.connection, LEDGER)).status_code == 501
    async with calling(with_settings(house.world, disabled_functions="get_inventory_ledger")) as caller:
        await house.switch(on=True)
        assert (await caller.get(house.connection, LEDGER)).status_code == 403


async def actions(house: House) -> list[str]:
    response = await house.caller.get(house.connection, f"/connections/{house.connection.uid}")
    listed: list[str] = response.json()["data"]["available_actions"]
    return listed


async def test_switching_it_on_enters_the_stock_that_is_there_and_tells_nobody(house: House):
    house.shelves = [item("a", 5), item("b", 0), item("c", 7, w1=3, w2=4)]
    await house.world.work()
    texts = await house.world.told(house.connection)
    await house.switch(on=True)

    now = house.caller.now()
    entered = {(entry["inventory_item_id"], entry["warehouse_id"]): entry for entry in await house.entries()}
    assert {key: entry["quantity"] for key, entry in entered.items()} == {
        ("a", None): 5, ("c", "w1"): 3, ("c", "w2"): 4,
    }  # fmt: skip
    fields = entered["a", None]
    assert fields.pop("id").startswith("derived:")
    assert fields == {
        "created_date": now, "updated_date": now, "entry_date": now, "inventory_item_id": "a", "sku": "sku-a",
        "quantity": 5, "raw_event_type": "derived", "event_type": "adjustment", "reason": "opening stock",
        "object_id": None, "object_type": None, "warehouse_id": None, "location_id": None,
        "additional_fields": {}, "trackstar_created_date": now, "trackstar_updated_date": now,
    }  # fmt: skip
    assert await house.world.told(house.connection) == texts
    await house.switch(on=True)
    assert len(await house.entries()) == 3


async def test_each_change_of_stock_is_an_entry_with_its_event_in_the_transaction_of_the_change(house: House):
    house.shelves = [item("a", 5), item("b", 7, w1=3, w2=4)]
    await house.world.work()
    await house.switch(on=True)
    opened = await house.entries()
    house.shelves = [item("a", 2), item("b", 7, w1=2, w2=5), item("c", 1) | {"sku": None}]
    await house.world.next_sync()

    fresh = [entry for entry in await house.entries() if entry not in opened]
    named = ("inventory_item_id", "warehouse_id", "quantity", "reason")
    assert {tuple(entry[name] for name in named) for entry in fresh} == {
        ("a", None, -3, None), ("b", "w1", -1, None), ("b", "w2", 1, None), ("c", None, 1, "opening stock")
    }  # fmt: skip
    assert {entry["sku"] for entry in fresh} == {"sku-a", "sku-b", ""}
    events = await house.world.events(house.connection, "inventory_ledger.created")
    assert sorted((event["data"] for event in events), key=lambda data: data["id"]) == fresh

    await house.world.next_sync()
    assert len(await house.entries()) == len(opened) + 4


async def test_what_is_gone_leaves_no_stock_and_what_comes_back_brings_it(house: House):
    house.shelves = [item("a", 5), item("b", 1)]
    await house.world.work()
    await house.switch(on=True)
    house.shelves = [item("b", 1)]
    await house.world.next_sync()
    assert [(entry["quantity"], entry["reason"]) for entry in await house.entries()][-1] == (
        -5,
        "the item is gone",
    )
    assert await house.is_balanced()
    house.shelves = [item("a", 4), item("b", 1)]
    await house.world.next_sync()
    assert [entry["quantity"] for entry in await house.entries()][-1] == 4
    assert await house.is_balanced()


async def test_entries_can_be_filtered_by_merchant_although_none_shows_one(house: House):
    house.shelves = [item("a", 5) | {"customer": "m1"}, item("b", 7) | {"customer": "m2"}]
    await house.world.work()
    await house.switch(on=True)
    entries = await house.entries(warehouse_customer_id="m2")
    assert [entry["inventory_item_id"] for entry in entries] == ["b"]


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
    positions = {position: chance.randrange(6) for position in ("w1", "w2", "w3") if chance.random() < 0.4}
    return item(name, chance.choice([0, sum(positions.values()), chance.randrange(20)]), **positions)


# Beside other things that happen


async def test_stock_that_a_run_stores_while_the_ledger_is_switched_on_is_not_missed(house: House):
    house.shelves = [item("a", 5)]
    await house.world.work()
    database, begun, go_on = house.world.services.database, asyncio.Event(), asyncio.Event()

    # Of a connection as it was read before: it does not know that the ledger is wanted.
    target = Target(house.connection, INVENTORY, "sync")
    incoming_items = [
        Incoming(entry["id"], inventory_item(entry), None) for entry in (item("a", 9), item("b", 2))
    ]

    async def store_slowly() -> None:
        async with database.transaction() as transaction:
            await store_changes(transaction, target, Changes(incoming_items), house.world.clock())
            begun.set()
            await go_on.wait()

    storing = asyncio.create_task(store_slowly())
    await begun.wait()
    switching = asyncio.create_task(house.switch(on=True))
    await asyncio.wait({switching}, timeout=0.2)
    assert not switching.done()
    go_on.set()
    await asyncio.gather(storing, switching)

    assert await house.is_balanced()
    assert sorted(entry["quantity"] for entry in await house.entries()) == [2, 9]


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
    own_fields = {
        "id": "e-1", "created_date": then, "updated_date": then, "entry_date": then, "inventory_item_id": "a",
        "sku": "s", "quantity": 5, "raw_event_type": "received", "event_type": "inbound_receipt",
    }  # fmt: skip

    target = Target(house.connection, INVENTORY_LEDGER, "sync")
    database = house.world.services.database
    await commit(database, target, Changes([Incoming("e-1", own_fields, None)]), house.world.clock())

    assert [entry["id"] for entry in await house.entries()] == ["e-1"]
    assert await house.entries(as_of=then) == derived
    assert await house.world.events(house.connection, "inventory_ledger.deleted") == []
    house.shelves = [item("a", 6)]
    await house.world.next_sync()
    assert [entry["id"] for entry in await house.entries()] == ["e-1"]


async def test_switching_it_on_for_an_organization_opens_every_ledger(house: House):
    house.shelves = [item("a", 5)]
    await house.world.work()

    async def change(**fields: Any) -> bool:
        database, clock = house.world.services.database, house.world.clock
        organization = await change_organization(database, None, OrganizationChange(**fields), clock)
        return organization.derived_ledger

    assert await change(derived_ledger=True) is True
    assert [entry["quantity"] for entry in await house.entries()] == [5]
    assert await change(derived_ledger=None) is True
    assert await change(derived_ledger=None, reset=True) is False
    assert await change(derived_ledger=True) is True
    assert await change(derived_ledger=False) is False


# The pure part


@pytest.mark.parametrize(
    ("onhand", "positions", "expected"),
    [
        (5, {}, {None: 5}),
        (0, {}, {None: 0}),
        (7, {"w1": 3, "w2": 4}, {"w1": 3, "w2": 4}),
        (9, {"w1": 3, "w2": 4}, {"w1": 3, "w2": 4, None: 2}),
        (5, {"w1": 7}, {"w1": 7, None: -2}),
    ],
)
def test_stock_by_warehouse_is_together_what_is_on_hand(onhand: int, positions: dict, expected: dict):
    by_place = {key: {"onhand": units} for key, units in positions.items()}
    fields = stock({"onhand": onhand, "inventory_by_warehouse_id": by_place})
    assert fields == expected
    assert sum(fields.values()) == onhand


def test_only_what_differs_is_entered():
    assert difference({None: 5, "w1": 2}, {"w1": 2, "w2": 3}) == {None: -5, "w2": 3}
    assert difference({}, {None: 0}) == {}


def test_entries_have_ids_of_their_own_in_the_order_of_time():
    keys = [("a", None, 1), ("a", "w", 1), ("a", None, 2), ("aw", None, 1), ("a", "", 1), ("b", None, 1)]
    ids = [entry_id(*key, now_ms) for now_ms in (999, 1_770_000_000_000) for key in keys]
    assert len(set(ids)) == len(ids)
    assert max(ids[: len(keys)]) < min(ids[len(keys) :])
