"""Records that their vendors changed without a word: whatever stands in a member, nothing is made up of it.

Each member of each case, one after the other, becomes something else. The record is kept without what does
not fit, or set aside; it ends no run. Where an amount was to stand, no number comes of what stands there.
"""

import copy
import itertools
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from crossdock.kit.misfits import UNREADABLE, read_leniently
from crossdock.kit.registry import Integration
from crossdock.resources.schema import Resource

WORD = "IN_ORBIT 😀"
NONSENSE: tuple[Any, ...] = (True, {}, [], {"amount": None})
"""What a vendor may send where it promised something else, besides a word that nobody knows."""
PLACES = {"warehouse"}
"""Members with the number of a place: what lies elsewhere is another amount."""
Path = tuple[str | int, ...]


def members(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all members, entries of lists too."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield (*path, name)
        yield from members(part, (*path, name))


def replaced(raw: Any, path: Path, value: Any) -> Any:
    """The record with another value at a path; without it where that is `...`."""
    changed = copy.deepcopy(raw)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def is_amount(raw: Any, path: Path) -> bool:
    """Check whether a number stands at a path, be it as a text, that is no name of a place."""
    if path[-1] in PLACES:
        return False
    for step in path:
        raw = raw[step]
    return not isinstance(raw, dict | list) and bool(list(numbers(raw)))


def numbers(value: Any) -> Iterator[Decimal]:
    """All numbers in a value; those in texts too."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers(part)
    elif isinstance(value, int | Decimal | float) and not isinstance(value, bool):
        yield Decimal(str(value))
    elif isinstance(value, str) and value.strip().lstrip("-").replace(".", "", 1).isdecimal():
        yield Decimal(value.strip())


def cases(integration: Integration) -> Iterator[tuple[Resource, dict[str, Any]]]:
    for resource in integration.resources.values():
        file = integration.folder / "cases" / f"{resource.name}.json"
        document = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        yield from ((resource, case) for case in document)


def test_a_member_that_changed_ends_no_run_and_nothing_is_made_up_of_it(integration: Integration):
    made_up: dict[str, str] = {}
    others = itertools.cycle(NONSENSE)
    for resource, case in cases(integration):
        read = integration.reader(resource)
        before, _ = read_leniently(read, copy.deepcopy(case["raw"]))
        known_numbers = {0, 1, *numbers(before), *numbers(case["raw"])}
        for path in members(case["raw"]):
            for value in (WORD, next(others), ...):
                try:
                    fields, _ = read_leniently(read, replaced(case["raw"], path, value))
                except UNREADABLE:
                    continue  # set aside, with the reason
                strange: set[Any] = {WORD} & set(statuses(fields))
                if value is not ... and is_amount(case["raw"], path):
                    strange |= set(numbers(fields)) - known_numbers
                if strange:
                    steps = ".".join("#" if isinstance(step, int) else step for step in path)
                    made_up[f"{resource.name} {steps}"] = f"{value!r}: {strange}"
    assert made_up == {}


def statuses(value: Any) -> Iterator[Any]:
    """The status of a record and of its parts. The vendor's own words are in `raw_status`, and additional."""
    if isinstance(value, dict):
        if isinstance(value.get("status"), str):
            yield value["status"]
        value = [part for name, part in value.items() if name != "additional_fields"]
    if isinstance(value, list):
        for part in value:
            yield from statuses(part)
