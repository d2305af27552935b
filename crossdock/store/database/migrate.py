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
from crossdock.private import new_file
from crossdock.store.database.availability import trouble
from crossdock.store.database.sqlite import sqlite_path
from crossdock.store.database.write_ahead import BUSY_SECONDS, log_ahead

# Two servers that start at once must not migrate at once. Any number that nothing else locks.
_LOCK = 7_274_021


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    return config


@cache
def head() -> str:
    """The revision that this version of the code needs."""
    current_head = ScriptDirectory.from_config(_config()).get_current_head()
    return current_head or ""


def misfit(text: str | None) -> str:
    """The misfit of a database at this revision with this version, and its cure; empty when it fits."""
    if text == head():
        return ""
    cure = "that is a newer Crossdock's: install it" if _is_newer(text) else "run `crossdock migrate`"
    return f"the database is at schema {text}, this version needs {head()}; {cure}"


def _is_newer(text: str | None) -> bool:
    """Check whether this version has never heard of a revision."""
    known_revisions = {
        walk_revision.revision for walk_revision in ScriptDirectory.from_config(_config()).walk_revisions()
    }
    return text is not None and text not in known_revisions


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
        for item in (driver, driver.__cause__ or driver):
            if text := trouble(item):
                raise Unavailable(f"the database {text}", detail=str(item)) from problem
        raise


def _migrate_sqlite(url: str) -> tuple[str | None, str]:
    new_file(sqlite_path(url))
    engine = sqlalchemy.create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        connection.exec_driver_sql("PRAGMA page_size=8192")  # two documents of usual size in a page
        log_ahead(connection.exec_driver_sql)
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
