"""Speaks Amazon's APIs of its warehouses: FBA Inventory, Fulfillment Outbound and Inbound, Reports."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from crossdock.errors import MissingPermission, VendorRefused
from crossdock.integrations.amazon.selling_partner import SellingPartnerClient
from crossdock.integrations.amazon.wms.reports import rows_of
from crossdock.kit import paging
from crossdock.kit.contract import RECORD_ID, Context, Json, Page, Permission, Raw, Walk
from crossdock.kit.paging import with_details, with_open
from crossdock.kit.responses import member

SUMMARIES = "/fba/inventory/v1/summaries"
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
PLANS, OPERATIONS = "/inbound/fba/2024-03-20/inboundPlans", "/inbound/fba/2024-03-20/operations"
REPORTS, DOCUMENTS = "/reports/2021-06-30/reports", "/reports/2021-06-30/documents"
RETURNS = "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA"
PLANS_A_PAGE, ITEMS_A_PAGE = 30, 1000
"""The most that there are (descriptions, `pageSize`)."""
FIRST_ORDERS = "2016-01-01T00:00:00Z"
OVERLAP = timedelta(minutes=2)
"""How far a walk begins before the one before: a change may be late in a list."""
FIRST_RETURNS = timedelta(days=365)
LATE_RETURNS = timedelta(days=35)
"""How far back returns are read again: some are added to days long past (notes.md)."""
DAYS_A_REPORT = timedelta(days=60)
POLL_SECONDS = 60.0
"""How long to wait for a report: it may be asked for twice a second, but takes minutes."""


class Client(SellingPartnerClient):
    """Raw pages out of a seller's stock in Amazon's warehouses."""

    plans: ClassVar[Mapping[str, str]] = {
        f"GET {SUMMARIES}": "inventory",
        f"GET {ORDERS}": "list_orders",
        f"GET {ORDERS}/[^/]+": "order",
        f"POST {ORDERS}": "create_order",
        f"PUT {ORDERS}/[^/]+/cancel": "cancel_order",
        f"GET {PLANS}": "list_plans",
        f"POST {PLANS}": "create_plan",
        f"GET {PLANS}/[^/]+": "plan",
        f"GET {PLANS}/[^/]+/items": "plan_items",
        f"GET {PLANS}/[^/]+/shipments/[^/]+": "shipment",
        f"GET {OPERATIONS}/[^/]+": "operation",
        f"POST {REPORTS}": "create_report",
        f"GET {REPORTS}/[^/]+": "report",
        f"GET {DOCUMENTS}/[^/]+": "document",
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._place = {
            "granularityType": "Marketplace",
            "granularityId": self.marketplace,
            "marketplaceIds": self.marketplace,
        }

    async def _ask(self) -> None:
        await self.get(SUMMARIES, **self._place)

    async def probe(self, function: str) -> Permission:
        """Ask for a page of what a function reads; a report is too dear to be made for nothing."""
        questions: dict[str, tuple[str, dict[str, Any]]] = {
            "get_inventory": (SUMMARIES, self._place),
            "get_products": (SUMMARIES, self._place),
            "get_orders": (ORDERS, {"queryStartDate": self.http.clock().isoformat()}),
            "get_inbound_shipments": (PLANS, {"pageSize": 1}),
        }
        if function not in questions:
            return Permission("unknown", "Amazon does not say what an application may do")
        path, params = questions[function]
        try:
            await self.get(path, **params)
        except MissingPermission as refusal:
            return Permission("denied", str(refusal))
        return Permission("allowed")

    # Stock

    def inventory(self, walk: Walk) -> AsyncIterator[Page]:
        return self._summaries(walk)

    def products(self, walk: Walk) -> AsyncIterator[Page]:
        return self._summaries(walk)

    async def _summaries(self, walk: Walk) -> AsyncIterator[Page]:
        """All that is in stock. A token works for 30 seconds: a walk that was cut off begins anew."""

        async def fetch(token: Json) -> tuple[list[Raw], Json]:
            answer = await self.get(SUMMARIES, details=True, **self._place, nextToken=token)
            records = member(member(answer, "payload", dict), "inventorySummaries", list)
            return records, (answer.get("pagination") or {}).get("nextToken")

        async for page in paging.by_cursor(replace(walk, cursor=None), fetch, key="sellerSku"):
            yield page

    # Orders

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders whose status changed, and those that are open with us, each with its shipments."""
        since = walk.mark or (walk.start.isoformat() if walk.start else FIRST_ORDERS)
        began: list[str] = []

        async def fetch(token: Json) -> tuple[list[Raw], Json]:
            answer = await self.send("GET", ORDERS, params={"queryStartDate": since, "nextToken": token})
            began.append((answer.moment(self.http.clock()) - OVERLAP).isoformat())
            payload = member(answer.json(), "payload", dict)
            orders = payload.get("fulfillmentOrders") or []
            return [order for order in orders if _is_before(order, walk.end)], payload.get(
                "nextToken"
            ) or None

        pages = paging.by_cursor(
            walk, fetch, mark=lambda _, so_far: so_far or began[0], key="sellerFulfillmentOrderId"
        )
        async for page in pages:
            whole = await with_details(page, lambda order: self.order(order["sellerFulfillmentOrderId"]))
            yield await with_open(replace(whole, key=RECORD_ID), walk, self.order)

    async def order(self, record_id: str) -> Raw:
        answer = await self.read_one(ORDERS, record_id)
        return member(answer, "payload", dict) | {RECORD_ID: record_id}

    # Inbound plans

    async def inbound_shipments(self, walk: Walk) -> AsyncIterator[Page]:
        """The plans that changed, from the latest down to the last walk; and those that are open with us."""
        since = _moment(walk.mark) if walk.mark else walk.start
        began: list[str] = []

        async def fetch(token: Json) -> tuple[list[Raw], Json]:
            order = {"sortBy": "LAST_UPDATED_TIME", "sortOrder": "DESC", "pageSize": PLANS_A_PAGE}
            answer = await self.send("GET", PLANS, params={**order, "paginationToken": token})
            began.append((answer.moment(self.http.clock()) - OVERLAP).isoformat())
            body = answer.json()
            listed = member(body, "inboundPlans", list)
            plans = [plan for plan in listed if _is_since(plan, since)]
            following = (body.get("pagination") or {}).get("nextToken")
            return plans, following if len(plans) == len(listed) else None

        pages = paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far or began[0], key="inboundPlanId")
        async for page in pages:
            whole = await with_details(page, lambda plan: self.inbound_shipment(plan["inboundPlanId"]))
            yield await with_open(whole, walk, self.inbound_shipment)

    async def inbound_shipment(self, record_id: str) -> Raw:
        """A plan with its items, and its shipments as they are read one by one."""
        plan = await self.read_one(PLANS, record_id)
        shipments = [
            await self.get(f"{PLANS}/{record_id}/shipments/{shipment['shipmentId']}")
            for shipment in plan.get("shipments") or []
        ]
        return plan | {"items": await self._items(record_id), "shipments": shipments}

    async def _items(self, plan_id: str) -> list[Raw]:
        items: list[Raw] = []
        token: Json = None
        while True:
            answer = await self.get(f"{PLANS}/{plan_id}/items", pageSize=ITEMS_A_PAGE, paginationToken=token)
            items += member(answer, "items", list)
            before, token = token, (answer.get("pagination") or {}).get("nextToken")
            if not token or token == before:
                return items

    # Returns, by reports

    async def returns(self, walk: Walk) -> AsyncIterator[Page]:
        """Returns, out of reports of sixty days at most. A report is waited for elsewhere."""
        here = walk.cursor or self._window(walk)
        while True:
            until = min(_moment(here["since"]) + DAYS_A_REPORT, _moment(here["end"])).isoformat()
            is_last = until == here["end"]
            if here["report"] is None:
                begun = await self._asked_for(here["since"], None if is_last and walk.end is None else until)
                here = here | begun
            report = await self.get(f"{REPORTS}/{here['report']}")
            while report["processingStatus"] in ("IN_QUEUE", "IN_PROGRESS"):
                yield Page([], here, wait_seconds=POLL_SECONDS)
                report = await self.get(f"{REPORTS}/{here['report']}")
            rows = await self._rows(report)
            if is_last:
                yield Page(rows, mark=here["mark"], key=RECORD_ID, is_prepared=True)
                return
            here = {"since": until, "end": here["end"], "report": None}
            yield Page(rows, here, key=RECORD_ID, is_prepared=True)

    def _window(self, walk: Walk) -> dict[str, Json]:
        """The time that reports are asked for: from the last walk on, and some days before."""
        now = self.http.clock()
        first = walk.start or now - FIRST_RETURNS
        since = _moment(walk.mark) - LATE_RETURNS if walk.mark else first
        return {"since": since.isoformat(), "end": (walk.end or now).isoformat(), "report": None}

    async def _asked_for(self, since: str, until: str | None) -> dict[str, Json]:
        """The id of a new report, and when it was asked for by Amazon's clock.

        until: its end; None: now. To ask twice makes two reports, and nothing else.
        """
        body = {"reportType": RETURNS, "dataStartTime": since, "marketplaceIds": [self.marketplace]}
        body |= {"dataEndTime": until} if until else {}
        answer = await self.send("POST", REPORTS, json=body, repeatable=True)
        mark = (answer.moment(self.http.clock()) - OVERLAP).isoformat()
        return {"report": member(answer.json(), "reportId", str), "mark": mark}

    async def _rows(self, report: Raw) -> list[Raw]:
        """The rows of a report that has ended. One without any is cancelled by Amazon."""
        if report["processingStatus"] == "CANCELLED":
            return []
        if report["processingStatus"] != "DONE":
            raise VendorRefused(f"the report of returns ended as {report['processingStatus']}")
        document = await self.get(f"{DOCUMENTS}/{report['reportDocumentId']}")
        # Its address is signed by itself, and elsewhere: our token does not go with it.
        answer = await self.context.http.send("GET", member(document, "url", str))
        return rows_of(answer.body, document.get("compressionAlgorithm"))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_before(order: Raw, end: datetime | None) -> bool:
    """Check whether an order changed within a window: Amazon knows only where it begins."""
    return end is None or _moment(order["statusUpdatedDate"]) <= end


def _is_since(plan: Raw, moment: datetime | None) -> bool:
    return moment is None or _moment(plan["lastUpdatedAt"]) >= moment
