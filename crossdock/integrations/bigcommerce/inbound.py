"""Webhooks of BigCommerce: one for each scope, each sent with a header that only the store and we know.

https://docs.bigcommerce.com/developer/docs/integrations/webhooks, "Security".
"""

from collections.abc import Mapping
from typing import Any

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.bigcommerce.client import PRODUCT, Client
from crossdock.kit.contract import Json
from crossdock.kit.inbound import InboundRequest, Reads, Subscription, require_equal
from crossdock.kit.responses import member

HOOKS = "/v3/hooks"
HEADER = "X-Crossdock-Secret"
SCOPES = (
    "store/order/*",
    "store/shipment/*",
    "store/product/*",
    "store/sku/*",
    "store/channel/*/inventory/product/stock_changed",
    "store/inventory/location/created",
    "store/inventory/location/updated",
)
GONE = {"store/order/archived", "store/product/deleted", "store/sku/deleted"}


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    for scope in SCOPES:
        hook = {"scope": scope, "destination": url, "is_active": True, "headers": {HEADER: secret}}
        await client.send("POST", HOOKS, json=hook)
    return Subscription(url)


async def unsubscribe(client: Client, subscription: Json) -> None:
    hooks = await _hooks(client, subscription)
    if not hooks:
        raise NotFound("there is no webhook to this address any more", record_id=subscription)
    for hook in hooks:
        try:
            await client.send("DELETE", f"{HOOKS}/{hook['id']}")
        except VendorRefused as refused:  # somebody else ended it meanwhile
            if refused.status != 404:
                raise


async def is_subscribed(client: Client, subscription: Json) -> bool:
    """Check each scope: BigCommerce switches off what it could not deliver for two days."""
    hooks = await _hooks(client, subscription)
    return {hook["scope"] for hook in hooks if hook["is_active"]}.issuperset(SCOPES)


async def find_subscription(client: Client, url: str) -> Json | None:
    return url if await _hooks(client, url) else None


def verify(request: InboundRequest, secret: str) -> None:
    require_equal(request.headers.get(HEADER), secret)


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    return [] if body.get("scope") in GONE else _records(body)


def deleted(body: Json, headers: Mapping[str, str]) -> Reads:
    return _records(body) if body.get("scope") in GONE else []


def _records(body: Json) -> Reads:
    """The records that a notice is about; of a product it does not name the variants."""
    data: Mapping[str, Any] = body.get("data") or {}
    kind = str(body.get("scope", "")).split("/")[1:3]
    if kind[:1] == ["order"]:
        return _read("get_orders", data.get("id"))
    if kind[:1] == ["shipment"]:
        return _read("get_orders", data.get("orderId"))
    if kind == ["inventory", "location"]:
        return _read("get_warehouses", data.get("location_id"))
    if kind[:1] not in (["product"], ["sku"], ["channel"]):
        return []
    # By kind they stand at the top, in `sku` or in `inventory`.
    names = {**data, **(data.get("sku") or {}), **(data.get("inventory") or {})}
    product = data.get("id") if kind[:1] == ["product"] else names.get("product_id")
    return _read("get_products", product, PRODUCT) + _read("get_products", names.get("variant_id"))


def _read(function: str, number: Any, beginning: str = "") -> Reads:
    return [(function, f"{beginning}{number}")] if number else []


async def _hooks(client: Client, url: str) -> list[dict[str, Any]]:
    return member(await client.get(HOOKS, destination=url, limit=100), "data", list)
