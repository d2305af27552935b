"""ShipHero's webhooks: one for each kind of notice, each signed with a secret of its own.

Sources: developer.shiphero.com, "Webhooks" and its pages; notes.md names them.
"""

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.shiphero.client import MUTATION_COST, Client, document
from crossdock.integrations.shiphero.records import connected, item_id
from crossdock.kit.contract import Json, Raw
from crossdock.kit.inbound import BadSignature, InboundRequest, Reads, Subscription, require_hmac

SIGNATURE = "x-shiphero-hmac-sha256"
KINDS = {
    "Inventory Update": "get_inventory",
    "Shipment Update": "get_orders",
    "Order Allocated": "get_orders",
    "Order Deallocated": "get_orders",
    "Order Canceled": "get_orders",
    "Order Packed Out": "get_orders",
    "PO Update": "get_inbound_shipments",
    "Return Update": "get_returns",
}
"""What is subscribed to, by the names of ShipHero, and the function that reads it."""
IDS = {
    "get_orders": ("order_uuid", "order_id", "Order"),
    "get_inbound_shipments": ("po_uuid", "po_id", "PurchaseOrder"),
    "get_returns": ("return_uuid", "return_id", "Return"),
}
"""The members that name a record, by id and by its older number, and the entity that ids are made of."""
HOLDERS = ("fulfillment", "purchase_order", "order", "return")
"""The objects of a notice that may hold these members."""
SHOP_LETTERS = 12
ANSWER = {"code": "200", "Status": "Success"}


async def subscribe(client: Client, url: str, secret: str) -> Subscription:
    """Register each kind. Each gets a secret that is told once, so what is there from before is made anew."""
    shop = _shop(url)
    known = {hook["name"] async for hook in _hooks(client, shop)}
    secrets = []
    for kind in KINDS:
        if kind in known:
            await _deleted(client, kind, shop)
        data = {**client.customer, "name": kind, "url": url, "shop_name": shop}
        answer = await _changed(client, "webhook_create", data)
        secrets.append(answer["webhook_create"]["webhook"]["shared_signature_secret"])
    return Subscription({"shop_name": shop, "url": url}, "\n".join(secrets))


async def unsubscribe(client: Client, subscription: Json) -> None:
    """Delete each kind. Raises NotFound where there is none of them any more."""
    shop = subscription["shop_name"]
    known = [hook["name"] async for hook in _hooks(client, shop)]
    if not known:
        raise NotFound(f"ShipHero has no webhooks of {shop} any more")
    for kind in known:
        await _deleted(client, kind, shop)


async def is_subscribed(client: Client, subscription: Json) -> bool:
    shop, url = subscription["shop_name"], subscription["url"]
    return {hook["name"] async for hook in _hooks(client, shop) if hook["url"] == url} >= KINDS.keys()


def verify(request: InboundRequest, secret: str) -> None:
    """Raise BadSignature unless one of the kinds' secrets signed it."""
    failure: BadSignature | None = None
    is_signed = False
    for part in secret.split("\n"):
        try:
            require_hmac(request, part, SIGNATURE)
            is_signed = True
        except BadSignature as problem:
            failure = problem
    if failure and not is_signed:
        raise failure


def changed(body: Json, headers: Mapping[str, str]) -> Reads:
    """The records of a notice: of stock by account and SKU, of anything else by id."""
    notice = body if isinstance(body, dict) else {}
    kinds = (part.get("webhook_type") for part in _holders(notice))
    function = next((KINDS[kind] for kind in kinds if isinstance(kind, str) and kind in KINDS), None)
    if function is None:
        return []
    if function == "get_inventory":
        return [(function, name) for name in _items(notice)]
    return [(function, name) for name in _ids(notice, function)][:1]


def _items(notice: Raw) -> Iterator[str]:
    """The ids of the items whose stock a notice is about."""
    entries, number = notice.get("inventory"), notice.get("account_id")
    account_id = notice.get("account_uuid") or (_named("Account", number) if number else None)
    for entry in entries if isinstance(entries, list) and account_id else ():
        name = item_id(account_id, entry.get("sku")) if isinstance(entry, dict) else None
        if name:
            yield name


def _ids(notice: Raw, function: str) -> Iterator[str]:
    """The id of what a notice is about. Of older numbers it is made: "Order:272271706" in Base64."""
    name, number, entity = IDS[function]
    holders = _holders(notice)
    yield from (str(holder[name]) for holder in holders if holder.get(name))
    for holder in holders:
        if holder.get(number):
            yield _named(entity, holder[number])


def _named(entity: str, number: Any) -> str:
    """The id of what is named by its older number."""
    return base64.b64encode(f"{entity}:{number}".encode()).decode()


def _holders(notice: Raw) -> list[Raw]:
    """The notice, and the object in it that it is about."""
    return [notice, *(notice[part] for part in HOLDERS if isinstance(notice.get(part), dict))]


def _shop(url: str) -> str:
    """A shop of our own, since each has a kind once: other connections and programs keep theirs."""
    return f"crossdock-{urlsplit(url).path[-SHOP_LETTERS:]}"


async def _hooks(client: Client, shop: str) -> AsyncIterator[dict[str, Any]]:
    after, customer = None, client.customer.get("customer_account_id")
    while True:
        variables = {"after": after, "customer": customer}
        data = await client.graphql.query(document("webhooks"), variables, cost=101)
        hooks, after = connected(data["webhooks"]["data"])
        for hook in hooks:
            if hook["shop_name"] == shop:
                yield hook
        if after is None:
            return


async def _deleted(client: Client, kind: str, shop: str) -> None:
    """Delete one. Somebody else may have done so meanwhile."""
    try:
        await _changed(client, "webhook_delete", {**client.customer, "name": kind, "shop_name": shop})
    except VendorRefused as refusal:
        if refusal.status != 404:
            raise


async def _changed(client: Client, mutation: str, data: Mapping[str, Any]) -> Raw:
    return await client.graphql.mutate(document(mutation), {"data": dict(data)}, cost=MUTATION_COST)
