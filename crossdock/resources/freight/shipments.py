"""A freight movement."""

from typing import Any, Literal

from crossdock.resources.common import Money, Timestamp
from crossdock.resources.links import Link
from crossdock.resources.schema import HOURLY, Record, Resource

FreightStatus = Literal[
    "pre_transit", "in_transit", "arrival_port", "en_route_to_destination", "final_destination"
]


class FreightShipment(Record, kw_only=True):
    """A freight movement."""

    id: str
    eta_date: Timestamp | None = None
    created_date: Timestamp
    updated_date: Timestamp
    cost: Money | None = None
    shipment_date: Timestamp | None = None
    arrival_date: Timestamp | None = None
    raw_status: str | None = None
    status: Literal[
        "pre_transit", "in_transit", "arrival_port", "en_route_to_destination", "final_destination"
    ]
    shipment_method: str
    external_system_url: Link | None = None
    additional_fields: dict[str, Any] = {}


FREIGHT_SHIPMENTS = Resource(
    record=FreightShipment,
    path="/freight/shipments",
    singular="shipment",
    function="get_shipments",
    event="freight-shipment",
    every=HOURLY,
    filters_tags=False,
)
