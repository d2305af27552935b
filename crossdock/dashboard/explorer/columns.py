"""Pure: a resource → the columns that people scan its records by, chosen from its fields and their types.

    id │ what it is called │ its state │ whose it is │ amounts │ moments

A new resource has a table by itself: what no list below names is taken in the order of its declaration.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from crossdock.resources.schema import Resource

ColumnKind = Literal["id", "text", "status", "number", "moment", "flag"]

NAMES = (
    "order_number", "purchase_order_number", "sku", "name", "tracking_number", "charge_description",
    "invoice_id", "email", "code",
)  # fmt: skip
"""What records are called by, the most telling first."""
LABELS = (*NAMES, "charge_type", "event_type", "activity_type", "order_id", "object_id", "carrier", "reason")
AMOUNTS = (
    "total_price", "net_cost", "gross_cost", "amount", "price", "cost", "onhand", "committed", "sellable",
    "quantity", "unit_price", "unit_cost",
)  # fmt: skip
MOMENTS = (
    "transaction_date", "entry_date", "activity_start_time", "expected_arrival_date", "created_date",
    "updated_date",
)  # fmt: skip
CUSTOMER = "warehouse_customer_id"
MOST_LABELS, MOST_AMOUNTS, MOST_MOMENTS = 3, 3, 3


class RecordColumn(msgspec.Struct, kw_only=True, frozen=True):
    """A column of a table of records. currency: the field that holds the currency of an amount; "": none."""

    name: str
    kind: ColumnKind
    currency: str = ""


@cache
def columns(resource: Resource) -> tuple[RecordColumn, ...]:
    """The columns of a resource's table."""
    kinds = {name: kind for name, kind in _kinds(resource) if kind is not None}
    currency = next((name for name in kinds if name.endswith("currency_code")), "")
    states = [name for name, kind in kinds.items() if kind == "status"][:1]
    labels = _ranked(kinds, "text", LABELS, MOST_LABELS)
    if not labels:
        labels = [name for name, kind in kinds.items() if kind == "text" and not name.endswith("_id")][:1]
    customer = [CUSTOMER] if CUSTOMER in kinds else []
    amounts = _ranked(kinds, "number", AMOUNTS, MOST_AMOUNTS)
    moments = _ranked(kinds, "moment", MOMENTS, MOST_MOMENTS)
    names = [*labels, *states, *customer, *amounts, *moments]
    found_columns = [
        RecordColumn(name=name, kind=kinds[name], currency=currency if name in amounts else "")
        for name in dict.fromkeys(names)
    ]
    return (RecordColumn(name="id", kind="id"), *found_columns)


def label(resource: Resource, record: dict[str, Any]) -> str:
    """The name or number that people call a record by, else its id; "" for one that has none."""
    for name in NAMES if resource.has_id else ():
        if isinstance(text := record.get(name), str) and text.strip():
            return text
    return str(record.get("id", ""))


def _ranked(kinds: dict[str, ColumnKind], kind: ColumnKind, ranking: Sequence[str], most: int) -> list[str]:
    return [name for name in ranking if kinds.get(name) == kind][:most]


def _kinds(resource: Resource) -> Iterator[tuple[str, ColumnKind | None]]:
    for name, hint in get_type_hints(resource.record, include_extras=True).items():
        yield name, "id" if name == "id" else _kind(hint)


def _kind(hint: Any) -> ColumnKind | None:
    """The kind of a field that one cell can show; None for objects and lists."""
    while get_origin(hint) is Annotated:
        if any(isinstance(mark, msgspec.Meta) and mark.title == "Timestamp" for mark in hint.__metadata__):
            return "moment"
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        kinds = {_kind(part) for part in get_args(hint) if part is not NoneType}
        return kinds.pop() if len(kinds) == 1 else None
    if get_origin(hint) is Literal:
        return "status"
    plain: dict[Any, ColumnKind] = {
        str: "text",
        bool: "flag",
        int: "number",
        Decimal: "number",
        float: "number",
    }
    return plain.get(hint)
