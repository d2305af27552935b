"""A made-up Etsy shop, by its own description: receipts, listings, tokens that are renewed."""

import itertools
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar

from tests.mock_vendors.orders import OrderMock, SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

Record = dict[str, Any]
KEY = {"client_id": "keystring", "client_secret": "shared"}
SHOP, USER, LISTING = 4242, 7, 1001
BASE = "/v3/application"
TOKEN_PATH = "/v3/public/oauth/token"
RECEIPTS, LISTINGS = f"{BASE}/shops/{SHOP}/receipts", f"{BASE}/shops/{SHOP}/listings"
LEFT = {
    "x-limit-per-second": "10", "x-remaining-this-second": "9",
    "x-limit-per-day": "10000", "x-remaining-today": "9000",
}  # fmt: skip


class Mock(OrderMock):
    """One shop. A refresh token works once."""

    integration: ClassVar[tuple[str, str]] = ("cart", "etsy")
    orders_path: ClassVar[str] = "/receipts"
    more_than_a_page: ClassVar[int] = 105
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1"},
        vendor_path="/tracking",
        count="made",
    )

    def __init__(self) -> None:
        super().__init__()
        self.serial = itertools.count(101)
        self.receipts: dict[int, Record] = {}
        self.listings = {LISTING: listing(LISTING, ("S", "M")), 1002: listing(1002, ())}
        self.made = 0
        self.access, self.refresh = f"{USER}.access-1", f"{USER}.refresh-1"
        self._is_expired = False
        self._forbidden: set[str] = set()

    def credentials(self) -> dict[str, str]:
        return dict(KEY)

    def session(self) -> dict[str, Any]:
        return {"tokens": {"access_token": self.access, "refresh_token": self.refresh}}

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"api": self.url, "site": self.url}}

    def is_open(self, call: MockCall) -> bool:
        return call.path == TOKEN_PATH

    def is_signed_in(self, call: MockCall) -> bool:
        has_key = call.headers.get("x-api-key") == "keystring:shared"
        is_known = call.headers.get("authorization") == f"Bearer {self.access}"
        return has_key and is_known and not self._is_expired

    def unauthorized(self, _call: MockCall) -> MockAnswer:
        return MockAnswer(401, {"error": "invalid_token", "error_description": "access token is expired"})

    async def _answered(self, call: MockCall) -> MockAnswer:
        """The tokens are no part of the description."""
        return self._token(call) if call.path == TOKEN_PATH else await super()._answered(call)

    def _token(self, call: MockCall) -> MockAnswer:
        form = call.form()
        if self._is_expired or form["client_id"] != KEY["client_id"] or form["refresh_token"] != self.refresh:
            return MockAnswer(
                400, {"error": "invalid_grant", "error_description": "refresh_token is invalid"}
            )
        number = next(self.serial)
        self.access, self.refresh = f"{USER}.access-{number}", f"{USER}.refresh-{number}"
        return MockAnswer(body={
            "access_token": self.access, "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": self.refresh,
        })  # fmt: skip

    async def handle(self, call: MockCall) -> MockAnswer:
        if any(part in call.path for part in self._forbidden):
            fault = {"error": "insufficient_scope", "error_description": "token is missing the scope"}
            return MockAnswer(403, fault)
        answer = self._answer(call)
        date = format_datetime(datetime.fromtimestamp(self.clock(), UTC), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": date, **LEFT, **answer.headers})

    def _answer(self, call: MockCall) -> MockAnswer:
        match call.path.removeprefix(f"{BASE}/").split("/"):
            case ["users", "me"]:
                return MockAnswer(body={"user_id": USER, "shop_id": SHOP})
            case ["shops", _]:
                return MockAnswer(body={"shop_id": SHOP, "user_id": USER, "shop_name": "MockShop"})
            case ["shops", _, "receipts"]:
                return self._list_receipts(call)
            case ["shops", _, "receipts", number, *rest]:
                return self._receipt(call, int(number), rest)
            case ["shops", _, "listings"]:
                return self._list_listings(call)
            case ["listings", number, *rest]:
                return self._listing(call, int(number), rest)
        return _missing()

    # Receipts

    def _list_receipts(self, call: MockCall) -> MockAnswer:
        begin, end = int(call.query.get("min_last_modified", 0)), int(call.query.get("max_created", 2**40))
        chosen = [
            raw
            for _, raw in sorted(self.receipts.items())
            if raw["updated_timestamp"] >= begin and raw.get("created_timestamp", 0) <= end
        ]
        return _page(call, chosen)

    def _receipt(self, call: MockCall, number: int, rest: list[str]) -> MockAnswer:
        raw = self.receipts.get(number)
        if raw is None:
            return _missing()
        if rest == ["tracking"]:
            body = call.json()
            self.made += 1
            sent = {
                "receipt_shipping_id": next(self.serial), "shipment_notification_timestamp": self._now(),
                "carrier_name": body.get("carrier_name", ""), "tracking_code": body.get("tracking_code", ""),
            }  # fmt: skip
            if body:
                raw["shipments"].append(sent)
            raw |= {"is_shipped": True, "status": "completed", "updated_timestamp": self._now()}
        return MockAnswer(body=raw)

    # Listings

    def _list_listings(self, call: MockCall) -> MockAnswer:
        chosen = [raw for raw in self.listings.values() if raw["state"] == call.query.get("state", "active")]
        return _page(call, chosen)

    def _listing(self, call: MockCall, number: int, rest: list[str]) -> MockAnswer:
        raw = self.listings.get(number)
        if raw is None:
            return _missing()
        if not rest:
            return MockAnswer(body={name: value for name, value in raw.items() if name != "inventory"})
        if call.method == "PUT":
            self._set(raw, call.json())
        return MockAnswer(body=raw["inventory"])

    def _set(self, raw: Record, body: Record) -> None:
        """Take the inventory over whole; all products get new numbers."""
        money = raw["price"]
        for each in body["products"]:
            each |= {"product_id": next(self.serial), "is_deleted": False}
            for offering in each["offerings"]:
                offering |= {"offering_id": next(self.serial), "is_deleted": False}
                offering["price"] = {**money, "amount": round(offering["price"] * money["divisor"])}
        self.made += 1
        raw["inventory"] = body
        raw["quantity"] = sum(part["quantity"] for each in body["products"] for part in each["offerings"])

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        number = next(self.serial)
        self.receipts[number] = receipt(number, order, self._now())
        return str(number)

    def change_order(self, record_id: str) -> None:
        self.receipts[int(record_id)] |= {"is_gift": True, "updated_timestamp": self._now()}

    def remove_order(self, record_id: str) -> None:
        del self.receipts[int(record_id)]

    def spoil_order(self, record_id: str) -> None:
        del self.receipts[int(record_id)]["created_timestamp"]

    def expire(self) -> None:
        self._is_expired = True

    def renew(self) -> None:
        self._is_expired = False

    def revoke(self, _function: str) -> None:
        self._forbidden.add("/receipts")

    def _now(self) -> int:
        return int(self.clock())


def _missing() -> MockAnswer:
    return MockAnswer(404, {"error": "Resource not found"})


def _page(call: MockCall, chosen: list[Record]) -> MockAnswer:
    offset, limit = int(call.query.get("offset", 0)), int(call.query.get("limit", 25))
    return MockAnswer(body={"count": len(chosen), "results": chosen[offset : offset + limit]})


def money(amount: int) -> Record:
    return {"amount": amount, "divisor": 100, "currency_code": "EUR"}


def receipt(number: int, sample: SampleOrder, now: int) -> Record:
    text = sample.text
    lines: list[Record] = [
        {
            "transaction_id": number * 10_000 + row, "title": text or "Crate", "seller_user_id": USER,
            "buyer_user_id": 9, "create_timestamp": now, "created_timestamp": now, "paid_timestamp": now,
            "shipped_timestamp": None, "quantity": 1, "receipt_id": number, "is_digital": False,
            "listing_id": LISTING, "transaction_type": "listing", "product_id": 5001,
            "sku": text or "CRATE-S", "price": money(950), "shipping_cost": money(0), "variations": [],
            "product_data": [],
            "shipping_method": "Standard", "shipping_upgrade": None, "expected_ship_date": now + 86_400,
        }
        for row in range(1, sample.lines + 1)
    ]  # fmt: skip
    total = 950 * sample.lines
    return {
        "receipt_id": number, "receipt_type": 0, "seller_user_id": USER, "seller_email": "owner@example.com",
        "buyer_user_id": 9, "buyer_email": "buyer@example.com", "name": text or "Ada Buyer",
        "first_line": text or "1 Quay", "second_line": None, "city": text or "Kiel", "state": None,
        "zip": "24103", "status": sample.status or "paid", "formatted_address": text or "1 Quay",
        "country_iso": "DE", "payment_method": "cc", "payment_email": None, "message_from_seller": None,
        "message_from_buyer": text, "message_from_payment": None, "is_paid": True, "is_shipped": False,
        "create_timestamp": now, "created_timestamp": now, "update_timestamp": now, "updated_timestamp": now,
        "is_gift": False, "gift_message": "", "gift_sender": "", "grandtotal": money(total + 500),
        "subtotal": money(total), "total_price": money(total), "total_shipping_cost": money(500),
        "total_tax_cost": money(0), "total_vat_cost": money(0), "discount_amt": money(0),
        "gift_wrap_price": money(0), "shipments": [], "transactions": lines, "refunds": [],
    } | dict(sample.members)  # fmt: skip


def listing(number: int, sizes: tuple[str, ...]) -> Record:
    """A listing with a product of each size, or one product."""
    first, stamp = number * 5 - 4, 1_767_603_600
    products: list[Record] = [
        {
            "product_id": first + place, "sku": f"CRATE-{size}" if size else "LID", "is_deleted": False,
            "offerings": [{
                "offering_id": first + 50 + place, "quantity": 10 - 4 * place, "is_enabled": True,
                "is_deleted": False, "price": money(950 + 100 * place), "readiness_state_id": 11,
            }],
            "property_values": [{
                "property_id": 100, "property_name": "Size", "scale_id": None, "scale_name": None,
                "value_ids": [place + 1], "values": [size],
            }] if size else [],
        }
        for place, size in enumerate(sizes or ("",))
    ]  # fmt: skip
    varied = [100] if sizes else []
    return {
        "listing_id": number, "user_id": USER, "shop_id": SHOP, "title": "Crate" if sizes else "Lid",
        "description": "Of wood.", "state": "active", "creation_timestamp": stamp, "created_timestamp": stamp,
        "ending_timestamp": stamp + 10_000_000, "original_creation_timestamp": stamp,
        "last_modified_timestamp": stamp, "updated_timestamp": stamp, "state_timestamp": stamp,
        "quantity": sum(each["offerings"][0]["quantity"] for each in products), "shop_section_id": None,
        "url": f"https://www.etsy.com/listing/{number}", "listing_type": "physical", "tags": ["wood"],
        "item_weight": 500.0, "item_weight_unit": "g", "item_length": 30.0, "item_width": 200.0,
        "item_height": None, "item_dimensions_unit": "mm", "has_variations": bool(sizes),
        "price": money(950),
        "inventory": {
            "products": products, "price_on_property": varied, "quantity_on_property": varied,
            "sku_on_property": varied, "readiness_state_on_property": [],
        },
    }  # fmt: skip
