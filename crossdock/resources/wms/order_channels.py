"""A sales channel that orders come from."""

from typing import Annotated, Any

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import EVERY_12_HOURS, TEXT, Filter, Record, Resource


class OrderChannel(Record, kw_only=True):
    """A sales channel that orders come from."""

    id: str
    name: str | None = None
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    created_date: Timestamp
    updated_date: Timestamp
    additional_fields: dict[str, Any] = {}


ORDER_CHANNELS = Resource(
    record=OrderChannel,
    path="/wms/orders/channels",
    singular="order_channel",
    function="get_order_channels",
    event=None,
    every=EVERY_12_HOURS,
    item_path="",
)
