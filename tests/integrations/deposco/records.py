"""Records of a made-up warehouse, in the form of answers of Deposco's."""

from typing import Any

from tests.mock_vendors.orders import SampleOrder

Record = dict[str, Any]
API = "https://api.deposco.com/latest"
COMPANY, OTHER_COMPANY, FACILITY = "HARBOUR", "ATTIC", "RENO"
NEW_ORDER: Record = {
    "warehouse_customer_id": COMPANY,
    "warehouse_id": FACILITY,
    "order_number": "SO-1",
    "ship_to_address": {
        "full_name": "Ada Example", "address1": "1 Main St", "city": "Springfield", "state": "IL",
        "postal_code": "62701", "country": "US",
    },
    "line_items": [{"sku": "CRATE-1", "quantity": 2}],
}  # fmt: skip


def ref(record_id: int, path: str, **key: Any) -> Record:
    """A reference; two underscores stand for a dot in a name of its key."""
    names = {name.replace("__", "."): value for name, value in key.items()}
    return {"id": record_id, "businessKey": names, "href": f"{API}/{path}/{record_id}"}


def company_ref(code: str) -> Record:
    return ref(73 if code == COMPANY else 74, "companies", code=code)


def item_ref(number: int, sku: str, code: str = COMPANY) -> Record:
    return ref(number, "items", number=sku, businessUnit__code=code)


def pack_ref(number: int, sku: str, holds: int = 1, code: str = COMPANY) -> Record:
    key = {"item__businessUnit__code": code, "quantity": holds, "item__number": sku}
    return ref(number, f"items/{number}/packs", **key)


def whole(records: list[Record]) -> Record:
    """A collection that has all of its records."""
    return {"data": records, "links": [], "complete": True, "pages": 1}


def company(code: str, now: str) -> Record:
    return {
        "self": company_ref(code), "code": code, "name": f"{code.title()} Supplies", "active": True,
        "contact": {"firstName": "Ada", "lastName": "Example", "email": "ada@example.com"},
        "timeZone": "US/Central", "createdDate": now, "updatedDate": now,
    }  # fmt: skip


def facility(now: str) -> Record:
    return {
        "self": ref(1, "facilities", number=FACILITY), "businessUnit": company_ref(COMPANY),
        "number": FACILITY, "name": "Reno", "type": "Distribution Center",
        "address": {"line1": "5 Quay Rd", "city": "Reno", "stateProvince": "NV", "postalCode": "89502",
                    "country": "US"},
        "createdDate": now, "updatedDate": now,
    }  # fmt: skip


def location(number: int, now: str) -> Record:
    return {
        "self": ref(number, "locations"), "businessUnit": company_ref(COMPANY),
        "facility": ref(1, "facilities", number=FACILITY), "locator": f"A-{number}",
        "name": f"Aisle {number}",
        "type": "Rack Picking", "pickable": True, "createdDate": now, "updatedDate": now,
    }  # fmt: skip


def partner(number: int, kind: str, now: str) -> Record:
    code = f"P{number}"
    return {
        "self": ref(number, "tradingPartners", code=code, businessUnit__code=COMPANY),
        "businessUnit": company_ref(COMPANY), "code": code, "name": f"Partner {number}",
        "partnershipType": kind, "createdDate": now, "updatedDate": now,
    }  # fmt: skip


def bill(number: int, now: str) -> Record:
    return {
        "self": ref(number, "billing/transactions"), "businessUnit": company_ref(COMPANY),
        "status": "Approved", "description": "Pick", "transactionType": "Pick Fee", "quantity": 2,
        "totalPrice": 1.5, "currencyCode": "USD",
        "billingConfig": ref(9, "billing/configs", name="Pick"), "createdDate": now, "updatedDate": now,
    }  # fmt: skip


def item(number: int, body: Record, now: str) -> Record:
    sku, code = body["number"], body["businessUnit"]["businessKey"]["code"]
    packs = [
        {**pack, "self": pack_ref(number, sku, pack["quantity"], code), "createdDate": now}
        for pack in body["packs"]
    ]
    components = [
        {**part, "subComponent": {"id": 1, **part["subComponent"]}} for part in body.get("components", [])
    ]
    return {
        **body, "self": item_ref(number, sku, code), "businessUnit": company_ref(code), "packs": packs,
        "upcs": whole(body.get("upcs", {"data": []})["data"]), "components": components,
        "createdDate": now, "updatedDate": now,
    }  # fmt: skip


def line(number: int, order: int, place: int, body: Record, now: str) -> Record:
    """A line of an order of any kind, of an item that there is."""
    return {
        "self": ref(number, f"orders/salesOrders/{order}/orderLines", lineNumber=str(place)),
        "lineNumber": str(place),
        "orderPackQuantity": body["orderPackQuantity"],
        "canceledPackQuantity": 0,
        "item": body["item"],
        "pack": body["pack"],
        "unitPrice": body.get("unitPrice", 0),
        "discountAmount": 0,
        "pickedPackQuantity": 0,
        "shippedPackQuantity": 0,
        "receivedPackQuantity": 0,
        "createdDate": now,
        "updatedDate": now,
    }


def order(number: int, path: str, body: Record, lines: list[Record], now: str) -> Record:
    code = body["businessUnit"]["businessKey"]["code"]
    kept = {name: value for name, value in body.items() if name != "orderLines"}
    for name in ("shipFromFacility", "shipToFacility"):
        if name in kept:
            kept[name] = ref(1, "facilities", **kept[name]["businessKey"])
    return {
        **kept,
        "self": ref(number, path.strip("/"), number=body["number"], businessUnit__code=code),
        "businessUnit": company_ref(code),
        "orderLines": lines,
        "createdDate": now,
        "updatedDate": now,
    }


def sample(sample_order: SampleOrder, serial: int) -> Record:
    """What a caller of Deposco's would send for an order of the shared suite."""
    text = sample_order.text or "Ada"
    return {
        "number": sample_order.text or f"SO-{1000 + serial}",
        "businessUnit": company_ref(COMPANY),
        "orderStatus": sample_order.status or "New",
        "shipFromFacility": ref(1, "facilities", number=FACILITY),
        "customerOrderNumber": f"shop-{serial}",
        "orderSource": text,
        "shipVia": text,
        "shipToContact": {"firstName": None, "lastName": text, "phone": "555-0100", "email": text},
        "shipToAddress": {
            "line1": text, "city": text, "stateProvince": "IL", "postalCode": "62701", "country": "US",
        },
        "notes": [{"title": text, "body": None}] if sample_order.text else [],
        "orderLines": {
            "data": [
                {"item": item_ref(501, "CRATE-1"), "pack": pack_ref(501, "CRATE-1"),
                 "orderPackQuantity": 2, "unitPrice": 10.99}
                for _ in range(sample_order.lines)
            ]
        },
        **sample_order.members,
    }  # fmt: skip


def shipment(number: int, raw: Record, status: str, tracking: str, now: str) -> Record:
    lines = [
        {"self": ref(number * 100 + place, "shipmentLines"), "number": str(place), "item": each["item"],
         "pack": each["pack"], "shippedPackQuantity": each["orderPackQuantity"]}
        for place, each in enumerate(raw["orderLines"], 1)
    ]  # fmt: skip
    return {
        "self": ref(number, "shipments/outboundShipments", number=str(number), businessUnit__code=COMPANY),
        "businessUnit": raw["businessUnit"], "number": str(number), "status": status,
        "shipVia": "UPS Ground", "shipVendor": "UPS", "trackingNumber": tracking,
        "trackingUrl": f"https://track.example.com/{tracking}",
        "shipFromFacility": ref(1, "facilities", number=FACILITY),
        "shipmentDates": {"actualShipDate": now}, "totalWeight": {"value": 2.5, "units": "lb"},
        "shippingCosts": {"shippingCost": 7.25}, "shipmentLines": whole(lines),
        "shippedContainers": whole([]), "createdDate": now, "updatedDate": now,
    }  # fmt: skip


def receipt(number: int, each: Record, quantity: int, now: str) -> Record:
    return {
        "self": ref(number, "receipts"), "number": f"R-{number}", "status": "Received",
        "receivedItem": each["item"], "receivedPack": each["pack"], "receivedPackQuantity": quantity,
        "orderLine": each["self"], "createdDate": now, "updatedDate": now,
    }  # fmt: skip
