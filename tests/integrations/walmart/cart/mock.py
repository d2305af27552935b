"""A made-up seller on Walmart.com, by its description: orders, items, inventory, notifications."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from tests.integrations.walmart.cart import records
from tests.integrations.walmart.gateway import (
    Gateway,
    Record,
    milliseconds,
    moment_of,
    nothing,
    query_of,
    refused,
)
from tests.mock_vendors.orders import SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

ORDERS, ITEMS, STOCK, HOOKS = "/v3/orders", "/v3/items", "/v3/inventories", "/v3/webhooks/subscriptions"
WEEK = timedelta(days=7)
SCROLL = "AoE/GjBSVkJBOFJISzU4VTQxRw=="
"""The cursor of a list of items: it is the same for all pages, and the place is kept here."""


class Mock(Gateway):
    """One seller."""

    integration: ClassVar[tuple[str, str]] = ("cart", "walmart")
    orders_path: ClassVar[str] = ORDERS
    more_than_a_page: ClassVar[int] = 205
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "carrier_name": "Dock Lines", "tracking_url": "https://track.example/T-1"},
        vendor_path="/shipping",
        count="made",
    )
    buckets_by_call = (
        ("GET", ORDERS, 5000),
        ("POST", f"{ORDERS}/[^/]+/acknowledge", 60),
        ("POST", f"{ORDERS}/[^/]+/shipping", 60),
        ("POST", f"{ORDERS}/[^/]+/refund", 60),
        ("GET", ITEMS, 60),
        ("GET", f"{STOCK}(/[^/]+)?", 200),
        ("PUT", f"{STOCK}/[^/]+", 200),
    )

    def __init__(self) -> None:
        super().__init__()
        self.serial = itertools.count(1)
        self.orders: dict[str, Record] = {}
        self.modified: dict[str, Any] = {}
        self.items = {
            sku: records.item(sku, name, number)
            for number, (sku, name) in enumerate((("CRATE-S", "Crate"), ("LID 1&2", "Lid"), ("ROPE", "Rope")))
        }
        first, second = records.NODES
        self.stock: dict[str, dict[str, list[int]]] = {
            "CRATE-S": {first: [12, 2], second: [5, 0]},
            "LID 1&2": {first: [7, 0]},
        }
        self.hooks: dict[str, Record] = {}
        self.place = 0
        self.made = 0

    def answered(self, call: MockCall) -> MockAnswer:
        handlers: dict[str, Callable[[MockCall, list[str]], MockAnswer]] = {
            "token": lambda _call, _path: self.token_detail(),
            "orders": self._order,
            "items": lambda call, _path: self._listed_items(call),
            "inventories": self._inventory,
            "webhooks": self._hook,
        }
        area, *path = call.path.removeprefix("/v3/").split("/")
        return handlers[area](call, path)

    # Orders

    def _order(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            return self._listed_orders(call)
        order = self.orders.get(path[0])
        if order is None:
            return nothing("GMP_ORDER_API")
        if path[1:]:
            actions = {"acknowledge": self._acknowledge, "shipping": self._ship, "refund": self._refund,
                       "cancel": self._cancel}  # fmt: skip
            fault = actions[path[1]](order, call.json() if call.body else {})
            if fault:
                return refused(400, "INVALID_REQUEST_CONTENT.GMP_ORDER_API", fault)
            self.modified[path[0]] = self._now()
        return MockAnswer(body={"order": order})

    def _listed_orders(self, call: MockCall) -> MockAnswer:
        query = dict(call.query)
        skipped, limit = int(query.get("poIndex", 0)), int(query.get("limit", 100))
        if limit > 200:
            return refused(400, "INVALID_REQUEST_PARAM.GMP_ORDER_API", "limit cannot be larger than 200")
        query.setdefault("createdStartDate", (self._now() - WEEK).strftime("%Y-%m-%dT%H:%M:%SZ"))
        chosen = [order for number, order in self.orders.items() if self._is_asked_for(number, order, query)]
        chosen.sort(key=lambda order: (-order["orderDate"], -int(order["purchaseOrderId"])))
        page = chosen[skipped : skipped + limit]
        if not page:
            return nothing("GMP_ORDER_API")
        meta: Record = {"totalCount": len(chosen), "limit": limit}
        if skipped + limit < len(chosen):
            places = {"hasMoreElements": "true", "soIndex": len(chosen), "poIndex": skipped + limit,
                      "partnerId": "100009", "sellerId": "8"}  # fmt: skip
            meta["nextCursor"] = query_of({**query, **places})
        return MockAnswer(body={"list": {"meta": meta, "elements": {"order": page}}})

    def _is_asked_for(self, number: str, order: Record, query: dict[str, str]) -> bool:
        modified = self.modified[number]
        limits = (
            ("createdStartDate", lambda at: order["orderDate"] > milliseconds(at)),
            ("createdEndDate", lambda at: order["orderDate"] < milliseconds(at)),
            ("lastModifiedStartDate", lambda at: modified > at),
            ("lastModifiedEndDate", lambda at: modified < at),
        )
        is_within = all(fits(moment_of(query[name])) for name, fits in limits if name in query)
        return is_within and order["shipNode"]["type"] == query.get("shipNodeType", "SellerFulfilled")

    def _acknowledge(self, order: Record, _body: Record) -> str | None:
        if order["shipNode"]["type"] == "WFSFulfilled":
            return "Orders that Walmart fulfils are not acknowledged."
        for line in order["orderLines"]["orderLine"]:
            for part in records.parts(line):
                if part["status"] == "Created":
                    part["status"] = "Acknowledged"
        return None

    def _ship(self, order: Record, body: Record) -> str | None:
        lines = {line["lineNumber"]: line for line in order["orderLines"]["orderLine"]}
        sent = [
            (lines.get(line["lineNumber"]), line, part)
            for line in body["orderShipment"]["orderLines"]["orderLine"]
            for part in line["orderLineStatuses"]["orderLineStatus"]
        ]
        for line, said, part in sent:
            if line is None:
                return f"There is no line {said['lineNumber']}."
            if line.get("intentToCancel") == "true" and not said.get("intentToCancelOverride"):
                return "The customer wishes to cancel the line."
            if records.amount_in(line, ("Acknowledged",)) < int(part["statusQuantity"]["amount"]):
                return "Not that many are acknowledged."
            tracking = part["trackingInfo"]
            if "carrier" not in tracking["carrierName"] and "trackingURL" not in tracking:
                return "trackingURL is mandatory with otherCarrier."
        self.made += 1
        for line, _, part in sent:
            assert line is not None
            records.moved(line, ("Acknowledged",), dict(part), self._stamp())
        return None

    def _cancel(self, order: Record, body: Record) -> str | None:
        lines = {line["lineNumber"]: line for line in order["orderLines"]["orderLine"]}
        for line in body["orderCancellation"]["orderLines"]["orderLine"]:
            for part in line["orderLineStatuses"]["orderLineStatus"]:
                records.moved(
                    lines[line["lineNumber"]], ("Created", "Acknowledged"), dict(part), self._stamp()
                )
        return None

    def _refund(self, order: Record, body: Record) -> str | None:
        lines = {line["lineNumber"]: line for line in order["orderLines"]["orderLine"]}
        refunded = body["orderRefund"]["orderLines"]["orderLine"]
        if len({line.get("isFullRefund", False) for line in refunded}) > 1:
            return "All order lines should be of a full or of a partial refund."
        for said in refunded:
            line = lines[said["lineNumber"]]
            if not records.amount_in(line, ("Shipped", "Delivered")):
                return "Only what was shipped is refunded."
            [refund] = said["refunds"]["refund"]
            charges = refund["refundCharges"]["refundCharge"]
            before = line.get("refund", {}).get("refundCharges", {}).get("refundCharge", [])
            if records.total([each["charge"] for each in (*before, *charges)]) > records.total(
                line["charges"]["charge"]
            ):
                return "That is more than was paid."
            comments = refund.get("refundComments") or line.get("refund", {}).get("refundComments")
            line["refund"] = {"refundId": str(next(self.serial)),
                              "refundCharges": {"refundCharge": [*before, *charges]},
                              **({"refundComments": comments} if comments else {})}  # fmt: skip
            line["statusDate"] = self._stamp()
        self.made += 1
        return None

    # Items and stock

    def _listed_items(self, call: MockCall) -> MockAnswer:
        items = list(self.items.values())
        if "sku" in call.query:
            chosen = [item for item in items if item["sku"] == call.query["sku"]]
            found = {"ItemResponse": chosen, "totalItems": len(chosen)}
            return MockAnswer(body=found) if chosen else nothing("GMP_ITEM_QUERY_API")
        if call.query["nextCursor"] == "*":
            self.place = 0
        limit = int(call.query.get("limit", 20))
        page = items[self.place : self.place + limit]
        self.place += limit
        if not page:
            return nothing("GMP_ITEM_QUERY_API")
        return MockAnswer(body={"ItemResponse": page, "totalItems": len(items), "nextCursor": SCROLL})

    def _inventory(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            skipped, limit = int(call.query.get("nextCursor", 0)), int(call.query.get("limit", 10))
            entries = [{"sku": sku, "nodes": records.nodes(stock)} for sku, stock in self.stock.items()]
            meta: Record = {"totalCount": len(entries)}
            if skipped + limit < len(entries):
                meta["nextCursor"] = str(skipped + limit)
            page = entries[skipped : skipped + limit]
            return MockAnswer(body={"meta": meta, "elements": {"inventories": page}})
        sku = path[0]
        if sku not in self.stock:
            return nothing("GMP_INVENTORY_API")
        if call.method == "GET":
            return MockAnswer(body={"sku": sku, "nodes": records.nodes(self.stock[sku])})
        answers = []
        for node in call.json()["inventories"]["nodes"]:
            place = node["shipNode"]
            if place not in self.stock[sku]:
                fault = {"code": "INVALID_SHIP_NODE", "description": f"{place} is no ship node of the item"}
                answers.append({"shipNode": place, "status": "Failure", "errors": [fault]})
                continue
            self.stock[sku][place][0] = node["inputQty"]["amount"]
            answers.append({"shipNode": place, "status": "Success"})
        self.made += 1
        return MockAnswer(body={"sku": sku, "nodes": answers})

    # Notifications

    def _hook(self, call: MockCall, path: list[str]) -> MockAnswer:
        if call.method == "POST":
            made = []
            for event in call.json()["events"]:
                number = f"sub-{next(self.serial)}"
                self.hooks[number] = {**event, "subscriptionId": number, "partnerId": "100009"}
                made.append(self.hooks[number])
            return MockAnswer(body={"events": made})
        if call.method == "DELETE":
            if self.hooks.pop(path[1], None) is None:
                return nothing("NOTIFICATION_API")
            return MockAnswer(
                body={"subscriptionId": path[1], "message": "Successfully deleted subscription"}
            )
        return MockAnswer(body={"events": list(self.hooks.values())})

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = str(1_800_000_000_000 + next(self.serial))
        # A status that nobody knows is not described either.
        self.allows_violations |= order.status is not None
        self.orders[number] = records.order(number, order, self._stamp())
        self.modified[number] = self._now()
        return number

    def change_order(self, record_id: str) -> None:
        for line in self.orders[record_id]["orderLines"]["orderLine"]:
            line["statusDate"] = self._stamp()
            records.parts(line)[0]["status"] = "Acknowledged"
        self.modified[record_id] = self._now()

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[record_id]["customerOrderId"]

    def revoke(self, function: str) -> None:
        self._forbidden.add({"get_orders": ORDERS, "get_products": ITEMS}[function])

    def _stamp(self) -> int:
        return milliseconds(self._now())
