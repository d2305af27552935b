"""What is TikTok Shop's own: consent and tokens, pages that move, returns, units, webhooks, lost answers."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from yarl import URL

from crossdock.connections.oauth import ConsentFlow, ConsentFlows, exchange, new_verifier
from crossdock.errors import InvalidCredentials
from crossdock.integrations.tiktok_shop.cart import inbound
from crossdock.kit.contract import Context
from crossdock.kit.http import Http
from crossdock.kit.limits import LocalSlots
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.cart.warehouses import CART_WAREHOUSES
from crossdock.services.application import application
from tests.integrations.tiktok_shop import door
from tests.integrations.tiktok_shop.cart import records
from tests.integrations.tiktok_shop.cart.mock import CRATE, Mock
from tests.journeys.conftest import World, migrated_sqlite, vendor, with_settings, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected, moved
from tests.mock_vendors.faults import done_then, dropped, meanwhile
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (CART_ORDERS, CART_PRODUCTS, CART_WAREHOUSES)
DAMAGED = records.REASONS["REFUND"][0]


@dataclass
class ConnectedShop(MockedVendor):
    mock: Mock

    async def tell(self, order_id: str, secret: str = door.SECRET) -> int:
        """Send a notice as TikTok does; the status of its answer."""
        content = json.dumps({
            "type": 1, "tts_notification_id": "7327112393057371910", "shop_id": door.SHOP["id"],
            "timestamp": 1764590000, "data": {"order_id": order_id, "order_status": "CANCEL"},
        }).encode()  # fmt: skip
        sign = hmac.new(secret.encode(), door.KEY.encode() + content, hashlib.sha256).hexdigest()
        headers = {"Authorization": sign, "Content-Type": "application/json"}
        transport = httpx.ASGITransport(app=application(self.world.services.dependencies()))
        async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as client:
            answer = await client.post(next(iter(self.mock.hooks.values())), content=content, headers=headers)
        await self.world.work()
        return answer.status_code


@pytest.fixture
async def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShop]:
    """A connection to a shop with an order, synced."""
    async with Mock() as mock:
        yield await connected(ConnectedShop, world, mock, monkeypatch, READ)


@pytest.fixture
async def telling_shop(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ConnectedShop]:
    """The same, where TikTok can reach us."""
    async with Mock() as mock:
        public = with_settings(world, base_url="https://hub.example")
        yield await connected(ConnectedShop, public, mock, monkeypatch, READ)


def context_of(world: World, mock: Mock, fields: dict[str, str]) -> Context:
    integration = moved(mock.known_integration(), mock)
    http = Http(session=world.services.session, account="consent", slots=LocalSlots())
    return Context(fields, http, Path(), slug=integration.slug, manifest=integration.manifest)


async def test_a_seller_consents_and_the_connection_keeps_its_tokens(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    async with Mock() as mock:
        mock.door.redirect_uri = "https://hub.example/connect/oauth/callback"
        shop = await connected(ConnectedShop, world, mock, monkeypatch, READ)
        fields = {
            "sign_in": "oauth", "shop_code": "", "client_id": door.KEY, "client_secret": door.SECRET
        }  # fmt: skip
        flows = ConsentFlows(world.services.database, world.services.vault, world.clock)
        context = context_of(world, mock, fields)
        begun = ConsentFlow("cart", "tiktok-shop", fields, mock.door.redirect_uri, new_verifier())
        async with httpx.AsyncClient() as browser:
            page = await browser.get(await flows.begin(context, world.organization, begun))
        back = URL(page.headers["location"])
        organization, flow = await flows.take(back.query["state"])
        values = await exchange(context, flow, back.query["code"])
        with pytest.raises(InvalidCredentials):
            await exchange(context, flow, back.query["code"])
        assert mock.door.grants[-1] == "authorized_code"
        integration = moved(mock.known_integration(), mock)
        connection, _ = await world.services.connector.connect(
            organization, integration, flow.credentials, session_values=values
        )
        await world.work()
        assert await world.documents(connection) == await shop.orders()
        for _ in range(2):
            mock.door.expire()
            await world.force(connection, "get_orders")
            assert (await world.last_job(connection)).state == "done"
        assert mock.door.grants[-2:] == ["refresh_token"] * 2


async def test_tokens_are_renewed_from_one_to_the_next(shop: ConnectedShop):
    for _ in range(3):
        shop.mock.door.expire()
        assert await shop.sync() == "done"
    assert shop.mock.door.grants == ["refresh_token"] * 4


async def test_a_consent_that_was_taken_back_is_told(shop: ConnectedShop):
    shop.mock.door.revoke()
    await shop.sync()
    assert await shop.kinds() == {"invalid_credentials"}


async def test_orders_of_one_second_are_read_page_by_page(shop: ConnectedShop):
    shop.world.clock.pass_seconds(600)
    added = {shop.mock.add_order(SampleOrder(number, lines=1)) for number in range(250)}
    assert await shop.sync() == "done"
    assert added < (await shop.orders()).keys()


async def test_a_return_brings_its_order_although_that_did_not_change(shop: ConnectedShop):
    mock = shop.mock
    [order_id] = await shop.orders()
    order = mock.orders[order_id]
    mock._send(order, order["line_items"], order["packages"][0]["id"], {"tracking_number": "T-1"})
    await shop.sync()
    shop.world.clock.pass_seconds(3600)
    assert await shop.sync() == "done"
    body = {"return_reason": DAMAGED, "return_type": "RETURN_AND_REFUND"}
    mock._return(order, order["line_items"][:1], body)
    changed = order["update_time"]
    assert await shop.sync() == "done"
    assert order["update_time"] == changed
    [change] = (await shop.orders())[order_id]["additional_fields"]["returns"]
    assert (change["type"], change["reason"]) == ("RETURN_AND_REFUND", DAMAGED)


async def test_a_refund_whose_answer_is_lost_is_made_once_and_approved(shop: ConnectedShop):
    mock = shop.mock
    [order_id] = await shop.orders()
    order = mock.orders[order_id]
    mock._send(order, order["line_items"], order["packages"][0]["id"], {"tracking_number": "T-1"})
    mock.script("/return_refund/202309/returns", [done_then(dropped())])
    async with writing(shop.world, shop.connection) as hand:
        path, headers = f"/cart/orders/{order_id}/refund", {"Idempotency-Key": "k-1"}
        body = {"amount": 3, "reason": DAMAGED}
        first = await hand.send("POST", path, body, headers=headers)
        again = await hand.send("POST", path, body, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    [change] = mock.returns
    assert change["return_status"] == "RETURN_OR_REFUND_REQUEST_SUCCESS"
    assert change["refund_amount"]["refund_total"] == "3"


async def test_units_of_a_line_are_sent_and_refunded_in_parts(shop: ConnectedShop):
    [order_id] = await shop.orders()
    line = (await shop.orders())[order_id]["line_items"][0]
    assert line["quantity"] == 2
    single_unit = {"line_items": [{"line_item_id": line["line_item_id"], "quantity": 1}]}
    carrier = {"shipping_provider_id": records.CARRIER["id"]}
    async with writing(shop.world, shop.connection) as hand:
        for number in ("T-1", "T-2"):
            body = {"tracking_number": number, **single_unit, **carrier}
            answer = await hand.send("POST", f"/cart/orders/{order_id}/shipments", body)
            assert answer.status_code == 200, answer.text
        for _ in range(2):
            shop.world.clock.pass_seconds(120)
            path = f"/cart/orders/{order_id}/refund"
            answer = await hand.send("POST", path, {**single_unit, "reason": DAMAGED})
            assert answer.status_code == 200, answer.text
        answer = await hand.send("POST", path, {**single_unit, "reason": DAMAGED})
        assert answer.status_code >= 400, "both are refunded"
    order = (await shop.orders())[order_id]
    assert order["status"] == "partially_fulfilled"
    assert [each["tracking_number"] for each in order["shipments"]] == ["T-1", "T-2"]
    refunded = [unit for each in order["additional_fields"]["returns"] for unit in each["units"]]
    assert sorted(refunded) == order["additional_fields"]["units"][line["line_item_id"]]


async def test_no_return_is_passed_over_when_another_changes_meanwhile(shop: ConnectedShop):
    mock, clock = shop.mock, shop.world.clock
    for number in range(60):
        mock.add_order(SampleOrder(1000 + number, lines=1))
    for order_id in mock.orders:
        mock.change_order(order_id)
    await shop.sync()
    clock.pass_seconds(3600)
    await shop.sync()
    for order in mock.orders.values():
        clock.pass_seconds(1)
        body = {"return_reason": DAMAGED, "return_type": "RETURN_AND_REFUND"}
        mock._return(order, order["line_items"][:1], body)

    def change() -> None:
        mock.returns[0]["update_time"] = int(mock.clock())

    mock.script("/returns/search", [meanwhile(lambda: None), meanwhile(change)])
    assert await shop.sync() == "done"
    orders = await shop.orders()
    assert all(each["additional_fields"]["returns"] for each in orders.values())


async def test_a_product_that_was_deleted_goes_with_its_skus(shop: ConnectedShop):
    before = await shop.world.documents(shop.connection, "get_products")
    shop.mock.products[CRATE]["status"] = "DELETED"
    await shop.world.force(shop.connection, "get_products")
    after = await shop.world.documents(shop.connection, "get_products")
    skus = {str(records.FIRST_SKU), str(records.FIRST_SKU + 1)}
    assert before.keys() - after.keys() == {f"product-{CRATE}", *skus}


async def test_what_tiktok_tells_is_read_at_once(telling_shop: ConnectedShop):
    shop, mock = telling_shop, telling_shop.mock
    assert {*mock.hooks} == {*inbound.EVENTS}
    order_id = mock.add_order(SampleOrder(2))
    assert await shop.tell(order_id, secret="guess") == 401
    assert order_id not in await shop.orders()
    assert await shop.tell(order_id) == 200
    assert order_id in await shop.orders()


async def test_webhooks_that_somebody_else_took_over_are_taken_back(telling_shop: ConnectedShop):
    shop, hooks = telling_shop, telling_shop.mock.hooks
    hooks["RETURN_STATUS_CHANGE"] = "https://elsewhere.example"
    shop.world.clock.pass_seconds(25 * 3600)
    await shop.world.services.subscriptions.enqueue_due()
    await shop.world.work()
    assert len({*hooks.values()}) == 1
    assert {*hooks} == {*inbound.EVENTS}


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {"product_id": "1"}}, [], b"x"])
def test_a_notice_of_no_order_names_nothing(body: object):
    assert inbound.changed(body, {}) == []
