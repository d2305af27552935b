"""Purchase orders of Linnworks → our inbound shipments, bookings of returns → our returns. Pure."""

from crossdock.integrations.linnworks.read.parts import moment, part, parts
from crossdock.kit.additional import additional
from crossdock.kit.contract import Fields, Raw
from crossdock.kit.quantities import counted, in_whole_numbers
from crossdock.kit.values import added, text, whole

PURCHASE_STATUS = {"PENDING": "open", "OPEN": "open", "PARTIAL": "receiving", "DELIVERED": "received"}
RETURN_STATUS = {
    "OPEN": "open",
    "PENDING": "open",
    "PROCESSED": "received",
    "ERROR": "other",
    "ERROR_ACKED": "other",
}
BOOKING = ("NumOrderId", "ExternalReference", "OrderSource", "OrderSubSource", "ChannelInitiated")
COMING_BACK = frozenset({"Return", "Exchange"})
KEPT = ("SupplierReferenceNumber", "Currency", "TotalCost", "taxPaid", "ConversionRate", "Locked")


def inbound_shipment(raw: Raw) -> Fields:
    head = raw["PurchaseOrderHeader"]
    lines = [line for line in parts(raw, "PurchaseOrderItem") if not line.get("IsDeleted")]
    ordered = moment(head["DateOfPurchase"])
    word = text(head["Status"])
    fields = {
        "id": text(head["pkPurchaseID"]),
        "created_date": ordered,
        "updated_date": _latest(raw) or ordered,
        "purchase_order_number": text(head.get("ExternalInvoiceNumber")),
        "status": PURCHASE_STATUS.get(word or "", "other"),
        "raw_status": word,
        "supplier_object": {"supplier_id": text(head["fkSupplierId"])} if head.get("fkSupplierId") else {},
        "expected_arrival_date": moment(head.get("QuotedDeliveryDate")),
        "warehouse_id": text(head.get("fkLocationId")),
        "line_items": [_line(line) for line in lines],
        "receipts": _receipts(raw),
        "additional_fields": {
            **additional(head, *KEPT),
            "delivered_date": moment(head.get("DateOfDelivery")) if word == "DELIVERED" else None,
        },
    }
    return in_whole_numbers(fields)


def return_order(raw: Raw) -> Fields:
    word = text(part(raw, "Status").get("StatusHeader"))
    created = moment(raw["CreatedDate"])
    coming = (line for line in parts(raw, "RMALines") if line.get("Type") in COMING_BACK)
    lines = [line for line in coming if not line.get("Deleted")]
    return in_whole_numbers({
        "id": text(raw["RMAHeaderId"]),
        "created_date": created,
        "updated_date": moment(raw.get("LastActionDate")) or created,
        "status": RETURN_STATUS.get(word or "", "other"),
        "raw_status": word,
        "order_id": text(raw.get("OrderId")),
        "line_items": [_returned(raw, line) for line in lines],
        "additional_fields": {
            **additional(raw, *BOOKING),
            "status_detail": text(part(part(raw, "Status"), "StatusDetail").get("StatusDescription")),
        },
    })  # fmt: skip


def _latest(raw: Raw) -> str | None:
    """The time when goods came last, as the records of deliveries say."""
    dates = (moment(entry.get("ModifiedDateTime")) for entry in parts(raw, "DeliveredRecords"))
    return max(filter(None, dates), default=None)


def _line(line: Raw) -> Fields:
    return {
        "inventory_item_id": text(line["fkStockItemId"]),
        "sku": text(line.get("SKU")),
        "expected_quantity": counted([line["Quantity"]]),
        "received_quantity": counted([line["Delivered"]]),
        "external_id": text(line.get("pkPurchaseItemId")),
    }


def _receipts(raw: Raw) -> list[Fields]:
    lines = {text(line["pkPurchaseItemId"]): line for line in parts(raw, "PurchaseOrderItem")}
    return [
        {
            "id": text(entry["pkDeliveryRecordId"]),
            "arrived_date": moment(entry["CreatedDateTime"]),
            "line_items": [
                {
                    "inventory_item_id": text(line["fkStockItemId"]),
                    "sku": text(line.get("SKU")),
                    "quantity": counted([entry["DeliveredQuantity"]]),
                }
            ],
        }
        for entry in parts(raw, "DeliveredRecords")
        if (line := lines.get(text(entry.get("fkPurchaseItemId"))))
    ]


def _returned(raw: Raw, line: Raw) -> Fields:
    sku = text(line.get("ReturnItemSKU"))
    item_id = text(part(raw, "item_ids").get(str(sku).casefold()))
    is_back = bool(line.get("Actioned"))
    received = counted([line["ReturnQuantity"] if is_back else 0])
    kept = added([whole(line["ReturnQuantity"])], less=[whole(line.get("ScrapQuantity")) or 0])
    return {
        # An item that is no longer there has no id: then it is named by the row of the order.
        "inventory_item_id": item_id or text(line.get("OrderItemRowId")) or sku,
        "sku": sku,
        "expected_quantity": counted([line["ReturnQuantity"]]),
        "received_quantity": received,
        "restocked_quantity": kept if is_back else 0,
        "quantity": received,
        "return_reason": text(line.get("Reason")) or text(line.get("ReasonCategory")),
        "warehouse_id": text(line.get("ReturnLocation")),
        "returned_date": moment(line.get("ActionedDate")) if is_back else None,
    }
