"""Our writes → calls of Hay Barn. Pure."""

from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps


def create_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    lines = [
        {"item": line["product_id"], "quantity": line["quantity"]} for line in command.body["line_items"]
    ]
    answer = yield Call("POST", "/orders", {"number": command.body["order_number"], "lines": lines})
    return str(answer["id"])


def find_order(command: Command) -> Search:
    answer = yield Call("GET", "/orders", params={"number": command.body["order_number"]}, asks=True)
    return next((str(order["id"]) for order in answer["data"]), None)


REQUIRED = ("order_number", "line_items", "line_items.product_id", "line_items.quantity")
CREATE_ORDER = Operation(Accepts(required=REQUIRED), create_order, find=find_order)
