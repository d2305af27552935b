"""Keyed values in bounded memory: what is too much goes to a temporary file, which nobody else sees."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import msgspec

IN_MEMORY = 200_000
"""Keys kept in memory before they are written out: about 30 MB."""
_PRAGMAS = ("PRAGMA cache_size=-16384", "PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF")


def _temporary() -> sqlite3.Connection:
    """A database in a file that has no name; it is gone with the connection."""
    database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    for pragma in _PRAGMAS:
        database.execute(pragma)
    return database


class Occurrences:
    """Counts how often each key came."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._counts: dict[bytes, int] = {}
        self._database: sqlite3.Connection | None = None

    def next(self, key: bytes) -> int:
        """The how manieth time this is; 1 the first."""
        counts = self._counts
        count = counts.get(key)
        if count is None:
            if len(counts) >= self._in_memory:
                self._write_out()
            count = 0 if self._database is None else self._written(key)
        count += 1
        counts[key] = count
        return count

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def _written(self, key: bytes) -> int:
        assert self._database is not None
        row = self._database.execute("SELECT count FROM counts WHERE key = ?", (key,)).fetchone()
        return 0 if row is None else int(row[0])

    def _write_out(self) -> None:
        if self._database is None:
            self._database = _temporary()
            self._database.execute("CREATE TABLE counts (key BLOB PRIMARY KEY, count INT) WITHOUT ROWID")
        self._database.execute("BEGIN")
        # In the order of the keys, so that pages are filled one after the other.
        rows = sorted(self._counts.items())
        self._database.executemany("INSERT OR REPLACE INTO counts VALUES (?, ?)", rows)
        self._database.execute("COMMIT")
        self._counts.clear()


V = TypeVar("V", bound=msgspec.Struct)


class Sums(Generic[V]):
    """A value for each key, in the order in which the keys first came.

    kind: of the values; merge: adds what came later to what is written already.
    """

    def __init__(self, kind: type[V], merge: Callable[[V, V], None], in_memory: int = 20_000) -> None:
        self._kind = kind
        self._merge = merge
        self._in_memory = in_memory
        self._fresh: dict[str, V] = {}
        self._database: sqlite3.Connection | None = None

    def of(self, key: str) -> V:
        """The value to add to. It is good until the next call."""
        found = self._fresh.get(key)
        if found is None:
            if len(self._fresh) >= self._in_memory:
                self._write_out()
            found = self._fresh[key] = self._kind()
        return found

    def items(self) -> Iterator[tuple[str, V]]:
        """All keys with their values."""
        if self._database is None:
            yield from self._fresh.items()
            return
        self._write_out()
        for key, value in self._database.execute("SELECT key, value FROM sums ORDER BY place"):
            yield key, msgspec.msgpack.decode(value, type=self._kind)

    def get(self, key: str) -> V | None:
        """The value, to be looked at."""
        if self._database is None:
            return self._fresh.get(key)
        self._write_out()
        return self._written(self._database, key)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()

    def _written(self, database: sqlite3.Connection, key: str) -> V | None:
        row = database.execute("SELECT value FROM sums WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=self._kind)

    def _write_out(self) -> None:
        if self._database is None:
            self._database = _temporary()
            self._database.execute(
                "CREATE TABLE sums (place INTEGER PRIMARY KEY, key TEXT UNIQUE, value BLOB)"
            )
        database = self._database
        database.execute("BEGIN")
        for key, value in self._fresh.items():
            if written := self._written(database, key):
                self._merge(written, value)
            row = (key, msgspec.msgpack.encode(written or value))
            database.execute(
                "INSERT INTO sums (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                row,
            )
        database.execute("COMMIT")
        self._fresh.clear()
