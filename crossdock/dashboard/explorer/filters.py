"""Pure: the filters of a list, as a bar of fields and as an address.

    GET /explorer/…/orders?f=status&o=in&v=open,picked     what the bar sends: a row for each filter
         └─ written() ─▶ ?status[in]=open,picked            the address, with the API's own parameters
                          └─ bar() ─▶ the rows, filled in

The bar offers what the API's list takes: the resource's filters and their operators, `ids` and `as_of`.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from crossdock.dashboard.explorer.columns import NAMES
from crossdock.resources.schema import Column, Kind, Resource

FIELD, OPERATOR, VALUE = "f", "o", "v"
MEANINGS: Mapping[str, str] = {
    "": "is", "eq": "is exactly", "neq": "is not", "in": "is one of", "nin": "is none of",
    "contains": "contains, case and all", "not_contains": "does not contain", "gt": "is above",
    "gte": "is at least", "lt": "is below", "lte": "is at most", "eq-insensitive": "is, in any case",
    "in-insensitive": "is one of, in any case", "contains-insensitive": "contains",
}  # fmt: skip
MOMENTS: Mapping[str, str] = {
    "gt": "after",
    "gte": "from",
    "lt": "before",
    "lte": "until",
    "": "at",
    "eq": "exactly at",
}
FIRST: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("eq-insensitive", ""), Kind.CHOICE: ("", "eq"), Kind.FLAG: ("", "eq"),
    Kind.TIME: ("gte",), Kind.TAGS: ("contains",),
}  # fmt: skip
"""The operator that an empty row begins with, by its kind: one that an index answers at once."""
SECOND: Mapping[Kind, tuple[str, ...]] = {Kind.TIME: ("lte",)}
"""Of a second row: moments have a beginning and an end."""
SHOWN_AT_ONCE = (Kind.TEXT, Kind.CHOICE, Kind.TIME)
"""The kinds of which a row is there without opening the others."""
MOST_TELLING = (*NAMES, "status", "updated_date")
"""Columns that come first among those of their kind."""
IDS, AS_OF = "ids", "as_of"
PLAIN = {IDS: "These ids", AS_OF: "As it was at"}
LONGEST_VALUE = 4000


class FilterOperator(msgspec.Struct, kw_only=True):
    word: str
    meaning: str


class FilterRow(msgspec.Struct, kw_only=True):
    """A row of the bar. kind: "text", "choice", "flag", "time" or "tags"."""

    field: str
    label: str
    kind: str
    operators: list[FilterOperator]
    operator: str
    value: str
    choices: list[str]


class ActiveFilter(msgspec.Struct, kw_only=True):
    """A filter that stands in the address. without: the address without it."""

    name: str
    text: str
    without: dict[str, str]


class FilterBar(msgspec.Struct, kw_only=True):
    """The rows that are seen at once, those behind them, and what is filtered by now."""

    first: list[FilterRow]
    others: list[FilterRow]
    active: list[ActiveFilter]


def bar(resource: Resource, sent: Mapping[str, str]) -> FilterBar:
    """The bar with what was sent filled in. sent: parameters of the API's list."""
    rows = [row for column in _ordered(resource) for row in _rows(column, sent)]
    rows += [_plain_row(name, sent) for name in PLAIN]
    first = [
        row
        for kind in SHOWN_AT_ONCE
        for row in [row for row in rows if row.kind == kind.value and row.field not in PLAIN][:1]
    ]
    return FilterBar(
        first=first,
        others=[row for row in rows if row not in first],
        active=[
            ActiveFilter(
                name=name,
                text=_sentence(resource, name, value),
                without={other_name: text for other_name, text in sent.items() if other_name != name},
            )
            for name, value in sent.items()
        ],
    )


def written(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The parameters of the API that the rows of a bar say; several values of one are put together."""
    parameters: dict[str, str] = {}
    field = operator = ""
    for name, text in pairs:
        if name == FIELD:
            field, operator = text, ""
        elif name == OPERATOR:
            operator = text
        elif name == VALUE and field and text.strip():
            written_name = f"{field}[{operator}]" if operator else field
            before = f"{parameters[written_name]}," if written_name in parameters else ""
            parameters[written_name] = before + text.strip()[:LONGEST_VALUE]
    return parameters


def parameters_of(resource: Resource) -> list[str]:
    """The parameters of a list that the bar offers."""
    names = [_name(column, operator) for column in resource.filters.values() for operator in column.operators]
    return [*names, *PLAIN]


def _name(column: Column, operator: str) -> str:
    return f"{column.name}[{operator}]" if operator else column.name


def _ordered(resource: Resource) -> list[Column]:
    """The columns, those that people look for first: texts, choices, moments."""
    ranks = {Kind.CHOICE: 1, Kind.TEXT: 0, Kind.FLAG: 2, Kind.TIME: 3, Kind.TAGS: 4}

    def rank(column: Column) -> tuple[bool, int, int]:
        place = MOST_TELLING.index(column.name) if column.name in MOST_TELLING else len(MOST_TELLING)
        return column.name.endswith("_id"), ranks[column.kind], place

    return sorted(resource.filters.values(), key=rank)


def _rows(column: Column, sent: Mapping[str, str]) -> list[FilterRow]:
    """A row for each filter of the column that was sent; else an empty one, of a moment two."""
    used = [operator for operator in column.operators if _name(column, operator) in sent]
    rows = [_row(column, operator, sent[_name(column, operator)]) for operator in used]
    for wishes in (FIRST[column.kind], SECOND.get(column.kind, ())):
        operator = next((wish for wish in wishes if wish in column.operators), None)
        if operator is not None and operator not in used and (not used or column.kind is Kind.TIME):
            rows.append(_row(column, operator, ""))
    return rows


def _row(column: Column, operator: str, value: str) -> FilterRow:
    return FilterRow(
        field=column.name,
        label=column.name.replace("_", " "),
        kind=column.kind.value,
        operators=[FilterOperator(word=word, meaning=_meaning(column, word)) for word in column.operators],
        operator=operator,
        value=value,
        choices=["true", "false"] if column.kind is Kind.FLAG else list(column.choices),
    )


def _plain_row(name: str, sent: Mapping[str, str]) -> FilterRow:
    kind = Kind.TIME if name == AS_OF else Kind.TEXT
    return FilterRow(
        field=name, label=PLAIN[name], kind=kind.value, operators=[], operator="",
        value=sent.get(name, ""), choices=[],
    )  # fmt: skip


def _meaning(column: Column, operator: str) -> str:
    if column.kind is Kind.TIME and operator in MOMENTS:
        return MOMENTS[operator]
    if operator == "contains" and "contains-insensitive" not in column.operators:
        return operator
    return MEANINGS.get(operator, operator)


def _sentence(resource: Resource, name: str, value: str) -> str:
    """A filter as people read it: "status is one of open,picked"."""
    field, _, rest = name.partition("[")
    column = resource.filters.get(field)
    if column is None:
        return f"{PLAIN.get(name, name)}: {value}"
    return f"{field.replace('_', ' ')} {_meaning(column, rest.removesuffix(']'))} {value}"


def sent_filters(pairs: Sequence[tuple[str, str]], own: frozenset[str]) -> dict[str, str]:
    """The parameters of an address that are meant for the API. own: those that are the page's."""
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name not in own and value.strip():
            parameters[name] = f"{parameters[name]},{value.strip()}" if name in parameters else value.strip()
    return parameters
