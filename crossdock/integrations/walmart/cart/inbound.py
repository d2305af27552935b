"""Notifications of Walmart: new orders, and lines that Walmart cancels itself.

https://developer.walmart.com/us-marketplace/docs/purchase-order-po-created-event. They bear a name and a
password that only Walmart and we know, in a header as its description of Create Subscription says.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.walmart.cart.client import Client
from crossdock.kit.auth.base import base64_text
from crossdock.kit.contract import Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_equal
from crossdock.kit.responses import member
from crossdock.kit.rest import NOT_FOUND

HOOKS = "/v3/webhooks/subscriptions"
EVENTS = ("PO_CREATED", "PO_LINE_AUTOCANCELLED")
USER = "crossdock"
HEADER = "Authorization"


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    details = {"authMethod": "BASIC_AUTH", "userName": USER, "password": secret, "authHeaderName": HEADER}
    events = [
        {
            "eventType": event,
            "eventVersion": "V1",
            "resourceName": "ORDER",
            "eventUrl": url,
            "authDetails": details,
            "headers": {"content-type": "application/json"},
            "status": "ACTIVE",
        }
        for event in EVENTS
    ]
    await client.send("POST", HOOKS, json={"events": events})
    return Subscription(url)


async def unsubscribe(client: Client, subscription: Json) -> None:
    hooks = await _hooks(client, subscription)
    if not hooks:
        raise NotFound("there is no subscription to this address any more", record_id=subscription)
    for hook in hooks:
        try:
            await client.send("DELETE", f"{HOOKS}/{hook['subscriptionId']}")
        except VendorRefused as refused:  # somebody else ended it meanwhile
            if refused.status != NOT_FOUND:
                raise


async def is_subscribed(client: Client, subscription: Json) -> bool:
    hooks = await _hooks(client, subscription)
    return {hook["eventType"] for hook in hooks if hook["status"] == "ACTIVE"}.issuperset(EVENTS)


async def find_subscription(client: Client, url: str) -> Json | None:
    return url if await _hooks(client, url) else None


def verify(request: InboundRequest, secret: str) -> None:
    """Check the pair. Walmart calls the header its Base64, and does not say whether "Basic" stands before."""
    sent = request.headers.get(HEADER)
    pair = sent.removeprefix("Basic ") if sent else sent
    require_equal(pair, base64_text(f"{USER}:{secret}"))


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    """The order that a notice is about. A notice of a test, or of anything else, names none."""
    payload: Any = body.get("payload") if isinstance(body, dict) else None
    number = payload.get("purchaseOrderId") if isinstance(payload, dict) else None
    return [("get_orders", number)] if isinstance(number, str) and number else []


async def _hooks(client: Client, url: str) -> list[dict[str, Any]]:
    try:
        listed = member(await client.get(HOOKS), "events", list)
    except VendorRefused as refused:
        if refused.status != NOT_FOUND:
            raise
        return []
    # The schema has them in lists of lists, its examples have not.
    hooks = [hook for entry in listed for hook in entry.get("event") or [entry]]
    return [hook for hook in hooks if hook.get("eventUrl") == url]
