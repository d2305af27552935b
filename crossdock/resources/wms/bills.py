"""What the warehouse charges its customers. Off until an operator switches it on."""

from typing import Annotated, Any

from crossdock.resources.common import Money, Timestamp
from crossdock.resources.schema import HOURLY, TEXT, Filter, Record, Resource


class Bill(Record, kw_only=True):
    """A charge of the warehouse to its customer."""

    id: str
    warehouse_customer_id: Annotated[str | None, Filter(TEXT)] = None
    created_date: Timestamp
    updated_date: Timestamp
    object_id: str | None = None
    object_type: str | None = None
    charge_type: str
    amount: Money
    currency_code: str = "USD"
    additional_fields: dict[str, Any] = {}


BILLS = Resource(
    record=Bill,
    path="/wms/billing",
    singular="bill",
    function="get_bills",
    event="bill",
    every=HOURLY,
)
