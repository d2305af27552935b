"""Customer shipments, made, changed and cancelled.

    who it goes to and where ─▶ the shipment with its moves, in one transaction ─▶ waiting for stock

The caller's reference is the shipment's, which is what it can be found by when an answer was lost.
"""

from collections.abc import Mapping
from typing import Any

from crossdock.integrations.tryton.write.addresses import delivery, party_address
from crossdock.integrations.tryton.write.calls import (
    Asking,
    amount,
    ask,
    change,
    company_currency,
    document,
    filled_in,
    has_field,
    invalid,
    made_since,
    make,
    number,
    press,
    product,
    refused,
    the,
    warehouse,
)
from crossdock.kit.contract import Accepts, Command, Operation, Search, Steps

MODEL = "stock.shipment.out"
CHANGEABLE = ("draft", "waiting")
GONE = ("shipped", "done")

_ADDRESS = tuple(
    f"ship_to_address.{name}"
    for name in ("full_name", "address1", "address2", "city", "state", "postal_code", "country")
)
_OPTIONAL_PARTS = ("ship_to_address.address2", "ship_to_address.state", "ship_to_address.postal_code")


def create_order(command: Command) -> Steps:
    """A shipment in state waiting: Tryton numbers it then, and it is what the warehouse has to send."""
    if command.found is not None:
        return (yield from _waiting(command.found))
    body = command.body
    location = yield from warehouse(body)
    values = yield from _method(body)
    currency = yield from _currency(body)
    moves = []
    for position, line in enumerate(body["line_items"]):
        found_product = yield from product(line, f"line_items.{position}", "list_price_used")
        price = amount(line["unit_price"]) if "unit_price" in line else found_product["list_price_used"]
        moves.append(_move(found_product, line["quantity"], price, currency))
    customer, address = yield from delivery(body)
    filled = yield filled_in(MODEL, {"warehouse": location, "customer": customer["id"]}, "warehouse")
    values |= {
        "reference": body["reference_id"],
        "customer": customer["id"],
        "delivery_address": address,
        "warehouse": location,
        "warehouse_storage": filled["warehouse_storage"],
        "warehouse_output": filled["warehouse_output"],
    }
    method = {"from_location": filled["warehouse_output"], "to_location": customer["customer_location"]}
    result = yield make(MODEL, values | {"moves": [["create", [move | method for move in moves]]]})
    yield press(MODEL, "wait", result[0])
    return str(result[0])


def _waiting(text: str) -> Steps:
    """The steps left to do for a shipment that was made."""
    rows = yield ask(MODEL, [["id", "=", number(text)]], "state")
    if the(rows, refused(f"Tryton has no {MODEL} {text} any more"))["state"] == "draft":
        yield press(MODEL, "wait", number(text))
    return text


def _move(found_product: Any, quantity: Any, price: Any, currency: Any) -> dict[str, Any]:
    return {
        "product": found_product["id"],
        "unit": found_product["default_uom"],
        "quantity": quantity,
        "unit_price": price,
        "currency": currency,
    }


def _method(body: Mapping[str, Any]) -> Asking:
    if "shipping_method_id" not in body:
        return {}
    yield from has_field(MODEL, "carrier", "shipping_method_id", "stock_shipment_cost")
    return {"carrier": number(body["shipping_method_id"])}


def _currency(body: Mapping[str, Any]) -> Asking:
    if "invoice_currency_code" not in body:
        return (yield from company_currency())
    code = body["invoice_currency_code"]
    rows = yield ask("currency.currency", [["code", "=", code]], "code")
    return the(rows, invalid("invoice_currency_code", f"Tryton has no currency {code!r}"))["id"]


def find_order(command: Command) -> Search:
    """The newest shipment with this reference that was not cancelled since."""
    reference = [["reference", "=", command.body["reference_id"]], ["state", "!=", "cancelled"]]
    rows = yield ask(MODEL, [*reference, *made_since(command)], "state", limit=None)
    return str(rows[-1]["id"]) if rows else None


CREATE_ORDER = Operation(
    Accepts(
        required=(
            "reference_id",
            "ship_to_address",
            *(name for name in _ADDRESS if name not in _OPTIONAL_PARTS),
            "line_items",
            "line_items.quantity",
        ),
        optional=(
            *_OPTIONAL_PARTS,
            "line_items.product_id",
            "line_items.sku",
            "line_items.unit_price",
            "warehouse_customer_id",
            "shipping_method_id",
            "invoice_currency_code",
        ),
        extra={
            "warehouse_id": {
                "type": "string",
                "minLength": 1,
                "title": "Warehouse",
                "description": "The warehouse to send from. Needed when Tryton has several.",
            }
        },
        options={"warehouse_id": "warehouses", "shipping_method_id": "shipping_methods"},
    ),
    create_order,
    find=find_order,
)


def update_order(command: Command) -> Steps:
    """Only what nobody works on yet: a draft, or one that waits for its stock."""
    body = command.body
    now = yield from document(MODEL, command, "customer")
    if now["state"] not in CHANGEABLE:
        raise refused(f"the shipment is {now['state']} in Tryton: only a draft or waiting one can be changed")
    values = yield from _method(body)
    if "reference_id" in body:
        values["reference"] = body["reference_id"]
    if "ship_to_address" in body:
        values["delivery_address"] = yield from party_address(now["customer"], body["ship_to_address"])
    record = number(command.record_id)
    # The address of a shipment that waits can't be changed in Tryton, only that of a draft.
    is_reset = "delivery_address" in values and now["state"] == "waiting"
    if is_reset:
        yield press(MODEL, "draft", record)
    if values:
        yield change(MODEL, record, values)
    if is_reset or (now["state"] == "draft" and command.stored.get("raw_status") == "waiting"):
        yield press(MODEL, "wait", record)
    return str(command.record_id)


UPDATE_ORDER = Operation(
    Accepts(
        required=tuple(name for name in _ADDRESS if name not in _OPTIONAL_PARTS),
        optional=("reference_id", "shipping_method_id", "ship_to_address", *_OPTIONAL_PARTS),
        options={"shipping_method_id": "shipping_methods"},
    ),
    update_order,
)


def cancel_order(command: Command) -> Steps:
    """Tryton would take even a done shipment back; what has left the warehouse stays sent here."""
    now = yield from document(MODEL, command)
    if now["state"] in GONE:
        raise refused(f"the shipment is {now['state']} in Tryton: what has left can't be cancelled")
    if now["state"] != "cancelled":
        yield press(MODEL, "cancel", number(command.record_id))
    return str(command.record_id)


CANCEL_ORDER = Operation(Accepts(), cancel_order)
