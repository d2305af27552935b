"""What all writes are made of: calls of Tryton's methods, and what has to be asked before anything is made.

    Call("rpc", "model.stock.shipment.out.wait", [[12]])      the user's preferences come last, as context
    Call(…, params={"product": 5})                            what comes on top of them

Answers are taken apart only by `[]`, so that a dry run can show what depends on them: what is not there
shows as an IndexError.
"""

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from crossdock.errors import Invalid, VendorRefused
from crossdock.integrations.tryton.walks.sources import DROP
from crossdock.integrations.tryton.walks.state import wrapped
from crossdock.kit.contract import Call, Command, Json, Raw
from crossdock.kit.quantities import counted

Asking = Generator[Call, Json, Any]
"""A part of a write that only asks, and returns what it found."""

GOODS = ["template.type", "in", ["goods", "assets"]]
CONFLICT, NOT_FOUND, UNPROCESSABLE = 409, 404, 422

# A search for what was made must not miss it because the clocks of Tryton and of this machine differ.
CLOCKS_DIFFER = timedelta(minutes=15)


def press(model: str, button: str, record: Any) -> Call:
    """A step of a document's workflow. Tryton refuses it in any other state than those it belongs to."""
    return Call("rpc", f"model.{model}.{button}", [[record]])


def make(model: str, values: Mapping[str, Any]) -> Call:
    """The call that makes a record. It answers with a list of one id."""
    return Call("rpc", f"model.{model}.create", [[dict(values)]])


def change(model: str, record: Any, values: Mapping[str, Any]) -> Call:
    return Call("rpc", f"model.{model}.write", [[record], dict(values)])


def ask(model: str, domain: Sequence[Any], *fields: str, limit: int | None = 1, **context: Any) -> Call:
    """The records that match, by id."""
    body = [list(domain), 0, limit, [["id", "ASC"]], list(fields)]
    return Call("rpc", f"model.{model}.search_read", body, context, asks=True)


def filled_in(model: str, values: Mapping[str, Any], *names: str) -> Call:
    """Ask what Tryton itself fills into a new document when a user chooses these values."""
    return Call("rpc", f"model.{model}.on_change", [dict(values), list(names)], asks=True)


def invalid(path: str, message: str) -> Invalid:
    return Invalid({"json": {path: [message]}})


def refused(message: str, status: int = CONFLICT) -> VendorRefused:
    """For what Tryton can't do, though it has no words for it."""
    return VendorRefused(message, status=status)


def the(rows: Any, missing: Exception) -> Any:
    """The record that was asked for. Raises `missing` when there is none."""
    try:
        return rows[0]
    except IndexError:
        raise missing from None


def document(model: str, command: Command, *fields: str) -> Asking:
    """The document that the command names, as it is now. Drop shipments are only read."""
    if str(command.record_id).startswith(DROP):
        raise refused("the supplier sends this order: it can be changed in Tryton only", UNPROCESSABLE)
    rows = yield ask(model, [["id", "=", number(command.record_id)]], "state", *fields)
    missing = refused(f"Tryton has no {model} {command.record_id} any more", NOT_FOUND)
    return the(rows, missing)


def product(line: Mapping[str, Any], path: str, *fields: str) -> Asking:
    """The variant that a line names by its id or else by its SKU."""
    name = "product_id" if "product_id" in line else "sku"
    if name not in line:
        raise invalid(path, "one of these is required: product_id, sku")
    items = ["id", "=", number(line[name])] if name == "product_id" else ["code", "=", line[name]]
    rows = yield ask("product.product", [items, GOODS], "default_uom", *fields)
    return the(rows, invalid(f"{path}.{name}", f"Tryton has no product {line[name]!r}"))


def warehouse(body: Mapping[str, Any]) -> Asking:
    """The id of the warehouse that the body names, else of the only one there is."""
    if "warehouse_id" in body:
        return number(body["warehouse_id"])
    rows = yield ask("stock.location", [["type", "=", "warehouse"]], "name", limit=2)
    if len(rows) != 1:
        raise invalid("warehouse_id", "is required, as this Tryton has several warehouses")
    return rows[0]["id"]


def company_currency() -> Asking:
    preferences = yield Call("rpc", "model.res.user.get_preferences", [True], asks=True)
    companies = yield ask("company.company", [["id", "=", preferences["company"]]], "currency")
    return the(companies, refused("the Tryton user has no company"))["currency"]


def has_field(model: str, field: str, member: str, module: str) -> Asking:
    """Raise Invalid when this Tryton lacks the module that has a place for a member of the body."""
    rows = yield ask("ir.model.field", [["model", "=", model], ["name", "=", field]], "name")
    the(rows, invalid(member, f"this Tryton has no place for it: the module {module} is not activated"))


def made_since(command: Command) -> list[Any]:
    """Leave out what is older than the command."""
    if command.begun is None:
        return []
    since = (command.begun - CLOCKS_DIFFER).astimezone(UTC).replace(tzinfo=None)
    return [["create_date", ">=", wrapped(since.isoformat())]]


def number(record_id: Any) -> Any:
    """An id as Tryton has it; 0, which nothing has, for what is none."""
    text = str(record_id)
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else 0


def date(text: str) -> dict[str, Any]:
    """The day, in UTC, of a time in a body."""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return {"__class__": "date", "year": moment.year, "month": moment.month, "day": moment.day}


def amount(value: Any) -> dict[str, Any]:
    """An exact number as Tryton's JSON-RPC has it."""
    return {"__class__": "Decimal", "decimal": str(Decimal(str(value)))}


def total_by_sku(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The quantity of each SKU; what is named twice counts twice."""
    total: dict[str, Any] = {}
    for line in lines:
        total[line["sku"]] = total.get(line["sku"], 0) + line["quantity"]
    return total


def shown(moves: Sequence[Raw]) -> int:
    """The quantity that the moves carry, as our records say: whole, and in the item's own unit."""
    return counted([move["internal_quantity"] for move in moves]).whole


def by_sku(moves: Sequence[Raw]) -> dict[str, list[Raw]]:
    """The moves, read with `product.code`, by it."""
    raws: dict[str, list[Raw]] = {}
    for move in sorted(moves, key=lambda move: move["id"]):
        raws.setdefault(move["product."]["code"] or "", []).append(move)
    return raws
