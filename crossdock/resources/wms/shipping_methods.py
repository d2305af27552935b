"""A way an order can be sent."""

from typing import Any

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import EVERY_12_HOURS, Record, Resource


class ShippingMethod(Record, kw_only=True):
    """A way an order can be sent."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    carrier: str | None = None
    carrier_id: str | None = None
    carrier_name: str | None = None
    scac: str | None = None
    additional_fields: dict[str, Any] = {}


SHIPPING_METHODS = Resource(
    record=ShippingMethod,
    path="/wms/shipping-methods",
    singular="shipping_method",
    function="get_shipping_methods",
    event="shipping-method",
    every=EVERY_12_HOURS,
)
