"""Line items are stored packed, and nobody who reads them can tell."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crossdock.audit.run import enqueue_due
from crossdock.erasing.request import Requester
from crossdock.integrations.ups.layout import COLUMNS
from crossdock.kit.erasure import ErasureSubject
from crossdock.resources.carrier.invoice_line_items import INVOICE_LINE_ITEMS
from crossdock.services.application import application
from crossdock.store.people.audit_log import Actor
from crossdock.store.records import feed, records
from crossdock.store.records.feed import FeedFilter
from crossdock.store.records.packing import unpacked, unpacked_bodies
from crossdock.store.webhooks import messages
from crossdock.store.webhooks.messages import MessageSearch
from crossdock.wire import stamp
from tests.fakes.invoices import FREIGHT, FUEL, row
from tests.journeys.carriers import Carrier, connected
from tests.journeys.conftest import World, with_settings

PERSON = {"Receiver Name": "Maria Schmidt", "Package Reference Number 1": "maria.schmidt@example.com"}
ITEMS = "/carrier/invoice-line-items"
TABLE = INVOICE_LINE_ITEMS.key
CREATED = "carrier-invoice-line-item.created"


@pytest.fixture
def world(world: World) -> World:
    return with_settings(world, reads_per_second=0, disabled_functions="")


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as opened:
        yield opened


@pytest.fixture
async def ups(world: World, http: httpx.AsyncClient) -> Carrier:
    return await connected(world, http, world.organization)


def wide(*rows: dict[str, str]) -> bytes:
    """A file with all the 250 columns."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def parcels(count: int, **cells: str) -> bytes:
    charges = ((f"1Z{n:03}", "FRT", "Transportation Charges", "2.00", f"{n}.00") for n in range(count))
    return wide(*(row(charge, total="", **cells) for charge in charges))


async def lengths(carrier: Carrier) -> tuple[int, int]:
    """Bytes of documents and of the bodies of events about them."""
    [found] = await carrier.world.services.database.fetch(
        f"SELECT (SELECT sum(length(document)) FROM {TABLE}), "
        "(SELECT sum(length(body)) FROM events WHERE resource IS NOT NULL)"
    )
    return int(found[0]), int(found[1])


async def as_before(carrier: Carrier) -> None:
    """Have the rows as an earlier version stored them."""
    database = carrier.world.services.database
    items = await database.fetch(f"SELECT id, document FROM {TABLE}")
    told = await database.fetch("SELECT id, body, sealed FROM events")
    whole = await unpacked(database, [item[1] for item in items])
    bodies = await unpacked_bodies(database, [(event[1], bool(event[2])) for event in told])
    async with database.transaction() as transaction:
        await transaction.executemany(
            f"UPDATE {TABLE} SET document = ? WHERE id = ?",
            [(document, item[0]) for item, document in zip(items, whole, strict=True)],
        )
        await transaction.executemany(
            "UPDATE events SET body = ? WHERE id = ?",
            [(body, event[0]) for event, body in zip(told, bodies, strict=True)],
        )
        await transaction.execute("DELETE FROM shapes")


async def all_answers(carrier: Carrier) -> dict[str, bytes]:
    """What every reader gets, byte for byte."""
    services = carrier.world.services
    answers = {}
    queries = (
        ITEMS, f"{ITEMS}?limit=2", f"{ITEMS}?transaction_date[gte]=2026-01-01T00:00:00Z&limit=2",
        f"{ITEMS}?created_date[neq]=2020-01-01T00:00:00Z", f"{ITEMS}?as_of={stamp(services.clock() - 1000)}",
        "/events", "/events?type=carrier-invoice-line-item.created&limit=3",
    )  # fmt: skip
    for query in queries:
        answer = await carrier.ask("GET", query)
        assert answer.status_code == 200, answer.text
        answers[query] = answer.content
    for item in (await carrier.get(ITEMS))["data"]:
        answers[item["id"]] = (await carrier.ask("GET", f"{ITEMS}/{item['id']}")).content
    search = MessageSearch(carrier.world.organization)
    found = await messages.search(services.database, services.vault, search, 50, descending=False)
    sent = await messages.by_ids(services.database, services.vault, [message.id for message in found])
    answers |= {message.id: message.body for message in found}
    assert {message.id: message.body for message in found} == {one.id: one.body for one in sent.values()}
    return answers


async def test_what_is_read_is_the_same_as_when_rows_were_stored_whole(ups: Carrier):
    await ups.upload(parcels(5, **PERSON))
    packed, answers = await lengths(ups), await all_answers(ups)
    await as_before(ups)
    whole = await lengths(ups)
    assert await all_answers(ups) == answers
    assert b"Maria Schmidt" in answers[ITEMS]
    assert sum(packed) * 8 < sum(whole)


async def test_old_rows_go_on_beside_new_ones(ups: Carrier):
    await ups.upload(parcels(3))
    await as_before(ups)
    await ups.upload(parcels(5), "more.csv")
    assert len((await ups.get(ITEMS))["data"]) == 5
    assert len(await ups.events(CREATED)) == 5


async def test_a_file_of_wide_rows_is_stored_in_less_than_it_came_in(ups: Carrier):
    content = parcels(60, **PERSON)
    await ups.upload(content)
    documents, bodies = await lengths(ups)
    assert documents < len(content)
    assert bodies < len(content)
    [shapes] = await ups.world.services.database.fetch("SELECT count(*), sum(length(content)) FROM shapes")
    assert (shapes[0], shapes[1] < 8000) == (2, True)  # of a record, and of an event


async def test_an_event_shows_the_record_as_it_was_whatever_became_of_it(ups: Carrier):
    await ups.upload(wide(row(FREIGHT), row(FUEL)))
    before = await ups.events(CREATED)
    dearer = ("1Z001", "FRT", "Transportation Charges", "2.00", "12.00")
    await ups.upload(wide(row(dearer, total="12.00")))
    assert await ups.events(CREATED) == before
    assert sorted(event["data"]["net_cost"] for event in before) == [1.25, 10]
    [deleted] = await ups.events("carrier-invoice-line-item.deleted")
    gone = await ups.get(f"{ITEMS}/{deleted['data']['id']}", include_deleted="true")
    assert gone["data"]["raw"] == deleted["data"]["raw"]


async def test_a_line_item_with_tags_reads_as_it_was_given_them(ups: Carrier):
    await ups.upload(parcels(1))
    [item] = (await ups.get(ITEMS))["data"]
    tags = ["vip", {"route": "north"}]
    answer = await ups.ask("PUT", f"{ITEMS}/{item['id']}/trackstar-tags", json={"trackstar_tags": tags})
    assert answer.status_code == 200, answer.text
    [tagged] = (await ups.get(ITEMS))["data"]
    assert (tagged["trackstar_tags"], tagged["raw"]) == (tags, item["raw"])


async def test_an_audit_makes_the_same_charges_of_packed_and_of_whole_rows(ups: Carrier):
    async def charges() -> list[Any]:
        database = ups.world.services.database
        ups.world.clock.pass_seconds(7200)
        await database.execute("DELETE FROM followed")
        await database.execute("DELETE FROM audits")
        await enqueue_due(database, ups.world.clock())
        await ups.world.work()
        return [tuple(row) for row in await database.fetch("SELECT * FROM charges ORDER BY item_id")]

    await ups.upload(parcels(4, **PERSON))
    packed = await charges()
    await as_before(ups)
    assert len(packed) == 4
    assert await charges() == packed


async def test_a_page_of_the_feed_holds_no_more_bytes_when_they_are_packed(
    ups: Carrier, monkeypatch: pytest.MonkeyPatch
):
    await ups.upload(parcels(9))
    bodies = await ups.events(CREATED)
    monkeypatch.setattr(feed, "MOST_BYTES", 20_000)
    monkeypatch.setattr(feed, "AT_ONCE", 3)
    seen: list[str] = []
    database, place, pages = ups.world.services.database, 0, 0
    feed_filter = FeedFilter(ups.world.organization, ups.connection.id, types=(CREATED,))
    while len(seen) < len(bodies):
        entries, last = await feed.page(database, feed_filter, place)
        assert sum(len(entry.body) for entry in entries) <= 20_000
        assert entries
        assert last is not None
        seen += [entry.id for entry in entries]
        place = await feed.position(database, ups.world.organization, last) or 0
        pages += 1
    assert (len(set(seen)), pages > 3) == (9, True)


async def test_p34_an_erased_person_is_in_no_packed_row_and_the_rows_stay_small(ups: Carrier):
    await ups.upload(parcels(3, **PERSON))
    before = await lengths(ups)
    services = ups.world.services
    requester = Requester(ups.world.organization, Actor("api_key", "key_1", "backend"), "api")
    await services.erasures.request(
        requester, ErasureSubject(email=PERSON["Package Reference Number 1"]), "erase"
    )
    await ups.world.work()
    await ups.world.next_sync(200)
    answers = await all_answers(ups)
    assert len((await ups.get(ITEMS))["data"]) == 3
    assert not [place for place, body in answers.items() if b"maria.schmidt" in body]
    after = await lengths(ups)
    assert after[0] < before[0] * 1.5
    assert after[1] < before[1] * 4  # each record tells that it changed


async def test_names_of_columns_go_with_their_connection(ups: Carrier):
    await ups.upload(parcels(2))
    database = ups.world.services.database
    assert await database.fetch("SELECT 1 FROM shapes")
    answer = await ups.ask("DELETE", "/connections")
    assert answer.status_code == 200, answer.text
    ups.world.clock.pass_seconds(1)
    await ups.world.work()
    assert await records.count(database, INVOICE_LINE_ITEMS, ups.connection.id) == 0
    assert await database.fetch("SELECT 1 FROM shapes") == []
