"""A made-up BigCommerce store, by its own descriptions: orders, products, stock, refunds, webhooks."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, ClassVar

from tests.integrations.bigcommerce import records
from tests.integrations.bigcommerce.records import Record
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.throttles import FixedWindow
from tests.mock_vendors.vendor import MockAnswer, MockCall

TOKEN, STORE = "token-mock", "abc123"
BASE = f"/stores/{STORE}/"
AREAS = {"get_orders": "v2/orders", "get_products": "v3/catalog"}
SCOPE = "You don't have a required scope to access the endpoint"


class Mock(OrderMock):
    """One store."""

    integration: ClassVar[tuple[str, str]] = ("cart", "bigcommerce")
    orders_path: ClassVar[str] = "/v2/orders"
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "tracking_url": "https://track.example/T-1"},
        vendor_path="/shipments",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.throttles = [FixedWindow(150, 30)]
        self.serial = itertools.count(101)
        self.orders: dict[int, Record] = {}
        self.lines: dict[int, list[Record]] = {}
        self.shipments: dict[int, list[Record]] = {}
        self.refunds: dict[int, list[Record]] = {}
        self.products: dict[int, Record] = {301: records.crate(301, (501, 502)), 302: records.lid(302, 503)}
        self.stock: dict[int, dict[int, int]] = {501: {1: 10, 2: 5}, 502: {1: 4}, 503: {1: 7}}
        """On hand, by variant and location."""
        self.safety: dict[tuple[int, int], int] = {(501, 1): 2}
        """Kept back, by variant and location."""
        self.hooks: dict[int, Record] = {}
        self.made = 0
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"store_hash": STORE, "api_key": TOKEN}

    def is_signed_in(self, call: MockCall) -> bool:
        return not self._is_expired and call.headers.get("x-auth-token") == TOKEN

    def too_many(self, _call: MockCall, seconds: float) -> MockAnswer:
        headers = {"X-Rate-Limit-Time-Reset-Ms": str(int(seconds * 1000) + 1)}
        return MockAnswer(429, {"status": 429, "title": "Too many requests"}, headers)

    async def handle(self, call: MockCall) -> MockAnswer:
        path = call.path.removeprefix(BASE)
        if any(path.startswith(area) for area in self._forbidden):
            return MockAnswer(403, [{"status": 403, "message": SCOPE}])
        handlers: dict[str, Callable[[MockCall, list[str]], MockAnswer]] = {
            "v2/store": lambda _call, _path: MockAnswer(body=records.STORE),
            "v2/orders": self._order,
            "v3/orders": self._payment_actions,
            "v3/catalog": self._catalog,
            "v3/inventory": self._inventory,
            "v3/hooks": self._hook,
        }
        version, area, *rest = path.split("/")
        answer = handlers[f"{version}/{area}"](call, rest)
        moment = format_datetime(self._moment(), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": moment, **answer.headers})

    # Orders

    def _order(self, call: MockCall, path: list[str]) -> MockAnswer:
        if not path:
            return self._listed_orders(call)
        number = int(path[0])
        if number not in self.orders:
            return MockAnswer(404, [{"status": 404, "message": "The requested resource was not found."}])
        if path[1:] == ["products"]:
            return _part(call, self.lines[number])
        if path[1:] == ["shipments"]:
            is_new = call.method == "POST"
            return self._ship(number, call.json()) if is_new else _part(call, self.shipments[number])
        return MockAnswer(body=self._shown(call, number))

    def _listed_orders(self, call: MockCall) -> MockAnswer:
        begin, end = (call.query.get(f"{name}_date_modified") for name in ("min", "max"))
        chosen = [
            number
            for number, order in sorted(self.orders.items())
            if number >= int(call.query.get("min_id", 0))
            and (begin is None or _moment(order) >= datetime.fromisoformat(begin))
            and (end is None or _moment(order) <= datetime.fromisoformat(end))
        ]
        page = chosen[: min(250, int(call.query.get("limit", 50)))]
        return MockAnswer(body=[self._shown(call, number) for number in page]) if page else MockAnswer(204)

    def _shown(self, call: MockCall, number: int) -> Record:
        order, lines = self.orders[number], self.lines[number]
        if call.query.get("include") != "consignments.line_items":
            return order
        return order | {"consignments": records.consignments(order, lines)}

    def _ship(self, number: int, body: Record) -> MockAnswer:
        order, lines = self.orders[number], {line["id"]: line for line in self.lines[number]}
        for item in body["items"]:
            line = lines.get(item["order_product_id"])
            if line is None or line["order_address_id"] != body["order_address_id"]:
                return MockAnswer(400, [{"status": 400, "message": "The field 'items' is invalid."}])
            if line["quantity"] - line["quantity_shipped"] < item["quantity"]:
                return MockAnswer(400, [{"status": 400, "message": "There are not that many left to ship."}])
        self.made += 1
        for item in body["items"]:
            lines[item["order_product_id"]]["quantity_shipped"] += item["quantity"]
        sent = sum(line["quantity_shipped"] for line in lines.values())
        status = 2 if sent == order["items_total"] else 3
        order |= {"items_shipped": sent, **records.status(status), "date_modified": self._now()}
        shipment = records.shipment(next(self.serial), number, body, self._now())
        self.shipments[number].append(shipment)
        return MockAnswer(201, shipment)

    def _payment_actions(self, call: MockCall, path: list[str]) -> MockAnswer:
        number, action = int(path[0]), path[2]
        if call.method == "GET":
            return MockAnswer(body={"data": self.refunds[number], "meta": {}})
        order, body = self.orders[number], call.json()
        prices = {line["id"]: float(line["price_inc_tax"]) for line in self.lines[number]}
        amounts = [
            item["amount"] if item["item_type"] == "ORDER" else prices[item["item_id"]] * item["quantity"]
            for item in body["items"]
        ]
        left = float(order["total_inc_tax"]) - sum(each["total_amount"] for each in self.refunds[number])
        amount = round(min(sum(amounts), left), 2)
        if action == "refund_quotes":
            return MockAnswer(201, {"data": records.quote(number, amount), "meta": {}})
        if sum(payment["amount"] for payment in body["payments"]) != amount:
            return _invalid("payments", "The amounts are not what is refunded.")
        self.made += 1
        refund = records.refund(next(self.serial), number, body, amounts, amount, self._now_iso())
        self.refunds[number].append(refund)
        for item in body["items"]:
            for line in self.lines[number]:
                if item["item_type"] == "PRODUCT" and line["id"] == item["item_id"]:
                    line["quantity_refunded"] += item["quantity"]
        is_all = amount == left
        order |= records.status(4 if is_all else 14)
        order |= {"payment_status": "refunded" if is_all else "partially refunded"}
        order["date_modified"] = self._now()
        return MockAnswer(201, {"data": refund, "meta": {}})

    # Catalogue and stock

    def _catalog(self, call: MockCall, path: list[str]) -> MockAnswer:
        products = sorted(self.products.values(), key=lambda product: int(product["id"]))
        if path[0] == "variants":
            variants = [variant for product in products for variant in product["variants"]]
            wanted = call.query["id"]
            return _page(call, [variant for variant in variants if str(variant["id"]) == wanted])
        if path[1:]:
            product = self.products.get(int(path[1]))
            if product is None:
                return MockAnswer(404, {"status": 404, "title": "Not found", "type": ""})
            return MockAnswer(body={"data": _included(call, product), "meta": {}})
        after, ids = int(call.query.get("id:greater", 0)), _listed(call.query.get("id:in"))
        chosen = [each for each in products if each["id"] > after and (ids is None or str(each["id"]) in ids)]
        return _page(call, [_included(call, product) for product in chosen])

    def _inventory(self, call: MockCall, path: list[str]) -> MockAnswer:
        if path[0] == "locations":
            wanted = _listed(call.query.get("location_id:in"))
            return _page(
                call, [each for each in records.LOCATIONS if wanted is None or str(each["id"]) in wanted]
            )
        if path[0] == "adjustments":
            return self._adjust(call.json()["items"], is_absolute=path[1] == "absolute")
        variants, products = (_listed(call.query.get(f"{name}_id:in")) for name in ("variant", "product"))
        items = [self._item(product, variant) for product, variant in self._variants()]
        return _page(call, [
            item
            for item in items
            if (variants is None or str(item["identity"]["variant_id"]) in variants)
            and (products is None or str(item["identity"]["product_id"]) in products)
        ])  # fmt: skip

    def _variants(self) -> Iterable[tuple[Record, Record]]:
        for product in self.products.values():
            for variant in product["variants"]:
                yield product, variant

    def _item(self, product: Record, variant: Record) -> Record:
        number = variant["id"]
        places = [
            records.level(place, count, self.safety.get((number, place), 0))
            for place, count in self.stock[number].items()
        ]
        identity = {"sku": variant["sku"], "variant_id": number, "product_id": product["id"]}
        return {"identity": identity, "locations": places}

    def _adjust(self, items: list[Record], *, is_absolute: bool) -> MockAnswer:
        named: dict[tuple[str, int], int] = {}
        for product, variant in self._variants():
            is_whole = product["inventory_tracking"] == "product"
            name = ("product_id", product["id"]) if is_whole else ("variant_id", variant["id"])
            named[name] = variant["id"]
        changed = []
        for item in items:
            [name] = [(key, item[key]) for key in ("variant_id", "product_id") if key in item]
            if name not in named:
                return _invalid(name[0], "Item has another tracking mode")
            number, place = named[name], item["location_id"]
            count = item["quantity"] + (0 if is_absolute else self.stock[number].get(place, 0))
            if count < (0 if is_absolute else self.safety.get((number, place), 0)):
                return _invalid("quantity", "Not enough in stock")
            changed.append((number, place, count))
        self.made += 1
        for number, place, count in changed:
            self.stock[number][place] = count
        return MockAnswer(body={"transaction_id": "t-1"})

    # Webhooks

    def _hook(self, call: MockCall, path: list[str]) -> MockAnswer:
        if call.method == "POST":
            number = next(self.serial)
            stamps = {"created_at": 1561488106, "updated_at": 1561488106}
            hook = call.json() | {"id": number, "client_id": "c", "store_hash": STORE, **stamps}
            self.hooks[number] = hook
            return MockAnswer(body={"data": hook, "meta": {}})
        if call.method == "DELETE":
            hook = self.hooks.pop(int(path[0]), None)
            answer = {"data": hook, "meta": {}} if hook else {"status": 404, "title": "Not found"}
            return MockAnswer(200 if hook else 404, answer)
        wanted = call.query.get("destination")
        return _page(call, [hook for hook in self.hooks.values() if wanted in (None, hook["destination"])])

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = next(self.serial)
        made, lines = records.order(number, order, self._now())
        self.orders[number], self.lines[number] = made, lines
        self.shipments[number], self.refunds[number] = [], []
        return str(number)

    def change_order(self, record_id: str) -> None:
        self.orders[int(record_id)] |= {**records.status(9), "date_modified": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.orders[int(record_id)]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[int(record_id)]["date_created"]

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(AREAS[function])

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def _now(self) -> str:
        return format_datetime(self._moment())

    def _now_iso(self) -> str:
        return self._moment().isoformat(timespec="seconds")


def _invalid(name: str, fault: str) -> MockAnswer:
    return MockAnswer(422, {"status": 422, "title": "Invalid", "errors": {name: fault}})


def _moment(order: Record) -> datetime:
    return parsedate_to_datetime(order["date_modified"])


def _listed(text: str | None) -> set[str] | None:
    return None if text is None else set(text.split(","))


def _included(call: MockCall, product: Record) -> Mapping[str, Any]:
    """A product with the fields and parts that a call asks for."""
    names = {"id", *call.query["include_fields"].split(","), *call.query.get("include", "").split(",")}
    return {name: value for name, value in product.items() if name in names}


def _part(call: MockCall, parts: list[Record]) -> MockAnswer:
    """A page of a list of v2."""
    number, limit = int(call.query.get("page", 1)), int(call.query.get("limit", 50))
    page = parts[(number - 1) * limit : number * limit]
    return MockAnswer(body=page) if page else MockAnswer(204)


def _page(call: MockCall, listed: list[Any]) -> MockAnswer:
    """A page of a list of v3."""
    number, limit = int(call.query.get("page", 1)), int(call.query.get("limit", 50))
    page = listed[(number - 1) * limit : number * limit]
    pages = max(1, -(-len(listed) // limit))
    pagination = {"total": len(listed), "count": len(page), "per_page": limit}
    pagination |= {"current_page": number, "total_pages": pages}
    return MockAnswer(body={"data": page, "meta": {"pagination": pagination}})
