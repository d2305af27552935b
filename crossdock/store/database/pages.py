"""A page of documents out of a SQLite file."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from crossdock.store.records.query import RecordPage


def spliced_page(connection: sqlite3.Connection, rows: str, values: Sequence[Any], limit: int) -> RecordPage:
    """The first rows of a SELECT of documents and their keys, in its order, all of one moment.

    The database puts the documents together: to make a Python object of each would take as long again.
    """
    whole_text = f"SELECT CAST(group_concat(document, ',') AS BLOB), count(*) FROM ({rows} LIMIT ?)"
    ends = f"{rows} LIMIT 2 OFFSET ?"
    connection.execute("BEGIN")
    try:
        spliced, count = connection.execute(whole_text, (*values, limit)).fetchone()
        last = connection.execute(ends, (*values, limit - 1)).fetchall() if count == limit else []
    finally:
        connection.execute("COMMIT")
    return RecordPage(spliced or b"", count, last[0][1:] if len(last) > 1 else None)
