"""Speaks the REST API v3 of WooCommerce. https://woocommerce.github.io/woocommerce-rest-api-docs/."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from crossdock.errors import MissingPermission, NotFound, VendorError, VendorNonsense, VendorRefused
from crossdock.integrations.woocommerce.lists import ListedById, utc
from crossdock.kit import paging
from crossdock.kit.auth.fixed import basic
from crossdock.kit.contract import Account, Context, Json, Page, Raw, Walk
from crossdock.kit.responses import Response, member
from crossdock.kit.rest import RestClient

ORDERS, PRODUCTS = "/orders", "/products"
CURRENCY = "/data/currencies/current"
UNIT = "/settings/products/woocommerce_{}_unit"
UNITS = ("weight", "dimension")
TRASH = "trash"
VARIATION = "variation"
REFUSED_WITH_500 = ("woocommerce_rest_cannot_create_order_refund", "woocommerce_rest_invalid_order_refund")
"""Codes of refusals whose status is lost on their way through WordPress, and becomes 500."""
UNREAD = {"_links", "description", "short_description", "price_html", "related_ids", "meta_data"}
"""Members of products that are long, made for pages of the shop, or a plug-in's."""


class Client(RestClient):
    """Raw pages out of a shop."""

    def __init__(self, context: Context) -> None:
        fields = context.credentials
        http = context.http.signed(basic(fields["consumer_key"], fields["consumer_secret"]))
        self._shop = fields["url"].rstrip("/")
        super().__init__(http, f"{self._shop}/wp-json/wc/v3")
        self._units: Raw = {}

    def refusal(self, answer: Response) -> VendorError | None:
        """A right that a key lacks, which comes with 401; or a refund that was refused, with 500."""
        if answer.status not in (401, 500):
            return None
        body = _object(answer)
        code, message = str(body.get("code")), str(body.get("message"))
        if answer.status == 500 and code in REFUSED_WITH_500:
            return VendorRefused(f"500: {message}", url=answer.url, status=400)
        if answer.status == 401 and "does not have" in message and "permissions" in message:
            return MissingPermission(f"401: {message}", url=answer.url, status=403)
        return None

    async def check(self) -> Account:
        """The shop, by its address. Its currency is shown to those who may manage it, as writes need."""
        currency = await self.get(CURRENCY)
        if not isinstance(currency, dict) or not currency.get("code"):
            raise VendorNonsense(f"wanted the currency of the shop at {CURRENCY}")
        return Account(urlsplit(self._shop).netloc, {"url": self._shop}, {"currency": currency["code"]})

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, by their ids, with their refunds; then some of those that we hold.

        What changes meanwhile moves no order out of the list, and what is put into the trash is noticed.
        """
        since = walk.mark or (walk.start and utc(walk.start))
        window = {"modified_after": since, "modified_before": walk.end and utc(walk.end)}
        params = {**window, "dates_are_gmt": "true" if any(window.values()) else None}
        listed = ListedById(self, ORDERS, params, walk.at_most)
        pages = paging.by_cursor(walk, listed.fetch, mark=lambda _, so_far: so_far or listed.began)
        async for page in pages:
            detailed = await paging.with_details(page, self._with_refunds)
            yield await paging.with_open(detailed, walk, self.order)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products, each followed by its variations, with what is in stock."""
        units = await self._units_of_shop()
        async for page in paging.by_cursor(walk, ListedById(self, PRODUCTS, {}, walk.at_most).fetch):
            detailed = await paging.with_details(page, self._with_variations, gone="left out")
            records = [record for raw in detailed.records for record in _flat(raw, units)]
            yield replace(page, records=records)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        order = await self.read_one(ORDERS, record_id)
        if order.get("status") == TRASH:
            raise NotFound(f"the order {record_id} is in the trash", record_id=record_id)
        return await self._with_refunds(order)

    async def product(self, record_id: str) -> Raw:
        """A product, or a variation of one: their ids are numbers of one kind."""
        record = await self.read_one(PRODUCTS, record_id)
        units = await self._units_of_shop()
        parent = record
        if record.get("type") == VARIATION:
            parent_id = member(record, "parent_id", int)
            parent = await self.read_one(PRODUCTS, str(parent_id))
            record = await self.read_one(f"{PRODUCTS}/{parent_id}/variations", record_id)
        if TRASH in (record.get("status"), parent.get("status")):
            raise NotFound(f"the product {record_id} is in the trash", record_id=record_id)
        return _product(parent, units) if parent is record else _variation(record, parent, units)

    # Parts of these

    async def _with_refunds(self, order: Raw) -> Raw:
        """An order with what was refunded of it: it names only the sums itself."""
        refunds = await self._all(f"{ORDERS}/{order['id']}/refunds") if order.get("refunds") else []
        return order | {"refunds": refunds}

    async def _with_variations(self, product: Raw) -> Raw:
        if not product.get("variations"):
            return product | {"variations": []}
        return product | {"variations": await self._all(f"{PRODUCTS}/{product['id']}/variations")}

    async def _all(self, path: str) -> list[Raw]:
        """A list within a record, whole, in the order of ids."""
        rows: list[Raw] = []
        cursor: Json = None
        listed = ListedById(self, path)
        while True:
            page, cursor = await listed.fetch(cursor)
            rows += page
            if cursor is None:
                return rows

    async def _units_of_shop(self) -> Raw:
        """The units that weights and sizes of this shop are in."""
        if not self._units:
            answers = [await self.get(UNIT.format(name)) for name in UNITS]
            self._units = {
                f"{name}_unit": member({"it": answer}, "it", dict).get("value")
                for name, answer in zip(UNITS, answers, strict=True)
            }
        return self._units


def _object(answer: Response) -> Mapping[str, Any]:
    """The body of a refusal; {} where that is something else than an object."""
    try:
        body = answer.json()
    except VendorError:
        return {}
    return body if isinstance(body, dict) else {}


def _flat(product: Raw, units: Raw) -> Iterable[Raw]:
    """A product without its variations, then these, each with its product."""
    yield _product(product, units)
    for variation in product["variations"]:
        yield _variation(variation, product, units)


def _product(product: Raw, units: Raw) -> Raw:
    alone = {name: value for name, value in product.items() if name not in UNREAD | {"variations"}}
    return alone | units


def _variation(variation: Raw, product: Raw, units: Raw) -> Raw:
    own = {name: value for name, value in variation.items() if name not in UNREAD}
    return own | {"product": _product(product, units)}
