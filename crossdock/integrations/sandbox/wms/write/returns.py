"""What buyers send back: announce, change, cancel. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.sandbox.operations import calls
from crossdock.integrations.sandbox.operations.calls import one_call, vendor_members
from crossdock.integrations.sandbox.wms.write.values import IN_WAREHOUSE, LINES, rows
from crossdock.kit.contract import Accepts, Command, Operation, Steps


def create_return(command: Command) -> Steps:
    return one_call(command, "/returns", _return(command.body))


CREATE_RETURN = Operation(
    Accepts(required=LINES, optional=("warehouse_id", "order_id", "line_items"), options=IN_WAREHOUSE),
    create_return,
    find=calls.find,
)


def update_return(command: Command) -> Steps:
    return one_call(command, f"/returns/{command.record_id}", _return(command.body), method="PUT")


UPDATE_RETURN = Operation(
    Accepts(required=LINES, optional=("warehouse_id", "order_id", "line_items"), options=IN_WAREHOUSE),
    update_return,
)


def cancel_return(command: Command) -> Steps:
    return one_call(command, f"/returns/{command.record_id}/cancel", None)


CANCEL_RETURN = Operation(Accepts(), cancel_return)


def _return(fields: Mapping[str, Any]) -> dict[str, Any]:
    body = vendor_members(fields, {"warehouse_id": "site", "order_id": "order"})
    if "line_items" in fields:
        body["rows"] = rows(fields["line_items"], "quantity")
    return body
