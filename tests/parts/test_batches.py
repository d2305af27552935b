"""Members are stored together, and each for itself where one of them can't be."""

from collections.abc import Sequence

import asyncpg
import pytest

from crossdock.errors import CrossdockError, LeaseLost, Unavailable, VendorNonsense, printable
from crossdock.store.database.availability import postgres_trouble
from crossdock.store.database.batches import together_or_apart
from crossdock.store.database.engine import Database, Transaction


class Store:
    """Takes members but for those that are poison."""

    def __init__(self, *poison: int, problem: Exception | None = None) -> None:
        self.poison, self.problem = set(poison), problem or ValueError("poison")
        self.calls = 0
        self.stored: list[int] = []
        self.aside: list[tuple[int, str]] = []

    async def store(self, members: Sequence[int]) -> None:
        self.calls += 1
        if self.poison & set(members):
            raise self.problem
        self.stored += members

    async def set_aside(self, member: int, problem: Exception) -> None:
        self.aside.append((member, str(problem)))


async def test_members_that_can_all_be_stored_are_stored_at_once():
    store = Store()
    await together_or_apart(range(1000), store.store, store.set_aside)
    assert (store.calls, store.stored, store.aside) == (1, list(range(1000)), [])


async def test_p27_those_that_cannot_be_stored_are_set_aside_alone_and_order_stays():
    store = Store(3, 500, 999)
    await together_or_apart(range(1000), store.store, store.set_aside)
    assert store.stored == [n for n in range(1000) if n not in store.poison]
    assert store.aside == [(3, "poison"), (500, "poison"), (999, "poison")]
    assert store.calls < 70, "halves, not each for itself"


async def test_nothing_is_stored_of_nothing():
    store = Store()
    await together_or_apart([], store.store, store.set_aside)
    assert store.calls == 0


@pytest.mark.parametrize("problem", [Unavailable("the database is down"), LeaseLost("gone")])
async def test_a_database_that_is_away_and_a_lost_lease_are_nobodys_fault(problem: CrossdockError):
    store = Store(3, problem=problem)
    with pytest.raises(type(problem)):
        await together_or_apart(range(10), store.store, store.set_aside)
    assert store.aside == []


async def test_p27_what_a_savepoint_undoes_leaves_the_rest_of_its_transaction(database: Database):
    async def done_last() -> None:
        raise AssertionError("this was undone")

    async def fail(transaction: Transaction) -> None:
        async with transaction.savepoint():
            await transaction.execute("INSERT INTO horizons (name, at_ms) VALUES ('undone', 1)")
            transaction.at_end(done_last)
            raise ZeroDivisionError

    async with database.transaction() as transaction:
        await transaction.execute("INSERT INTO horizons (name, at_ms) VALUES ('kept', 1)")
        with pytest.raises(ZeroDivisionError):
            await fail(transaction)
        async with transaction.savepoint():
            await transaction.execute("INSERT INTO horizons (name, at_ms) VALUES ('later', 1)")
    rows = await database.fetch("SELECT name FROM horizons ORDER BY name")
    assert [row[0] for row in rows] == ["kept", "later"]


async def test_p27_a_value_that_the_driver_cannot_send_is_no_outage(database: Database):
    """Its message quotes the value, which may say anything: that a connection is closed, for instance."""
    with pytest.raises(Exception) as caught:
        await database.execute(
            "INSERT INTO horizons (name, at_ms) VALUES (?, ?)", "the connection is closed \udce9", 1
        )
    assert not isinstance(caught.value, Unavailable)
    assert postgres_trouble(asyncpg.InterfaceError("connection is closed"))


def test_messages_that_quote_strangers_can_be_stored_and_shown_everywhere():
    assert printable("caf\udce9 \ud800\x00é") == "caf\\udce9 \\ud800\\x00é"
    problem = VendorNonsense("caf\udce9\x00", url="https://x/\udce9")
    assert (str(problem), problem.url) == ("caf\\udce9\\x00", "https://x/\\udce9")
