"""Webhooks of WooCommerce: one for each topic, each signed with a secret that we choose.

https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.woocommerce.client import Client
from crossdock.kit.contract import Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_hmac
from crossdock.kit.responses import member

HOOKS = "/webhooks"
SIGNATURE, TOPIC = "X-WC-Webhook-Signature", "X-WC-Webhook-Topic"
FUNCTIONS = {"order": "get_orders", "product": "get_products"}
EVENTS = ("created", "updated", "deleted", "restored")
TOPICS = tuple(f"{kind}.{event}" for kind in FUNCTIONS for event in EVENTS)
PAGE_SIZE = 100


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    for topic in TOPICS:
        hook = {"name": f"Crossdock {topic}", "topic": topic, "delivery_url": url, "secret": secret}
        await client.send("POST", HOOKS, json=hook | {"status": "active"})
    return Subscription(url)


async def unsubscribe(client: Client, subscription: Json) -> None:
    hooks = await _hooks(client, subscription)
    if not hooks:
        raise NotFound("no webhook leads to this address", record_id=subscription)
    for hook in hooks:
        try:
            await client.send("DELETE", f"{HOOKS}/{hook['id']}", params={"force": "true"})
        except VendorRefused as refused:  # somebody else ended it meanwhile
            if refused.status != 404:
                raise


async def is_subscribed(client: Client, subscription: Json) -> bool:
    """Check each topic: WooCommerce disables what could not be delivered several times in a row."""
    hooks = await _hooks(client, subscription)
    return {hook["topic"] for hook in hooks if hook["status"] == "active"}.issuperset(TOPICS)


async def find_subscription(client: Client, url: str) -> Json | None:
    return url if await _hooks(client, url) else None


def verify(request: InboundRequest, secret: str) -> None:
    require_hmac(request, secret, SIGNATURE)


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    return [] if _is_deleted(headers) else _records(body, headers)


def deleted(body: Json, headers: Mapping[str, str]) -> Reads:
    return _records(body, headers) if _is_deleted(headers) else []


def _is_deleted(headers: Mapping[str, str]) -> bool:
    return headers.get(TOPIC, "").endswith(".deleted")


def _records(body: Json, headers: Mapping[str, str]) -> Reads:
    """The record that a notice is about; variations have notices of their own, as products."""
    function = FUNCTIONS.get(headers.get(TOPIC, "").partition(".")[0])
    number = body.get("id") if isinstance(body, dict) else None
    return [(function, str(number))] if function and number else []


async def _hooks(client: Client, url: str) -> list[dict[str, Any]]:
    """The webhooks that lead to an address."""
    hooks: list[dict[str, Any]] = []
    page: list[Any] = [None]
    while page:
        answer = await client.get(HOOKS, per_page=PAGE_SIZE, offset=len(hooks) or None, orderby="id")
        hooks += (page := member({"list": answer}, "list", list))
        if len(page) < PAGE_SIZE:
            break
    return [hook for hook in hooks if hook["delivery_url"] == url]
