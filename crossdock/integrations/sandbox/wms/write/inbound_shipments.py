"""What suppliers deliver: announce, change, receive. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.sandbox.operations import calls
from crossdock.integrations.sandbox.operations.calls import one_call, vendor_members, without_none
from crossdock.integrations.sandbox.wms.write.values import IN_WAREHOUSE, LINES, named, named_by_both, rows
from crossdock.kit.contract import Accepts, Command, Fields, Made, Operation, Steps

SUPPLIER = ("supplier", "supplier_object", "supplier_object.supplier_id", "supplier_object.supplier_name")
INBOUND_LINES = ("line_items.sku", "line_items.expected_quantity")


def supplier_of_inbound_shipment(fields: Fields) -> Made:
    """The supplier of an inbound shipment: one by a new name is made with the announcement."""
    supplier = fields["supplier_object"].get("supplier_id")
    return [("get_inbound_shipment_suppliers", supplier)] if supplier else []


def create_inbound_shipment(command: Command) -> Steps:
    return one_call(command, "/inbound-shipments", _inbound(command.body))


CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=(
            "purchase_order_number",
            "expected_arrival_date",
            "warehouse_id",
            "tracking_number",
            "line_items",
            *INBOUND_LINES,
        ),
        optional=SUPPLIER,
        any_of=(("supplier", "supplier_object"),),
        options=IN_WAREHOUSE,
    ),
    create_inbound_shipment,
    find=calls.find,
    also=supplier_of_inbound_shipment,
)


def update_inbound_shipment(command: Command) -> Steps:
    path = f"/inbound-shipments/{command.record_id}"
    return one_call(command, path, _inbound(command.body), method="PUT")


UPDATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=INBOUND_LINES,
        optional=(
            *SUPPLIER,
            "purchase_order_number",
            "expected_arrival_date",
            "warehouse_id",
            "tracking_number",
            "line_items",
        ),
        options=IN_WAREHOUSE,
    ),
    update_inbound_shipment,
    also=supplier_of_inbound_shipment,
)


def receive_inbound_shipment(command: Command) -> Steps:
    body = vendor_members(command.body, {"warehouse_location_id": "bin", "warehouse_id": "site"})
    body["rows"] = rows(command.body["line_items"], "quantity")
    return one_call(command, f"/inbound-shipments/{command.record_id}/arrivals", body)


RECEIVE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=("line_items", *LINES, "warehouse_location_id"),
        optional=("warehouse_id",),
        options={**IN_WAREHOUSE, "warehouse_location_id": "warehouse-locations"},
    ),
    receive_inbound_shipment,
    find=calls.find,
)


def _inbound(fields: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "purchase_order_number": "po",
        "expected_arrival_date": "due",
        "warehouse_id": "site",
        "tracking_number": "track",
    }
    supplier = fields.get("supplier_object", {})
    vendor = named_by_both(supplier.get("supplier_id"), supplier.get("supplier_name"))
    vendor = vendor or named(None, fields.get("supplier"))
    body = {**vendor_members(fields, names), **without_none({"vendor": vendor})}
    if "line_items" in fields:
        body["rows"] = rows(fields["line_items"], "expected_quantity")
    return body
