"""Changes that Shopify tells of: one subscription for each topic, signed with the secret of the app."""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.shopify.bulk import PRODUCT
from crossdock.integrations.shopify.client import ITEM, Client, is_granted, scopes_of, webhook_secret
from crossdock.kit.contract import Json
from crossdock.kit.erasure import ErasureRequest, ErasureSubject
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_equal, require_hmac
from crossdock.wire import decoder

SIGNATURE = "X-Shopify-Hmac-SHA256"
TOPIC = "X-Shopify-Topic"
SHOP = "X-Shopify-Shop-Domain"
SEPARATOR = " "
"""Between the shop's domain and the secret of the app, as they are kept together."""
TOPICS: Mapping[str, tuple[str, ...]] = {
    "read_orders": (
        "ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDERS_DELETE", "FULFILLMENTS_CREATE",
        "FULFILLMENTS_UPDATE", "REFUNDS_CREATE",
    ),
    "read_products": ("PRODUCTS_CREATE", "PRODUCTS_UPDATE", "PRODUCTS_DELETE"),
    "read_inventory": ("INVENTORY_LEVELS_UPDATE", "INVENTORY_LEVELS_CONNECT", "INVENTORY_LEVELS_DISCONNECT"),
}  # fmt: skip
"""By the scope that each needs."""
ALWAYS = ("APP_UNINSTALLED",)
NO_ORDER = "0"
"""No order has this number: reading it shows whether the shop still lets us in."""


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    """Subscribe to each topic. What there is of this address already ends first."""
    app_secret = webhook_secret(client.credentials)
    if not app_secret:
        raise VendorRefused("the API secret key of the app is not filled in: it signs the webhooks")
    domain = (await client.api.ask("shop"))["shop"]["myshopifyDomain"]
    await unsubscribe(client, url)
    for topic in await _topics(client):
        await client.api.change("subscribe", topic=topic, subscription={"uri": url, "format": "JSON"})
    return Subscription(url, f"{domain}{SEPARATOR}{app_secret}")


async def unsubscribe(client: Client, subscription: Json) -> None:
    """End the subscriptions of an address."""
    for node in await _subscriptions(client, subscription):
        try:
            await client.api.change("unsubscribe", id=node["id"])
        except (NotFound, VendorRefused):  # somebody else ended it meanwhile
            continue


async def is_subscribed(client: Client, subscription: Json) -> bool:
    topics = {node["topic"] for node in await _subscriptions(client, subscription)}
    return topics.issuperset(await _topics(client))


async def _topics(client: Client) -> list[str]:
    """What can be subscribed to with the scopes that the app has now: another topic would be refused."""
    granted = scopes_of(await client.api.ask("shop"))
    return [*ALWAYS, *(topic for scope in TOPICS if is_granted(scope, granted) for topic in TOPICS[scope])]


def verify(request: InboundRequest, secret: str) -> None:
    """Check who signed it, and that it is about this shop: one app may be in many, and has one secret."""
    domain, _, app_secret = secret.partition(SEPARATOR)
    require_hmac(request, app_secret, SIGNATURE)
    require_equal(request.headers.get(SHOP), domain)
    body = decoder.decode(request.body)
    if isinstance(body, dict) and "shop_domain" in body:  # of the topics that have somebody erased
        require_equal(str(body["shop_domain"]), domain)


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    """The records that a notice is about: Shopify sends them as its REST API showed them."""
    topic = headers.get(TOPIC, "")
    kind = topic.partition("/")[0]
    if topic in ("orders/delete", "products/delete"):
        return []
    if kind == "orders":
        return _read("get_orders", body.get("id"))
    if kind in ("fulfillments", "refunds"):
        return _read("get_orders", body.get("order_id"))
    if kind == "products":
        variants = [("get_products", str(variant["id"])) for variant in body.get("variants") or []]
        return [*_read("get_products", body.get("id"), PRODUCT), *variants]
    if kind == "inventory_levels":
        return _read("get_products", body.get("inventory_item_id"), ITEM)
    return [("get_orders", NO_ORDER)] if topic == "app/uninstalled" else []


def deleted(body: Json, headers: Mapping[str, str]) -> Reads:
    """The records that are gone; of a product the next sync finds which variants went with it."""
    functions = {"orders/delete": ("get_orders", ""), "products/delete": ("get_products", PRODUCT)}
    if headers.get(TOPIC) not in functions:
        return []
    function, beginning = functions[headers[TOPIC]]
    return _read(function, body.get("id"), beginning)


def erasures(body: Json, headers: Mapping[str, str]) -> list[ErasureRequest]:
    """The customers that a shop wants erased or shown, by the topics that Shopify demands apps to take."""
    topic = headers.get(TOPIC)
    if topic == "shop/redact":
        return [ErasureRequest(subject=ErasureSubject(everyone=True))]
    if topic not in ("customers/redact", "customers/data_request"):
        return []
    customer = body.get("customer") or {}
    orders = body.get("orders_to_redact") or body.get("orders_requested") or []
    names = [str(number) for number in orders]
    subject = ErasureSubject(email=customer.get("email"), phone=customer.get("phone"), reference_ids=names)
    if subject.is_empty:
        return []
    return [ErasureRequest(subject=subject, mode="erase" if topic == "customers/redact" else "show")]


def _read(function: str, number: Any, beginning: str = "") -> Reads:
    return [(function, f"{beginning}{number}")] if number else []


async def _subscriptions(client: Client, url: str) -> list[dict[str, Any]]:
    data = await client.api.ask("subscriptions", uri=url)
    nodes: list[dict[str, Any]] = data["webhookSubscriptions"]["nodes"]
    return nodes
