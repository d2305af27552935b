"""Filtered pages against an oracle in plain Python, on both databases."""

import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.resources.schema import EQUALS, Kind
from crossdock.resources.wms.orders import ORDERS
from crossdock.store.database.engine import Database
from crossdock.store.records import lists
from crossdock.store.records.query import RecordCondition, RecordQuery
from crossdock.store.records.records import RecordRow, put
from crossdock.store.schema.records import record_columns

COLUMNS = record_columns(ORDERS)
MINE, OTHERS = 1, 2


@dataclass(frozen=True)
class Row:
    """A record as the oracle sees it."""

    id: str
    values: dict[str, str | int | None]
    tags: frozenset[str]


def _row(number: int, chance: random.Random) -> Row:
    day = 1_700_000_000 + chance.randrange(40) * 86_400
    word = chance.choice(["WEB-", "web-", "Straße ", "50%_"]) + str(chance.randrange(30))
    values: dict[str, str | int | None] = {
        "created_date": day,
        "updated_date": day + chance.randrange(3),
        "status": chance.choice(["open", "fulfilled", "fulfilled", "fulfilled", "cancelled"]),
        "warehouse_customer_id": chance.choice([None, "c1", "c2"]),
        "channel": chance.choice([None, None, "channel_A", "channel_B"]),
        "type": chance.choice([None, "d2c", "b2b"]),
        "order_number": word,
        "reference_id": f"ref-{number}",
        "required_ship_date": chance.choice([None, day + 5]),
        "trackstar_created_date": 1_770_000_000 + number,
        "trackstar_updated_date": 1_770_000_000 + chance.randrange(20),
    }
    tags = frozenset(chance.sample(["vip", "lane:7", "fragile"], chance.randrange(3)))
    return Row(f"order_id_{number}", values, tags)


def stored_columns(row: Row) -> list[str | int | None]:
    columns = []
    for name in COLUMNS:
        value = row.values[name.removesuffix("_folded")]
        columns.append(value.casefold() if name.endswith("_folded") and isinstance(value, str) else value)
    return columns


async def _fill(database: Database, rows: list[Row]) -> None:
    async with database.transaction() as transaction:
        for connection in (MINE, OTHERS):
            await put(
                transaction, ORDERS, connection,
                [RecordRow(r.id, stored_columns(r), None, None, f'{{"id":"{r.id}"}}'.encode()) for r in rows],
            )  # fmt: skip
        await transaction.executemany(
            "INSERT INTO record_tags (connection_id, resource, tag, id) VALUES (?, ?, ?, ?)",
            [(MINE, ORDERS.key, tag, r.id) for r in rows for tag in r.tags],
        )


def meets(row: Row, condition: RecordCondition) -> bool:
    """What the notes on filters say, in plain Python."""
    values: list[Any] = list(condition.values)
    if condition.column == "trackstar_tags":
        return (not row.tags.isdisjoint(values)) == (condition.operator == "contains")
    value: Any = row.values[condition.column]
    operator = condition.operator
    if value is None:
        return operator in ("neq", "nin", "not_contains")
    if operator.endswith("-insensitive"):
        operator = operator.removesuffix("-insensitive")
        value, values = value.casefold(), [value.casefold() for value in values]
    return {
        "eq": lambda: value == values[0],
        "neq": lambda: value != values[0],
        "gt": lambda: value > values[0],
        "gte": lambda: value >= values[0],
        "lt": lambda: value < values[0],
        "lte": lambda: value <= values[0],
        "in": lambda: value in values,
        "nin": lambda: value not in values,
        "contains": lambda: values[0] in value,
        "not_contains": lambda: values[0] not in value,
    }[operator]()


def _conditions(rows: list[Row]) -> st.SearchStrategy[RecordCondition]:
    """Any condition that the contract allows, on values that are there and some that are not."""

    def of(column: str, operator: str) -> st.SearchStrategy[RecordCondition]:
        kind = ORDERS.filters[column].kind
        if kind is Kind.TAGS:
            values = st.sampled_from(["vip", "lane:7", "fragile", "none"])
        elif kind is Kind.TIME:
            values = st.sampled_from([*sorted({r.values[column] for r in rows} - {None}, key=str)[:30], 5])
        else:
            there = sorted({str(r.values[column]) for r in rows})
            pieces = [text[1:3] for text in there[:10]]
            values = st.sampled_from([*there, *(pieces if "contains" in operator else []), "nowhere"])
        many = operator.startswith(("in", "nin")) or kind is Kind.TAGS
        bound = st.lists(values, min_size=1, max_size=4 if many else 1)
        return bound.map(lambda chosen: RecordCondition(column, operator, tuple(chosen)))

    pairs = [
        (name, operator or "eq")
        for name, column in ORDERS.filters.items()
        for operator in column.operators
        if operator != EQUALS
    ]
    return st.sampled_from(pairs).flatmap(lambda pair: of(*pair))


async def walk(database: Database, query: RecordQuery) -> list[str]:
    """All pages of a list: the ids, in order."""
    ids: list[str] = []
    after = None
    for _ in range(1000):
        page = await lists.page(
            database, ORDERS, MINE,
            RecordQuery(query.conditions, query.ids, query.order, after, query.limit, query.parent),
        )  # fmt: skip
        assert len(page.documents) <= query.limit
        ids += [bytes(document).decode()[7:-2] for document in page.documents]
        after = page.after
        if after is None:
            return ids
    raise AssertionError("the list does not end")


RANGES = ("gt", "gte", "lt", "lte")


def order_of(conditions: list[RecordCondition]) -> str | None:
    for condition in conditions:
        if ORDERS.filters[condition.column].kind is Kind.TIME and condition.operator in RANGES:
            return condition.column
    return None


@pytest.fixture(params=[40, 400])
async def rows(request: pytest.FixtureRequest, database: Database) -> list[Row]:
    chance = random.Random(7)
    new_rows = [_row(number, chance) for number in range(request.param)]
    await _fill(database, new_rows)
    return new_rows


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_filters_find_what_the_oracle_finds_in_its_order(
    data: st.DataObject, rows: list[Row], database: Database, monkeypatch: pytest.MonkeyPatch
):
    conditions = data.draw(st.lists(_conditions(rows), min_size=0, max_size=3))
    # Small, so that walks are given up and columns have too many values also among few rows.
    monkeypatch.setattr(lists, "WALK", data.draw(st.sampled_from([1, 20, 4000])))
    monkeypatch.setattr(lists, "FEW", data.draw(st.sampled_from([2, 64])))
    order = order_of(conditions)
    limit = data.draw(st.sampled_from([3, 50, 1000]))
    fitting = [row for row in rows if all(meets(row, condition) for condition in conditions)]
    fitting.sort(key=lambda row: (row.values[order], row.id) if order else row.id)

    assert await walk(database, RecordQuery(tuple(conditions), order=order, limit=limit)) == [
        r.id for r in fitting
    ]


async def test_ids_are_found_whatever_else_there_is(rows: list[Row], database: Database):
    query = RecordQuery(ids=("order_id_3", "order_id_1", "order_id_1", "elsewhere"))
    assert await walk(database, query) == ["order_id_1", "order_id_3"]


async def test_p16_no_row_that_stays_is_missed_or_doubled_while_others_come_and_change(
    rows: list[Row], database: Database
):
    chance = random.Random(3)
    texts: list[str] = []
    after = None
    while True:
        page = await lists.page(database, ORDERS, MINE, RecordQuery(after=after, limit=7))
        texts += [bytes(document).decode()[7:-2] for document in page.documents]
        after = page.after
        if after is None:
            break
        newcomers = [_row(chance.randrange(10_000, 99_999), chance) for _ in range(3)]
        changed = [Row(r.id, {**r.values, "status": "open"}, r.tags) for r in chance.sample(rows, 5)]
        async with database.transaction() as transaction:
            for row in [*newcomers, *changed]:
                document = f'{{"id":"{row.id}"}}'.encode()
                record = RecordRow(row.id, stored_columns(row), None, None, document)
                await put(transaction, ORDERS, MINE, [record])
    there_throughout = {row.id for row in rows}
    assert sorted(text for text in texts if text in there_throughout) == sorted(there_throughout)


async def test_a_page_is_only_of_its_own_connection(rows: list[Row], database: Database):
    async with database.transaction() as transaction:
        await transaction.execute(f"DELETE FROM {ORDERS.key} WHERE connection_id = ?", MINE)
    assert await walk(database, RecordQuery()) == []
    fulfilled = RecordQuery((RecordCondition("status", "eq", ("fulfilled",)),))
    assert await walk(database, fulfilled) == []
