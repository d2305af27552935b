"""A made-up seller at Walmart Fulfillment Services, by its description."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.integrations.walmart.gateway import Gateway, Record, moment_of, nothing, query_of, refused
from tests.integrations.walmart.wms import records
from tests.mock_vendors.orders import SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

WFS = "/v3/fulfillment/"
ORDERS = f"{WFS}orders-fulfillments"


class Mock(Gateway):
    """One seller. A new order is listed a moment after it was accepted."""

    integration: ClassVar[tuple[str, str]] = ("wms", "walmart")
    orders_path: ClassVar[str] = "/orders-fulfillments/status"
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/wms/inbound-shipments",
        records.NEW_SHIPMENT,
        vendor_path="/inbound-shipments",
        count="made",
    )
    buckets_by_call = (("GET", "/v3/items", 60), ("GET", "/v3/returns", 50))

    def __init__(self) -> None:
        super().__init__()
        self.serial = itertools.count(1)
        self.orders: dict[str, Record] = {}
        self.accepted: dict[str, Record] = {}
        """Orders that are not listed before they have been asked for once."""
        self.stock = {"CRATE-S": [12, 10], "LID": [7, 7]}
        """On hand and to be had, by SKU."""
        self.inbound: dict[str, Record] = {}
        self.inbound_items: dict[str, list[Record]] = {}
        self.returned: dict[str, Record] = {}
        self.made = 0

    def answered(self, call: MockCall) -> MockAnswer:
        handlers: dict[str, Callable[[MockCall], MockAnswer]] = {
            f"GET {ORDERS}/status": self._orders,
            f"POST {ORDERS}": self._accept,
            f"POST {ORDERS}/cancel": self._cancel,
            f"GET {WFS}inventory": self._inventory,
            f"GET {WFS}inbound-shipments": self._shipments,
            f"POST {WFS}inbound-shipments": self._announce,
            f"GET {WFS}inbound-shipment-items": self._shipment_items,
            "GET /v3/returns": self._returns,
            "GET /v3/items": self._items,
            "GET /v3/token/detail": lambda _: self.token_detail(),
        }
        return handlers[f"{call.method} {call.path}"](call)

    # Orders

    def _orders(self, call: MockCall) -> MockAnswer:
        number = call.query.get("orderNumber")
        if number in self.accepted:
            self.orders[number] = self.accepted.pop(number)
            chosen = []
        elif number is not None:
            chosen = [order for name, order in self.orders.items() if name == number]
        else:
            since = call.query.get("fromOrderDate", "")
            chosen = [order for order in self.orders.values() if str(order.get("orderDate", "9")) >= since]
            is_down = call.query.get("sortOrder", "desc") == "desc"
            chosen.sort(key=lambda order: str(order.get("orderDate")), reverse=is_down)
        page = _page(call, chosen, 50)
        attributes = {"martId": "202", "buId": "0", "pageCount": 1, "totalCount": len(chosen)}
        return MockAnswer(body={"status": "OK", "header": {"headerAttributes": attributes}, "payload": page})

    def _accept(self, call: MockCall) -> MockAnswer:
        payload = call.json()["payload"]
        number = payload["sellerOrderId"]
        if number in {*self.orders, *self.accepted}:
            return refused(400, "INVALID_REQUEST_CONTENT.WFS", "The sellerOrderId was used before.")
        self.made += 1
        made = records.order(number, SampleOrder(0, lines=0), self._stamp())
        for item in payload["orderItems"]:
            to = item["shippingTo"]["address"]
            address = {"addressLine1": to["line1"], "city": to["city"], "stateCode": to["state"],
                       "countryCode": "US", "postalCode": to["zip"]}  # fmt: skip
            quantity = item["qty"]["measurementValue"]
            made["orderLines"].append(records.line("Crate", quantity, address, self._stamp()))
        self.accepted[number] = made
        return MockAnswer(
            body={"status": "ACCEPTED", "header": {}, "payload": {"requestId": f"r-{self.made}"}}
        )

    def _cancel(self, call: MockCall) -> MockAnswer:
        payload = call.json()["payload"]
        order = self.orders[payload["sellerOrderId"]]
        if order["shipments"]:
            return refused(400, "INVALID_REQUEST_CONTENT.WFS", "The order was shipped.")
        lines = {str(position): line for position, line in enumerate(order["orderLines"], 1)}
        for item in payload["orderItems"]:
            lines[item["sellerLineId"]]["orderLineQuantityInfo"][0]["status"] = "CANCELLED"
            lines[item["sellerLineId"]]["lastModified"] = self._stamp()
        order["status"] = "CANCELLED"
        self.made += 1
        return MockAnswer(
            body={"status": "ACCEPTED", "header": {}, "payload": {"requestId": f"r-{self.made}"}}
        )

    def ship(self, number: str) -> None:
        """Walmart sends an order, and says that it has arrived."""
        order = self.orders[number]
        order["shipments"] = [records.shipment(f"s-{number}", len(order["orderLines"]), self._stamp())]
        order["status"] = "DELIVERED"

    # Stock, what comes in and what comes back

    def _inventory(self, call: MockCall) -> MockAnswer:
        listed = [
            {"sku": sku, "shipNodes": [{"modifiedDate": "2026-01-05T09:00:00.000Z", "availToSellQty": free,
                                        "onHandQty": onhand, "shipNodeType": "WFSFulfilled"}]}
            for sku, (onhand, free) in self.stock.items()
        ]  # fmt: skip
        headers = {"totalCount": len(listed), "limit": 300, "offset": 0}
        return MockAnswer(body={"headers": headers, "payload": {"inventory": _page(call, listed, 300)}})

    def _shipments(self, call: MockCall) -> MockAnswer:
        names = ("shipmentId", "inboundOrderId")
        wanted = {name: call.query[name] for name in names if name in call.query}
        listed = [each for each in self.inbound.values() if wanted.items() <= each.items()]
        return _listed(call, listed[::-1])

    def _shipment_items(self, call: MockCall) -> MockAnswer:
        wanted = call.query.get("shipmentId")
        listed = [
            item for name, items in self.inbound_items.items() for item in items if wanted in (None, name)
        ]
        return _listed(call, listed)

    def _announce(self, call: MockCall) -> MockAnswer:
        body = call.json()
        if any(each["inboundOrderId"] == body["inboundOrderId"] for each in self.inbound.values()):
            return refused(400, "400.INBOUND_SHIPMENTS.101", "inboundOrderId was used before")
        number = f"{next(self.serial):07}GDM"
        self.made += 1
        self.inbound[number] = records.inbound(number, body, self._stamp())
        self.inbound_items[number] = [
            {"inboundOrderId": body["inboundOrderId"], "shipmentId": number, "gtin": item["productId"],
             "sku": item["sku"], "itemDesc": item["itemDesc"], "itemQty": item["itemQty"], "receivedQty": 0,
             "damagedQty": 0}
            for item in body["orderItems"]
        ]  # fmt: skip
        sent = [{"vendorSku": item["sku"], "itemQty": item["itemQty"]} for item in body["orderItems"]]
        made = {"shipmentId": number, "shipToAddress": records.CENTRE, "shipmentItems": sent}
        return MockAnswer(body={"status": "OK", "payload": [made]})

    def receive(self, number: str) -> None:
        """Walmart takes in all that was announced."""
        for item in self.inbound_items[number]:
            item["receivedQty"] = item["itemQty"]
            self.stock.setdefault(item["sku"], [0, 0])
            self.stock[item["sku"]] = [count + item["itemQty"] for count in self.stock[item["sku"]]]
        self.inbound[number] |= {"status": "CLOSED", "actualDeliveryDate": self._stamp()}

    def add_return(self, order_id: str) -> str:
        number = f"1037380489{next(self.serial):08}"
        self.returned[number] = records.returned(number, order_id, self._stamp())
        return number

    def complete_return(self, number: str) -> None:
        for line in self.returned[number]["returnOrderLines"]:
            line |= {"status": "COMPLETED", "statusTime": self._stamp(), "refundedQty": 1}

    def _returns(self, call: MockCall) -> MockAnswer:
        skipped, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", 10))
        since = call.query.get("returnLastModifiedStartDate")
        listed = [
            each for each in self.returned.values()
            if since is None
            or datetime.fromisoformat(each["returnOrderLines"][0]["statusTime"]) > moment_of(since)
        ]  # fmt: skip
        page = listed[skipped : skipped + limit]
        if not page:
            return nothing("GMP_RETURNS_API")
        more = skipped + limit < len(listed)
        cursor = query_of({**call.query, "sellerId": 151, "offset": skipped + limit}) if more else ""
        meta = {"totalCount": len(listed), "limit": limit, "nextCursor": cursor}
        return MockAnswer(body={"meta": meta, "returnOrders": page})

    def _items(self, call: MockCall) -> MockAnswer:
        sku = call.query["sku"]
        if sku not in self.stock:
            return nothing("GMP_ITEM_QUERY_API")
        item = {"sku": sku, "gtin": "00886859944807", "productName": sku.title()}
        return MockAnswer(body={"ItemResponse": [item], "totalItems": 1})

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = f"ptrn{20800 + next(self.serial)}"
        self.orders[number] = records.order(number, order, self._stamp())
        return number

    def change_order(self, record_id: str) -> None:
        for line in self.orders[record_id]["orderLines"]:
            line["lastModified"] = self._stamp()
            line["orderLineQuantityInfo"][0]["status"] = "DELIVERED"

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[record_id]["orderDate"]

    def revoke(self, function: str) -> None:
        self._forbidden.add({"get_orders": f"{ORDERS}/status"}[function])

    def _stamp(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _page(call: MockCall, listed: list[Any], most: int) -> list[Any]:
    skipped, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", 10))
    assert limit <= most
    return listed[skipped : skipped + limit]


def _listed(call: MockCall, listed: list[Record]) -> MockAnswer:
    headers = {"totalCount": len(listed), "limit": 50, "offset": int(call.query.get("offset", 0))}
    return MockAnswer(body={"headers": headers, "payload": _page(call, listed, 50)})
