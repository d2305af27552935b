"""Opens the database of a URL."""

from crossdock.store.database import process_memory
from crossdock.store.database.engine import Database
from crossdock.store.database.postgres import Postgres
from crossdock.store.database.sqlite import SQLite, sqlite_path


async def connect(url: str) -> Database:
    """Open the database of a URL: `sqlite:///path` or `postgresql://…`."""
    process_memory.tune_allocator()
    if url.startswith("sqlite:///"):
        return SQLite(sqlite_path(url))
    return await Postgres.connected(url)
