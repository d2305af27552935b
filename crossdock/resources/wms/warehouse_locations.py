"""A place inside a warehouse: bin, shelf, dock."""

from typing import Annotated, Any

from msgspec import field

from crossdock.resources.common import Measurements, Timestamp
from crossdock.resources.schema import EVERY_12_HOURS, TEXT, Filter, Record, Resource


class WarehouseLocation(Record, kw_only=True):
    """A place inside a warehouse: bin, shelf, dock."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    name: str | None = None
    warehouse_id: str
    type: Annotated[str | None, Filter(TEXT)] = None
    measurements: Measurements = field(default_factory=Measurements)
    additional_fields: dict[str, Any] = {}


WAREHOUSE_LOCATIONS = Resource(
    record=WarehouseLocation,
    path="/wms/warehouses/{warehouse_id}/locations",
    singular="warehouse_location",
    id_parameter="location_id",
    parent="warehouse_id",
    function="get_warehouse_locations",
    event="warehouse-location",
    every=EVERY_12_HOURS,
)
