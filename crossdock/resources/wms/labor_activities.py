"""Work done by a person in the warehouse."""

from typing import Annotated, Any, Literal

from crossdock.resources.common import Timestamp
from crossdock.resources.personal import Personal
from crossdock.resources.schema import DATE, HOURLY, PLAIN, TEXT, Filter, Record, Resource

LaborActivityType = Literal["pick", "pack", "put_away", "transfer", "receive"]

LaborObjectType = Literal["order", "inbound_shipment", "return", "inventory"]


class LaborActivity(Record, kw_only=True):
    """Work done by a person in the warehouse."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    user_id: Annotated[str, Filter(PLAIN)]
    user_first_name: Annotated[str | None, Personal.NAME] = None
    user_last_name: Annotated[str | None, Personal.NAME] = None
    warehouse_id: Annotated[str, Filter(PLAIN)]
    activity_type: Annotated[LaborActivityType, Filter(PLAIN)]
    activity_start_time: Annotated[Timestamp, Filter(DATE)]
    activity_end_time: Annotated[Timestamp | None, Filter(DATE)] = None
    associated_object_type: Annotated[LaborObjectType | None, Filter(PLAIN)] = None
    associated_object_id: Annotated[str | None, Filter(PLAIN)] = None
    quantity: int | None = None
    additional_fields: dict[str, Any] = {}


LABOR_ACTIVITIES = Resource(
    record=LaborActivity,
    path="/wms/labor-activities",
    singular="labor_activity",
    function="get_labor_activities",
    event="labor_activity",
    every=HOURLY,
    # The contract filters activities by merchant although an activity does not show one.
    hidden={"warehouse_customer_id": Filter(TEXT)},
)
