"""A database gets this version's schema, whoever else migrates it at the same time."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from crossdock.errors import SettingsError
from crossdock.resources.catalogue import TYPES
from crossdock.services.open import check_schema
from crossdock.store.connections.access import organizations
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.database.migrate import head, migrate
from crossdock.store.database.sqlite import sqlite_path
from crossdock.store.records import quarantine
from crossdock.store.schema.records import PARTITIONS, RECORDS
from crossdock.store.schema.tables import metadata
from tests.conftest import on_server, run_sql

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database with nothing in it, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'crossdock.db'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"crossdock_empty_{uuid.uuid4().hex[:12]}"
    await run_sql(server, f"CREATE DATABASE {name}")
    yield on_server(server, name)
    await run_sql(server, f"DROP DATABASE {name} WITH (FORCE)")


def differences(connection: sqlalchemy.Connection) -> list[Any]:
    """What the schema of a database has otherwise than the declarations; partitions aside."""

    def counts(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
        table = str(name if kind == "table" else thing.table.name)
        return table != "alembic_version" and not _is_partition(table)

    options = {
        "include_object": counts, "compare_type": True, "compare_server_default": _differ,
    }  # fmt: skip
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _is_partition(table: str) -> bool:
    parent, _, number = table.rpartition("_")
    return parent in RECORDS and number.isdigit()


def _differ(_: Any, __: Any, ___: Any, there: str | None, ____: Any, declared: str | None) -> bool:
    """Whether two defaults differ in more than quotes, brackets and casts."""
    return _plain(there) != _plain(declared)


def _plain(default: str | None) -> str | None:
    return default and default.split("::")[0].strip("()'")


async def looked_at(url: str, look: Any) -> Any:
    if url.startswith("sqlite"):
        engine = sqlalchemy.create_engine(url, poolclass=NullPool)
        with engine.connect() as connection:
            return look(connection)
    there = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with there.connect() as connection:
        run_sync = await connection.run_sync(look)
    await there.dispose()
    return run_sync


async def test_files_that_a_version_before_refused_are_kept_or_told_after_the_migration(empty_url: str):
    await migrate(empty_url)
    old = (
        ("a", "invoice.pdf", "the file is a PDF document, not a table"),
        ("b", "notes.csv", "this is no invoice file that we know: its first record has 2 cells"),
    )
    opened = await connect(empty_url)
    for number, (file_id, name, error) in enumerate(old):
        await opened.execute(
            "INSERT INTO received_files (id, connection_id, name, file_type, sha256, size, received_ms, "
            "source, object, state, error) VALUES (?, 1, ?, '', ?, 9, 5, 'folder', ?, 'refused', ?)",
            file_id, name, str(number), file_id, error,
        )  # fmt: skip
    await opened.close()
    await looked_at(empty_url, refused_before)
    opened = await connect(empty_url)
    states = await opened.fetch("SELECT id, state, error FROM received_files ORDER BY id")
    kept_quarantines = await quarantine.of_connection(opened, 1)
    await opened.close()
    assert [tuple(row) for row in states] == [("a", "kept", None), ("b", "refused", old[1][2])]
    assert [
        (current_quarantine.key, current_quarantine.reason, current_quarantine.raw)
        for current_quarantine in kept_quarantines
    ] == [("b", f"notes.csv: {old[1][2]}", b"")]


def refused_before(connection: sqlalchemy.Connection) -> None:
    """Does what the migration does with what is there; its columns are there already."""
    [file] = (ROOT / "crossdock/store/migrations/versions").glob("*_refused_files.py")
    migration = import_module(f"crossdock.store.migrations.versions.{file.stem}")
    with Operations.context(MigrationContext.configure(connection)):
        migration.bring_over()
    connection.commit()


async def test_p25_the_migrated_schema_is_the_declared_one_and_migrating_again_changes_nothing(
    database_url: str,
):
    assert await looked_at(database_url, differences) == []
    assert await migrate(database_url) == (head(), head())


def test_the_comparison_sees_a_column_that_is_missing(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'x.db'}"
    asyncio.run(migrate(url))
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs DROP COLUMN error")
        assert [difference[0] for difference in differences(connection)] == ["add_column"]


async def test_records_are_partitioned_by_connection(emptied_postgres: str):
    database = await connect(emptied_postgres)
    rows = await database.fetch(
        "SELECT c.relname, count(i.inhrelid) FROM pg_class c JOIN pg_inherits i ON i.inhparent = c.oid "
        "WHERE c.relkind = 'p' GROUP BY c.relname"
    )
    await database.close()
    assert {row[0]: row[1] for row in rows} == dict.fromkeys(RECORDS, PARTITIONS)


MIGRATE = """
import asyncio, sys
from crossdock.store.database.migrate import migrate
print(asyncio.run(migrate(sys.argv[1])))
"""


async def test_servers_that_start_at_once_migrate_once(empty_url: str):
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", MIGRATE, empty_url, cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    outputs = await asyncio.gather(*(process.communicate() for process in processes))
    texts = sorted(out.decode().strip() for out, _ in outputs)
    assert texts == [f"('{head()}', '{head()}')", f"(None, '{head()}')"], outputs


async def test_a_migration_that_fails_half_way_leaves_what_was_there(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
):
    def failing(config: Config, _: str) -> None:
        config.attributes["connection"].exec_driver_sql("CREATE TABLE half (id INTEGER)")
        raise LookupError("the power went out")

    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(LookupError):
        await migrate(empty_url)
    tables = await looked_at(empty_url, lambda connection: sqlalchemy.inspect(connection).get_table_names())
    assert tables == []


async def test_services_tell_an_operator_that_a_database_is_not_migrated(empty_url: str):
    if empty_url.startswith("sqlite"):
        sqlite_path(empty_url).parent.mkdir()
    database = await connect(empty_url)
    with pytest.raises(SettingsError, match="the database is empty; run `crossdock migrate`"):
        await check_schema(database)
    await database.close()


async def test_services_tell_an_operator_that_a_database_is_from_another_version(database: Database):
    await check_schema(database)
    await database.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SettingsError, match=f"schema 9999, this version needs {head()}"):
        await check_schema(database)
    await database.execute("UPDATE alembic_version SET version_num = ?", head())


async def test_p25_throttles_of_endpoints_move_to_their_table_and_vendors_limits_stay(empty_url: str):
    """In microseconds as before, on both databases; a limit of a vendor is not taken for one of them."""
    if empty_url.startswith("sqlite"):
        sqlite_path(empty_url).parent.mkdir()
    await looked_at(empty_url, throttled_before)
    await migrate(empty_url)
    database = await connect(empty_url)
    throttles = await database.fetch("SELECT endpoint, free_us FROM endpoint_throttles ORDER BY endpoint")
    slots = await database.fetch("SELECT account, free_ms FROM vendor_slots ORDER BY account")
    await database.close()
    assert [tuple(row) for row in throttles] == [(7, 1_764_500_000_000_001), (12, 0)]
    assert [tuple(row) for row in slots] == [("sandbox/3", 5)]


def throttled_before(connection: sqlalchemy.Connection) -> None:
    """Makes a database of the version that kept both in one table."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "crossdock" / "store" / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "0011")
    connection.exec_driver_sql(
        "INSERT INTO vendor_slots (account, free_ms) VALUES "
        "('endpoint/7', 1764500000000001), ('endpoint/12', 0), ('sandbox/3', 5)"
    )
    connection.commit()


async def test_p25_one_list_of_functions_that_are_off_becomes_the_same_list_for_each_type(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    config = Config()
    config.set_main_option("script_location", str(ROOT / "crossdock" / "store" / "migrations"))
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        for name, functions in (("a", "get_bills,get_returns"), ("b", ""), ("c", None)):
            connection.exec_driver_sql(
                "INSERT INTO organizations (id, name, disabled_functions, created_ms) VALUES (?, ?, ?, 0)",
                (name, name, functions),
            )
    await migrate(url)
    database = await connect(url)
    off = {organization.id: organization.disabled_functions for organization in await organizations(database)}
    await database.close()
    both = frozenset({"get_bills", "get_returns"})
    assert off == {"a": dict.fromkeys(TYPES, both), "b": dict.fromkeys(TYPES, frozenset()), "c": {}}
