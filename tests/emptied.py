"""`database_url` for tests that need many databases: a copy on SQLite, one that is emptied on PostgreSQL."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossdock.store.schema.tables import metadata
from tests.conftest import apart, copied, migrated_sqlite, on_server, run_sql, unsynced

__all__ = ["database_url", "emptied_postgres", "migrated_sqlite"]


@pytest.fixture(scope="session")
def emptied_postgres(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """One PostgreSQL database for many tests: making one takes longer than most of them."""
    name = f"crossdock_emptied_{uuid.uuid4().hex[:12]}"
    apart(run_sql(postgres_server, copied(name, postgres_template)))
    apart(run_sql(postgres_server, unsynced(name)))
    yield on_server(postgres_server, name)
    apart(run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database at this version's schema, of each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        return f"sqlite:///{shutil.copy(template, tmp_path / 'crossdock.db')}"
    url: str = request.getfixturevalue("emptied_postgres")
    await empty(url)
    return url


async def empty(postgres_url: str) -> None:
    """Remove all rows: those of the audit log, too, whose triggers refuse it to all but replicas."""
    deletes = "; ".join(f"DELETE FROM {name}" for name in metadata.tables)
    await run_sql(postgres_url, f"SET session_replication_role = replica; {deletes}")
