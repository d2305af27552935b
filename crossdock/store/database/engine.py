"""A database as the store sees it; `sqlite.py` and `postgres.py` hold all that differs between the two.

The SQL of the store is written once, with `?` for values, in what both databases understand. Reads of
one row run at once; lists run beside the event loop; writes run in a transaction, one at a time on
SQLite. Drivers are used directly: a statement through a toolkit's async layer costs forty times one
through the driver (docs/architecture.md, "Decisions").
"""

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from crossdock.errors import LockConflict, Unavailable
from crossdock.store.database.availability import Outage
from crossdock.store.records.query import RecordPage

Row = Sequence[Any]
Made = TypeVar("Made")

MOST_CONFLICTS = 6
"""Transactions that are undone by others, one after the other, before that is told."""
LONGEST_WAIT_SECONDS = 0.4


class SqlDialect(ABC):
    """The pieces of SQL that differ between the two databases."""

    dialect: str
    clock: str
    """The database's own time, milliseconds since 1970, as an expression."""

    @abstractmethod
    def one_of(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        """A condition "column is one of these texts", and the single value to bind for it."""

    @abstractmethod
    def text_table(self, values: Sequence[str]) -> tuple[str, Any]:
        """Texts as a table `each` with a column `value`: its SQL, and the single value to bind for it."""

    @abstractmethod
    def ordered_texts(self, values: Sequence[str]) -> tuple[str, str, Any]:
        """Texts as a table `listed` with a column `value`, for the beginning of a join.

        Its SQL, what ends the join so that it keeps their order, and the value to bind.
        """

    @abstractmethod
    def contains(self, column: str) -> str:
        """A condition "the text of the column contains ?", case and all."""

    @property
    @abstractmethod
    def row_id(self) -> str:
        """The column that says where a row lies; good until somebody changes it."""

    @abstractmethod
    def lies_at(self, search: str) -> str:
        """A condition "the row lies at one of the places that this SELECT finds"; looks at no other row."""

    @property
    @abstractmethod
    def locking(self) -> str:
        """The end of a SELECT whose rows this transaction is about to change."""

    @property
    @abstractmethod
    def skip_locked(self) -> str:
        """The end of a SELECT that claims rows which no other worker holds."""


class Transaction(SqlDialect):
    """Statements that become visible together, or not at all."""

    def __init__(self) -> None:
        self._last: list[Callable[[], Awaitable[None]]] = []

    def at_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have this done as the last of the transaction, when it holds every other lock that it needs."""
        self._last.append(work)

    async def finish(self) -> None:
        """Do what `at_end` was told; right before the commit."""
        for work in self._last:
            await work()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what is done in the block when it raises, and nothing else: the transaction can go on."""
        planned = len(self._last)
        await self.execute("SAVEPOINT part")
        try:
            yield
        except Unavailable:
            raise  # the whole transaction ends: the database may have undone it already
        except Exception:
            del self._last[planned:]
            await self.execute("ROLLBACK TO SAVEPOINT part")
            await self.execute("RELEASE SAVEPOINT part")
            raise
        await self.execute("RELEASE SAVEPOINT part")

    @abstractmethod
    async def fetch(self, sql: str, *values: Any) -> list[Row]: ...

    @abstractmethod
    async def execute(self, sql: str, *values: Any) -> int:
        """Run a statement and return how many rows were changed."""

    @abstractmethod
    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...

    @abstractmethod
    async def append(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add rows that can't be there yet."""

    @abstractmethod
    async def in_turn(self, key: str) -> None:
        """Wait until no other transaction that called this with the same key is open."""

    @abstractmethod
    async def seek_first(self, *, lasting: bool = True) -> None:
        """Have the statements that follow walk an index to the first row that fits, and not sort all.

        lasting: False when nothing is lost if a power cut undoes this transaction; it then need not wait
        for the disk.
        """

    @abstractmethod
    async def notify(self, channel: str) -> None:
        """Wake those who listen to this channel, once this transaction is committed."""

    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None


class Database(SqlDialect):
    """An open database. Whatever it can't do now raises Unavailable."""

    version: str
    """Asks for the version of its software."""
    oldest: tuple[int, ...]
    """The first version that Crossdock runs on."""

    def __init__(self, trouble: Callable[[BaseException], str]) -> None:
        self._reading = Outage("reading", trouble)
        self._writing = Outage("writing", trouble)

    @abstractmethod
    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a read that may be long."""

    @abstractmethod
    async def fetch_few(self, sql: str, *values: Any) -> list[Row]:
        """All rows of a read that is short: by keys, through an index."""

    @abstractmethod
    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        """The first row of a read that is short."""

    @abstractmethod
    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit at the end of the block, and roll back when it raises."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def listen(self, channel: str, wake: Callable[[], None], lost: Callable[[], None]) -> bool:
        """Call `wake` when a transaction notified this channel, until calling `lost`: the line broke.

        False: this database has no such thing.
        """

    @abstractmethod
    async def age(self) -> int:
        """Another number when somebody may have committed since; costs next to nothing to ask."""

    async def scrub(self) -> bool:
        """Have nothing of what was deleted left in the database's files. False: not now, somebody reads.

        Where a database removes it by itself in a while (PostgreSQL's vacuum), this leaves it to that.
        """
        return True

    @abstractmethod
    async def page(self, rows: str, values: Sequence[Any], limit: int) -> RecordPage:
        """The first rows of a SELECT of documents and their keys, in its order, all of one moment."""

    async def transact(self, work: Callable[[Transaction], Awaitable[Made]]) -> Made:
        """Do the work in a transaction, and do it again where another's locks undid it.

        For work that changes nothing but the database: it may run several times.
        """
        for attempt in range(MOST_CONFLICTS):
            try:
                async with self.transaction() as transaction:
                    return await work(transaction)
            except LockConflict:
                # By chance, so that two who met do not meet again.
                await asyncio.sleep(random.uniform(0, LONGEST_WAIT_SECONDS * (attempt + 1)))
        async with self.transaction() as transaction:
            return await work(transaction)

    async def execute(self, sql: str, *values: Any) -> int:
        """One statement in a transaction of its own."""
        async with self.transaction() as transaction:
            return await transaction.execute(sql, *values)
