"""Speaks the REST Management API of BigCommerce: v2 for orders, v3 for all else. https://docs.bigcommerce.com."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from crossdock.errors import NotFound, VendorNonsense
from crossdock.kit import paging
from crossdock.kit.auth.declared import declared_auth
from crossdock.kit.contract import RECORD_ID, Account, Context, Json, Page, Raw, Walk
from crossdock.kit.paging import with_details
from crossdock.kit.responses import Response, member
from crossdock.kit.rest import RestClient
from crossdock.kit.verification import verified

ORDERS, PRODUCTS = "/v2/orders", "/v3/catalog/products"
ITEMS, LOCATIONS = "/v3/inventory/items", "/v3/inventory/locations"
PAGE_SIZE = 100
PART_SIZE = 50
"""Of lists within an order: what BigCommerce sends unless it is asked for more or less."""
ITEMS_A_PAGE = 1000
"""The most that there is (description of the Inventory API, "Limits")."""
OVERLAP = timedelta(minutes=2)
"""How far a walk begins before the one before: a change may be late in the list."""
WHOLE_ORDER = {"include": "consignments.line_items", "consignment_structure": "object"}
WHOLE_PRODUCT = {
    "include": "variants,primary_image",
    "include_fields": "name,sku,weight,width,depth,height,price,sale_price,cost_price,categories,brand_id,"
    "inventory_level,inventory_tracking,is_visible,availability,upc,gtin,mpn,date_created,date_modified",
}
UNITS = ("weight_units", "dimension_units")
PRODUCT = "product-"
"""How our ids of products begin; those of variants are plain numbers, which a product may have, too."""
SENT = {2, 3}
"""Statuses of orders with shipments: Shipped, Partially Shipped."""
REFUNDED = {4, 14}
"""Statuses of orders with refunds: Refunded, Partially Refunded."""
PAID_BACK = {"refunded", "partially refunded"}


class Client(RestClient):
    """Raw pages out of a store."""

    def __init__(self, context: Context) -> None:
        http = context.http.signed(declared_auth(context))
        super().__init__(http, context.address("{api}/stores/{store_hash}"))
        self._context = context
        self._units: Raw = {}

    async def check(self) -> Account:
        """The store that the token is of."""
        return await verified(self._context, self.http)

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, in the order of their ids: none is passed over while others change."""
        since = walk.mark or (walk.start.isoformat() if walk.start else None)
        window = {"min_date_modified": since, "max_date_modified": walk.end and walk.end.isoformat()}
        began: list[str] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            params = {
                **window,
                **WHOLE_ORDER,
                "min_id": cursor,
                "limit": min(PAGE_SIZE, walk.at_most or PAGE_SIZE),
            }
            answer = await self.send("GET", ORDERS, params=params)
            began.append((answer.moment(self.http.clock()) - OVERLAP).isoformat())
            records = _listed(answer)
            return records, _last_id(records) + 1 if records else None

        pages = paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far or began[0])
        async for page in pages:
            gone = tuple(str(order["id"]) for order in page.records if order.get("is_deleted"))
            there = [order for order in page.records if not order.get("is_deleted")]
            yield await with_details(replace(page, records=there, deleted=gone), self._whole)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All products, each followed by its variants, with what is in stock."""

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            order = {"sort": "id", "direction": "asc", "id:greater": cursor, "limit": PAGE_SIZE}
            answer = await self.get(PRODUCTS, **WHOLE_PRODUCT, **order)
            records = member(answer, "data", list)
            return records, _last_id(records) if _pages(answer) > 1 else None

        async for page in paging.by_cursor(walk, fetch):
            yield replace(page, records=await self._flat(page.records), key=RECORD_ID)

    def warehouses(self, walk: Walk) -> AsyncIterator[Page]:
        """All locations, those that are switched off, too."""

        async def fetch(number: int) -> tuple[list[Raw], bool]:
            answer = await self.get(LOCATIONS, page=number, limit=PAGE_SIZE)
            return member(answer, "data", list), number < _pages(answer)

        return paging.by_number(walk, fetch)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        order = await self.read_one(ORDERS, record_id, **WHOLE_ORDER)
        if order.get("is_deleted"):
            raise NotFound(f"the order {record_id} is archived", record_id=record_id)
        return await self._whole(order)

    async def product(self, record_id: str) -> Raw:
        """A product, or a variant: their ids begin differently."""
        number = record_id.removeprefix(PRODUCT)
        if number == record_id:
            variants = member(await self.get("/v3/catalog/variants", id=record_id), "data", list)
            if not variants:
                raise NotFound(f"there is no variant {record_id}", record_id=record_id)
            number = str(variants[0]["product_id"])
        answer = await self.read_one(PRODUCTS, number, **WHOLE_PRODUCT)
        for record in await self._flat([member(answer, "data", dict)]):
            if record[RECORD_ID] == record_id:
                return record
        raise NotFound(f"there is no variant {record_id}", record_id=record_id)

    async def warehouse(self, record_id: str) -> Raw:
        answer = await self.get(LOCATIONS, **{"location_id:in": record_id})
        for location in member(answer, "data", list):
            return dict(location)
        raise NotFound(f"there is no location {record_id}", record_id=record_id)

    async def options(self, name: str) -> list[str]:
        """The ids of locations, which is all that writes ask for."""
        if name != "warehouses":
            raise LookupError(name)
        return [str(location["id"]) for location in await self._all(LOCATIONS, PAGE_SIZE)]

    # Parts of these

    async def _whole(self, order: Raw) -> Raw:
        """An order with its lines, shipments and refunds."""
        path, status = f"{ORDERS}/{order['id']}", order.get("status_id")
        consignments, lines = _unpacked(order.get("consignments"))
        if _count(lines) != order.get("items_total"):
            # Not all lines belong to a consignment.
            lines = await self._parts(f"{path}/products")
        is_sent = order.get("items_shipped") or status in SENT
        is_refunded = status in REFUNDED or order.get("payment_status") in PAID_BACK
        return order | {
            "consignments": consignments,
            "products": lines,
            "shipments": await self._parts(f"{path}/shipments") if is_sent else [],
            "refunds": await self._refunds(order["id"]) if is_refunded else [],
        }

    async def _parts(self, path: str) -> list[Raw]:
        """A list within an order, whole."""
        parts: list[Raw] = []
        for number in range(1, 1000):
            answer = await self.send("GET", path, params={"page": number, "limit": PART_SIZE})
            parts += (page := _listed(answer))
            if len(page) < PART_SIZE:
                return parts
        raise VendorNonsense(f"{path} does not end")

    async def _refunds(self, order_id: Any) -> list[Raw]:
        answer = await self.get(f"/v3/orders/{order_id}/payment_actions/refunds")
        return member(answer, "data", list)

    async def _flat(self, products: list[Raw]) -> list[Raw]:
        """Products without their variants, each followed by these, with its product and its levels."""
        ids = ",".join(str(product["id"]) for product in products)
        items = await self._all(ITEMS, ITEMS_A_PAGE, **{"product_id:in": ids}) if ids else []
        levels = {
            member(member(item, "identity", dict), "variant_id", int): member(item, "locations", list)
            for item in items
        }
        units = await self._units_of_store() if ids else {}
        return [record for product in products for record in _records(product, levels, units)]

    async def _units_of_store(self) -> Raw:
        """The units that weights and sizes of this store are in."""
        if not self._units:
            store = await self.get("/v2/store")
            self._units = {name: store.get(name) for name in UNITS}
        return self._units

    async def _all(self, path: str, limit: int, **params: Any) -> list[Raw]:
        """A list of v3 in one piece, page by page."""
        records: list[Raw] = []
        number, pages = 0, 1
        while number < pages:
            number += 1
            answer = await self.get(path, **params, page=number, limit=limit)
            records += member(answer, "data", list)
            pages = _pages(answer)
        return records


def _listed(answer: Response) -> list[Raw]:
    """The records of an answer of v2: where there are none it is 204, without a body."""
    return [] if answer.status == 204 else member({"list": answer.json()}, "list", list)


def _last_id(records: Iterable[Raw]) -> int:
    try:
        return max(int(record["id"]) for record in records)
    except (TypeError, KeyError, ValueError):
        raise VendorNonsense("wanted records with a number as their id") from None


def _pages(answer: Json) -> int:
    """The number of pages that there are, of an answer of v3."""
    pagination = member(member(answer, "meta", dict), "pagination", dict)
    return member(pagination, "total_pages", int)


def _unpacked(consignments: Any) -> tuple[Any, list[Raw]]:
    """The consignments without their lines, and these: those that are shipped first."""
    if not isinstance(consignments, dict):
        return consignments, []
    kinds = {name: _objects(consignments.get(name)) for name in ("shipping", "pickups", "downloads")}
    email = consignments.get("email")
    certificates = _objects(email.get("gift_certificates")) if isinstance(email, dict) else []
    parts = [part for kind in (*kinds.values(), certificates) for part in kind]
    lines = [line for part in parts for line in _objects(part.get("line_items"))]
    return {
        name: [{key: part[key] for key in part if key != "line_items"} for part in kind]
        for name, kind in kinds.items()
    }, lines


def _objects(value: Any) -> list[Raw]:
    """The objects of a list; what is of another kind is missed when the lines are counted."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _count(lines: Iterable[Raw]) -> int | None:
    """The number of items that lines are of; None where one does not say."""
    quantities: list[Any] = [line.get("quantity") for line in lines]
    return sum(quantities) if all(isinstance(quantity, int) for quantity in quantities) else None


def _records(product: Raw, levels: Mapping[int, Any], units: Raw) -> Iterable[Raw]:
    variants = product.get("variants") or []
    alone = {name: value for name, value in product.items() if name != "variants"} | units
    alone["has_variants"] = len(variants) > 1
    yield alone | {RECORD_ID: f"{PRODUCT}{product['id']}"}
    for variant in variants:
        whole = variant | {"product": alone, "locations": levels.get(variant["id"])}
        yield whole | {RECORD_ID: str(variant["id"])}
