"""Orders and stock of a made-up seller on Walmart.com: what is Walmart's own."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from crossdock.integrations.walmart.access import seconds_until_replenished
from crossdock.integrations.walmart.cart import inbound
from crossdock.integrations.walmart.cart.client import Client
from crossdock.kit.contract import Context
from crossdock.kit.http import Http, new_session
from crossdock.kit.inbound import BadSignature, InboundRequest
from crossdock.kit.limits import LocalSlots
from crossdock.net.addresses import AddressPolicy
from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.services.application import application
from tests.integrations.walmart.cart.mock import Mock
from tests.integrations.walmart.cart.records import NODES
from tests.journeys.conftest import World, migrated_sqlite, vendor, with_settings, world
from tests.journeys.test_every_vendor import database_url
from tests.journeys.writing import writing
from tests.mock_vendors.connected import MockedVendor, connected, moved
from tests.mock_vendors.faults import answering, done_then, dropped, slow
from tests.mock_vendors.orders import SampleOrder

__all__ = ["database_url", "migrated_sqlite", "vendor", "world"]
READ = (CART_ORDERS, CART_PRODUCTS)
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass
class Seller(MockedVendor):
    mock: Mock

    async def products(self) -> dict[str, dict[str, object]]:
        return await self.world.documents(self.connection, "get_products")


@pytest.fixture
async def seller(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Seller]:
    """A connection to a seller with an order, synced."""
    async with Mock() as mock:
        yield await connected(Seller, world, mock, monkeypatch, READ)


@pytest.fixture
async def telling_seller(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Seller]:
    """The same, where Walmart can reach us."""
    async with Mock() as mock:
        public = with_settings(world, base_url="https://hub.example")
        yield await connected(Seller, public, mock, monkeypatch, READ)


async def test_every_call_has_a_name_and_a_correlation_of_its_own(seller: Seller):
    assert len(set(seller.mock.correlations)) == len(seller.mock.correlations) > 5
    assert {call.headers["wm_svc.name"] for call in seller.mock.calls} == {"Walmart Marketplace"}


async def test_a_token_is_used_by_all_until_it_is_over(seller: Seller):
    assert seller.mock.bought == 1
    seller.mock.forget_tokens()
    assert await seller.sync() == "done"
    assert seller.mock.bought == 2


async def test_orders_of_each_kind_of_fulfilment_are_read_also_those_of_months_ago(seller: Seller):
    ids = {kind: seller.mock.add_order(SampleOrder(number)) for number, kind in enumerate("SWT", 2)}
    seller.mock.orders[ids["W"]]["shipNode"] = {"type": "WFSFulfilled"}
    seller.mock.orders[ids["T"]]["shipNode"] = {"type": "3PLFulfilled", "id": "77", "name": "North"}
    seller.mock.orders[ids["S"]]["orderDate"] -= 100 * 86_400_000
    await seller.sync()
    orders = await seller.orders()
    kinds = {name: orders[number]["additional_fields"]["ship_node_type"] for name, number in ids.items()}
    assert kinds == {"S": "SellerFulfilled", "W": "WFSFulfilled", "T": "3PLFulfilled"}


async def test_all_of_half_a_year_is_read_at_first(world: World, monkeypatch: pytest.MonkeyPatch):
    async with Mock() as mock:
        mock.clock = lambda: world.clock() / 1000
        ages = [mock.add_order(SampleOrder(days)) for days in range(0, 178, 10)]
        for days, number in zip(range(0, 178, 10), ages, strict=True):
            mock.orders[number]["orderDate"] -= days * 86_400_000
        seller = await connected(Seller, world, mock, monkeypatch, READ, orders=0)
        assert set(await seller.orders()) == set(ages)


async def test_a_bucket_that_is_empty_is_waited_for(seller: Seller):
    order_id = seller.mock.add_order(SampleOrder(2))
    bucket = seller.mock.buckets["GET", "/v3/orders"]
    bucket.take(seller.mock.clock(), bucket.available(seller.mock.clock()))
    await seller.sync()
    await seller.world.next_sync(60)
    assert order_id in await seller.orders()


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("12", 12),
        (str(int(NOW.timestamp()) + 30), 30),
        (str(int(NOW.timestamp()) * 1000 + 1500), 1.5),
        ((NOW + timedelta(minutes=2)).isoformat(), 120),
        ((NOW + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%S"), 120),
        ((NOW - timedelta(minutes=2)).isoformat(), 0),
        ("soon", None),
    ],
)
def test_when_a_bucket_is_filled_is_known_however_it_is_written(written: str, seconds: float | None):
    assert seconds_until_replenished({"x-next-replenish-time": written}, NOW) == seconds
    assert seconds_until_replenished({"X-Next-Replenishment-Time": written}, NOW) == seconds
    assert seconds_until_replenished({}, NOW) is None


@pytest.mark.parametrize("before", [0, 1])
async def test_a_list_of_items_whose_page_was_lost_is_begun_again(seller: Seller, before: int):
    for number in range(3, 130):
        item = {**seller.mock.items["ROPE"], "sku": f"ROPE-{number}"}
        seller.mock.items[item["sku"]] = item
    # Walmart has gone on, and the answer that says so never comes.
    seller.mock.script("/v3/items", [*[slow(0)] * before, done_then(dropped())])
    await seller.world.force(seller.connection, "get_products")
    assert set(await seller.products()) == set(seller.mock.items)


async def test_stock_of_an_item_with_letters_that_a_path_can_not_have(seller: Seller):
    assert (await seller.products())["LID 1&2"]["inventory_by_warehouse_id"] == {NODES[0]: 7}
    assert (await seller.products())["ROPE"]["inventory"] is None
    async with writing(seller.world, seller.connection) as hand:
        lines = [{"product_id": "LID 1&2", "quantity": 3}]
        answer = await hand.send("PUT", "/cart/products/batch-adjust-inventory", {"line_items": lines})
        assert answer.status_code == 200, answer.text
    assert seller.mock.stock["LID 1&2"][NODES[0]] == [3, 0]
    before = await seller.products()
    await seller.world.force(seller.connection, "get_products")
    assert await seller.products() == before, "what was written is what a sync reads"


async def test_parts_of_an_order_are_sent_and_the_rest_is_cancelled_by_a_call_of_the_callers_own(
    seller: Seller,
):
    order_id = seller.mock.add_order(SampleOrder(2))
    await seller.sync()
    async with writing(seller.world, seller.connection) as hand:
        path = f"/cart/orders/{order_id}/shipments"
        body = {
            "tracking_number": "1Z01",
            "carrier_name": "UPS",
            "line_items": [{"line_item_id": "1", "quantity": 1}],
        }
        answer = await hand.send("POST", path, body)
        assert answer.status_code == 200, answer.text
        assert (await seller.orders())[order_id]["status"] == "partially_fulfilled"
        part = {
            "status": "Cancelled",
            "cancellationReason": "SELLER_CANCEL_OUT_OF_STOCK",
            "statusQuantity": {"unitOfMeasurement": "EACH", "amount": "1"},
        }
        line = {"lineNumber": "2", "orderLineStatuses": {"orderLineStatus": [part]}}
        data = {"orderCancellation": {"orderLines": {"orderLine": [line]}}}
        call = {"method": "POST", "path": f"/v3/orders/{order_id}/cancel", "data": data}
        answer = await hand.send("POST", "/cart/passthrough", call)
        assert answer.status_code == 200, answer.text
        again = await hand.send("POST", path, {"tracking_number": "1Z02", "carrier_name": "UPS"})
    await seller.sync()
    order = (await seller.orders())[order_id]
    assert order["status"] == "fulfilled", "what was cancelled does not count"
    assert order["additional_fields"]["cancellations"] == [
        {"line_item_id": "2", "reason": "SELLER_CANCEL_OUT_OF_STOCK"}
    ]
    assert again.status_code >= 400
    assert [call.path for call in seller.mock.asked("/acknowledge")] == [f"/v3/orders/{order_id}/acknowledge"]


async def test_a_refund_whose_answer_is_lost_is_made_once(seller: Seller):
    [order_id] = await seller.orders()
    async with writing(seller.world, seller.connection) as hand:
        body = {"tracking_number": "1Z01", "carrier_name": "UPS"}
        await hand.send("POST", f"/cart/orders/{order_id}/shipments", body)
        seller.mock.script("/refund", [done_then(dropped())])
        path, headers = f"/cart/orders/{order_id}/refund", {"Idempotency-Key": "k-1"}
        refund = {"line_items": [{"line_item_id": "1", "amount": 3}]}
        first = await hand.send("POST", path, refund, headers=headers)
        again = await hand.send("POST", path, refund, headers=headers)
    assert 200 in (first.status_code, again.status_code), (first.text, again.text)
    line = seller.mock.orders[order_id]["orderLines"]["orderLine"][0]
    [charge] = line["refund"]["refundCharges"]["refundCharge"]
    assert charge["charge"]["chargeAmount"] == {"currency": "USD", "amount": -3}


async def test_a_refund_that_a_sync_has_met_is_not_made_again(seller: Seller):
    [order_id] = await seller.orders()
    async with writing(seller.world, seller.connection) as hand:
        body = {"tracking_number": "1Z01", "carrier_name": "UPS"}
        await hand.send("POST", f"/cart/orders/{order_id}/shipments", body)
        seller.world.clock.pass_seconds(120)
        seller.mock.script("/refund", [done_then(dropped())])
        seller.mock.script(f"/v3/orders/{order_id}", [slow(0), answering(400)])
        path, headers = f"/cart/orders/{order_id}/refund", {"Idempotency-Key": "k-1"}
        refund = {"line_items": [{"line_item_id": "1", "amount": 3}]}
        await hand.send("POST", path, refund, headers=headers)
        seller.mock.calm()
        await seller.world.next_sync()
        await hand.send("POST", path, refund, headers=headers)
    assert len(seller.mock.asked("/refund")) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/cart/orders/{id}/shipments", {"tracking_number": "T-1", "carrier_name": "UPS"}),
        ("/cart/orders/{id}/refund", {"line_items": [{"line_item_id": "1"}]}),
        ("/cart/products/LID%201%262/adjust-inventory", {"quantity": 3, "adjustment_type": "exact"}),
    ],
)
async def test_a_dry_run_shows_what_it_can_and_changes_nothing(
    seller: Seller, path: str, body: dict[str, object]
):
    [order_id] = await seller.orders()
    method = "PUT" if "products" in path else "POST"
    async with writing(seller.world, seller.connection) as hand:
        answer = await hand.send(method, f"{path.replace('{id}', order_id)}?dry_run=true", body)
    assert answer.status_code == 200, answer.text
    assert seller.mock.made == 0


async def test_what_the_keys_may_not_do_is_known():
    async with Mock() as mock, new_session(AddressPolicy.parse("127.0.0.1/32")) as session:
        mock.scopes |= {"orders": "view_only", "inventory": "no_access"}
        integration = moved(mock.known_integration(), mock)
        limits = integration.manifest.limits
        http = Http(session=session, account="cart/walmart/1", slots=LocalSlots(), limits=limits)
        fields = {"environment": "production", **mock.credentials()}
        client = Client(Context(fields, http, Path(), manifest=integration.manifest))
        functions = ("get_orders", "refund_order", "get_products", "passthrough")
        states = [(await client.probe(function)).state for function in functions]
    assert states == ["allowed", "denied", "denied", "unknown"]
    assert len(mock.asked("/token/detail")) == 1


async def _told(seller: Seller, body: object, authorization: str) -> int:
    [address] = {hook["eventUrl"] for hook in seller.mock.hooks.values()}
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    transport = httpx.ASGITransport(app=application(seller.world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as door:
        answer = await door.post(address, content=json.dumps(body).encode(), headers=headers)
    await seller.world.work()
    return answer.status_code


async def test_what_walmart_tells_is_read_at_once(telling_seller: Seller):
    seller, mock = telling_seller, telling_seller.mock
    assert sorted(hook["eventType"] for hook in mock.hooks.values()) == sorted(inbound.EVENTS)
    details = next(iter(mock.hooks.values()))["authDetails"]
    pair = base64.b64encode(f"{details['userName']}:{details['password']}".encode()).decode()
    order_id = mock.add_order(SampleOrder(2))
    source = {"eventType": "PO_CREATED", "eventTime": "2026-01-05T09:00:00Z", "eventId": "e-1"}
    notice = {"source": source, "payload": {"partnerId": "100009", "purchaseOrderId": order_id}}
    assert await _told(seller, notice, "Basic guess") == 401
    assert order_id not in await seller.orders()
    assert await _told(seller, notice, f"Basic {pair}") == 200
    assert order_id in await seller.orders()
    mock.change_order(order_id)
    assert await _told(seller, notice, pair) == 200, "without the word before it"
    assert (await seller.orders())[order_id]["status"] == "confirmed"
    assert await _told(seller, {"source": {"eventType": "TEST"}}, pair) == 200


async def test_subscriptions_that_are_switched_off_are_made_anew(telling_seller: Seller):
    before = {*telling_seller.mock.hooks}
    telling_seller.mock.hooks[min(before)]["status"] = "INACTIVE"
    telling_seller.world.clock.pass_seconds(25 * 3600)
    await telling_seller.world.services.subscriptions.enqueue_due()
    await telling_seller.world.work()
    hooks = telling_seller.mock.hooks
    assert sorted(hook["eventType"] for hook in hooks.values()) == sorted(inbound.EVENTS)
    assert not before & {*hooks}


def test_a_notice_of_nobody_is_refused():
    with pytest.raises(BadSignature):
        inbound.verify(InboundRequest(b"{}", {}), "secret")
    assert inbound.changed([], {}) == inbound.changed({"payload": {"purchaseOrderId": True}}, {}) == []
