"""A made-up supplier on Wayfair: purchase orders in two lists, a catalog, notices and feeds of stock.

Orders come oldest first, from a date. What was accepted changes lists, and no date.
"""

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from crossdock.integrations.wayfair.dates import moment
from tests.integrations.wayfair import records
from tests.integrations.wayfair.records import SUPPLIER, Record
from tests.mock_vendors.graphql_vendor import GraphQlMock, MockError, Resolver
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

TOKEN = "wayfair-token"
AREAS = {"get_orders": "getDropshipPurchaseOrders", "get_products": "supplierCatalog"}
DENIED = {"category": "PERMISSION_DENIED"}
APP = {
    "grant_type": "client_credentials", "client_id": "app", "client_secret": "app-secret",
    "audience": "https://api.wayfair.com/",
}  # fmt: skip


class Mock(GraphQlMock, OrderMock):
    """One supplier."""

    integration: ClassVar[tuple[str, str]] = ("cart", "wayfair")
    orders_path: ClassVar[str] = "getDropshipPurchaseOrders"
    dates_changes: ClassVar[bool] = False
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "carrier_name": "FDEG"},
        vendor_path="purchaseOrders",
        count="made",
        settles=False,
    )

    def __init__(self) -> None:
        super().__init__()
        self.serial = itertools.count(10_000_001)
        self.orders: dict[str, Record] = {}
        self.answered: set[str] = set()
        """The orders that were accepted."""
        self.words: dict[str, str] = {}
        """What stands where Wayfair says whether a line is cancelled, against its own schema."""
        self.spoilt: set[str] = set()
        self.parts = [records.part(1, "CHAIR"), records.part(2, "TABLE", is_live=False)]
        self.notices: list[Record] = []
        self.stock: dict[tuple[int, str], int] = {}
        self.most: int | None = None
        """How many orders come at once, whatever is asked for."""
        self.by_day = False
        """Whether only the day of a date that is asked for counts."""
        self.made = 0
        self._is_expired = False
        self._forbidden: set[str] = set()

    def schema_file(self) -> Path:
        return Path(__file__).parent / "schema.graphql"

    def description(self) -> None:
        return None

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"api": self.url, "catalog": self.url, "sso": self.url}}

    def credentials(self) -> dict[str, str]:
        return {"supplier_id": str(SUPPLIER), "client_id": "app", "client_secret": "app-secret"}

    def is_open(self, call: MockCall) -> bool:
        return call.path == "/oauth/token"

    def is_signed_in(self, call: MockCall) -> bool:
        return not self._is_expired and call.headers.get("authorization") == f"Bearer {TOKEN}"

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path == "/oauth/token":
            if self._is_expired or call.json() != APP:
                return MockAnswer(401, {"error": "access_denied", "error_description": "Unauthorized"})
            return MockAnswer(body={"access_token": TOKEN, "expires_in": 43200, "token_type": "Bearer"})
        if call.path not in ("/v1/graphql", "/v1/supplier-catalog-api/graphql"):
            return MockAnswer(404, {"message": "not found"})
        answer = await super().handle(call)
        return replace(answer, body=self._broken(json.loads(json.dumps(answer.body))))

    def _broken(self, body: Any) -> Any:
        """An answer with what no schema lets through."""
        for order in (body.get("data") or {}).get("getDropshipPurchaseOrders") or []:
            if (word := self.words.get(order["poNumber"])) and "products" in order:
                order["products"][0]["isCancelled"] = word
            if order["poNumber"] in self.spoilt:
                order["poDate"] = None
                order["products"] = None
        return body

    def root(self) -> Mapping[str, Resolver]:
        return {
            "getDropshipPurchaseOrders": self.purchase_orders,
            "supplierCatalog": self.catalog,
            "purchaseOrders": lambda: {"shipment": self.shipment},
            "inventory": lambda: {"save": self.save},
        }

    def purchase_orders(
        self,
        limit: int = 10,
        hasResponse: bool | None = None,
        fromDate: str | None = None,
        poNumbers: list[str] | None = None,
        sortOrder: str = "ASC",
    ) -> list[Record]:
        self._allow("getDropshipPurchaseOrders")
        since = None if fromDate is None else moment(fromDate)
        if since and self.by_day:
            since = since.replace(hour=0, minute=0, second=0, microsecond=0)
        chosen = [
            order
            for number, order in self.orders.items()
            if (hasResponse is None or (number in self.answered) == hasResponse)
            and (since is None or moment(order["poDate"]) >= since)
            and (poNumbers is None or number in poNumbers)
        ]
        chosen.sort(key=lambda order: moment(order["poDate"]), reverse=sortOrder == "DESC")
        return chosen[: min(limit, self.most or limit)]

    def catalog(self, supplierId: int, paginationOptions: Record) -> Record:
        self._allow("supplierCatalog")
        if supplierId != SUPPLIER:
            raise MockError("no access to this supplier", **DENIED)
        page, size = paginationOptions["page"], paginationOptions["pageSize"]
        part = self.parts[(page - 1) * size : page * size]
        info = {"page": page, "pageSize": size, "hasNextPage": page * size < len(self.parts)}
        return {"supplierId": supplierId, "pageInfo": info, "products": part}

    def shipment(self, notice: Record) -> Record:
        number = notice["poNumber"]
        if number not in self.answered:
            return self._transaction([{"key": number, "message": "PO has not been accepted"}])
        parts = {product["partNumber"] for product in self.orders[number]["products"]}
        for parcel in notice["smallParcelShipments"]:
            if {item["partNumber"] for item in parcel["items"]} - parts:
                return self._transaction([{"key": number, "message": "unknown part"}])
        self.made += 1
        self.notices.append(notice)
        return self._transaction([])

    def save(self, inventory: list[Record], feedKind: str = "DIFFERENTIAL") -> Record:
        names = {part["supplierPartNumber"] for part in self.parts}
        errors = [
            {"key": line["supplierPartNumber"], "message": "unknown part"}
            for line in inventory
            if line["supplierPartNumber"] not in names
        ]
        if errors:
            return self._transaction(errors)
        self.made += 1
        if feedKind == "TRUE_UP":
            self.stock.clear()
        for line in inventory:
            self.stock[line["supplierId"], line["supplierPartNumber"]] = line["quantityOnHand"]
        return self._transaction([])

    def _transaction(self, errors: list[Record]) -> Record:
        return {
            "id": "t-1", "handle": "h-1", "status": "ERROR" if errors else "NEW", "submittedAt": self._now(),
            "completedAt": None, "itemCount": 1, "errorCount": len(errors), "errors": errors,
        }  # fmt: skip

    def _allow(self, name: str) -> None:
        if name in self._forbidden:
            raise MockError("Access denied", **DENIED)

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        made = records.order(next(self.serial), order, self._now())
        self.orders[made["poNumber"]] = made
        # One is open, and one was accepted.
        if order.number % 2:
            self.answered.add(made["poNumber"])
        if order.status:
            self.words[made["poNumber"]] = order.status
        return str(made["poNumber"])

    def change_order(self, record_id: str) -> None:
        """Cancel its first line: the one of two that is seen in either list."""
        self.orders[record_id]["products"][0] |= {"isCancelled": True, "customComment": "changed"}
        self.answered.add(record_id)

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        self.spoilt.add(record_id)

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(AREAS[function])

    def _now(self) -> str:
        instant = self.moment()
        offset = instant.strftime("%z")
        return f"{instant:%Y-%m-%d %H:%M:%S}.000000 {offset[:3]}:{offset[3:5]}"
