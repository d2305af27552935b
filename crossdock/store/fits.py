"""Pure: whether the values of a record meet the conditions of a list, as the SQL in `lists` has it."""

from collections.abc import Collection, Iterable, Mapping

from crossdock.store.query import Condition, Value

_NEGATIONS = {"neq": "in", "nin": "in", "not_contains": "contains"}


def meets(conditions: Iterable[Condition], values: Mapping[str, Value | None], tags: Collection[str]) -> bool:
    """Whether all conditions hold. values: by column, times as seconds; tags: as texts."""
    return all(
        _tagged(one, tags) if one.column == "trackstar_tags" else _meets(one, values[one.column])
        for one in conditions
    )


def _tagged(condition: Condition, tags: Collection[str]) -> bool:
    return any(one in tags for one in condition.values) == (condition.operator == "contains")


def _meets(condition: Condition, value: Value | None) -> bool:
    negated = condition.operator in _NEGATIONS
    if value is None:
        return negated
    operator = _NEGATIONS.get(condition.operator, condition.operator)
    wanted = [one for one in condition.values if one is not None]
    if operator.endswith("-insensitive"):
        operator = operator.removesuffix("-insensitive")
        value, wanted = _folded(value), [_folded(one) for one in wanted]
    return _holds(operator, value, wanted) != negated


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


def _holds(operator: str, value: Value, wanted: list[Value]) -> bool:
    """A condition without its negation. Only lists have several values or none."""
    if operator in ("eq", "in"):
        return value in wanted
    if operator == "contains":
        return str(wanted[0]) in str(value)
    return _ordered(operator, int(value), int(wanted[0]))


def _ordered(operator: str, value: int, bound: int) -> bool:
    """Orderings are only asked of times."""
    if operator in ("gt", "lte"):
        return (value > bound) == (operator == "gt")
    return (value < bound) == (operator == "lt")
