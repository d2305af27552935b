"""Pieces are many and small: those that need a database share one."""

from tests.emptied import database_url, emptied_postgres, migrated_sqlite

__all__ = ["database_url", "emptied_postgres", "migrated_sqlite"]
