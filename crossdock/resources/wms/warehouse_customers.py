"""A merchant whose goods the warehouse handles."""

from typing import Any

from crossdock.resources.common import Timestamp
from crossdock.resources.schema import EVERY_12_HOURS, Record, Resource


class WarehouseCustomer(Record, kw_only=True):
    """A merchant whose goods the warehouse handles."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    email: str | None = None
    additional_fields: dict[str, Any] = {}


WAREHOUSE_CUSTOMERS = Resource(
    record=WarehouseCustomer,
    path="/wms/warehouse-customers",
    singular="warehouse_customer",
    function="get_warehouse_customers",
    event="warehouse-customer",
    every=EVERY_12_HOURS,
)
