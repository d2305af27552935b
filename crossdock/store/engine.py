"""SQLite or PostgreSQL: the only file that may ask which.

The SQL of the store is written once, with `?` for values, in what both databases understand. Reads of
one row run at once; lists run beside the event loop; writes run in a transaction, one at a time on
SQLite. Drivers are used directly: a statement through a toolkit's async layer costs forty times one
through the driver (docs/architecture.md, "Decisions").
"""

import asyncio
import json
import sqlite3
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import asyncpg

from crossdock.errors import SettingsError
from crossdock.store import memory
from crossdock.store.outages import Made, Outage, on_another, postgres_trouble, sqlite_trouble
from crossdock.store.pages import spliced_page
from crossdock.store.query import Found

Row = Sequence[Any]

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",  # WAL: a power cut may lose the last commits, never corrupts
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=15000",
    "PRAGMA cache_size=-65536",
    "PRAGMA mmap_size=1073741824",
    "PRAGMA temp_store=MEMORY",
)
READERS = 4
SLOW_SECONDS, SLOW_FOR_SECONDS = 0.05, 10.0
"""A page that takes so long is being read from the disk, and those of the next while probably too."""


class Transaction(ABC):
    """Statements that become visible together, or not at all."""

    def __init__(self) -> None:
        self._last: list[Callable[[], Awaitable[None]]] = []

    def at_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Has this done as the last of the transaction, when it holds every other lock that it needs."""
        self._last.append(work)

    async def finish(self) -> None:
        """What `at_end` was told; right before the commit."""
        for work in self._last:
            await work()

    @abstractmethod
    async def fetch(self, sql: str, *values: Any) -> list[Row]: ...

    @abstractmethod
    async def execute(self, sql: str, *values: Any) -> int:
        """How many rows were changed."""

    @abstractmethod
    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...

    @abstractmethod
    def each(self, values: Sequence[str]) -> tuple[str, Any]:
        """Texts as a table `each` with a column `value`: its SQL, and the single value to bind for it."""

    @abstractmethod
    async def in_turn(self, key: str) -> None:
        """Waits until no other transaction that called this with the same key is open."""

    @abstractmethod
    async def seek_first(self, *, lasting: bool = True) -> None:
        """Has the statements that follow walk an index to the first row that fits, and not sort all.

        lasting: False when nothing is lost if a power cut undoes this transaction; it then need not wait
        for the disk.
        """

    @abstractmethod
    async def notify(self, channel: str) -> None:
        """Wakes those who listen to this channel, once this transaction is committed."""

    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None


class Database(ABC):
    """An open database. Whatever it can't do now raises Unavailable."""

    dialect: str
    clock: str
    """The database's own time, milliseconds since 1970, as an expression."""
    version: str
    """Asks for the version of its software."""
    oldest: tuple[int, ...]
    """The first version that Crossdock runs on."""

    def __init__(self, trouble: Callable[[BaseException], str]) -> None:
        self._reading = Outage("reading", trouble)
        self._writing = Outage("writing", trouble)

    @abstractmethod
    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a read that may be long."""

    @abstractmethod
    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        """The first row of a read that is short: by key, through an index."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end of the block, rolls back when it raises."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def listen(self, channel: str, wake: Callable[[], None], lost: Callable[[], None]) -> bool:
        """Calls `wake` when a transaction notified this channel, until it calls `lost`: the line broke.

        False: this database has no such thing.
        """

    @abstractmethod
    async def age(self) -> int:
        """Another number when somebody may have committed since; costs next to nothing to ask."""

    @abstractmethod
    def one_of(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        """A condition "column is one of these texts", and the single value to bind for it."""

    @abstractmethod
    async def page(self, rows: str, values: Sequence[Any], limit: int) -> Found:
        """The first rows of a SELECT of documents and their keys, in its order, all of one moment."""

    @abstractmethod
    def listed(self, values: Sequence[str]) -> tuple[str, str, Any]:
        """Texts as a table `listed` with a column `value`, for the beginning of a join.

        Its SQL, what ends the join so that it keeps their order, and the value to bind.
        """

    @abstractmethod
    def contains(self, column: str) -> str:
        """A condition "the text of the column contains ?", case and all."""

    @property
    @abstractmethod
    def locking(self) -> str:
        """Ends a SELECT whose rows this transaction is about to change."""

    @property
    @abstractmethod
    def skip_locked(self) -> str:
        """Ends a SELECT that claims rows which no other worker holds."""

    async def execute(self, sql: str, *values: Any) -> int:
        """One statement in a transaction of its own."""
        async with self.transaction() as transaction:
            return await transaction.execute(sql, *values)


async def connect(url: str) -> Database:
    """Opens the database of a URL: `sqlite:///path` or `postgresql://…`."""
    memory.settle()
    if url.startswith("sqlite:///"):
        return SQLite(sqlite_path(url))
    return await Postgres.connected(url)


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


# SQLite


class SQLite(Database):
    """One file, one writer. Readers never wait for it."""

    dialect = "sqlite"
    locking = ""  # a write transaction locks the whole file from its first statement
    skip_locked = ""
    clock = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    version = "SELECT sqlite_version()"
    oldest = (3, 35)  # RETURNING

    def __init__(self, path: Path) -> None:
        super().__init__(sqlite_trouble)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise SettingsError(f"the folder of the database can't be made: {problem}") from None
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
        made = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in SQLITE_PRAGMAS:
            made.execute(pragma)
        self._all.append(made)
        return made

    def _reader(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            self._local.connection = self._open()
        found: sqlite3.Connection = self._local.connection
        return found

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        loop = asyncio.get_running_loop()
        with self._reading:
            rows = await loop.run_in_executor(
                self._reader_threads, lambda: self._reader().execute(sql, values).fetchall()
            )
        self._reading.over()
        return rows

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
                # Inside: a task that is cancelled while this waits for another process begins all the same.
                await inner.execute("BEGIN IMMEDIATE")
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
        try:
            self._writer.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    async def listen(self, channel: str, wake: Callable[[], None], lost: Callable[[], None]) -> bool:  # noqa: ARG002
        return False

    async def age(self) -> int:
        return int((await self.fetch_one("PRAGMA data_version") or (0,))[0])

    async def close(self) -> None:
        self._writer_thread.shutdown()
        self._reader_threads.shutdown()
        for one in self._all:
            one.close()

    def one_of(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        return f"{column} IN (SELECT value FROM json_each(?))", json.dumps(list(values))

    async def page(self, rows: str, values: Sequence[Any], limit: int) -> Found:
        # At once while the file is in memory: handing it to a thread and back costs a tenth of it. One that
        # took long came from the disk: the next ones do not keep everybody waiting.
        began = time.monotonic()
        with self._reading:
            if began < self._slow_until:
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(
                    self._reader_threads, lambda: spliced_page(self._reader(), rows, values, limit)
                )
            else:
                found = spliced_page(self._quick, rows, values, limit)
                ended = time.monotonic()
                self._slow_until = ended + SLOW_FOR_SECONDS if ended > began + SLOW_SECONDS else 0.0
        self._reading.over()
        return found

    def listed(self, values: Sequence[str]) -> tuple[str, str, Any]:
        # CROSS JOIN goes through its left side in order. Told to sort, it would carry documents around.
        return "json_each(?) AS listed", "", json.dumps(values)

    def contains(self, column: str) -> str:
        return f"instr({column}, ?) > 0"


class _SQLiteTransaction(Transaction):
    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor, outage: Outage) -> None:
        super().__init__()
        self._connection = connection
        self._thread = thread
        self._outage = outage

    async def run(self, work: Callable[[], Made]) -> Made:
        with self._outage:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        return await self.run(lambda: self._connection.execute(sql, values).fetchall())

    def each(self, values: Sequence[str]) -> tuple[str, Any]:
        return "json_each(?) AS each", json.dumps(values)

    async def in_turn(self, key: str) -> None:
        """Nothing to wait for: there is one writer at a time."""

    async def seek_first(self, *, lasting: bool = True) -> None:
        """It does so by itself."""

    async def notify(self, channel: str) -> None:
        """Nobody can listen: workers look."""

    async def execute(self, sql: str, *values: Any) -> int:
        return await self.run(lambda: self._connection.execute(sql, values).rowcount)

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        await self.run(lambda: self._connection.executemany(sql, rows))


# PostgreSQL


@lru_cache(4096)
def numbered(sql: str) -> str:
    """`?` → `$1`, `$2` …"""
    parts = sql.split("?")
    return parts[0] + "".join(f"${n}{part}" for n, part in enumerate(parts[1:], 1))


class Postgres(Database):
    dialect = "postgresql"
    locking = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"
    clock = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    version = "SHOW server_version"
    oldest = (13,)

    def __init__(self, pool: "asyncpg.Pool", url: str) -> None:
        super().__init__(postgres_trouble)
        self._pool = pool
        self._url = url
        self._listeners: list[Any] = []

    @classmethod
    async def connected(cls, url: str) -> "Postgres":
        try:
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=16, command_timeout=120, timeout=15, reset=_reset
            )
        except (OSError, asyncpg.PostgresError) as problem:
            raise SettingsError(f"CROSSDOCK_DATABASE_URL: PostgreSQL does not answer: {problem}") from problem
        return cls(pool, url)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        rows: list[Row] = await self._read(self._pool.fetch, sql, values)
        return rows

    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        row: Row | None = await self._read(self._pool.fetchrow, sql, values)
        return row

    async def _read(self, fetch: Callable[..., Any], sql: str, values: Sequence[Any]) -> Any:
        with self._reading:
            found = await on_another(lambda: fetch(numbered(sql), *values))
        self._reading.over()
        return found

    async def _begun(self) -> tuple[Any, Any]:
        """A connection and the transaction that was begun on it."""
        connection = await self._pool.acquire()
        outer = connection.transaction()
        try:
            await outer.start()
        except BaseException:
            await self._pool.release(connection)
            raise
        return connection, outer

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        with self._writing:
            connection, outer = await on_another(self._begun)
        try:
            inner = _PostgresTransaction(connection, self._writing)
            try:
                yield inner
                await inner.finish()
            except BaseException:
                # A connection that broke has rolled back already.
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    await outer.rollback()
                raise
            with self._writing:
                await outer.commit()
            self._writing.over()
        finally:
            await self._pool.release(connection)

    async def listen(self, channel: str, wake: Callable[[], None], lost: Callable[[], None]) -> bool:
        def gone(connection: Any) -> None:
            if connection in self._listeners:
                self._listeners.remove(connection)
                lost()

        with self._reading:
            # Not one of the pool's: it would lose its listeners when it is handed back.
            connection = await asyncpg.connect(self._url, timeout=15)
            self._listeners.append(connection)
            connection.add_termination_listener(gone)
            await connection.add_listener(channel, lambda *_: wake())
        return True

    async def age(self) -> int:
        return int(time.monotonic())  # nobody needs to ask who is told

    async def close(self) -> None:
        while self._listeners:
            await self._listeners.pop().close()
        await self._pool.close()

    def one_of(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        return f"{column} = ANY(?::text[])", list(values)

    async def page(self, rows: str, values: Sequence[Any], limit: int) -> Found:
        # Row by row: megabytes in one value cost the server more than it took to find them.
        found = await self.fetch(f"{rows} LIMIT ?", *values, limit + 1)
        after = tuple(found[limit - 1])[1:] if len(found) > limit else None
        return Found.of([row[0] for row in found[:limit]], after)

    def listed(self, values: Sequence[str]) -> tuple[str, str, Any]:
        return "unnest(?::text[]) WITH ORDINALITY AS listed(value, place)", " ORDER BY place", values

    def contains(self, column: str) -> str:
        return f"strpos({column}, ?) > 0"


async def _reset(connection: Any) -> None:
    """For a connection that goes back to the pool. The pool's own way asks the server each time, which
    doubles what a short read costs, and there is nothing to undo: nobody sets anything for a session."""
    if connection.is_in_transaction():
        await connection.reset()


class _PostgresTransaction(Transaction):
    def __init__(self, connection: Any, outage: Outage) -> None:
        super().__init__()
        self._connection = connection
        self._outage = outage

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        with self._outage:
            rows: list[Row] = await self._connection.fetch(numbered(sql), *values)
        return rows

    async def execute(self, sql: str, *values: Any) -> int:
        with self._outage:
            status: str = await self._connection.execute(numbered(sql), *values)
        last = status.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    def each(self, values: Sequence[str]) -> tuple[str, Any]:
        return "unnest(?::text[]) AS each(value)", values

    async def in_turn(self, key: str) -> None:
        await self.fetch("SELECT pg_advisory_xact_lock(hashtextextended(?, 7274))", key)

    async def seek_first(self, *, lasting: bool = True) -> None:
        # Its statistics are of a queue that was nearly empty: it would sort a sudden long one for each claim.
        await self.fetch(
            "SELECT set_config('enable_sort', 'off', true), set_config('enable_seqscan', 'off', true)"
            + ("" if lasting else ", set_config('synchronous_commit', 'off', true)")
        )

    async def notify(self, channel: str) -> None:
        await self.fetch("SELECT pg_notify(?, '')", channel)

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._outage:
            await self._connection.executemany(numbered(sql), rows)
