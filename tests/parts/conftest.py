"""Pieces are many and small: those that need a database share one."""

from tests.emptied import database_url, emptied_postgres, migrated_sqlite
from tests.parts.sandbox_writing import blank, fresh, shop, wms

__all__ = ["blank", "database_url", "emptied_postgres", "fresh", "migrated_sqlite", "shop", "wms"]
