"""GET /events: what happened, in order, for those who ask. A reader misses nothing and gets nothing twice."""

import asyncio
import json
import random
from dataclasses import replace
from typing import Any

import httpx
import pytest

from crossdock.changes.events import Subject, connection_event, record_event
from crossdock.store import access, connections, events, feed, retention
from crossdock.store.connections import Connection
from crossdock.store.engine import Database
from crossdock.store.events import EventRow
from crossdock.store.feed import Wanted
from crossdock.store.ids import new_id
from tests.journeys.server import Organization, Server

Json = dict[str, Any]

pytestmark = pytest.mark.made_up_events


def page(organization: Organization, kind: str | None = None, /, **query: str) -> Json:
    """A page of the feed: of the organization, or with a token of one connection."""
    answer = organization.get("/events", kind, **query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def walk(organization: Organization, kind: str | None = None, /, **query: str) -> list[Json]:
    """All pages, until nothing is newer."""
    found: list[Json] = []
    while True:
        answer = page(organization, kind, **query)
        found += answer["data"]
        assert answer["total_count"] == len(answer["data"])
        if answer["next"] == query.get("after"):
            return found
        query["after"] = answer["next"]


def stored(server: Server, organization: Organization) -> list[tuple[str, str, bytes]]:
    """(id, type, body) of an organization's events, as they are stored."""
    look = server.services.database.fetch(
        "SELECT id, type, body FROM events WHERE organization_id = ? ORDER BY seq", organization.id
    )
    return [(row[0], row[1], bytes(row[2])) for row in server.do(look)]


def put(server: Server, organization: Organization, kind: str, *types: str) -> list[str]:
    """Stores events about a record of the connection of a type; their ids."""

    async def store() -> list[str]:
        database, now = server.services.database, server.services.clock()
        one = await connections.by_uid(database, organization.uids[kind], organization.id)
        assert one is not None
        subject = Subject(f"{kind}_orders", "o-1", b'{"id":"o-1"}')
        rows = [record_event(one, name, subject, now) for name in types]
        async with database.transaction() as transaction:
            await events.add(transaction, rows)
        return [row.id for row in rows]

    return server.do(store())


@pytest.fixture(scope="module")
def shop(server: Server) -> Organization:
    """An organization with a shop and a carrier whose first syncs are done, and an order since."""
    made = server.organization("cart", "carrier")
    ordered = made.ask("POST", "/sandbox/simulate/cart/orders", None, json={})
    assert ordered.status_code == 200, ordered.text
    made.ask("POST", "/connections/sync", "cart", json={"functions_to_sync": ["get_orders"]})
    made.wait_for_sync("cart")
    return made


def test_p03_the_feed_has_every_event_with_the_id_and_the_body_that_webhooks_send(
    server: Server, shop: Organization
):
    told = page(shop)["data"]
    kept = stored(server, shop)
    assert [(one["id"], one["type"]) for one in told] == [(one[0], one[1]) for one in kept]
    assert {"connection.created", "connection.historical-sync-completed", "cart-order.created"} <= {
        one["type"] for one in told
    }
    text = shop.get("/events", None).content
    for event_id, name, body in kept:
        if name not in ("connection.created", "carrier-file.created"):  # those are encrypted
            assert b'"body":' + body + b"}" in text, event_id


def test_the_event_that_tells_an_access_token_is_readable_in_the_feed_and_nowhere_else(
    server: Server, shop: Organization
):
    created = {one["connection_id"]: one["body"] for one in page(shop, type="connection.created")["data"]}
    for kind in ("cart", "carrier"):
        assert created[shop.uids[kind]]["data"]["access_token"] == shop.tokens[kind]
    assert not any(
        token.encode() in body for _, _, body in stored(server, shop) for token in shop.tokens.values()
    )


@pytest.mark.parametrize("limit", ["1", "2", "5"])
def test_pages_of_any_size_are_the_same_feed(shop: Organization, limit: str):
    assert walk(shop, limit=limit) == page(shop)["data"]


def test_with_an_access_token_only_its_connection_is_told(shop: Organization):
    everything = page(shop)["data"]
    for kind in ("cart", "carrier"):
        own = [one for one in everything if one["connection_id"] == shop.uids[kind]]
        assert own
        assert walk(shop, kind) == own == walk(shop, kind, limit="1")


def test_a_reader_at_the_end_gets_what_comes_next_and_only_that(server: Server, shop: Organization):
    end = page(shop)["next"]
    assert page(shop, after=end) == {"data": [], "next": end, "total_count": 0}
    made = put(server, shop, "cart", "cart-order.updated", "cart-order.created")
    news = page(shop, after=end)
    assert [one["id"] for one in news["data"]] == made
    assert page(shop, after=news["next"])["data"] == []


@pytest.mark.parametrize("kind", [None, "cart"])
def test_a_reader_of_only_what_comes_begins_at_the_latest(
    server: Server, shop: Organization, kind: str | None
):
    end = page(shop, kind, after="latest")
    assert end == {"data": [], "next": page(shop)["next"], "total_count": 0}
    made = put(server, shop, "cart", "cart-order.updated")
    assert [one["id"] for one in page(shop, kind, after=end["next"])["data"]] == made


def test_the_latest_is_a_place_before_anything_happened_too(server: Server):
    nobody = server.organization()
    end = page(nobody, after="latest")
    assert (end["data"], end["next"][:6]) == ([], "start_")
    assert page(nobody, after=end["next"])["data"] == []


def test_any_event_is_a_place_to_go_on_from_so_a_webhook_is_too(shop: Organization):
    everything = page(shop)["data"]
    for place, one in enumerate(everything):
        assert page(shop, after=one["id"])["data"] == everything[place + 1 :]


@pytest.mark.parametrize(
    "query",
    [
        "type=connection.created&type=cart-order.created",
        "type=connection.created,cart-order.created",
    ],
)
def test_types_are_given_as_a_list_or_repeated(shop: Organization, query: str):
    wanted = {"connection.created", "cart-order.created"}
    answer = httpx.get(f"{shop.url}/events?{query}", headers=shop.headers())
    expected = [one for one in page(shop)["data"] if one["type"] in wanted]
    assert len(expected) >= 3
    assert answer.json()["data"] == expected


def test_that_a_record_is_gone_is_told_only_to_those_who_name_it(server: Server, shop: Organization):
    end = page(shop)["next"]
    put(server, shop, "cart", "cart-order.deleted", "cart-order.updated", "cart-product.deleted")
    assert [one["type"] for one in page(shop, after=end)["data"]] == ["cart-order.updated"]
    named = page(shop, after=end, type="cart-order.deleted")["data"]
    assert [one["type"] for one in named] == ["cart-order.deleted"]


def test_a_reader_of_few_types_moves_along_with_everything_else(server: Server, shop: Organization):
    end = page(shop)["next"]
    [last] = put(server, shop, "carrier", "carrier-invoice-line-item.created")
    assert page(shop, after=end, type="connection.deleted") == {"data": [], "next": last, "total_count": 0}
    assert page(shop, "cart", after=end) == {"data": [], "next": last, "total_count": 0}


def test_an_organization_that_nothing_happened_in_has_a_place_too(server: Server):
    fresh = server.organization()
    empty = page(fresh)
    assert empty["data"] == []
    assert page(fresh, after=empty["next"])["next"] == empty["next"]
    fresh.add_sandbox("carrier")
    told = page(fresh, after=empty["next"])["data"]
    assert told[0]["type"] == "connection.created"
    assert told == page(fresh)["data"]


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({"after": "last-week"}, "after", "neither the id of an event"),
        ({"after": ""}, "after", "is empty"),
        ({"after": 'start_"_' + "0" * 27}, "after", "neither"),
        ({"after": "msg_" + "z" * 27}, "after", "neither"),
        ({"type": "order.exploded"}, "type", "is no event; there are: connection.created"),
        ({"limit": "0"}, "limit", "whole number"),
        ({"page_token": "x"}, "page_token", "unknown parameter"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    shop: Organization, query: dict[str, str], field: str, said: str
):
    answer = shop.get("/events", None, **query)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]["query"][field][0]


def test_a_place_that_is_not_there_any_more_is_told_and_not_skipped(server: Server, shop: Organization):
    answer = shop.get("/events", None, after=new_id("msg", server.services.clock()))
    assert answer.status_code == 410
    assert answer.json()["origin"] == "trackstar"
    assert "events are kept for 90 days" in answer.json()["error"]
    now, day_ms = server.services.clock(), 86_400_000
    server.do(retention.forget_events(server.services.database, now - 90 * day_ms, 1000))
    assert page(shop, after=new_id("start", now - 89 * day_ms))["data"] == page(shop)["data"]
    assert shop.get("/events", None, after=new_id("start", now - 91 * day_ms)).status_code == 410


def test_p19_nobody_reads_another_organizations_events(server: Server, shop: Organization):
    stranger = server.organization()
    assert page(stranger)["data"] == []
    place = page(shop)["data"][0]["id"]
    theirs, nobodys = (
        stranger.get("/events", None, after=one) for one in (place, new_id("msg", server.services.clock()))
    )
    assert theirs.status_code == nobodys.status_code == 410
    assert theirs.json()["error"].replace(place, "") == nobodys.json()["error"].replace(
        nobodys.request.url.params["after"], ""
    )
    mixed = stranger.headers() | {"x-trackstar-access-token": shop.tokens["cart"]}
    assert httpx.get(f"{shop.url}/events", headers=mixed).status_code == 401
    assert httpx.get(f"{shop.url}/events").status_code == 401


# Commits that overlap


async def organization_of(database: Database, uid: str) -> Connection:
    """A connection, for events to belong to."""
    owner = await access.create_organization(database, "Test", 1)
    await database.execute(
        "INSERT INTO connections (uid, organization_id, type, integration, created_ms) "
        "VALUES (?, ?, 'wms', 'sandbox', 1)",
        uid, owner,
    )  # fmt: skip
    found = await connections.by_uid(database, uid, owner)
    assert found is not None
    return found


def event(one: Connection, number: int) -> EventRow:
    made = connection_event(one, "connection.created", {"number": number}, 1_770_000_000_000)
    return replace(made, id=f"msg_{one.uid}_{number}")


class Reader:
    """Polls a feed and keeps what it got."""

    def __init__(self, database: Database, one: Connection) -> None:
        self.database, self.one = database, one
        self.got: list[str] = []
        self.after = 0

    async def poll(self) -> list[str]:
        wanted = Wanted(self.one.organization_id)
        found, last = await feed.page(self.database, wanted, self.after)
        if last is not None:
            place = await feed.place(self.database, self.one.organization_id, last)
            assert place is not None
            self.after = place
        self.got += [one.id for one in found]
        return [one.id for one in found]


async def commit(database: Database, one: Connection, number: int, gate: asyncio.Event | None = None) -> None:
    """A transaction that tells of something; with a gate it has told, but not committed, until that opens."""
    async with database.transaction() as transaction:
        await events.add(transaction, [event(one, number)])
        if gate is not None:
            transaction.at_end(gate.wait)  # type: ignore[arg-type]


async def is_somebody_waiting(database: Database) -> bool:
    """Whether a transaction waits for another one's end."""
    if database.dialect == "sqlite":
        return True  # it can't even begin before the other one ends
    row = await database.fetch_one(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    )
    return row is not None and row[0] > 0


async def test_an_event_is_not_overtaken_by_one_that_was_committed_before_it(database: Database):
    one = await organization_of(database, "a")
    reader, gate = Reader(database, one), asyncio.Event()
    slow = asyncio.create_task(commit(database, one, 1, gate))
    for _ in range(20):
        await reader.poll()
    fast = asyncio.create_task(commit(database, one, 2))
    while not await is_somebody_waiting(database):
        assert not fast.done()
        assert await reader.poll() == []
    gate.set()
    await asyncio.gather(slow, fast)
    assert await reader.poll() == ["msg_a_1", "msg_a_2"]


async def test_one_organizations_slow_commit_does_not_hold_anothers(database: Database):
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer for everybody")
    one, other = await organization_of(database, "a"), await organization_of(database, "b")
    gate = asyncio.Event()
    slow = asyncio.create_task(commit(database, one, 1, gate))
    await asyncio.wait_for(commit(database, other, 1), 10)
    assert await Reader(database, other).poll() == ["msg_b_1"]
    assert not slow.done()
    gate.set()
    await slow


async def test_p01_p02_a_reader_that_polls_while_many_commit_gets_every_event_once_and_in_order(
    database: Database,
):
    one, chance = await organization_of(database, "a"), random.Random(7)
    reader = Reader(database, one)

    async def write(numbers: range) -> None:
        for number in numbers:
            with_delay = chance.randrange(6)

            async def dawdle(times: int = with_delay) -> None:
                for _ in range(times):
                    await database.fetch_one("SELECT 1")

            try:
                async with database.transaction() as transaction:
                    await events.add(transaction, [event(one, number)])
                    transaction.at_end(dawdle)
                    if number % 7 == 0:
                        raise LookupError("this one is never committed")
            except LookupError:
                continue

    writers = asyncio.gather(*(write(range(n * 20, n * 20 + 20)) for n in range(6)))
    while not writers.done():
        await reader.poll()
        await asyncio.sleep(0)
    await writers
    await reader.poll()
    rows = await database.fetch("SELECT id FROM events ORDER BY seq")
    assert reader.got == [row[0] for row in rows]
    assert sorted(reader.got) == sorted(f"msg_a_{n}" for n in range(120) if n % 7)


async def test_a_page_of_large_events_ends_early_and_loses_none(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feed, "MOST_BYTES", 1000)
    one = await organization_of(database, "a")
    large = [replace(event(one, n), body=json.dumps({"text": "x" * 400}).encode()) for n in range(7)]
    huge = replace(event(one, 7), body=json.dumps({"text": "x" * 4000}).encode())
    async with database.transaction() as transaction:
        await events.add(transaction, [*large, huge, event(one, 8)])
    reader = Reader(database, one)
    pages = [await reader.poll() for _ in range(6)]
    assert [len(one) for one in pages] == [2, 2, 2, 1, 1, 1]
    assert reader.got == [f"msg_a_{n}" for n in range(9)]


async def test_a_look_for_a_rare_type_is_bounded_and_goes_on_where_it_ended(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feed, "SCAN", 10)
    one = await organization_of(database, "a")
    rows = [event(one, n) for n in range(25)]
    rows[21] = replace(rows[21], type="connection.deleted")
    async with database.transaction() as transaction:
        await events.add(transaction, rows)
    wanted = Wanted(one.organization_id, types=("connection.deleted",))
    places, found, after = [], [], 0
    while True:
        told, last = await feed.page(database, wanted, after)
        found += [each.id for each in told]
        if last is None:
            break
        places.append(last)
        after = await feed.place(database, one.organization_id, last) or 0
    assert places == ["msg_a_9", "msg_a_19", "msg_a_24"]
    assert found == ["msg_a_21"]
