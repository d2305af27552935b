"""A ShipBob that is made up, by its own description: all that the integration uses, kept in memory."""

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import ClassVar
from urllib.parse import urlencode

from tests.contracts.vendor_specs import Description
from tests.integrations.shipbob import records
from tests.integrations.shipbob.description import description
from tests.integrations.shipbob.records import Record
from tests.mock_vendors.consent import ConsentPages
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.throttles import SlidingWindow
from tests.mock_vendors.vendor import MockAnswer, MockCall

TOKEN = "pat-mock"
CHANNEL = 101
VERSION = "/2026-01/"
SCOPES = (
    "orders_read", "orders_write", "products_read", "products_write", "inventory_read", "receiving_read",
    "receiving_write", "returns_read", "returns_write", "locations_read", "billing_read", "channels_read",
)  # fmt: skip
AREAS = {"get_orders": "order", "get_products": "product", "get_returns": "return"}
DONE = {"ShipOrder": ("Completed", "InTransit"), "DeliverOrder": ("Completed", "Delivered")}
LIMIT = "Rate limit is exceeded. Try again in {0} seconds."


class Mock(OrderMock):
    """One merchant's account."""

    integration: ClassVar[tuple[str, str]] = ("wms", "shipbob")
    orders_path: ClassVar[str] = "/order"
    more_than_a_page: ClassVar[int] = 260
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST", "/wms/orders", records.NEW_ORDER, vendor_path="/order", count="made"
    )

    def __init__(self) -> None:
        super().__init__()
        self.window = SlidingWindow(150, 60)
        self.throttles = [self.window]
        self.most = 250
        """How many records a page has at most."""
        self.made = 0
        self.serial = itertools.count(1001)
        self.orders: dict[int, Record] = {}
        self.moved: dict[str, dict[int, str]] = {"order": {}, "tracking": {}, "product": {}}
        """When what has last changed: ShipBob keeps that, and does not show it of orders."""
        self.products: dict[int, Record] = {
            1: records.product(1, "TShirtBlueM"),
            2: records.product(2, "MugRed"),
        }
        self.receiving: dict[int, Record] = {}
        self.boxes: dict[int, list[Record]] = {}
        self.returns: dict[int, Record] = {}
        self.webhooks: dict[str, Record] = {}
        self.charges: list[Record] = []
        self.events: list[Record] = []
        self.channels: list[Record] = [
            {"id": CHANNEL, "name": "Mock Shop", "application_name": "SMA", "scopes": list(SCOPES)}
        ]
        scopes = (*SCOPES, "fulfillments_read", "fulfillments_write", "webhooks_read", "webhooks_write")
        self.pages: ConsentPages = ConsentPages(
            "/connect/authorize",
            "/connect/token",
            (*scopes, "offline_access"),
            wanted={"response_mode": "query"},
        )
        self._is_expired = False
        self._forbidden: set[str] = set()

    def description(self) -> Description:
        return description()

    def credentials(self) -> dict[str, str]:
        return {"sign_in": "token", "token": TOKEN, "environment": "sandbox"}

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"api": self.url, "auth": self.url}}

    def is_signed_in(self, call: MockCall) -> bool:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        return not self._is_expired and (token == TOKEN or self.pages.takes(token))

    def too_many(self, _call: MockCall, seconds: float) -> MockAnswer:
        wait = max(1, round(seconds))
        headers = {"x-retry-after": str(wait), "x-remaining-calls": "0"}
        return MockAnswer(429, {"statusCode": 429, "message": LIMIT.format(wait)}, headers)

    async def handle(self, call: MockCall) -> MockAnswer:
        path = call.path.partition(VERSION)[2]
        area = path.split("/")[0].split(":")[0]
        left = {"x-remaining-calls": str(self.window.remaining(self.clock()))}
        if area in self._forbidden:
            return MockAnswer(403, {"message": f"the token lacks the scope {area}s_read"})
        handlers: dict[str, Callable[[MockCall, str], MockAnswer]] = {
            "channel": lambda call, _: self._linked(call, self.channels),
            "order": self._order,
            "shipment": self._shipment,
            "simulate": self._simulate,
            "shipping-method": lambda call, _: self._numbered(call, records.METHODS),
            "product": self._product,
            "inventory": self._inventory,
            "inventory-level": self._levels,
            "receiving": self._receiving,
            "return": self._return,
            "location": lambda _call, _: MockAnswer(body=records.LOCATIONS),
            "fulfillment-center": lambda _call, _: MockAnswer(body=records.CENTERS),
            "transactions": lambda call, _: self._linked(call, self._charged(call.json()), call.json()),
            "webhook": self._webhook,
        }
        answer = handlers[area](call, path)
        moment = format_datetime(datetime.fromtimestamp(self.clock(), UTC), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": moment, **left, **answer.headers})

    # Pages, in the ways that ShipBob has

    def _numbered(self, call: MockCall, found: Iterable[Record]) -> MockAnswer:
        listed = list(found)
        number, limit = int(call.query.get("Page", 1)), min(self.most, int(call.query.get("Limit", 50)))
        pages = {"Total-Pages": str(max(1, -(-len(listed) // limit))), "Page-Number": str(number)}
        return MockAnswer(body=listed[(number - 1) * limit : number * limit], headers=pages)

    def _linked(self, call: MockCall, found: Iterable[Record], body: Record | None = None) -> MockAnswer:
        """A page with a link to the next one, in the form that ShipBob has: a path without the version."""
        listed = list(found)
        query = {name.casefold(): value for name, value in call.query.items()}
        size = (body or {}).get("page_size") or query.get("pagesize") or query.get("limit") or 50
        start, limit = int(query.get("cursor", 0)), min(self.most, int(size))
        end = start + limit
        kept = {name: value for name, value in call.query.items() if name.casefold() != "cursor"}
        names = "Cursor" if "transactions" in call.path or "webhook" in call.path else "cursor"
        link = f"/{call.path.partition(VERSION)[2]}?{urlencode({**kept, names: end})}"
        return MockAnswer(body={"items": listed[start:end], "next": link if end < len(listed) else None})

    # Orders

    def _order(self, call: MockCall, path: str) -> MockAnswer:
        _, _, name = path.partition("/")
        if call.method == "POST" and not name:
            return self._new_order(call)
        if not name:
            return self._numbered(call, self._chosen(call))
        number, _, verb = name.partition(":")
        order = self.orders.get(int(number))
        if order is None:
            return MockAnswer(404, {"message": f"order {number} was not found"})
        if verb == "cancel":
            return self._cancelled(order)
        return MockAnswer(body=order)

    def _new_order(self, call: MockCall) -> MockAnswer:
        body = call.json()
        if call.headers.get("shipbob_channel_id") != str(CHANNEL):
            return MockAnswer(400, {"shipbob_channel_id": ["The channel is missing or not yours"]})
        held = {(order["channel"]["id"], order["reference_id"]) for order in self.orders.values()}
        if (CHANNEL, body["reference_id"]) in held:
            return MockAnswer(422, {"": ["Cannot insert order with existing ReferenceId"]})
        self.made += 1
        order = records.order(next(self.serial), body, self._now(), self._referenced)
        self._keep(order)
        return MockAnswer(201, order)

    def _referenced(self, reference: str) -> Record | None:
        """The variant of a reference."""
        return next((each for each in self._variants() if each["sku"] == reference), None)

    def _variants(self) -> list[Record]:
        return [variant for product in self.products.values() for variant in product["variants"]]

    def _keep(self, order: Record) -> None:
        self.orders[order["id"]] = order
        self.moved["order"][order["id"]] = self._now()

    def _chosen(self, call: MockCall) -> list[Record]:
        """The orders that the filters of a call let through, oldest first."""
        query = call.query
        ids, references = _listed(query.get("IDs")), _listed(query.get("ReferenceIds"))
        limits = {name: _moment(query.get(name)) for name in ("LastUpdateStartDate", "StartDate", "EndDate")}
        tracked = _moment(query.get("LastTrackingUpdateStartDate"))
        return [
            order
            for number, order in sorted(self.orders.items())
            if (ids is None or str(number) in ids)
            and (references is None or order["reference_id"] in references)
            and (limits["LastUpdateStartDate"] or "") <= _utc(self.moved["order"][number])
            and (limits["StartDate"] or "") <= _utc(order["created_date"])
            and (limits["EndDate"] is None or _utc(order["created_date"]) <= limits["EndDate"])
            and (tracked is None or _utc(self.moved["tracking"].get(number)) >= tracked)
        ]

    def _cancelled(self, order: Record) -> MockAnswer:
        sent = [shipment for shipment in order["shipments"] if shipment["status"] == "Completed"]
        results = [
            {"shipment_id": shipment["id"], "is_success": False, "reason": "Shipment has been shipped"}
            for shipment in sent
        ]
        if not sent:
            order["status"] = "Cancelled"
            for shipment in order["shipments"]:
                shipment |= {"status": "Cancelled", "last_update_at": self._now()}
            self._keep(order)
        body = {"order_id": order["id"], "order": order, "canceled_shipment_results": results}
        return MockAnswer(body=body | {"status": "Failure" if sent else "Success"})

    def _shipment(self, call: MockCall, path: str) -> MockAnswer:
        number = int(path.partition("/")[2].partition(":")[0])
        order, shipment = self._sent(number)
        body = call.json()
        shipment["recipient"]["address"] |= {
            "address1": body["street_address1"], "city": body["city"], "zip_code": body.get("zip_code"),
        }  # fmt: skip
        shipment["last_update_at"] = self._now()
        self._keep(order)
        return MockAnswer(body={})

    def _sent(self, number: int) -> tuple[Record, Record]:
        for order in self.orders.values():
            for shipment in order["shipments"]:
                if shipment["id"] == number:
                    return order, shipment
        raise LookupError(number)

    def _simulate(self, call: MockCall, _path: str) -> MockAnswer:
        """Have a shipment sent or delivered, as the sandbox does."""
        body = call.json()
        order, shipment = self._sent(int(body["shipment_id"]))
        status, detail = DONE[body["simulation"]["action"]]
        is_sent = shipment["status"] == "Completed"
        shipment |= {"status": status, "actual_fulfillment_date": self._now()}
        shipment["status_details"] = [{"id": 201, "name": detail, "description": detail}]
        shipment["tracking"] = records.tracking(shipment["id"])
        shipment["last_tracking_update_at"] = self._now()
        self.moved["tracking"][order["id"]] = self._now()
        order["status"] = "Fulfilled"
        if not is_sent:  # ShipBob's own record changes when it is sent; then only its tracking does
            shipment["last_update_at"] = self._now()
            self._keep(order)
        return MockAnswer(body={})

    # Products and stock

    def _product(self, call: MockCall, path: str) -> MockAnswer:
        _, _, number = path.partition("/")
        if call.method == "POST":
            product_id = next(self.serial)
            product = records.new_product(product_id, call.json(), self.serial, self._now())
            self.products[product_id] = product
            self.moved["product"][product_id] = self._now()
            return MockAnswer(201, product)
        if call.method == "PATCH":
            return MockAnswer(
                body=records.changed_product(self.products[int(number)], call.json(), self._now())
            )
        wanted, sku = call.query.get("VariantId"), call.query.get("SKU")
        since = _moment(call.query.get("LastUpdatedTimestamp")) or ""
        found = [
            product
            for product in self.products.values()
            if (wanted is None or wanted in {str(variant["id"]) for variant in product["variants"]})
            and (sku is None or sku in {variant["sku"] for variant in product["variants"]})
            and since <= _utc(product["updated_on"])
        ]
        return self._linked(call, found)

    def _items(self) -> list[Record]:
        return [records.item(variant) for variant in self._variants() if variant["inventory"]["inventory_id"]]

    def _inventory(self, call: MockCall, path: str) -> MockAnswer:
        if path == "inventory/history:query":
            return self._history(call.json())
        _, _, number = path.partition("/")
        if number:
            item = next((item for item in self._items() if str(item["inventory_id"]) == number), None)
            return MockAnswer(404, {"title": "Not Found"}) if item is None else MockAnswer(body=item)
        text = call.query.get("SearchBy", "").casefold()
        return self._linked(call, [item for item in self._items() if text in str(item["sku"]).casefold()])

    def _levels(self, call: MockCall, path: str) -> MockAnswer:
        ids = _listed(call.query.get("InventoryIds"))
        items = [item for item in self._items() if ids is None or str(item["inventory_id"]) in ids]
        _, _, kind = path.partition("/")
        return self._linked(call, [records.level(item, kind) for item in items])

    def _history(self, body: Record) -> MockAnswer:
        """Two events at a time after one, of one place."""
        after = body.get("cursor") or 0
        name = "inventory_audit_event_id"
        events = [each for each in self.events if records.place_of(each) == body["facility_id"]]
        events = sorted((each for each in events if each[name] > after), key=lambda each: int(each[name]))
        link = "/inventory/history:query?cursor=1" if len(events) > 2 else None
        return MockAnswer(body={"data": events[:2], "next": link})

    # What comes in, and back

    def _receiving(self, call: MockCall, path: str) -> MockAnswer:
        _, _, name = path.partition("/")
        if call.method == "POST" and not name:
            number = next(self.serial)
            order, boxes = records.receiving(number, call.json(), self._now(), self._sku)
            self.receiving[number], self.boxes[number] = order, boxes
            return MockAnswer(201, order)
        if not name:
            return self._numbered(call, self._awaited(call))
        number = int(name.split("/")[0].split(":")[0])
        if number not in self.receiving:
            return MockAnswer(404, {"message": f"WRO {number} was not found"})
        if name.endswith("/boxes"):
            return MockAnswer(body=self.boxes[number])
        if name.endswith(":cancel"):
            self.receiving[number] |= {"status": "Cancelled", "last_updated_date": self._now()}
        return MockAnswer(body=self.receiving[number])

    def _awaited(self, call: MockCall) -> list[Record]:
        ids, since = _listed(call.query.get("IDs")), _moment(call.query.get("InsertStartDate")) or ""
        numbers = _listed(call.query.get("PurchaseOrderNumbers"))
        return [
            order
            for order in self.receiving.values()
            if (ids is None or str(order["id"]) in ids)
            and _utc(order["insert_date"]) >= since
            and (numbers is None or order["purchase_order_number"] in numbers)
        ]

    def _sku(self, inventory_id: int) -> str | None:
        return next((item["sku"] for item in self._items() if item["inventory_id"] == inventory_id), None)

    def receive(self, number: int) -> None:
        """Have all that is awaited come and be counted."""
        for box in self.boxes[number]:
            box |= {"arrived_date": self._now(), "received_date": self._now(), "box_status": "Completed"}
            for item in box["box_items"]:
                item["received_quantity"] = item["stowed_quantity"] = item["quantity"]
        for line in self.receiving[number]["inventory_quantities"]:
            line["received_quantity"] = line["stowed_quantity"] = line["expected_quantity"]
        self.receiving[number] |= {"status": "Completed", "last_updated_date": self._now()}

    def _return(self, call: MockCall, path: str) -> MockAnswer:
        _, _, name = path.partition("/")
        if call.method == "POST" and not name:
            if call.headers.get("shipbob_channel_id") != str(CHANNEL):
                return MockAnswer(400, {"shipbob_channel_id": ["The channel is missing or not yours"]})
            made = records.return_order(next(self.serial), call.json(), self._now(), self._sku)
            self.returns[made["id"]] = made
            return MockAnswer(201, records.first_version(made))
        if not name:
            return self._linked(call, self._returned(call))
        number, _, verb = name.partition(":")
        order = self.returns.get(int(number))
        if order is None:
            return MockAnswer(404, {"title": "Not Found"})
        if call.method == "PUT":
            order |= records.return_members(call.json(), self._sku)
            return MockAnswer(body=records.first_version(order))
        if verb:
            order |= {"status": "Cancelled", "cancelled_date": self._now()}
            return MockAnswer(body={})
        return MockAnswer(body=order)

    def _returned(self, call: MockCall) -> list[Record]:
        ids, since = _listed(call.query.get("Ids")), _moment(call.query.get("StartDate")) or ""
        references = _listed(call.query.get("ReferenceIds"))
        return [
            order
            for order in self.returns.values()
            if (ids is None or str(order["id"]) in ids)
            and _utc(order["insert_date"]) >= since
            and (references is None or order["reference_id"] in references)
        ]

    def inspect(self, number: int) -> None:
        """Have a return come, and all of it put back into stock."""
        order = self.returns[number]
        order |= {"status": "Completed", "arrived_date": self._now(), "completed_date": self._now()}
        for item in order["inventory"]:
            item["action_taken"] = [
                {"action": "Restock", "action_reason": "Good", "quantity_processed": item["quantity"]}
            ]

    # What else there is

    def _charged(self, body: Record) -> list[Record]:
        begin, end = _moment(body["from_date"]) or "", _moment(body["to_date"]) or "9"
        return [charge for charge in self.charges if begin <= _utc(charge["charge_date"]) <= end]

    def _webhook(self, call: MockCall, path: str) -> MockAnswer:
        _, _, name = path.partition("/")
        if call.method == "DELETE":
            known = self.webhooks.pop(name, None)
            return MockAnswer(204) if known else MockAnswer(404, {"message": "no such subscription"})
        if call.method == "GET":
            return self._linked(call, self.webhooks.values())
        body = call.json()
        made = {"id": f"ep_{next(self.serial)}", "created_at": self._now(), "topics": body["topics"]}
        made |= {"url": body["url"], "description": body.get("description")}
        self.webhooks[made["id"]] = made | {"enabled": True}
        return MockAnswer(body=made | {"secret": records.SECRET})

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = next(self.serial)
        made = records.sample(number, order, self._now())
        self.allows_violations |= order.status is not None
        self._keep(made)
        return str(number)

    def change_order(self, record_id: str) -> None:
        order = self.orders[int(record_id)]
        order["status"] = "Fulfilled"
        order["shipments"][0] |= {"status": "Completed", "last_update_at": self._now()}
        self._keep(order)

    def remove_order(self, record_id: str) -> None:
        del self.orders[int(record_id)]

    def spoil_order(self, record_id: str) -> None:
        self.orders[int(record_id)]["products"] = "none"

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(AREAS[function])

    def _now(self) -> str:
        return self.moment().isoformat(timespec="seconds")


def _listed(text: str | None) -> set[str] | None:
    return None if text is None else set(text.split(","))


def _utc(text: str | None) -> str:
    """A date of a record as one that compares by its letters; "" where there is none."""
    return _moment(text) or ""


def _moment(text: str | None) -> str | None:
    """A moment as the records have it, whatever its zone; None where there is none."""
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds")
