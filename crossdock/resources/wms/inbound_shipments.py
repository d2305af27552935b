"""Goods on their way into the warehouse."""

from typing import Annotated, Any, Literal

from msgspec import field

from crossdock.resources.common import Money, ShipFromAddress, SupplierRef, Tags, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.schema import (
    DATE_WITHOUT_LISTS,
    HOURLY,
    TEXT,
    TEXT_WITHOUT_LISTS,
    Filter,
    Part,
    Record,
    Resource,
    Subevent,
)

InboundShipmentStatus = Literal["open", "in-transit", "receiving", "received", "cancelled", "other"]


class InboundShipmentLineItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    expected_quantity: int
    received_quantity: int
    unit_cost: Money | None = None
    external_id: str | None = None


class ReceiptLineItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    quantity: int


class Receipt(Part, kw_only=True):
    id: str
    arrived_date: Timestamp
    line_items: list[ReceiptLineItem] = []


class InboundShipment(Record, kw_only=True):
    """Goods on their way into the warehouse."""

    id: str
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    created_date: Timestamp
    updated_date: Timestamp
    purchase_order_number: Annotated[str | None, Filter(TEXT)] = None
    status: Annotated[InboundShipmentStatus, Filter(TEXT)]
    raw_status: str | None = None
    supplier: str | None = None
    supplier_object: SupplierRef = field(default_factory=SupplierRef)
    expected_arrival_date: Annotated[Timestamp | None, Filter(DATE_WITHOUT_LISTS)] = None
    warehouse_id: Annotated[str | None, Filter(TEXT_WITHOUT_LISTS)] = None
    line_items: list[InboundShipmentLineItem] = []
    receipts: list[Receipt] = []
    ship_from_address: ShipFromAddress = field(default_factory=ShipFromAddress)
    tracking_numbers: list[str] = []
    notes: list[str] = []
    external_system_url: Link | None = None
    trackstar_tags: Tags = None
    additional_fields: dict[str, Any] = {}


INBOUND_SHIPMENTS = Resource(
    record=InboundShipment,
    path="/wms/inbound-shipments",
    singular="inbound_shipment",
    function="get_inbound_shipments",
    event="inbound-shipment",
    every=HOURLY,
    taggable=True,
    subevents=(Subevent("inbound-shipment.receipt.created", "receipts", "id"),),
)
