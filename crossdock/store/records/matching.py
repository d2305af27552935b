"""Pure: whether the values of a record meet the conditions of a list, as the SQL in `lists` has it."""

from collections.abc import Collection, Iterable, Mapping

from crossdock.store.records.query import RecordCondition, Value

_NEGATIONS = {"neq": "in", "nin": "in", "not_contains": "contains"}


def meets(
    conditions: Iterable[RecordCondition], values: Mapping[str, Value | None], tags: Collection[str]
) -> bool:
    """Check whether all conditions hold. values: by column, times as seconds; tags: as texts."""
    return all(
        _tagged(condition, tags)
        if condition.column == "trackstar_tags"
        else _meets(condition, values[condition.column])
        for condition in conditions
    )


def _tagged(condition: RecordCondition, tags: Collection[str]) -> bool:
    return any(value in tags for value in condition.values) == (condition.operator == "contains")


def _meets(condition: RecordCondition, value: Value | None) -> bool:
    negated = condition.operator in _NEGATIONS
    if value is None:
        return negated
    operator = _NEGATIONS.get(condition.operator, condition.operator)
    values = [value for value in condition.values if value is not None]
    if operator.endswith("-insensitive"):
        operator = operator.removesuffix("-insensitive")
        value, values = _folded(value), [_folded(value) for value in values]
    return _holds(operator, value, values) != negated


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


def _holds(operator: str, value: Value, values: list[Value]) -> bool:
    """A condition without its negation. Only lists have several values or none."""
    if operator in ("eq", "in"):
        return value in values
    if operator == "contains":
        return str(values[0]) in str(value)
    return _ordered(operator, int(value), int(values[0]))


def _ordered(operator: str, value: int, bound: int) -> bool:
    """Orderings are only asked of times."""
    if operator in ("gt", "lte"):
        return (value > bound) == (operator == "gt")
    return (value < bound) == (operator == "lt")
