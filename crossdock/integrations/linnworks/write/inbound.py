"""Purchase orders: create, change, receive. Pure."""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.linnworks.write.common import item_ids, stated, word
from crossdock.kit.contract import Accepts, Call, Command, Json, Operation, Search, Steps
from crossdock.kit.values import timestamp

AT = "/api/PurchaseOrder"
HEADER = (
    "pkPurchaseID", "SupplierReferenceNumber", "fkLocationId", "fkSupplierId", "Currency",
    "ExternalInvoiceNumber", "UnitAmountTaxIncludedType", "DateOfPurchase", "QuotedDeliveryDate",
    "ShippingTaxRate", "ConversionRate", "PostagePaid",
)  # fmt: skip
"""What a change of a purchase order sends back: it sets all of it."""


def create_inbound_shipment(command: Command) -> Steps:
    """Make a purchase order, give it its lines, and open it: only then is it awaited."""
    body = command.body
    ids = yield from item_ids(line["sku"] for line in body["line_items"])
    lines = _new_lines(body["line_items"], ids)
    has_lines, is_open = False, False
    purchase_id: Any = command.found
    if purchase_id is None:
        head = {"createParameters": _head(command)}
        purchase_id = yield Call("POST", f"{AT}/Create_PurchaseOrder_Initial", head)
    else:
        said = yield _purchase(purchase_id)
        has_lines = bool(said["PurchaseOrderItem"])
        is_open = said["PurchaseOrderHeader"]["Status"] != "PENDING"
    if not has_lines:
        added = {"request": {"PurchaseId": purchase_id, "ItemsToAdd": lines}}
        yield Call("POST", f"{AT}/Modify_PurchaseOrderItems_Bulk", added)
    if not is_open:
        opened = {"changeStatusParameter": {"pkPurchaseId": purchase_id, "status": "OPEN"}}
        yield Call("POST", f"{AT}/Change_PurchaseOrderStatus", opened)
    return str(purchase_id)


def find_inbound_shipment(command: Command) -> Search:
    """The purchase order with this number of this supplier that was made since."""
    body = command.body
    number = body["purchase_order_number"]
    wanted = {"SearchType": "Reference", "SearchValue": number, "EntriesPerPage": 100, "PageNumber": 1}
    answer = yield Call("POST", f"{AT}/Search_PurchaseOrders2", wanted, asks=True)
    for head in answer["Result"]:
        supplier = body["supplier_object"]["supplier_id"]
        is_same = (head["ExternalInvoiceNumber"], head["fkSupplierId"]) == (number, supplier)
        if is_same and command.is_since(timestamp(head["DateOfPurchase"])):
            return str(head["pkPurchaseID"])
    return None


def _head(command: Command) -> dict[str, Any]:
    body = command.body
    return stated({
        "fkSupplierId": body["supplier_object"]["supplier_id"],
        "fkLocationId": body["warehouse_id"],
        "ExternalInvoiceNumber": body["purchase_order_number"],
        "Currency": body["currency"],
        "ConversionRate": body.get("conversion_rate", 1),
        "DateOfPurchase": command.begun.isoformat() if command.begun else None,
        "QuotedDeliveryDate": timestamp(body.get("expected_arrival_date")),
    })  # fmt: skip


def _new_lines(lines: Sequence[Mapping[str, Any]], ids: Mapping[str, str]) -> list[dict[str, Any]]:
    """A line of each item: that of what is named twice is one. Its row goes by the item's id."""
    counts: dict[str, int] = {}
    for line in lines:
        sku = line["sku"].casefold()
        if sku not in ids:
            raise VendorRefused(f"Linnworks has no stock item {line['sku']!r}")
        counts[ids[sku]] = counts.get(ids[sku], 0) + line["expected_quantity"]
    return [{"Id": item_id, "StockItemId": item_id, "Qty": count} for item_id, count in counts.items()]


def update_inbound_shipment(command: Command) -> Steps:
    """Change the header of a purchase order that is not delivered."""
    body = command.body
    said = yield _purchase(command.record_id)
    head = {name: said["PurchaseOrderHeader"][name] for name in HEADER}
    head |= stated({
        "ExternalInvoiceNumber": body.get("purchase_order_number"),
        "fkLocationId": body.get("warehouse_id"),
        "QuotedDeliveryDate": timestamp(body.get("expected_arrival_date")),
    })  # fmt: skip
    yield Call("POST", f"{AT}/Update_PurchaseOrderHeader", {"updateParameter": head})
    return str(command.record_id)


def receive_inbound_shipment(command: Command) -> Steps:
    """Deliver what has come, line by line.

    Linnworks is told how many of a line have come in all. That is what we hold and what comes now: a line of
    which it says something else was changed meanwhile, but for one that was told already.
    """
    if command.found is not None:
        return command.found
    for line, before, after in (yield from _delivered(command)):
        if line["Delivered"] == after:
            continue
        if line["Delivered"] != before:
            raise VendorRefused(f"of {line['SKU']} some came meanwhile: sync the shipment, and try again")
        done = {"pkPurchaseId": command.record_id, "pkPurchaseItemId": line["pkPurchaseItemId"]}
        delivered = {"deliverItemParameter": done | {"Delivered": after}}
        yield Call("POST", f"{AT}/Deliver_PurchaseItem", delivered)
    return str(command.record_id)


def find_receipt(command: Command) -> Search:
    """The shipment, if all its lines have what is to have come."""
    lines = yield from _delivered(command)
    return str(command.record_id) if all(line["Delivered"] == after for line, _, after in lines) else None


def _delivered(command: Command) -> Generator[Call, Json, Sequence[tuple[Any, int, int]]]:
    """The lines that something comes of: what had come of each by what we hold, and what will have."""
    said = yield _purchase(command.record_id)
    held = {line["external_id"]: line["received_quantity"] for line in command.stored["line_items"]}
    lines = []
    for wanted in command.body["line_items"]:
        sku = wanted["sku"].casefold()
        rows = [row for row in said["PurchaseOrderItem"] if str(row["SKU"]).casefold() == sku]
        if len(rows) != 1:
            raise VendorRefused(f"the purchase order has not one line of {wanted['sku']!r} but {len(rows)}")
        before = held.get(rows[0]["pkPurchaseItemId"], 0)
        lines.append((rows[0], before, before + wanted["quantity"]))
    return lines


def _purchase(purchase_id: Any) -> Call:
    return Call("POST", f"{AT}/Get_PurchaseOrder", {"pkPurchaseId": purchase_id}, asks=True)


PLACE = {"warehouse_id": "warehouses"}
CREATE_INBOUND_SHIPMENT = Operation(
    Accepts(
        required=(
            "supplier_object", "supplier_object.supplier_id", "purchase_order_number", "warehouse_id",
            "line_items", "line_items.sku", "line_items.expected_quantity",
        ),
        optional=("expected_arrival_date",),
        extra={
            "currency": word("Currency", "What the purchase order is in, such as GBP."),
            "conversion_rate": {
                "type": "number",
                "exclusiveMinimum": 0,
                "title": "Conversion rate",
                "description": "From that currency to the account's; 1 unless it is said.",
            },
        },
        required_extra=("currency",),
        options={**PLACE, "supplier_object.supplier_id": "suppliers"},
    ),
    create_inbound_shipment,
    find=find_inbound_shipment,
)  # fmt: skip
UPDATE_INBOUND_SHIPMENT = Operation(
    Accepts(optional=("purchase_order_number", "expected_arrival_date", "warehouse_id"), options=PLACE),
    update_inbound_shipment,
)
RECEIVE_INBOUND_SHIPMENT = Operation(
    Accepts(required=("line_items", "line_items.sku", "line_items.quantity")),
    receive_inbound_shipment,
    find=find_receipt,
)
