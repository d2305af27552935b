"""Speaks the API of NuORDER: orders by their status, products one by one. https://nuorderapi1.docs.apiary.io."""

import secrets
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from crossdock.errors import NotFound, VendorError, VendorRefused
from crossdock.integrations.nuorder.signing import authorization
from crossdock.integrations.nuorder.sizes import parts_of, size_id
from crossdock.kit import paging
from crossdock.kit.auth.base import VendorRequest, header_safe
from crossdock.kit.auth.oauth1 import OAuth1Keys
from crossdock.kit.auth.signature import SignatureAuth, signature
from crossdock.kit.contract import RECORD_ID, Account, Context, Json, Page, Raw, Walk
from crossdock.kit.http import Response
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

EDITED = "edited"
STATUSES = ("draft", "review", "pending", "approved", "processed", "shipped", "cancelled", EDITED)
"""In the order that orders go through them: one that moves on while they are read is met later on."""
AT_ONCE = 50
"""How many products a page has."""


class Client(RestClient):
    """Raw pages out of a brand's portal."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.http.signed(_signature(context)), context.host("api"))

    async def check(self) -> Account:
        """The portal at this host: NuORDER has no call that says whose it is."""
        await self._listed("/api/orders/pending/list")
        host = urlsplit(self.base_url).netloc
        return Account(host, {"host": host})

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """All orders, a status at a time: there are no pages, and `modified_on` misses some changes."""
        seen: set[str] = set()
        for status in STATUSES[STATUSES.index(walk.cursor or STATUSES[0]) :]:
            orders = await self._orders(status)
            if status == EDITED:
                # The list of what was edited may repeat what others have.
                orders = [order for order in orders if _name(order) not in seen]
            seen |= {_name(order) for order in orders}
            if status != STATUSES[-1]:
                yield Page(orders, STATUSES[STATUSES.index(status) + 1], key="_id")
                continue
            unseen = tuple(record_id for record_id in walk.open_ids if record_id not in seen)
            last = Page(orders, key="_id")
            yield await paging.with_open(last, replace(walk, open_ids=unseen), self.order)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """The products that orders name, each followed by its sizes: no list of all is known."""
        sizes = await self._ordered_sizes(walk.at_most)
        size = min(AT_ONCE, walk.at_most or AT_ONCE)

        async def fetch(after: Json) -> tuple[list[Raw], Json]:
            left = [name for name in sorted(sizes) if after is None or name > after]
            following = left[size - 1] if len(left) > size else None
            return [{"_id": name} for name in left[:size]], following

        async for page in paging.by_cursor(walk, fetch, key="_id"):
            whole = await paging.with_details(page, lambda raw: self._product(raw["_id"]))
            gone = (
                record_id for name in whole.deleted for record_id in (name, *_size_ids(name, sizes[name]))
            )
            records = [record for product in whole.records for record in _sized(product)]
            yield replace(whole, records=records, deleted=tuple(gone), key=RECORD_ID)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        return await self.read_one("/api/order", record_id)

    async def product(self, record_id: str) -> Raw:
        """A product, or one of its sizes."""
        product_id, _ = parts_of(record_id)
        for record in _sized(await self._product(product_id)):
            if record[RECORD_ID] == record_id:
                return record
        raise NotFound(f"the product {product_id} has no such size", record_id=record_id)

    # Parts of these

    async def _orders(self, status: str) -> list[Raw]:
        try:
            return await self._listed(f"/api/orders/{status}/detail")
        except VendorRefused as refused:
            # Recorded in 2014, and not among the statuses that NuORDER's help explains today.
            if status == EDITED and refused.status in (400, 404):
                return []
            raise

    async def _listed(self, path: str) -> list[Any]:
        """A list, which is the whole of an answer."""
        return member({"list": await self.get(path)}, "list", list)

    async def _product(self, product_id: str) -> Raw:
        return await self.read_one("/api/product", product_id)

    async def _ordered_sizes(self, at_most: int | None) -> dict[str, set[str]]:
        """The sizes that orders name, by product; where so many products are enough, not of all orders."""
        sizes: dict[str, set[str]] = {}
        for status in STATUSES:
            if at_most is not None and len(sizes) >= at_most:
                break
            for order in await self._orders(status):
                for product_id, size in _ordered(order):
                    sizes.setdefault(product_id, set()).add(size)
        return sizes

    def refusal(self, answer: Response) -> VendorError | None:
        """Stock is answered with `{"success": true}`, or it was not taken."""
        if answer.status != 200 or b'"success"' not in answer.body[:100]:
            return None
        decoded = answer.json()
        if isinstance(decoded, dict) and decoded.get("success") is False:
            said = answer.redaction(str(decoded.get("message") or "NuORDER did not take it"))[:500]
            return VendorRefused(said, url=answer.url, status=200)
        return None


def _signature(context: Context) -> SignatureAuth:
    """The sign-in with the keys of a brand's application."""
    fields = {name: header_safe(text) for name, text in context.credentials.items()}
    keys = OAuth1Keys(
        fields["consumer_key"], fields["consumer_secret"], fields["token"], fields["token_secret"]
    )

    def signed(request: VendorRequest) -> VendorRequest:
        header = authorization(request, keys, secrets.token_hex(8), int(time.time()))
        return request.with_headers({"Authorization": header})

    return signature(signed, keys.consumer_key, keys.consumer_secret, keys.token, keys.token_secret)


def _name(order: Any) -> str:
    """The id of an order; that of none for what is no order, which is for whoever reads it to set aside."""
    return str(order.get("_id")) if isinstance(order, dict) else ""


def _ordered(order: Any) -> Iterable[tuple[str, str]]:
    """The products and sizes that an order names, as far as it does."""
    for line in _objects(order, "line_items"):
        product = line.get("product")
        product_id = product.get("_id") if isinstance(product, dict) else None
        words = (size.get("size") for size in _objects(line, "sizes"))
        yield from ((str(product_id), str(word)) for word in words if word and product_id)


def _objects(holder: Any, name: str) -> list[Raw]:
    """The objects of a list within an object; none where there is no such list."""
    parts = holder.get(name) if isinstance(holder, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _size_ids(product_id: str, sizes: Iterable[str]) -> list[str]:
    return [size_id(product_id, size) for size in sorted(sizes)]


def _sized(product: Raw) -> Iterable[Raw]:
    """A product, followed by its sizes, each with its product."""
    product_id = member(product, "_id", str)
    yield product | {RECORD_ID: product_id}
    for size in member({"sizes": product.get("sizes") or []}, "sizes", list):
        # What is no size, or has no name, is for whoever reads it to set aside.
        own = size if isinstance(size, dict) else {}
        yield own | {"product": product, RECORD_ID: size_id(product_id, str(own.get("size")))}
