"""A building that holds stock."""

from typing import Any

from msgspec import field

from crossdock.resources.common import ShipFromAddress, Tags, Timestamp
from crossdock.resources.schema import EVERY_12_HOURS, Record, Resource


class Warehouse(Record, kw_only=True):
    """A building that holds stock."""

    id: str
    created_date: Timestamp
    updated_date: Timestamp
    name: str
    code: str | None = None
    address: ShipFromAddress = field(default_factory=ShipFromAddress)
    trackstar_tags: Tags = None
    additional_fields: dict[str, Any] = {}


WAREHOUSES = Resource(
    record=Warehouse,
    path="/wms/warehouses",
    singular="warehouse",
    function="get_warehouses",
    event="warehouse",
    every=EVERY_12_HOURS,
    taggable=True,
)
