"""Records of the made-up Linnworks account, in the shapes of its descriptions."""

from typing import Any
from uuid import UUID

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
DEFAULT = "00000000-0000-0000-0000-000000000000"
NO_DATE = "0001-01-01T00:00:00Z"


def named(number: int) -> str:
    """An id of Linnworks'."""
    return str(UUID(int=(0xC0FFEE << 96) + number))


NORTH, SUPPLIER, POST, EXPRESS = named(2), named(901), named(801), named(802)
CRATE, LID, SET = named(501), named(502), named(503)
LOCATIONS = [
    {
        "StockLocationId": place, "StockLocationIntId": number, "LocationName": name, "LocationTag": tag,
        "Address1": f"{number} Dock Road", "Address2": "", "City": "Chichester", "County": "West Sussex",
        "Country": "United Kingdom", "ZipCode": "PO19 1AA", "IsNotTrackable": False,
        "IsFulfillmentCenter": False, "IsWarehouseManaged": False,
    }
    for number, place, name, tag in ((1, DEFAULT, "Default", ""), (2, NORTH, "North", "N"))
]  # fmt: skip
SUPPLIERS = [{"pkSupplierID": SUPPLIER, "SupplierName": "Example Supplies", "Currency": "GBP"}]
METHODS = [
    {
        "Vendor": "Royal Mail",
        "PostalServices": [
            {
                "pkPostalServiceId": name, "PostalServiceName": title, "TrackingNumberRequired": False,
                "Vendor": "Royal Mail",
            }
            for name, title in ((POST, "Second class"), (EXPRESS, "Next day"))
        ],
    }
]  # fmt: skip
CHANNELS = [
    {
        "PkChannelId": 7, "Source": "EBAY", "SubSource": "EBAY1", "DisplayName": "eBay", "SourceType": "EBAY",
        "IsHidden": False,
    }
]  # fmt: skip
NEW_ORDER: Record = {
    "order_number": "SO-1001",
    "source": "DIRECT",
    "payment_status": "Paid",
    "invoice_currency_code": "GBP",
    "ship_to_address": {
        "full_name": "Ada Example", "address1": "1 Main St", "city": "Springfield", "country": "GB",
    },
    "line_items": [{"sku": "CRATE-1", "quantity": 2, "unit_price": 10.99}],
}  # fmt: skip


def item(number: str, sku: str, *, is_composite: bool = False) -> Record:
    return {
        "StockItemId": number, "StockItemIntId": int(number[-4:], 16), "ItemNumber": sku,
        "ItemTitle": f"Item {sku}", "BarcodeNumber": "4006381333931", "MetaData": "",
        "isBatchedStockType": False, "PurchasePrice": 2.5, "RetailPrice": 10.99, "TaxRate": 20.0,
        "CategoryName": "Boxes", "PackageGroupName": "Parcel", "Height": 10.0, "Width": 12.0, "Depth": 18.0,
        "Weight": 2.0, "CreationDate": "2026-01-05T09:00:00Z", "IsCompositeParent": is_composite,
        "InventoryTrackingType": 0, "Suppliers": [], "StockLevels": [],
    }  # fmt: skip


def level(item_record: Record, place: Record, count: int, reserved: int, now: str) -> Record:
    return {
        "Location": {
            "StockLocationId": place["StockLocationId"], "StockLocationIntId": place["StockLocationIntId"],
            "LocationName": place["LocationName"], "LocationTag": place["LocationTag"],
            "IsFulfillmentCenter": False, "IsWarehouseManaged": False, "BinRack": "A-11",
        },
        "StockLevel": count, "StockValue": count * 2.5, "MinimumLevel": -1, "InOrderBook": reserved, "Due": 0,
        "JIT": False, "InOrders": reserved, "Available": count - reserved, "UnitCost": 2.5,
        "SKU": item_record["ItemNumber"], "AutoAdjust": True, "LastUpdateDate": now,
        "LastUpdateOperation": "Direct", "PendingUpdate": False, "StockItemPurchasePrice": 2.5,
        "StockItemId": item_record["StockItemId"], "StockItemIntId": item_record["StockItemIntId"],
    }  # fmt: skip


def line(number: int, row: int, sku: str, item_id: str, count: int, price: float, text: str | None) -> Record:
    return {
        "RowId": named(number * 10_000 + row), "StockItemId": item_id, "IsService": False,
        "IsUnlinked": item_id == DEFAULT, "Quantity": count, "ItemNumber": str(row), "SKU": text or sku,
        "Title": text or f"Item {sku}", "PricePerUnit": price, "UnitCost": 2.5, "Discount": 0.0,
        "TaxRate": 20.0, "Cost": price * count, "CostIncTax": price * count, "DiscountValue": 0.0,
        "Weight": 2.0, "ChannelSKU": text or sku, "ChannelTitle": text or sku, "CompositeSubItems": [],
        "BinRacks": [],
    }  # fmt: skip


def order(number: int, lines: list[Record], now: str, said: Record, address: Record) -> Record:
    """An open order as version 2 has it."""
    total = sum(each["CostIncTax"] for each in lines)
    return {
        "OrderId": named(number), "NumOrderId": 100_000 + number, "Processed": False, "ProcessedOn": None,
        "PaidOn": now, "LastUpdated": now, "FulfilmentLocationId": DEFAULT,
        "GeneralInfo": {
            "Status": 1, "LabelPrinted": False, "InvoicePrinted": False, "PickListPrinted": False,
            "IsParked": False, "IsLocked": False, "IsMerged": False, "IsRuleRun": False, "Marker": 0,
            "NotesCount": 0, "Identifiers": [], "ReferenceNum": f"SO-{number}", "SecondaryReference": "",
            "ExternalReferenceNum": "", "ReceivedDate": now, "Source": "DIRECT", "SubSource": "",
            "DespatchByDate": NO_DATE, "NumItems": len(lines), "StockAllocationType": "NotAllocated", **said,
        },
        "ShippingInfo": {
            "Vendor": "Royal Mail", "PostalServiceId": POST, "PostalServiceName": "Second class",
            "TotalWeight": 2.0, "ItemWeight": 2.0, "PackageCategoryId": DEFAULT, "PackageCategory": "",
            "PackageType": "Parcel", "TrackingNumber": "", "ManualAdjust": False,
        },
        "CustomerInfo": {"ChannelBuyerName": "buyer", "Address": address, "BillingAddress": address},
        "TotalsInfo": {
            "Subtotal": total, "PostageCost": 5.0, "PostageCostExTax": 4.17, "Tax": 0.83,
            "TotalCharge": total + 5.0, "PaymentMethod": "Card", "TotalDiscount": 0.0, "Currency": "GBP",
            "CountryTaxRate": 20.0, "ConversionRate": 1.0,
        },
        "ExtendedProperties": [], "Folders": [], "Items": lines, "Notes": [],
    }  # fmt: skip


def address(text: str | None = None) -> Record:
    return {
        "EmailAddress": "buyer@example.com", "Address1": text or "1 Quay", "Address2": "", "Address3": "",
        "Town": text or "Chichester", "Region": "", "PostCode": "PO19 1AA", "Country": "United Kingdom",
        "FullName": text or "Ada Buyer", "Company": "", "PhoneNumber": "555-0100", "CountryId": named(44),
        "Continent": "Europe",
    }  # fmt: skip


def sample(number: int, wanted: SampleOrder, now: str) -> Record:
    lines = [line(number, row, "CRATE-1", CRATE, 1, 9.5, wanted.text) for row in range(1, wanted.lines + 1)]
    said: Record = {"Source": "EBAY", "SubSource": "EBAY1"}
    if wanted.status:
        said |= {"Status": 99, "StatusDescription": wanted.status}
    return order(number, lines, now, said, address(wanted.text)) | dict(wanted.members)


def details(raw: Record) -> Record:
    """The same order as version 1 has it."""
    said, shipping, totals = raw["GeneralInfo"], raw["ShippingInfo"], raw["TotalsInfo"]
    return {
        "OrderId": raw["OrderId"], "NumOrderId": raw["NumOrderId"], "Processed": raw["Processed"],
        "FulfilmentLocationId": raw["FulfilmentLocationId"],
        "GeneralInfo": {
            name: said[name] for name in ("Status", "ReferenceNum", "Source", "SubSource", "ReceivedDate")
        },
        "ShippingInfo": {**shipping, "PostageCost": totals["PostageCost"]},
        "CustomerInfo": raw["CustomerInfo"],
        "Items": [
            {name: each[name] for name in ("RowId", "StockItemId", "SKU", "Quantity")}
            for each in raw["Items"]
        ],
    }  # fmt: skip


def purchase(number: int, head: Record, now: str) -> Record:
    """A purchase order without lines."""
    header = {
        "pkPurchaseID": named(number), "SupplierReferenceNumber": "", "UnitAmountTaxIncludedType": 0,
        "QuotedDeliveryDate": now, "DateOfDelivery": head["DateOfPurchase"], "PostagePaid": 0.0,
        "TotalCost": 0.0, "taxPaid": 0.0, "ShippingTaxRate": 0.0, "Locked": False, "LineCount": 0,
        "DeliveredLinesCount": 0, **head, "Status": "PENDING",
    }  # fmt: skip
    return {
        "NoteCount": 0, "PurchaseOrderHeader": header, "PurchaseOrderItem": [], "AdditionalCosts": [],
        "PaymentStatements": [], "DeliveredRecords": [],
    }  # fmt: skip


def purchase_line(row: int, item_record: Record, count: int) -> Record:
    return {
        "pkPurchaseItemId": named(row), "fkStockItemId": item_record["StockItemId"], "Quantity": count,
        "Cost": 0.0, "Delivered": 0, "TaxRate": 0.0, "Tax": 0.0, "PackQuantity": 0, "PackSize": 0,
        "SKU": item_record["ItemNumber"], "ItemTitle": item_record["ItemTitle"], "IsDeleted": False,
        "SortOrder": 1,
    }  # fmt: skip


def booking(number: int, order_raw: Record, body: Record, now: str) -> Record:
    """A header of returns with its lines."""
    skus = {each["RowId"]: each["SKU"] for each in order_raw["Items"]}
    detail = {"StatusTag": "OPEN", "StatusDescription": "Open", "Actionable": True}
    status = {"StatusHeader": "OPEN", "StatusDetail": detail}
    lines = [
        {
            "RMARowId": number * 10 + row, "RMAHeaderId": number, "Type": "Return", "Status": status,
            "CreatedDate": now, "Actioned": False, "Deleted": False,
            "ReturnItemSKU": skus[each["OrderItemRowId"]],
            "ScrapQuantity": 0, **each,
        }
        for row, each in enumerate(body["ReturnItems"])
    ]  # fmt: skip
    return {
        "RMAHeaderId": number, "RMALines": lines, "OrderId": order_raw["OrderId"],
        "NumOrderId": order_raw["NumOrderId"], "Status": status, "OrderSource": "DIRECT",
        "OrderSubSource": "",
        "ExternalReference": body.get("Reference", ""), "ChannelInitiated": False, "CreatedDate": now,
        "Actioned": False,
    }  # fmt: skip
