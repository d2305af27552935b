"""Records of a made-up seller at Walmart Fulfillment Services, in the shapes of its description."""

from typing import Any

from tests.integrations.walmart.gateway import Record
from tests.mock_vendors.orders import SampleOrder

NEW_ORDER: Record = {
    "reference_id": "SO1001",
    "order_channel_id": "9f3a",
    "ship_to_address": {
        "full_name": "Ada Buyer", "address1": "1 Quay Road", "city": "Cedar Hill", "state": "MO",
        "postal_code": "63016", "country": "US", "phone_number": "5550100",
        "email_address": "ada@example.com",
    },
    "line_items": [{"sku": "CRATE-S", "quantity": 2}],
}  # fmt: skip
NEW_SHIPMENT: Record = {
    "purchase_order_number": "PO-9",
    "expected_arrival_date": "2026-02-01T00:00:00Z",
    "line_items": [{"sku": "CRATE-S", "expected_quantity": 5}],
    "return_address": {
        "address1": "1 Quay Road", "city": "Cedar Hill", "state": "MO", "postal_code": "63016",
        "country": "US",
    },
}  # fmt: skip
CENTRE = {"fcName": "NJ3", "addressLine1": "3 Sorbello Way", "city": "Pedricktown", "stateCode": "NJ",
          "countryCode": "US", "postalCode": "08067"}  # fmt: skip


def each(number: float) -> Record:
    return {"unitOfMeasure": "EA", "measurementValue": number}


def order(number: str, sample: SampleOrder, now: str) -> Record:
    text = sample.text
    address = {"addressLine1": text or "1 Quay Road", "city": text or "Cedar Hill", "stateCode": "MO",
               "countryCode": "US", "postalCode": "63016"}  # fmt: skip
    return {
        "sellerOrderId": number, "orderChannelId": "9f3a", "orderType": "DOMESTIC",
        "status": sample.status or "PROCESSING", "orderDate": now,
        "buyerInfo": {"primaryContact": {"name": {"firstName": "Ada", "lastName": "Buyer"}}},
        "orderLines": [line(text or f"Crate {n}", 1, address, now, text) for n in range(sample.lines)],
        "shipments": [],
    } | dict(sample.members)  # fmt: skip


def line(name: str, quantity: float, address: Record, now: str, text: str | None = None) -> Record:
    info = {
        "status": "PROCESSING",
        "statusDescription": "SUCCESSFULLY_SOURCED",
        "statusQuantity": each(quantity),
    }
    return {
        "fulfillmentType": "DELIVERY", "lastModified": now, "shippingMethod": "STANDARD",
        "shippingTier": "TWO_DAY",
        "orderLineQuantityInfo": [info], "orderProduct": {"productName": name}, "orderedQty": each(quantity),
        "customerShipToAddress": {
            "address": address, "name": {"completeName": text or "Ada Buyer", "firstName": "Ada"}
        },
    }  # fmt: skip


def shipment(number: str, lines: int, now: str) -> Record:
    return {
        "status": "SHIPPED", "statusDescription": "Shipped", "purchaseOrderId": "2873667778063",
        "scac": "FDEG",
        "trackingNo": f"T-{number}", "externalTrackingURL": "https://www.walmart.example/track",
        "shipmentNo": number,
        "actualShipmentDate": now, "carrierDescription": "Fedex", "carrierServiceCode": "7610",
        "packageId": f"P-{number}", "lastModified": now,
        "shipmentLines": [
            {"shipmentLineNo": f"710{n}", "fulfillerLineId": str(n + 1), "quantity": each(1)}
            for n in range(lines)
        ],
    }  # fmt: skip


def returned(number: str, order_id: str, now: str) -> Record:
    return {
        "returnOrderId": number, "customerEmailId": "A1@relay.walmart.com",
        "customerOrderId": "2000011",
        "returnType": "REFUND", "refundMode": "POST_DELIVERY", "returnOrderDate": now, "returnByDate": now,
        "totalRefundAmount": {"currencyAmount": 10.26, "currencyUnit": "USD"},
        "returnLineGroups": [{
            "groupNo": 1, "returnLines": [{"returnOrderLineNumber": 1}], "returnExpectedFlag": True,
            "labels": [{
                "carrierInfoList": [{"carrierId": "11", "carrierName": "FEDEX", "trackingNo": "R-1"}],
            }],
        }],
        "returnOrderLines": [{
            "returnOrderLineNumber": 1, "returnReason": "ARRIVED_LATE", "purchaseOrderId": order_id,
            "purchaseOrderLineNumber": 1, "item": {"sku": "CRATE-S", "productName": "Crate"},
            "quantity": each(1), "returnExpectedFlag": True, "isKeepIt": False, "refundedQty": 0,
            "status": "INITIATED", "statusTime": now,
        }],
    }  # fmt: skip


def inbound(number: str, body: Record, now: str) -> Record:
    items: list[Any] = body["orderItems"]
    return {
        "inboundOrderId": body["inboundOrderId"], "shipmentId": number, "shipToAddress": CENTRE,
        "returnAddress": body["returnAddress"], "status": "PENDING_SHIPMENT_DETAILS", "createdDate": now,
        "shipmentUnits": sum(item["itemQty"] for item in items), "receivedUnits": 0,
        "expectedDeliveryDate": items[0]["expectedDeliveryDate"], "trackingNo": [],
    }  # fmt: skip
