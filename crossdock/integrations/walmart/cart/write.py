"""Our writes → calls of the Marketplace APIs, and the bodies they accept. Pure: one function per action."""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from decimal import Decimal
from importlib.resources import files
from typing import Any

from crossdock.errors import Uncertain, VendorRefused
from crossdock.integrations.walmart.moments import milliseconds
from crossdock.integrations.walmart.paths import segment
from crossdock.kit.cart_writes import SENT_LINES
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps

ORDERS, STOCK = "/v3/orders", "/v3/inventories"
CARRIERS = files(__package__).joinpath("carriers.txt").read_text(encoding="utf-8").splitlines()
"""Those that Walmart knows by name: description of the Orders API, "carrier"."""
METHODS = ("Standard", "Express", "OneDay", "Freight", "WhiteGlove", "Value")
REASONS = (
    "BillingError", "TaxExemptCustomer", "ItemNotAsAdvertised", "IncorrectItemReceived",
    "CancelledYetShipped", "ItemNotReceivedByCustomer", "IncorrectShippingPrice", "DamagedItem",
    "DefectiveItem", "CustomerChangedMind", "CustomerReceivedItemLate", "Missing Parts / Instructions",
    "Finance -> Goodwill", "Finance -> Rollback", "Buyer canceled", "Customer returned item",
    "General adjustment", "Merchandise not received", "Quality -> Missing Parts / Instructions",
    "Shipping & Delivery -> Damaged", "Shipping & Delivery -> Shipping Price Discrepancy", "Others",
)  # fmt: skip
WAITING = ("Created", "Acknowledged")
CHANGED, NEVER = "trackstar_updated_date", "1970-01-01T00:00:00Z"
"""When what we hold of an order last changed: since the caller asked, a sync may have met the refund."""
MOST_ITEMS = 50
"""In one batch: each takes two calls of 200 a minute."""


# Shipments


def create_order_shipment(command: Command) -> Steps:
    """Acknowledge an order where that is due, and send what is left of it, or some lines."""
    if command.found is not None:
        return command.found
    order = yield from _order(command)
    lines = _lines(order)
    wanted = _wanted(command, lines)
    if not wanted:
        raise VendorRefused("nothing of this order is left to be sent")
    tracking = _tracking(command, order)
    if any(_quantity(line, ("Created",)) for line in lines):
        yield Call("POST", f"{_path(command)}/acknowledge")
    reference = command.body.get("seller_order_id", str(command.record_id))
    sent = [
        {
            "lineNumber": name,
            **_override(command),
            "sellerOrderId": reference,
            "orderLineStatuses": {
                "orderLineStatus": [
                    {
                        "status": "Shipped",
                        "statusQuantity": {"unitOfMeasurement": "EACH", "amount": str(quantity)},
                        "trackingInfo": tracking,
                    }
                ]
            },
        }
        for name, quantity in wanted.items()
    ]
    yield Call("POST", f"{_path(command)}/shipping", {"orderShipment": {"orderLines": {"orderLine": sent}}})
    return str(command.record_id)


def find_shipment(command: Command) -> Search:
    """The order, if all lines that were to be sent bear the tracking number."""
    lines = _lines((yield from _order(command)))
    tracked = {line["lineNumber"] for line in lines if _bears(line, command.body["tracking_number"])}
    wanted = {line["line_item_id"] for line in command.body.get("line_items", ())}
    if wanted:
        return command.record_id if wanted <= tracked else None
    is_all = not any(_quantity(line, WAITING) for line in lines)
    return command.record_id if tracked and is_all else None


def _tracking(command: Command, order: Mapping[str, Any]) -> dict[str, Any]:
    body = command.body
    name = body["carrier_name"]
    known = next((carrier for carrier in CARRIERS if carrier.casefold() == name.casefold()), None)
    if known is None and "tracking_url" not in body:
        raise VendorRefused(f"Walmart does not know the carrier {name!r}: say its tracking_url, too")
    method = body.get("shipping_method_name", order["shippingInfo"]["methodCode"])
    if method not in METHODS:
        raise VendorRefused(f"{method!r} is none of Walmart's shipping methods: {', '.join(METHODS)}")
    if command.begun is None:
        raise VendorRefused("Walmart wants to know when it was sent")
    link = {"trackingURL": body["tracking_url"]} if "tracking_url" in body else {}
    return {
        "shipDateTime": milliseconds(command.begun),
        "carrierName": {"carrier": known} if known else {"otherCarrier": name},
        "methodCode": method,
        "trackingNumber": body["tracking_number"],
        **link,
    }


def _override(command: Command) -> dict[str, bool]:
    if "intent_to_cancel_override" not in command.body:
        return {}
    return {"intentToCancelOverride": command.body["intent_to_cancel_override"]}


def _wanted(command: Command, lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The quantity of each line that is sent."""
    left = {line["lineNumber"]: _quantity(line, WAITING) for line in lines}
    if "line_items" not in command.body:
        return {name: quantity for name, quantity in left.items() if quantity}
    wanted: dict[str, int] = {}
    for line in command.body["line_items"]:
        name = line["line_item_id"]
        wanted[name] = wanted.get(name, 0) + line["quantity"]
        if wanted[name] > _of(left, name):
            raise VendorRefused(f"of line {name!r} {left[name]} are left to be sent")
    return wanted


def _of(lines: Mapping[str, Any], name: str) -> Any:
    if name not in lines:
        raise VendorRefused(f"the order has no line {name!r}")
    return lines[name]


def _quantity(line: Mapping[str, Any], words: Sequence[str]) -> int:
    """The quantity of a line in one of these statuses."""
    parts = line["orderLineStatuses"]["orderLineStatus"]
    return sum(int(part["statusQuantity"]["amount"]) for part in parts if part["status"] in words)


def _bears(line: Mapping[str, Any], number: str) -> bool:
    parts = line["orderLineStatuses"]["orderLineStatus"]
    return any((part.get("trackingInfo") or {}).get("trackingNumber") == number for part in parts)


# Refunds


def refund_order(command: Command) -> Steps:
    """Give back lines whole, or an amount of each. Walmart takes no mixture of both."""
    if command.found is not None:
        return command.found
    lines = {line["lineNumber"]: line for line in _lines((yield from _order(command)))}
    refunded = [_refunded(command, line, wanted) for line, wanted in _of_lines(command, lines)]
    if len({line["isFullRefund"] for line in refunded}) > 1:
        raise VendorRefused("Walmart gives back lines whole or by amount, not both at once")
    body = {"purchaseOrderId": str(command.record_id), "orderLines": {"orderLine": refunded}}
    yield Call("POST", f"{_path(command)}/refund", {"orderRefund": body})
    return str(command.record_id)


def find_refund(command: Command) -> Search:
    """The order, if its lines show refunds of this size that we do not hold yet.

    Raises Uncertain where it may be among others, or is one that a sync has met: Walmart dates no
    refund, and money is not given back twice.
    """
    lines = {line["lineNumber"]: line for line in _lines((yield from _order(command)))}
    held = command.stored.get("additional_fields", {}).get("refunds") or []
    are_same, are_new, are_held = [], [], []
    for line, wanted in _of_lines(command, lines):
        known = sum(len(entry["charges"]) for entry in held if entry["line_item_id"] == line["lineNumber"])
        returned = [_size(charge) for charge in _charges_given_back(line)]
        sizes = Counter(_size(charge) for charge in _refund_charges(command, line, wanted))
        are_same.append(Counter(returned[known:]) == sizes)
        are_new.append(len(returned) != known)
        are_held.append(sizes <= Counter(returned[:known]))
    if all(are_same):
        return command.record_id
    if any(are_new) or (all(are_held) and command.is_since(command.stored.get(CHANGED, NEVER))):
        raise Uncertain("the order shows refunds of which nobody can tell whether this one is among them")
    return None


def _charges_given_back(line: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The amount of a line that Walmart shows as given back."""
    refund = line.get("refund") or {}
    return (refund.get("refundCharges") or {}).get("refundCharge") or []


def _size(charge: Mapping[str, Any]) -> Decimal:
    return abs(Decimal(str(charge["charge"]["chargeAmount"]["amount"])))


def _of_lines(
    command: Command, lines: Mapping[str, Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each line of the order that is refunded, with what the caller says of it."""
    if "line_items" in command.body:
        if "amount" in command.body:
            raise VendorRefused("say an amount for each of line_items, or one and no line_items")
        return [(_of(lines, wanted["line_item_id"]), wanted) for wanted in command.body["line_items"]]
    if len(lines) != 1:
        raise VendorRefused("Walmart gives back by line: say an amount for each of line_items")
    return [(line, {"amount": command.body["amount"]}) for line in lines.values()]


def _refunded(command: Command, line: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    ordered = int(line["orderLineQuantity"]["amount"])
    if "amount" not in wanted and wanted.get("quantity", ordered) != ordered:
        raise VendorRefused("of a part of a line Walmart wants to know the amount")
    comments = {"refundComments": command.body["reason"]} if "reason" in command.body else {}
    charges = {"refundCharge": _refund_charges(command, line, wanted)}
    return {
        "lineNumber": line["lineNumber"],
        "isFullRefund": "amount" not in wanted,
        "refunds": {"refund": [{**comments, "refundCharges": charges}]},
    }


def _refund_charges(
    command: Command, line: Mapping[str, Any], wanted: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """An amount of the price, or all charges of a line with their tax; below zero, as Walmart writes them."""
    charges = line["charges"]["charge"]
    said = command.body.get("reason")
    reason = command.body.get("refund_reason", said if said in REASONS else "Others")
    if "amount" in wanted:
        currency = charges[0]["chargeAmount"]["currency"]
        amount = {"currency": currency, "amount": -wanted["amount"]}
        charge = {"chargeType": "PRODUCT", "chargeName": "Item Price", "chargeAmount": amount}
        return [{"refundReason": reason, "charge": charge}]
    return [{"refundReason": reason, "charge": _taken_back(charge)} for charge in charges]


def _taken_back(charge: Mapping[str, Any]) -> dict[str, Any]:
    taken = {
        "chargeType": charge["chargeType"],
        "chargeName": charge["chargeName"],
        "chargeAmount": _negative(charge["chargeAmount"]),
    }
    if charge.get("tax"):
        tax = charge["tax"]
        taken["tax"] = {"taxName": tax["taxName"], "taxAmount": _negative(tax["taxAmount"])}
    return taken


def _negative(amount: Mapping[str, Any]) -> dict[str, Any]:
    return {"currency": amount["currency"], "amount": -amount["amount"]}


# Stock: Walmart is told what is on hand, and callers mean what can be sold; what is reserved is between


def adjust_inventory(command: Command) -> Steps:
    """Set a level at a ship node."""
    if command.found is not None:
        return command.found
    name, body = str(command.record_id), command.body
    node = _node((yield from _nodes(name)), name, body.get("warehouse_id"))
    change, available = body["quantity"], node["availToSellQty"]["amount"]
    if body["adjustment_type"] == "exact":
        change -= available
    elif body["adjustment_type"] == "decrease":
        change = -change
    if available + change < 0:
        raise VendorRefused(f"of {name!r} only {available} can be sold")
    yield from _set(name, {node["shipNode"]: node["inputQty"]["amount"] + change})
    return name


def find_level(command: Command) -> Search | None:
    """Search for an exact quantity; that something was added or taken away can't be told from the level."""
    return _find_exact(command) if command.body["adjustment_type"] == "exact" else None


def _find_exact(command: Command) -> Search:
    name = str(command.record_id)
    node = _node((yield from _nodes(name)), name, command.body.get("warehouse_id"))
    return name if node["availToSellQty"]["amount"] == command.body["quantity"] else None


def batch_adjust_inventory(command: Command) -> Steps:
    """Set the levels of some items, one after the other: doing it again sets the same."""
    lines = command.body["line_items"]
    names = list(dict.fromkeys(line["product_id"] for line in lines))
    if len(names) > MOST_ITEMS:
        raise VendorRefused(f"Walmart takes items one by one: at most {MOST_ITEMS} at once")
    levels: dict[str, dict[str, Any]] = {}
    for name in names:
        nodes = yield from _nodes(name)
        for line in lines:
            if line["product_id"] == name:
                node = _node(nodes, name, line.get("warehouse_id"))
                reserved = node["inputQty"]["amount"] - node["availToSellQty"]["amount"]
                levels.setdefault(name, {})[node["shipNode"]] = line["quantity"] + reserved
    # All are looked up before the first is set: what is not stocked there is refused with nothing changed.
    for name in names:
        yield from _set(name, levels[name])
    return names


def _nodes(name: str) -> Generator[Call, Json, Sequence[Mapping[str, Any]]]:
    answer = yield Call("GET", f"{STOCK}/{segment(name)}", asks=True)
    nodes: Sequence[Mapping[str, Any]] = answer["nodes"]
    return nodes


def _node(nodes: Sequence[Mapping[str, Any]], name: str, warehouse: str | None) -> Mapping[str, Any]:
    places = {str(node["shipNode"]): node for node in nodes}
    if warehouse is None and len(places) != 1:
        raise VendorRefused(f"say at which warehouse_id: {name!r} is at {', '.join(places) or 'none'}")
    place = next(iter(places)) if warehouse is None else warehouse
    if place not in places:
        raise VendorRefused(f"{name!r} is not stocked at {place!r}")
    return places[place]


def _set(name: str, levels: Mapping[str, Any]) -> Generator[Call, Json, None]:
    nodes = [
        {"shipNode": place, "inputQty": {"unit": "EACH", "amount": level}} for place, level in levels.items()
    ]
    answer = yield Call("PUT", f"{STOCK}/{segment(name)}", {"inventories": {"nodes": nodes}})
    for node in answer["nodes"]:
        if node["status"] != "Success":
            faults = [fault.get("description") or fault["code"] for fault in node.get("errors") or []]
            raise VendorRefused(f"{node['shipNode']}: {'; '.join(faults) or node['status']}")


# What all have in common


def _order(command: Command) -> Generator[Call, Json, Mapping[str, Any]]:
    answer = yield Call("GET", _path(command), asks=True)
    order: Mapping[str, Any] = answer["order"]
    return order


def _lines(order: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    lines: Sequence[Mapping[str, Any]] = order["orderLines"]["orderLine"]
    return lines


def _path(command: Command) -> str:
    return f"{ORDERS}/{segment(str(command.record_id))}"


CREATE_ORDER_SHIPMENT = Operation(
    Accepts(
        required=("tracking_number", "carrier_name"),
        optional=("tracking_url", "shipping_method_name"),
        extra={
            "line_items": SENT_LINES,
            "seller_order_id": {
                "title": "Order number of your own",
                "description": "It is printed on the label of a return. Without: the purchase order id.",
                "type": "string",
                "minLength": 1,
                "maxLength": 30,
            },
            "intent_to_cancel_override": {
                "title": "Send in spite of a wish to cancel",
                "description": "Must be true for lines that the customer asked to cancel.",
                "type": "boolean",
            },
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
            "refund_reason": {
                "title": "Walmart's reason",
                "description": 'Without: `reason` where it is one of these, else "Others".',
                "enum": list(REASONS),
            }
        },
    ),
    refund_order,
    find=find_refund,
)
ADJUST_INVENTORY = Operation(
    Accepts(required=("quantity", "adjustment_type"), optional=("warehouse_id",)),
    adjust_inventory,
    find=find_level,
)
BATCH_ADJUST_INVENTORY = Operation(
    Accepts(
        required=("line_items", "line_items.product_id", "line_items.quantity"),
        optional=("line_items.warehouse_id",),
    ),
    batch_adjust_inventory,
)
