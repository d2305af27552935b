"""Transactions, on both databases."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from crossdock.errors import LockConflict, SettingsError
from crossdock.store.database import engine
from crossdock.store.database.engine import MOST_CONFLICTS, Database, Transaction
from crossdock.store.database.factory import connect
from crossdock.store.database.postgres import Postgres, numbered
from crossdock.store.database.sqlite import SQLite, sqlite_path
from crossdock.store.database.write_ahead import log_ahead

INSERT = "INSERT INTO vendor_slots (account, free_ms) VALUES (?, ?)"


@pytest.fixture
async def other_database(database_url: str) -> AsyncIterator[Database]:
    """Another process's view of the same database."""
    opened = await connect(database_url)
    yield opened
    await opened.close()


async def accounts(database: Database) -> list[str]:
    return [row[0] for row in await database.fetch("SELECT account FROM vendor_slots ORDER BY account")]


async def test_what_a_transaction_did_is_there_for_all_when_it_ends(
    database: Database, other_database: Database
):
    async with database.transaction() as transaction:
        assert await transaction.execute(INSERT, "a", 1) == 1
        await transaction.executemany(INSERT, [("b", 2), ("c", 3)])
    assert await accounts(other_database) == ["a", "b", "c"]


async def test_nobody_else_sees_what_a_transaction_has_not_finished(
    database: Database, other_database: Database
):
    async with database.transaction() as transaction:
        await transaction.execute(INSERT, "a", 1)
        assert [row[0] for row in await transaction.fetch("SELECT account FROM vendor_slots")] == ["a"]
        for reader in (database, other_database):
            assert await accounts(reader) == []
            assert await reader.fetch_one("SELECT account FROM vendor_slots WHERE account = ?", "a") is None
    for reader in (database, other_database):
        assert await accounts(reader) == ["a"]


async def test_an_exception_takes_everything_back(database: Database):
    async def fail(transaction: Transaction) -> None:
        await transaction.execute(INSERT, "a", 1)
        raise LookupError

    with pytest.raises(LookupError):
        async with database.transaction() as transaction:
            await fail(transaction)
    assert await accounts(database) == []
    await database.execute(INSERT, "b", 1)
    assert await accounts(database) == ["b"]


async def test_a_statement_that_fails_takes_everything_back(database: Database):
    async def twice() -> None:
        async with database.transaction() as transaction:
            await transaction.execute(INSERT, "a", 1)
            await transaction.execute(INSERT, "a", 2)

    with pytest.raises(Exception, match=r"(?i)unique"):
        await twice()
    assert await accounts(database) == []
    await database.execute(INSERT, "b", 1)


@pytest.mark.parametrize("steps", range(6))
async def test_a_cancelled_task_takes_everything_back_wherever_it_stood(steps: int, database: Database):
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        async with database.transaction() as transaction:
            for number in range(20):
                await transaction.execute(INSERT, f"a{number}", number)
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await begun.wait()
    for _ in range(steps * 5):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert await accounts(database) == []
    await database.execute(INSERT, "b", 1)
    assert await accounts(database) == ["b"]


async def test_a_task_that_is_cancelled_while_it_waits_for_another_process_leaves_nothing_open(
    database: Database, other_database: Database
):
    async def wait_for_it() -> None:
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE vendor_slots SET free_ms = 2 WHERE account = 'a'")

    await database.execute(INSERT, "a", 1)
    async with other_database.transaction() as transaction:
        await transaction.execute("UPDATE vendor_slots SET free_ms = 3 WHERE account = 'a'")
        task = asyncio.create_task(wait_for_it())
        await asyncio.sleep(0.05)
        task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await asyncio.wait_for(database.execute(INSERT, "b", 1), 10)
    assert await accounts(database) == ["a", "b"]
    row = await database.fetch_one("SELECT free_ms FROM vendor_slots WHERE account = 'a'")
    assert row is not None
    assert row[0] == 3


async def test_many_transactions_at_once_all_count(database: Database, other_database: Database):
    await database.execute(INSERT, "a", 0)

    async def add(database: Database) -> None:
        async with database.transaction() as transaction:
            await transaction.execute("UPDATE vendor_slots SET free_ms = free_ms + 1 WHERE account = 'a'")

    await asyncio.gather(*(add(database) for database in (database, other_database) for _ in range(20)))
    row = await database.fetch_one("SELECT free_ms FROM vendor_slots WHERE account = 'a'")
    assert row is not None
    assert row[0] == 40


CHANGE = "UPDATE vendor_slots SET free_ms = free_ms + 1 WHERE account = ?"


async def test_what_two_transactions_lock_in_opposite_order_is_done_by_both(
    database: Database, other_database: Database
):
    await database.execute(INSERT, "a", 0)
    await database.execute(INSERT, "b", 0)
    tries = 0

    async def change(opened: Database, first: str, second: str) -> str:
        async def work(transaction: Transaction) -> str:
            nonlocal tries
            tries += 1
            await transaction.execute(CHANGE, first)
            if opened.dialect == "postgresql":
                await asyncio.sleep(0.2)
            await transaction.execute(CHANGE, second)
            return first

        return await opened.transact(work)

    both = await asyncio.gather(change(database, "a", "b"), change(other_database, "b", "a"))
    assert list(both) == ["a", "b"]
    assert await database.fetch("SELECT free_ms FROM vendor_slots") == [(2,), (2,)]
    assert tries == (3 if database.dialect == "postgresql" else 2)


async def test_what_is_undone_by_others_again_and_again_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine, "LONGEST_WAIT_SECONDS", 0)
    tries = 0

    async def work(transaction: Transaction) -> None:
        nonlocal tries
        tries += 1
        await transaction.execute(INSERT, "a", 1)
        raise LockConflict("the database is busy")

    with pytest.raises(LockConflict):
        await database.transact(work)
    assert tries == MOST_CONFLICTS + 1
    assert await accounts(database) == []


async def test_a_condition_on_many_texts_is_bound_as_one_value(database: Database):
    hostile = ["a", "b'; --", 'c"', "d\\", "ü", "%", "{}"]
    async with database.transaction() as transaction:
        await transaction.executemany(INSERT, [(text, 1) for text in [*hostile, "z"]])
    condition, bound = database.one_of("account", hostile)
    rows = await database.fetch(f"SELECT account FROM vendor_slots WHERE {condition}", bound)
    assert sorted(row[0] for row in rows) == sorted(hostile)
    condition, bound = database.one_of("account", [])
    assert await database.fetch(f"SELECT account FROM vendor_slots WHERE {condition}", bound) == []


async def test_texts_compare_by_code_point(database: Database):
    names = ["Z", "a", "Ä", "10", "9", "_", "é", "😀"]
    async with database.transaction() as transaction:
        await transaction.executemany(INSERT, [(name, 1) for name in names])
    assert await accounts(database) == sorted(names)


def test_question_marks_become_numbers():
    assert numbered("SELECT 1") == "SELECT 1"
    assert numbered("a = ? AND b IN (?, ?)") == "a = $1 AND b IN ($2, $3)"


def test_the_path_of_a_sqlite_url():
    assert str(sqlite_path("sqlite:///data/x.db")) == "data/x.db"
    assert str(sqlite_path("sqlite:////srv/x.db")) == "/srv/x.db"


async def test_a_postgres_that_does_not_answer_is_the_operators_to_mend():
    with pytest.raises(SettingsError, match="CROSSDOCK_DATABASE_URL: PostgreSQL does not answer"):
        await connect("postgresql://nobody:open-sesame@127.0.0.1:1/x")


async def test_the_url_decides_the_database(database: Database, database_url: str):
    kind = SQLite if database_url.startswith("sqlite") else Postgres
    assert isinstance(database, kind)
    assert database.dialect == database_url.split(":", maxsplit=1)[0]


async def test_sqlite_keeps_what_is_committed_when_the_process_ends_without_closing(tmp_path: Path):
    opened = await connect(f"sqlite:///{tmp_path / 'x.db'}")
    await opened.execute("CREATE TABLE vendor_slots (account, free_ms)")
    await opened.execute(INSERT, "a", 1)
    with closing(sqlite3.connect(tmp_path / "x.db")) as copy:
        assert copy.execute("SELECT account FROM vendor_slots").fetchall() == [("a",)]
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await opened.close()


def test_files_are_switched_to_the_write_ahead_log_by_many_at_once(tmp_path: Path):
    """SQLite answers "locked" to whoever comes at the moment of another's switch, busy timeout or not."""

    def switched(path: Path, together: threading.Barrier) -> str:
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
            together.wait()
            log_ahead(database.execute)
            return str(database.execute("PRAGMA journal_mode").fetchone()[0])

    with ThreadPoolExecutor(4) as threads:
        for number in range(100):
            arguments = (tmp_path / f"{number}.db", threading.Barrier(4))
            tasks = [threads.submit(switched, *arguments) for _ in range(4)]
            assert [task.result(30) for task in tasks] == ["wal"] * 4
