"""Records of the made-up supplier on Wayfair, in the shapes that clients of it are answered with."""

from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
SUPPLIER, WAREHOUSE = 194115, "2603"


def address(name: str, text: str | None = None) -> Record:
    return {
        "name": text or name, "address1": text or "1 Quay Road", "address2": text, "address3": None,
        "city": text or "Boston", "state": "MA", "country": "US", "postalCode": "02116",
        "phoneNumber": "555-0100",
    }  # fmt: skip


def order(number: int, sample: SampleOrder, now: str) -> Record:
    text = sample.text
    products = [
        {
            "partNumber": f"{text or 'CHAIR'}{f'-{line}' if line else ''}", "quantity": "2", "price": 17.07,
            "pieceCount": 1, "totalCost": 34.14, "name": text or "Chair", "weight": 12.5, "totalWeight": 25.0,
            "estShipDate": None, "fillDate": None, "sku": f"W{line:06d}", "isCancelled": False,
            "twoDayGuaranteeDeliveryDeadline": None, "customComment": text or "",
        }
        for line in range(sample.lines)
    ]  # fmt: skip
    return {
        "id": number, "storePrefix": "CS", "poNumber": f"CS{number}", "poDate": now, "orderId": number + 7,
        "supplierId": int(WAREHOUSE), "estimatedShipDate": "2026-02-09 08:00:00.000000 -05:00",
        "scheduledDeliveryDate": None, "deliveryMethodCode": "SP", "customerName": text or "Ada Buyer",
        "salesChannelName": "Wayfair", "orderType": None,
        "packingSlipUrl": f"https://api.wayfair.com/v1/packing_slip/CS{number}",
        "shippingInfo": {"shipSpeed": "GROUND", "carrierCode": "FDEG"},
        "warehouse": {"id": WAREHOUSE, "name": "Dock", "address": address("Dock")}, "products": products,
        "shipTo": address("Ada Buyer", text), "billTo": address("Wayfair", text), **sample.members,
    }  # fmt: skip


def part(number: int, name: str, *, is_live: bool = True) -> Record:
    sku = {
        "sku": f"W{number:06d}", "productName": name.title(), "className": "Chairs", "classId": 3,
        "status": "Live", "isLive": is_live, "collectionName": None, "displaySku": f"W{number:06d}",
        "minimumOrderQuantity": 1,
    }  # fmt: skip
    return {
        "productId": number, "upc": f"{number:012d}", "supplierPartNumber": name, "status": "Active",
        "skus": [sku],
    }  # fmt: skip
