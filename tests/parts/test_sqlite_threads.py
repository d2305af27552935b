"""SQLite's connections belong to threads of their own: what is freed elsewhere disturbs what runs there."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossdock.store.database.factory import connect
from crossdock.store.database.migrate import migrate
from crossdock.store.database.sqlite import SQLite

CALLS: dict[str, Callable[[Any], Any]] = {
    "fetch": lambda transaction: transaction.fetch("SELECT 1"),
    "fetch_one": lambda transaction: transaction.fetch_one("SELECT 1"),
    "execute": lambda transaction: transaction.execute("DELETE FROM api_calls"),
    "executemany": lambda transaction: transaction.executemany(
        "DELETE FROM api_calls WHERE id = ?", [("a",), ("b",)]
    ),
}


@pytest.mark.parametrize("name", ["fetch", "fetch_one", "execute", "executemany"])
async def test_no_cursor_of_a_transaction_leaves_its_thread(name: str, tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'crossdock.db'}"
    await migrate(url)
    database = await connect(url)
    assert isinstance(database, SQLite)
    results: list[Any] = []
    async with database.transaction() as transaction:
        run: Callable[[Callable[[], Any]], Any] = transaction.run  # type: ignore[attr-defined]

        async def noted(work: Callable[[], Any]) -> Any:
            results.append(await run(work))
            return results[-1]

        transaction.run = noted  # type: ignore[attr-defined]
        await CALLS[name](transaction)
    await database.close()
    assert results
    assert not [result for result in results if isinstance(result, sqlite3.Cursor)]
