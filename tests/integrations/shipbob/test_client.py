"""What only a client shows: pages of all three kinds, rights, the way that an hour's token is got."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from crossdock.errors import VendorNonsense
from crossdock.integrations.shipbob.client import Client
from crossdock.integrations.shipbob.lists import Linked
from crossdock.kit import registry
from crossdock.kit.contract import Page, Walk
from tests.integrations.shipbob import records
from tests.integrations.shipbob.mock import SCOPES, Mock
from tests.mock_vendors.orders import SampleOrder

WHOLE = Walk()


async def ids(pages: AsyncIterator[Page]) -> list[list[str]]:
    """The ids of a walk, page by page."""
    return [[str(record[page.key]) for record in page.records] async for page in pages]


async def test_lists_by_number_are_read_to_the_end_that_the_header_names(mock: Mock, client: Client):
    mock.most = 2
    names = [mock.add_order(SampleOrder(number)) for number in range(5)]
    assert await ids(client.orders(WHOLE)) == [names[:2], names[2:4], names[4:]]
    assert len(mock.asked("/order")) == 3


async def test_lists_by_link_are_followed_though_the_link_lacks_the_version(mock: Mock, client: Client):
    mock.most = 1
    assert await ids(client.products(WHOLE)) == [["11"], ["21"]]
    assert await ids(client.inventory(WHOLE)) == [["100"], ["200"], [], []]
    assert all(call.path.startswith("/2026-01/") for call in mock.calls)


@pytest.mark.parametrize(
    ("link", "position"),
    [
        ("/product?cursor=abc%3D&PageSize=2", {"cursor": "abc=", "PageSize": "2"}),
        ("/2026-01/product?Cursor=4", {"Cursor": "4"}),
        ("https://elsewhere.example/product?cursor=x", {"cursor": "x"}),
        (None, None),
        ("", None),
    ],
)
def test_only_the_query_of_a_link_counts(link: str | None, position: dict[str, str] | None):
    assert Linked.split({"items": [], "next": link}) == ([], position)


@pytest.mark.parametrize("link", ["/product", "http://[", 7])
def test_a_link_that_leads_nowhere_is_told(link: object):
    with pytest.raises(VendorNonsense, match="the link to the next page"):
        Linked.split({"items": [], "next": link})


async def test_an_item_that_goes_while_items_are_read_hides_no_other(mock: Mock, client: Client):
    mock.most = 1
    for number in (3, 4):
        mock.products[number] = records.product(number, f"SKU-{number}")
    seen = []
    async for page in client.inventory(WHOLE):
        mock.products.pop(1, None)
        seen += [record["inventory_id"] for record in page.records]
    assert sorted(seen) == [100, 200, 300, 400], "what a snapshot does not meet is told as gone"


async def test_the_history_of_stock_goes_on_after_the_last_event_of_each_place(mock: Mock, client: Client):
    mock.events = [records.event(n, "OrderPicked", -1, "2026-01-06T09:00:00Z") for n in (3, 1, 2, 4, 5)]
    pages = [page async for page in client.inventory_ledger(WHOLE)]
    assert [[event["inventory_audit_event_id"] for event in page.records] for page in pages] == [
        [1, 2], [3, 4], [5], [],
    ]  # fmt: skip
    assert pages[-1].mark == {"8": 5}
    mock.events.append(records.event(6, "InventoryReceived", 9, "2026-01-07T09:00:00Z"))
    assert await ids(client.inventory_ledger(Walk(mark=pages[-1].mark))) == [["6"], []]


async def test_an_event_of_stock_that_is_seen_late_is_read_though_later_ones_were(mock: Mock, client: Client):
    now = datetime.now(UTC)
    old, new = (now - timedelta(hours=1)).isoformat(), (now - timedelta(seconds=20)).isoformat()
    mock.events = [records.event(n, "OrderPicked", -1, old if n < 3 else new) for n in (1, 2, 5, 6)]
    pages = [page async for page in client.inventory_ledger(WHOLE)]
    assert pages[-1].mark == {"8": 2}
    mock.events.append(records.event(4, "InventoryReceived", 9, new))
    again = [name for page in await ids(client.inventory_ledger(Walk(mark=pages[-1].mark))) for name in page]
    assert again == ["4", "5", "6"]


async def test_charges_are_read_month_by_month_and_the_last_weeks_again(mock: Mock, client: Client):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    mock.clock = now.timestamp
    days = (1, 20, 50, 300, 400)
    mock.charges = [
        records.charge(f"tx-{day}", (now - timedelta(days=day)).isoformat(timespec="seconds")) for day in days
    ]
    pages = [page async for page in client.bills(WHOLE)]
    seen = {record["transaction_id"] for page in pages for record in page.records}
    assert seen == {"tx-1", "tx-20", "tx-50", "tx-300"}, "of the last year"
    again = await ids(client.bills(Walk(mark=pages[-1].mark)))
    assert {name for page in again for name in page} == {"tx-1", "tx-20"}


async def test_a_charge_in_the_last_second_of_a_window_is_read(mock: Mock, client: Client):
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    mock.clock = now.timestamp
    begin = (now - timedelta(days=365)).replace(hour=0)
    late = [(begin + timedelta(days=31 * n, microseconds=-400_000)).isoformat() for n in range(1, 12)]
    mock.charges = [records.charge(f"tx-{n}", date) for n, date in enumerate(late)]
    pages = [page async for page in client.bills(WHOLE)]
    assert len({record["transaction_id"] for page in pages for record in page.records}) == len(late)


async def test_the_scopes_of_the_channels_say_what_the_token_may_do(mock: Mock, client: Client):
    mock.channels[0]["scopes"] = ["channels_read orders_read", "orders_write"]  # a text may hold several
    states = {function: (await client.probe(function)).state for function in ("get_orders", "create_order")}
    assert states == {"get_orders": "allowed", "create_order": "allowed"}
    denied = await client.probe("get_returns")
    assert (denied.state, "returns_read" in denied.reason) == ("denied", True)
    assert (await client.probe("get_inventory_ledger")).state == "unknown"
    assert len(mock.asked("/channel")) == 1


async def test_channels_without_scopes_say_nothing_of_what_the_token_may_do(mock: Mock, client: Client):
    mock.channels[0]["scopes"] = []
    assert (await client.probe("get_orders")).state == "unknown"


def test_consent_asks_for_every_scope_that_something_needs():
    manifest = registry.get_integration("wms", "shipbob").manifest
    oauth = manifest.auth_of({"sign_in": "oauth", "client_id": "app", "client_secret": "s"}).oauth
    assert oauth is not None
    assert {*SCOPES, "webhooks_read", "webhooks_write", "offline_access"} <= {*oauth.scopes}
