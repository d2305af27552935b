"""Lists of Extensiv's, in HAL: where they are, how they are asked for, and what is in an answer. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from crossdock.errors import VendorNonsense
from crossdock.kit.contract import Json, Raw
from crossdock.kit.responses import member

RELS = "http://api.3plCentral.com/rels/"
"""How the names of what is embedded begin: each is the address of its documentation."""
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
OVERLAP = timedelta(hours=2)
"""How far a walk begins before the mark of the one before: a change may be late in the list, and in autumn an
hour comes twice where dates are local."""
MODIFIED, CREATED = "ReadOnly.LastModifiedDate", "ReadOnly.CreationDate"


@dataclass(frozen=True)
class HalList:
    """A list that is paged through by id: what changes meanwhile moves nothing from page to page."""

    path: str
    rel: str
    """What its records are called below `_embedded`."""
    key: str
    """The property of the model that identifies a record: "ReadOnly.OrderId"."""
    size: int = 100
    params: Mapping[str, Any] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()

    def that(self, *conditions: str) -> "HalList":
        """The list of those records that also meet these conditions."""
        return replace(self, conditions=(*self.conditions, *conditions))

    def after(self, last: int | None) -> dict[str, Any]:
        """The query for the page after an id."""
        conditions = [*self.conditions, *([] if last is None else [f"{self.key}=gt={last}"])]
        rql = {"rql": ";".join(conditions)} if conditions else {}
        return {**self.params, "pgsiz": self.size, "pgnum": 1, "sort": self.key, **rql}

    def latest(self, before: datetime) -> dict[str, Any]:
        """The query for the record that changed last, before a moment: one in the future would hide all."""
        rql = f"{MODIFIED}=le={before.replace(tzinfo=None).isoformat(timespec='seconds')}"
        return {**self.params, "pgsiz": 1, "pgnum": 1, "sort": f"-{MODIFIED}", "rql": rql}

    def split(self, answer: Json) -> tuple[list[Raw], int | None]:
        """The records of a page, and the id that the next one begins after."""
        records, total = rows(answer, self.rel), member(answer, "totalResults", int)
        if total <= len(records):
            return records, None
        return records, max(self._ids(records))

    def _ids(self, records: Iterable[Raw]) -> list[int]:
        ids = [value for value in (at(record, self.key) for record in records) if is_id(value)]
        if not ids:
            raise VendorNonsense(f"{self.path}: there is more to come, and no {self.key} to go on after")
        return ids


def rows(answer: Json, rel: str) -> list[Raw]:
    """The records of a list. One that is empty may embed nothing."""
    if member(answer, "totalResults", int) == 0 and not answer.get("_embedded"):
        return []
    listed = embedded(answer, rel) if isinstance(answer.get("_embedded"), dict) else None
    if not isinstance(listed, list):
        raise VendorNonsense(f"wanted a list of {rel} in the answer")
    return listed


def embedded(raw: Raw, rel: str) -> Any:
    """The part that is embedded under a name, in whatever letters; None where nothing is."""
    parts = raw.get("_embedded") or {}
    names = {rel.casefold(), f"{RELS}{rel}".casefold()}
    return next((part for name, part in parts.items() if name.casefold() in names), None)


def at(record: Any, key: str) -> Any:
    """The value of a property of the model, "ReadOnly.OrderId", in a record; None where there is none."""
    for name in key.split("."):
        record = record.get(f"{name[0].lower()}{name[1:]}") if isinstance(record, dict) else None
    return record


def method_id(carrier: Raw, service: Raw) -> str:
    """Our id of a carrier's service: Extensiv has none."""
    return ": ".join(str(name) for name in (carrier["name"], service.get("code")) if name)


def is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def escaped(value: str) -> str:
    """A value within RQL. Extensiv decodes it twice: once more than the query that it stands in."""
    return "".join(chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in value.encode())


def since(text: str) -> str:
    """The condition for what was made or changed since. What never changed has no date of change."""
    return f"({MODIFIED}=ge={text},{CREATED}=ge={text})"


def earlier(mark: str) -> str:
    """The date that a walk begins at, given the mark of the one before."""
    try:
        begin = (datetime.fromisoformat(mark) - OVERLAP).isoformat()
    except OverflowError:
        return mark
    return begin.replace("+", "%2B")


ORDERS = HalList(
    "/orders", "orders/order", "ReadOnly.OrderId", params={"detail": "OrderItems,Packages,Contacts"}
)
RECEIVERS = HalList(
    "/inventory/receivers",
    "inventory/receiver",
    "ReadOnly.ReceiverId",
    params={"detail": "ReceiveItems"},
)
CUSTOMERS = HalList("/customers", "customers/customer", "ReadOnly.CustomerId")
FACILITIES = HalList("/properties/facilities", "properties/facility", "FacilityId")
STOCK = HalList("/inventory/stockdetails", "item", "ReceiveItemId", size=500)
NORMAL, RETURN, ADVICE = 0, 1, 2
"""Types of receivers: normal ones and those that were advices, returns, and advices (ASN)."""


def receivers(kind: int) -> HalList:
    return replace(RECEIVERS, params={**RECEIVERS.params, "receivertype": kind})


def items(customer: int) -> HalList:
    return HalList(f"/customers/{customer}/items", "customers/item", "ReadOnly.ItemId")


def locations(facility: int) -> HalList:
    return HalList(f"/properties/facilities/{facility}/locations", "properties/location", "LocationId")
