"""Pure: the query string of a request → what is asked of the store.

    raw bytes ─ pairs() ─▶ [(name, value)] ─┬─ listing()   a list: filters, order, page   → Query
                                            └─ arguments() anything else: what its operation declares

A filter is `field=value` or `field[operator]=value`, with the operators that the resource declares.
`in`, `nin` and tags take up to 100 values, separated by commas; the parameter may also be repeated.
Whatever does not fit is refused with 422, all faults of a request at once, under the names that were
sent. Nothing is guessed: dates have one form, flags are `true` and `false`, an unknown name is a fault.

`ids` or `ids[in]` makes every other filter ignored, as the contract says: they are not even checked.
`limit` and `page_token` still count, because they say how much of those records is wanted.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl

from crossdock.api.operation import Parameter
from crossdock.api.tokens import After, Pages
from crossdock.errors import Invalid
from crossdock.resources.schema import ANY_CASE_OPERATORS, EQUALS, Column, Kind, Resource
from crossdock.store.query import Condition, Query, Value

MOST_PARAMETERS = 1000
MOST_VALUES = 100
LARGEST_PAGE = 1000

NO_DATE = "is not a date in UTC of the form YYYY-MM-DDTHH:MM:SSZ"

LIST_OPERATORS = frozenset({"in", "nin", "in-insensitive"})
SUBSTRING_OPERATORS = frozenset({"contains", "not_contains"})
LOWER_BOUNDS, UPPER_BOUNDS = frozenset({"gt", "gte"}), frozenset({"lt", "lte"})
IDS = ("ids", "ids[in]")
AS_OF = "as_of"

Pair = tuple[str, str]

_PARAMETER = re.compile(r"([A-Za-z0-9_]+)(?:\[([A-Za-z_-]+)\])?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def pairs(query_string: bytes) -> list[Pair]:
    """The parameters in the order sent, blank ones included. Raises Invalid for what is not UTF-8."""
    try:
        text = query_string.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        problem = "not percent-encoded UTF-8"
    except ValueError:  # what parse_qsl raises for max_num_fields
        problem = f"more than {MOST_PARAMETERS} parameters"
    raise Invalid({"query": {"query_string": [problem]}})


def listing(resource: Resource, given: Sequence[Pair], pages: Pages) -> Query:
    """The page of a list that a query string asks for.

    Raises Invalid naming every parameter that does not fit.
    """
    faults = _Faults("query")
    sent = _together(given)
    ids = _ids(sent, faults)
    as_of = _as_of(sent, faults)
    filters = {} if ids is not None else _filters(resource, sent, faults)
    conditions = _conditions(filters, sent, faults)
    order = _order(resource, filters) if as_of is None else None
    limit = _limit(sent, faults)
    after = _after(sent, order, pages_as_of(pages, as_of), faults)
    faults.stop()
    return Query(conditions, ids, order, after, limit, pages.parent, as_of)


def pages_as_of(pages: Pages, as_of: int | None) -> Pages:
    """The pages of a list as it was at a moment: a token of one moment is of no use at another."""
    return pages if as_of is None else replace(pages, resource=f"{pages.resource} as of {as_of}")


def arguments(
    declared: Iterable[Parameter], path: Mapping[str, str], given: Sequence[Pair]
) -> dict[str, str | bool | int]:
    """The parameters of an operation that is not a list, by name; those with a default are always there.

    Raises Invalid for an unknown parameter and for a value that is not one of its choices.
    """
    query_faults, path_faults = _Faults("query"), _Faults("path")
    sent = _together(given)
    known = {one.name: one for one in declared}
    found: dict[str, str | bool | int] = {
        name: one.default for name, one in known.items() if one.default is not None
    }
    for name, text in path.items():
        if _is_text(name, text, path_faults):
            found[name] = _argument(known[name], text, path_faults)
    for name, values in sent.items():
        if name not in known or known[name].where != "query":
            query_faults.add(name, "unknown parameter")
        elif _is_one_text(name, values, query_faults):
            found[name] = _argument(known[name], values[0], query_faults)
    path_faults.stop(query_faults)
    return found


@dataclass(frozen=True)
class Feed:
    """What is asked of the feed of events. after: where the reader stands."""

    after: str | None
    types: tuple[str, ...]
    limit: int


def feed(given: Sequence[Pair], types: Sequence[str]) -> Feed:
    """The part of the feed that a query string asks for. types: those that there are."""
    faults = _Faults("query")
    sent = _together(given)
    for name in sent.keys() - {"after", "limit", "type"}:
        faults.add(name, "unknown parameter")
    wanted = _texts("type", sent.get("type", ()), faults)
    for one in wanted:
        if one not in types:
            faults.add("type", f"{_shown(one)} is no event; there are: {', '.join(types)}")
    after = sent.get("after", [])
    is_one = bool(after) and _is_one_text("after", after, faults)
    limit = _limit(sent, faults)
    faults.stop()
    return Feed(after[0] if is_one else None, tuple(dict.fromkeys(wanted)), limit)


def part(given: Sequence[Pair], pages: Pages, default_limit: int) -> tuple[int, str | None]:
    """How much is wanted of what comes in pages without filters, and the key that it begins behind."""
    faults = _Faults("query")
    sent = _together(given)
    limit = _limit(sent, faults, default_limit)
    after = _after(sent, None, pages, faults)
    faults.stop()
    return limit, None if after is None else str(after[-1])


class _Faults:
    """What is wrong with one part of a request: messages by parameter, exactly as it was written."""

    def __init__(self, location: str) -> None:
        self.location = location
        self.messages: dict[str, list[str]] = {}

    def add(self, name: str, message: str) -> None:
        # What UTF-8 cannot carry could not be sent back either.
        fit = name.encode("utf-8", "backslashreplace").decode()
        self.messages.setdefault(fit, []).append(message)

    def stop(self, *others: "_Faults") -> None:
        """Raises Invalid if there is any fault."""
        found = {one.location: one.messages for one in (self, *others) if one.messages}
        if found:
            raise Invalid(found)


def _shown(text: str) -> str:
    """A value as messages quote it: escaped, and cut when it is long."""
    return repr(text if len(text) <= 100 else f"{text[:100]}…")


def _together(given: Iterable[Pair]) -> dict[str, list[str]]:
    """All values of each parameter."""
    sent: dict[str, list[str]] = {}
    for name, value in given:
        sent.setdefault(name, []).append(value)
    return sent


def _ids(sent: Mapping[str, list[str]], faults: _Faults) -> tuple[str, ...] | None:
    if not any(name in sent for name in IDS):
        return None
    found = [text for name in IDS if name in sent for text in _texts(name, sent[name], faults)]
    return tuple(dict.fromkeys(found))


def _filters(
    resource: Resource, sent: Mapping[str, list[str]], faults: _Faults
) -> dict[str, tuple[Column, str]]:
    """The filters among the parameters, by the name written: which column, and which operator."""
    found = {}
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
            found[written] = (column, operator)
    return found


def _offered(column: Column) -> str:
    """The operators of a column as they are written."""
    return ", ".join(f"{column.name}[{one}]" if one else f"{column.name}=" for one in column.operators)


def _conditions(
    filters: Mapping[str, tuple[Column, str]], sent: Mapping[str, list[str]], faults: _Faults
) -> tuple[Condition, ...]:
    found = []
    for written, (column, operator) in filters.items():
        if column.kind is Kind.TAGS or operator in LIST_OPERATORS:
            texts = _texts(written, sent[written], faults)
        else:
            texts = sent[written] if _is_one_text(written, sent[written], faults) else []
        values = [_value(written, column, operator, text, faults) for text in texts]
        fit = tuple(dict.fromkeys(one for one in values if one is not None))
        found.append(Condition(column.name, operator or "eq", fit))
    return tuple(found)


def _texts(written: str, values: Iterable[str], faults: _Faults) -> list[str]:
    """The values of a list parameter: separated by commas, repeated, or both."""
    texts = [one for value in values for one in value.split(",")]
    if len(texts) > MOST_VALUES:
        faults.add(written, f"{len(texts)} values; at most {MOST_VALUES} are allowed")
        return []
    return [one for one in texts if _is_text(written, one, faults)]


def _is_one_text(written: str, values: list[str], faults: _Faults) -> bool:
    if len(values) > 1:
        faults.add(written, f"given {len(values)} times; it takes one value")
        return False
    return _is_text(written, values[0], faults)


def _is_text(written: str, text: str, faults: _Faults) -> bool:
    if not text:
        faults.add(written, "'' is empty; give a value or leave the parameter out")
    elif _UNFIT.search(text):
        faults.add(written, f"{_shown(text)} has a character that no stored value has")
    else:
        return True
    return False


def _value(written: str, column: Column, operator: str, text: str, faults: _Faults) -> Value | None:
    """A value in the form the store compares; None with a fault."""
    if column.kind is Kind.TIME:
        return _time(written, text, faults)
    choices = column.choices
    if column.kind is Kind.FLAG:
        choices = ("true", "false")
    elif operator in SUBSTRING_OPERATORS or operator in ANY_CASE_OPERATORS:
        choices = ()  # A part of a choice, or another spelling of it, is no choice itself.
    if choices and not _is_choice(written, choices, text, faults):
        return None
    return text == "true" if column.kind is Kind.FLAG else text


def _is_choice(written: str, choices: Sequence[str], text: str, faults: _Faults) -> bool:
    if text not in choices:
        faults.add(written, f"{_shown(text)} is not one of {', '.join(choices)}")
    return text in choices


def _seconds(text: str) -> int | None:
    """Seconds since 1970 of "2026-01-31T09:00:00Z"; None for another form or a day that never was."""
    if not _TIME.fullmatch(text):
        return None
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        return None


def moment(text: str, name: str = AS_OF) -> int:
    """Seconds since 1970 of a date in its one form. Raises Invalid, as the fault of `name`, for others."""
    seconds = _seconds(text)
    if seconds is None:
        raise Invalid({"query": {name: [f"{_shown(text)} {NO_DATE}"]}})
    return seconds


def _as_of(sent: Mapping[str, list[str]], faults: _Faults) -> int | None:
    if AS_OF not in sent or not _is_one_text(AS_OF, sent[AS_OF], faults):
        return None
    return _time(AS_OF, sent[AS_OF][0], faults)


def _time(written: str, text: str, faults: _Faults) -> int | None:
    seconds = _seconds(text)
    if seconds is None:
        faults.add(written, f"{_shown(text)} {NO_DATE}")
    return seconds


def _order(resource: Resource, filters: Mapping[str, tuple[Column, str]]) -> str | None:
    """The time column that a range is asked on, one with a lower bound first; None: by id."""
    times = [(column.name, operator) for column, operator in filters.values() if column.kind is Kind.TIME]
    for bounds in (LOWER_BOUNDS, UPPER_BOUNDS):
        bounded = {name for name, operator in times if operator in bounds}
        for name in resource.filters:
            if name in bounded:
                return name
    return None


def _limit(sent: Mapping[str, list[str]], faults: _Faults, default: int = LARGEST_PAGE) -> int:
    if "limit" not in sent or not _is_one_text("limit", sent["limit"], faults):
        return default
    text = sent["limit"][0]
    digits = text.lstrip("0")
    if not re.fullmatch("[0-9]+", digits):
        faults.add("limit", f"{_shown(text)} is not a whole number of at least 1")
        return LARGEST_PAGE
    # int() refuses thousands of digits, and whatever has five is above the ceiling anyway.
    return min(int(digits[:5]), LARGEST_PAGE)


def _after(sent: Mapping[str, list[str]], order: str | None, pages: Pages, faults: _Faults) -> After | None:
    name = "page_token"
    if name not in sent or not _is_one_text(name, sent[name], faults):
        return None
    try:
        return pages.after(sent[name][0], order)
    except Invalid as refused:
        faults.add(name, str(refused))
        return None


def _argument(parameter: Parameter, text: str, faults: _Faults) -> str | bool | int:
    if parameter.is_number:
        return _limit({parameter.name: [text]}, faults)
    choices = ("true", "false") if parameter.is_flag else parameter.choices
    if parameter.is_time:
        _time(parameter.name, text, faults)
    if choices:
        _is_choice(parameter.name, choices, text, faults)
    return text == "true" if parameter.is_flag else text
