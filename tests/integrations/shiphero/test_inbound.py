"""ShipHero's notices: who may send them, and what is read again."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from crossdock.connections.disconnect import disconnect
from crossdock.errors import NotFound
from crossdock.integrations.shiphero import inbound
from crossdock.integrations.shiphero.client import Client
from crossdock.integrations.shiphero.inbound import KINDS
from crossdock.kit.inbound import BadSignature, InboundRequest
from crossdock.services.application import application
from tests.integrations.shiphero.conftest import ConnectedShipHero
from tests.integrations.shiphero.mock import ACCOUNT, Mock
from tests.mock_vendors.orders import SampleOrder

URL = "https://hub.example/inbound/abcdefghijklmnopqrstuvwxyz"


def signed(body: bytes, secret: str) -> InboundRequest:
    """A request that is signed as ShipHero's docs say."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return InboundRequest.of(body, {"X-ShipHero-Hmac-Sha256": base64.b64encode(digest).decode()})


def test_a_notice_is_signed_with_the_secret_of_one_of_the_kinds():
    for secret in ("first", "second"):
        inbound.verify(signed(b"{}", secret), "first\nsecond")
    for request in (signed(b"{}", "third"), InboundRequest.of(b"{}", {})):
        with pytest.raises(BadSignature):
            inbound.verify(request, "first\nsecond")


ORDER, RETURN = "T3JkZXI6MjcyMjcxNzA2", "UmV0dXJuOjMzOTQzMDM="
DEALLOCATED = {"webhook_type": "Order Deallocated", "order_id": 272271706, "order_uuid": ORDER}
RETURNED = {"webhook_type": "Return Update", "return_id": 3394303, "return_uuid": RETURN, "order_uuid": ORDER}
STOCKED = {
    "webhook_type": "Inventory Update",
    "account_uuid": "QWNjb3VudDo3NTU2",
    "inventory": [{"sku": "100100", "on_hand": "45"}, {"sku": ""}, "?"],
}
NUMBERED = {"webhook_type": "Inventory Update", "account_id": 7556, "inventory": [{"sku": "100100"}]}
SENT = {"test": "0", "fulfillment": {"webhook_type": "Shipment Update", "order_id": 272271706}}
ARRIVED = {"webhook_type": "PO Update", "purchase_order": {"po_id": 498165}}


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        (DEALLOCATED, [("get_orders", ORDER)]),
        (RETURNED, [("get_returns", RETURN)]),
        (STOCKED, [("get_inventory", "QWNjb3VudDo3NTU2:100100")]),
        (NUMBERED, [("get_inventory", "QWNjb3VudDo3NTU2:100100")]),
        ({"webhook_type": "Inventory Update", "inventory": [{"sku": "100100"}]}, []),
        (SENT, [("get_orders", ORDER)]),
        (ARRIVED, [("get_inbound_shipments", "UHVyY2hhc2VPcmRlcjo0OTgxNjU=")]),
        ({"webhook_type": "Tote Complete", "order_uuid": ORDER}, []),
        ({"webhook_type": "Inventory Update", "inventory": None}, []),
        ({"webhook_type": ["?"]}, []),
        ([], []),
        (b"?", []),
    ],
)
def test_a_notice_names_what_is_to_be_read_again(body: Any, reads: list[tuple[str, str]]):
    assert inbound.changed(body, {}) == reads


async def test_each_kind_is_subscribed_once_and_anew_where_it_was_before(client: Client, mock: Mock):
    mock.hooks.append({"name": "PO Update", "shop_name": "somebody-else", "url": "https://else.example"})
    for _ in range(2):
        subscription = await inbound.subscribe(client, URL, "ours")
    assert len(mock.hooks) == len(KINDS) + 1
    assert subscription.secret == "\n".join(hook["shared_signature_secret"] for hook in mock.hooks[1:])
    assert await inbound.is_subscribed(client, subscription.id)
    mock.hooks.pop()
    assert not await inbound.is_subscribed(client, subscription.id)
    await inbound.unsubscribe(client, subscription.id)
    assert [hook["shop_name"] for hook in mock.hooks] == ["somebody-else"]
    with pytest.raises(NotFound):
        await inbound.unsubscribe(client, subscription.id)


async def test_a_change_that_is_told_is_read_at_once(shiphero: ConnectedShipHero):
    world, mock, connection = shiphero.world, shiphero.mock, shiphero.connection
    assert {hook["name"] for hook in mock.hooks} == KINDS.keys()
    order_id = mock.add_order(SampleOrder(1))
    mock.do_inventory_add({"sku": "CRATE-1", "warehouse_id": await warehouse(shiphero), "quantity": 7})
    transport = httpx.ASGITransport(app=application(world.services.dependencies()))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.example") as door:
        for kind, body in (
            ("Order Allocated", {"order_uuid": order_id}),
            ("Inventory Update", {"inventory": [{"sku": "CRATE-1"}]}),
        ):
            url, content, headers = mock.notice(kind, body)
            answered = await door.post(url, content=content, headers=headers)
            assert (answered.status_code, answered.json()) == (200, {"code": "200", "Status": "Success"})
            assert (await door.post(url, content=content + b" ", headers=headers)).status_code == 401
        await world.work()
    assert order_id in await world.documents(connection)
    item = (await world.documents(connection, "get_inventory"))[f"{ACCOUNT}:CRATE-1"]
    assert item["onhand"] == 17
    services = world.services
    await disconnect(services.database, connection, world.clock(), services.subscriptions.leave)
    assert mock.hooks == []


async def warehouse(shiphero: ConnectedShipHero) -> str:
    return next(iter(await shiphero.world.documents(shiphero.connection, "get_warehouses")))


def test_every_kind_is_read_by_a_function_that_can_be_read_by_id():
    ids = {*inbound.IDS, "get_inventory"}
    assert set(KINDS.values()) == ids
    assert json.dumps(inbound.ANSWER)
