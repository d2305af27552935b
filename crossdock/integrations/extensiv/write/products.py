"""Items: create, change. Pure."""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.extensiv.hal import at, escaped, rows
from crossdock.integrations.extensiv.write.common import CUSTOMER, number, sent_back, stated
from crossdock.kit.contract import Accepts, Call, Command, Operation, Search, Steps

UNIT: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Unit",
    "description": "What is counted, as Extensiv names it: Each, Carton, Lbs.",
}
NAMED = {"sku": "sku", "name": "description", "gtin": "upc"}


def create_product(command: Command) -> Steps:
    if command.found is not None:
        return command.found
    unit = {"unitIdentifier": {"name": command.body["inventory_unit"]}}
    body = {**_said(command.body), "options": {"inventoryUnit": unit}}
    customer = _customer(command)
    answer = yield Call("POST", f"/customers/{customer}/items", body)
    return f"{customer}-{answer['readOnly']['itemId']}"


def find_product(command: Command) -> Search:
    """The item with this SKU: a customer has each once."""
    sku, customer = command.body["sku"], _customer(command)
    params = {"rql": f"Sku=={escaped(sku)}", "pgsiz": 100, "pgnum": 1}
    answer = yield Call("GET", f"/customers/{customer}/items", params=params, asks=True)
    for raw in rows(answer, "customers/item"):
        if str(at(raw, "Sku")).casefold() == sku.casefold():
            return f"{customer}-{at(raw, 'ReadOnly.ItemId')}"
    return None


def update_product(command: Command) -> Steps:
    """Change an item: it is sent back whole."""
    customer, _, name = str(command.record_id).partition("-")
    path = f"/customers/{number(customer, 'product_id')}/items/{number(name, 'product_id')}"
    raw = yield Call("GET", path, asks=True)
    yield Call("PUT", path, {**sent_back(raw), **_said(command.body)})
    return str(command.record_id)


def _customer(command: Command) -> int:
    return number(command.body["warehouse_customer_id"], "warehouse_customer_id")


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    return stated({theirs: body.get(ours) for ours, theirs in NAMED.items()})


CREATE_PRODUCT = Operation(
    Accepts(
        required=("sku", "name"),
        optional=("gtin",),
        extra={"warehouse_customer_id": CUSTOMER, "inventory_unit": UNIT},
        required_extra=("warehouse_customer_id", "inventory_unit"),
        options={"warehouse_customer_id": "warehouse_customers"},
    ),
    create_product,
    find=find_product,
)
UPDATE_PRODUCT = Operation(Accepts(optional=("sku", "name", "gtin")), update_product)
