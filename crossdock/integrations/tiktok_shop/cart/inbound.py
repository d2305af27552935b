"""Webhooks of TikTok Shop: an address for each event of a shop, each notice signed with the app's secret.

Partner Center, "Webhooks overview": `Authorization` is the HMAC-SHA256 of app key and body, hexadecimal.
"""

from collections.abc import Mapping

from crossdock.errors import NotFound
from crossdock.integrations.tiktok_shop.cart.client import Client
from crossdock.integrations.tiktok_shop.tokens import app_of
from crossdock.kit.contract import Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, hmac_text, require_equal
from crossdock.kit.responses import member

HOOKS = "/event/202309/webhooks"
EVENTS = (
    "ORDER_STATUS_CHANGE",
    "RECIPIENT_ADDRESS_UPDATE",
    "CANCELLATION_STATUS_CHANGE",
    "RETURN_STATUS_CHANGE",
)
"""Those whose notices are known to name an order. How others name what they are about has no source."""


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    for event in EVENTS:
        await client.send("PUT", HOOKS, json={"event_type": event, "address": url})
    return Subscription(url, ":".join(app_of(client.context)))


async def unsubscribe(client: Client, subscription: Json) -> None:
    """End what still leads to our address: each event of a shop has one, which may be somebody else's now."""
    events = await _events(client, subscription)
    if not events:
        raise NotFound("there is no webhook to this address any more", record_id=subscription)
    for event in sorted(events):
        await client.send("DELETE", HOOKS, json={"event_type": event})


async def is_subscribed(client: Client, subscription: Json) -> bool:
    return (await _events(client, subscription)).issuperset(EVENTS)


async def find_subscription(client: Client, url: str) -> Json | None:
    return url if await _events(client, url) else None


def verify(request: InboundRequest, secret: str) -> None:
    key, _, app_secret = secret.partition(":")
    expected = hmac_text(app_secret, key.encode() + request.body, encoding="hex")
    require_equal(request.headers.get("Authorization"), expected)


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    data = body.get("data") if isinstance(body, dict) else None
    order_id = data.get("order_id") if isinstance(data, dict) else None
    return [("get_orders", str(order_id))] if order_id else []


async def _events(client: Client, url: str) -> set[str]:
    """The events that lead to an address."""
    data = member(await client.get(HOOKS), "data", dict)
    hooks = [] if data.get("webhooks") is None else member(data, "webhooks", list)
    return {str(hook.get("event_type")) for hook in hooks if hook.get("address") == url}
