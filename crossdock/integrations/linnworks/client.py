"""Speaks the public API of Linnworks: version 2 for orders, version 1 for all else. https://apidocs.linnworks.net.

Version 1 is procedures, on a server that the sign-in names; version 2 is on the server of the region.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Unpack
from uuid import UUID

from crossdock.errors import NotFound, RecordHidden, VendorError, VendorNonsense, VendorRefused
from crossdock.integrations.linnworks.read.orders import channel_id
from crossdock.integrations.linnworks.sign_in import LinnworksSession, refusal
from crossdock.kit import paging
from crossdock.kit.contract import RECORD_ID, Account, Context, Json, Page, PassthroughCall, Raw, Walk
from crossdock.kit.http import Response, SendOptions
from crossdock.kit.responses import member
from crossdock.kit.rest import RestClient

ORDERS = "/v2/orders"
ITEMS, ITEMS_BY_IDS = "/api/Stock/GetStockItemsFull", "/api/Stock/GetStockItemsFullByIds"
COMPOSITIONS = "/api/Inventory/GetInventoryItemsCompositionByIds"
SKUS = "/api/Inventory/GetStockItemIdsBySKU"
PURCHASES, PURCHASE = "/api/PurchaseOrder/Search_PurchaseOrders2", "/api/PurchaseOrder/Get_PurchaseOrder"
ACTIONABLE = "/api/ReturnsRefunds/GetActionableRMAHeaders"
PROCESSED = "/api/ReturnsRefunds/GetProcessedOrAckedErrorRMAHeaders"
LOCATIONS, SUPPLIERS = "/api/Inventory/GetStockLocations", "/api/Inventory/GetSuppliers"
METHODS, CHANNELS = "/api/Orders/GetShippingMethods", "/api/Inventory/GetChannels"
ORDERS_A_PAGE = 100
ITEMS_A_PAGE = 200
"""The most that there is (description of GetStockItemsFull)."""
PURCHASES_A_PAGE = 100
OVERLAP = timedelta(minutes=5)
"""How far a walk begins before the one before: a change may be late in the list."""
DELIVERED_FOR = timedelta(days=30)
"""How old a purchase order may be that is made and delivered between two walks."""
STAGES = ("PENDING", "OPEN", "PARTIAL", "DELIVERED")
"""The statuses of purchase orders in their order: one that moves on meanwhile comes later."""
COMING_BACK = {"Return", "Exchange"}
"""Types of lines whose goods come back; those of a resend do not."""
CHANNEL = ("PkChannelId", "Source", "SubSource", "DisplayName", "SourceType")
"""All that is kept of a channel: its settings have its credentials, too."""
NOT_THERE = {400, 404}
NO_ITEMS = "no items found"
"""How Linnworks refuses a page after the last one, with 400. Source: notes.md, "Limits"."""


class Client(RestClient):
    """Raw pages out of one account."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._session = LinnworksSession(context)
        super().__init__(context.http.signed(self._session.auth), context.host("api"))
        self._region: str | None = None

    async def check(self) -> Account:
        """The account that the token was made for."""
        await self._at(LOCATIONS)
        place = await self._session.place()
        return Account(place.name, {"entity_id": place.entity_id, "region": place.region})

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Unpack[SendOptions],
    ) -> Response:
        """The answer to a call, on the server of the account, within the limit of its method."""
        await self._locate()
        limits = self._context.manifest.limits.named if self._context.manifest else {}
        procedure = path.rpartition("/")[2]
        options.setdefault("limit", procedure if procedure in limits else None)
        return await super().send(method, path, headers=headers, **options)

    async def passthrough(self, call: PassthroughCall) -> Response:
        await self._locate()
        return await super().passthrough(call)

    def url(self, path: str) -> str:
        if path.startswith("/v2/") and self._region is not None:
            return f"{self._context.host(f'v2_{self._region}')}{path}"
        return super().url(path)

    def refusal(self, answer: Response) -> VendorError | None:
        return refusal(answer)

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed, open and processed, in no order that is known."""
        since = walk.mark or (walk.start.isoformat() if walk.start else None)
        began: list[str] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            params = {
                "fromDate": since,
                "includeProcessed": "true",
                "entriesPerPage": min(ORDERS_A_PAGE, walk.at_most or ORDERS_A_PAGE),
            }
            try:
                answer = await self.send("GET", ORDERS, params={**params, "searchToken": cursor})
            except VendorRefused as refused:
                if began or cursor is None or refused.status not in NOT_THERE:
                    raise
                # A run was cut off for so long that its search is forgotten: it begins anew.
                answer = await self.send("GET", ORDERS, params=params)
            began.append((answer.moment(self.http.clock()) - OVERLAP).isoformat())
            return _orders(answer.json()), answer.json().get("NextSearchToken")

        def mark(_: list[Raw], so_far: Json) -> Json:
            return so_far or began[0]

        async for page in paging.by_cursor(walk, fetch, mark=mark, key="OrderId"):
            yield await paging.with_open(page, walk, self.order)

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All stock items, with what composite ones are made of."""
        async for page in self._items(walk):
            ids = [item["StockItemId"] for item in page.records]
            yield replace(page, records=await self._whole(ids, ["Supplier"], with_parts=True))

    async def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        """All stock items that are none made of others, with their levels."""
        async for page in self._items(walk):
            ids = [item["StockItemId"] for item in page.records]
            items = await self._whole(ids, ["StockLevels"])
            yield replace(page, records=[item for item in items if not item.get("IsCompositeParent")])

    async def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        """The purchase orders that are open, and those delivered that are not older than a month.

        The first walk, and one for a window, has all that were ordered since it begins.
        """
        since = walk.start.isoformat() if walk.start else None
        until = walk.end.isoformat() if walk.end else None
        is_later = bool(walk.mark) and not walk.end
        began: list[str] = []
        recent = (datetime.fromisoformat(walk.mark) - DELIVERED_FOR).isoformat() if is_later else since

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            stage, number = cursor or (0, 1)
            begin = recent if STAGES[stage] == "DELIVERED" else None if is_later else since
            body = {
                "Status": STAGES[stage], "EntriesPerPage": PURCHASES_A_PAGE, "PageNumber": number,
                **{name: date for name, date in (("DateFrom", begin), ("DateTo", until)) if date},
            }  # fmt: skip
            sent = await self._asked(PURCHASES, body)
            began.append((sent.moment(self.http.clock()) - OVERLAP).isoformat())
            answer = sent.json()
            following = [stage, number + 1] if number < member(answer, "TotalPages", int) else [stage + 1, 1]
            return member(answer, "Result", list), following if following[0] < len(STAGES) else None

        def mark(_: list[Raw], so_far: Json) -> Json:
            return so_far or began[0]

        async for page in paging.by_cursor(walk, fetch, mark=mark, key="pkPurchaseID"):
            whole = await paging.with_details(page, self._whole_purchase)
            yield await paging.with_open(replace(whole, key=RECORD_ID), walk, self.inbound_shipment)

    async def returns(self, walk: Walk) -> AsyncIterator[Page]:
        """All bookings of returns and exchanges: first those to be dealt with, then those that were."""

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            path, number = cursor or (ACTIONABLE, 1)
            answer = (await self._asked(path, {"request": {"Page": number}})).json()
            seen = number * member(answer, "HeadersPerPage", int)
            if member(answer, "TotalHeaders", int) > seen and answer["HeadersPerPage"]:
                following: Json = [path, number + 1]
            else:
                following = [PROCESSED, 1] if path == ACTIONABLE else None
            return await self._with_items(member(answer, "RMAHeaders", list)), following

        async for page in paging.by_cursor(walk, fetch, key="RMAHeaderId"):
            yield await paging.with_open(page, walk, self.return_order)

    async def warehouses(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002  there is one page
        yield Page(_listed((await self._at(LOCATIONS)).json()), key="StockLocationId")

    async def inbound_shipment_suppliers(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002
        yield Page(_listed((await self._at(SUPPLIERS)).json()), key="pkSupplierID")

    async def shipping_methods(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002
        couriers = _listed((await self._at(METHODS)).json())
        services = [service for courier in couriers for service in member(courier, "PostalServices", list)]
        yield Page(services, key="pkPostalServiceId")

    async def order_channels(self, walk: Walk) -> AsyncIterator[Page]:  # noqa: ARG002
        channels = _listed((await self._at(CHANNELS)).json())
        yield Page([_channel(channel) for channel in channels], key=RECORD_ID)

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        """One order. Where version 2 shows none, version 1 is asked whether there is any."""
        _known_id(record_id)
        for order in _orders(await self.get(ORDERS, id=record_id)):
            if order.get("OrderId") == record_id:
                return order
        if _listed((await self._asked("/api/Orders/GetOrdersById", {"pkOrderIds": [record_id]})).json()):
            raise RecordHidden(f"version 2 does not show the order {record_id}", record_id=record_id)
        raise NotFound(f"there is no order {record_id}", record_id=record_id)

    async def product(self, record_id: str) -> Raw:
        return await self._item(record_id, ["Supplier"], with_parts=True)

    async def inventory_item(self, record_id: str) -> Raw:
        return await self._item(record_id, ["StockLevels"])

    async def inbound_shipment(self, record_id: str) -> Raw:
        _known_id(record_id)
        try:
            answer = (await self._asked(PURCHASE, {"pkPurchaseId": record_id})).json()
        except VendorRefused as refused:
            if refused.status != 404:
                raise
            answer = None
        if not answer or not answer.get("PurchaseOrderHeader"):
            raise NotFound(f"there is no purchase order {record_id}", record_id=record_id)
        return dict(answer) | {RECORD_ID: record_id}

    async def return_order(self, record_id: str) -> Raw:
        """One booking, wherever it is by now."""
        for path in (ACTIONABLE, PROCESSED):
            named = {"Page": 1, "Filters": {"Type": "HEADER_ID", "Value": record_id}}
            answer = (await self._asked(path, {"request": named})).json()
            for header in await self._with_items(member(answer, "RMAHeaders", list)):
                if str(header.get("RMAHeaderId")) == record_id:
                    return header
        raise NotFound(f"there is no booking {record_id}", record_id=record_id)

    # What writes need

    async def options(self, name: str) -> list[str]:
        """The values that an account has for a member of a write."""
        if name == "warehouses":
            return [str(place["StockLocationId"]) for place in _listed((await self._at(LOCATIONS)).json())]
        if name == "suppliers":
            return [str(entry["pkSupplierID"]) for entry in _listed((await self._at(SUPPLIERS)).json())]
        if name == "shipping_methods":
            pages = [page async for page in self.shipping_methods(Walk())]
            return [str(service["pkPostalServiceId"]) for page in pages for service in page.records]
        raise LookupError(name)

    # Parts of these

    async def _locate(self) -> None:
        if self._region is None:
            place = await self._session.place()
            self.base_url, self._region = place.server, place.region

    async def _at(self, path: str) -> Response:
        return await self.send("GET", path)

    async def _asked(self, path: str, body: Json) -> Response:
        """The answer of a procedure that only reads."""
        return await self.send("POST", path, json=body, repeatable=True)

    def _items(self, walk: Walk) -> AsyncIterator[Page]:
        """The list of stock items. Nobody says what its order is, and it can be asked for by page only.

        So the end of the page before is looked at after each page: where it is another one, items have left
        the list, and what moved up is in the page before.
        """

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            number, last = cursor or (1, None)
            page = await self._item_page(number)
            before = await self._item_page(number - 1) if number > 1 else []
            has_moved = number > 1 and (not before or before[-1]["StockItemId"] != last)
            rows = {row["StockItemId"]: row for row in (*(before if has_moved else ()), *page)}
            following = [number + 1, page[-1]["StockItemId"]] if len(page) >= ITEMS_A_PAGE else None
            return list(rows.values()), following

        return paging.by_cursor(walk, fetch, key="StockItemId")

    async def _item_page(self, number: int) -> list[Raw]:
        body = {
            "loadCompositeParents": True, "loadVariationParents": True, "entriesPerPage": ITEMS_A_PAGE,
            "pageNumber": number, "searchTypes": ["SKU"],
        }  # fmt: skip
        try:
            rows = _listed((await self._asked(ITEMS, body)).json())
        except VendorRefused as refused:
            # Any other refusal is no end: what came after it would be taken for gone.
            if number > 1 and NO_ITEMS in str(refused).casefold():
                return []
            raise
        for row in rows:
            member(row, "StockItemId", str)
        return rows

    async def _whole(self, ids: list[str], requirements: list[str], *, with_parts: bool = False) -> list[Raw]:
        """Stock items with what the list does not show of them."""
        if not ids:
            return []
        wanted = {"request": {"StockItemIds": ids, "DataRequirements": requirements}}
        answer = (await self._asked(ITEMS_BY_IDS, wanted)).json()
        items = member(answer, "StockItemsFullExtended", list)
        if not with_parts:
            return items
        composed = (await self._asked(COMPOSITIONS, {"request": {"InventoryItemIds": ids}})).json()
        parts = member(composed, "InventoryItemsCompositionByIds", dict)
        by_id = {item_id.casefold(): listed for item_id, listed in parts.items()}
        return [item | {"parts": by_id.get(str(item.get("StockItemId")).casefold()) or []} for item in items]

    async def _item(self, record_id: str, requirements: list[str], *, with_parts: bool = False) -> Raw:
        _known_id(record_id)
        for item in await self._whole([record_id], requirements, with_parts=with_parts):
            if item.get("StockItemId") == record_id:
                return item
        raise NotFound(f"there is no stock item {record_id}", record_id=record_id)

    async def _whole_purchase(self, header: Raw) -> Raw:
        return await self.inbound_shipment(member(header, "pkPurchaseID", str))

    async def _with_items(self, headers: list[Raw]) -> list[Raw]:
        """Bookings whose goods come back, with the ids of their items: lines name these by SKU only."""
        coming = [header for header in headers if _comes_back(header)]
        skus = sorted({str(line["ReturnItemSKU"]) for line in _lines(coming) if line.get("ReturnItemSKU")})
        if not skus:
            return coming
        answer = (await self._asked(SKUS, {"request": {"SKUS": skus}})).json()
        ids = {str(item["SKU"]).casefold(): item["StockItemId"] for item in member(answer, "Items", list)}
        return [header | {"item_ids": ids} for header in coming]


def _orders(answer: Json) -> list[Raw]:
    """The orders of an answer of version 2, open and processed."""
    if not isinstance(answer, dict):
        raise VendorNonsense(f"wanted an object with orders, got {type(answer).__name__}")
    return [order for kind in ("OpenOrders", "ProcessedOrders") for order in answer.get(kind) or []]


def _channel(raw: Raw) -> Raw:
    known = {name: raw.get(name) for name in CHANNEL}
    return known | {RECORD_ID: channel_id(known["Source"], known["SubSource"])}


def _listed(answer: Json) -> list[Raw]:
    return member({"list": answer}, "list", list)


def _lines(headers: Iterable[Raw]) -> list[Raw]:
    return [line for header in headers for line in member(header, "RMALines", list)]


def _comes_back(header: Raw) -> bool:
    return any(line.get("Type") in COMING_BACK for line in _lines([header]))


def _known_id(record_id: str) -> None:
    """Raise NotFound for what can be no id of Linnworks': it refuses those as it refuses much else."""
    try:
        UUID(record_id)
    except ValueError:
        raise NotFound(f"there is no {record_id}", record_id=record_id) from None
