"""Pure: what `read` said did not fit, taken out of its record; exact numbers put in where they are wanted.

A record in which a value does not fit is read once more without it: it is None then, or the nearest honest
value, and told.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from crossdock.errors import BadVendorValue
from crossdock.kit import values
from crossdock.kit.contract import MISFITS, Fields, Misfit, Raw
from crossdock.kit.values import UnfitValue

_STEP = re.compile(r"[^.\[\]]+")
SOMEWHERE = "a value"
"""The place of a value that `read` made something else of."""

# What mapping code raises on a record that is not what its vendor promises.
UNREADABLE = (BadVendorValue, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)


def read_leniently(
    read: Callable[[Raw], Fields], raw: Raw, *, exact: bool = False
) -> tuple[Fields, list[Misfit]]:
    """The fields that `read` makes of a record, and what of it did not fit.

    exact: whether numbers that had to be rounded are put in as they are. Raises what `read` does when the
    record can't be read without what does not fit, or is not identified then.
    """
    try:
        fields, misfits = without_misfits(read(raw))
    except BadVendorValue as problem:
        fields, misfits = _taken_leniently(read, raw, problem)
    return fields, put_exact(fields, misfits) if exact else misfits


def _taken_leniently(
    read: Callable[[Raw], Fields], raw: Raw, problem: BadVendorValue
) -> tuple[Fields, list[Misfit]]:
    try:
        with values.leniently() as unfit:
            fields, misfits = without_misfits(read(raw))
    except UNREADABLE:
        raise problem from None
    if isinstance(fields.get("id"), UnfitValue):
        raise problem
    met: set[int] = set()
    plain = _plain(fields, "", met, misfits)
    misfits += [Misfit(SOMEWHERE, lost.value, lost.wanted) for lost in unfit if id(lost) not in met]
    return plain, misfits


def _plain(value: Any, path: str, met: set[int], misfits: list[Misfit]) -> Any:
    """The value with what stands in for each `UnfitValue` in it; these are noted."""
    if isinstance(value, UnfitValue):
        met.add(id(value))
        misfits.append(Misfit(path, value.value, value.wanted, value.stored, value.exact))
        return value.stored
    if isinstance(value, dict):
        return {name: _plain(inner, member(path, name), met, misfits) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{path}[{position}]", met, misfits) for position, inner in enumerate(value)]
    return value


def member(path: str, name: str) -> str:
    """The path of a member of what is at a path."""
    return f"{path}.{name}" if path else name


def merged(read: Sequence[Misfit], stored: Sequence[Misfit]) -> list[Misfit]:
    """The misfits of reading a record, and of storing it: of one place, the vendor's value and
    what is stored in the end."""
    later = {misfit.field: misfit for misfit in stored}
    result = []
    for misfit in read:
        end = later.pop(misfit.field, None)
        result.append(misfit if end is None else replace(misfit, stored=end.stored))
    return [*result, *later.values()]


def without_misfits(fields: Fields) -> tuple[Fields, list[Misfit]]:
    """The record alone, and what of it did not fit."""
    plain = dict(fields)
    return plain, list(plain.pop(MISFITS, ()))


def put_exact(fields: Fields, misfits: Sequence[Misfit]) -> list[Misfit]:
    """Put the exact number in the place of each that was rounded; give those that are still misfits.

    Changes the record in place. A path that leads nowhere leaves its misfit as it is.
    """
    return [
        misfit for misfit in misfits if misfit.exact is None or not _put(fields, misfit.field, misfit.exact)
    ]


def _put(fields: Fields, path: str, value: Any) -> bool:
    """Set the member at a path like "line_items[0].quantity"; tell whether there is such a member.

    Indexes may also stand behind points, as in `previous_attributes`: "line_items.0.quantity".
    """
    steps = _STEP.findall(path)
    if not steps:
        return False
    holder: Any = fields
    try:
        for step in steps[:-1]:
            holder = holder[_index(holder, step)]
        last = _index(holder, steps[-1])
        holder[last]  # what is not there is not made
        holder[last] = value
    except (LookupError, TypeError, ValueError):
        return False
    return True


def _index(holder: Any, step: str) -> str | int:
    return int(step) if isinstance(holder, list) else step
