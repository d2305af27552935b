"""Outbound orders, with the shipments and parcels made for them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, UnsetType, field

from crossdock.resources.common import Measurements, Money, ShipFromAddress, ShipToAddress, Tags, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.schema import (
    DATE_WITHOUT_LISTS,
    HOURLY,
    TEXT,
    TEXT_ANY_CASE,
    Filter,
    Part,
    Record,
    Resource,
    Subevent,
)

OrderStatus = Literal[
    "open",
    "confirmed",
    "processing",
    "picked",
    "packed",
    "partially_fulfilled",
    "fulfilled",
    "exception",
    "cancelled",
    "backordered",
    "other",
]

OrderType = Literal["d2c", "b2b", "dropship", "transfer"]

DutyPaidBy = Literal["sender", "recipient", "third_party"]

ShipmentStatus = Literal["open", "shipped", "cancelled", "other"]


class OrderChannelRef(Part, kw_only=True):
    """A channel, or `{}` when none is known."""

    channel_id: str | UnsetType = UNSET
    channel_name: str | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.channel_id is not UNSET and self.channel_name is UNSET:
            self.channel_name = None
        if self.channel_id is UNSET and self.channel_name is not UNSET:
            raise ValueError("channel_object has a channel_name but no channel_id")


class OrderLineItem(Part, kw_only=True):
    product_id: str
    sku: str | None = None
    quantity: int
    unit_price: Money | None = None
    is_picked: bool
    discount_amount: Money | None = None


class ShipmentLineItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    quantity: int
    parent_product_id: str | None = None


class PackageLineItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    quantity: int
    lot_id: str | None = None
    expiration_date: Timestamp | None = None
    parent_product_id: str | None = None


class Package(Part, kw_only=True):
    package_id: str
    package_name: str | None = None
    tracking_number: str | None = None
    tracking_url: Link | None = None
    shipping_method: str | None = None
    carrier: str | None = None
    shipping_method_id: str | None = None
    shipping_method_name: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    scac: str | None = None
    shipping_cost: Money | None = None
    measurements: Measurements = field(default_factory=Measurements)
    line_items: list[PackageLineItem] = []


class Shipment(Part, kw_only=True):
    shipment_id: str
    warehouse_id: str
    raw_status: str | None = None
    status: ShipmentStatus
    shipped_date: Timestamp | None = None
    shipping_method: str | None = None
    line_items: list[ShipmentLineItem] = []
    ship_to_address: ShipToAddress = field(default_factory=ShipToAddress)
    ship_from_address: ShipFromAddress = field(default_factory=ShipFromAddress)
    packages: list[Package] = []


class Order(Record, kw_only=True):
    """An outbound order as the warehouse holds it."""

    id: str
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    warehouse_id: str | None = None
    created_date: Timestamp
    updated_date: Timestamp
    reference_id: Annotated[str, Filter(TEXT_ANY_CASE)] = ""
    order_number: Annotated[str, Filter(TEXT_ANY_CASE)] = ""
    status: Annotated[OrderStatus, Filter(TEXT)]
    raw_status: str | None = None
    channel: Annotated[str | None, Filter(TEXT)] = None
    channel_object: OrderChannelRef = field(default_factory=OrderChannelRef)
    type: Annotated[OrderType | None, Filter(TEXT)] = None
    trading_partner: str | None = None
    shipping_method: str | None = None
    service_level: str | None = None
    shipping_method_id: str | None = None
    shipping_method_name: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    scac: str | None = None
    is_third_party_freight: bool | None = None
    third_party_freight_account_number: str | None = None
    first_party_freight_account_number: str | None = None
    invoice_currency_code: str = "USD"
    total_price: Money | None = None
    total_tax: Money | None = None
    total_discount: Money | None = None
    total_shipping: Money | None = None
    ship_to_address: ShipToAddress = field(default_factory=ShipToAddress)
    line_items: list[OrderLineItem] = []
    tags: list[str] = []
    required_ship_date: Annotated[Timestamp | None, Filter(DATE_WITHOUT_LISTS)] = None
    saturday_delivery: bool | None = None
    signature_required: bool | None = None
    international_duty_paid_by: DutyPaidBy | None = None
    shipments: list[Shipment] = []
    external_system_url: Link | None = None
    trackstar_tags: Tags = None
    additional_fields: dict[str, Any] = {}

    def __post_init__(self) -> None:
        # The contract: a reference that was not given is the id, a number that was not given the reference.
        self.reference_id = self.reference_id or self.id
        self.order_number = self.order_number or self.reference_id


ORDERS = Resource(
    record=Order,
    path="/wms/orders",
    singular="order",
    function="get_orders",
    event="order",
    every=HOURLY,
    taggable=True,
    subevents=(Subevent("order.shipment.created", "shipments", "shipment_id"),),
)
