"""Pure: the parameters of a request → the search that they mean, or the first fault, by its code."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from crossdock.deco_api.codes import (
    AT_LEAST,
    AT_MOST,
    BAD_CONDITION,
    BAD_PAGE,
    BAD_PARAMETERS,
    BETWEEN,
    CONDITIONS,
    EQUAL,
    FIELDS,
    GREATER,
    LESS,
    NO_CONDITIONS,
    OTHER,
    Column,
    DecoRefused,
)
from crossdock.store.records.numbered_events import EventSearch, Interval

MOST_ROWS = 100
MOST_CONDITIONS = 50
LARGEST = 2**62
"""What is further from nought than this means the same as this: no event has such a number or date."""
PARTS = ("field", "condition", "date1", "date2", "number1", "number2")
_NUMBERED = re.compile(r"conditions\[([0-9]{1,6})\]\[([a-z0-9_]{1,20})\]")
_WHOLE = re.compile(r"[0-9]{1,18}")

Condition = Mapping[str, str]
Interpret = Callable[[Decimal, Decimal], Interval]


def search(params: Mapping[str, str]) -> EventSearch:
    """The search that parameters mean. Raises DecoRefused."""
    limit, offset = page_bound(params, "limit", MOST_ROWS), page_bound(params, "offset", 0)
    if limit > MOST_ROWS:
        raise DecoRefused(BAD_PAGE, f"limit is {limit}: it must be from 0 to {MOST_ROWS}")
    sort = FIELDS.get(params.get("sortby", "1"))
    if sort is None:
        raise DecoRefused(BAD_PARAMETERS, "sortby must be 1 (date created) or 2 (inventory id)")
    conditions = numbered_conditions(params)
    if not conditions:
        raise DecoRefused(NO_CONDITIONS, "No conditions specified")
    wanted: dict[Column, Interval] = {}
    for number, condition in conditions.items():
        column, interval = meaning(number, condition)
        wanted[column] = both(wanted.get(column, Interval()), interval)
    return EventSearch(wanted, sort, limit, offset)


def page_bound(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name, "") or str(default)
    if not _WHOLE.fullmatch(text):
        raise DecoRefused(BAD_PAGE, f"{name} must be a whole number from 0 on")
    return int(text)


def numbered_conditions(params: Mapping[str, str]) -> dict[int, Condition]:
    """The conditions by their number. One without a number comes before those that have one.

    Raises DecoRefused for one that is named otherwise: without it more would be shown than was asked for.
    """
    conditions: dict[int, dict[str, str]] = {}
    for name, value in params.items():
        if match := _NUMBERED.fullmatch(name):
            conditions.setdefault(int(match[1]), {})[match[2]] = value
        elif name.startswith("conditions"):
            raise DecoRefused(BAD_PARAMETERS, "a condition is named conditions[1][field], conditions[1][…]")
    single = {name: params[name] for name in PARTS if params.get(name)}
    if single:
        conditions[min(conditions, default=2) - 1] = single
    if len(conditions) > MOST_CONDITIONS:
        raise DecoRefused(BAD_PARAMETERS, f"there are more than {MOST_CONDITIONS} conditions")
    return dict(sorted(conditions.items()))


def meaning(number: int, condition: Condition) -> tuple[Column, Interval]:
    """The column that a condition is about, and the interval that it leaves of it."""
    for part in ("field", "condition"):
        if not condition.get(part):
            raise DecoRefused(BAD_CONDITION, f"Condition {number} '{part}' is missing")
    column, test = FIELDS.get(condition["field"]), condition["condition"]
    if column is None:
        raise DecoRefused(
            BAD_PARAMETERS, f"condition {number}: field must be 1 (date created) or 2 (inventory id)"
        )
    if test not in CONDITIONS:
        raise DecoRefused(BAD_PARAMETERS, f"condition {number}: condition must be from 1 to 7")
    read, name = (moment, "date") if column == "date" else (amount, "number")
    first = read(condition, f"{name}1")
    second = read(condition, f"{name}2") if test == BETWEEN else first
    return column, TESTS[test](first, second)


def moment(condition: Condition, name: str) -> Decimal:
    """A date in seconds since 1970; without a zone it is UTC."""
    try:
        date = datetime.fromisoformat(condition.get(name, "").strip())
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise DecoRefused(BAD_CONDITION, f"{name} is invalid") from None
    return Decimal(str(seconds))


def amount(condition: Condition, name: str) -> Decimal:
    try:
        number = Decimal(condition.get(name, "").strip().replace("_", "?"))
    except InvalidOperation:
        raise DecoRefused(BAD_CONDITION, f"{name} is invalid") from None
    if not number.is_finite():
        raise DecoRefused(BAD_CONDITION, f"{name} is invalid")
    return max(min(number, Decimal(LARGEST)), Decimal(-LARGEST))


TESTS: Mapping[str, Interpret] = {
    EQUAL: lambda first, _: Interval(math.ceil(first), math.floor(first)),
    OTHER: lambda first, _: Interval(without=(int(first),) if first == int(first) else ()),
    LESS: lambda first, _: Interval(high=math.ceil(first) - 1),
    GREATER: lambda first, _: Interval(low=math.floor(first) + 1),
    AT_MOST: lambda first, _: Interval(high=math.floor(first)),
    AT_LEAST: lambda first, _: Interval(low=math.ceil(first)),
    BETWEEN: lambda first, second: Interval(math.ceil(first), math.floor(second)),
}
"""What a condition leaves of the whole numbers. Between includes both ends."""


def both(one_interval: Interval, next_interval: Interval) -> Interval:
    """The interval that two intervals have in common."""
    return Interval(
        _bound(max, one_interval.low, next_interval.low),
        _bound(min, one_interval.high, next_interval.high),
        (*one_interval.without, *next_interval.without),
    )


def _bound(chosen: Callable[[Iterable[int]], int], *bounds: int | None) -> int | None:
    known = [bound for bound in bounds if bound is not None]
    return chosen(known) if known else None
