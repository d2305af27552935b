"""Keyed values in bounded memory: what is too much goes to a temporary file, which nobody else sees."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

import msgspec

_MOST_MARKS = 64
"""Of a shipment, as a text; what belongs to none, such as weekly fees, may have very many."""
_PRAGMAS = ("PRAGMA cache_size=-16384", "PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF")


def _temporary(table: str) -> sqlite3.Connection:
    """A database in a file that has no name; it is gone with the connection."""
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for statement in (*_PRAGMAS, table):
        database.execute(statement)
    return database


Seen = str | dict[str, int]
"""The charges of a shipment: their marks, each as often as it came; of many charges the counts by mark."""


class Occurrences:
    """Keeps which charges each shipment had, by a digest of the shipment and a mark of the charge.

    A mark is one character. Charges of a shipment mostly follow one another, so whoever counts holds what
    the present one had, and gives it back when it turns to the next one.
    """

    def __init__(self, in_memory: int = 120_000) -> None:
        self._in_memory = in_memory
        self._kept: dict[str, Seen] = {}
        self._digest = ""
        self._database: sqlite3.Connection | None = None

    def turn_to(self, digest: str, fault: Seen) -> Seen:
        """Turn to a shipment; give what it had so far. fault: what the one before it has by now."""
        kept_fields = self._kept
        if fault:
            kept_fields[self._digest] = fault
            if len(kept_fields) >= self._in_memory:
                self._write_out()
        self._digest = digest
        before = kept_fields.get(digest)
        if before is not None:
            return before
        return "" if self._database is None else self._written(self._database, digest)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def _written(self, database: sqlite3.Connection, digest: str) -> Seen:
        row = database.execute("SELECT marks FROM seen WHERE digest = ?", (digest,)).fetchone()
        return "" if row is None else msgspec.msgpack.decode(row[0], type=Seen)

    def _write_out(self) -> None:
        if self._database is None:
            self._database = _temporary(
                "CREATE TABLE seen (digest TEXT PRIMARY KEY, marks BLOB) WITHOUT ROWID"
            )
        encode = msgspec.msgpack.Encoder().encode
        self._database.execute("BEGIN")
        # In the order of the keys, so that pages are filled one after the other.
        rows = ((digest, encode(self._kept[digest])) for digest in sorted(self._kept))
        self._database.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", rows)
        self._database.execute("COMMIT")
        self._kept.clear()


def counted(value: Seen, mark: str) -> tuple[Seen, int]:
    """The marks seen with one more of this charge, and the how manieth it is."""
    if isinstance(value, str):
        if len(mark) == 1 and len(value) < _MOST_MARKS:
            return value + mark, value.count(mark) + 1
        value = dict(Counter(value))
    value[mark] = count = value.get(mark, 0) + 1
    return value, count


class Summable(Protocol):
    """A value that takes in what came later."""

    def add(self, later: Any) -> None: ...


V = TypeVar("V", bound=Summable)


class Sums(Generic[V]):
    """A value for each key. What was written out is put together again when it is asked for.

    leaving: told each value that is written out.
    """

    def __init__(
        self, kind: type[V], in_memory: int = 50_000, leaving: Callable[[V], object] = lambda _: None
    ) -> None:
        self._leaving = leaving
        self._kind = kind
        self._in_memory = in_memory
        self._fresh: dict[str, V] = {}
        self._database: sqlite3.Connection | None = None
        self._is_indexed = False

    def of(self, key: str) -> V:
        """The value to add to. It is good until the next call."""
        summable = self._fresh.get(key)
        if summable is None:
            if len(self._fresh) >= self._in_memory:
                self._write_out()
            summable = self._fresh[key] = self._kind()
        return summable

    def fresh(self) -> Iterable[V]:
        """The values that were not written out."""
        return self._fresh.values()

    def items(self) -> Iterator[tuple[str, V]]:
        """All keys with their values: in the order in which they first came, of very many in their own."""
        if self._database is None:
            yield from list(self._fresh.items())
            return
        self._write_out()
        before: str | None = None
        value = self._kind()
        for key, encoded in self._database.execute("SELECT key, value FROM sums ORDER BY key, place"):
            if key != before:
                if before is not None:
                    yield before, value
                before, value = key, self._kind()
            value.add(self._decoded(encoded))
        if before is not None:
            yield before, value

    def get(self, key: str) -> V:
        """The value, to be looked at."""
        if self._database is None:
            return self._fresh.get(key) or self._kind()
        self._write_out()
        if not self._is_indexed:
            self._database.execute("CREATE INDEX by_key ON sums (key, place)")
            self._is_indexed = True
        value = self._kind()
        for (encoded,) in self._database.execute(
            "SELECT value FROM sums WHERE key = ? ORDER BY place", (key,)
        ):
            value.add(self._decoded(encoded))
        return value

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def _decoded(self, encoded: bytes) -> V:
        return msgspec.msgpack.decode(encoded, type=self._kind)

    def _write_out(self) -> None:
        if not self._fresh:
            return
        if self._database is None:
            self._database = _temporary("CREATE TABLE sums (place INTEGER PRIMARY KEY, key TEXT, value BLOB)")
        encode = msgspec.msgpack.Encoder().encode
        for value in self._fresh.values():
            self._leaving(value)
        self._database.execute("BEGIN")
        self._database.executemany(
            "INSERT INTO sums (key, value) VALUES (?, ?)",
            ((key, encode(value)) for key, value in self._fresh.items()),
        )
        self._database.execute("COMMIT")
        self._fresh.clear()
