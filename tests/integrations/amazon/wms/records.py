"""Records of a made-up seller's goods in Amazon's warehouses, as its descriptions have them."""

from tests.integrations.amazon.common import MARKETPLACE, Record
from tests.mock_vendors.orders import SampleOrder

SOURCE = {
    "name": "Robin Reed",
    "addressLine1": "1 Quay Road",
    "city": "Ann Arbor",
    "stateOrProvinceCode": "MI",
    "postalCode": "48104",
    "countryCode": "US",
    "phoneNumber": "1234567890",
}
NEW_ORDER: Record = {
    "reference_id": "shop-1",
    "service_level": "Standard",
    "ship_to_address": {
        "full_name": "Ada Example",
        "address1": "1 Main St",
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "country": "US",
    },
    "line_items": [{"product_id": "CRATE-1", "quantity": 2}],
}


def summary(sku: str, name: str, count: int, now: str) -> Record:
    return {
        "asin": "B0EXAMPLE1",
        "fnSku": f"X-{sku}",
        "sellerSku": sku,
        "condition": "NewItem",
        "inventoryDetails": {
            "fulfillableQuantity": count,
            "inboundWorkingQuantity": 0,
            "inboundShippedQuantity": 0,
            "inboundReceivingQuantity": 0,
            "reservedQuantity": {"totalReservedQuantity": 0, "pendingCustomerOrderQuantity": 0},
            "researchingQuantity": {"totalResearchingQuantity": 0},
            "unfulfillableQuantity": {"totalUnfulfillableQuantity": 0},
        },
        "lastUpdatedTime": now,
        "productName": name,
        "totalQuantity": count,
    }


def order(number: int, sample: SampleOrder, now: str) -> Record:
    """What a seller asked for, as `createFulfillmentOrder` takes it, and a state."""
    free = sample.text
    return placed(
        {
            "marketplaceId": MARKETPLACE,
            "sellerFulfillmentOrderId": f"MCF-{number}",
            "displayableOrderId": free or f"SO-{sample.number}",
            "displayableOrderDate": now,
            "displayableOrderComment": free or "Thank you",
            "shippingSpeedCategory": "Standard",
            "destinationAddress": {
                "name": free or "Robin Reed",
                "addressLine1": free or "1 Harbour Street",
                "city": free or "Reno",
                "stateOrRegion": "NV",
                "postalCode": "89501",
                "countryCode": "US",
            },
            "items": [
                {
                    "sellerSku": free or "CRATE-1",
                    "sellerFulfillmentOrderItemId": str(line),
                    "quantity": 1,
                }
                for line in range(1, sample.lines + 1)
            ],
        },
        sample.status or "Received",
        now,
    )


def placed(body: Record, status: str, now: str) -> Record:
    """An order as `getFulfillmentOrder` shows it."""
    said = {name: value for name, value in body.items() if name != "items"}
    said |= {"receivedDate": now, "fulfillmentOrderStatus": status, "statusUpdatedDate": now}
    items = [{**item, "cancelledQuantity": 0, "unfulfillableQuantity": 0} for item in body["items"]]
    return {
        "fulfillmentOrder": said,
        "fulfillmentOrderItems": items,
        "fulfillmentShipments": [],
        "returnItems": [],
        "returnAuthorizations": [],
    }


def shipment(number: int, order: Record, now: str) -> Record:
    """The shipment of a whole order, in one package."""
    return {
        "amazonShipmentId": f"D{number}",
        "fulfillmentCenterId": "RNO4",
        "fulfillmentShipmentStatus": "SHIPPED",
        "shippingDate": now,
        "fulfillmentShipmentItem": [
            {
                "sellerSku": item["sellerSku"],
                "sellerFulfillmentOrderItemId": item["sellerFulfillmentOrderItemId"],
                "quantity": item["quantity"],
                "packageNumber": number,
            }
            for item in order["fulfillmentOrderItems"]
        ],
        "fulfillmentShipmentPackage": [
            {"packageNumber": number, "carrierCode": "ONTRAC", "trackingNumber": f"T-{number}"}
        ],
    }


def plan(number: int, body: Record, now: str) -> Record:
    return {
        "inboundPlanId": f"wf{number:08d}-1234-abcd-5678-1234abcd5678",
        "name": body["name"],
        "createdAt": now,
        "lastUpdatedAt": now,
        "status": "ACTIVE",
        "marketplaceIds": body["destinationMarketplaces"],
        "sourceAddress": body["sourceAddress"],
        "shipments": [],
    }


def plan_item(item: Record) -> Record:
    return {
        "msku": item["msku"],
        "asin": "B0EXAMPLE1",
        "fnsku": f"X-{item['msku']}",
        "labelOwner": item["labelOwner"],
        "prepInstructions": [],
        "quantity": item["quantity"],
    }


def inbound_shipment(plan: Record, number: int, status: str) -> Record:
    address = {name: value for name, value in SOURCE.items() if name != "phoneNumber"}
    return {
        "shipmentId": f"sh{number:08d}-1234-abcd-5678-1234abcd5678",
        "placementOptionId": "pl1234abcd-1234-abcd-5678-1234abcd5678",
        "shipmentConfirmationId": "FBA1234ABCD",
        "name": plan["name"],
        "source": {"sourceType": "SELLER_FACILITY", "address": plan["sourceAddress"]},
        "destination": {"destinationType": "AMAZON_WAREHOUSE", "warehouseId": "RNO4", "address": address},
        "status": status,
    }


COLUMNS = (
    "return-date", "order-id", "sku", "asin", "fnsku", "product-name", "quantity", "fulfillment-center-id",
    "detailed-disposition", "reason", "status", "license-plate-number", "customer-comments",
)  # fmt: skip


def returned(number: int, order_id: str, now: str) -> Record:
    values = (
        now, order_id, "CRATE-1", "B0EXAMPLE1", "X-CRATE-1", "Crate", "1", "RNO4", "SELLABLE",
        "UNWANTED_ITEM", "Unit returned to inventory", f"LPN{number}", "",
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def table(rows: list[Record]) -> str:
    return "\r\n".join("\t".join(line) for line in [COLUMNS, *(row.values() for row in rows)])
