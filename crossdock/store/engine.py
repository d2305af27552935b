"""A database as the store sees it; `sqlite.py` and `postgres.py` hold all that differs between the two.

The SQL of the store is written once, with `?` for values, in what both databases understand. Reads of
one row run at once; lists run beside the event loop; writes run in a transaction, one at a time on
SQLite. Drivers are used directly: a statement through a toolkit's async layer costs forty times one
through the driver (docs/architecture.md, "Decisions").
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from crossdock.store.outages import Outage
from crossdock.store.query import Found

Row = Sequence[Any]


class Transaction(ABC):
    """Statements that become visible together, or not at all."""

    def __init__(self) -> None:
        self._last: list[Callable[[], Awaitable[None]]] = []

    def at_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Has this done as the last of the transaction, when it holds every other lock that it needs."""
        self._last.append(work)

    async def finish(self) -> None:
        """What `at_end` was told; right before the commit."""
        for work in self._last:
            await work()

    @abstractmethod
    async def fetch(self, sql: str, *values: Any) -> list[Row]: ...

    @abstractmethod
    async def execute(self, sql: str, *values: Any) -> int:
        """How many rows were changed."""

    @abstractmethod
    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None: ...

    @abstractmethod
    async def append(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Adds rows that can't be there yet."""

    @abstractmethod
    def each(self, values: Sequence[str]) -> tuple[str, Any]:
        """Texts as a table `each` with a column `value`: its SQL, and the single value to bind for it."""

    @abstractmethod
    async def in_turn(self, key: str) -> None:
        """Waits until no other transaction that called this with the same key is open."""

    @abstractmethod
    async def seek_first(self, *, lasting: bool = True) -> None:
        """Has the statements that follow walk an index to the first row that fits, and not sort all.

        lasting: False when nothing is lost if a power cut undoes this transaction; it then need not wait
        for the disk.
        """

    @abstractmethod
    async def notify(self, channel: str) -> None:
        """Wakes those who listen to this channel, once this transaction is committed."""

    async def fetch_one(self, sql: str, *values: Any) -> Row | None:
        rows = await self.fetch(sql, *values)
        return rows[0] if rows else None


class Database(ABC):
    """An open database. Whatever it can't do now raises Unavailable."""

    dialect: str
    clock: str
    """The database's own time, milliseconds since 1970, as an expression."""
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
        """Commits at the end of the block, rolls back when it raises."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def listen(self, channel: str, wake: Callable[[], None], lost: Callable[[], None]) -> bool:
        """Calls `wake` when a transaction notified this channel, until it calls `lost`: the line broke.

        False: this database has no such thing.
        """

    @abstractmethod
    async def age(self) -> int:
        """Another number when somebody may have committed since; costs next to nothing to ask."""

    @abstractmethod
    def one_of(self, column: str, values: Iterable[str]) -> tuple[str, Any]:
        """A condition "column is one of these texts", and the single value to bind for it."""

    @abstractmethod
    async def page(self, rows: str, values: Sequence[Any], limit: int) -> Found:
        """The first rows of a SELECT of documents and their keys, in its order, all of one moment."""

    @abstractmethod
    def listed(self, values: Sequence[str]) -> tuple[str, str, Any]:
        """Texts as a table `listed` with a column `value`, for the beginning of a join.

        Its SQL, what ends the join so that it keeps their order, and the value to bind.
        """

    @abstractmethod
    def contains(self, column: str) -> str:
        """A condition "the text of the column contains ?", case and all."""

    @property
    @abstractmethod
    def place(self) -> str:
        """The column that says where a row lies; good until somebody changes it."""

    @abstractmethod
    def lies_at(self, search: str) -> str:
        """A condition "the row lies at one of the places that this SELECT finds"; looks at no other row."""

    @property
    @abstractmethod
    def locking(self) -> str:
        """Ends a SELECT whose rows this transaction is about to change."""

    @property
    @abstractmethod
    def skip_locked(self) -> str:
        """Ends a SELECT that claims rows which no other worker holds."""

    async def execute(self, sql: str, *values: Any) -> int:
        """One statement in a transaction of its own."""
        async with self.transaction() as transaction:
            return await transaction.execute(sql, *values)
