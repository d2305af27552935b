"""Steps and members that several writes have in common. Pure."""

from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.integrations.extensiv.hal import CREATED, HalList, at, escaped, rows
from crossdock.integrations.extensiv.read.parts import NAMES
from crossdock.kit.contract import Call, Command, Json, Search

CANCELLED, CLOSED = "Canceled", "Closed"
OWN = frozenset({"readOnly", "_links", "_embedded"})
"""Members of an answer that are not sent back."""
ANY_ZONE = timedelta(hours=15)
"""How far a date may be off whose zone is not known."""
CUSTOMER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Customer",
    "description": "Whose goods they are: the id of a warehouse customer.",
}
DEFAULT_REASON = "Cancelled through Crossdock"


def number(value: Any, name: str) -> int:
    """An id of Extensiv's, which are numbers."""
    text = str(value)
    if not (text.isascii() and text.isdecimal()):
        raise VendorRefused(f"{name} is {value!r}, and Extensiv numbers its records")
    return int(text)


def parties(body: Mapping[str, Any]) -> dict[str, Any]:
    """The customer and the facility of what is made."""
    return {
        "customerIdentifier": {"id": number(body["warehouse_customer_id"], "warehouse_customer_id")},
        "facilityIdentifier": {"id": number(body["warehouse_id"], "warehouse_id")},
    }


def item(line: Mapping[str, Any], customer: Any) -> dict[str, Any]:
    """The identifier of a line's item, by its SKU or by our id of it."""
    if "sku" in line:
        return {"sku": line["sku"]}
    if "product_id" not in line:
        raise VendorRefused("say the sku or the product_id of each line")
    owner, _, name = str(line["product_id"]).rpartition("-")
    if owner not in ("", str(customer)):
        raise VendorRefused(f"{line['product_id']!r} is an item of another customer's")
    return {"id": number(name, "product_id")}


def stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def made(listing: HalList, command: Command, reference: str) -> Search:
    """The record with this reference of this customer, if it is as new as the write."""
    customer = number(command.body["warehouse_customer_id"], "warehouse_customer_id")
    rql = f"ReferenceNum=={escaped(reference)};ReadOnly.CustomerIdentifier.Id=={customer}"
    kind = {name: value for name, value in listing.params.items() if name != "detail"}
    params = {**kind, "rql": rql, "pgsiz": listing.size, "pgnum": 1}
    answer = yield Call("GET", listing.path, params=params, asks=True)
    for record in rows(answer, listing.rel):
        is_it = str(at(record, "ReferenceNum")).casefold() == reference.casefold()
        if is_it and _is_as_new(command, at(record, CREATED)):
            return str(at(record, listing.key))
    return None


def _is_as_new(command: Command, date: Any) -> bool:
    """Check whether a date is not before the write, whatever zone it is in."""
    try:
        moment = datetime.fromisoformat(date)
    except (TypeError, ValueError):
        return True
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return command.begun is None or moment >= command.begun - ANY_ZONE


def cancel(path: str, reason: str) -> Generator[Call, Json, None]:
    """Cancel what is at a path. It is asked for first: a change has to name the version that it changes."""
    yield Call("GET", path, asks=True)
    yield Call("POST", f"{path}/canceler", {"reason": reason})


def find_status(path: str, record_id: str | None, name: str) -> Search:
    """The record, if it has a status."""
    raw = yield Call("GET", path, asks=True)
    return record_id if NAMES.get(str(at(raw, "ReadOnly.Status"))) == name else None


def sent_back(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it is sent back to be changed: a PUT says all of it."""
    return {name: value for name, value in raw.items() if name not in OWN}
