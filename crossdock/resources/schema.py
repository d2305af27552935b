"""The words that resources are written in: Record, Part, Filter, Subevent, Resource.

A resource is declared once, in a file of its own. Routes, filters, columns, indexes, the OpenAPI
schema, event names, the sync clock and the function name are derived from that declaration.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import cached_property
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

# The operators of `field[operator]=value`; EQUALS is the plain form `field=value`.
EQUALS = ""
DATE = (EQUALS, "eq", "neq", "gt", "gte", "lt", "lte", "in", "nin")
DATE_WITHOUT_LISTS = (EQUALS, "eq", "neq", "gt", "gte", "lt", "lte")
TEXT = (EQUALS, "eq", "neq", "in", "nin", "contains", "not_contains")
TEXT_WITHOUT_NEQ = (EQUALS, "eq", "in", "nin", "contains", "not_contains")
TEXT_WITHOUT_LISTS = (EQUALS, "eq", "contains", "not_contains")
TEXT_ANY_CASE = (
    EQUALS, "eq", "eq-insensitive", "in", "in-insensitive", "nin",
    "contains", "contains-insensitive", "not_contains",
)  # fmt: skip
TAGS = ("contains", "not_contains")
PLAIN = (EQUALS,)

HOURLY, EVERY_12_HOURS, DAILY = timedelta(hours=1), timedelta(hours=12), timedelta(days=1)

ANY_CASE_OPERATORS = frozenset({"eq-insensitive", "in-insensitive", "contains-insensitive"})


class Kind(Enum):
    """What the values of a filter are."""

    TEXT = "text"
    CHOICE = "choice"
    TIME = "time"
    FLAG = "flag"
    TAGS = "tags"


@dataclass(frozen=True)
class Filter:
    """Put beside a field's type: the field can be filtered with these operators."""

    operators: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A filter of a resource, resolved: also a column of its table."""

    name: str
    operators: tuple[str, ...]
    kind: Kind
    choices: tuple[str, ...] = ()
    hidden: bool = False
    """The value comes from `read` but is not part of what the API shows."""

    @property
    def any_case(self) -> bool:
        """Check whether a case-folded copy of the value is needed."""
        return not ANY_CASE_OPERATORS.isdisjoint(self.operators)


class Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An object inside a record. Its nullable members default to null, so all are always present."""


class Record(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the API shows of one thing of the vendor. Fields are sent in the order they are declared."""


@dataclass(frozen=True)
class Subevent:
    """A further event when an item appears in a list of the record: a shipment of an order."""

    name: str
    list_field: str
    item_key: str


@dataclass(frozen=True, eq=False)
class Resource:
    """One kind of record, and everything that follows from it."""

    record: type[Record]
    path: str
    """Where it is listed, "/wms/orders"; "{parent}" in it is a column that the list is narrowed to."""
    singular: str
    """What one record is called in path parameters and prose: "order"."""
    function: str
    event: str | None
    every: timedelta | None
    taggable: bool = False
    filters_tags: bool = True
    stamped: bool = True
    """Whether records carry `trackstar_created_date` and `trackstar_updated_date`."""
    append_only: bool = False
    """Whether records stay as they were made: that a system has only touched one is no change of it."""
    listed: bool = True
    item_path: str | None = None
    """Where one is read; None: `path/{<singular>_id}`; "": nowhere."""
    hidden: dict[str, Filter] = field(default_factory=dict)
    subevents: tuple[Subevent, ...] = ()
    id_parameter: str | None = None
    of: str | None = None
    """The function that reads what this belongs to, under the same id: a record that is there and has none
    of it is answered as an empty one."""
    parent: str | None = None
    """The field that the path narrows to: warehouse locations are read below their warehouse."""
    reader_name: str | None = None
    """See `reader`; None: the singular."""
    bulky: bool = False
    """Whether documents are long and alike, most of them names: they are stored packed."""
    derives: "Resource | None" = None
    """What can be derived from how these records change, for systems that keep none of it themselves."""

    @property
    def type(self) -> str:
        """The vertical: "wms", "cart", "carrier" or "freight"."""
        return self.path.split("/")[1]

    @property
    def name(self) -> str:
        """The plural name: "orders". A client's method and the store's table are named after it."""
        return self.function.removeprefix("get_")

    @property
    def reader(self) -> str:
        """The name of the integration's function that maps a raw record, and its client's that reads one."""
        return self.reader_name or self.singular

    @property
    def key(self) -> str:
        """Unique over all verticals: "wms_orders"."""
        return f"{self.type}_{self.name}"

    @property
    def one_path(self) -> str | None:
        """The route that reads one record, or None."""
        if self.item_path is not None:
            return self.item_path or None
        return f"{self.path}/{{{self.id_name}}}"

    @property
    def read_path(self) -> str:
        """The route that reads its records: of the list, or of one where there is no list."""
        return self.path if self.listed else str(self.one_path)

    @property
    def id_name(self) -> str:
        return self.id_parameter or f"{self.singular}_id"

    @cached_property
    def has_id(self) -> bool:
        return "id" in self.record.__struct_fields__

    @cached_property
    def shape(self) -> bytes:
        """The hash of the record's fields and their types: what was kept in another shape is read again."""
        schema = msgspec.json.encode(msgspec.json.schema(self.record), order="sorted")
        return hashlib.blake2b(schema, digest_size=8).digest()

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The filters by name: those declared on fields, the hidden ones, and those all lists have."""
        return {column.name: column for column in self._columns()}

    def _columns(self) -> Iterator[Column]:
        hints = get_type_hints(self.record, include_extras=True)
        for name in ("created_date", "updated_date"):
            if name in hints:
                yield Column(name, DATE, Kind.TIME)
        for name, hint in hints.items():
            for mark in getattr(hint, "__metadata__", ()):
                if isinstance(mark, Filter):
                    kind, choices = _kind(hint)
                    yield Column(name, mark.operators, kind, choices)
        if self.parent:
            yield Column(self.parent, (), Kind.TEXT)
        for name, mark in self.hidden.items():
            yield Column(name, mark.operators, Kind.TEXT, hidden=True)

    @cached_property
    def filters(self) -> dict[str, Column]:
        """The columns that a list can be filtered by, with our own two dates and tags."""
        columns = {name: column for name, column in self.columns.items() if column.operators}
        if self.stamped:
            for name in ("trackstar_created_date", "trackstar_updated_date"):
                columns[name] = Column(name, DATE, Kind.TIME)
        if self.filters_tags:
            columns["trackstar_tags"] = Column("trackstar_tags", TAGS, Kind.TAGS)
        return columns

    @cached_property
    def time_fields(self) -> frozenset[str]:
        return frozenset(c.name for c in self.columns.values() if c.kind is Kind.TIME)


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...]]:
    """The kind of a filtered field, from its type."""
    while get_origin(hint) is Annotated:
        if any(isinstance(m, msgspec.Meta) and m.title == "Timestamp" for m in hint.__metadata__):
            return Kind.TIME, ()
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        return _kind(next(argument for argument in get_args(hint) if argument is not NoneType))
    if get_origin(hint) is Literal:
        return Kind.CHOICE, get_args(hint)
    return {bool: (Kind.FLAG, ()), str: (Kind.TEXT, ())}[hint]
