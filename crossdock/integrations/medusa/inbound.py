"""Changes that a shop tells of: sent by `subscriber.js`, to whom the metadata of its store names.

The shop has no API for webhooks. What it has is a store whose metadata the Admin API may change.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from crossdock.integrations.medusa.client import STORE, Client
from crossdock.kit.contract import Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_hmac

SIGNATURE = "X-Crossdock-Signature"
KEY = "crossdock_webhook"
"""How the names of receivers begin in the metadata; the end of the URL follows, as there may be several."""
KEY_LETTERS = 12
FUNCTIONS = {"orders": "get_orders", "products": "get_products"}


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    """Name the receiver in the store's metadata."""
    key = f"{KEY}_{urlsplit(url).path[-KEY_LETTERS:]}"
    store = await _store(client)
    await _change(client, store, _metadata(store) | {key: {"url": url, "secret": secret}})
    return Subscription({"store": store["id"], "key": key})


async def unsubscribe(client: Client, subscription: Json) -> None:
    """Take the receiver out again."""
    store = await _store(client)
    metadata = _metadata(store)
    if metadata.pop(subscription["key"], None) is not None:
        await _change(client, store, metadata)


async def is_subscribed(client: Client, subscription: Json) -> bool:
    return subscription["key"] in _metadata(await _store(client))


def verify(request: InboundRequest, secret: str) -> None:
    require_hmac(request, secret, SIGNATURE)


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    return [
        (function, str(record_id))
        for name, function in FUNCTIONS.items()
        for record_id in body.get(name) or []
        if record_id
    ]


async def _store(client: Client) -> dict[str, Any]:
    answer = await client.get(STORE, limit=1)
    store: dict[str, Any] = answer["stores"][0]
    return store


def _metadata(store: Mapping[str, Any]) -> dict[str, Any]:
    return dict(store.get("metadata") or {})


async def _change(client: Client, store: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Set all metadata of the store: Medusa keeps nothing of what was there before."""
    await client.send("POST", f"{STORE}/{store['id']}", json={"metadata": metadata})
