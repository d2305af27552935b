"""What callers can have done in a warehouse, and what they say of it."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from crossdock.resources.common import LengthUnit, Moment, WeightUnit
from crossdock.resources.links import GivenLink
from crossdock.resources.wms.inbound_shipments import INBOUND_SHIPMENTS
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.order_channels import ORDER_CHANNELS
from crossdock.resources.wms.orders import ORDERS, OrderStatus
from crossdock.resources.wms.products import PRODUCTS
from crossdock.resources.wms.returns import RETURNS
from crossdock.resources.wms.suppliers import SUPPLIERS
from crossdock.resources.writes import (
    Amount,
    Named,
    Size,
    TaggedBody,
    Text,
    Units,
    Write,
    WriteBody,
    WritePart,
    at_least_one,
)

DEPRECATED = Meta(extra_json_schema={"deprecated": True})
A_CHANNEL = at_least_one("channel_id", "channel_name")
A_SUPPLIER = at_least_one("supplier_id", "supplier_name")
ADDRESS_SPELLINGS = {
    "ship_to_address.name": "full_name",
    "ship_to_address.zip_code": "postal_code",
    "ship_to_address.email": "email_address",
}
CHANNEL = {"channel_object": Named(ORDER_CHANNELS, "channel_id", "channel_name")}
SUPPLIER = {"supplier_object": Named(SUPPLIERS, "supplier_id", "supplier_name")}


class OrderWriteAddress(WritePart, kw_only=True):
    """Where an order is sent. `name`, `zip_code` and `email` are other spellings of full_name, postal_code
    and email_address."""

    full_name: Text | UnsetType = UNSET
    company: Text | UnsetType = UNSET
    address1: Text | UnsetType = UNSET
    address2: Text | UnsetType = UNSET
    city: Text | UnsetType = UNSET
    state: Text | UnsetType = UNSET
    postal_code: Text | UnsetType = UNSET
    country: Text | UnsetType = UNSET
    phone_number: Text | UnsetType = UNSET
    email_address: Text | UnsetType = UNSET


class OrderWriteLineItem(WritePart, kw_only=True):
    product_id: Text | UnsetType = UNSET
    sku: Text | UnsetType = UNSET
    quantity: Units | UnsetType = UNSET
    unit_price: Amount | UnsetType = UNSET
    discount_amount: (
        Annotated[Amount, Meta(description="Of the line, all of its units together.")] | UnsetType
    ) = UNSET


class ChannelWriteRef(WritePart, kw_only=True):
    """A channel, by its id, its name, or both where they agree."""

    channel_id: Text | UnsetType = UNSET
    channel_name: Text | UnsetType = UNSET


class SupplierWriteRef(WritePart, kw_only=True):
    """A supplier, by its id, its name, or both where they agree."""

    supplier_id: Text | UnsetType = UNSET
    supplier_name: Text | UnsetType = UNSET


class MeasurementsWrite(WritePart, kw_only=True):
    length: Size | UnsetType = UNSET
    width: Size | UnsetType = UNSET
    height: Size | UnsetType = UNSET
    unit: LengthUnit | UnsetType = UNSET
    weight: Size | UnsetType = UNSET
    weight_unit: WeightUnit | UnsetType = UNSET


class OrderCreate(TaggedBody, kw_only=True):
    warehouse_customer_id: Text | UnsetType = UNSET
    reference_id: Text | UnsetType = UNSET
    order_number: Text | UnsetType = UNSET
    channel: Annotated[Text, DEPRECATED] | UnsetType = UNSET
    channel_object: Annotated[ChannelWriteRef, A_CHANNEL] | UnsetType = UNSET
    trading_partner: Text | UnsetType = UNSET
    shipping_method_id: Text | UnsetType = UNSET
    shipping_method: Annotated[Text, DEPRECATED] | UnsetType = UNSET
    service_level: Text | UnsetType = UNSET
    invoice_currency_code: Text | UnsetType = UNSET
    total_price: Amount | UnsetType = UNSET
    total_tax: Amount | UnsetType = UNSET
    total_discount: Amount | UnsetType = UNSET
    total_shipping: Amount | UnsetType = UNSET
    ship_to_address: OrderWriteAddress | UnsetType = UNSET
    line_items: Annotated[list[OrderWriteLineItem], Meta(min_length=1)] | UnsetType = UNSET


class OrderUpdate(OrderCreate, kw_only=True):
    status: OrderStatus | UnsetType = UNSET


class PackageTracking(WritePart, kw_only=True):
    package_id: Text
    tracking_number: Text


class SentLineItem(WritePart, kw_only=True):
    sku: Text
    quantity: Units


class OrderShipmentCreate(WriteBody, kw_only=True):
    shipped_date: Moment | UnsetType = UNSET
    tracking_number: Text | UnsetType = UNSET
    tracking_url: GivenLink | UnsetType = UNSET
    carrier_id: Text | UnsetType = UNSET
    carrier: Annotated[Text, DEPRECATED] | UnsetType = UNSET
    shipping_method_id: Text | UnsetType = UNSET
    shipping_method: Annotated[Text, DEPRECATED] | UnsetType = UNSET
    shipping_cost: Amount | UnsetType = UNSET
    measurements: MeasurementsWrite | UnsetType = UNSET
    warehouse_id: Text | UnsetType = UNSET
    packages: list[PackageTracking] | UnsetType = UNSET
    line_items: (
        Annotated[list[SentLineItem], Meta(min_length=1, description="What is sent; nothing: all of it.")]
        | UnsetType
    ) = UNSET


class OrderFileUpload(WriteBody, kw_only=True):
    """A form: the bytes of a file, its address, or both."""

    file: (
        Annotated[str, Meta(extra_json_schema={"contentMediaType": "application/octet-stream"})] | UnsetType
    ) = UNSET
    file_name: Text | UnsetType = UNSET
    file_url: GivenLink | UnsetType = UNSET


class ProductCreate(TaggedBody, kw_only=True):
    sku: Text | UnsetType = UNSET
    name: Text | UnsetType = UNSET
    gtin: Text | UnsetType = UNSET
    measurements: MeasurementsWrite | UnsetType = UNSET


class ProductUpdate(ProductCreate, kw_only=True):
    pass


class KitWriteComponent(WritePart, kw_only=True):
    sku: Text
    unit_quantity: Units
    inventory_item_id: Text | UnsetType = UNSET


class KitCreate(ProductCreate, kw_only=True):
    inventory_items: Annotated[list[KitWriteComponent], Meta(min_length=1)] | UnsetType = UNSET


class KitUpdate(KitCreate, kw_only=True):
    pass


class InventoryAdjust(WriteBody, kw_only=True):
    quantity: Units | UnsetType = UNSET
    adjustment_type: Literal["increase", "decrease"] | UnsetType = UNSET
    warehouse_id: Text | UnsetType = UNSET
    location_id: Text | UnsetType = UNSET


class InboundShipmentWriteLineItem(WritePart, kw_only=True):
    sku: Text
    expected_quantity: Units


class InboundShipmentUpdateLineItem(WritePart, kw_only=True):
    sku: Text | UnsetType = UNSET
    expected_quantity: Units | UnsetType = UNSET


class InboundShipmentCreate(TaggedBody, kw_only=True):
    supplier: Annotated[Text, DEPRECATED] | UnsetType = UNSET
    supplier_object: Annotated[SupplierWriteRef, A_SUPPLIER] | UnsetType = UNSET
    purchase_order_number: Text | UnsetType = UNSET
    expected_arrival_date: Moment | UnsetType = UNSET
    warehouse_id: Text | UnsetType = UNSET
    tracking_number: Text | UnsetType = UNSET
    line_items: Annotated[list[InboundShipmentWriteLineItem], Meta(min_length=1)] | UnsetType = UNSET


class InboundShipmentUpdate(TaggedBody, kw_only=True):
    supplier: Annotated[Text, DEPRECATED] | UnsetType = UNSET
    supplier_object: Annotated[SupplierWriteRef, A_SUPPLIER] | UnsetType = UNSET
    purchase_order_number: Text | UnsetType = UNSET
    expected_arrival_date: Moment | UnsetType = UNSET
    warehouse_id: Text | UnsetType = UNSET
    tracking_number: Text | UnsetType = UNSET
    line_items: Annotated[list[InboundShipmentUpdateLineItem], Meta(min_length=1)] | UnsetType = UNSET


class ReceiveLineItem(WritePart, kw_only=True):
    sku: Text
    quantity: Units


class InboundShipmentReceive(WriteBody, kw_only=True):
    line_items: Annotated[list[ReceiveLineItem], Meta(min_length=1)] | UnsetType = UNSET
    warehouse_location_id: Text | UnsetType = UNSET
    warehouse_id: Text | UnsetType = UNSET


class ReturnWriteLineItem(WritePart, kw_only=True):
    sku: Text
    quantity: Units


class ReturnCreate(TaggedBody, kw_only=True):
    warehouse_id: Text | UnsetType = UNSET
    order_id: Text | UnsetType = UNSET
    line_items: Annotated[list[ReturnWriteLineItem], Meta(min_length=1)] | UnsetType = UNSET


class ReturnUpdate(ReturnCreate, kw_only=True):
    pass


LINES = ("line_items", "line_items.product_id", "line_items.sku", "line_items.quantity")
EXPECTED = ("line_items", "line_items.sku", "line_items.expected_quantity")
PARTS = ("inventory_items", "inventory_items.sku", "inventory_items.unit_quantity")
STATUS_ELSEWHERE = {"status": "a new one has no status of the caller's: leave it out"}
ORDER_ELSEWHERE = {"status": "a new order is open: change its status with PUT /wms/orders/{order_id}"}

_ADDRESS = {
    "full_name": "Ada Example", "address1": "1 Main St", "city": "Springfield", "state": "IL",
    "postal_code": "62701", "country": "US",
}  # fmt: skip
_BOX = {"length": 10, "width": 8, "height": 4, "unit": "in", "weight": 2.5, "weight_unit": "lb"}
_ORDER: dict[str, Any] = {
    "order_number": "SO-1001",
    "reference_id": "shop-1001",
    "ship_to_address": _ADDRESS,
    "line_items": [{"product_id": "product_id_0", "quantity": 2, "unit_price": 10.99}],
}
_INBOUND: dict[str, Any] = {
    "supplier_object": {"supplier_name": "Example Supplies"},
    "supplier": "Example Supplies",
    "purchase_order_number": "PO-1001",
    "expected_arrival_date": "2026-12-01T09:00:00Z",
    "warehouse_id": "warehouse_id_0",
    "tracking_number": "TRACK-1001",
    "line_items": [{"sku": "sku_0", "expected_quantity": 40}],
}

CREATE_ORDER = Write(
    "create_order", "POST", "/wms/orders", "createOrder", "Create an order", ORDERS, OrderCreate,
    example=_ORDER, known_by=("reference_id", "order_number"), spellings=ADDRESS_SPELLINGS, named=CHANNEL,
    vital=("warehouse_customer_id", *LINES), elsewhere=ORDER_ELSEWHERE,
)  # fmt: skip
UPDATE_ORDER = Write(
    "update_order", "PUT", "/wms/orders/{order_id}", "updateOrder", "Change an order", ORDERS, OrderUpdate,
    example={"service_level": "express"}, repeatable=True, spellings=ADDRESS_SPELLINGS, named=CHANNEL,
    vital=("status", "warehouse_customer_id", *LINES),
)  # fmt: skip
CANCEL_ORDER = Write(
    "cancel_order", "PUT", "/wms/orders/{order_id}/cancel", "cancelOrder", "Cancel an order", ORDERS,
    repeatable=True,
)  # fmt: skip
CREATE_ORDER_SHIPMENT = Write(
    "create_order_shipment", "POST", "/wms/orders/{order_id}/shipments", "createOrderShipment",
    "Ship an order, or some of it", ORDERS, OrderShipmentCreate,
    example={
        "shipped_date": "2026-11-21T12:00:00Z", "tracking_number": "TRACK-1", "shipping_cost": 7.25,
        "measurements": _BOX, "warehouse_id": "warehouse_id_0",
    },
    vital=("warehouse_id", *LINES),
)  # fmt: skip
CREATE_ORDER_FILE = Write(
    "create_order_file", "POST", "/wms/orders/{order_id}/file", "attachOrderFile",
    "Attach a file to an order", ORDERS, OrderFileUpload,
    example={"file_name": "label.pdf", "file": "%PDF-1.7"}, answers="word", takes_file=True,
)  # fmt: skip
CREATE_PRODUCT = Write(
    "create_product", "POST", "/wms/products", "createProduct", "Create a product", PRODUCTS, ProductCreate,
    example={"sku": "MUG-BLUE", "name": "Mug, blue", "measurements": _BOX}, known_by=("sku",),
)  # fmt: skip
UPDATE_PRODUCT = Write(
    "update_product", "PUT", "/wms/products/{product_id}", "updateProduct", "Change a product", PRODUCTS,
    ProductUpdate, example={"name": "Mug, dark blue"}, repeatable=True,
)  # fmt: skip
CREATE_KIT = Write(
    "create_kit", "POST", "/wms/kits", "createKit", "Create a kit", PRODUCTS, KitCreate,
    example={
        "sku": "MUG-SET", "name": "Two mugs", "gtin": "4006381333931", "measurements": _BOX,
        "inventory_items": [{"sku": "sku_0", "unit_quantity": 2}],
    },
    known_by=("sku",), vital=PARTS,
)  # fmt: skip
UPDATE_KIT = Write(
    "update_kit", "PUT", "/wms/kits/{kit_id}", "updateKit", "Change a kit", PRODUCTS, KitUpdate,
    example={"inventory_items": [{"sku": "sku_0", "unit_quantity": 3}]}, repeatable=True,
    vital=PARTS, applies_to=lambda product: bool(product["is_kit"]),
)  # fmt: skip
ADJUST_INVENTORY = Write(
    "adjust_inventory", "PUT", "/wms/inventory/{inventory_id}/adjust", "adjustInventory",
    "Add to the stock of an item, or take from it", INVENTORY, InventoryAdjust,
    example={"quantity": 5, "adjustment_type": "increase", "warehouse_id": "warehouse_id_0"},
    vital=("quantity", "adjustment_type", "warehouse_id", "location_id"),
)  # fmt: skip
CREATE_INBOUND_SHIPMENT = Write(
    "create_inbound_shipment", "POST", "/wms/inbound-shipments", "createInboundShipment",
    "Announce an inbound shipment", INBOUND_SHIPMENTS, InboundShipmentCreate, example=_INBOUND,
    known_by=("purchase_order_number",), named=SUPPLIER, vital=("warehouse_id", *EXPECTED),
    elsewhere=STATUS_ELSEWHERE,
)  # fmt: skip
UPDATE_INBOUND_SHIPMENT = Write(
    "update_inbound_shipment", "PUT", "/wms/inbound-shipments/{inbound_shipment_id}", "updateInboundShipment",
    "Change an inbound shipment", INBOUND_SHIPMENTS, InboundShipmentUpdate,
    example={"expected_arrival_date": "2026-12-03T09:00:00Z"}, repeatable=True, named=SUPPLIER,
    vital=("warehouse_id", *EXPECTED),
)  # fmt: skip
RECEIVE_INBOUND_SHIPMENT = Write(
    "receive_inbound_shipment", "PUT", "/wms/inbound-shipments/{inbound_shipment_id}/receive",
    "receiveInboundShipment", "Receive what has arrived of an inbound shipment", INBOUND_SHIPMENTS,
    InboundShipmentReceive,
    example={
        "line_items": [{"sku": "sku_0", "quantity": 10}], "warehouse_location_id": "location_id_0",
    },
    vital=("warehouse_id", "warehouse_location_id", *LINES),
)  # fmt: skip
CREATE_RETURN = Write(
    "create_return", "POST", "/wms/returns", "createReturn", "Announce a return", RETURNS, ReturnCreate,
    example={"order_id": "order_id_0", "line_items": [{"sku": "sku_0", "quantity": 1}]},
    vital=("order_id", "warehouse_id", *LINES), elsewhere=STATUS_ELSEWHERE,
)  # fmt: skip
UPDATE_RETURN = Write(
    "update_return", "PUT", "/wms/returns/{return_id}", "updateReturn", "Change a return", RETURNS,
    ReturnUpdate, example={"line_items": [{"sku": "sku_0", "quantity": 2}]}, repeatable=True,
    vital=("order_id", "warehouse_id", *LINES),
)  # fmt: skip
CANCEL_RETURN = Write(
    "cancel_return", "PUT", "/wms/returns/{return_id}/cancel", "cancelReturn", "Cancel a return", RETURNS,
    repeatable=True,
)  # fmt: skip
