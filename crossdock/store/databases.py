"""Opens the database of a URL."""

from crossdock.store import memory
from crossdock.store.engine import Database
from crossdock.store.postgres import Postgres
from crossdock.store.sqlite import SQLite, sqlite_path


async def connect(url: str) -> Database:
    """Opens the database of a URL: `sqlite:///path` or `postgresql://…`."""
    memory.settle()
    if url.startswith("sqlite:///"):
        return SQLite(sqlite_path(url))
    return await Postgres.connected(url)
