"""Databases to measure on: migrated, with an organization, an API key and one connected warehouse."""

import asyncio
import os
import re
import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from crossdock.resources.wms.orders import ORDERS
from crossdock.services.clock import now_ms
from crossdock.store.connections import access, connections
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.migrate import migrate
from crossdock.store.database.secrets import Vault, new_secret_key
from crossdock.store.database.sqlite import sqlite_path
from crossdock.store.records.records import RecordRow, put
from crossdock.store.schema.records import record_columns

CANDIDATES = (
    "postgresql://root@127.0.0.1:5432/postgres",
    "postgresql://postgres@127.0.0.1:5432/postgres",
)
COLUMNS = ["connection_id", "id", *record_columns(ORDERS), "raw_hash", "said_hash", "document"]


@dataclass(frozen=True)
class Prepared:
    """A database that a server can be started on."""

    url: str
    secret_key: str
    api_key: str
    token: str
    connection: ConnectionRow

    @property
    def headers(self) -> dict[str, str]:
        return {"x-trackstar-api-key": self.api_key, "x-trackstar-access-token": self.token}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Database]:
        database = await connect(self.url)
        try:
            yield database
        finally:
            await database.close()


async def prepare(url: str) -> Prepared:
    """Migrates an empty database and connects a warehouse, as `serve` wants to find them."""
    await migrate(url)
    secret_key = new_secret_key()
    database = await connect(url)
    try:
        now = now_ms()
        organization = await access.create_organization(database, "Bench", now)
        _, api_key = await access.create_key(
            database, organization, name="bench", read_only=False, now_ms=now
        )
        vault = Vault(database, secret_key)
        await vault.check()
        connection = ConnectionRow(
            id=0, uid=str(uuid.uuid4()), organization_id=organization, type="wms", integration="sandbox",
            customer_id=None, me=None, disabled_functions=frozenset(), webhooks_disabled=False,
            times_used=0, last_used_ms=None, created_ms=now,
        )  # fmt: skip
        sealed = await connections.seal(vault, connection, {})
        async with database.transaction() as transaction:
            stored = await connections.create(transaction, connection, sealed)
        return Prepared(url, secret_key, api_key, sealed.token, stored)
    finally:
        await database.close()


def add(prepared: Prepared, rows: Iterable[RecordRow]) -> None:
    """Stores some orders, as a sync does."""
    asyncio.run(_add(prepared, rows))


async def _add(prepared: Prepared, rows: Iterable[RecordRow]) -> None:
    async with prepared.opened() as database, database.transaction() as transaction:
        await put(transaction, ORDERS, prepared.connection.id, rows)


# Where databases come from


class Stores:
    """Makes databases of one kind below a folder or on a server, each a copy of one that is migrated."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        self._folder = folder
        self._server = server
        self._template: Prepared | None = None

    @property
    def label(self) -> str:
        return "SQLite" if self._server is None else "PostgreSQL"

    @contextmanager
    def fresh(self) -> Iterator[Prepared]:
        """A database without records; it is gone afterwards."""
        template = self._template or asyncio.run(prepare(self._made("template")))
        self._template = template
        name = f"bench_{uuid.uuid4().hex[:12]}"
        url = self._copied(name)
        try:
            yield Prepared(url, template.secret_key, template.api_key, template.token, template.connection)
        finally:
            self._drop(name)

    def close(self) -> None:
        if self._template is not None:
            self._drop(self._name("template"))

    def _name(self, name: str) -> str:
        return f"bench_{name}_{os.getpid()}"

    def _made(self, name: str) -> str:
        if self._server is None:
            return f"sqlite:///{self._folder / self._name(name)}.db"
        asyncio.run(_run(self._server, f"CREATE DATABASE {self._name(name)}"))
        return _on_server(self._server, self._name(name))

    def _copied(self, name: str) -> str:
        if self._server is None:
            file = self._folder / f"{name}.db"
            # The last connection to close has moved everything from the journal into the file.
            shutil.copyfile(self._folder / f"{self._name('template')}.db", file)
            return f"sqlite:///{file}"
        asyncio.run(_run(self._server, f"CREATE DATABASE {name} TEMPLATE {self._name('template')}"))
        return _on_server(self._server, name)

    def _drop(self, name: str) -> None:
        if self._server is None:
            for file in self._folder.glob(f"{name}.db*"):
                file.unlink()
        else:
            asyncio.run(_run(self._server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def postgres_server() -> str | None:
    """A server that databases may be made on: BENCH_POSTGRES_URL, or one on this machine, or None."""
    bench_postgres_url = os.environ.get("BENCH_POSTGRES_URL")
    for url in [bench_postgres_url] if bench_postgres_url else CANDIDATES:
        if asyncio.run(_answers(url)):
            return url
    return None


async def _answers(url: str) -> bool:
    try:
        opened = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await opened.close()
    return True


def _on_server(server: str, database: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


async def _run(url: str, sql: str) -> None:
    opened = await asyncpg.connect(url)
    try:
        await opened.execute(sql)
    finally:
        await opened.close()


# Many rows, without the price of keeping indexes while they come


def load(prepared: Prepared, rows: Iterable[Sequence[Any]], tags: Iterable[tuple[str, str]]) -> None:
    """Stores rows (values of COLUMNS without the connection) and tags (tag, record id) in bulk."""
    connection_id = prepared.connection.id
    full = ((connection_id, *row) for row in rows)
    tagged = ((connection_id, ORDERS.key, *tag) for tag in tags)
    if prepared.url.startswith("sqlite:///"):
        _load_sqlite(sqlite_path(prepared.url), full, tagged)
    else:
        asyncio.run(_load_postgres(prepared.url, full, tagged))


def _load_sqlite(file: Path, rows: Iterable[Any], tags: Iterable[Any]) -> None:
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA synchronous=OFF")
    database.execute("PRAGMA cache_size=-1000000")
    indexes = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        (ORDERS.key,),
    ).fetchall()
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    positions = ", ".join("?" * len(COLUMNS))
    _insert_in_parts(
        database, f"INSERT INTO {ORDERS.key} ({', '.join(COLUMNS)}) VALUES ({positions})", iter(rows)
    )
    _insert_in_parts(
        database, "INSERT INTO record_tags (connection_id, resource, tag, id) VALUES (?, ?, ?, ?)", iter(tags)
    )
    for _, sql in indexes:
        database.execute(sql)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _insert_in_parts(database: sqlite3.Connection, sql: str, rows: Iterator[Any]) -> None:
    """A commit now and then, so that the journal does not grow as large as the database."""
    while part := list(islice(rows, 100_000)):
        database.execute("BEGIN")
        database.executemany(sql, part)
        database.execute("COMMIT")


async def _load_postgres(url: str, rows: Iterable[Any], tags: Iterable[Any]) -> None:
    database = await asyncpg.connect(url)
    try:
        await database.execute("SET maintenance_work_mem = '512MB'")
        found_rows = await database.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 AND indexname LIKE 'ix_%'",
            ORDERS.key,
        )
        for row in found_rows:
            await database.execute(f"DROP INDEX {row['indexname']}")
        await database.copy_records_to_table(ORDERS.key, records=rows, columns=COLUMNS)
        await database.copy_records_to_table(
            "record_tags", records=tags, columns=["connection_id", "resource", "tag", "id"]
        )
        for current_row in found_rows:
            await database.execute(re.sub(r" ON ONLY ", " ON ", current_row["indexdef"]))
        # What autovacuum does soon after so many rows.
        await database.execute("VACUUM (ANALYZE)")
    finally:
        await database.close()
