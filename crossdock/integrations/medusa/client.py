"""Speaks the Admin API of Medusa 2: https://docs.medusajs.com/api/admin."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crossdock.errors import NotFound
from crossdock.kit import paging
from crossdock.kit.auth.base import base64_text
from crossdock.kit.auth.fixed import api_key
from crossdock.kit.contract import Account, Context, Json, Page, Raw, Walk
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

PAGE_SIZE = 50
OVERLAP = timedelta(seconds=60)
"""Read again before the mark: a date is taken when a change begins, and it is seen when it has ended."""
STORE = "/admin/stores"
PRODUCT_PREFIX = "prod_"
"""How ids of products begin; those of variants begin with `variant_`."""

ORDER_FIELDS = ",".join((
    "id", "display_id", "custom_display_id", "status", "email", "currency_code", "created_at", "updated_at",
    "canceled_at", "is_draft_order", "total", "tax_total", "discount_total", "shipping_total",
    "credit_line_total", "metadata", "payment_status", "fulfillment_status", "sales_channel_id", "*items",
    "*shipping_address", "*billing_address", "*shipping_methods", "*fulfillments", "*fulfillments.items",
    "*fulfillments.labels",
    "*payment_collections", "*payment_collections.payments", "*payment_collections.payments.refunds",
))  # fmt: skip
VARIANT_PARTS = ("prices", "inventory_items", "inventory_items.inventory.location_levels", "images")
PRODUCT_PARTS = ("images", "tags", "categories")
PRODUCT_FIELDS = ",".join(
    ("*variants", *(f"*{part}" for part in PRODUCT_PARTS), *(f"*variants.{part}" for part in VARIANT_PARTS))
)
VARIANT_FIELDS = ",".join(
    (*(f"*{part}" for part in VARIANT_PARTS), "*product", *(f"*product.{part}" for part in PRODUCT_PARTS))
)


ITEM_MEMBERS = (
    "id", "title", "variant_id", "variant_sku", "product_id", "discount_total", "tax_total", "quantity",
    "raw_quantity", "unit_price", "raw_unit_price", "return_received_total", "return_dismissed_total",
    "metadata",
)  # fmt: skip


class Client(RestClient):
    """Raw pages out of a shop."""

    def __init__(self, context: Context) -> None:
        # A secret key is sent as the user name of Basic, without a password (docs, "Authentication").
        pair = base64_text(f"{context.credentials['api_key']}:")
        super().__init__(
            context.http.signed(api_key(f"Basic {pair}", "Authorization")), context.credentials["url"]
        )
        self._context = context

    async def check(self) -> Account:
        """The store that the key belongs to. Its default currency is kept: prices are read in it."""
        [store, *_] = member(await self.get(STORE, limit=1), "stores", list)
        currencies = store.get("supported_currencies") or []
        default = next((entry["currency_code"] for entry in currencies if entry.get("is_default")), None)
        return Account(str(store["name"]), {"store_id": store["id"]}, {"currency": default})

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, oldest change first; then some of those that we hold, at times.

        A payment moves the date of its order neither when it is captured nor, for goods that came back,
        when it is refunded.
        """
        begin = datetime.fromisoformat(walk.mark) - OVERLAP if walk.mark else walk.start
        since = begin.isoformat() if begin else None
        until = {"updated_at[$lte]": walk.end.isoformat()} if walk.end else {}
        params = {"fields": ORDER_FIELDS, **until}
        listed = _Listed("/admin/orders", "orders", "updated_at", params, _order)
        pages = paging.by_cursor(walk, self._fetch(listed, since), mark=paging.newest("updated_at"))
        async for page in pages:
            yield await paging.with_open(page, walk, self.order)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products, each followed by its variants."""
        currency = await self._currency()
        listed = _Listed("/admin/products", "products", "created_at", {"fields": PRODUCT_FIELDS})
        async for page in paging.by_cursor(walk, self._fetch(listed, None)):
            records = [record for product in page.records for record in _flat(product, currency)]
            yield Page(records, page.cursor, page.mark)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        """All stock locations."""
        listed = _Listed("/admin/stock-locations", "stock_locations", "created_at", {"fields": "*address"})
        return paging.by_cursor(walk, self._fetch(listed, None))

    def _fetch(self, listed: "_Listed", since: str | None) -> Callable[[Json], Any]:
        """Pages by the date that the list is ordered by, so that nothing is skipped while records change.

        Each page begins with the date that the one before ended with. Only when all of a page has one
        date, it goes on within that date, at the record that the page before ended with. When that is no
        longer there, some before it went, and the date is read from its beginning.
        """

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            here = {"since": since, "offset": 0, "last": None, **(cursor or {})}
            rows = await self._rows(listed, here)
            if here["offset"] and (not rows or rows[0]["id"] != here["last"]):
                here["offset"] = 0
                rows = await self._rows(listed, here)
            if len(rows) < PAGE_SIZE:
                return listed.sorted(rows), None
            first, last = rows[0][listed.date], rows[-1][listed.date]
            if first != last:
                return listed.sorted(rows), {"since": last, "offset": 0}
            passed = here["offset"] if last == here["since"] else 0
            following = {"since": last, "offset": passed + PAGE_SIZE - 1, "last": rows[-1]["id"]}
            return listed.sorted(rows), following

        return fetch

    async def _rows(self, listed: "_Listed", here: Mapping[str, Any]) -> list[Raw]:
        """The records of a page, in the order of the list."""
        params = {**listed.params, "order": listed.date, "limit": PAGE_SIZE, "offset": here["offset"]}
        if here["since"] is not None:
            params[f"{listed.date}[$gte]"] = here["since"]
        return member(await self.get(listed.path, **params), listed.name, list)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        answer = await self.read_one("/admin/orders", record_id, fields=ORDER_FIELDS)
        order = member(answer, "order", dict)
        if order.get("is_draft_order"):  # lists have none
            raise NotFound(f"{record_id} is a draft, no order yet", record_id=record_id)
        return _order(settled(order))

    async def product(self, record_id: str) -> Raw:
        """A product, or a variant: their ids begin differently."""
        currency = await self._currency()
        if record_id.startswith(PRODUCT_PREFIX):
            answer = await self.read_one("/admin/products", record_id, fields=PRODUCT_FIELDS)
            return next(iter(_flat(settled(member(answer, "product", dict)), currency)))
        params = {"id[]": record_id, "fields": VARIANT_FIELDS}
        variants = settled(member(await self.get("/admin/product-variants", **params), "variants", list))
        if not variants:
            raise NotFound(f"there is no variant {record_id}", record_id=record_id)
        product = variants[0].pop("product")
        return _variant(variants[0], product, currency)

    async def options(self, name: str) -> list[str]:
        """The ids of stock locations, which is all that writes ask for."""
        if name != "warehouses":
            raise LookupError(name)
        return [str(raw["id"]) async for page in self.warehouses(Walk()) for raw in page.records]

    async def _currency(self) -> str | None:
        values = await self._context.session.get()
        currency: str | None = values.get("currency")
        return currency


def settled(value: Json) -> Json:
    """The same with the parts of each record in the order of their ids: Medusa sends them in any order."""
    if isinstance(value, dict):
        return {name: settled(part) for name, part in value.items()}
    if isinstance(value, list):
        parts = [settled(part) for part in value]
        has_ids = all(isinstance(part, dict) and "id" in part for part in parts)
        return sorted(parts, key=lambda part: str(part["id"])) if has_ids else parts
    return value


def _unchanged(record: Raw) -> Raw:
    return record


@dataclass(frozen=True)
class _Listed:
    """A list of the API: its path, the member that holds it, the date that it is ordered by."""

    path: str
    name: str
    date: str
    params: Mapping[str, Any]
    kept: Callable[[Raw], Raw] = _unchanged
    """What is kept of a record."""

    def sorted(self, rows: list[Raw]) -> list[Raw]:
        """The records of a page in one order, whatever order those of one date came in."""
        records = [self.kept(settled(row)) for row in rows]
        return sorted(records, key=lambda record: (record[self.date], record["id"]))


def _order(raw: Raw) -> Raw:
    """An order with what is read of its lines: Medusa sends some 3 kB of each, and there may be thousands.

    Addresses that there are not are null in lists, and left out of an order alone.
    """
    raw = {"shipping_address": None, "billing_address": None, **raw}
    items = raw.get("items")
    if not isinstance(items, list):
        return raw
    return raw | {"items": [{name: item[name] for name in ITEM_MEMBERS if name in item} for item in items]}


def _flat(product: Raw, currency: str | None) -> Iterable[Raw]:
    """A product without its variants, then these, each with its product."""
    alone = _members(product)
    yield alone
    for variant in product.get("variants") or []:
        yield _variant(variant, product, currency)


UNREAD = frozenset({"product", "product_id", "options"})
PRODUCT_MEMBERS = ("id", "title", "status", "thumbnail", "created_at", "updated_at", *PRODUCT_PARTS)


def _variant(variant: Raw, product: Raw, currency: str | None) -> Raw:
    """A variant with what it takes from its product, whichever call both came from."""
    own = {name: value for name, value in variant.items() if name not in UNREAD}
    return own | {"product": _members(product), "default_currency": currency}


def _members(product: Raw) -> Raw:
    """The members of a product that are read."""
    return {name: product.get(name) for name in PRODUCT_MEMBERS}
