"""References, lines and searches that several writes have in common. Pure."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from crossdock.errors import VendorRefused
from crossdock.kit.contract import Call, Command, Json, Search

CANCELLED = "Canceled"
COMPANY: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Company",
    "description": "Whose it is: the id of a warehouse customer, which is its code.",
}
NUMBER: Mapping[str, Any] = {
    "type": "string",
    "minLength": 1,
    "title": "Number",
    "description": "What Deposco is to call it. A company has each once.",
}
STATUS: Mapping[str, Any] = {
    "type": "string",
    "enum": ["cancelled"],
    "title": "Status",
    "description": "Cancels it, as long as Deposco still can. Say nothing else with it.",
}
OWN = frozenset({"createdDate", "updatedDate", "createdBy", "updatedBy", "key", "item"})
"""Members of a pack that are not sent back."""


def key(**parts: Any) -> dict[str, Any]:
    """A reference by business key. A dot in a name is written as two underscores."""
    return {"businessKey": {name.replace("__", "."): value for name, value in parts.items()}}


def company(code: Any) -> dict[str, Any]:
    return key(code=str(code))


def item(code: Any, sku: Any) -> dict[str, Any]:
    return key(number=str(sku), businessUnit__code=str(code))


def reference(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A reference as an answer has it, without its link, which is only read."""
    return {"id": stored["id"], "businessKey": stored["businessKey"]}


def stated(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def new_lines(code: Any, quantities: Iterable[tuple[Any, Any, Any]]) -> dict[str, Any]:
    """Lines of packs of one, from a SKU, how many, and a price of each or None."""
    return {
        "data": [
            stated({
                "lineNumber": str(number),
                "item": item(code, sku),
                "pack": {
                    "businessKey": {
                        "item.number": str(sku),
                        "quantity": 1,
                        "item.businessUnit.code": str(code),
                    }
                },
                "orderPackQuantity": quantity,
                "unitPrice": price,
            })
            for number, (sku, quantity, price) in enumerate(quantities, 1)
        ]
    }  # fmt: skip


def numbered(path: str, number: str, code: Any) -> Generator[Call, Json, Any]:
    """The record with this number of this company; None where there is none. A company has each once."""
    params = {"number": number, "businessUnit": str(code)}
    answer = yield Call("GET", path, params=params, asks=True)
    for record in answer["data"]:
        owner = record["businessUnit"]["businessKey"]["code"]
        if str(record["number"]) == number and str(owner) == str(code):
            return record
    return None


def refuse_known(path: str, number: str, code: Any) -> Generator[Call, Json, None]:
    """Refuse to make what is there: Deposco would take it as a change of that."""
    if (yield from numbered(path, number, code)) is not None:
        raise VendorRefused(f"the company {code} has {number!r} already")


def made(command: Command, path: str, number: str, code: Any) -> Search:
    """The record with this number, if it is as new as the write."""
    record = yield from numbered(path, number, code)
    if record is None or not command.is_since(record.get("createdDate")):
        return None
    return str(record["self"]["id"])


def to_status(path: str, status: str) -> Call:
    return Call("POST", f"{path}/status", params={"value": status})


def find_status(path: str, command: Command, status: str) -> Search:
    """The record, if it has a status."""
    raw = yield Call("GET", path, asks=True)
    return command.record_id if raw["orderStatus"] == status else None
