"""A variant, or the parent listing of variants. A parent has `parent_product_id` equal to `id`."""

from typing import Any

from msgspec import field

from crossdock.resources.common import Measurements, Money, Tags, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.schema import HOURLY, Record, Resource


class CartProduct(Record, kw_only=True):
    """A variant, or the parent listing of variants. A parent has `parent_product_id` equal to `id`."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    sku: str | None = None
    gtin: str | None = None
    parent_product_id: str
    is_kit: bool
    active: bool
    image_url: Link | None = None
    price: Money | None = None
    unit_cost: Money | None = None
    inventory: int | None = None
    inventory_by_warehouse_id: dict[str, int] = {}
    measurements: Measurements = field(default_factory=Measurements)
    tags: list[str] = []
    categories: list[str] = []
    external_system_url: Link | None = None
    trackstar_tags: Tags = None
    additional_fields: dict[str, Any] = {}


CART_PRODUCTS = Resource(
    record=CartProduct,
    path="/cart/products",
    singular="product",
    function="get_products",
    event="cart-product",
    every=HOURLY,
    taggable=True,
)
