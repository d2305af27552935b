"""The header of a table: which column is where, whatever its order and spelling. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache


@lru_cache(4096)
def normalized(name: str) -> str:
    """A header for comparing: trimmed, inner spaces collapsed, without a last "*" or ":", case folded."""
    text = " ".join(name.replace("\ufeff", "").split())
    return (text[:-1].rstrip() if text.endswith(("*", ":")) else text).casefold()


@dataclass(frozen=True)
class Head:
    """How a file begins: its first records that are not blank."""

    records: Sequence[list[str]]
    delimiter: str | None
    """None: the cells of a workbook."""

    @property
    def first(self) -> list[str]:
        return self.records[0]

    @property
    def second(self) -> list[str]:
        return self.records[1] if len(self.records) > 1 else []

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in the first record, normalized."""
        return frozenset(normalized(cell) for cell in self.first)

    def has(self, *names: str) -> bool:
        """Whether the first record has all of them."""
        return all(normalized(name) in self.names for name in names)


class Columns:
    """Where the columns of a file are. One that is not there is at `width`, where every record is blank."""

    def __init__(self, header: Iterable[str]) -> None:
        self.header = [cell.replace("\ufeff", "").strip() for cell in header]
        while self.header and not self.header[-1]:
            self.header.pop()
        self.width = len(self.header)
        self._places: dict[str, list[int]] = {}
        for place, name in enumerate(self.header):
            self._places.setdefault(normalized(name), []).append(place)
        self.names = _told_apart(self.header)

    def at(self, *names: str) -> int:
        """The place of the first of these that there is, else `width`."""
        return next(
            (self._places[key][0] for key in map(normalized, names) if key in self._places), self.width
        )

    def all(self, name: str) -> list[int]:
        """The places of a header that is repeated, from left to right."""
        return self._places.get(normalized(name), [])

    def __contains__(self, name: str) -> bool:
        return normalized(name) in self._places

    def label(self, place: int) -> str | None:
        """What is above a cell; None when nothing is."""
        return self.names[place] if place < self.width else None


def _told_apart(header: list[str]) -> tuple[str, ...]:
    """Names without repeats: the second "Commodity" is "Commodity (2)"; no name is "Column 7"."""
    counts: dict[str, int] = {}
    made: list[str] = []
    taken = set(header)
    for place, name in enumerate(header, 1):
        counts[name] = counts.get(name, 0) + 1
        told = name or f"Column {place}"
        while counts[name] > 1 and told in taken:
            told = f"{name} ({counts[name]})"
            counts[name] += told in taken
        taken.add(told)
        made.append(told)
    return tuple(made)
