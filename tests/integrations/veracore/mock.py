"""A made-up VeraCore: the list of orders over REST, all else over SOAP, with faults as ASP.NET sends them."""

import itertools
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape

from tests.mock_vendors.orders import OrderMock, SampleOrder
from tests.mock_vendors.vendor import MockAnswer, MockCall

Record = dict[str, Any]
SERVICE, REST = "/pmomsws/order.asmx", "/VeraCore/Public.Api/api"
SOAP, OURS = "{http://schemas.xmlsoap.org/soap/envelope/}", "{http://sma-promail/}"
USER, PASSWORD, SYSTEM = "api-user", "s3cret & <more>", "HARBOUR"
NEW_ORDER: Record = {
    "order_number": "SO-1",
    "ship_to_address": {
        "full_name": "Ada Example", "address1": "1 Main St", "city": "Springfield", "state": "IL",
        "postal_code": "62701", "country": "US",
    },
    "line_items": [{"sku": "KIT-1", "quantity": 2, "unit_price": 10.99}],
}  # fmt: skip
CLOSED = {"Complete": "Complete", "Canceled": "Cancelled"}
NEVER = "0001-01-01T00:00:00"
TRACE = "\n   at OMS.Order.Invoke() in C:\\promail\\order.cs:line 42"


class Mock(OrderMock):
    """One system, whose warehouse is TROY."""

    integration: ClassVar[tuple[str, str]] = ("wms", "veracore")
    orders_path: ClassVar[str] = f"{REST}/orders"
    more_than_a_page: ClassVar[int] = 55
    tells_deleted: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.orders: dict[str, Record] = {}
        self.activity: list[tuple[datetime, str]] = []
        self.levels = [
            self._level("KIT-1", "TROY", 10, reserved=3, unavailable=2),
            self._level("MUG & LID", "TROY", 4),
            self._level("MUG & LID", "ALBANY", 6, reserved=1),
        ]
        self._serial, self._tokens = itertools.count(1001), itertools.count(1)
        self._works: set[str] = set()
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return {"domain": "veracore.example", "user": USER, "password": PASSWORD, "system_id": SYSTEM}

    def is_open(self, call: MockCall) -> bool:
        return call.path == f"{REST}/login"

    def is_signed_in(self, call: MockCall) -> bool:
        if self._is_expired:
            return False
        if call.path != SERVICE:
            return call.headers.get("authorization", "").removeprefix("bearer ") in self._works
        header = fromstring(call.body).find(f"{SOAP}Header/{OURS}AuthenticationHeader")
        said = [] if header is None else [each.text for each in header]
        return said == [USER, PASSWORD]

    def unauthorized(self, call: MockCall) -> MockAnswer:
        if call.path == SERVICE:
            return _fault("Invalid user name or password")
        return MockAnswer(401, {"Message": "Authorization has been denied for this request."})

    def too_many(self, call: MockCall, seconds: float) -> MockAnswer:
        answer = super().too_many(call, seconds)
        return MockAnswer(429, None, answer.headers)

    def names(self, call: MockCall) -> list[str]:
        """An operation goes by its name, too."""
        if call.path == SERVICE:
            return [f"{SERVICE}?{_operation(call)}"]
        return [call.path]

    async def handle(self, call: MockCall) -> MockAnswer:
        answer = self._service(call) if call.path == SERVICE else self._rest(call)
        return MockAnswer(answer.status, answer.body, {"Date": format_datetime(self.moment())}, answer.kind)

    # REST

    def _rest(self, call: MockCall) -> MockAnswer:
        if call.path == f"{REST}/login":
            wanted = {"userName": USER, "password": PASSWORD, "systemId": SYSTEM}
            if self._is_expired or call.json() != wanted:
                return MockAnswer(403, {"Error": "Invalid user name or password."})
            token = f"token-{next(self._tokens)}"
            self._works.add(token)
            return MockAnswer(body={"Token": token, "UtcExpirationDate": "2036-01-01T00:00:00"})
        if call.path != f"{REST}/orders":
            return MockAnswer(404, {"Error": "Not found."})
        if "get_orders" in self._forbidden:
            return MockAnswer(403, {"Error": "The user may not see orders."})
        word = call.query["request.status"]
        chosen = [name for name, raw in self.orders.items() if word in ("All", _word(raw))]
        return MockAnswer(body={"Orders": [{"ID": name, "CurrentOrderStatus": word} for name in chosen]})

    # SOAP

    def _service(self, call: MockCall) -> MockAnswer:
        operation = _operation(call)
        asked = fromstring(call.body).find(f"{SOAP}Body/{OURS}{operation}")
        assert call.headers["soapaction"] == f'"http://sma-promail/{operation}"'
        assert asked is not None, operation
        if operation == "GetOrderInfo":
            name = _said(asked, "orderId")
            raw = self.orders.get(name)
            if raw is None:
                return _fault(f"Can NOT find information for Order ID {name}")
            return _answer(operation, raw)
        if operation == "GetShippingActivity":
            begin, end = (datetime.fromisoformat(_said(asked, name)) for name in ("StartDate", "EndDate"))
            sent = [name for moment, name in self.activity if begin <= moment <= end]
            return _answer(operation, {"ShippingActivity": [{"OrderId": name} for name in sent]})
        if operation == "GetProductAvailabilities":
            if _said(asked, "partNumber") != "%":
                return _fault("Invalid Search Criteria")
            rows = [{"Warehouses": {"WarehouseLevels": level}} for level in self.levels]
            return _answer(operation, {"ProductAvailabilities": rows})
        return self._add(asked)

    def _add(self, asked: Element) -> MockAnswer:
        number = _said(asked, "order/Header/ID")
        if number in self.orders:
            return _fault(f"Order ID {number} already exists.")
        lines = []
        for each in asked.findall(_path("order/Offers/OfferOrdered")):
            offer = _said(each, "Offer/Header/ID")
            if offer not in ("KIT-1", "MUG & LID"):
                return _fault(f"Offer ID {offer} is invalid.")
            lines.append((offer, _said(each, "Quantity"), _said(each, "UnitPrice")))
        by = asked.find(_path("order/OrderedBy"))
        assert by is not None
        names = (_said(by, "FirstName"), _said(by, "LastName"))
        address = {
            "Contact": " ".join(filter(None, names)), "Company": _said(by, "CompanyName"),
            "Address1": _said(by, "Address1"), "City": _said(by, "City"), "State": _said(by, "State"),
            "PostalCode": _said(by, "PostalCode"), "Country": _said(by, "Country"),
        }  # fmt: skip
        reference = _said(asked, "order/Header/ReferenceNumber")
        self.orders[number] = self._order(number, lines, address, reference)
        self.made += 1
        return _answer("AddOrder", {"OrderSeqID": str(self.made), "OrderID": number})

    def _order(
        self, number: str, lines: list[tuple[str, str, str]], address: Record, reference: str
    ) -> Record:
        offers = [
            {"OfferId": name, "OfferDesc": name, "OrderQty": quantity, "UnitPrice": price or "0"}
            for name, quantity, price in lines
        ]
        status = {name: "false" for name in ("Unapproved", "Hold", "Shipped", "Canceled", "Complete")}
        return {
            "OrdHead": {
                "OrderId": number, "EntryDate": self._now(), "UploadDate": NEVER, "ReferenceNo": reference,
                "Carrier": "UPS", "Service": "Ground", "Status": {"Unprocessed": "true", **status},
            },
            "ShipToInfo": address,
            "OfferInfo": {"OfferType": offers},
            "ShippingOrders": {"PickPackType": []},
        }  # fmt: skip

    def _level(
        self, number: str, place: str, count: int, *, reserved: int = 0, unavailable: int = 0
    ) -> Record:
        return {
            "Warehouse": {"ID": place, "Description": place}, "PartNumber": number,
            "PartDescription": f"Product {number}", "ProductType": "Product", "OnHand": str(count),
            "Reserved": str(reserved), "Marked": "0", "Backordered": "0", "Needed": "0",
            "Unavailable": str(unavailable), "Expected": "0", "OnOrder": "0",
            "Available": str(count - reserved - unavailable), "TotalReserved": str(reserved),
        }  # fmt: skip

    # What the warehouse does

    def ship(self, number: str, tracking: str) -> None:
        """Pick and send all of an order."""
        raw = self.orders[number]
        parcel = {
            "PackageType": "Box", "DatePacked": self._now(), "DateShipped": self._now(), "DateVoided": NEVER,
            "Carrier": "UPS", "Service": "Ground", "Weight": "2.5", "ActualFreight": "7.25",
            "TrackingId": tracking,
        }  # fmt: skip
        goods = [
            {"ProductId": each["OfferId"], "ToShipQty": each["OrderQty"]}
            for each in raw["OfferInfo"]["OfferType"]
        ]
        raw["ShippingOrders"]["PickPackType"].append({
            "PickPackId": f"P-{number}", "Status": "Shipped", "DatePicked": self._now(),
            "PickPackProducts": {"PickPackProductType": goods}, "Packages": {"PackagesType": [parcel]},
        })  # fmt: skip
        raw["OrdHead"]["Status"] |= {"Unprocessed": "false", "Shipped": "true", "Complete": "true"}
        self.activity.append((datetime.fromisoformat(self._now()), number))

    def cancel(self, number: str) -> None:
        self.orders[number]["OrdHead"]["Status"] |= {"Canceled": "true"}

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = f"A-{next(self._serial)}"
        text = order.text or "Ada Example"
        lines = [("KIT-1", "2", "10.99")] * order.lines
        address = {"Contact": text, "Company": text, "Address1": text, "City": text, "Country": "US"}
        raw = self._order(number, lines, address, text)
        if order.status:
            raw["OrdHead"]["Status"] = {order.status: "true"}
        self.orders[number] = raw
        return number

    def change_order(self, record_id: str) -> None:
        self.orders[record_id]["OrdHead"]["UploadDate"] = self._now()

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[record_id]["OrdHead"]["EntryDate"]

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, function: str) -> None:
        self._forbidden.add(function)

    def _now(self) -> str:
        """A date as .NET writes one that has no zone, in that of the account, which is UTC."""
        return datetime.fromtimestamp(int(self.clock()), UTC).replace(tzinfo=None).isoformat()


def _operation(call: MockCall) -> str:
    return call.headers.get("soapaction", "").strip('"').rpartition("/")[2]


def _path(names: str) -> str:
    return "/".join(f"{OURS}{name}" for name in names.split("/"))


def _said(asked: Element, names: str) -> str:
    return asked.findtext(_path(names)) or ""


def _word(raw: Record) -> str:
    """The status of an order as REST has it."""
    switches = raw["OrdHead"]["Status"]
    return next((word for name, word in CLOSED.items() if switches.get(name) == "true"), "Unprocessed")


def _xml(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_xml(name, each) for each in value)
    if isinstance(value, dict):
        inner = "".join(_xml(key, each) for key, each in value.items())
        return f"<{name}>{inner}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def _envelope(body: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?>'
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'{head}<soap:Envelope xmlns:soap="{space}"><soap:Body>{body}</soap:Body></soap:Envelope>'.encode()


def _answer(operation: str, value: Any) -> MockAnswer:
    inner = _xml(f"{operation}Result", value)
    body = f'<{operation}Response xmlns="http://sma-promail/">{inner}</{operation}Response>'
    return MockAnswer(body=_envelope(body), kind="text/xml")


def _fault(words: str) -> MockAnswer:
    text = escape(f"System.Web.Services.Protocols.SoapException: System.Exception: {words}{TRACE}")
    body = f"<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{text}</faultstring></soap:Fault>"
    return MockAnswer(500, _envelope(body), kind="text/xml")
