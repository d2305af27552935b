"""Our writes → calls of WooCommerce, and the bodies it accepts. Pure: one function per action."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.woocommerce.read import refunded_line
from crossdock.integrations.woocommerce.shipments import entries_of, noted
from crossdock.kit.cart_writes import SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

PAGE_SIZE = 100
CLOSED = {"cancelled", "failed", "refunded", "trash"}
"""Statuses of orders of which nothing is sent."""
OF_SHIPMENTS = ("tracking_number", "tracking_url", "carrier_name", "shipping_method_name")
VARIATION = "variation"


# Shipments: noted in the order's meta data, and told in a note


def create_order_shipment(command: Command) -> Steps:
    """Note what is sent, complete the order when that was the rest of it, then tell the customer."""
    path = f"/orders/{command.record_id}"
    text = _note(command.body)
    notes: Json = []
    if command.found is None:
        order = yield Call("GET", path, asks=True)
        yield Call("PUT", path, _shipped(order, command))
    else:
        notes = yield Call("GET", f"{path}/notes", asks=True)
    if not any(note["note"] == text for note in notes):
        is_told = command.body.get("notify_customer", True)
        yield Call("POST", f"{path}/notes", {"note": text, "customer_note": is_told})
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if a shipment with the tracking number is noted since the caller first asked."""
    order = yield Call("GET", f"/orders/{command.record_id}", asks=True)
    number = command.body["tracking_number"]
    is_noted = any(
        shipment.texts["tracking_number"] == number and command.is_since(shipment.texts.get("date"))
        for shipment in noted(order["meta_data"])
    )
    return command.record_id if is_noted else None


def _shipped(order: Json, command: Command) -> dict[str, Any]:
    """The change of an order that was sent, or a part of it."""
    status, lines, body = order["status"], order["line_items"], command.body
    if status in CLOSED:
        raise VendorRefused(f"an order that is {status} is not sent")
    before = noted(order["meta_data"])
    left = Counter({str(line["id"]): line["quantity"] for line in lines})
    for shipment in before:
        left.subtract(shipment.lines)
    wanted = _wanted(body, left)
    left.subtract(wanted)
    texts = {name: body[name] for name in OF_SHIPMENTS if name in body}
    if command.begun:
        texts["date"] = command.begun.isoformat(timespec="seconds")
    done = {} if any(quantity > 0 for quantity in left.values()) else {"status": "completed"}
    number = max((shipment.number for shipment in before), default=0) + 1
    return {**done, "meta_data": entries_of(number, texts, wanted)}


def _wanted(body: Mapping[str, Any], left: Mapping[str, int]) -> Counter[str]:
    """The quantity of each line that is sent: those that are named, or all that is left."""
    if "line_items" not in body:
        wanted = Counter({name: quantity for name, quantity in left.items() if quantity > 0})
        if not wanted:
            raise VendorRefused("all lines of this order were noted as sent before")
        return wanted
    wanted = Counter()
    for line in body["line_items"]:
        wanted[line["line_item_id"]] += line["quantity"]
    for name, quantity in wanted.items():
        if quantity > left.get(name, 0):
            raise VendorRefused(f"of the line {name!r} no {quantity} are left to send")
    return wanted


def _note(body: Mapping[str, Any]) -> str:
    """The words that a customer gets, in one line for each fact."""
    by = ", ".join(body[name] for name in ("carrier_name", "shipping_method_name") if name in body)
    parts = [f"Shipped: {by}" if by else "Shipped", f"Tracking number: {body['tracking_number']}"]
    return "\n".join([*parts, *([body["tracking_url"]] if "tracking_url" in body else [])])


# Refunds


def refund_order(command: Command) -> Steps:
    """Refund an amount, or lines with the taxes on them."""
    if command.found is not None:
        return command.found
    path, body = f"/orders/{command.record_id}", command.body
    refund: dict[str, Any] = {
        "api_refund": body.get("api_refund", True),
        "api_restock": body.get("api_restock", False),
        **({"reason": body["reason"]} if "reason" in body else {}),
    }
    if "line_items" in body:
        order = yield Call("GET", path, asks=True)
        before = yield from _refunds(path)
        places = int(Decimal(order["total"]).as_tuple().exponent)
        items = [_item(line, order["line_items"], before, places) for line in body["line_items"]]
        refund |= {"amount": str(sum(map(_sum, items), Decimal(0))), "line_items": items}
    if "amount" in body:
        refund |= {"amount": str(body["amount"])}
    yield Call("POST", f"{path}/refunds", refund)
    return str(command.record_id)


def find_refund(command: Command) -> Search:
    """The order, if the same was refunded since the caller first asked."""
    body = command.body
    for refund in (yield from _refunds(f"/orders/{command.record_id}")):
        is_same = (
            (refund["reason"] or "") == body.get("reason", "")
            and ("amount" not in body or Decimal(refund["amount"]) == Decimal(str(body["amount"])))
            and _are_same(refund["line_items"], body.get("line_items") or [])
        )
        if is_same and command.is_since(f"{refund['date_created_gmt']}+00:00"):
            return command.record_id
    return None


def _are_same(refunded: Sequence[Mapping[str, Any]], wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Check whether a refund is of these lines. Of a line without a quantity, any will do."""
    quantities = {refunded_line(line): -line["quantity"] for line in refunded}
    return len(refunded) == len(wanted) and all(
        line["line_item_id"] in quantities
        and line.get("quantity") in (None, quantities[line["line_item_id"]])
        for line in wanted
    )


def _item(
    wanted: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    refunds: Sequence[Mapping[str, Any]],
    places: int,
) -> dict[str, Any]:
    """A line of a refund: its share of what was paid, or what is left where all the rest comes back.

    places: the exponent of the order's own sums.
    """
    name = wanted["line_item_id"]
    line = _line(name, lines)
    before = [item for refund in refunds for item in refund["line_items"] if refunded_line(item) == name]
    left = line["quantity"] + sum(item["quantity"] for item in before)
    quantity = wanted.get("quantity", left)
    if quantity > left:
        raise VendorRefused(f"of the line {name!r} only {left} are left to refund")
    item = {"id": int(name), "quantity": quantity}
    if "amount" in wanted:
        return item | {"refund_total": Decimal(wanted["amount"])}
    share = LineShare(quantity, line["quantity"], is_rest=quantity == left, places=places)
    taxes = [
        {"id": tax["id"], "refund_total": share.of(tax["total"], _tax_of(before, tax["id"]))}
        for tax in _taxes(line)
    ]
    total = share.of(line["total"], [part["total"] for part in before])
    return item | {"refund_total": total, **({"refund_tax": taxes} if taxes else {})}


@dataclass(frozen=True)
class LineShare:
    """A part of a line."""

    quantity: int
    of_quantity: int
    is_rest: bool
    """Whether all that was not refunded before belongs to it."""
    places: int

    def of(self, total: str, before: Sequence[str]) -> Decimal:
        """Its part of a sum. before: what was refunded of it, below zero."""
        if self.is_rest:
            return Decimal(total) + sum(map(Decimal, before), Decimal(0))
        exact = Decimal(total) * self.quantity / self.of_quantity
        return exact.quantize(Decimal((0, (1,), self.places)), ROUND_HALF_UP)


def _line(name: str, lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    line = next((line for line in lines if str(line["id"]) == name), None)
    if line is None:
        raise VendorRefused(f"there is no line {name!r} in this order")
    return line


def _taxes(line: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The taxes of a line that have a sum: those that don't apply to it have an empty text."""
    return [tax for tax in line["taxes"] if tax["total"]]


def _tax_of(before: Sequence[Mapping[str, Any]], tax_id: int) -> list[str]:
    """The sums of a tax that were refunded already; they are below zero."""
    return [tax["total"] for item in before for tax in _taxes(item) if tax["id"] == tax_id]


def _sum(item: Mapping[str, Any]) -> Decimal:
    taxes: list[Decimal] = [tax["refund_total"] for tax in item.get("refund_tax", ())]
    total: Decimal = item["refund_total"]
    return total + sum(taxes, Decimal(0))


def _refunds(path: str) -> Generator[Call, Json, list[Mapping[str, Any]]]:
    """All refunds of an order."""
    refunds: list[Mapping[str, Any]] = []
    while True:
        params = {"per_page": PAGE_SIZE, "offset": len(refunds), "orderby": "id", "order": "asc"}
        page = yield Call("GET", f"{path}/refunds", params=params, asks=True)
        refunds += page
        if len(page) < PAGE_SIZE:
            return refunds


# Stock


def adjust_inventory(command: Command) -> Steps:
    """Set what is in stock, or have WooCommerce add to it or take from it."""
    if command.found is not None:
        return command.found
    name, body = str(command.record_id), command.body
    path, _ = yield from _stocked(name)
    delta = -body["quantity"] if body["adjustment_type"] == "decrease" else body["quantity"]
    change = "stock_quantity" if body["adjustment_type"] == "exact" else "inventory_delta"
    yield Call("PUT", path, {change: delta})
    return name


def find_level(command: Command) -> Search | None:
    """Search for an exact quantity. Stock that was added or taken away leaves no trace."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    _, level = yield from _stocked(str(command.record_id))
    return command.record_id if level == command.body["quantity"] else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set the levels that differ, one after the other, once it is known that all can be set."""
    wanted = {line["product_id"]: line["quantity"] for line in command.body["line_items"]}
    paths: dict[str, str] = {}
    for name, quantity in wanted.items():
        path, level = yield from _stocked(name)
        if level != quantity:
            paths[name] = path
    for name, path in paths.items():
        yield Call("PUT", path, {"stock_quantity": wanted[name]})
    return list(wanted)


def _stocked(name: str) -> Generator[Call, Json, tuple[str, int]]:
    """The path of a product or variation, and its level. Raises VendorRefused where it has none."""
    if not (name.isascii() and name.isdecimal()):
        raise VendorRefused(f"{name!r} is no id of WooCommerce's")
    path = f"/products/{name}"
    record = yield Call("GET", path, asks=True)
    if record["type"] == VARIATION:
        path = f"/products/{record['parent_id']}/variations/{name}"
        record = yield Call("GET", path, asks=True)
    if record["manage_stock"] == "parent":
        raise VendorRefused(f"{name!r} has the stock of its product {record['parent_id']}")
    if record["manage_stock"] is not True:
        raise VendorRefused(f"the shop does not manage the stock of {name!r}")
    return path, record["stock_quantity"]


def _flag(title: str, description: str) -> dict[str, Any]:
    return {"type": "boolean", "title": title, "description": description}


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number",),
        optional=OF_SHIPMENTS[1:],
        extra={
            "line_items": SENT_LINES,
            "notify_customer": _flag("Tell the customer", "Send them the note. Without: yes."),
        },
    ),
    create_order_shipment,
    find=find_shipment,
)
REFUND_ORDER = Operation(
    Accepts(
        required=("line_items.line_item_id",),
        optional=("line_items", "line_items.quantity", "line_items.amount", "amount", "reason"),
        any_of=(("line_items", "amount"),),
        extra={
            "api_refund": _flag("Pay back", "Have the payment gateway pay it back. Without: yes."),
            "api_restock": _flag("Restock", "Put what is refunded back into stock. Without: no."),
        },
    ),
    refund_order,
    find=find_refund,
)
ADJUST_INVENTORY = Operation(
    Accepts(required=("quantity", "adjustment_type")), adjust_inventory, find=find_level
)
BATCH_ADJUST_INVENTORY = Operation(
    Accepts(required=("line_items", "line_items.product_id", "line_items.quantity")), batch_adjust_inventory
)
