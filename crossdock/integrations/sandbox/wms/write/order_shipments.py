"""Sending what an order wants. Pure."""

from crossdock.integrations.sandbox.operations import calls
from crossdock.integrations.sandbox.operations.calls import one_call, vendor_members, without_none
from crossdock.integrations.sandbox.wms.write.values import (
    IN_WAREHOUSE,
    LINES,
    MEASUREMENTS,
    measured,
    named,
    rows,
)
from crossdock.kit.contract import Accepts, Command, Operation, Steps


def create_order_shipment(command: Command) -> Steps:
    fields = command.body
    body = vendor_members(
        fields,
        {
            "shipped_date": "left_at", "tracking_number": "track", "tracking_url": "track_url",
            "shipping_cost": "cost", "warehouse_id": "site",
        },
    )  # fmt: skip
    body |= without_none(
        {
            "via": named(fields.get("shipping_method_id"), fields.get("shipping_method")),
            "carrier": named(fields.get("carrier_id"), fields.get("carrier")),
        }
    )
    body |= measured(fields)
    if "packages" in fields:
        body["parcels"] = [
            {"uid": package["package_id"], "track": package["tracking_number"]}
            for package in fields["packages"]
        ]
    if "line_items" in fields:
        body["lines"] = rows(fields["line_items"], "quantity")
    return one_call(command, f"/orders/{command.record_id}/despatches", body)


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("packages.package_id", "packages.tracking_number", *LINES),
        optional=(
            "shipped_date",
            "tracking_number",
            "shipping_cost",
            "measurements",
            "warehouse_id",
            *MEASUREMENTS,
            "tracking_url",
            "carrier_id",
            "carrier",
            "shipping_method_id",
            "shipping_method",
            "packages",
            "line_items",
        ),
        any_of=(("tracking_number", "packages"),),
        options={**IN_WAREHOUSE, "shipping_method_id": "shipping-methods"},
    ),
    create_order_shipment,
    find=calls.find,
)
