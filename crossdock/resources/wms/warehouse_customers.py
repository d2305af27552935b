"""A merchant whose goods the warehouse handles."""

from typing import Annotated, Any

from crossdock.resources.common import Timestamp
from crossdock.resources.personal import Personal
from crossdock.resources.schema import EVERY_12_HOURS, Record, Resource


class WarehouseCustomer(Record, kw_only=True):
    """A merchant whose goods the warehouse handles."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    email: Annotated[str | None, Personal.EMAIL] = None
    additional_fields: dict[str, Any] = {}


WAREHOUSE_CUSTOMERS = Resource(
    record=WarehouseCustomer,
    path="/wms/warehouse-customers",
    singular="warehouse_customer",
    function="get_warehouse_customers",
    event="warehouse-customer",
    every=EVERY_12_HOURS,
)
