"""Webhooks of ShipBob: signed by the rules of Standard Webhooks, and heeded rather than believed."""

import base64
import hmac
import json
import time
from typing import Any

import httpx
import pytest

from crossdock.errors import NotFound
from crossdock.integrations.shipbob import inbound
from crossdock.integrations.shipbob.client import Client
from crossdock.kit.inbound import BadSignature, InboundRequest
from crossdock.services.application import application
from tests.integrations.shipbob.conftest import connected
from tests.integrations.shipbob.description import words
from tests.integrations.shipbob.mock import Mock
from tests.integrations.shipbob.records import SECRET
from tests.journeys.conftest import World, with_settings
from tests.mock_vendors.orders import SampleOrder

URL = "https://hub.example/inbound/abc"


def notice(
    body: Any, *, secret: str = SECRET, seconds: float = 0, topic: str = "order.shipped"
) -> InboundRequest:
    """A notice as ShipBob sends it; seconds: how old."""
    raw, sent_at = json.dumps(body).encode(), str(int(time.time() - seconds))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((b"msg_1", sent_at.encode(), raw))
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": sent_at, "x-webhook-topic": topic}
    return InboundRequest.of(raw, headers | {"Webhook-Signature": f"v1,AAAA v1,{signature}"})


def test_what_shipbob_signed_is_taken():
    inbound.verify(notice({"order_id": 1}), SECRET)


@pytest.mark.parametrize(
    "forged",
    [notice({"order_id": 1}, secret="whsec_AAAA"), notice({"order_id": 1}, seconds=3600)],
    ids=["another secret", "an hour old"],
)
def test_what_it_did_not_sign_or_long_ago_is_not(forged: InboundRequest):
    with pytest.raises(BadSignature):
        inbound.verify(forged, SECRET)


@pytest.mark.parametrize(
    ("topic", "body", "reads"),
    [
        ("order.shipped", {"id": 5, "order_id": 1}, [("get_orders", "1")]),
        ("order.shipped", {"id": 1, "shipments": []}, [("get_orders", "1")]),
        ("order.shipment.delivered", {"id": 5, "order_id": 1}, [("get_orders", "1")]),
        ("order.shipment.delivered", {"data": {"shipment": {}, "order_id": "1"}}, [("get_orders", "1")]),
        ("order.shipment.on_hold", {"id": 5}, []),
        ("return.updated", {"id": 7}, [("get_returns", "7")]),
        ("return.created", {"return": {"id": 7}}, [("get_returns", "7")]),
        ("billing.charge.created", {"id": 7}, []),
        ("order.shipped", ["nothing"], []),
    ],
)
def test_a_notice_names_what_is_to_be_read_again(topic: str, body: Any, reads: list[tuple[str, str]]):
    assert inbound.changed(body, notice(body, topic=topic).headers) == reads


async def test_a_notice_has_its_order_read_at_once(world: World, mock: Mock, monkeypatch: pytest.MonkeyPatch):
    public = with_settings(world, base_url="https://hub.example")
    connection = await connected(public, mock, monkeypatch)
    [subscription] = mock.webhooks.values()
    assert set(subscription["topics"]) == set(inbound.TOPICS) <= words("Webhooks.Topics")
    order_id = mock.add_order(SampleOrder(1))
    request = notice({"order_id": int(order_id)})
    transport = httpx.ASGITransport(app=application(public.services.dependencies()))
    async with httpx.AsyncClient(transport=transport) as http:
        answer = await http.post(subscription["url"], content=request.body, headers=dict(request.headers))
        assert answer.status_code == 200
        forged = dict(request.headers) | {"Webhook-Signature": "v1,AAAA"}
        answer = await http.post(subscription["url"], content=request.body, headers=forged)
        assert answer.status_code == 401
    await public.work()
    assert set(await public.documents(connection)) == {order_id}


async def test_it_is_subscribed_once_whoever_tried_before(mock: Mock, client: Client):
    first = await inbound.subscribe(client, URL, "ours")
    assert first.secret == SECRET, "ShipBob chooses it"
    second = await inbound.subscribe(client, URL, "ours")
    assert list(mock.webhooks) == [second.id]
    assert await inbound.is_subscribed(client, second.id)
    mock.webhooks[second.id]["enabled"] = False
    assert not await inbound.is_subscribed(client, second.id)
    await inbound.unsubscribe(client, second.id)
    with pytest.raises(NotFound):
        await inbound.unsubscribe(client, second.id)
    assert not await inbound.is_subscribed(client, second.id)
