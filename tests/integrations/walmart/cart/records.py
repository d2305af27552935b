"""Records of a made-up seller on Walmart.com, in the shapes of its description."""

from collections.abc import Sequence
from typing import Any

from tests.integrations.walmart.gateway import Record
from tests.mock_vendors.orders import SampleOrder

NODES = ("100009", "79897837271126017")


def quantity(number: int) -> Record:
    return {"unitOfMeasurement": "EACH", "amount": str(number)}


def level(number: int) -> Record:
    return {"unit": "EACH", "amount": number}


def charge(kind: str, name: str, amount: float, tax: float) -> Record:
    money = {"currency": "USD", "amount": amount}
    levied = {"taxName": "Tax1", "taxAmount": {"currency": "USD", "amount": tax}}
    return {"chargeType": kind, "chargeName": name, "chargeAmount": money, "tax": levied}


def order(number: str, sample: SampleOrder, now: int) -> Record:
    text = sample.text
    address = {
        "name": text or "Ada Buyer", "address1": text or "1 Quay Road", "address2": "",
        "city": text or "Cedar Hill",
        "state": "MO", "postalCode": "63016", "country": "USA", "addressType": "RESIDENTIAL",
    }  # fmt: skip
    return {
        "purchaseOrderId": number,
        "customerOrderId": f"20000{sample.number:06}",
        "customerEmailId": "A1B2C3@relay.walmart.com",
        "orderType": "REGULAR",
        "orderDate": now,
        "shippingInfo": {
            "phone": "5550100", "estimatedDeliveryDate": now + 864_000_000,
            "estimatedShipDate": now + 172_800_000,
            "methodCode": "Value", "postalAddress": address,
        },
        "orderLines": {
            "orderLine": [_line(str(each + 1), sample, now) for each in range(sample.lines)]
        },
        "shipNode": {"type": "SellerFulfilled"},
    } | dict(sample.members)  # fmt: skip


def _line(number: str, sample: SampleOrder, now: int) -> Record:
    return {
        "lineNumber": number,
        "item": {"productName": sample.text or "Crate", "sku": "CRATE-S", "condition": "New"},
        "charges": {
            "charge": [charge("PRODUCT", "ItemPrice", 9.5, 0.76), charge("SHIPPING", "Shipping", 2, 0)]
        },
        "orderLineQuantity": quantity(1),
        "statusDate": now,
        "orderLineStatuses": {
            "orderLineStatus": [{"status": sample.status or "Created", "statusQuantity": quantity(1)}]
        },
        "fulfillment": {"fulfillmentOption": "S2H", "shipMethod": "VALUE", "pickUpDateTime": now},
    }


def item(sku: str, name: str, number: int) -> Record:
    return {
        "mart": "WALMART_US", "sku": sku, "condition": "New", "wpid": f"0RE1TWYTK{number:03}",
        "upc": f"{886859944807 + number}", "gtin": f"00{886859944807 + number}", "productName": name,
        "shelf": '["Home Page","Storage"]', "productType": "Storage Boxes",
        "price": {"currency": "USD", "amount": 9.5}, "publishedStatus": "PUBLISHED",
        "lifecycleStatus": "ACTIVE",
    }  # fmt: skip


def nodes(stock: dict[str, list[int]]) -> list[Record]:
    """The levels at ship nodes. stock: what was put in and what of it is reserved, by node."""
    return [
        {"shipNode": place, "inputQty": level(put), "availToSellQty": level(put - reserved),
         "reservedQty": level(reserved)}
        for place, (put, reserved) in stock.items()
    ]  # fmt: skip


def parts(line: Record) -> list[Record]:
    found: list[Record] = line["orderLineStatuses"]["orderLineStatus"]
    return found


def amount_in(line: Record, words: Sequence[str]) -> int:
    return sum(int(part["statusQuantity"]["amount"]) for part in parts(line) if part["status"] in words)


def moved(line: Record, words: Sequence[str], part: Record, now: int) -> None:
    """Take a part's quantity from the parts of a line in these states, and add it in its own."""
    left = int(part["statusQuantity"]["amount"])
    for other in parts(line):
        if other["status"] in words and left:
            had = int(other["statusQuantity"]["amount"])
            other["statusQuantity"] = quantity(had - min(had, left))
            left -= min(had, left)
    kept = [each for each in parts(line) if each["statusQuantity"]["amount"] != "0"]
    line["orderLineStatuses"]["orderLineStatus"] = [*kept, part]
    line["statusDate"] = now


def total(charges: Sequence[Record]) -> float:
    amounts: list[Any] = [each["chargeAmount"]["amount"] for each in charges]
    return round(abs(sum(amounts)), 2)
