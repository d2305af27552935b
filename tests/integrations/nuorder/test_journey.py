"""A made-up portal on NuORDER: signatures, statuses that move no date, sizes, stock that is only set."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from yarl import URL

from crossdock.connections.permissions import check_permissions
from crossdock.integrations.nuorder.read import order as read_order
from crossdock.integrations.nuorder.signing import authorization, signature_of
from crossdock.integrations.nuorder.sizes import parts_of, size_id
from crossdock.kit.auth.base import VendorRequest
from crossdock.kit.auth.oauth1 import OAuth1Keys
from crossdock.kit.registry import get_integration
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from tests.integrations.nuorder.mock import Mock
from tests.integrations.nuorder.records import COAT, HAT, line, order, size
from tests.journeys.conftest import World, migrated_sqlite, vendor, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected
from tests.mock_vendors.faults import done_then, dropped, meanwhile, usual
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (CART_ORDERS, CART_PRODUCTS)
KEYS = OAuth1Keys("QdaGd4ppfXTP", "ZvbKP5jxL0iX", "INUHZ66ihxff", "CFVUGtkbNG8J")
NOW = "2026-01-05T09:00:00.000Z"
Body = dict[str, Any]


@dataclass
class ConnectedPortal(MockedVendor):
    mock: Mock

    async def products(self) -> dict[str, dict[str, Any]]:
        return await self.world.documents(self.connection, "get_products")

    async def write(self, path: str, body: Body, status: int = 200, **options: Any) -> str:
        self.world.clock.pass_seconds(60)
        async with writing(self.world, self.connection) as hand:
            answer = await hand.send("PUT", f"/cart/products/{path}", body, **options)
        assert answer.status_code == status, answer.text
        return answer.text


@pytest.fixture
async def portal(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedPortal]:
    """A connection to a portal with an order of a coat and a hat, synced."""
    async with Mock() as mock:
        lines = [line(COAT, [size("M", 2), size("32/34", 1)]), line(HAT, [size("one", 3)])]
        mock.add_order(SampleOrder(9, members={"line_items": lines, "total": 75}))
        yield await connected(ConnectedPortal, world, mock, monkeypatch, READ, orders=0)


def test_a_request_is_signed_as_nuorder_does_it():
    """The values were computed with OpenSSL: `printf %s "$base" | openssl dgst -sha1 -hmac "$key"`."""
    request = VendorRequest("get", URL("https://wholesale.nuorder.com/api/orders/pending/list?x=1"))
    digest = "c22eb141ab4965e342e1643b2295d4e60e29c750"
    assert signature_of(request, KEYS, "0123456789abcdef", 1411475107) == digest
    assert authorization(request, KEYS, "0123456789abcdef", 1411475107) == (
        'OAuth oauth_consumer_key="QdaGd4ppfXTP",oauth_timestamp="1411475107",'
        'oauth_nonce="0123456789abcdef",oauth_version="1.0",oauth_signature_method="HMAC-SHA1",'
        f'oauth_token="INUHZ66ihxff",oauth_signature="{digest}"'
    )


@pytest.mark.parametrize("word", ["M", "32/34", "20x20 Set 4", "50%", "%2F", "a-b", "ü 漢", "½"])
def test_the_id_of_a_size_may_stand_in_a_path_and_says_which_it_is(word: str):
    record_id = size_id(COAT, word)
    assert set("/ ?#") & set(record_id) == set()
    assert parts_of(record_id) == (COAT, word)


async def test_products_are_those_that_orders_name_with_their_sizes(portal: ConnectedPortal):
    products = await portal.products()
    assert products.keys() == {COAT, f"{COAT}-M", f"{COAT}-32%2F34", HAT, f"{HAT}-one"}
    [order] = (await portal.orders()).values()
    assert [each["product_id"] for each in order["line_items"]] == [
        f"{COAT}-M", f"{COAT}-32%2F34", f"{HAT}-one",
    ]  # fmt: skip
    del portal.mock.products[HAT]
    await portal.world.force(portal.connection, "get_products")
    assert (await portal.products()).keys() == {COAT, f"{COAT}-M", f"{COAT}-32%2F34"}
    assert {HAT, f"{HAT}-one"} == set(await portal.world.gone(portal.connection))


def test_no_two_lines_of_an_order_have_one_id_whatever_sizes_are_called():
    lines = [
        line(COAT, [size("32", 1), size("32-2", 1), size("M", 0)]),
        line(COAT, [size("32", 2), size("M", 3)]),
    ]
    fields = read_order(order("5f00000000000000000000e1", SampleOrder(1, members={"line_items": lines}), NOW))
    names = [(each["line_item_id"], each["quantity"]) for each in fields["line_items"]]
    assert names == [(f"{COAT}-32", 1), (f"{COAT}-32-2", 1), (f"{COAT}-32-3", 2), (f"{COAT}-M-2", 3)]


async def test_a_check_of_permissions_reads_a_product_and_not_all_orders(portal: ConnectedPortal):
    portal.mock.calls.clear()
    integration = get_integration(*Mock.integration)
    async with portal.world.services.clients.sign_in_to_write(portal.connection, integration) as client:
        results = await check_permissions(client, integration, ["get_products"])
    assert results["get_products"].state == "allowed"
    paths = [call.path for call in portal.mock.calls]
    assert [path.split("/")[3] for path in paths[:-1]] == ["draft", "review", "pending", "approved"]
    assert paths[-1] == f"/api/product/{COAT}"


async def test_a_status_that_is_set_through_passthrough_is_seen_though_no_date_moves(portal: ConnectedPortal):
    [order_id] = await portal.orders()
    before = (await portal.orders())[order_id]
    async with writing(portal.world, portal.connection) as hand:
        body = {"method": "POST", "path": f"/api/order/{order_id}/processed"}
        answer = await hand.send("POST", "/cart/passthrough", body)
    assert answer.status_code == 200, answer.text
    assert await portal.sync() == "done"
    order = (await portal.orders())[order_id]
    assert (order["status"], order["raw_status"]) == ("processing", "processed")
    assert order["updated_date"] == before["updated_date"]
    assert order["trackstar_updated_date"] > before["trackstar_updated_date"]


async def test_an_order_that_goes_back_while_others_are_read_is_not_taken_for_gone(portal: ConnectedPortal):
    [order_id] = await portal.orders()

    def back() -> None:
        portal.mock.orders[order_id]["status"] = "draft"

    portal.mock.script("/detail", [usual(), meanwhile(back)])
    assert await portal.sync() == "done"
    assert order_id in await portal.orders()
    assert await portal.sync() == "done"
    assert (await portal.orders())[order_id]["raw_status"] == "draft"


async def test_a_portal_without_a_list_of_what_was_edited_is_read_all_the_same(portal: ConnectedPortal):
    portal.mock.knows_edited = False
    added = portal.mock.add_order(SampleOrder(2))
    assert await portal.sync() == "done"
    assert added in await portal.orders()


async def test_stock_is_set_for_all_sizes_of_a_product_or_not_at_all(portal: ConnectedPortal):
    place = {"warehouse_id": "default"}
    exact = {"adjustment_type": "exact", **place}
    refused = await portal.write(f"{COAT}-M/adjust-inventory", {"quantity": 5, **exact}, status=400)
    assert "has more sizes (32/34)" in refused
    refused = await portal.write(
        f"{HAT}-one/adjust-inventory", {"quantity": 5, "adjustment_type": "increase", **place}, status=400
    )
    assert "NuORDER takes new quantities" in refused
    assert portal.mock.made == 0
    await portal.write(f"{HAT}-one/adjust-inventory", {"quantity": 5, **exact})
    lines = [
        {"product_id": f"{COAT}-{name}", "quantity": count, "warehouse_id": warehouse}
        for name, warehouse, count in (
            ("M", "default", 4), ("32%2F34", "default", 0), ("M", "East", 1), ("32%2F34", "East", 2),
        )
    ]  # fmt: skip
    await portal.write("batch-adjust-inventory", {"line_items": lines})
    assert portal.mock.stock(HAT) == {"default": {"one": 5}}
    assert portal.mock.stock(COAT) == {"default": {"M": 4, "32/34": 0}, "East": {"M": 1, "32/34": 2}}


async def test_stock_whose_answer_is_lost_is_set_once_and_stays_uncertain(portal: ConnectedPortal):
    portal.mock.script(f"/api/inventory/{HAT}", [done_then(dropped())])
    body = {"quantity": 5, "adjustment_type": "exact", "warehouse_id": "default"}
    portal.world.clock.pass_seconds(60)
    async with writing(portal.world, portal.connection) as hand:
        answer = await hand.send("PUT", f"/cart/products/{HAT}-one/adjust-inventory", body)
    assert "uncertain" in answer.text
    assert (portal.mock.made, portal.mock.stock(HAT)) == (1, {"default": {"one": 5}})


async def test_a_dry_run_shows_what_it_can_and_changes_nothing(portal: ConnectedPortal):
    body = {"quantity": 3, "adjustment_type": "exact", "warehouse_id": "default"}
    shown = await portal.write(f"{HAT}-one/adjust-inventory?dry_run=true", body)
    assert f"/api/product/{HAT}" in shown
    assert portal.mock.made == 0
