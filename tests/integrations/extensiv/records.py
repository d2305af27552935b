"""Records of a made-up 3PL, as Extensiv's documentation shows them."""

from collections.abc import Callable
from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
CUSTOMER, OTHER_CUSTOMER, FACILITY, OTHER_FACILITY = 7, 8, 1, 2
RELS = "http://api.3plCentral.com/rels/"
ADDRESS = {
    "companyName": "Harbour Supplies", "name": "Ada Example", "address1": "1 Main St", "address2": None,
    "city": "Springfield", "state": "IL", "zip": "62701", "country": "US", "phoneNumber": "555-0100",
    "emailAddress": "ada@example.com",
}  # fmt: skip
CARRIERS: list[Record] = [
    {
        "name": "UPS", "description": "United Parcel Service", "scacCode": "UPSN", "deactivated": False,
        "carrierCode": "ups",
        "shipmentServices": [{"code": "03", "description": "Ground", "deactivated": False}],
    },
    {"name": "Our own", "description": None, "scacCode": None, "deactivated": False, "shipmentServices": []},
]  # fmt: skip
NEW_ORDER: Record = {
    "warehouse_customer_id": str(CUSTOMER),
    "warehouse_id": str(FACILITY),
    "order_number": "SO-1",
    "ship_to_address": {
        "full_name": "Ada Example", "address1": "1 Main St", "city": "Springfield", "state": "IL",
        "postal_code": "62701", "country": "US",
    },
    "line_items": [{"sku": "CRATE-1", "quantity": 2}],
}  # fmt: skip


def facility_of(number: int) -> Record:
    return {"name": f"Facility {number}", "id": number}


def customer_of(number: int) -> Record:
    return {"externalId": None, "name": f"Customer {number}", "id": number}


def customer(number: int, facilities: tuple[int, ...], now: str) -> Record:
    return {
        "readOnly": {"customerId": number, "creationDate": now, "deactivated": False},
        "companyInfo": {**ADDRESS, "companyName": f"Customer {number}"},
        "primaryContact": {**ADDRESS, "emailAddress": f"contact{number}@example.com"},
        "externalId": None,
        "facilities": [facility_of(each) for each in facilities],
        "primaryFacilityIdentifier": facility_of(facilities[0]),
    }


def facility(number: int) -> Record:
    return {
        "facilityId": number, "name": f"Facility {number}", "deactivated": False, "code": f"F{number}",
        "timeZoneName": "Pacific Standard Time", "contact": ADDRESS,
    }  # fmt: skip


def location(number: int, place: int) -> Record:
    return {
        "locationId": number, "name": f"A-{number}", "description": None, "deactivated": False,
        "facilityIdentifier": facility_of(place), "quarantinable": False, "nonPickable": False,
    }  # fmt: skip


def item(number: int, owner: int, sku: str, now: str) -> Record:
    said = {"customerIdentifier": customer_of(owner), "itemId": number, "creationDate": now}
    return {
        "readOnly": {**said, "lastModifiedDate": now, "deactivated": False},
        "itemId": number, "sku": sku, "upc": "4006381333931", "description": f"Item {sku}",
        "cost": 2.5, "price": 10.99, "kit": None,
        "options": {"inventoryUnit": {"unitIdentifier": {"name": "Each", "id": 1}}},
    }  # fmt: skip


def stock(number: int, of: Record, place: int, count: int) -> Record:
    where = {"nameKey": {"facilityIdentifier": facility_of(place), "name": "A-11"}, "id": 11}
    return {
        "receiveItemId": number, "itemIdentifier": {"sku": of["sku"], "id": of["itemId"]}, "received": count,
        "available": count, "isOnHold": False, "quarantined": False, "onHand": count, "lotNumber": None,
        "expirationDate": None, "locationIdentifier": where, "receivedDate": "2026-01-05T09:00:00",
    }  # fmt: skip


def transaction(name: str, number: int, owner: int, place: int, now: str) -> Record:
    """What Extensiv says itself of an order or a receiver."""
    return {
        name: number, "customerIdentifier": customer_of(owner), "facilityIdentifier": facility_of(place),
        "creationDate": now, "lastModifiedDate": now, "status": 0,
    }  # fmt: skip


def order(number: int, body: Record, now: str, known: Callable[[int, Record], Record]) -> Record:
    """An order out of what a POST says. known: the item of a customer by an identifier."""
    owner, place = body["customerIdentifier"]["id"], body["facilityIdentifier"]["id"]
    said = transaction("orderId", number, owner, place, now)
    lines = [
        {
            **line,
            "readOnly": {"orderItemId": number * 10_000 + count, "unitIdentifier": {"name": "Each", "id": 1}},
            "itemIdentifier": known(owner, line["itemIdentifier"]),
        }
        for count, line in enumerate(body["orderItems"])
    ]
    own = {"customerIdentifier", "facilityIdentifier", "orderItems"}
    rest = {name: value for name, value in body.items() if name not in own}
    flags: Record = {"fullyAllocated": True, "isClosed": False, "processDate": None, "pickDoneDate": None,
             "packDoneDate": None, "onHoldDate": None, "packages": []}  # fmt: skip
    return {
        "poNum": None, "externalId": None, "routingInfo": {}, **rest, "readOnly": {**said, **flags},
        "_embedded": {f"{RELS}orders/item": lines},
    }  # fmt: skip


def sample(number: int, order_: SampleOrder, now: str, known: Callable[[int, Record], Record]) -> Record:
    """An order for the shared suite."""
    word = order_.text
    address = {name: word or part for name, part in ADDRESS.items() if part is not None}
    body = {
        "customerIdentifier": {"id": CUSTOMER}, "facilityIdentifier": {"id": FACILITY},
        "referenceNum": word or f"HB-{order_.number}", "externalId": word or f"shop-{order_.number}",
        "poNum": word, "notes": word, "shipTo": address,
        "routingInfo": {"carrier": word or "UPS", "mode": word or "Ground", "scacCode": None},
        "orderItems": [
            {"itemIdentifier": {"sku": "CRATE-1"}, "qty": 2, "fulfillInvSalePrice": 10.99}
            for _ in range(order_.lines)
        ],
    }  # fmt: skip
    made = order(number, body, now, known)
    if order_.status is not None:
        made["readOnly"]["status"] = order_.status
    return made | dict(order_.members)


def receiver(number: int, body: Record, now: str, known: Callable[[int, Record], Record]) -> Record:
    owner, place = body["customerIdentifier"]["id"], body["facilityIdentifier"]["id"]
    said = transaction("receiverId", number, owner, place, now)
    said["receiverType"] = 1 if body.get("isReturn") else 0
    own = {"customerIdentifier", "facilityIdentifier", "receiveItems", "isReturn"}
    rest = {name: value for name, value in body.items() if name not in own}
    lines = [
        {
            **line,
            "readOnly": {"receiveItemId": number * 10_000 + count, "expectedQty": None},
            "itemIdentifier": known(owner, line["itemIdentifier"]),
            "cost": 2.5,
        }
        for count, line in enumerate(body["receiveItems"])
    ]
    return {"poNum": None, "arrivalDate": None, **rest, "readOnly": said,
            "_embedded": {f"{RELS}inventory/receiveritem": lines}}  # fmt: skip
