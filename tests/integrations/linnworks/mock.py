"""A made-up Linnworks account: sessions that end, searches by token, orders that are processed whole."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from uuid import uuid4

from tests.integrations.linnworks import records
from tests.integrations.linnworks.records import CRATE, DEFAULT, LID, SET, Record
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

APPLICATION, SECRET, TOKEN = (f"{digit * 8}-2222-3333-4444-555555555555" for digit in "179")
LOGIN = "/api/Auth/AuthorizeByApplication"
MINUTES_20 = 20 * 60
ITEMS_A_PAGE, HEADERS_A_PAGE = 200, 20


class Mock(OrderMock):
    """One account with two locations."""

    integration: ClassVar[tuple[str, str]] = ("wms", "linnworks")
    orders_path: ClassVar[str] = "/v2/orders"
    more_than_a_page: ClassVar[int] = 105
    tells_deleted: ClassVar[bool] = True
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST", "/wms/orders", records.NEW_ORDER, vendor_path="/CreateOrders", count="made"
    )

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.serial = itertools.count(1001)
        self.sessions: dict[str, float] = {}
        """When each was last used."""
        self.searches: dict[str, list[str]] = {}
        self.orders: dict[str, Record] = {}
        self.items = {
            CRATE: records.item(CRATE, "CRATE-1"),
            LID: records.item(LID, "LID-1"),
            SET: records.item(SET, "SET-1", is_composite=True),
        }
        self.composed = {SET: [(CRATE, 1), (LID, 2)]}
        self.stock = {(CRATE, DEFAULT): 10, (CRATE, records.NORTH): 5, (LID, DEFAULT): 4}
        self.purchases: dict[str, Record] = {}
        self.bookings: dict[int, Record] = {}
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"application_id": APPLICATION, "application_secret": SECRET, "token": TOKEN}

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {name: self.url for name in ("api", "v2_eu", "v2_us", "v2_as")}}

    def is_open(self, call: MockCall) -> bool:
        return call.path == LOGIN

    def is_signed_in(self, call: MockCall) -> bool:
        """Check a session: it ends when nobody used it for twenty minutes."""
        name, now = call.headers.get("authorization", ""), self.clock()
        if self._is_expired or now - self.sessions.get(name, now - MINUTES_20) >= MINUTES_20:
            return False
        self.sessions[name] = now
        return True

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path == LOGIN:
            return self._login(call)
        if call.path in self._forbidden:
            return MockAnswer(403, {"Code": None, "Message": "Permission is needed"})
        if call.path == "/v2/orders":
            answer = self._listed_orders(call)
        else:
            procedure = call.path.rpartition("/")[2]
            handler: Callable[[Any], MockAnswer] = getattr(self, f"on_{procedure}")
            answer = handler(call.json() if call.method == "POST" else dict(call.query))
        date = {"Date": format_datetime(datetime.fromtimestamp(self.clock(), UTC), usegmt=True)}
        return MockAnswer(answer.status, answer.body, {**date, **answer.headers})

    def _login(self, call: MockCall) -> MockAnswer:
        wanted = {"ApplicationId": APPLICATION, "ApplicationSecret": SECRET, "Token": TOKEN}
        if self._is_expired or call.json() != wanted:
            return MockAnswer(400, {"Code": None, "Message": "Invalid application id or application secret"})
        session = str(uuid4())
        self.sessions[session] = self.clock()
        who = {"Email": "owner@example.com", "UserName": "owner", "EntityId": records.named(1)}
        return MockAnswer(body={**who, "Token": session, "TTL": 1800, "Locality": "EU", "Server": self.url})

    # Orders

    def _listed_orders(self, call: MockCall) -> MockAnswer:
        if wanted := call.query.get("id"):
            return self._shown([wanted] if wanted in self.orders else [], None)
        if token := call.query.get("searchToken"):
            if token not in self.searches:
                return MockAnswer(404, {"title": "Not Found", "status": 404})
            left = self.searches.pop(token)
        else:
            since = call.query.get("fromDate")
            begin = datetime.fromisoformat(since) if since else datetime.min.replace(tzinfo=UTC)
            left = [
                name
                for name, raw in self.orders.items()
                if datetime.fromisoformat(raw["LastUpdated"]) >= begin
            ]
        size = int(call.query.get("entriesPerPage", 50))
        page, rest = left[:size], left[size:]
        following = None
        if rest:
            following = str(uuid4())
            self.searches[following] = rest
        return self._shown(page, following)

    def _shown(self, names: list[str], following: str | None) -> MockAnswer:
        raws = [self.orders[name] for name in names if name in self.orders]
        return MockAnswer(body={
            "TotalOrders": len(raws),
            "NextSearchToken": following,
            "OpenOrders": [raw for raw in raws if not raw["Processed"]],
            "ProcessedOrders": [raw for raw in raws if raw["Processed"]],
        })  # fmt: skip

    def on_GetOrdersById(self, body: Record) -> MockAnswer:
        known = [self.orders[name] for name in body["pkOrderIds"] if name in self.orders]
        return MockAnswer(body=[records.details(raw) for raw in known])

    def on_GetOrderDetailsByReferenceId(self, query: Record) -> MockAnswer:
        known = (
            raw for raw in self.orders.values() if raw["GeneralInfo"]["ReferenceNum"] == query["ReferenceId"]
        )
        return MockAnswer(body=[records.details(raw) for raw in known])

    def on_CreateOrders(self, body: Record) -> MockAnswer:
        saved = []
        for each in body["orders"]:
            key = (each["Source"], each.get("SubSource", ""), each["ReferenceNumber"])
            known = next((raw for raw in self.orders.values() if key == self._key(raw)), None)
            if known is not None and known["GeneralInfo"]["Status"] == 1:
                continue
            self.made += 1
            raw = self._made(next(self.serial), each)
            if known is not None:  # one that is not paid is saved anew
                raw["OrderId"] = known["OrderId"]
            self.orders[raw["OrderId"]] = raw
            saved.append(raw["OrderId"])
        return MockAnswer(body=saved)

    def _key(self, raw: Record) -> tuple[str, str, str]:
        said = raw["GeneralInfo"]
        return said["Source"], said["SubSource"], said["ReferenceNum"]

    def _made(self, number: int, body: Record) -> Record:
        ids = {each["ItemNumber"].casefold(): name for name, each in self.items.items()}
        lines = [
            records.line(
                number, row, each["ChannelSKU"], ids.get(each["ChannelSKU"].casefold(), DEFAULT), each["Qty"],
                each.get("PricePerUnit", 0.0), None,
            )
            for row, each in enumerate(body["OrderItems"], start=1)
        ]  # fmt: skip
        is_paid = body["PaymentStatus"] == "Paid"
        said = {
            "ReferenceNum": body["ReferenceNumber"], "Source": body["Source"],
            "ExternalReferenceNum": body.get("ExternalReference", ""), "SubSource": body.get("SubSource", ""),
            "ReceivedDate": body["ReceivedDate"],
            "Status": 1 if is_paid else 0, "IsParked": not is_paid,
        }  # fmt: skip
        place = records.address() | {
            name: value for name, value in body["DeliveryAddress"].items() if not name.startswith("Match")
        }
        return records.order(number, lines, self._now(), said, place)

    def on_MoveToLocation(self, body: Record) -> MockAnswer:
        for name in body["orderIds"]:
            self._changed(name, FulfilmentLocationId=body["pkStockLocationId"])
        return MockAnswer(body={"Errors": [], "OrdersMoved": body["orderIds"], "KeyedErrors": {}})

    def on_SetOrderShippingInfo(self, body: Record) -> MockAnswer:
        raw, info = self.orders[body["orderId"]], body["info"]
        services: Any = records.METHODS[0]["PostalServices"]
        names = {each["pkPostalServiceId"]: each for each in services}
        service = names[info["PostalServiceId"]]["PostalServiceName"]
        # It sets all of them: what is not said becomes nothing.
        shipping = {
            name: info.get(name) for name in ("TotalWeight", "ItemWeight", "TrackingNumber", "ManualAdjust")
        }
        shipping |= {"PostalServiceId": info["PostalServiceId"], "PostalServiceName": service}
        self._changed(body["orderId"], ShippingInfo={**raw["ShippingInfo"], **shipping})
        raw["TotalsInfo"]["PostageCost"] = info.get("PostageCost")
        return MockAnswer(body={"ShippingInfo": {}, "TotalsInfo": {}})

    def on_SetOrderCustomerInfo(self, body: Record) -> MockAnswer:
        self._changed(body["orderId"], CustomerInfo=body["info"])
        return MockAnswer(body={})

    def on_ProcessOrder(self, body: Record) -> MockAnswer:
        raw = self.orders[body["orderId"]]
        if raw["Processed"] or raw["GeneralInfo"]["IsParked"]:
            answer = {"OrderId": body["orderId"], "Processed": False, "Error": "Order is parked or processed"}
            return MockAnswer(body=answer)
        for each in raw["Items"]:
            place = (each["StockItemId"], raw["FulfilmentLocationId"])
            self.stock[place] = self.stock.get(place, 0) - each["Quantity"]
        self._changed(body["orderId"], Processed=True, ProcessedOn=self._now())
        raw["GeneralInfo"]["IsCancelled"] = False
        return MockAnswer(body={"OrderId": body["orderId"], "Processed": True, "Error": ""})

    def on_CancelOrder(self, body: Record) -> MockAnswer:
        raw = self.orders[body["orderId"]]
        self._changed(body["orderId"], Processed=True, ProcessedOn=self._now())
        raw["GeneralInfo"]["IsCancelled"] = True
        return MockAnswer(body="Order cancelled")

    # Items and stock

    def on_GetStockItemsFull(self, body: Record) -> MockAnswer:
        begin = (body["pageNumber"] - 1) * body["entriesPerPage"]
        page = sorted(self.items.values(), key=lambda each: each["ItemNumber"])[begin:][
            : body["entriesPerPage"]
        ]
        if not page:
            return MockAnswer(400, {"Code": None, "Message": "No items found"})
        extended = {"IsCompositeParent", "Suppliers", "StockLevels"}
        return MockAnswer(body=[{k: v for k, v in each.items() if k not in extended} for each in page])

    def on_GetStockItemsFullByIds(self, body: Record) -> MockAnswer:
        wanted = body["request"]
        known = [self.items[name] for name in wanted["StockItemIds"] if name in self.items]
        with_levels = "StockLevels" in wanted["DataRequirements"]
        items = [each | {"StockLevels": self._levels(each) if with_levels else []} for each in known]
        return MockAnswer(body={"StockItemsFullExtended": items})

    def _levels(self, item: Record) -> list[Record]:
        number = item["StockItemId"]
        return [
            self._level(item, place)
            for place in records.LOCATIONS
            if (number, place["StockLocationId"]) in self.stock
        ]

    def _level(self, item: Record, place: Record) -> Record:
        where = place["StockLocationId"]
        reserved = sum(
            line["Quantity"]
            for raw in self.orders.values()
            if not raw["Processed"] and raw["FulfilmentLocationId"] == where
            for line in raw["Items"]
            if line["StockItemId"] == item["StockItemId"]
        )
        count = self.stock.get((item["StockItemId"], where), 0)
        return records.level(item, place, count, reserved, "2026-01-05T09:00:00Z")

    def on_GetInventoryItemsCompositionByIds(self, body: Record) -> MockAnswer:
        return MockAnswer(body={"InventoryItemsCompositionByIds": {
            name: [
                {
                    "LinkedStockItemId": part, "SKU": self.items[part]["ItemNumber"], "Quantity": count,
                    "StockItemId": name,
                }
                for part, count in self.composed[name]
            ]
            for name in body["request"]["InventoryItemIds"]
            if name in self.composed
        }})  # fmt: skip

    def on_GetStockItemIdsBySKU(self, body: Record) -> MockAnswer:
        wanted = {sku.casefold() for sku in body["request"]["SKUS"]}
        known = [each for each in self.items.values() if each["ItemNumber"].casefold() in wanted]
        return MockAnswer(
            body={
                "Items": [{"StockItemId": each["StockItemId"], "SKU": each["ItemNumber"]} for each in known]
            }
        )

    def on_AddInventoryItem(self, body: Record) -> MockAnswer:
        said = body["inventoryItem"]
        self.items[said["StockItemId"]] = records.item(said["StockItemId"], said["ItemNumber"]) | said
        self.stock[said["StockItemId"], DEFAULT] = 0
        return MockAnswer(204)

    def on_UpdateInventoryItemField(self, body: Record) -> MockAnswer:
        names = {"SKU": "ItemNumber", "Title": "ItemTitle", "Barcode": "BarcodeNumber"}
        self.items[body["inventoryItemId"]][names[body["fieldName"]]] = body["fieldValue"]
        return MockAnswer(body={})

    def on_UpdateStockLevelsBySKU(self, body: Record) -> MockAnswer:
        ids = {each["ItemNumber"]: name for name, each in self.items.items()}
        for each in body["stockLevels"]:
            place = (ids[each["SKU"]], each["LocationId"])
            self.stock[place] = self.stock.get(place, 0) + each["Level"]
        return MockAnswer(body=[])

    # Purchase orders

    def on_Search_PurchaseOrders2(self, body: Record) -> MockAnswer:
        heads = [raw["PurchaseOrderHeader"] for raw in self.purchases.values()]
        begin, end = (
            datetime.fromisoformat(body[name]) if name in body else None for name in ("DateFrom", "DateTo")
        )
        chosen = [
            head
            for head in heads
            if body.get("Status") in (None, head["Status"])
            and body.get("SearchValue", "") in head["ExternalInvoiceNumber"]
            and (begin is None or datetime.fromisoformat(head["DateOfPurchase"]) >= begin)
            and (end is None or datetime.fromisoformat(head["DateOfPurchase"]) <= end)
        ]
        size, number = body["EntriesPerPage"], body["PageNumber"]
        page = chosen[(number - 1) * size : number * size]
        return MockAnswer(body={
            "Result": page, "TotalPages": -(-len(chosen) // size), "CurrentPageNumber": number,
            "EntriesPerPage": size, "TotalNumberOfRecords": len(chosen),
        })  # fmt: skip

    def on_Get_PurchaseOrder(self, body: Record) -> MockAnswer:
        raw = self.purchases.get(body["pkPurchaseId"])
        return MockAnswer(body=raw) if raw else MockAnswer(404, {"Code": None, "Message": "Not found"})

    def on_Create_PurchaseOrder_Initial(self, body: Record) -> MockAnswer:
        raw = records.purchase(next(self.serial), body["createParameters"], self._now())
        name = raw["PurchaseOrderHeader"]["pkPurchaseID"]
        self.purchases[name] = raw
        return MockAnswer(body=name)

    def on_Modify_PurchaseOrderItems_Bulk(self, body: Record) -> MockAnswer:
        wanted = body["request"]
        raw = self.purchases[wanted["PurchaseId"]]
        for each in wanted["ItemsToAdd"]:
            row = records.purchase_line(next(self.serial), self.items[each["StockItemId"]], each["Qty"])
            raw["PurchaseOrderItem"].append(row)
        return MockAnswer(body={"ModifiedItems": [], "PurchaseOrderHeader": raw["PurchaseOrderHeader"]})

    def on_Change_PurchaseOrderStatus(self, body: Record) -> MockAnswer:
        wanted = body["changeStatusParameter"]
        head = self.purchases[wanted["pkPurchaseId"]]["PurchaseOrderHeader"]
        head["Status"] = wanted["status"]
        return MockAnswer(body=head)

    def on_Update_PurchaseOrderHeader(self, body: Record) -> MockAnswer:
        said = body["updateParameter"]
        head = self.purchases[said["pkPurchaseID"]]["PurchaseOrderHeader"]
        if head["Status"] == "DELIVERED":
            return MockAnswer(400, {"Code": None, "Message": "The purchase order is delivered"})
        head |= said
        return MockAnswer(body=head)

    def on_Deliver_PurchaseItem(self, body: Record) -> MockAnswer:
        said = body["deliverItemParameter"]
        raw = self.purchases[said["pkPurchaseId"]]
        head = raw["PurchaseOrderHeader"]
        [row] = [
            each for each in raw["PurchaseOrderItem"] if each["pkPurchaseItemId"] == said["pkPurchaseItemId"]
        ]
        more = said["Delivered"] - row["Delivered"]
        row["Delivered"] = said["Delivered"]
        place = (row["fkStockItemId"], head["fkLocationId"])
        self.stock[place] = self.stock.get(place, 0) + more
        raw["DeliveredRecords"].append({
            "pkDeliveryRecordId": next(self.serial), "fkPurchaseItemId": row["pkPurchaseItemId"],
            "fkStockLocationId": head["fkLocationId"], "UnitCost": 0.0, "DeliveredQuantity": more,
            "CreatedDateTime": self._now(), "ModifiedDateTime": self._now(),
        })  # fmt: skip
        is_whole = all(each["Delivered"] >= each["Quantity"] for each in raw["PurchaseOrderItem"])
        head["Status"] = "DELIVERED" if is_whole else "PARTIAL"
        return MockAnswer(body={})

    # Returns

    def on_GetActionableRMAHeaders(self, body: Record) -> MockAnswer:
        return self._headers(body, is_done=False)

    def on_GetProcessedOrAckedErrorRMAHeaders(self, body: Record) -> MockAnswer:
        return self._headers(body, is_done=True)

    def _headers(self, body: Record, *, is_done: bool) -> MockAnswer:
        wanted = body["request"]
        named = wanted.get("Filters", {}).get("Value")
        chosen = [raw for raw in self.bookings.values() if raw["Actioned"] == is_done]
        chosen = [raw for raw in chosen if named in (None, str(raw["RMAHeaderId"]))]
        begin = (wanted["Page"] - 1) * HEADERS_A_PAGE
        return MockAnswer(body={
            "Page": wanted["Page"], "TotalHeaders": len(chosen), "HeadersPerPage": HEADERS_A_PAGE,
            "RMAHeaders": chosen[begin : begin + HEADERS_A_PAGE],
        })  # fmt: skip

    def on_GetRMAHeadersByOrderId(self, body: Record) -> MockAnswer:
        wanted = body["request"]["OrderId"]
        return MockAnswer(
            body={"RMAHeaders": [raw for raw in self.bookings.values() if raw["OrderId"] == wanted]}
        )

    def on_CreateRMABooking(self, body: Record) -> MockAnswer:
        said = body["request"]
        raw = self.orders[said["OrderId"]]
        if not raw["Processed"]:
            return MockAnswer(
                body={"RMAHeaderId": 0, "Items": [], "Errors": ["The order is open"], "Info": []}
            )
        number = next(self.serial)
        self.bookings[number] = records.booking(number, raw, said, self._now())
        return MockAnswer(body={"RMAHeaderId": number, "Items": [], "Errors": [], "Info": []})

    def action(self, number: int) -> None:
        """Have what was booked come back."""
        raw = self.bookings[number]
        raw |= {"Actioned": True, "LastActionDate": self._now(), "Status": {"StatusHeader": "PROCESSED"}}
        for line in raw["RMALines"]:
            line |= {"Actioned": True, "ActionedDate": self._now()}

    # Places

    def on_GetStockLocations(self, _query: Record) -> MockAnswer:
        return MockAnswer(body=records.LOCATIONS)

    def on_GetSuppliers(self, _query: Record) -> MockAnswer:
        return MockAnswer(body=records.SUPPLIERS)

    def on_GetShippingMethods(self, _query: Record) -> MockAnswer:
        return MockAnswer(body=records.METHODS)

    def on_GetChannels(self, _query: Record) -> MockAnswer:
        return MockAnswer(body=records.CHANNELS)

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        raw = records.sample(next(self.serial), order, self._now())
        self.orders[raw["OrderId"]] = raw
        return str(raw["OrderId"])

    def change_order(self, record_id: str) -> None:
        self.orders[record_id]["GeneralInfo"]["PickListPrinted"] = True
        self._changed(record_id)

    def _changed(self, record_id: str, **changes: Any) -> None:
        self.orders[record_id] |= {**changes, "LastUpdated": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[record_id]["GeneralInfo"]["ReceivedDate"]

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, _function: str) -> None:
        self._forbidden.add("/v2/orders")

    def many_items(self, count: int) -> None:
        """Stock so many items more."""
        for number in range(count):
            name = records.named(70_000 + number)
            self.items[name] = records.item(name, f"PART-{number:04}")
            self.stock[name, DEFAULT] = 1

    def _now(self) -> str:
        """A date as Linnworks writes it."""
        moment = datetime.fromtimestamp(self.clock(), UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"
