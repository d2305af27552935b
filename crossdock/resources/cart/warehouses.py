"""A place the shop sells from."""

from msgspec import field

from crossdock.resources.common import ShipFromAddress, Tags, Timestamp
from crossdock.resources.schema import EVERY_12_HOURS, Record, Resource


class CartWarehouse(Record, kw_only=True):
    """A place the shop sells from."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    code: str | None = None
    address: ShipFromAddress = field(default_factory=ShipFromAddress)
    trackstar_tags: Tags = None


CART_WAREHOUSES = Resource(
    record=CartWarehouse,
    path="/cart/warehouses",
    singular="warehouse",
    function="get_warehouses",
    event="cart-warehouse",
    every=EVERY_12_HOURS,
    taggable=True,
)
