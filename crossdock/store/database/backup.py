"""A copy of a running SQLite database, in one file. PostgreSQL has pg_dump for that."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from crossdock.errors import SettingsError, Unavailable
from crossdock.store.database.sqlite import sqlite_path


async def copy(url: str, target: Path) -> int:
    """Copies the database of a URL as it is at one moment, while others write; how many bytes it has.

    The file is there whole or not at all, and only its owner can read it. Raises SettingsError when it is
    there already, or the database is not a file; Unavailable when it can't be copied.
    """
    if not url.startswith("sqlite:///"):
        raise SettingsError(
            "crossdock backup copies SQLite. For PostgreSQL: "
            'pg_dump --format=custom --file=FILE "$CROSSDOCK_DATABASE_URL"'
        )
    try:
        return await asyncio.to_thread(_copy, sqlite_path(url), target)
    except (sqlite3.Error, OSError) as problem:
        raise Unavailable("the database can't be copied", detail=str(problem)) from problem


def _copy(source: Path, target: Path) -> int:
    if not source.exists():
        raise SettingsError(f"there is no database at {source}")
    if target.exists():
        raise SettingsError(f"{target} exists already; name a file that does not")
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        fresh.touch(mode=0o600)
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(fresh)) as new:
            # In one step: a copy in several begins anew whenever another process writes.
            old.backup(new)
            # Nothing beside the file itself: a log of its own would have to be copied with it.
            new.execute("PRAGMA journal_mode=DELETE")
            [[verdict]] = new.execute("PRAGMA quick_check(1)").fetchall()
            if verdict != "ok":
                raise sqlite3.DatabaseError(f"the copy is damaged: {verdict}")
        with fresh.open("rb") as written:
            os.fsync(written.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target.stat().st_size
