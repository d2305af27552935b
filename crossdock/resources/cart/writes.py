"""What callers can have done in a shop, and what they say of it."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from crossdock.resources.cart.orders import CART_ORDERS
from crossdock.resources.cart.products import CART_PRODUCTS
from crossdock.resources.links import GivenLink
from crossdock.resources.writes import Amount, Level, Text, Units, Write, WriteBody, WritePart

DEPRECATED = Meta(extra_json_schema={"deprecated": True})


class CreateCartShipmentRequest(WriteBody, kw_only=True):
    tracking_number: Text | UnsetType = UNSET
    tracking_url: GivenLink | UnsetType = UNSET
    carrier_name: Text | UnsetType = UNSET
    shipping_method_name: Text | UnsetType = UNSET
    requested_shipping_method: Annotated[Text, DEPRECATED] | UnsetType = UNSET


class RefundLineItem(WritePart, kw_only=True):
    line_item_id: Text | UnsetType = UNSET
    quantity: Units | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET


class RefundCartOrderRequest(WriteBody, kw_only=True):
    line_items: Annotated[list[RefundLineItem], Meta(min_length=1)] | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET
    reason: Text | UnsetType = UNSET


class AdjustCartInventoryRequest(WriteBody, kw_only=True):
    quantity: Level
    adjustment_type: Literal["increase", "decrease", "exact"]
    warehouse_id: Text | UnsetType = UNSET


class BatchAdjustLine(WritePart, kw_only=True):
    product_id: Text
    quantity: Level
    warehouse_id: Text | UnsetType = UNSET


class BatchAdjustRequest(WriteBody, kw_only=True):
    line_items: Annotated[list[BatchAdjustLine], Meta(min_length=1, max_length=1000)]


ONLY_EXACT = "must be left out: a batch sets quantities, it neither adds nor takes away"

CREATE_CART_SHIPMENT = Write(
    "create_order_shipment", "POST", "/cart/orders/{order_id}/shipments", "createCartShipment",
    "Tell the shop that an order was sent", CART_ORDERS, CreateCartShipmentRequest,
    example={
        "tracking_number": "TRACK1", "tracking_url": "https://track.example.com/TRACK1",
        "carrier_name": "Parcel Express", "shipping_method_name": "Ground",
    },
)  # fmt: skip
REFUND_ORDER = Write(
    "refund_order", "POST", "/cart/orders/{order_id}/refund", "refundCartOrder", "Refund an order",
    CART_ORDERS, RefundCartOrderRequest, example={"amount": 10.99, "reason": "damaged"},
    vital=("amount", "line_items", "line_items.quantity", "line_items.amount"),
)  # fmt: skip
ADJUST_CART_INVENTORY = Write(
    "adjust_inventory", "PUT", "/cart/products/{product_id}/adjust-inventory", "adjustCartInventory",
    "Change how many of a product the shop can sell", CART_PRODUCTS, AdjustCartInventoryRequest,
    example={"quantity": 50, "adjustment_type": "exact"},
    vital=("quantity", "adjustment_type", "warehouse_id"),
)  # fmt: skip
BATCH_ADJUST_INVENTORY = Write(
    "batch_adjust_inventory", "PUT", "/cart/products/batch-adjust-inventory", "batchAdjustCartInventory",
    "Set how many of many products the shop can sell", CART_PRODUCTS, BatchAdjustRequest,
    example={"line_items": [{"product_id": "cp_1", "quantity": 10}]}, repeatable=True, answers="records",
    vital=("line_items.warehouse_id",),
    elsewhere={
        "adjustment_type": ONLY_EXACT,
        "line_items.adjustment_type": ONLY_EXACT,
        "warehouse_id": "is that of a line: put it into each of line_items",
    },
)  # fmt: skip
