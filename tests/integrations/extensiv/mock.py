"""A made-up 3PL on Extensiv: it refuses what its documentation says is refused."""

import base64
import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar

from tests.integrations.extensiv import records, rql
from tests.integrations.extensiv.records import (
    CUSTOMER,
    FACILITY,
    OTHER_CUSTOMER,
    OTHER_FACILITY,
    RELS,
    Record,
)
from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

TOKEN = "token-mock"
BASIC = "Basic " + base64.b64encode(b"client:secret").decode()
LISTED = {"pgsiz", "pgnum", "rql", "sort", "detail", "receivertype", "customerid", "facilityid"}
MOST = {"/orders": 1000, "/inventory/receivers": 500, "/inventory/stockdetails": 500}
"""The most records of a page; 100 elsewhere."""
AREAS = {"get_orders": "/orders"}


class Mock(OrderMock):
    """One 3PL with two customers and two facilities."""

    integration: ClassVar[tuple[str, str]] = ("wms", "extensiv")
    orders_path: ClassVar[str] = "/orders"
    more_than_a_page: ClassVar[int] = 105
    tells_deleted: ClassVar[bool] = True
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST", "/wms/orders", records.NEW_ORDER, vendor_path="/orders", count="made"
    )

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.serial = itertools.count(101)
        now = "2026-01-05T09:00:00"
        places = {CUSTOMER: (FACILITY, OTHER_FACILITY), OTHER_CUSTOMER: (FACILITY,)}
        self.customers = {number: records.customer(number, held, now) for number, held in places.items()}
        self.facilities = {number: records.facility(number) for number in (FACILITY, OTHER_FACILITY)}
        self.locations = {11: records.location(11, FACILITY), 21: records.location(21, OTHER_FACILITY)}
        self.items = {
            number: records.item(number, owner, sku, now)
            for number, owner, sku in (
                (501, CUSTOMER, "CRATE-1"),
                (502, CUSTOMER, "LID-1"),
                (601, OTHER_CUSTOMER, "ROPE"),
            )
        }
        self.stock = {901: records.stock(901, self.items[501], FACILITY, 10),
                      902: records.stock(902, self.items[501], OTHER_FACILITY, 5),
                      903: records.stock(903, self.items[502], FACILITY, 4)}  # fmt: skip
        self.orders: dict[int, Record] = {}
        self.receivers: dict[int, Record] = {}
        self.versions: dict[str, int] = {}
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {
            "sign_in": "login",
            "client_id": "client",
            "client_secret": "secret",
            "user_login": "guysmiley",
        }

    def is_open(self, call: MockCall) -> bool:
        return call.path == "/AuthServer/api/Token"

    def is_signed_in(self, call: MockCall) -> bool:
        return not self._is_expired and call.headers.get("authorization") == f"Bearer {TOKEN}"

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return MockAnswer(401)

    def names(self, call: MockCall) -> list[str]:
        """The question for the latest date goes by another name than the list."""
        return [f"{call.path}?latest" if call.query.get("sort", "").startswith("-") else call.path]

    async def handle(self, call: MockCall) -> MockAnswer:
        if call.path == "/AuthServer/api/Token":
            return self._token(call)
        if any(call.path.startswith(area) for area in self._forbidden):
            fault = "WMS.V2.Generic.Models.Exceptions.AuthorizationException, WMS.V2.Generic.Models"
            return MockAnswer(403, {"$type": fault, "ErrorCode": "Denied", "Hint": "role OrderView"})
        if strange := set(call.query) - LISTED:
            self.violations.append(f"{call.path} has no {strange}")
        answer = self._answer(call)
        date = {"Date": format_datetime(self._moment(), usegmt=True)}
        return MockAnswer(answer.status, answer.body, {**date, **answer.headers}, "application/hal+json")

    def _token(self, call: MockCall) -> MockAnswer:
        said = call.json()
        is_known = call.headers.get("authorization") == BASIC and said["grant_type"] == "client_credentials"
        if (
            self._is_expired
            or not is_known
            or not ({"user_login"} <= said.keys() or {"tpl", "user_login_id"} <= said.keys())
        ):
            return MockAnswer(401, {"Message": "invalid_client: client not registered"})
        return MockAnswer(body={"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})

    def _answer(self, call: MockCall) -> MockAnswer:
        match call.path.strip("/").split("/"):
            case ["customers"]:
                return self._list(call, self.customers, "customers/customer")
            case ["customers", owner]:
                return MockAnswer(body=self.customers[int(owner)])
            case ["customers", owner, "items", *rest]:
                return self._item(call, int(owner), rest)
            case ["properties", "facilities"]:
                return self._list(call, self.facilities, "properties/facility")
            case ["properties", "facilities", place, "locations"]:
                held = {
                    key: each
                    for key, each in self.locations.items()
                    if each["facilityIdentifier"]["id"] == int(place)
                }
                return self._list(call, held, "properties/location")
            case ["properties", "carriers"]:
                return MockAnswer(body={"_embedded": {f"{RELS}properties/carrier": records.CARRIERS}})
            case ["inventory", "stockdetails"]:
                return self._stock(call)
            case ["orders", *rest]:
                return self._transaction(
                    call, self.orders, "orders/order", rest, self._new_order, self._close_order
                )
            case ["inventory", "receivers", *rest]:
                return self._transaction(
                    call, self.receivers, "inventory/receiver", rest, self._new_receiver, self._close_receiver
                )
        return MockAnswer(404)

    # Lists

    def _list(self, call: MockCall, held: dict[int, Record], rel: str) -> MockAnswer:
        size = int(call.query.get("pgsiz", 10))
        if size > MOST.get(call.path, 100):
            return _refused("QueryParameterException", "NotParsable", "pgsiz")
        chosen = (
            [each for each in held.values() if rql.is_met(query, each)]
            if (query := call.query.get("rql"))
            else list(held.values())
        )
        sort = call.query.get("sort", "")
        if sort:
            chosen.sort(key=lambda each: rql.at(each, sort.removeprefix("-")), reverse=sort.startswith("-"))
        begin = (int(call.query.get("pgnum", 1)) - 1) * size
        page = chosen[begin : begin + size]
        name = rel if rel == "item" else f"{RELS}{rel}"
        return MockAnswer(body={"totalResults": len(chosen), "_embedded": {name: page}, "_links": {}})

    def _stock(self, call: MockCall) -> MockAnswer:
        owner, place = int(call.query["customerid"]), int(call.query["facilityid"])
        held = {
            key: row
            for key, row in self.stock.items()
            if self.items[row["itemIdentifier"]["id"]]["readOnly"]["customerIdentifier"]["id"] == owner
            and row["locationIdentifier"]["nameKey"]["facilityIdentifier"]["id"] == place
        }
        return self._list(call, held, "item")

    # Items

    def _item(self, call: MockCall, owner: int, rest: list[str]) -> MockAnswer:
        held = {
            key: each
            for key, each in self.items.items()
            if each["readOnly"]["customerIdentifier"]["id"] == owner
        }
        if not rest and call.method == "POST":
            body = call.json()
            if any(each["sku"].casefold() == body["sku"].casefold() for each in held.values()):
                return _refused("ModelValidationException", "Duplicate", "Sku", body["sku"])
            number = next(self.serial)
            self.items[number] = records.item(number, owner, body["sku"], self._now()) | body
            return self._one(call, f"/customers/{owner}/items/{number}", self.items[number], 201)
        if not rest:
            return self._list(call, held, "customers/item")
        raw = held.get(int(rest[0]))
        if raw is None:
            return MockAnswer(404)
        if call.method == "PUT":
            if fault := self._stale(call, call.path):
                return fault
            raw |= call.json()
            raw["readOnly"]["lastModifiedDate"] = self._now()
            self.versions[call.path] += 1
        return self._one(call, call.path, raw)

    def _named_item(self, owner: int, identifier: Record) -> Record:
        """The item of a customer by its id or its SKU, with all of its names."""
        for number, each in self.items.items():
            is_named = (
                identifier.get("id") == number
                or str(identifier.get("sku")).casefold() == each["sku"].casefold()
            )
            if is_named and each["readOnly"]["customerIdentifier"]["id"] == owner:
                return {"sku": each["sku"], "id": number}
        raise LookupError(identifier)

    # Orders and receivers

    def _transaction(
        self, call: MockCall, held: dict[int, Record], rel: str, rest: list[str],
        make: Callable[[int, Record], Record], close: Callable[[Record, Record], MockAnswer | None],
    ) -> MockAnswer:  # fmt: skip
        if not rest and call.method == "GET":
            kind = call.query.get("receivertype")
            chosen = {
                number: raw
                for number, raw in held.items()
                if kind is None or str(raw["readOnly"]["receiverType"]) == kind
            }
            return self._list(call, chosen, rel)
        if not rest:
            return self._made(call, held, make)
        path = call.path.rpartition(f"/{rest[0]}")[0] + f"/{rest[0]}"
        raw = held.get(int(rest[0]))
        if raw is None:
            return MockAnswer(404)
        if call.method == "GET":
            return self._one(call, path, raw)
        if fault := self._stale(call, path):
            return fault
        if raw["readOnly"]["status"] != 0:
            code = "OrderConfirmed" if raw["readOnly"]["status"] == 1 else "OrderCanceled"
            return MockAnswer(
                403, {"$type": "WMS.OperationException, WMS", "ErrorCode": code, "Hint": "it is not open"}
            )
        answer = self._operated(call, raw, rest[1:], close)
        raw["readOnly"]["lastModifiedDate"] = self._now()
        self.versions[path] += 1
        return answer or self._one(call, path, raw)

    def _made(
        self, call: MockCall, held: dict[int, Record], make: Callable[[int, Record], Record]
    ) -> MockAnswer:
        body = call.json()
        name = body["referenceNum"].casefold()
        if any(raw["referenceNum"].casefold() == name for raw in held.values()):
            return _refused("ModelValidationException", "Duplicate", "ReferenceNum", body["referenceNum"])
        try:
            number = next(self.serial)
            held[number] = make(number, body)
        except LookupError:
            return _refused("ModelValidationException", "DoesNotExist", "ItemIdentifier.Sku", "?")
        self.made += 1
        return self._one(call, f"{call.path}/{number}", held[number], 201)

    def _operated(
        self,
        call: MockCall,
        raw: Record,
        rest: list[str],
        close: Callable[[Record, Record], MockAnswer | None],
    ) -> MockAnswer | None:
        body = call.json()
        match call.method, rest:
            case "PUT", []:
                self._put(raw, body)
                return None
            case "POST", ["canceler"]:
                assert body["reason"]
                raw["readOnly"]["status"] = 2
            case "POST", ["confirmer"]:
                close(raw, body)
            case _:
                return MockAnswer(404)
        return MockAnswer(204)

    def _put(self, raw: Record, body: Record) -> None:
        """Take a record over whole: what is not said is none."""
        lines = body.pop("orderItems", None) or body.pop("receiveItems", None) or []
        [name] = raw["_embedded"]
        kept = {"readOnly": raw["readOnly"], "_embedded": {name: lines}}
        raw.clear()
        raw.update(body | kept)

    def _new_order(self, number: int, body: Record) -> Record:
        return records.order(number, body, self._now(), self._named_item)

    def _close_order(self, raw: Record, body: Record) -> None:
        raw["readOnly"] |= {"status": 1, "isClosed": True, "processDate": self._now()}
        raw["routingInfo"] = {**raw["routingInfo"], **body}
        for line in raw["_embedded"][f"{RELS}orders/item"]:
            for row in self.stock.values():
                if row["itemIdentifier"]["id"] == line["itemIdentifier"]["id"]:
                    row["onHand"] -= line["qty"]
                    row["available"] -= line["qty"]
                    break

    def _new_receiver(self, number: int, body: Record) -> Record:
        return records.receiver(number, body, self._now(), self._named_item)

    def _close_receiver(self, raw: Record, _body: Record) -> None:
        raw["readOnly"]["status"] = 1
        raw["arrivalDate"] = self._now()
        for line in raw["_embedded"][f"{RELS}inventory/receiveritem"]:
            place, number = raw["readOnly"]["facilityIdentifier"]["id"], line["readOnly"]["receiveItemId"]
            self.stock[number] = records.stock(
                number, self.items[line["itemIdentifier"]["id"]], place, line["qty"]
            )

    def receive(self, number: int) -> None:
        """Have all that is awaited come."""
        raw = self.receivers[number]
        self._close_receiver(raw, {})
        raw["readOnly"]["lastModifiedDate"] = self._now()

    # Versions

    def _one(self, call: MockCall, path: str, raw: Record, status: int = 200) -> MockAnswer:
        tag = {"ETag": f'"{self.versions.setdefault(path, 1)}"'}
        if call.query.get("detail") is None and call.method == "GET":
            raw = {name: value for name, value in raw.items() if name != "_embedded"}
        return MockAnswer(status, {**raw, "_links": {"self": {"href": path}}}, tag)

    def _stale(self, call: MockCall, path: str) -> MockAnswer | None:
        """The refusal of a change that names no version, or one that is not the latest."""
        tag = call.headers.get("if-match")
        if tag is None:
            return MockAnswer(428)
        return None if tag == f'"{self.versions.setdefault(path, 1)}"' else MockAnswer(412)

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = next(self.serial)
        self.orders[number] = records.sample(number, order, self._now(), self._named_item)
        return str(number)

    def change_order(self, record_id: str) -> None:
        self._moved(int(record_id), {"pickDoneDate": self._now()})

    def _moved(self, number: int, changes: Record) -> None:
        self.orders[number]["readOnly"] |= changes | {"lastModifiedDate": self._now()}
        self.versions[f"/orders/{number}"] = self.versions.get(f"/orders/{number}", 1) + 1

    def remove_order(self, record_id: str) -> None:
        del self.orders[int(record_id)]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[int(record_id)]["referenceNum"]

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(AREAS[function])

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def _now(self) -> str:
        """A date as Extensiv writes it: without a zone."""
        return self._moment().replace(tzinfo=None).isoformat(timespec="seconds")


def _refused(kind: str, code: str, name: str, value: Any = None) -> MockAnswer:
    fault = {"$type": f"WMS.V2.Generic.Models.Exceptions.{kind}, WMS.V2.Generic.Models", "ErrorCode": code}
    said: Iterable[Record] = [{"Name": name, "Value": value}]
    return MockAnswer(400, {**fault, "Properties": said, "Hint": ""})
