"""A made-up Fulfilled by TikTok, by its own description. It has no list of orders, so it is no `mock.py`."""

from datetime import UTC
from email.utils import format_datetime
from typing import Any, ClassVar

from tests.integrations.tiktok_shop.door import (
    GIVEN_REFRESH,
    KEY,
    SECRET,
    SHOP,
    TokenPages,
    done,
    refusal_of,
    refused,
)
from tests.mock_vendors.orders import OrderMock
from tests.mock_vendors.vendor import MockAnswer, MockCall

Record = dict[str, Any]
EASTVALE, DALLAS = "7310000000000000001", "7310000000000000002"
WAREHOUSES = [
    {
        "fbt_warehouse_id": number, "name": f"TikTok_{city}", "type": "PLATFORM_WAREHOUSE",
        "subscribed": number == EASTVALE, "warehouse_ids": [f"70{number}"], "logistics_services": [],
        "addresses": [{
            "address_line_1": "1 Dock Road", "address_line_2": "", "address_line_3": "", "city": city,
            "district": "", "postal_code": "92880", "region_code": "US", "state": "California",
        }],
    }
    for number, city in ((EASTVALE, "Eastvale"), (DALLAS, "Dallas"))
]  # fmt: skip


def goods(number: str, name: str) -> Record:
    return {
        "id": number, "name": name, "reference_code": name.upper(), "image_url": "https://p16.tiktok.example/g",
        "barcodes": [
            {"code": "X000AB", "type": "FBT SPECIFIC BARCODE"}, {"code": "0401234567890", "type": "EAN"}
        ],
        "skus": [
            {"id": f"17{number}", "name": "S", "matched": True, "product": {"id": "1729", "name": name}}
        ],
        "merchant_declaration_info": {
            "weight": {"value": "500", "unit": "GRAM"},
            "dimension": {"length": "400", "width": "300", "height": "20.5", "unit": "MILLIMETER"},
        },
    }  # fmt: skip


def level(number: str, place: str, available: int) -> Record:
    detail = {
        "total_quantity": available + 3, "available_quantity": available, "reserved_quantity": 2,
        "unfulfillable_quantity": 1,
    }  # fmt: skip
    whose = {"id": number, "name": "", "reference_code": "", "skus": []}
    return {
        "fbt_warehouse_id": place, "goods": whose, "in_transit_quantity": 4, "on_hand_detail": detail
    }  # fmt: skip


class Mock(OrderMock):
    """What TikTok stores for one seller."""

    integration: ClassVar[tuple[str, str]] = ("wms", "tiktok-shop")

    def __init__(self) -> None:
        super().__init__()
        self.door = TokenPages()
        self.pages = self.door
        self.goods = [goods("7320001", "Crate"), goods("7320002", "Lid")]
        self.stock = [level("7320001", EASTVALE, 10), level("7320001", DALLAS, 5)]
        self.is_forbidden = False

    def credentials(self) -> dict[str, str]:
        return {"sign_in": "app", "app_key": KEY, "app_secret": SECRET, "refresh_token": GIVEN_REFRESH}

    def hosts(self) -> dict[str, dict[str, str]]:
        return {"": {"api": self.url, "auth": self.url}}

    def is_signed_in(self, call: MockCall) -> bool:
        return refusal_of(call, self.door) is None

    def unauthorized(self, call: MockCall) -> MockAnswer:
        return refusal_of(call, self.door) or MockAnswer(500)

    async def handle(self, call: MockCall) -> MockAnswer:
        if self.is_forbidden and call.path.startswith("/fbt/"):
            return refused(105005, "The app has no permission for this API", 403)
        if call.path.endswith("/shops"):
            return done({"shops": [SHOP]})
        if call.path.endswith("/warehouses"):
            return done({"warehouses": WAREHOUSES})
        if call.path.endswith("/goods/search"):
            answer = _page(call, self.goods, "goods")
        else:
            wanted = call.json()["goods_ids"]
            answer = _page(call, [each for each in self.stock if each["goods"]["id"] in wanted], "inventory")
        moment = format_datetime(self.moment().astimezone(UTC), usegmt=True)
        return MockAnswer(answer.status, answer.body, {"Date": moment})


def _page(call: MockCall, listed: list[Record], name: str) -> MockAnswer:
    size = int(call.query["page_size"])
    begin = int(call.query.get("page_token", "o0").removeprefix("o"))
    following = f"o{begin + size}" if begin + size < len(listed) else ""
    return done({
        name: listed[begin : begin + size], "next_page_token": following, "total_count": len(listed)
    })  # fmt: skip
