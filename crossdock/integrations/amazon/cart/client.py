"""Speaks Amazon's Orders API 2026-01-01 and Listings Items API 2021-08-01 of a seller, in one marketplace."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from crossdock.errors import MissingPermission, VendorNonsense
from crossdock.integrations.amazon.parts import csv
from crossdock.integrations.amazon.selling_partner import SellingPartnerClient
from crossdock.kit import paging
from crossdock.kit.contract import Context, Json, Page, Permission, Raw, Walk
from crossdock.kit.responses import member

ORDERS, LISTINGS = "/orders/2026-01-01/orders", "/listings/2021-08-01/items"
ORDERS_A_PAGE, LISTINGS_A_PAGE = 100, 20
"""The most that there are (descriptions, `maxResultsPerPage` and `pageSize`)."""
LISTINGS_A_WINDOW = 1000
"""The most listings that are paged through by one question (description, `numberOfResults`)."""
WHOLE_ORDER = ("BUYER", "RECIPIENT", "PROCEEDS", "CANCELLATION", "FULFILLMENT", "PACKAGES")
WHOLE_LISTING = ("summaries", "attributes", "offers", "fulfillmentAvailability", "relationships")
FIRST_ORDERS = "2016-01-01T00:00:00Z"
"""No marketplace shows orders from before (ordersV0, description of the API)."""
SETTLED = timedelta(minutes=2)
"""How long ago the end of a window must be (description, `lastUpdatedBefore`); also how far walks overlap."""
TOKEN_WORKS = timedelta(hours=23)
"""A token of a page of orders expires after 24 hours (Orders API migration guide)."""


class Client(SellingPartnerClient):
    """Raw pages out of a seller's account."""

    plans: ClassVar[Mapping[str, str]] = {
        f"GET {ORDERS}": "search_orders",
        f"GET {ORDERS}/[^/]+": "order",
        "POST /orders/v0/orders/[^/]+/shipmentConfirmation": "confirm_shipment",
        f"GET {LISTINGS}/[^/]+": "search_listings",
        f"GET {LISTINGS}/[^/]+/[^/]+": "listing",
        f"PATCH {LISTINGS}/[^/]+/[^/]+": "patch_listing",
    }

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._listings = f"{LISTINGS}/{context.credentials['seller_id']}"

    async def _ask(self) -> None:
        await self.get(self._listings, marketplaceIds=self.marketplace, pageSize=1)

    async def probe(self, function: str) -> Permission:
        """Ask for listings only: a search of orders is too dear to be made for nothing."""
        if function != "get_products":
            return Permission("unknown", "Amazon does not say what an application may do")
        try:
            await self._ask()
        except MissingPermission as refusal:
            return Permission("denied", str(refusal))
        return Permission("allowed")

    # Walks

    async def orders(self, walk: Walk) -> AsyncIterator[Page]:
        """The orders that changed since the last walk, whoever sends them."""
        since = walk.mark or (walk.start.isoformat() if walk.start else FIRST_ORDERS)
        began: list[str] = []

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            now = self.http.clock()
            token = cursor["token"] if cursor and _age(cursor["asked"], now) < TOKEN_WORKS else None
            is_settled = walk.end is not None and walk.end < now - SETTLED
            answer = await self.send("GET", ORDERS, params={
                "lastUpdatedAfter": since,
                "lastUpdatedBefore": walk.end.isoformat() if walk.end and is_settled else None,
                "marketplaceIds": self.marketplace,
                "maxResultsPerPage": min(ORDERS_A_PAGE, walk.at_most or ORDERS_A_PAGE),
                "includedData": csv(WHOLE_ORDER),
                "paginationToken": token,
            })  # fmt: skip
            body = answer.json()
            if token is None:
                began.append((answer.moment(now) - SETTLED).isoformat())
            following = (body.get("pagination") or {}).get("nextToken")
            cursor = {"token": following, "asked": now.isoformat()} if following else None
            return member(body, "orders", list), cursor

        # Of a walk that began anew, as its token was too old, the mark stays that of its first beginning.
        pages = paging.by_cursor(walk, fetch, mark=lambda _, so_far: so_far or began[0], key="orderId")
        async for page in pages:
            yield page

    async def products(self, walk: Walk) -> AsyncIterator[Page]:
        """All listings, from old to new: of each beginning Amazon pages through a thousand at most."""

        async def fetch(cursor: Json) -> tuple[list[Raw], Json]:
            here = cursor or {"since": None, "token": None, "count": 0}
            answer = await self.get(
                self._listings,
                marketplaceIds=self.marketplace,
                includedData=csv(WHOLE_LISTING),
                createdAfter=here["since"],
                sortBy="createdDate",
                sortOrder="ASC",
                pageSize=LISTINGS_A_PAGE,
                pageToken=here["token"],
            )
            listings = member(answer, "items", list)
            token = (answer.get("pagination") or {}).get("nextToken")
            count = here["count"] + len(listings)
            is_full = count >= LISTINGS_A_WINDOW
            # A listing that was deleted meanwhile is missing among the thousand, which ends all the same.
            total = answer.get("numberOfResults")
            if is_full or (not token and isinstance(total, int) and total > count):
                return listings, _next_window(listings, here["since"], is_full=is_full)
            return listings, {**here, "token": token, "count": count} if token else None

        async for page in paging.by_cursor(walk, fetch, key="sku"):
            yield page

    # Single records, exactly as walks show them

    async def order(self, record_id: str) -> Raw:
        answer = await self.read_one(ORDERS, record_id, includedData=csv(WHOLE_ORDER))
        order: Raw = member(answer, "order", dict)
        return order

    async def product(self, record_id: str) -> Raw:
        parts = {"marketplaceIds": self.marketplace, "includedData": csv(WHOLE_LISTING)}
        return await self.read_one(self._listings, record_id, **parts)


def _age(asked: str, now: datetime) -> timedelta:
    return now - datetime.fromisoformat(asked)


def _next_window(listings: list[Raw], since: str | None, *, is_full: bool) -> Json:
    """The place where the next thousand begin: at the newest listing so far, which comes twice.

    is_full: whether as many were read as Amazon shows; only then there must be a later one.
    """
    dates = [summary["createdDate"] for listing in listings for summary in listing.get("summaries") or []]
    newest = max(dates, key=datetime.fromisoformat, default=since)
    if newest == since and not is_full:
        return None
    if newest == since:
        raise VendorNonsense(f"more than {LISTINGS_A_WINDOW:,} listings were created at {since}")
    return {"since": newest, "token": None, "count": 0}
