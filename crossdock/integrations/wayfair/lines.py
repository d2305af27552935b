"""The ids of an order's lines: Wayfair has none, so they are those of the parts. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator


def line_ids(parts: Iterable[str]) -> Iterator[str]:
    """The ids of lines with these parts, in their order. A part that comes again is counted: "CHAIR-2".

    Where that is the name of another part of the order, the next number is taken.
    """
    named = list(parts)
    taken, met, counts = set(named), set[str](), Counter[str]()
    for name in named:
        if name not in met:
            met.add(name)
            yield name
            continue
        counts[name] = max(counts[name], 1) + 1
        while f"{name}-{counts[name]}" in taken:
            counts[name] += 1
        yield f"{name}-{counts[name]}"
