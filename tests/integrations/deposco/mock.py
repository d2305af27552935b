"""A made-up warehouse on Deposco: lists that go on by ids, orders that are what has their number."""

import base64
import itertools
import json
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import Any, ClassVar

from tests.integrations.deposco import records
from tests.integrations.deposco.records import COMPANY, OTHER_COMPANY, Record
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

BASE = "/latest"
SALES, PURCHASES = "/orders/salesOrders", "/orders/purchaseOrders"
RETURNS, SHIPMENTS = "/orders/customerReturns", "/shipments/outboundShipments"
REFRESH = "refresh-mock"
SIZES = {SALES: 25, PURCHASES: 25, RETURNS: 25}
LINES_OF_A_PAGE = 25
CHECKED_PAGES = 3
CANCELLED = "Canceled"
MAY_BECOME = {
    SALES: {"Draft": {"New", "Hold", CANCELLED}, "New": {"Hold", CANCELLED}, "Hold": {"New", CANCELLED}}
    | {word: {"New", "Hold", CANCELLED} for word in ("Ready for Fulfillment", "Wave Built", "Back Ordered")},
    PURCHASES: {
        "Draft": {"New", "Hold", CANCELLED},
        "New": {"Hold", "In-Transit", "Arrived", CANCELLED},
        "Hold": {"New", "In-Transit", "Arrived", CANCELLED},
        "In-Transit": {"New", "Arrived", CANCELLED},
        "Arrived": {CANCELLED},
        "Receiving": {CANCELLED},
        "Received": {"Closed"},
    },
    RETURNS: {"New": {CANCELLED}, "Receiving": {CANCELLED}},
}
"""The changes of a status that may be asked for; the rest is the warehouse's."""


class Mock(OrderMock):
    """An application that is installed for two companies with one facility."""

    integration: ClassVar[tuple[str, str]] = ("wms", "deposco")
    orders_path: ClassVar[str] = SALES
    base_path: ClassVar[str] = BASE
    more_than_a_page: ClassVar[int] = 30
    tells_deleted: ClassVar[bool] = True
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST", "/wms/orders", records.NEW_ORDER, vendor_path=f"{SALES}?new", count="made"
    )

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.serial, self.tokens = itertools.count(6001), itertools.count(1)
        now = "2026-01-05T09:00:00-06:00"
        self.orders: dict[str, dict[int, Record]] = {SALES: {}, PURCHASES: {}, RETURNS: {}}
        self.shipments: dict[int, Record] = {}
        self.receipts: dict[int, Record] = {}
        unit = {"businessKey": {"code": COMPANY}}
        self.items = {
            number: records.item(
                number,
                {"number": sku, "businessUnit": unit, "name": f"Item {sku}", "unitPrice": 10.99,
                 "packs": [{"type": "Each", "quantity": 1}, {"type": "Case", "quantity": 12}],
                 "upcs": {"data": [{"value": "4006381333931"}]}},
                now,
            )
            for number, sku in ((501, "CRATE-1"), (502, "LID-1"))
        }  # fmt: skip
        self.lists: dict[str, list[Record]] = {
            "/facilities": [records.facility(now)],
            "/locations": [records.location(number, now) for number in (12, 11)],
            "/companies": [records.company(code, now) for code in (OTHER_COMPANY, COMPANY)],
            "/tradingPartners": [
                records.partner(22, "Customer", now),
                records.partner(21, "Vendor", now),
            ],
            "/billing/transactions": [records.bill(31, now)],
        }
        self._works: set[str] = set()
        self._is_expired = False
        self._forbidden: set[str] = set()
        self._pages_of_lines = 0

    def credentials(self) -> dict[str, str]:
        return {"client_id": "app", "client_secret": "s3cret", "refresh_token": REFRESH}

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"api": f"{self.url}{BASE}", "auth": self.url}}

    def is_open(self, call: MockCall) -> bool:
        return call.path == "/oauth2/token"

    def is_signed_in(self, call: MockCall) -> bool:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        return not self._is_expired and token in self._works

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return _refused(401, "Unauthorized")

    def too_many(self, call: MockCall, seconds: float) -> MockAnswer:
        answer = super().too_many(call, seconds)
        return MockAnswer(429, {"errors": [{"errorMessage": "Rate limit exceeded"}]}, answer.headers)

    def undescribed(self, _call: MockCall, faults: list[str]) -> MockAnswer:
        return _refused(400, "; ".join(faults))

    def names(self, call: MockCall) -> list[str]:
        """The search for a number and what makes an order go by other names than the list."""
        if call.method == "POST":
            return [f"{call.path}?new"]
        return [f"{call.path}?number" if "number" in call.query else call.path]

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path == "/oauth2/token":
            return self._token(call.form())
        path = call.path.removeprefix(BASE)
        if any(path.startswith(area) for area in self._forbidden):
            return _refused(403, "Forbidden")
        answer = self._answer(call, path)
        return MockAnswer(answer.status, answer.body, {"Date": format_datetime(self.moment())})

    def _faults(self, call: MockCall, answer: MockAnswer) -> list[str]:
        """What is not as described. Pages of lines are all made alike: the first of them show it."""
        if answer.status == 200 and call.path.endswith("/orderLines"):
            self._pages_of_lines += 1
            if self._pages_of_lines > CHECKED_PAGES:
                return []
        return super()._faults(call, answer)

    def _token(self, form: dict[str, str]) -> MockAnswer:
        wanted = {
            "grant_type": "refresh_token", "refresh_token": REFRESH, "client_id": "app",
            "client_secret": "s3cret",
        }  # fmt: skip
        if self._is_expired or form != wanted:
            return MockAnswer(400, {"error": "invalid_grant"})
        token = f"access-{next(self.tokens)}"
        self._works.add(token)
        return MockAnswer(body={"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _answer(self, call: MockCall, path: str) -> MockAnswer:
        for area in self.orders:
            if path == area or path.startswith(f"{area}/"):
                return self._of_orders(call, area, path.removeprefix(area).strip("/").split("/"))
        if path in self.lists:
            code = call.query.get("code")
            listed = [each for each in self.lists[path] if code in (None, each.get("code"))]
            return self._page(call, path, listed)
        if path == "/receipts":
            if "businessUnit" not in call.query:
                return _refused(400, "businessUnit is required: the application sees several companies.")
            chosen = [each for each in self.receipts.values() if each["_order"] == int(call.query["orderId"])]
            return MockAnswer(body=records.whole([_public(each) for each in reversed(chosen)]))
        if path.startswith("/items"):
            return self._of_items(call, path.removeprefix("/items").strip("/"))
        shipment = self.shipments.get(int(path.removeprefix(f"{SHIPMENTS}/").split("/")[0]))
        return _refused(404, "Not found") if shipment is None else MockAnswer(body=shipment)

    # Lists: the newest id first. A search names the id that it has come to, and what it looks for.

    def _page(self, call: MockCall, path: str, held: Iterable[Record], size: int = 50) -> MockAnswer:
        if search := call.query.get("searchId"):
            wanted = json.loads(base64.urlsafe_b64decode(search))
        else:
            wanted = {
                name: call.query[name]
                for name in ("updatedAfter", "number", "businessUnit")
                if name in call.query
            }
            wanted["size"] = int(call.query.get("pageSize", size))
        chosen = sorted((each for each in held if _meets(each, wanted)), key=lambda each: -each["self"]["id"])
        page, rest = chosen[: wanted["size"]], chosen[wanted["size"] :]
        links = []
        if rest:
            following = json.dumps({**wanted, "before": page[-1]["self"]["id"]}).encode()
            search = base64.urlsafe_b64encode(following).decode()
            links = [{"rel": "next", "href": f"{records.API}{path}?searchId={search}"}]
        return MockAnswer(body={"data": page, "links": links, "complete": not rest, "pages": 1 + bool(rest)})

    # Orders of every kind

    def _of_orders(self, call: MockCall, area: str, names: list[str]) -> MockAnswer:
        held = self.orders[area]
        if names == [""]:
            if call.method == "POST":
                return self._post(area, call.json())
            return self._page(call, area, [self._shown(area, raw) for raw in held.values()], SIZES[area])
        raw = held.get(int(names[0]))
        if raw is None:
            return _refused(404, "The order was not found.")
        match call.method, names[1:]:
            case "GET", []:
                return MockAnswer(body=self._shown(area, raw))
            case "GET", ["orderLines"]:
                return self._page(call, f"{area}/{names[0]}/orderLines", raw["orderLines"], LINES_OF_A_PAGE)
            case "POST", ["status"]:
                return self._to_status(area, raw, call.query["value"])
        return _refused(404, "Not found")

    def _shown(self, area: str, raw: Record) -> Record:
        """An order with the first of its lines, and the names of its shipments."""
        number = raw["self"]["id"]
        lines = sorted(raw["orderLines"], key=lambda each: -each["self"]["id"])
        first, rest = lines[:LINES_OF_A_PAGE], lines[LINES_OF_A_PAGE:]
        shown = {**raw, "orderLines": records.whole(first)}
        if rest:
            wanted = {"size": LINES_OF_A_PAGE, "before": first[-1]["self"]["id"]}
            search = base64.urlsafe_b64encode(json.dumps(wanted).encode()).decode()
            href = f"{records.API}{area}/{number}/orderLines?searchId={search}"
            shown["orderLines"] |= {"complete": False, "links": [{"rel": "next", "href": href}]}
        if area == SALES:
            sent = [
                each["self"]
                for each in self.shipments.values()
                if each["otherReferenceNumber"] == str(number)
            ]
            shown["shipments"] = records.whole(sent)
        return shown

    def _post(self, area: str, body: Record) -> MockAnswer:
        """Make an order, or change the one that has its number."""
        code = body["businessUnit"]["businessKey"]["code"]
        for raw in self.orders[area].values():
            if raw["number"] == body["number"] and raw["businessUnit"]["businessKey"]["code"] == code:
                return self._changed(area, raw, body)
        if area == SALES and not {"shipToContact", "shipToAddress"} <= body.keys():
            return _refused(400, "shipToContact and shipToAddress are required.")
        number = next(self.serial)
        try:
            lines = [
                self._line(number, place, each) for place, each in enumerate(body["orderLines"]["data"], 1)
            ]
        except LookupError as missing:
            return _refused(400, f"There is no pack {missing}.")
        self.orders[area][number] = records.order(number, area, body, lines, self._now())
        self.made += 1
        return MockAnswer(201, self._shown(area, self.orders[area][number]))

    def _line(self, order: int, place: int, body: Record) -> Record:
        sku, holds = body["item"]["businessKey"]["number"], body["pack"]["businessKey"]["quantity"]
        known = next((each for each in self.items.values() if each["number"] == sku), None)
        if known is None or holds not in [pack["quantity"] for pack in known["packs"]]:
            raise LookupError(f"{sku} of {holds}")
        number = known["self"]["id"]
        named = {"item": known["self"], "pack": records.pack_ref(number, sku, holds)}
        return records.line(next(self.serial), order, place, body | named, self._now())

    def _changed(self, area: str, raw: Record, body: Record) -> MockAnswer:
        if raw["orderStatus"] in (CANCELLED, "Ship Complete", "Closed"):
            return _refused(400, f"Order {raw['number']} has the status {raw['orderStatus']}.")
        self.made += "orderLines" in body  # a second order would have become lines of the first
        kept = {name: value for name, value in body.items() if name not in ("businessUnit", "orderLines")}
        if "shipToFacility" in kept:
            kept["shipToFacility"] = records.ref(1, "facilities", **kept["shipToFacility"]["businessKey"])
        raw |= kept | {"updatedDate": self._now()}
        return MockAnswer(200, self._shown(area, raw))

    def _to_status(self, area: str, raw: Record, word: str) -> MockAnswer:
        if word not in MAY_BECOME[area].get(raw["orderStatus"], ()):
            return _refused(400, f"The status cannot be updated from {raw['orderStatus']} to {word}.")
        raw |= {"orderStatus": word, "updatedDate": self._now()}
        return MockAnswer(body=self._shown(area, raw))

    # Items

    def _of_items(self, call: MockCall, number: str) -> MockAnswer:
        if not number and call.method == "GET":
            return self._page(call, "/items", self.items.values())
        if not number:
            body = call.json()
            known = next((each for each in self.items.values() if each["number"] == body["number"]), None)
            if known is not None:
                known |= {"name": body["name"], "updatedDate": self._now()}
                return MockAnswer(body=known)
            serial = next(self.serial)
            self.items[serial] = records.item(serial, body, self._now())
            return MockAnswer(201, self.items[serial])
        raw = self.items.get(int(number))
        return _refused(404, "Not found") if raw is None else MockAnswer(body=raw)

    # What the warehouse does

    def ship(self, record_id: str, tracking: str) -> None:
        """Pick and send all of an order."""
        raw = self.orders[SALES][int(record_id)]
        number = next(self.serial)
        shipment = records.shipment(number, raw, "Shipped", tracking, self._now())
        self.shipments[number] = shipment | {"otherReferenceNumber": record_id}
        for each in raw["orderLines"]:
            each |= {"pickedPackQuantity": each["orderPackQuantity"],
                     "shippedPackQuantity": each["orderPackQuantity"]}  # fmt: skip
        raw |= {"orderStatus": "Ship Complete", "updatedDate": self._now()}

    def receive(self, area: str, record_id: str, quantity: int, status: str) -> None:
        """Receive so many packs of the first line of an order."""
        raw = self.orders[area][int(record_id)]
        each = raw["orderLines"][0]
        each["receivedPackQuantity"] += quantity
        number = next(self.serial)
        entry = records.receipt(number, each, quantity, self._now())
        self.receipts[number] = entry | {"_order": int(record_id)}
        raw |= {"orderStatus": status, "updatedDate": self._now()}

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number, body = next(self.serial), records.sample(order, order.number)
        now = self._now()
        lines = [
            records.line(next(self.serial), number, place, each, now)
            for place, each in enumerate(body["orderLines"]["data"], 1)
        ]
        self.orders[SALES][number] = records.order(number, SALES, body, lines, now)
        return str(number)

    def change_order(self, record_id: str) -> None:
        self.orders[SALES][int(record_id)] |= {"shipVia": "Express", "updatedDate": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[SALES][int(record_id)]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[SALES][int(record_id)]["createdDate"]

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add({"get_orders": SALES}[function])

    def _now(self) -> str:
        return self.moment().isoformat(timespec="seconds")


def _public(entry: Record) -> Record:
    return {name: value for name, value in entry.items() if not name.startswith("_")}


def _meets(record: Record, wanted: Record) -> bool:
    """Check whether a record is what a search looks for."""
    if record["self"]["id"] >= wanted.get("before", float("inf")):
        return False
    since = wanted.get("updatedAfter")
    date = record.get("updatedDate")
    if since and date and not datetime.fromisoformat(date) > datetime.fromisoformat(since):
        return False
    if wanted.get("number", record.get("number")) != record.get("number"):
        return False
    unit: Any = record.get("businessUnit", {}).get("businessKey", {}).get("code")
    return wanted.get("businessUnit", unit) == unit


def _refused(status: int, words: str) -> MockAnswer:
    return MockAnswer(status, {"errors": [{"errorMessage": words}]})
