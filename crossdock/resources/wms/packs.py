"""Planned parcels of an order: kept under the id of the order, read with it, never listed."""

from typing import Any

from msgspec import field

from crossdock.resources.common import Measurements, ShipToAddress
from crossdock.resources.schema import HOURLY, Part, Record, Resource


class PackLineItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    quantity: int


class Pack(Part, kw_only=True):
    pack_id: str
    measurements: Measurements = field(default_factory=Measurements)
    line_items: list[PackLineItem] = []


class OrderPackLineItem(Part, kw_only=True):
    product_id: str
    sku: str | None = None
    quantity: int


class OrderPacks(Record, kw_only=True):
    """The planned parcels of one order, before it ships."""

    packs: list[Pack] = []
    carrier: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    scac: str | None = None
    shipping_method: str | None = None
    shipping_method_id: str | None = None
    shipping_method_name: str | None = None
    ship_to_address: ShipToAddress = field(default_factory=ShipToAddress)
    order_line_items: list[OrderPackLineItem] = []
    additional_fields: dict[str, Any] = {}


ORDER_PACKS = Resource(
    record=OrderPacks,
    path="/wms/orders/packs",
    singular="order_packs",
    reader_name="packs_of_order",
    function="get_order_packs",
    event=None,
    every=HOURLY,
    listed=False,
    stamped=False,
    item_path="/wms/orders/{order_id}/packs",
    id_parameter="order_id",
    of="get_orders",
)
