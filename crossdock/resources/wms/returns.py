"""Goods a buyer sends back."""

from typing import Annotated, Any, Literal

from msgspec import field

from crossdock.resources.common import Measurements, Money, Tags, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.schema import HOURLY, TEXT, Filter, Part, Record, Resource

ReturnStatus = Literal["open", "in-transit", "receiving", "received", "cancelled", "other"]


class ReceivingDetail(Part, kw_only=True):
    quantity: int
    condition: str | None = None
    disposition: str | None = None


class ReturnShipmentLineItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    quantity: int
    receiving_details: list[ReceivingDetail] = []


class ReturnShipment(Part, kw_only=True):
    tracking_number: str | None = None
    shipped_date: Timestamp | None = None
    arrived_date: Timestamp | None = None
    warehouse_id: str | None = None
    carrier: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    scac: str | None = None
    shipping_cost: Money | None = None
    measurements: Measurements = field(default_factory=Measurements)
    line_items: list[ReturnShipmentLineItem] = []


class ReturnLineItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    expected_quantity: int
    received_quantity: int
    restocked_quantity: int | None = None
    return_reason: str | None = None
    quantity: int
    warehouse_id: str | None = None
    returned_date: Timestamp | None = None


class Return(Record, kw_only=True):
    """Goods a buyer sends back."""

    id: str
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    created_date: Timestamp
    updated_date: Timestamp
    status: Annotated[ReturnStatus, Filter(TEXT)]
    raw_status: str | None = None
    order_id: str | None = None
    notes: list[str] = []
    line_items: list[ReturnLineItem] = []
    shipments: list[ReturnShipment] = []
    external_system_url: Link | None = None
    trackstar_tags: Tags = None
    additional_fields: dict[str, Any] = {}


RETURNS = Resource(
    record=Return,
    path="/wms/returns",
    singular="return",
    reader_name="return_order",
    function="get_returns",
    event="return",
    every=HOURLY,
    taggable=True,
)
