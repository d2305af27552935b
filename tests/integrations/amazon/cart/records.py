"""Records of a made-up seller on Amazon, as its descriptions have them."""

from typing import Any

from tests.integrations.amazon.common import MARKETPLACE, Record
from tests.mock_vendors.orders import SampleOrder


def order(number: int, sample: SampleOrder, now: str) -> Record:
    order_id = f"111-{number:07d}-0000001"
    free = sample.text
    items = [_item(number, line, free) for line in range(1, sample.lines + 1)]
    total = f"{9.99 * sample.lines:.2f}"
    fulfillment = {
        "fulfillmentStatus": sample.status or "UNSHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": free or "STANDARD",
        "shipByWindow": {"earliestDateTime": now, "latestDateTime": now},
    }
    address = {
        "name": free or "Robin Reed",
        "addressLine1": free or "1 Harbour Street",
        "addressLine2": free or "Loft",
        "city": free or "Reno",
        "stateOrRegion": "NV",
        "postalCode": "89501",
        "countryCode": "US",
        "addressType": "RESIDENTIAL",
    }
    made = {
        "orderId": order_id,
        "orderAliases": [{"aliasId": free or f"SO-{sample.number}", "aliasType": "SELLER_ORDER_ID"}],
        "createdTime": now,
        "lastUpdatedTime": now,
        "programs": ["PRIME"],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": MARKETPLACE,
            "marketplaceName": "Amazon.com",
        },
        "buyer": {"buyerName": free or "Robin Reed", "buyerEmail": "abc@marketplace.amazon.com"},
        "recipient": {"deliveryAddress": address},
        "proceeds": {"grandTotal": money(total)},
        "fulfillment": fulfillment,
        "orderItems": items,
    }
    return made | dict(sample.members)


def _item(number: int, line: int, free: str | None) -> Record:
    return {
        "orderItemId": f"{number}{line:06d}",
        "quantityOrdered": 1,
        "product": {
            "asin": "B0EXAMPLE1",
            "title": free or "Crate",
            "sellerSku": free or "CRATE-1",
            "price": {"unitPrice": money("9.00")},
        },
        "proceeds": {
            "proceedsTotal": money("9.99"),
            "breakdowns": [
                {"type": "ITEM", "subtotal": money("9.00")},
                {"type": "TAX", "subtotal": money("0.99")},
            ],
        },
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 1},
    }


def package(body: Record, now: str) -> Record:
    """The package that a confirmation makes."""
    detail = body["packageDetail"]
    carrier = detail.get("carrierName") or detail["carrierCode"]
    made = {
        "packageReferenceId": detail["packageReferenceId"],
        "createdTime": now,
        "packageStatus": {"status": "SHIPPED"},
        "carrier": carrier,
        "shipTime": detail["shipDate"],
        "trackingNumber": detail["trackingNumber"],
        "packageItems": detail["orderItems"],
    }
    return made | ({"shippingService": detail["shippingMethod"]} if "shippingMethod" in detail else {})


def listing(sku: str, name: str, now: str, **channel: Any) -> Record:
    return {
        "sku": sku,
        "summaries": [
            {
                "marketplaceId": MARKETPLACE,
                "asin": "B0EXAMPLE1",
                "productType": "LUGGAGE",
                "conditionType": "new_new",
                "status": ["BUYABLE", "DISCOVERABLE"],
                "itemName": name,
                "createdDate": now,
                "lastUpdatedDate": now,
                "mainImage": {"link": "https://m.example.com/crate.png", "height": 500, "width": 500},
            }
        ],
        "attributes": {
            "item_weight": [{"unit": "pounds", "value": 1.5, "marketplace_id": MARKETPLACE}],
            "fulfillment_availability": [
                {"fulfillment_channel_code": "DEFAULT", "lead_time_to_ship_max_days": 3}
            ],
        },
        "offers": [{"marketplaceId": MARKETPLACE, "offerType": "B2C", "price": money("9.00")}],
        "fulfillmentAvailability": [channel],
        "relationships": [{"marketplaceId": MARKETPLACE, "relationships": []}],
    }


def money(amount: str) -> Record:
    return {"amount": amount, "currencyCode": "USD"}
