"""Who goods are bought from."""

from typing import Annotated, Any

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import EVERY_12_HOURS, TEXT, Filter, Record, Resource


class Supplier(Record, kw_only=True):
    """Who goods are bought from."""

    id: str
    name: str | None = None
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    created_date: Timestamp
    updated_date: Timestamp
    additional_fields: dict[str, Any] = {}


SUPPLIERS = Resource(
    record=Supplier,
    path="/wms/inbound-shipments/suppliers",
    singular="supplier",
    function="get_inbound_shipment_suppliers",
    event=None,
    every=EVERY_12_HOURS,
    item_path="",
)
