"""ShipBob's webhooks: signed by the rules of Standard Webhooks. https://developer.shipbob.com/webhooks."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.shipbob.client import Client
from crossdock.integrations.shipbob.lists import Linked, all_of
from crossdock.kit.contract import Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_standard_webhook

PATH = "/webhook"
TOPIC = "x-webhook-topic"
TOPICS = (
    "order.shipped",
    "order.shipment.delivered",
    "order.shipment.exception",
    "order.shipment.on_hold",
    "order.shipment.cancelled",
    "return.created",
    "return.updated",
    "return.completed",
)
OF_AN_ORDER = "order.shipped"


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    """Have it send; a subscription that an earlier try made for this address is ended first.

    ShipBob signs with a secret that begins with `whsec_`, which it makes and shows only now.
    """
    for earlier in await all_of(client, Linked(PATH)):
        if earlier.get("url") == url:
            await unsubscribe(client, str(earlier["id"]))
    body = {"topics": list(TOPICS), "url": url, "description": "Crossdock"}
    answer = (await client.send("POST", PATH, json=body)).json()
    return Subscription(str(answer["id"]), str(answer["secret"]))


async def unsubscribe(client: Client, subscription: Json) -> None:
    try:
        await client.send("DELETE", f"{PATH}/{subscription}")
    except VendorRefused as refused:
        if refused.status != 404:
            raise
        raise NotFound(f"there is no subscription {subscription}", record_id=subscription) from refused


async def is_subscribed(client: Client, subscription: Json) -> bool:
    """Check whether it is there and on: ShipBob switches off what did not answer for days."""
    subscriptions = await all_of(client, Linked(PATH))
    return any(str(each["id"]) == str(subscription) and each.get("enabled", True) for each in subscriptions)


def verify(request: InboundRequest, secret: str) -> None:
    require_standard_webhook(request, secret, time.time())


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    """The order or return that a notice is of. Its form is published nowhere, so ids are looked for.

    A shipment's notice names its order; only that of a whole order may be named by `id` alone.
    """
    topic = headers.get(TOPIC, "")
    if topic.startswith("return."):
        return [("get_returns", name) for name in _ids(body, "return_id", "id")]
    names = ("order_id", "id") if topic == OF_AN_ORDER else ("order_id",)
    return [("get_orders", name) for name in _ids(body, *names)] if topic.startswith("order.") else []


def _ids(body: Any, *names: str) -> list[str]:
    """The first of these members that there is: at the top, or in what the body wraps its record in."""
    holders = list(_holders(body))
    for name in names:
        ids = [str(holder[name]) for holder in holders if isinstance(holder.get(name), int | str)]
        if ids:
            return list(dict.fromkeys(ids))
    return []


def _holders(body: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(body, dict):
        yield body
        for name in ("data", "order", "shipment", "return"):
            if isinstance(body.get(name), dict):
                yield body[name]
