"""The events API below /deconetwork: any ledger, as programs for DecoNetwork's API read it."""

import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crossdock.changes import numbered_events
from crossdock.changes.commit import Changes, commit
from crossdock.changes.numbered_events import FIRST_GIVEN
from crossdock.changes.plan import Incoming, Target
from crossdock.connections import disconnect, reset
from crossdock.kit import registry
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.services.application import application
from crossdock.store.connections import connections
from crossdock.store.connections.connections import ConnectionRow
from tests.journeys.conftest import World, with_settings

Json = dict[str, Any]
BEGIN = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
EVER = {"field": "1", "condition": "6", "date1": "2000-01-01T00:00:00"}
TABLES = ("numbered_ledgers", "numbered_items", "numbered_events")


def iso(second: int) -> str:
    return datetime.fromtimestamp(BEGIN + second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def entry(entry_id: str, second: int, item: str, quantity: int, **fields: Any) -> Json:
    date = iso(second) + "Z"
    return {
        "id": entry_id, "created_date": date, "updated_date": date, "entry_date": date,
        "inventory_item_id": item, "sku": item, "quantity": quantity, "event_type": "adjustment",
    } | fields  # fmt: skip


def stock(item: str, units: int) -> Json:
    date = iso(0) + "Z"
    counts = dict.fromkeys(("awaiting", "committed", "unfulfillable", "fulfillable", "sellable"), 0)
    return {
        "id": item, "created_date": date, "updated_date": date, "name": item, "sku": item, "active": True,
        "onhand": units, **counts,
    }  # fmt: skip


@dataclass
class Reader:
    """Who reads a connection's ledger, as a program for that API does."""

    world: World
    http: httpx.AsyncClient
    connection: ConnectionRow
    token: str

    @property
    def path(self) -> str:
        return f"/deconetwork/{self.connection.uid}/api/json/manage_inventory_events/find"

    async def ask(self, params: Mapping[str, str], method: str = "POST", **changes: Any) -> httpx.Response:
        pair = {"username": self.connection.uid, "password": self.token} | changes
        if method == "POST":
            return await self.http.post(self.path, data={**params, **pair})
        return await self.http.get(self.path, params={**params, **pair})

    async def found(self, params: Mapping[str, str] = EVER, **more: str) -> tuple[list[Json], int]:
        answer = (await self.ask({**params, **more})).json()
        assert answer["response_status"] == {"code": 10001, "severity": "SUCCESS", "description": ""}
        return answer["inventory_events"], answer["total"]

    async def everything(self) -> list[Json]:
        """All events, page by page."""
        events: list[Json] = []
        while True:
            page, total = await self.found(limit="7", offset=str(len(events)))
            events += page
            if len(events) == total:
                return events

    async def store(self, resource: Resource, *records: Json, deleted: tuple[str, ...] = ()) -> None:
        incoming = [Incoming(record["id"], record, None) for record in records]
        target = Target(self.connection, resource, "sync")
        outcome = await commit(
            self.world.services.database, target, Changes(incoming, deleted), self.world.clock()
        )
        assert not outcome.refused

    async def rows(self) -> dict[str, int]:
        counts = {}
        for table in TABLES:
            sql = f"SELECT count(*) FROM {table} WHERE connection_id = ?"
            counts[table] = (await self.world.services.database.fetch(sql, self.connection.id))[0][0]
        return counts


@asynccontextmanager
async def reading(
    world: World, connection: ConnectionRow | None = None, *, per_second: int = 0
) -> AsyncIterator[Reader]:
    services = with_settings(world, reads_per_second=per_second).services
    if connection is None:
        integration = registry.get_integration("wms", "sandbox")
        connection, _ = await services.connector.connect(world.organization, integration, {})
        await world.change_connection(connection, enabled_functions="*")
    token = await connections.token(services.database, services.vault, connection)
    transport = httpx.ASGITransport(app=application(services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        yield Reader(world, http, connection, token)


@pytest.fixture
async def reader(world: World) -> AsyncIterator[Reader]:
    async with reading(world) as opened:
        yield opened


# What is shown


async def test_an_event_shows_the_level_before_and_after_and_ends_at_what_the_stock_shows(reader: Reader):
    await reader.store(INVENTORY, stock("13_691", 8))
    await reader.store(
        INVENTORY_LEDGER,
        entry("e1", 10, "13_691", 5, event_type="inbound_receipt", object_id="PO-7",
              object_type="inbound_shipment"),
        entry("e2", 20, "13_691", -2, event_type="order_shipment", object_id="SO-1", object_type="order"),
    )  # fmt: skip
    common = {
        "product_id": 13, "dn_sku_id": "13_691", "inventory_id": FIRST_GIVEN, "po_line_id": None,
        "user": None,
    }  # fmt: skip
    assert await reader.found() == (
        [
            common
            | {"created_at": iso(10), "change_type": 4, "po_number": "PO-7", "old_qty": 5, "new_qty": 10},
            common
            | {"created_at": iso(20), "change_type": 103, "po_number": None, "old_qty": 10, "new_qty": 8},
        ],
        2,
    )


async def test_an_item_without_stock_that_is_known_begins_at_nothing(reader: Reader):
    await reader.store(INVENTORY_LEDGER, entry("e1", 10, "x", 5), entry("e2", 20, "x", -2))
    events, _ = await reader.found()
    assert [(event["old_qty"], event["new_qty"]) for event in events] == [(0, 5), (5, 3)]


async def test_numbers_are_the_items_own_where_they_fit_and_else_given_for_ever(reader: Reader):
    names = ["7", "007", "13_691", "2000000000", "99999999999", "-3", "Größe 😀", "x", "1.5"]
    entries = [entry(f"e{number}", number, name, 1) for number, name in enumerate(names)]
    await reader.store(INVENTORY_LEDGER, *entries)
    events, _ = await reader.found()
    numbers = {event["dn_sku_id"]: event["inventory_id"] for event in events}
    assert len({*numbers.values()}) == len(names)
    assert numbers["7"] == 7
    assert all(number >= FIRST_GIVEN for name, number in numbers.items() if name != "7")
    assert {event["dn_sku_id"]: event["product_id"] for event in events} == numbers | {"13_691": 13}
    await reader.store(INVENTORY_LEDGER, *(entry(f"a{n}", n, f"a{n}", 1) for n in range(20)))
    await reset.reset_connection(
        reader.world.services.database, reader.world.services.vault, reader.connection, {}, 0
    )
    await reader.store(INVENTORY_LEDGER, *reversed(entries))
    again, _ = await reader.found()
    assert {event["dn_sku_id"]: event["inventory_id"] for event in again} == numbers


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_searches_by_date_and_number_in_either_method_and_order(reader: Reader, method: str):
    names = ("30", "10", "20")
    entries = [entry(f"e{n}", n, name, 1) for n, name in enumerate(itertools.chain(names, names))]
    await reader.store(INVENTORY_LEDGER, *entries)

    async def seconds(**params: str) -> list[int]:
        answer = (await reader.ask(params, method)).json()
        dates = [datetime.fromisoformat(row["created_at"] + "Z") for row in answer["inventory_events"]]
        return [int(date.timestamp()) - BEGIN for date in dates]

    assert await seconds(field="1", condition="4", date1=iso(3)) == [4, 5]
    assert await seconds(field="1", condition="7", date1=iso(1), date2=iso(3)) == [1, 2, 3]
    assert await seconds(field="2", condition="1", number1="10") == [1, 4]
    assert await seconds(field="2", condition="2", number1="10", sortby="2") == [2, 5, 0, 3]
    assert await seconds(field="2", condition="6", number1="20", limit="2", offset="1") == [2, 3]
    both = {
        "conditions[1][field]": "2", "conditions[1][condition]": "1", "conditions[1][number1]": "20",
        "conditions[2][field]": "1", "conditions[2][condition]": "3", "conditions[2][date1]": iso(5),
    }  # fmt: skip
    assert await seconds(**both) == [2]
    assert await seconds(**both, limit="0") == []
    assert (await reader.found(both, limit="0"))[1] == 1
    assert await seconds(**both, offset="900") == []


# Against an oracle


@dataclass
class Oracle:
    """A ledger in plain Python."""

    entries: dict[str, Json] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)

    def events(self) -> list[tuple[str, str, int, int]]:
        in_order = sorted(self.entries.values(), key=lambda one: (one["entry_date"], one["id"]))
        totals: Counter[str] = Counter()
        for part in in_order:
            totals[part["inventory_item_id"]] += part["quantity"]
        levels = {item: self.stock.get(item, total) - total for item, total in totals.items()}
        shown = []
        for part in in_order:
            item, quantity = part["inventory_item_id"], part["quantity"]
            shown.append((part["entry_date"][:-1], item, levels[item], levels[item] + quantity))
            levels[item] += quantity
        return shown


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happens_to_a_ledger_its_events_are_those_of_its_entries(
    reader: Reader, seed: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(numbered_events, "AT_ONCE", 5)
    monkeypatch.setattr(numbered_events, "ITEMS_AT_ONCE", 2)
    chance, oracle, serial = random.Random(seed), Oracle(), itertools.count(1)
    names = [f"item-{number}" for number in range(5)]

    def made(entry_id: str) -> Json:
        return entry(entry_id, chance.randrange(30), chance.choice(names), chance.randrange(-9, 10))

    async def step() -> None:
        fresh = [made(f"{chance.randrange(99):02}-{next(serial)}") for _ in range(chance.randrange(6))]
        some = chance.sample(sorted(oracle.entries), min(len(oracle.entries), 2))
        changed = [made(entry_id) for entry_id in some[: chance.randrange(2)]]
        gone = tuple({*some[1 : 1 + chance.randrange(2)]} - {part["id"] for part in changed})
        await reader.store(INVENTORY_LEDGER, *fresh, *changed, deleted=gone)
        oracle.entries |= {part["id"]: part for part in (*fresh, *changed)}
        for entry_id in gone:
            del oracle.entries[entry_id]
        if chance.random() < 0.3:
            item = chance.choice(names)
            oracle.stock[item] = chance.randrange(50)
            await reader.store(INVENTORY, stock(item, oracle.stock[item]))

    for _ in range(4):
        await step()
    assert (await reader.rows())["numbered_ledgers"] == 0, "nobody has asked yet"
    database, connection_id = reader.world.services.database, reader.connection.id
    while not await numbered_events.open_further(database, connection_id):
        await step()  # entries come while it is being numbered
    for _ in range(6):
        shown = [
            (event["created_at"], event["dn_sku_id"], event["old_qty"], event["new_qty"])
            for event in await reader.everything()
        ]
        assert shown == oracle.events()
        await step()


async def test_nothing_of_it_is_left_of_a_connection_that_is_deleted(world: World, reader: Reader):
    await reader.store(INVENTORY_LEDGER, entry("e1", 1, "x", 5))
    await reader.found()
    assert await reader.rows() == {"numbered_ledgers": 1, "numbered_items": 1, "numbered_events": 1}
    await disconnect.disconnect(world.services.database, reader.connection, world.clock())
    await world.work()
    assert await reader.rows() == dict.fromkeys(TABLES, 0)
