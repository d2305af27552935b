"""The header of a table: which column is where, whatever its order and spelling. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache


@lru_cache(4096)
def normalized(name: str) -> str:
    """A header for comparing: without spaces, nor a last "*" or ":", case folded."""
    text = "".join(name.replace("\ufeff", "").split())
    return (text[:-1] if text.endswith(("*", ":")) else text).casefold()


@dataclass(frozen=True)
class TableHead:
    """The beginning of a file: its first records that are not blank."""

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
        """Check whether the first record has all of them."""
        return all(normalized(name) in self.names for name in names)


class Columns:
    """The places of a file's columns. One that is not there is at `width`, where every record is blank."""

    def __init__(self, header: Iterable[str]) -> None:
        self.header = [cell.replace("\ufeff", "").strip() for cell in header]
        while self.header and not self.header[-1]:
            self.header.pop()
        self.width = len(self.header)
        self._looked_up: set[str] = set()
        self._missing: dict[str, str] = {}
        """Names that a layout looks for and that are not there, by how they are compared."""
        self._places: dict[str, list[int]] = {}
        for position, name in enumerate(self.header):
            self._places.setdefault(normalized(name), []).append(position)
        self.names = _told_apart(self.header)

    def at(self, *names: str) -> int:
        """The place of the first of these that there is, else `width`."""
        keys = [normalized(name) for name in names]
        self._looked_up.update(keys)
        position = next((self._places[key][0] for key in keys if key in self._places), None)
        if position is None:
            self._missing.update(zip(keys, names, strict=True))
            return self.width
        return position

    def all(self, name: str) -> list[int]:
        """The places of a header that is repeated, from left to right."""
        self.at(name)
        return self._places.get(normalized(name), [])

    def __contains__(self, name: str) -> bool:
        return self.at(name) != self.width

    def lookalikes(self) -> list[tuple[int, str]]:
        """Columns that are not read although they look like some that are missing: place, missing name."""
        pairs: list[tuple[int, str]] = []
        missing = [(_essence(name), name) for name in self._missing.values()]
        for key, counts in self._places.items():
            if key and key not in self._looked_up:
                essence = _essence(self.header[counts[0]])
                name = next((name for texts, name in missing if _are_alike(essence, texts)), None)
                if name is not None:
                    pairs.append((counts[0], name))
        return pairs

    def label(self, position: int) -> str | None:
        """The label above a cell; None when nothing is there."""
        return self.names[position] if position < self.width else None


_LEAST_LETTERS = 6
"""Of names that may differ in a letter: shorter ones are alike by chance."""


def _essence(name: str) -> tuple[str, str]:
    """The letters of a name, and its digits."""
    plain = [character for character in name.casefold() if character.isalnum()]
    return "".join(c for c in plain if not c.isdigit()), "".join(c for c in plain if c.isdigit())


def _are_alike(remaining_essence: tuple[str, str], right: tuple[str, str]) -> bool:
    """Check whether two names have the same digits, and the same letters but for one."""
    (text, digits), (two, more_digits) = remaining_essence, right
    if digits != more_digits or not text:
        return False
    if text == two:
        return True
    if min(len(text), len(two)) < _LEAST_LETTERS or abs(len(text) - len(two)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(text, two, strict=False)) if a != b), len(text))
    return text[start + 1 :] in (two[start + 1 :], two[start:]) or text[start:] == two[start + 1 :]


def _told_apart(header: list[str]) -> tuple[str, ...]:
    """The names without repeats: the second "Commodity" is "Commodity (2)"; no name is "Column 7"."""
    counts: dict[str, int] = {}
    texts: list[str] = []
    headers = set(header)
    for position, name in enumerate(header, 1):
        counts[name] = counts.get(name, 0) + 1
        text = name or f"Column {position}"
        while counts[name] > 1 and text in headers:
            text = f"{name} ({counts[name]})"
            counts[name] += text in headers
        headers.add(text)
        texts.append(text)
    return tuple(texts)
