"""A simulated company: the records of its warehouse, shop and carriers, in one SQLite file per world.

    no file ──fill──► filled ──change──► filled, one transaction further
                        └──────fill──────► filled anew

A world has a clock of its own that never stands still: all that one transaction changes carries one moment,
later than every moment before it. So whoever has read up to (moment, id) misses nothing by asking for what
is after it, and two changes within a second are two moments.
"""

import errno
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from crossdock.errors import InvalidCredentials, NotFound, VendorUnavailable
from crossdock.kit.contract import Raw
from crossdock.private import new_file
from crossdock.store.database.write_ahead import log_ahead

# A world's name becomes a file name: hex digits, as in an id, with or without hyphens between them.
WORLD_NAME = re.compile(r"[0-9a-f]+(-[0-9a-f]+)*")
LONGEST_NAME = 64

# The members that identify a record and date its last change, by vertical: each system has its own style.
KEYS = {"wms": "uid", "cart": "gid", "carrier": "Line ID"}
CHANGED = {"wms": "changed", "cart": "modified_at", "carrier": "Posted"}

AFTER_ALL = "~"

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    resource TEXT NOT NULL, id TEXT NOT NULL, updated_at TEXT NOT NULL, json BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS records_by_id ON records (resource, id);
CREATE INDEX IF NOT EXISTS records_by_change ON records (resource, updated_at, id);
CREATE INDEX IF NOT EXISTS records_by_sku ON records (
    resource, json_extract(CAST(json AS TEXT), '$.sku')
);
CREATE INDEX IF NOT EXISTS records_by_shop_ref ON records (
    resource, json_extract(CAST(json AS TEXT), '$.shop_ref')
);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


def moment(when: datetime) -> str:
    """A time as the sandbox writes it: UTC with microseconds, so that texts sort like times."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(text: str) -> datetime:
    """The time that `moment` wrote."""
    return datetime.fromisoformat(text)


class WorldRecords:
    """The records of a world within one transaction. What is put carries the moment `now`."""

    def __init__(self, database: sqlite3.Connection, now: datetime, seed: int) -> None:
        self._database = database
        self.now = now
        self.seed = seed
        self.touched: list[tuple[str, str]] = []
        """The (resource, id) of each record that was put."""

    def get(self, resource: str, record_id: str) -> Raw:
        """Get a record. Raises NotFound."""
        row = self._database.execute(
            "SELECT json FROM records WHERE resource = ? AND id = ?", (resource, record_id)
        ).fetchone()
        if row is None:
            raise NotFound(f"the sandbox has no {resource} record {record_id!r}", record_id=record_id)
        return _decoded(row[0])

    def find(self, resource: str, record_id: str) -> Raw | None:
        """The record, or None."""
        try:
            return self.get(resource, record_id)
        except NotFound:
            return None

    def named(self, resource: str, member: Literal["sku", "shop_ref"], text: str) -> list[Raw]:
        """The records that bear this name, in the order they were first put."""
        rows = self._database.execute(
            f"SELECT json FROM records WHERE resource = ? "
            f"AND json_extract(CAST(json AS TEXT), '$.{member}') = ? ORDER BY rowid",
            (resource, text),
        )
        return [_decoded(row[0]) for row in rows]

    def all(self, resource: str) -> list[Raw]:
        """All records of a resource, in the order they were first put."""
        rows = self._database.execute(
            "SELECT json FROM records WHERE resource = ? ORDER BY rowid", (resource,)
        )
        return [_decoded(row[0]) for row in rows]

    def put(self, resource: str, raw: Raw) -> Raw:
        """Store a record, new or changed."""
        vertical = resource.partition("_")[0]
        raw[CHANGED[vertical]] = moment(self.now)
        self.touched.append((resource, str(raw[KEYS[vertical]])))
        self._database.execute(
            "INSERT INTO records (resource, id, updated_at, json) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (resource, id) DO UPDATE SET updated_at = excluded.updated_at, json = excluded.json",
            (resource, raw[KEYS[vertical]], moment(self.now), msgspec.json.encode(raw)),
        )
        return raw

    def delete(self, resource: str, record_id: str) -> None:
        """Delete a record. Raises NotFound."""
        self.get(resource, record_id)
        self._database.execute("DELETE FROM records WHERE resource = ? AND id = ?", (resource, record_id))

    def number(self, counter: str) -> int:
        """The next number of a counter: 0, 1, 2, …"""
        row = self._database.execute(
            "INSERT INTO counters (name, value) VALUES (?, 0) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (counter,),
        ).fetchone()
        return int(row[0])


class World:
    """A world, by its file. Any number of processes may read it while one changes it."""

    def __init__(self, folder: Path, name: str) -> None:
        """Take the folder and name of a world. Raises InvalidCredentials when the name is not one."""
        if len(name) > LONGEST_NAME or not WORLD_NAME.fullmatch(name):
            raise InvalidCredentials(f"a sandbox world is named by a hex id, not {name!r}")
        self.name = name
        self._path = folder / f"{name}.sqlite"

    def is_filled(self) -> bool:
        if not self._path.exists():
            return False
        with self._database() as database:
            known_row = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone()
            return known_row is not None and bool(_facts(database))

    def fill(self, seed: int, epoch: datetime, generate: Callable[[WorldRecords, datetime], None]) -> None:
        """Replace everything by what `generate` puts, which may carry no moment after the epoch."""
        with self._transaction() as database:
            self._fill(database, seed, epoch, generate)

    def fill_once(
        self, seed: int, epoch: datetime, generate: Callable[[WorldRecords, datetime], None]
    ) -> None:
        """The same, unless another process has done so."""
        with self._transaction() as database:
            if not _facts(database):
                self._fill(database, seed, epoch, generate)

    def _fill(
        self,
        database: sqlite3.Connection,
        seed: int,
        epoch: datetime,
        generate: Callable[[WorldRecords, datetime], None],
    ) -> None:
        for table in ("records", "counters", "facts"):
            database.execute(f"DELETE FROM {table}")
        generate(WorldRecords(database, epoch, seed), epoch)
        _set_fact(database, "seed", str(seed))
        _set_fact(database, "clock", moment(epoch))

    @contextmanager
    def change(self, now: datetime) -> Iterator[WorldRecords]:
        """One transaction: all of it happens, at one moment, or an exception leaves no trace of it."""
        with self._transaction() as database:
            facts = _facts(database)
            if not facts:
                raise NotFound(f"there is no sandbox world {self.name!r}", record_id=self.name)
            last = moment_of(facts["clock"])
            at = max(now.astimezone(UTC), last + timedelta(microseconds=1))
            yield WorldRecords(database, at, int(facts["seed"]))
            _set_fact(database, "clock", moment(at))

    def one(self, resource: str, record_id: str) -> Raw:
        """Get one record. Raises NotFound."""
        with self._database() as database:
            return WorldRecords(database, datetime.min, 0).get(resource, record_id)

    def changed_after(
        self, resource: str, mark: tuple[str, str], before: str | None, limit: int
    ) -> list[tuple[str, str, Raw]]:
        """(moment, id, record) of what changed after the mark and before a moment, oldest change first."""
        with self._database() as database:
            rows = database.execute(
                "SELECT updated_at, id, json FROM records WHERE resource = ? AND (updated_at, id) > (?, ?) "
                "AND updated_at < ? ORDER BY updated_at, id LIMIT ?",
                (resource, *mark, before or AFTER_ALL, limit),
            ).fetchall()
        return [(updated_at, record_id, _decoded(json)) for updated_at, record_id, json in rows]

    def after(self, resource: str, record_id: str, limit: int) -> list[tuple[str, Raw]]:
        """(id, record) of those that come after an id, by id."""
        with self._database() as database:
            rows = database.execute(
                "SELECT id, json FROM records WHERE resource = ? AND id > ? ORDER BY id LIMIT ?",
                (resource, record_id, limit),
            ).fetchall()
        return [(item, _decoded(json)) for item, json in rows]

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """Open the database. Raises VendorUnavailable when its file can't be used; nothing was done then."""
        try:
            with self._opened() as database:
                yield database
        except (sqlite3.Error, OSError) as problem:
            if not (text := _trouble(problem, self._path.parent)):
                raise
            raise VendorUnavailable(f"the sandbox {text}", may_have_arrived=False) from problem

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        new_file(self._path)
        with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as database:
            # A killed process loses nothing by this. Only a power cut may spoil a world, and it is simulated:
            # waiting for the disk would cost each write ten times what the write itself does.
            database.execute("PRAGMA synchronous = OFF")
            yield database

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start."""
        with self._database() as database:
            log_ahead(database.execute)
            database.execute("BEGIN IMMEDIATE")
            try:
                for statement in filter(str.strip, SCHEMA.split(";")):
                    database.execute(statement)
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:  # a full disk ends it by itself
                    database.execute("ROLLBACK")
                raise


_TROUBLES = {
    sqlite3.SQLITE_BUSY: "is busy",
    sqlite3.SQLITE_READONLY: "is read-only",
    sqlite3.SQLITE_PERM: "is read-only",
    sqlite3.SQLITE_FULL: "is full: there is no room on its disk",
    sqlite3.SQLITE_IOERR: "can't be read or written",
    sqlite3.SQLITE_CANTOPEN: "can't be opened",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_NOTADB: "is damaged",
}
LITTLE_BYTES = 65_536
"""With less room than that on the disk SQLite can't even open its log, and says something else."""


def _trouble(problem: Exception, folder: Path) -> str:
    """The trouble that keeps a world from being read or written; empty when it is something else."""
    code = getattr(problem, "sqlite_errorcode", 0) & 0xFF
    if isinstance(problem, OSError):
        code = sqlite3.SQLITE_FULL if problem.errno == errno.ENOSPC else sqlite3.SQLITE_CANTOPEN
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(folder):
        code = sqlite3.SQLITE_FULL
    return _TROUBLES.get(code, "")


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LITTLE_BYTES
    except OSError:
        return False


def _facts(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT name, value FROM facts").fetchall())


def _set_fact(database: sqlite3.Connection, name: str, value: str) -> None:
    database.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))


def _decoded(json: bytes) -> Raw:
    raw: Raw = msgspec.json.decode(json)
    return raw
