"""GET /events: what happened, in order, for those who ask. A reader misses nothing and gets nothing twice."""

import asyncio
import json
import random
from dataclasses import replace
from typing import Any

import httpx
import pytest

from crossdock.changes.events import Subject, connection_event, record_event
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database import retention
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import new_id
from crossdock.store.records import events, feed
from crossdock.store.records.events import EventRow
from crossdock.store.records.feed import FeedFilter
from tests.journeys.server import Organization, Server

Json = dict[str, Any]

pytestmark = pytest.mark.made_up_events


def page(organization: Organization, kind: str | None = None, /, **query: str) -> Json:
    """A page of the feed: of the organization, or with a token of one connection."""
    answer = organization.get("/events", kind, **query)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def walk(organization: Organization, kind: str | None = None, /, **query: str) -> list[Json]:
    """All pages, until nothing is newer."""
    walks: list[Json] = []
    while True:
        answer = page(organization, kind, **query)
        walks += answer["data"]
        assert answer["total_count"] == len(answer["data"])
        if answer["next"] == query.get("after"):
            return walks
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
        connection = await connections.by_uid(database, organization.uids[kind], organization.id)
        assert connection is not None
        subject = Subject(f"{kind}_orders", "o-1", b'{"id":"o-1"}')
        rows = [record_event(connection, name, subject, now) for name in types]
        async with database.transaction() as transaction:
            await events.add(transaction, rows)
        return [row.id for row in rows]

    return server.do(store())


@pytest.fixture(scope="module")
def shop(server: Server) -> Organization:
    """An organization with a shop and a carrier whose first syncs are done, and an order since."""
    organization = server.organization("cart", "carrier")
    ordered = organization.ask("POST", "/sandbox/simulate/cart/orders", None, json={})
    assert ordered.status_code == 200, ordered.text
    organization.ask("POST", "/connections/sync", "cart", json={"functions_to_sync": ["get_orders"]})
    organization.wait_for_sync("cart")
    return organization


def test_p03_the_feed_has_every_event_with_the_id_and_the_body_that_webhooks_send(
    server: Server, shop: Organization
):
    data = page(shop)["data"]
    kept_values = stored(server, shop)
    assert [(record["id"], record["type"]) for record in data] == [
        (value[0], value[1]) for value in kept_values
    ]
    assert {"connection.created", "connection.historical-sync-completed", "cart-order.created"} <= {
        record["type"] for record in data
    }
    text = shop.get("/events", None).content
    for event_id, name, body in kept_values:
        if name != "connection.created":  # those are encrypted
            assert b'"body":' + body + b"}" in text, event_id


def test_the_event_that_tells_an_access_token_is_in_the_feed_without_it(server: Server, shop: Organization):
    created = {
        record["connection_id"]: record["body"] for record in page(shop, type="connection.created")["data"]
    }
    for kind in ("cart", "carrier"):
        assert created[shop.uids[kind]]["data"]["access_token"] == "ct_***"
    assert not any(
        token.encode() in body for _, _, body in stored(server, shop) for token in shop.tokens.values()
    )


@pytest.mark.parametrize("limit", ["1", "2", "5"])
def test_pages_of_any_size_are_the_same_feed(shop: Organization, limit: str):
    assert walk(shop, limit=limit) == page(shop)["data"]


def test_with_an_access_token_only_its_connection_is_told(shop: Organization):
    everything = page(shop)["data"]
    for kind in ("cart", "carrier"):
        own_items = [item for item in everything if item["connection_id"] == shop.uids[kind]]
        assert own_items
        assert walk(shop, kind) == own_items == walk(shop, kind, limit="1")


def test_a_reader_at_the_end_gets_what_comes_next_and_only_that(server: Server, shop: Organization):
    end = page(shop)["next"]
    assert page(shop, after=end) == {"data": [], "next": end, "total_count": 0}
    texts = put(server, shop, "cart", "cart-order.updated", "cart-order.created")
    news = page(shop, after=end)
    assert [record["id"] for record in news["data"]] == texts
    assert page(shop, after=news["next"])["data"] == []


@pytest.mark.parametrize("kind", [None, "cart"])
def test_a_reader_of_only_what_comes_begins_at_the_latest(
    server: Server, shop: Organization, kind: str | None
):
    end = page(shop, kind, after="latest")
    assert end == {"data": [], "next": page(shop)["next"], "total_count": 0}
    texts = put(server, shop, "cart", "cart-order.updated")
    assert [record["id"] for record in page(shop, kind, after=end["next"])["data"]] == texts


def test_the_latest_is_a_place_before_anything_happened_too(server: Server):
    nobody = server.organization()
    end = page(nobody, after="latest")
    assert (end["data"], end["next"][:6]) == ([], "start_")
    assert page(nobody, after=end["next"])["data"] == []


def test_any_event_is_a_place_to_go_on_from_so_a_webhook_is_too(shop: Organization):
    everything = page(shop)["data"]
    for position, item in enumerate(everything):
        assert page(shop, after=item["id"])["data"] == everything[position + 1 :]


@pytest.mark.parametrize(
    "query",
    [
        "type=connection.created&type=cart-order.created",
        "type=connection.created,cart-order.created",
    ],
)
def test_types_are_given_as_a_list_or_repeated(shop: Organization, query: str):
    texts = {"connection.created", "cart-order.created"}
    answer = httpx.get(f"{shop.url}/events?{query}", headers=shop.headers())
    expected = [record for record in page(shop)["data"] if record["type"] in texts]
    assert len(expected) >= 3
    assert answer.json()["data"] == expected


def test_that_a_record_is_gone_is_told_only_to_those_who_name_it(server: Server, shop: Organization):
    end = page(shop)["next"]
    put(server, shop, "cart", "cart-order.deleted", "cart-order.updated", "cart-product.deleted")
    assert [record["type"] for record in page(shop, after=end)["data"]] == ["cart-order.updated"]
    named = page(shop, after=end, type="cart-order.deleted")["data"]
    assert [item["type"] for item in named] == ["cart-order.deleted"]


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
    data = page(fresh, after=empty["next"])["data"]
    assert data[0]["type"] == "connection.created"
    assert data == page(fresh)["data"]


@pytest.mark.parametrize(
    ("query", "field", "text"),
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
    shop: Organization, query: dict[str, str], field: str, text: str
):
    answer = shop.get("/events", None, **query)
    assert answer.status_code == 422
    assert text in answer.json()["detail"]["query"][field][0]


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
    position = page(shop)["data"][0]["id"]
    theirs, nobodys = (
        stranger.get("/events", None, after=item)
        for item in (position, new_id("msg", server.services.clock()))
    )
    assert theirs.status_code == nobodys.status_code == 410
    assert theirs.json()["error"].replace(position, "") == nobodys.json()["error"].replace(
        nobodys.request.url.params["after"], ""
    )
    mixed = stranger.headers() | {"x-trackstar-access-token": shop.tokens["cart"]}
    assert httpx.get(f"{shop.url}/events", headers=mixed).status_code == 401
    assert httpx.get(f"{shop.url}/events").status_code == 401


# Commits that overlap


async def organization_of(database: Database, uid: str) -> ConnectionRow:
    """A connection, for events to belong to."""
    owner = await access.create_organization(database, "Test", 1)
    await database.execute(
        "INSERT INTO connections (uid, organization_id, type, integration, created_ms) "
        "VALUES (?, ?, 'wms', 'sandbox', 1)",
        uid, owner,
    )  # fmt: skip
    connection = await connections.by_uid(database, uid, owner)
    assert connection is not None
    return connection


def event(connection: ConnectionRow, number: int) -> EventRow:
    new_connection_event = connection_event(
        connection, "connection.created", {"number": number}, 1_770_000_000_000
    )
    return replace(new_connection_event, id=f"msg_{connection.uid}_{number}")


class Reader:
    """Polls a feed and keeps what it got."""

    def __init__(self, database: Database, connection: ConnectionRow) -> None:
        self.database, self.one = database, connection
        self.got: list[str] = []
        self.after = 0

    async def poll(self) -> list[str]:
        feed_filter = FeedFilter(self.one.organization_id)
        feed_entries, last = await feed.page(self.database, feed_filter, self.after)
        if last is not None:
            position = await feed.position(self.database, self.one.organization_id, last)
            assert position is not None
            self.after = position
        self.got += [feed_entry.id for feed_entry in feed_entries]
        return [feed_entry.id for feed_entry in feed_entries]


async def commit(
    database: Database, connection: ConnectionRow, number: int, gate: asyncio.Event | None = None
) -> None:
    """A transaction that tells of something; with a gate it has told, but not committed, until that opens."""
    async with database.transaction() as transaction:
        await events.add(transaction, [event(connection, number)])
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
    connection = await organization_of(database, "a")
    reader, gate = Reader(database, connection), asyncio.Event()
    slow = asyncio.create_task(commit(database, connection, 1, gate))
    for _ in range(20):
        await reader.poll()
    fast = asyncio.create_task(commit(database, connection, 2))
    while not await is_somebody_waiting(database):
        assert not fast.done()
        assert await reader.poll() == []
    gate.set()
    await asyncio.gather(slow, fast)
    assert await reader.poll() == ["msg_a_1", "msg_a_2"]


async def test_one_organizations_slow_commit_does_not_hold_anothers(database: Database):
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer for everybody")
    connection, other_connection = await organization_of(database, "a"), await organization_of(database, "b")
    gate = asyncio.Event()
    slow = asyncio.create_task(commit(database, connection, 1, gate))
    await asyncio.wait_for(commit(database, other_connection, 1), 10)
    assert await Reader(database, other_connection).poll() == ["msg_b_1"]
    assert not slow.done()
    gate.set()
    await slow


async def test_p01_p02_a_reader_that_polls_while_many_commit_gets_every_event_once_and_in_order(
    database: Database,
):
    connection, chance = await organization_of(database, "a"), random.Random(7)
    reader = Reader(database, connection)

    async def write(numbers: range) -> None:
        for number in numbers:
            with_delay = chance.randrange(6)

            async def dawdle(times: int = with_delay) -> None:
                for _ in range(times):
                    await database.fetch_one("SELECT 1")

            try:
                async with database.transaction() as transaction:
                    await events.add(transaction, [event(connection, number)])
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
    connection = await organization_of(database, "a")
    large = [replace(event(connection, n), body=json.dumps({"text": "x" * 400}).encode()) for n in range(7)]
    huge = replace(event(connection, 7), body=json.dumps({"text": "x" * 4000}).encode())
    async with database.transaction() as transaction:
        await events.add(transaction, [*large, huge, event(connection, 8)])
    reader = Reader(database, connection)
    pages = [await reader.poll() for _ in range(6)]
    assert [len(pages) for pages in pages] == [2, 2, 2, 1, 1, 1]
    assert reader.got == [f"msg_a_{n}" for n in range(9)]


async def test_a_look_for_a_rare_type_is_bounded_and_goes_on_where_it_ended(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feed, "SCAN", 10)
    connection = await organization_of(database, "a")
    rows = [event(connection, n) for n in range(25)]
    rows[21] = replace(rows[21], type="connection.deleted")
    async with database.transaction() as transaction:
        await events.add(transaction, rows)
    feed_filter = FeedFilter(connection.organization_id, types=("connection.deleted",))
    positions, texts, after = [], [], 0
    while True:
        feed_entries, last = await feed.page(database, feed_filter, after)
        texts += [feed_entry.id for feed_entry in feed_entries]
        if last is None:
            break
        positions.append(last)
        after = await feed.position(database, connection.organization_id, last) or 0
    assert positions == ["msg_a_9", "msg_a_19", "msg_a_24"]
    assert texts == ["msg_a_21"]
