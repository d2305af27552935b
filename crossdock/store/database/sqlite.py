"""SQLite: one file, one writer. Readers never wait for it."""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from crossdock.errors import SettingsError
from crossdock.private import new_file, new_folder
from crossdock.store.database.availability import Made, Outage, sqlite_trouble
from crossdock.store.database.engine import Database, Row, SqlDialect, Transaction
from crossdock.store.database.pages import spliced_page
from crossdock.store.records.query import RecordPage

BUSY_WAIT_MS = 15_000
SCRUB_WAIT_MS = 500

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # WAL: a power cut may lose the last commits, never corrupts
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what is deleted or replaced is overwritten, in the file too
    f"PRAGMA busy_timeout={BUSY_WAIT_MS}",
    "PRAGMA cache_size=-65536",
    "PRAGMA mmap_size=1073741824",
    "PRAGMA temp_store=MEMORY",
)
READERS = 4
SLOW_SECONDS, SLOW_FOR_SECONDS = 0.05, 10.0
"""A read that takes so long comes from the disk, and those of the next while probably too."""


def sqlite_path(url: str) -> Path:
    """The file of a URL: `sqlite:///path`."""
    return Path(url.removeprefix("sqlite:///"))


class _SQLiteDialect(SqlDialect):
    dialect = "sqlite"
    row_id = "rowid"
    locking = ""  # a write transaction locks the whole file from its first statement
    skip_locked = ""
    clock = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"

    def one_of(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        return f"{column} IN (SELECT value FROM json_each(?))", json.dumps(list(values))

    def text_table(self, values: Sequence[str]) -> tuple[str, Any]:
        return "json_each(?) AS each", json.dumps(values)

    def ordered_texts(self, values: Sequence[str]) -> tuple[str, str, Any]:
        # CROSS JOIN goes through its left side in order. Told to sort, it would carry documents around.
        return "json_each(?) AS listed", "", json.dumps(values)

    def lies_at(self, search: str) -> str:
        return f"rowid IN ({search})"

    def contains(self, column: str) -> str:
        return f"instr({column}, ?) > 0"


class SQLite(_SQLiteDialect, Database):
    """One file, one writer. Readers never wait for it."""

    version = "SELECT sqlite_version()"
    oldest = (3, 35)  # RETURNING

    def __init__(self, path: Path) -> None:
        super().__init__(sqlite_trouble)
        try:
            new_folder(path.parent)
        except OSError as problem:
            raise SettingsError(f"the folder of the database can't be made: {problem}") from None
        with suppress(OSError):  # what is wrong with the file, SQLite says better
            new_file(path)
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        with self._reading:
            self._quick = self._open()
            self._writer = self._open()
        self._writer_thread = ThreadPoolExecutor(1, "store-writer")
        self._reader_threads = ThreadPoolExecutor(READERS, "store-reader")
        self._turn = asyncio.Lock()
        self._slow_until = 0.0

    def _open(self) -> sqlite3.Connection:
        connect = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in PRAGMAS:
            connect.execute(pragma)
        self._all.append(connect)
        return connect

    def _reader(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._open()
        connection: sqlite3.Connection = self._local.connection
        return connection

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        loop = asyncio.get_running_loop()
        with self._reading:
            rows = await loop.run_in_executor(
                self._reader_threads, lambda: self._reader().execute(sql, values).fetchall()
            )
        self._reading.over()
        return rows

    async def fetch_few(self, sql: str, *values: Any) -> list[Row]:
        return await self._quickly(lambda reader: reader.execute(sql, values).fetchall())

    async def _quickly(self, read: Callable[[sqlite3.Connection], Made]) -> Made:
        """The result of a short read."""
        # At once while the file is in memory: a thread beside the event loop stops it for each row that it
        # takes. What took long came from the disk: the next ones do not keep everybody waiting.
        began = time.monotonic()
        with self._reading:
            if began < self._slow_until:
                loop = asyncio.get_running_loop()
                run = await loop.run_in_executor(self._reader_threads, lambda: read(self._reader()))
            else:
                run = read(self._quick)
                ended = time.monotonic()
                self._slow_until = ended + SLOW_FOR_SECONDS if ended > began + SLOW_SECONDS else 0.0
        self._reading.over()
        return run

    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        # A keyed read takes some microseconds; handing it to a thread would take ten times that.
        with self._reading:
            row: Row | None = self._quick.execute(sql, values).fetchone()
        self._reading.over()
        return row

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        async with self._turn:
            inner = _SQLiteTransaction(self._writer, self._writer_thread, self._writing)
            try:
                yield inner
                await inner.finish()
            except BaseException:
                # In the same thread, so it comes after whatever a cancelled task left running there.
                await asyncio.shield(inner.run(self._roll_back))
                raise
            await asyncio.shield(inner.run(self._commit))
            self._writing.over()

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _commit(self) -> None:
        if not self._writer.in_transaction:
            return  # nothing was done in it
        try:
            self._writer.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    async def listen(self, channel: str, wake: Callable[[], None], lost: Callable[[], None]) -> bool:  # noqa: ARG002
        return False

    async def age(self) -> int:
        return int((await self.fetch_one("PRAGMA data_version") or (0,))[0])

    async def scrub(self) -> bool:
        """Write the log back into the file, and empty it: old pages stand nowhere any more."""
        async with self._turn:
            with self._writing:
                loop = asyncio.get_running_loop()
                is_done = await loop.run_in_executor(self._writer_thread, self._empty_log)
            self._writing.over()
        return is_done

    def _empty_log(self) -> bool:
        # Whoever reads for long, such as a backup, is not waited for: everybody else's writes would be, too.
        self._writer.execute(f"PRAGMA busy_timeout={SCRUB_WAIT_MS}")
        try:
            busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            self._writer.execute(f"PRAGMA busy_timeout={BUSY_WAIT_MS}")
        return not busy

    async def close(self) -> None:
        self._writer_thread.shutdown()
        self._reader_threads.shutdown()
        for connection in self._all:
            connection.close()

    async def page(self, rows: str, values: Sequence[Any], limit: int) -> RecordPage:
        return await self._quickly(lambda reader: spliced_page(reader, rows, values, limit))


class _SQLiteTransaction(_SQLiteDialect, Transaction):
    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor, outage: Outage) -> None:
        super().__init__()
        self._connection = connection
        self._thread = thread
        self._outage = outage

    async def run(self, work: Callable[[], Made]) -> Made:
        with self._outage:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _begun(self) -> sqlite3.Connection:
        """The connection. The transaction begins with its first statement: that is one turn less."""
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        return await self.run(lambda: self._begun().execute(sql, values).fetchall())

    async def in_turn(self, key: str) -> None:  # noqa: ARG002
        """Begin as the writer: there is one at a time, so that is enough."""
        if not self._connection.in_transaction:
            await self.run(self._begun)

    async def seek_first(self, *, lasting: bool = True) -> None:
        """Do nothing: SQLite does so by itself."""

    async def notify(self, channel: str) -> None:
        """Do nothing: nobody can listen; workers look."""

    async def execute(self, sql: str, *values: Any) -> int:
        return await self.run(lambda: self._begun().execute(sql, values).rowcount)

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        await self.run(lambda: self._execute_many(sql, rows))

    def _execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        # The cursor stays in this thread: freed in another, it resets the statement that the next call uses.
        self._begun().executemany(sql, rows)

    async def append(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        await self.run(lambda: _append(self._begun(), table, columns, rows))


ROWS_AT_ONCE = 32


def _append(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Many rows to a statement: Python's lock goes to and fro with each, and the event loop waits for it."""
    row = f"({', '.join('?' * len(columns))})"
    start = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
    row_count = len(rows) - len(rows) % ROWS_AT_ONCE
    many = start + ", ".join([row] * ROWS_AT_ONCE)
    for n in range(0, row_count, ROWS_AT_ONCE):
        connection.execute(many, list(chain.from_iterable(rows[n : n + ROWS_AT_ONCE])))
    connection.executemany(start + row, rows[row_count:])
