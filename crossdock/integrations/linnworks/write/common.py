"""Steps that several writes have in common. Pure."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.contract import Call, Json

DETAILS = "/api/Orders/GetOrdersById"
SKUS = "/api/Inventory/GetStockItemIdsBySKU"
ABOUT = "Crossdock"
"""What Linnworks notes as the source of a change."""


def word(title: str, description: str, *, values: Iterable[str] = ()) -> Mapping[str, Any]:
    """A member of Linnworks' own that is a text, as JSON Schema."""
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "title": title, "description": description}
    return schema | ({"enum": list(values)} if values else {})


def stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def details(order_id: str) -> Generator[Call, Json, Any]:
    """An order as version 1 has it, with what a change of it has to send back."""
    orders = yield Call("POST", DETAILS, {"pkOrderIds": [order_id]}, asks=True)
    if not orders:
        raise VendorRefused(f"Linnworks has no order {order_id}")
    return orders[0]


def item_ids(skus: Iterable[str]) -> Generator[Call, Json, dict[str, str]]:
    """The ids of stock items by their SKUs in small letters, as far as there are any."""
    named = list(dict.fromkeys(skus))
    answer = yield Call("POST", SKUS, {"request": {"SKUS": named}}, asks=True)
    return {item["SKU"].casefold(): item["StockItemId"] for item in answer["Items"]}
