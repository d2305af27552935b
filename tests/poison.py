"""A row that the database itself refuses, for tests of what then becomes of the others of its batch.

async with refusing(database, "wms_orders", "id", "'o-002'"):
    …
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crossdock.store.database.engine import Database


@asynccontextmanager
async def refusing(database: Database, table: str, column: str, literal: str) -> AsyncIterator[None]:
    """Rows of a table with this value in a column can be neither inserted nor updated meanwhile.

    literal: SQL that both databases understand.
    """
    if database.dialect == "sqlite":
        begin = [
            f"CREATE TRIGGER poison_{name} BEFORE {name} ON {table} WHEN NEW.{column} IS {literal} "
            "BEGIN SELECT RAISE(ABORT, 'this row is refused'); END"
            for name in ("INSERT", "UPDATE")
        ]
        end = ["DROP TRIGGER poison_INSERT", "DROP TRIGGER poison_UPDATE"]
    else:
        begin = [
            f"ALTER TABLE {table} ADD CONSTRAINT poison CHECK ({column} IS DISTINCT FROM {literal}) NOT VALID"
        ]
        end = [f"ALTER TABLE {table} DROP CONSTRAINT poison"]
    for sql in begin:
        await database.execute(sql)
    try:
        yield
    finally:
        for sql in end:
            await database.execute(sql)
