"""Brings a database to this version's schema, and says whether it is there."""

import asyncio
from functools import cache
from pathlib import Path

import asyncpg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from crossdock.errors import SettingsError, Unavailable
from crossdock.store.outages import trouble
from crossdock.store.sqlite import sqlite_path

# Two servers that start at once must not migrate at once. Any number that nothing else locks.
_LOCK = 7_274_021


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


@cache
def head() -> str:
    """The revision that this version of the code needs."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    return found or ""


def misfit(found: str | None) -> str:
    """Why a database at this revision is none for this version, and what to do; empty when it is one."""
    if found == head():
        return ""
    cure = "that is a newer Crossdock's: install it" if _is_newer(found) else "run `crossdock migrate`"
    return f"the database is at schema {found}, this version needs {head()}; {cure}"


def _is_newer(found: str | None) -> bool:
    """Whether this version has never heard of a revision."""
    known = {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}
    return found is not None and found not in known


async def migrate(url: str) -> tuple[str | None, str]:
    """Migrates; the revision before and after.

    Raises SettingsError for a database of a newer version, Unavailable for one that can't be changed now.
    """
    try:
        if url.startswith("sqlite:///"):
            return await asyncio.to_thread(_migrate_sqlite, url)
        return await _migrate_postgres(url)
    except (DBAPIError, asyncpg.PostgresError, OSError) as problem:
        driver = getattr(problem, "orig", None) or problem
        for one in (driver, driver.__cause__ or driver):
            if text := trouble(one):
                raise Unavailable(f"the database {text}", detail=str(one)) from problem
        raise


def _migrate_sqlite(url: str) -> tuple[str | None, str]:
    sqlite_path(url).parent.mkdir(parents=True, exist_ok=True)
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=60000")
        connection.exec_driver_sql("PRAGMA page_size=8192")  # two documents of usual size in a page
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return _upgrade(connection)


async def _migrate_postgres(url: str) -> tuple[str | None, str]:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        result = await connection.run_sync(_upgrade)
    await engine.dispose()
    return result


def _upgrade(connection: sqlalchemy.Connection) -> tuple[str | None, str]:
    before = MigrationContext.configure(connection).get_current_revision()
    if _is_newer(before):
        raise SettingsError(misfit(before))
    if before != head():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    connection.commit()
    return before, head()
