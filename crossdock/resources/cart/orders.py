"""An order as the shop holds it."""

from typing import Annotated, Any, Literal

from msgspec import field

from crossdock.resources.common import Money, ShipToAddress, Tags, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.personal import Personal
from crossdock.resources.schema import (
    HOURLY,
    TEXT,
    TEXT_WITHOUT_NEQ,
    Filter,
    Part,
    Record,
    Resource,
    Subevent,
)

CartShipmentStatus = Literal["open", "shipped", "delivered", "cancelled", "exception", "on_hold", "other"]

CartOrderStatus = Literal[
    "open",
    "confirmed",
    "processing",
    "partially_fulfilled",
    "fulfilled",
    "exception",
    "cancelled",
    "backordered",
    "other",
]


class BillToAddress(Part, kw_only=True):
    full_name: Annotated[str | None, Personal.NAME] = None
    address1: Annotated[str | None, Personal.STREET] = None
    address2: Annotated[str | None, Personal.STREET] = None
    address3: Annotated[str | None, Personal.STREET] = None
    city: str | None = None
    state: str | None = None
    postal_code: Annotated[str | None, Personal.POSTCODE] = None
    country: str | None = None


class CartOrderLine(Part, kw_only=True):
    line_item_id: str
    product_id: str | None = None
    product_sku: str | None = None
    parent_product_id: str | None = None
    parent_product_sku: str | None = None
    quantity: int
    unit_price: Money | None = None
    discount: Money | None = None
    tax: Money | None = None


class CartShipmentLine(Part, kw_only=True):
    shipment_line_item_id: str
    product_id: str
    product_sku: str | None = None
    parent_product_id: str | None = None
    parent_product_sku: str | None = None
    quantity: int


class CartShippingGroupLine(Part, kw_only=True):
    line_item_id: str
    product_id: str
    product_sku: str | None = None
    parent_product_id: str | None = None
    quantity: int


class CartShipment(Part, kw_only=True):
    shipment_id: str
    raw_status: str | None = None
    status: CartShipmentStatus | None = None
    warehouse_id: str | None = None
    shipping_method_id: str | None = None
    shipping_method_name: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    tracking_number: str | None = None
    tracking_url: Link | None = None
    line_items: list[CartShipmentLine] = []
    shipping_groups: list[str] = []
    created_date: Timestamp | None = None
    updated_date: Timestamp | None = None


class CartShippingGroup(Part, kw_only=True):
    shipping_group_id: str
    created_date: Timestamp
    updated_date: Timestamp
    raw_status: str | None = None
    status: CartShipmentStatus | None = None
    warehouse_id: str
    line_items: list[CartShippingGroupLine] = []


class CartOrder(Record, kw_only=True):
    """An order as the shop holds it."""

    id: str
    order_number: Annotated[str, Filter(TEXT_WITHOUT_NEQ)]
    created_date: Timestamp
    updated_date: Timestamp
    status: Annotated[CartOrderStatus, Filter(TEXT)]
    raw_status: str | None = None
    requested_shipping_method: str | None = None
    shipping_method_id: str | None = None
    shipping_method_name: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    invoice_currency_code: str = "USD"
    total_price: Money | None = None
    total_tax: Money | None = None
    total_discount: Money | None = None
    total_shipping: Money | None = None
    ship_to_address: ShipToAddress = field(default_factory=ShipToAddress)
    bill_to_address: BillToAddress = field(default_factory=BillToAddress)
    earliest_ship_date: Timestamp | None = None
    latest_ship_date: Timestamp | None = None
    line_items: list[CartOrderLine] = []
    shipping_groups: list[CartShippingGroup] = []
    shipments: list[CartShipment] = []
    external_system_url: Link | None = None
    additional_fields: dict[str, Any] = {}
    trackstar_tags: Tags = None


CART_ORDERS = Resource(
    record=CartOrder,
    path="/cart/orders",
    singular="order",
    function="get_orders",
    event="cart-order",
    every=HOURLY,
    taggable=True,
    # The contract filters cart orders by merchant although an order does not show one.
    hidden={"warehouse_customer_id": Filter(TEXT)},
    subevents=(Subevent("cart-order.cart-shipment.created", "shipments", "shipment_id"),),
)
