"""What all writes have in common: calls, and how what was written is found again."""

from collections.abc import Generator, Iterable, Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from crossdock.errors import Invalid, VendorRefused
from crossdock.integrations.shiphero.lists import spelt
from crossdock.integrations.shiphero.records import connected, nodes_of, split_item_id
from crossdock.kit.contract import Call, Command, Json, Raw

Asking = Generator[Call, Json, Any]
ZONES = timedelta(days=1)
"""How much earlier than a write something is looked for that it made: dates of ShipHero's have no zone."""
UNNAMED = "Other"
"""What stands where nobody says which carrier or method it was: ShipHero wants both."""
_ADDRESS = ("address1", "address2", "city", "state", "zip", "country", "phone")


def change(name: str, data: Mapping[str, Any]) -> Call:
    """A mutation; its query has its name."""
    return Call("POST", name, {"data": dict(data)})


def ask(name: str, **variables: Any) -> Call:
    """A query."""
    return Call("POST", name, variables, asks=True)


def customer(command: Command) -> dict[str, Any]:
    """The customer of a 3PL that the write is for, as inputs have it; {} for the account itself."""
    name = command.body.get("warehouse_customer_id") or command.stored.get("warehouse_customer_id")
    return {"customer_account_id": name} if name else {}


def reason(command: Command) -> str:
    """A text that ShipHero keeps with a change of stock, by which it is found again."""
    if command.begun is None:
        return "Crossdock"
    return f"Crossdock {command.begun.astimezone(UTC).isoformat(timespec='milliseconds')}"


def since(command: Command) -> str | None:
    """The date from which to look for what the command made."""
    return None if command.begun is None else spelt(command.begun - ZONES)


def amount(value: Decimal | int | float) -> str:
    """An amount of money, which ShipHero wants as a text."""
    return f"{Decimal(str(value)):f}"


def sku_of(line: Mapping[str, Any], path: str) -> str:
    """The SKU of a line, by itself or out of an id of ours. Raises Invalid where it has neither."""
    sku = line.get("sku") or split_item_id(line.get("product_id") or "")[1]
    if not sku:
        raise invalid(path, "wanted a sku, or a product_id of ShipHero's")
    return str(sku)


def invalid(path: str, message: str) -> Invalid:
    return Invalid({"json": {path: [message]}})


def existing(answer: Json, root: str, record_id: Any) -> Any:
    """The record that was asked for. Raises VendorRefused when ShipHero has none."""
    record = answer[root]["data"]
    if record is None:
        raise VendorRefused(f"ShipHero has no {root} {record_id} any more", status=404)
    return record


def all_nodes(connection: Json, query: str, root: str, record_id: Any) -> Asking:
    """All records of a nested list; `query` asks for further pages of it."""
    nodes: list[Raw] = []
    while True:
        nodes += nodes_of({"edges": list(connection["edges"])})
        if not connection["pageInfo"]["hasNextPage"]:
            return nodes
        answer = yield ask(query, id=record_id, after=connection["pageInfo"]["endCursor"])
        connection = answer[root]["data"]["line_items"]


def listed(query: str, root: str, **variables: Any) -> Asking:
    """All records of a list, page by page."""
    nodes: list[Raw] = []
    after = None
    while True:
        answer = yield ask(query, **variables, **({"after": after} if after else {}))
        edges, data = list(answer[root]["data"]["edges"]), answer[root]["data"]
        page, after = connected({**data, "edges": edges})
        nodes += page
        if after is None:
            return nodes


def was_changed(command: Command, sku: str, warehouse: Any) -> Asking:
    """Whether the stock of an item was changed by this command."""
    if command.begun is None:
        return False
    variables = {"sku": sku, "warehouse": warehouse, "since": since(command)}
    changes = yield from listed("sku_changes", "inventory_changes", **variables)
    return any(entry["reason"] == reason(command) for entry in changes)


def summed(quantities: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Quantities by what they are of, those of several lines together."""
    totals: dict[str, int] = {}
    for name, quantity in quantities:
        totals[name] = totals.get(name, 0) + quantity
    return totals


def address_of(order: Json) -> dict[str, Any]:
    """The address that an order goes to, as shipments and returns have it: with one name."""
    raw = order["shipping_address"] or {}
    names = (raw.get("first_name"), raw.get("last_name"))
    parts = {name: raw[name] for name in _ADDRESS if raw.get(name)}
    return {"name": " ".join(name for name in names if name)} | parts
