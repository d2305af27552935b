"""Stock of an item, counted anew. Pure."""

from crossdock.integrations.sandbox.operations import calls
from crossdock.integrations.sandbox.operations.calls import one_call, vendor_members
from crossdock.integrations.sandbox.wms.write.values import IN_WAREHOUSE
from crossdock.kit.contract import Accepts, Command, Operation, Steps


def adjust_inventory(command: Command) -> Steps:
    body = vendor_members(command.body, {"warehouse_id": "site", "location_id": "bin", "reason": "why"})
    sign = -1 if command.body["adjustment_type"] == "decrease" else 1
    body["units"] = sign * command.body["quantity"]
    return one_call(command, f"/inventory/{command.record_id}/counts", body)


ADJUST_INVENTORY = Operation(
    Accepts(
        required=("quantity", "adjustment_type", "warehouse_id"),
        optional=("location_id",),
        extra={
            "reason": {
                "type": "string",
                "minLength": 1,
                "maxLength": 255,
                "title": "Reason",
                "description": "Why; the ledger's entry says so.",
            }
        },
        options={**IN_WAREHOUSE, "location_id": "warehouse-locations"},
    ),
    adjust_inventory,
    find=calls.find,
)
