"""Pure: the query string of a request → what is asked of the store.

    [(name, value)] ─┬─ listing()   a list of records: filters, order, page   → RecordQuery
                     └─ feed()      a part of the feed of events              → FeedQuery

A filter is `field=value` or `field[operator]=value`, with the operators that the resource declares.
`in`, `nin` and tags take several values.

`ids` or `ids[in]` makes every other parameter ignored, as the contract says: none is even checked. Only
`as_of`, which the contract does not have, says of which time those records are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crossdock.errors import Invalid
from crossdock.resources import dates
from crossdock.resources.event_types import proper_name
from crossdock.resources.schema import ANY_CASE_OPERATORS, EQUALS, Column, Kind, Resource
from crossdock.store.records.query import RecordCondition, RecordQuery, Value
from crossdock.web.page_tokens import PageTokens
from crossdock.web.query import (
    LARGEST_PAGE,
    Pair,
    QueryFaults,
    flag,
    is_choice,
    is_one_text,
    page_key,
    page_limit,
    quoted,
    seconds,
    texts,
    together,
)

LIST_OPERATORS = frozenset({"in", "nin", "in-insensitive"})
SUBSTRING_OPERATORS = frozenset({"contains", "not_contains"})
LOWER_BOUNDS, UPPER_BOUNDS = frozenset({"gt", "gte"}), frozenset({"lt", "lte"})
IDS = ("ids", "ids[in]")
AS_OF = "as_of"

_PARAMETER = re.compile(r"([A-Za-z0-9_]+)(?:\[([A-Za-z_-]+)\])?")


def listing(resource: Resource, pairs: Sequence[Pair], pages: PageTokens) -> RecordQuery:
    """The page of a list that a query string asks for.

    Raises Invalid naming every parameter that does not fit.
    """
    faults = QueryFaults("query")
    sent = together(pairs)
    ids = _ids(sent, faults)
    as_of = _as_of(sent, faults)
    if ids is not None:
        faults.stop()
        return RecordQuery((), ids, None, None, LARGEST_PAGE, pages.parent, as_of)
    filters = _filters(resource, sent, faults)
    conditions = _conditions(filters, sent, faults)
    order = _order(resource, filters) if as_of is None else None
    limit = page_limit(sent, faults)
    after = page_key(sent, order, pages_as_of(pages, as_of), faults)
    faults.stop()
    return RecordQuery(conditions, None, order, after, limit, pages.parent, as_of)


def pages_as_of(pages: PageTokens, as_of: int | None) -> PageTokens:
    """The pages of a list as it was at a moment: a token of one moment is of no use at another."""
    return pages if as_of is None else replace(pages, resource=f"{pages.resource} as of {as_of}")


@dataclass(frozen=True)
class FeedQuery:
    """A question to the feed of events. after: where the reader stands."""

    after: str | None
    types: tuple[str, ...]
    limit: int


def feed(pairs: Sequence[Pair], types: Sequence[str]) -> FeedQuery:
    """The part of the feed that a query string asks for. types: those that there are."""
    faults = QueryFaults("query")
    sent = together(pairs)
    for name in sent.keys() - {"after", "limit", "type"}:
        faults.add(name, "unknown parameter")
    proper_names = texts("type", sent.get("type", ()), faults)
    proper_names = [proper_name(text) for text in proper_names]
    for text in proper_names:
        if text not in types:
            faults.add("type", f"{quoted(text)} is no event; there are: {', '.join(types)}")
    after = sent.get("after", [])
    is_one = bool(after) and is_one_text("after", after, faults)
    limit = page_limit(sent, faults)
    faults.stop()
    return FeedQuery(after[0] if is_one else None, tuple(dict.fromkeys(proper_names)), limit)


def _ids(sent: Mapping[str, list[str]], faults: QueryFaults) -> tuple[str, ...] | None:
    if not any(name in sent for name in IDS):
        return None
    names = [text for name in IDS if name in sent for text in texts(name, sent[name], faults)]
    return tuple(dict.fromkeys(names))


def _filters(
    resource: Resource, sent: Mapping[str, list[str]], faults: QueryFaults
) -> dict[str, tuple[Column, str]]:
    """The filters among the parameters, by the name written: which column, and which operator."""
    filters = {}
    for written in sent:
        if written in (AS_OF, "limit", "page_token"):
            continue
        match = _PARAMETER.fullmatch(written)
        column = resource.filters.get(match[1]) if match else None
        operator = (match[2] or EQUALS) if match else EQUALS
        if column is None:
            faults.add(written, f"unknown parameter; filters here: {', '.join(resource.filters)}")
        elif operator not in column.operators:
            faults.add(written, f"{column.name} cannot be filtered so; it can by {_offered(column)}")
        else:
            filters[written] = (column, operator)
    return filters


def _offered(column: Column) -> str:
    """The operators of a column as they are written."""
    return ", ".join(
        f"{column.name}[{operator}]" if operator else f"{column.name}=" for operator in column.operators
    )


def _conditions(
    filters: Mapping[str, tuple[Column, str]], sent: Mapping[str, list[str]], faults: QueryFaults
) -> tuple[RecordCondition, ...]:
    record_conditions = []
    for written, (column, operator) in filters.items():
        if column.kind is Kind.TAGS or operator in LIST_OPERATORS:
            names = texts(written, sent[written], faults)
        else:
            names = sent[written] if is_one_text(written, sent[written], faults) else []
        values = [_value(written, column, operator, text, faults) for text in names]
        fit = tuple(dict.fromkeys(value for value in values if value is not None))
        record_conditions.append(RecordCondition(column.name, operator or "eq", fit))
    return tuple(record_conditions)


def _value(written: str, column: Column, operator: str, text: str, faults: QueryFaults) -> Value | None:
    """A value in the form the store compares; None with a fault."""
    if column.kind is Kind.TIME:
        return seconds(written, text, faults)
    if column.kind is Kind.FLAG:
        return flag(written, text, faults)
    # A part of a choice, or another spelling of it, is no choice itself.
    is_whole = operator not in SUBSTRING_OPERATORS and operator not in ANY_CASE_OPERATORS
    if column.choices and is_whole and not is_choice(written, column.choices, text, faults):
        return None
    return text


def moment(text: str, name: str = AS_OF) -> int:
    """Seconds since 1970 of a date. Raises Invalid, as the fault of `name`, for what is none."""
    try:
        return dates.seconds(text)
    except ValueError as problem:
        raise Invalid({"query": {name: [str(problem)]}}) from None


def _as_of(sent: Mapping[str, list[str]], faults: QueryFaults) -> int | None:
    if AS_OF not in sent or not is_one_text(AS_OF, sent[AS_OF], faults):
        return None
    return seconds(AS_OF, sent[AS_OF][0], faults)


def _order(resource: Resource, filters: Mapping[str, tuple[Column, str]]) -> str | None:
    """The time column that a range is asked on, one with a lower bound first; None: by id."""
    times = [(column.name, operator) for column, operator in filters.values() if column.kind is Kind.TIME]
    for bounds in (LOWER_BOUNDS, UPPER_BOUNDS):
        bounded = {name for name, operator in times if operator in bounds}
        for name in resource.filters:
            if name in bounded:
                return name
    return None
