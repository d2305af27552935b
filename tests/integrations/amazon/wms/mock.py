"""A made-up seller's goods in Amazon's warehouses: stock, orders, inbound plans, a report of returns."""

import gzip
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from crossdock.integrations.amazon.wms.read import ORDER_STATUS
from tests.integrations.amazon.common import (
    MARKETPLACE,
    Record,
    SellingPartnerMock,
    keyset_page,
    moment_of,
    refused,
)
from tests.integrations.amazon.wms import records
from tests.mock_vendors.orders import SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

SUMMARIES, ORDERS = "/fba/inventory/v1/summaries", "/fba/outbound/2020-07-01/fulfillmentOrders"
INBOUND = "/inbound/fba/2024-03-20"
PLANS, REPORTS, DOCUMENTS = (
    f"{INBOUND}/inboundPlans",
    "/reports/2021-06-30/reports",
    "/reports/2021-06-30/documents",
)
STORE = "/report-store/"
TOKEN_SECONDS = 30
"""How long the token of a page of stock works."""
ORDERS_A_PAGE = 50
UNKNOWN = "Order not found."


class Mock(SellingPartnerMock):
    """One seller in one marketplace."""

    integration: ClassVar[tuple[str, str]] = ("wms", "amazon")
    orders_path: ClassVar[str] = ORDERS
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST", "/wms/orders", records.NEW_ORDER, vendor_path=f"POST {ORDERS}", count="made"
    )
    plans: ClassVar[Mapping[str, tuple[float, float]]] = {
        f"GET {SUMMARIES}": (2, 2),
        f"GET {ORDERS}": (30, 2),
        f"GET {ORDERS}/[^/]+": (30, 2),
        f"POST {ORDERS}": (30, 2),
        f"PUT {ORDERS}/[^/]+/cancel": (30, 2),
        f"GET {PLANS}": (6, 2),
        f"POST {PLANS}": (2, 2),
        f"GET {PLANS}/[^/]+": (6, 2),
        f"GET {PLANS}/[^/]+/items": (6, 2),
        f"GET {PLANS}/[^/]+/shipments/[^/]+": (6, 2),
        f"GET {INBOUND}/operations/[^/]+": (6, 2),
        f"POST {REPORTS}": (15, 0.0167),
        f"GET {REPORTS}/[^/]+": (15, 2),
        f"GET {DOCUMENTS}/[^/]+": (15, 0.0167),
    }
    areas: ClassVar[Mapping[str, str]] = {"get_orders": "/fba/outbound/"}

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        now = "2026-01-02T09:00:00Z"
        self.stock = {
            sku: records.summary(sku, name, count, now)
            for sku, name, count in (("CRATE-1", "Crate", 10), ("LID-1", "Lid", 4), ("ROPE", "Rope", 0))
        }
        self.orders: dict[str, Record] = {}
        self.inbound: dict[str, Record] = {}
        self.items: dict[str, list[Record]] = {}
        self.inbound_shipments: dict[str, Record] = {}
        self.operations: dict[str, int] = {}
        """How often each is still in progress when it is asked for."""
        self.returned: list[Record] = []
        self.reports: dict[str, Record] = {}
        self.polls = 0
        """How often a new report is not ready yet when it is asked for."""

    def is_open(self, call: MockCall) -> bool:
        return super().is_open(call) or call.path.startswith(STORE)

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path.startswith(STORE):
            if "x-amz-access-token" in call.headers:
                self.violations.append("a token went to the store of reports")
            content = gzip.compress(records.table(self._rows(call.path.split("/")[2])).encode())
            return MockAnswer(200, content, kind="application/octet-stream")
        return await super().handle(call)

    def answer(self, call: MockCall) -> MockAnswer:
        handlers: dict[str, Callable[[MockCall, list[str]], MockAnswer]] = {
            SUMMARIES: self._summaries,
            ORDERS: self._order,
            PLANS: self._plan,
            f"{INBOUND}/operations": self._operation,
            REPORTS: self._report,
            DOCUMENTS: self._document,
        }
        prefix = next(name for name in handlers if call.path == name or call.path.startswith(f"{name}/"))
        rest = [part for part in call.path.removeprefix(prefix).split("/") if part]
        return handlers[prefix](call, rest)

    # Stock

    def _summaries(self, call: MockCall, _path: list[str]) -> MockAnswer:
        token, _, given = call.query.get("nextToken", "").rpartition("@")
        if given and self.clock() - float(given) > TOKEN_SECONDS:
            return refused(400, "InvalidInput", "Next token has expired.")
        page, following = keyset_page(
            list(self.stock.values()), 50, token or None, lambda each: (each["sellerSku"], "")
        )
        granularity = {"granularityType": "Marketplace", "granularityId": MARKETPLACE}
        body: Record = {"payload": {"granularity": granularity, "inventorySummaries": page}}
        if following:
            body["pagination"] = {"nextToken": f"{following}@{self.clock()}"}
        return MockAnswer(body=body)

    # Orders

    def _order(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            return self._create(call.json()) if call.method == "POST" else self._listed_orders(call)
        order = self.orders.get(path[0])
        if order is None:
            return refused(404, "ResourceNotFound", UNKNOWN)
        if call.method == "PUT":
            said = order["fulfillmentOrder"]
            if said["fulfillmentOrderStatus"] not in ("New", "Received", "Planning"):
                return refused(400, "InvalidInput", "The order can no longer be cancelled.")
            self._moved(order, "Cancelled")
            return MockAnswer(body={})
        return MockAnswer(body={"payload": order})

    def _listed_orders(self, call: MockCall) -> MockAnswer:
        begin = moment_of(call.query["queryStartDate"])
        listed = [order["fulfillmentOrder"] for order in self.orders.values()]
        chosen = [order for order in listed if moment_of(order["statusUpdatedDate"]) >= begin]
        page, token = keyset_page(
            chosen,
            ORDERS_A_PAGE,
            call.query.get("nextToken"),
            lambda order: (order.get("receivedDate", ""), order["sellerFulfillmentOrderId"]),
        )
        return MockAnswer(
            body={"payload": {"fulfillmentOrders": page} | ({"nextToken": token} if token else {})}
        )

    def _create(self, body: Record) -> MockAnswer:
        order_id = body["sellerFulfillmentOrderId"]
        if order_id in self.orders:
            return refused(400, "InvalidInput", f"Order {order_id} already exists.")
        if strange := [item["sellerSku"] for item in body["items"] if item["sellerSku"] not in self.stock]:
            return refused(400, "InvalidInput", f"No inventory of {strange}")
        self.made += 1
        self.orders[order_id] = records.placed(body, "Received", self.now())
        return MockAnswer(body={})

    def _moved(self, order: Record, status: str) -> None:
        order["fulfillmentOrder"] |= {"fulfillmentOrderStatus": status, "statusUpdatedDate": self.now()}

    def ship(self, order_id: str) -> None:
        """Send all of an order."""
        order = self.orders[order_id]
        order["fulfillmentShipments"] = [records.shipment(next(self.serial), order, self.now())]
        self._moved(order, "Complete")

    # Inbound plans

    def _plan(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            return self._new_plan(call.json()) if call.method == "POST" else self._listed_plans(call)
        plan = self.inbound.get(path[0])
        if plan is None:
            return refused(404, "NotFound", "The inbound plan does not exist.")
        if path[1:] == ["items"]:
            return MockAnswer(body={"items": self.items[path[0]]})
        if path[1:]:
            return MockAnswer(body=self.inbound_shipments[path[2]])
        return MockAnswer(body=plan)

    def _listed_plans(self, call: MockCall) -> MockAnswer:
        name = {"LAST_UPDATED_TIME": "lastUpdatedAt", "CREATION_TIME": "createdAt"}[
            call.query.get("sortBy", "CREATION_TIME")
        ]
        listed = sorted(self.inbound.values(), key=lambda plan: str(plan[name]), reverse=True)
        start, size = int(call.query.get("paginationToken", 0)), int(call.query.get("pageSize", 10))
        page = [
            {key: value for key, value in plan.items() if key != "shipments"}
            for plan in listed[start : start + size]
        ]
        token = {"nextToken": str(start + size)} if start + size < len(listed) else {}
        return MockAnswer(body={"inboundPlans": page, "pagination": token})

    def _new_plan(self, body: Record) -> MockAnswer:
        self.made += 1
        plan = records.plan(next(self.serial), body, self.now())
        operation = f"op{next(self.serial):08d}-1234-abcd-5678-1234abcd5678"
        strange = any(item["msku"] not in self.stock for item in body["items"])
        self.operations[operation] = -1 if strange else 2
        if strange:
            plan["status"] = "ERRORED"
        self.inbound[plan["inboundPlanId"]] = plan
        self.items[plan["inboundPlanId"]] = [records.plan_item(item) for item in body["items"]]
        return MockAnswer(202, {"inboundPlanId": plan["inboundPlanId"], "operationId": operation})

    def _operation(self, _call: MockCall, path: list[str]) -> MockAnswer:
        left = self.operations[path[0]]
        self.operations[path[0]] = max(left - 1, 0) if left >= 0 else left
        problem = {"code": "FBA_INB_0001", "message": "There is no such SKU.", "severity": "ERROR"}
        status = "FAILED" if left < 0 else "IN_PROGRESS" if left else "SUCCESS"
        return MockAnswer(body={
            "operation": "createInboundPlan",
            "operationId": path[0],
            "operationProblems": [problem] if left < 0 else [],
            "operationStatus": status,
        })  # fmt: skip

    def move_plan(self, plan_id: str, status: str) -> None:
        """Have the shipment of a plan get on."""
        plan = self.inbound[plan_id]
        shipment = records.inbound_shipment(plan, next(self.serial), status)
        if plan["shipments"]:
            shipment["shipmentId"] = plan["shipments"][0]["shipmentId"]
        self.inbound_shipments[shipment["shipmentId"]] = shipment
        plan["shipments"] = [{"shipmentId": shipment["shipmentId"], "status": status}]
        plan["lastUpdatedAt"] = self.now()

    # Reports

    def _report(self, call: MockCall, path: list[str]) -> MockAnswer:
        if call.method == "POST":
            report_id = str(next(self.serial))
            self.reports[report_id] = {"dataEndTime": self.now(), **call.json(), "polls": self.polls}
            return MockAnswer(202, {"reportId": report_id})
        report = self.reports[path[0]]
        report["polls"] -= 1
        status = "IN_QUEUE" if report["polls"] >= 0 else "DONE" if self._rows(path[0]) else "CANCELLED"
        shown = {"reportId": path[0], "reportType": report["reportType"], "createdTime": self.now()}
        document = {"reportDocumentId": path[0]} if status == "DONE" else {}
        return MockAnswer(body=shown | {"processingStatus": status} | document)

    def _document(self, _call: MockCall, path: list[str]) -> MockAnswer:
        url = f"{self.url}{STORE}{path[0]}/report.txt"
        return MockAnswer(body={"reportDocumentId": path[0], "url": url, "compressionAlgorithm": "GZIP"})

    def _rows(self, report_id: str) -> list[Record]:
        report = self.reports[report_id]
        begin, end = (moment_of(report[name]) for name in ("dataStartTime", "dataEndTime"))
        return [row for row in self.returned if begin <= datetime.fromisoformat(row["return-date"]) <= end]

    def take_back(self, order_id: str) -> None:
        """Receive a unit that a customer sent back."""
        date = self.moment().isoformat(timespec="seconds")
        self.returned.append(records.returned(next(self.serial), order_id, date))

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        made = records.order(next(self.serial), order, self.now())
        order_id = str(made["fulfillmentOrder"]["sellerFulfillmentOrderId"])
        # A word that the description does not know is tried on purpose.
        self.allows_violations |= order.status is not None and order.status not in ORDER_STATUS
        self.orders[order_id] = made
        return order_id

    def change_order(self, record_id: str) -> None:
        self._moved(self.orders[record_id], "Planning")

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[record_id]["fulfillmentOrder"]["receivedDate"]
