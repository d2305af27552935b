"""The modern vendor's webhooks: `{"topic": "orders/changed", "ids": […]}`, signed with a secret of ours."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import NotFound
from crossdock.kit.contract import Json
from crossdock.kit.erasure import ErasureRequest, ErasureSubject
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_hmac

SIGNATURE = "X-Modern-Signature"
ANSWER = {"received": True}


async def subscribe(client: Any, url: str, secret: str) -> Subscription:
    answer = await client.send("POST", "/hooks", json={"url": url, "secret": secret})
    return Subscription(answer.json()["id"])


async def unsubscribe(client: Any, subscription: Json) -> None:
    await client.send("DELETE", f"/hooks/{subscription}")


async def is_subscribed(client: Any, subscription: Json) -> bool:
    try:
        await client.read_one("/hooks", subscription)
    except NotFound:
        return False
    return True


async def find_subscription(client: Any, url: str) -> Json | None:
    answer = await client.send("GET", "/hooks")
    return next((hook["id"] for hook in answer.json() if hook["url"] == url), None)


def verify(request: InboundRequest, secret: str) -> None:
    require_hmac(request, secret, SIGNATURE)


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    return _orders(body, "orders/changed")


def deleted(body: Json, headers: Mapping[str, str]) -> Reads:
    return _orders(body, "orders/deleted")


def erasures(body: Json, headers: Mapping[str, str]) -> list[ErasureRequest]:
    """What shops have to forward: a customer asks what is held, is to be erased, or the shop is."""
    topic = body.get("topic") if isinstance(body, dict) else None
    if topic not in ("customers/data_request", "customers/redact", "shop/redact"):
        return []
    customer = body.get("customer") or {}
    subject = ErasureSubject(
        email=customer.get("email"), phone=customer.get("phone"),
        reference_ids=[str(order_id) for order_id in body.get("orders") or ()],
    )  # fmt: skip
    if topic == "customers/data_request":
        return [ErasureRequest(subject=subject, mode="show")]
    if topic == "customers/redact":
        return [ErasureRequest(subject=subject)]
    return [ErasureRequest(subject=ErasureSubject(everyone=True))] if topic == "shop/redact" else []


def _orders(body: Json, topic: str) -> Reads:
    return [("get_orders", record_id) for record_id in body.get("ids", ())] if body["topic"] == topic else []
