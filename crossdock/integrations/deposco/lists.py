"""Collections of Deposco's: lists, and the first page of a list within a record. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crossdock.kit.contract import RECORD_ID, Json, Raw

OVERLAP = timedelta(minutes=5)
"""How far a walk begins before the one before began: `updatedAfter` may leave out the moment itself."""
ORDERS, PURCHASES = "/orders/salesOrders", "/orders/purchaseOrders"
RETURNS, ITEMS, SHIPMENTS = "/orders/customerReturns", "/items", "/shipments/outboundShipments"
RECEIPTS, FACILITIES, LOCATIONS = "/receipts", "/facilities", "/locations"
COMPANIES, PARTNERS, BILLS = "/companies", "/tradingPartners", "/billing/transactions"


@dataclass(frozen=True)
class SearchList:
    """A list of records, the newest id first, that goes on by a search id."""

    path: str
    size: int = 50
    """How many records a page has; what the description says is usual. 0: the list has no such parameter."""
    key: str = ""
    """The member that is our id of its records; none: it is that of Deposco's."""
    by_company: bool = True
    """Whether it can be limited to one company."""
    only: frozenset[str] = field(default_factory=frozenset)
    """The types of partnership that are wanted; empty: all records."""

    def params(self, company: str, since: datetime | None, at_most: int | None = None) -> dict[str, Any]:
        """The query for the first page. at_most: how many records are enough."""
        size = min(self.size, at_most or self.size)
        params: dict[str, Any] = {"pageSize": str(size)} if size else {}
        if company and self.by_company:
            params["businessUnit"] = company
        if since is not None:
            params["updatedAfter"] = since.isoformat(timespec="seconds")
        return params

    def wants(self, record: Any) -> bool:
        """Check whether a record is wanted. What is no object is for whoever reads it."""
        return not self.only or not isinstance(record, dict) or record.get("partnershipType") in self.only


def company_of(record: Raw) -> str | None:
    """The code of the company whose a record is, where it says so."""
    unit = record.get("businessUnit")
    key = unit.get("businessKey") if isinstance(unit, dict) else None
    code = key.get("code") if isinstance(key, dict) else None
    return str(code) if code else None


def stamped(record: Json, key: str = "") -> Raw:
    """A record with our id of it. What is no object is for whoever reads it."""
    if not isinstance(record, dict):
        raw: Raw = record
        return raw
    reference = record.get("self")
    number = record.get(key) if key else reference.get("id") if isinstance(reference, dict) else None
    return record | {RECORD_ID: str(number)}
