"""PostgreSQL: any number of processes on any number of machines."""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

import asyncpg

from crossdock.errors import SettingsError
from crossdock.store.database.availability import Outage, on_another, postgres_trouble
from crossdock.store.database.engine import Database, Row, SqlDialect, Transaction
from crossdock.store.records.query import RecordPage


@lru_cache(4096)
def numbered(sql: str) -> str:
    """`?` → `$1`, `$2` …"""
    parts = sql.split("?")
    return parts[0] + "".join(f"${n}{part}" for n, part in enumerate(parts[1:], 1))


class _PostgresDialect(SqlDialect):
    dialect = "postgresql"
    row_id = "ctid"
    locking = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"
    clock = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"

    def one_of(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        return f"{column} = ANY(?::text[])", list(values)

    def text_table(self, values: Sequence[str]) -> tuple[str, Any]:
        return "unnest(?::text[]) AS each(value)", values

    def ordered_texts(self, values: Sequence[str]) -> tuple[str, str, Any]:
        return "unnest(?::text[]) WITH ORDINALITY AS listed(value, place)", " ORDER BY place", values

    def lies_at(self, search: str) -> str:
        return f"ctid = ANY(ARRAY({search}))"

    def contains(self, column: str) -> str:
        return f"strpos({column}, ?) > 0"


class Postgres(_PostgresDialect, Database):
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

    async def fetch_few(self, sql: str, *values: Any) -> list[Row]:
        return await self.fetch(sql, *values)

    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        row: Row | None = await self._read(self._pool.fetchrow, sql, values)
        return row

    async def _read(self, fetch: Callable[..., Any], sql: str, values: Sequence[Any]) -> Any:
        with self._reading:
            value = await on_another(lambda: fetch(numbered(sql), *values))
        self._reading.over()
        return value

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

    async def page(self, rows: str, values: Sequence[Any], limit: int) -> RecordPage:
        # Row by row: megabytes in one value cost the server more than it took to find them.
        records = await self.fetch(f"{rows} LIMIT ?", *values, limit + 1)
        after = tuple(records[limit - 1])[1:] if len(records) > limit else None
        return RecordPage.of([row[0] for row in records[:limit]], after)


async def _reset(connection: Any) -> None:
    """For a connection that goes back to the pool. The pool's own way asks the server each time, which
    doubles what a short read costs, and there is nothing to undo: nobody sets anything for a session."""
    if connection.is_in_transaction():
        await connection.reset()


class _PostgresTransaction(_PostgresDialect, Transaction):
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

    async def append(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        with self._outage:
            await self._connection.copy_records_to_table(table, records=rows, columns=columns)
