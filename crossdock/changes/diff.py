"""Pure: a stored document and an incoming one → what was different before.

`previous_attributes` holds old values by dotted path, integers being indexes: "line_items.1.quantity".
A list whose length changed, and an object whose keys changed or hold a dot, stand whole under their
own key, so that putting the old values back over the new document gives the old document again.
"""

from collections.abc import Iterator
from typing import Any

Json = Any


def previous_attributes(old: dict[str, Json], new: dict[str, Json]) -> dict[str, Json]:
    """The old values of what changed, by path; empty when nothing did.

    Both are records of one resource, so their own keys are the same but for a field that another version
    of the resource has: what it was is null.
    """
    keys = dict.fromkeys((*old, *new))
    return {path: value for key in keys for path, value in _changes(key, old.get(key), new.get(key))}


def _changes(path: str, old: Json, new: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(old, dict) and isinstance(new, dict) and _has_paths(old, new):
        for key in old:
            yield from _changes(f"{path}.{key}", old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changes(f"{path}.{index}", before, after)
    elif not is_equal(old, new):
        yield path, old


def _has_paths(old: dict[str, Json], new: dict[str, Json]) -> bool:
    """Check whether both have the same members, and names that a path can be made of."""
    return old.keys() == new.keys() and not any("." in key or not key for key in old)


def is_equal(old: Json, new: Json) -> bool:
    """Check whether two values say the same; 1 and true do not."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(is_equal(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(is_equal, old, new))
    return bool(old == new) and isinstance(old, bool) == isinstance(new, bool)


def settled(old: Json, new: Json) -> Json:
    """`new`, where what says the same as `old` is written as it is there.

    1.5 stays 1.5 when 1.50 comes, and members stay in their order: so putting old values back, or new ones
    in, gives documents byte for byte.
    """
    if is_equal(old, new):
        return old
    if isinstance(old, dict) and isinstance(new, dict):
        order = old if old.keys() == new.keys() else new
        return {key: settled(old[key], new[key]) if key in old else new[key] for key in order}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [settled(*pair) for pair in zip(old, new, strict=True)]
    return new


def restored(new: dict[str, Json], previous: dict[str, Json]) -> dict[str, Json]:
    """The document before a change: the old values put back. `new` is left as it is."""
    result = dict(new)
    for path, value in previous.items():
        _put(result, path.split("."), value)
    return result


def _put(holder: Json, steps: list[str], value: Json) -> None:
    """Set a value deep inside, copying what it passes through."""
    for step in steps[:-1]:
        key = int(step) if isinstance(holder, list) else step
        holder[key] = holder[key].copy()
        holder = holder[key]
    last = steps[-1]
    holder[int(last) if isinstance(holder, list) else last] = value


def new_items(old: list[dict[str, Json]], new: list[dict[str, Json]], key: str) -> bool:
    """Check whether a list of objects has one that was not there before, by their key."""
    known_items = {entry[key] for entry in old}
    return any(entry[key] not in known_items for entry in new)
