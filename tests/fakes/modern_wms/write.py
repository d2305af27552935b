"""Pure: an order is made by an operation that is waited for."""

from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps, Wait


def create_order(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    begun = yield Call("POST", "/async-orders", {"number": command.body["order_number"]}, begins=True)
    operation = f"/operations/{begun['operation']}"
    answer = yield Call("GET", operation, asks=True)
    while answer["status"] == "running":
        yield Wait(2)
        answer = yield Call("GET", operation, asks=True)
    return str(answer["order"])


def find_order(command: Command) -> Search:
    answer = yield Call("GET", "/orders", params={"number": command.body["order_number"]}, asks=True)
    return next((str(record["id"]) for record in answer["data"]), None)


CREATE_ORDER = Operation(
    Accepts(required=("order_number", "line_items", "line_items.product_id", "line_items.quantity")),
    create_order,
    find=find_order,
)
