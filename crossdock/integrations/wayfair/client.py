"""Speaks the Supplier API of Wayfair, GraphQL: dropship orders by their date, the catalog by pages."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from crossdock.errors import NotFound, VendorRefused
from crossdock.integrations.wayfair.positions import (
    PAGE_SIZE,
    first_position,
    is_before,
    newest,
    next_position,
)
from crossdock.kit import paging
from crossdock.kit.auth.declared import declared_auth
from crossdock.kit.contract import (
    Account,
    Call,
    Context,
    Json,
    Page,
    PassthroughCall,
    Raw,
    Walk,
    WireRequest,
)
from crossdock.kit.graphql import GraphQL, load_queries
from crossdock.kit.http import Response
from crossdock.kit.responses import member

QUERIES = load_queries(Path(__file__).parent / "queries")
ANSWERED = "_is_answered"
"""Whether an order was answered: Wayfair says so by the list that it is in, and in no member of it."""
STATUSES = {"PERMISSION_DENIED": 403, "UNAUTHENTICATED": 401, "UNAUTHORIZED": 401}
"""HTTP statuses of `extensions.category` of errors."""
FAILED = "ERROR"


class Client:
    """Raw pages out of a supplier's account."""

    def __init__(self, context: Context) -> None:
        self._http = context.http.signed(declared_auth(context))
        self._base_url = context.host("api")
        self._url = f"{self._base_url}/v1/graphql"
        self._graphql = GraphQL(self._http, self._url, status=_status)
        self._supplier_id = int(context.credentials["supplier_id"])
        self._catalog = GraphQL(
            self._http, f"{context.host('catalog')}/v1/supplier-catalog-api/graphql", status=_status
        )

    async def check(self) -> Account:
        """The supplier, without a name: that orders may be listed shows that the application is good."""
        await self._graphql.query(QUERIES["account"], {"limit": 1})
        return Account(f"Supplier {self._supplier_id}", {"supplier_id": self._supplier_id})

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that nobody answered yet, those answered of late, and those that are open with us."""
        position, seen = walk.cursor or first_position(walk, self._http.clock()), set[str]()
        while True:
            since, is_answered = position["from"], position["answered"]
            page = await self._listed(position["limit"], is_answered, fromDate=since, sortOrder="ASC")
            fresh = _fresh(page, seen, walk)
            following = next_position(position, page, has_fresh=bool(fresh), end=walk.end)
            if following is None:
                again = await self._again([number for number in walk.open_ids if number not in seen])
                yield Page([*fresh, *again], key="poNumber", mark=newest(position["mark"], page))
                return
            if fresh or following["answered"] != is_answered:
                yield Page(fresh, following, key="poNumber")
            position = following

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All parts of the supplier's catalog.

        One of several pages is read twice, the second time for what the first did not have: a part is
        passed over when one before it goes while pages are read, and would be told as gone.
        """
        position, seen, guard = walk.cursor or {"again": False, "page": 1}, set[str](), paging.PageGuard()
        while position is not None:
            is_again, number = position["again"], position["page"]
            parts, has_more = await self._parts(number)
            following = {"again": is_again, "page": number + 1} if has_more else None
            guard.see(Page(parts, following))
            if following is None and number > 1 and not is_again:
                following, guard = {"again": True, "page": 1}, paging.PageGuard()
            fresh = [part for part in parts if _part_number(part) not in seen]
            seen |= {_part_number(part) for part in parts}
            if fresh or following is None:
                yield Page(fresh, following, mark=walk.mark, key="supplierPartNumber")
            position = following

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        for order in await self._again([record_id]):
            if _number(order) == record_id:
                return order
        raise NotFound(f"there is no purchase order {record_id}", record_id=record_id)

    async def product(self, record_id: str) -> Raw:
        """A part. The catalog is looked through for it: Wayfair has no call for one."""
        number, has_more = 0, True
        while has_more:
            number += 1
            parts, has_more = await self._parts(number)
            for part in parts:
                if _part_number(part) == record_id:
                    return part
        raise NotFound(f"there is no part {record_id}", record_id=record_id)

    # Parts of these

    async def _listed(self, limit: int, is_answered: bool, **arguments: Any) -> list[Raw]:
        variables = {"limit": limit, "hasResponse": is_answered, **arguments}
        data = await self._graphql.query(QUERIES["orders"], variables)
        orders = member(data, "getDropshipPurchaseOrders", list)
        return [{**order, ANSWERED: is_answered} for order in orders if isinstance(order, dict)]

    async def _again(self, numbers: list[str]) -> list[Raw]:
        """Orders by their numbers, in either list. What is in neither is left out: it need not be gone."""
        orders: dict[str, Raw] = {}
        for begin in range(0, len(numbers), PAGE_SIZE):
            part = numbers[begin : begin + PAGE_SIZE]
            for is_answered in (True, False):
                left = [number for number in part if number not in orders]
                if left:
                    listed = await self._listed(PAGE_SIZE, is_answered, poNumbers=left)
                    orders |= {_number(order): order for order in listed}
        return list(orders.values())

    async def _parts(self, number: int) -> tuple[list[Raw], bool]:
        options = {"page": number, "pageSize": PAGE_SIZE}
        variables = {"supplierId": self._supplier_id, "paginationOptions": options}
        data = await self._catalog.query(QUERIES["catalog"], variables)
        catalog = member(data, "supplierCatalog", dict)
        return member(catalog, "products", list), member(
            member(catalog, "pageInfo", dict), "hasNextPage", bool
        )

    # What writes, dry runs and callers' own calls need

    async def call(self, call: Call) -> Json:
        """Carry out a step of a write: `path` names a query, `body` has its variables."""
        if call.asks:
            return await self._graphql.query(QUERIES[call.path], call.body)
        data = await self._graphql.mutate(QUERIES[call.path], call.body)
        for transaction in _transactions(data):
            errors = transaction.get("errors") or []
            if errors or transaction.get("status") == FAILED:
                raise VendorRefused(_message(errors), status=200)
        return data

    def shown(self, call: Call) -> WireRequest:
        body = {"query": QUERIES[call.path], "variables": call.body}
        return WireRequest("POST", self._url, {"Content-Type": "application/json"}, body)

    async def passthrough(self, call: PassthroughCall) -> Response:
        """Wayfair's answer to a caller's own call, such as "/v1/packing_slip/CS1", whatever it is."""
        return await self._http.pass_on(
            call.method, f"{self._base_url}{call.path}", params=call.params, headers=call.headers,
            body=call.body,
        )  # fmt: skip


def _fresh(page: Iterable[Raw], seen: set[str], walk: Walk) -> list[Raw]:
    """The orders of a page that the walk wants and has not met yet; they are met now."""
    orders = [order for order in page if _number(order) not in seen and is_before(order, walk.end)]
    seen |= {_number(order) for order in orders}
    return orders


def _part_number(part: Any) -> str:
    """The number of a part; that of none for what is no part, which is for whoever reads it to set aside."""
    return str(part.get("supplierPartNumber")) if isinstance(part, dict) else ""


def _number(order: Raw) -> str:
    return str(order.get("poNumber"))


def _status(error: Raw) -> int | None:
    """The status that an error amounts to, by its category."""
    extensions = error.get("extensions")
    return STATUSES.get(str(extensions.get("category"))) if isinstance(extensions, dict) else None


def _transactions(data: Raw) -> Iterable[Raw]:
    """The beginning of a change: Wayfair carries out the rest by itself."""
    for area in data.values():
        for transaction in (area or {}).values():
            if isinstance(transaction, dict):
                yield transaction


def _message(errors: Any) -> str:
    texts = [f"{error.get('key')}: {error.get('message')}" for error in errors if isinstance(error, dict)]
    return "; ".join(texts)[:500] or "Wayfair says that it failed, and not why"
