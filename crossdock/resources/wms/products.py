"""What is sold. A kit is a product of several inventory items."""

from typing import Annotated, Any

from msgspec import field

from crossdock.resources.common import Money, SupplierRef, Tags, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.schema import HOURLY, TEXT, TEXT_WITHOUT_NEQ, Filter, Part, Record, Resource


class ProductInventoryItem(Part, kw_only=True):
    inventory_item_id: str
    sku: str | None = None
    unit_quantity: int


class SupplierProduct(Part, kw_only=True):
    supplier_id: str
    supplier_name: str | None = None
    external_id: str | None = None
    unit_cost: str | None = None


class Product(Record, kw_only=True):
    """What is sold. A kit is a product of several inventory items."""

    id: str
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    sku: Annotated[str | None, Filter(TEXT_WITHOUT_NEQ)] = None
    gtin: str | None = None
    unit_price: Money | None = None
    inventory_items: list[ProductInventoryItem] = []
    is_kit: bool
    active: bool
    supplier: str | None = None
    supplier_object: SupplierRef = field(default_factory=SupplierRef)
    country_of_origin: str | None = None
    harmonized_code: str | None = None
    supplier_products: list[SupplierProduct] = []
    external_system_url: Link | None = None
    trackstar_tags: Tags = None
    additional_fields: dict[str, Any] = {}


PRODUCTS = Resource(
    record=Product,
    path="/wms/products",
    singular="product",
    function="get_products",
    event="product",
    every=HOURLY,
    taggable=True,
)
