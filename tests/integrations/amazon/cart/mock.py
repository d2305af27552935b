"""A made-up seller on Amazon, by its own descriptions: orders, shipment confirmations, listings, stock."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from crossdock.integrations.amazon.cart.read import ORDER_STATUS
from tests.integrations.amazon.cart import records
from tests.integrations.amazon.common import (
    MARKETPLACE,
    SELLER,
    Record,
    SellingPartnerMock,
    keyset_page,
    moment_of,
    refused,
)
from tests.mock_vendors.orders import SampleOrder, SampleWrite
from tests.mock_vendors.vendor import MockAnswer, MockCall

ORDERS, LISTINGS = "/orders/2026-01-01/orders", f"/listings/2021-08-01/items/{SELLER}"
CONFIRM = "POST /orders/v0/orders/[^/]+/shipmentConfirmation"
ORDER_PARTS = {
    "BUYER": "buyer",
    "RECIPIENT": "recipient",
    "PROCEEDS": "proceeds",
    "FULFILLMENT": "fulfillment",
    "PACKAGES": "packages",
}
MOST_LISTINGS = 1000


class Mock(SellingPartnerMock):
    """One seller in one marketplace."""

    integration: ClassVar[tuple[str, str]] = ("cart", "amazon")
    orders_path: ClassVar[str] = ORDERS
    more_than_a_page: ClassVar[int] = 105
    write: ClassVar[SampleWrite | None] = SampleWrite(
        "POST",
        "/cart/orders/{id}/shipments",
        {"tracking_number": "T-1", "carrier_name": "Parcel Express"},
        vendor_path="/shipmentConfirmation",
        count="made",
    )
    plans: ClassVar[Mapping[str, tuple[float, float]]] = {
        f"GET {ORDERS}": (20, 0.0056),
        f"GET {ORDERS}/[^/]+": (30, 0.5),
        CONFIRM: (10, 2),
        f"GET {LISTINGS}": (5, 5),
        f"GET {LISTINGS}/.+": (10, 5),
        f"PATCH {LISTINGS}/.+": (5, 5),
    }
    areas: ClassVar[Mapping[str, str]] = {"get_orders": "/orders/", "get_products": "/listings/"}

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, Record] = {}
        self.made = 0
        self.listings: dict[str, Record] = {}
        """By SKU, from old to new."""
        for sku, name, channel in (
            ("CRATE-1", "Crate", {"fulfillmentChannelCode": "DEFAULT", "quantity": 10}),
            ("LID-1", "Lid", {"fulfillmentChannelCode": "DEFAULT", "quantity": 4}),
            ("ROPE", "Rope", {"fulfillmentChannelCode": "AMAZON_NA"}),
        ):
            self.listings[sku] = records.listing(sku, name, "2026-01-02T09:00:00Z", **channel)

    def credentials(self) -> dict[str, str]:
        return super().credentials() | {"seller_id": SELLER}

    def answer(self, call: MockCall) -> MockAnswer:
        if call.path == ORDERS:
            return self._searched_orders(call)
        if call.path.startswith("/orders/"):
            order = self.orders.get(call.path.split("/")[4])
            if order is None:
                return refused(404, "NotFound", "The order does not exist.")
            if call.method == "POST":
                return self._confirm(order, call.json())
            return MockAnswer(body={"order": _included(call, order)})
        if call.query["marketplaceIds"] != MARKETPLACE:
            return refused(400, "InvalidInput", "Invalid 'marketplaceIds' provided.")
        if call.path == LISTINGS:
            return self._searched_listings(call)
        sku = unquote(call.path.removeprefix(f"{LISTINGS}/"))
        listing = self.listings.get(sku)
        if listing is None:
            return refused(404, "NOT_FOUND", f"SKU '{sku}' not found in marketplace {MARKETPLACE}")
        return (
            self._patch(listing, call.json())
            if call.method == "PATCH"
            else MockAnswer(body=_listed(call, listing))
        )

    # Orders

    def _searched_orders(self, call: MockCall) -> MockAnswer:
        query = call.query
        if len({"createdAfter", "lastUpdatedAfter"} & query.keys()) != 1:
            return refused(400, "InvalidInput", "Provide exactly one of createdAfter and lastUpdatedAfter.")
        now, begin = self.moment(), moment_of(query["lastUpdatedAfter"])
        end = moment_of(query.get("lastUpdatedBefore", now.isoformat()))
        if "lastUpdatedBefore" in query and (now - end).total_seconds() < 120:
            return refused(400, "InvalidInput", "lastUpdatedBefore must be two minutes ago.")
        chosen = [
            order for order in self.orders.values() if begin <= moment_of(order["lastUpdatedTime"]) <= end
        ]
        page, token = keyset_page(
            chosen,
            int(query.get("maxResultsPerPage", 100)),
            query.get("paginationToken"),
            lambda order: (order.get("createdTime", ""), order["orderId"]),
        )
        body: Record = {"orders": [_included(call, order) for order in page], "lastUpdatedBefore": self.now()}
        return MockAnswer(body=body | ({"pagination": {"nextToken": token}} if token else {}))

    def _confirm(self, order: Record, body: Record) -> MockAnswer:
        detail = body["packageDetail"]
        if detail["carrierCode"] == "Other" and not detail.get("carrierName"):
            return refused(400, "InvalidInput", "carrierName is required when carrierCode is Other")
        if not detail["packageReferenceId"].isdecimal() or body["marketplaceId"] != MARKETPLACE:
            return refused(400, "InvalidInput", "PackageReferenceId must be a positive number.")
        packages = order.setdefault("packages", [])
        if any(package["packageReferenceId"] == detail["packageReferenceId"] for package in packages):
            return MockAnswer(204)
        items = {item["orderItemId"]: item for item in order["orderItems"]}
        for part in detail["orderItems"]:
            item = items.get(part["orderItemId"])
            if item is None or item["fulfillment"]["quantityUnfulfilled"] < part["quantity"]:
                return refused(400, "InvalidInput", "The quantity is more than what is left to be shipped.")
        for part in detail["orderItems"]:
            done = items[part["orderItemId"]]["fulfillment"]
            done["quantityFulfilled"] += part["quantity"]
            done["quantityUnfulfilled"] -= part["quantity"]
        self.made += 1
        packages.append(records.package(body, self.now()))
        is_all = all(item["fulfillment"]["quantityUnfulfilled"] == 0 for item in items.values())
        order["fulfillment"]["fulfillmentStatus"] = "SHIPPED" if is_all else "PARTIALLY_SHIPPED"
        order["lastUpdatedTime"] = self.now()
        return MockAnswer(204)

    # Listings

    def _searched_listings(self, call: MockCall) -> MockAnswer:
        after = moment_of(call.query.get("createdAfter", "1970-01-01T00:00:00Z"))
        chosen = [listing for listing in self.listings.values() if moment_of(_created(listing)) >= after]
        shown = sorted(chosen, key=_place)[:MOST_LISTINGS]
        size = int(call.query.get("pageSize", 10))
        page, token = keyset_page(shown, size, call.query.get("pageToken"), _place)
        body: Record = {"numberOfResults": len(chosen), "items": [_listed(call, listing) for listing in page]}
        return MockAnswer(body=body | ({"pagination": {"nextToken": token}} if token else {}))

    def _patch(self, listing: Record, body: Record) -> MockAnswer:
        answer = {"sku": listing["sku"], "submissionId": f"s-{next(self.serial)}"}
        [patch] = body["patches"]
        value = patch["value"][0]
        if (
            body["productType"] != listing["summaries"][0]["productType"]
            or "fulfillment_channel_code" not in value
        ):
            issue = {"code": "90000900", "message": "The attributes are invalid.", "severity": "ERROR"}
            issues = [{**issue, "categories": ["INVALID_ATTRIBUTE"]}]
            return MockAnswer(body={**answer, "status": "INVALID", "issues": issues})
        self.made += 1
        [kept] = listing["attributes"]["fulfillment_availability"]
        if patch["op"] == "replace":
            kept.clear()
        kept |= value
        channel = {"fulfillmentChannelCode": value["fulfillment_channel_code"], "quantity": value["quantity"]}
        listing["fulfillmentAvailability"] = [channel]
        return MockAnswer(body={**answer, "status": "ACCEPTED", "issues": []})

    # What the shared suite does with it

    def add_order(self, order: SampleOrder) -> str:
        made = records.order(next(self.serial), order, self.now())
        # A word that the description does not know is tried on purpose.
        self.allows_violations |= order.status is not None and order.status not in ORDER_STATUS
        self.orders[made["orderId"]] = made
        return str(made["orderId"])

    def change_order(self, record_id: str) -> None:
        order = self.orders[record_id]
        order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
        order["lastUpdatedTime"] = self.now()

    def remove_order(self, record_id: str) -> None:
        del self.orders[record_id]

    def spoil_order(self, record_id: str) -> None:
        del self.orders[record_id]["createdTime"]


def _included(call: MockCall, order: Record) -> Record:
    """An order with the parts that a call asks for."""
    wanted = set(call.query.get("includedData", "").split(","))
    hidden = {member for name, member in ORDER_PARTS.items() if name not in wanted}
    return {name: value for name, value in order.items() if name not in hidden}


def _listed(call: MockCall, listing: Record) -> Record:
    """A listing with the parts that a call asks for."""
    wanted = {"sku", *call.query.get("includedData", "summaries").split(",")}
    return {name: value for name, value in listing.items() if name in wanted}


def _created(listing: Record) -> Any:
    return listing["summaries"][0]["createdDate"]


def _place(listing: Record) -> tuple[str, str]:
    return _created(listing), listing["sku"]
