"""What a record was: wound back change by change it is, byte for byte, what was stored at any moment."""

import asyncio
import itertools
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossdock.changes import document as documents
from crossdock.changes.commit import Changes, UnmetRecords, commit, store_changes
from crossdock.changes.diff import restored
from crossdock.changes.document import body_of
from crossdock.changes.history import as_of, past
from crossdock.changes.plan import CommitOutcome, Incoming, Target
from crossdock.resources.schema import Kind, Resource
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.packs import ORDER_PACKS
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.factory import connect
from crossdock.store.records import history, lists, records
from crossdock.store.records.history import HistoryChange, Trail
from crossdock.store.records.query import RecordCondition, RecordQuery
from crossdock.store.schema.records import record_columns
from crossdock.wire import decoder, encoder, seconds, stamp
from tests.parts.test_lists import Row, meets

Made = TypeVar("Made")
Json = dict[str, Any]

START = 1_770_000_000_000
IDS = ("a", "b", "b:c", "ä")

numbers = st.sampled_from([Decimal(text) for text in ("1.5", "1.50", "15E-1", "2", "-0.10", "1E+22")])
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 2), numbers, st.sampled_from(["", "x", "1e5", "ü"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["k", "a.b", "", "1"]), inner, max_size=2),
    ),
    max_leaves=4,
)
lines = st.lists(
    st.fixed_dictionaries(
        {"product_id": st.just("p"), "quantity": st.integers(1, 2), "is_picked": st.booleans()},
        optional={"unit_price": numbers},
    ),
    max_size=2,
)
orders = st.fixed_dictionaries(
    {
        "created_date": st.just("2026-01-01T00:00:00Z"),
        "updated_date": st.sampled_from(["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]),
        "status": st.sampled_from(["open", "picked", "fulfilled"]),
    },
    optional={
        "total_price": st.one_of(st.none(), numbers),
        "channel": st.sampled_from([None, "web", "WEB-1"]),
        "required_ship_date": st.sampled_from([None, "2026-01-05T00:00:00Z"]),
        "line_items": lines,
        "additional_fields": st.dictionaries(st.sampled_from(["n", "a.b", "deep"]), values, max_size=2),
        "trackstar_tags": st.sampled_from([None, ["vip"], ["vip", {"lane": "7"}]]),
    },
)
packs = st.fixed_dictionaries(
    {"packs": st.lists(st.sampled_from("xyz").map(lambda text: {"pack_id": text}), max_size=2)},
    optional={"additional_fields": st.dictionaries(st.sampled_from(["n", "a.b"]), values, max_size=1)},
)


def steps(fields: st.SearchStrategy[Json]) -> st.SearchStrategy[list[Any]]:
    """What happens: time passes, and the vendor says some records, or that only some are left."""
    dictionaries = st.dictionaries(st.sampled_from(IDS), fields, min_size=1, max_size=3)
    remaining_frozensets = st.frozensets(st.sampled_from(IDS), max_size=3)
    passes = st.sampled_from([0, 1, 400, 1000, 1700, 60_000])
    return st.lists(
        st.tuples(passes, st.booleans(), st.one_of(dictionaries, dictionaries, remaining_frozensets)),
        min_size=1,
        max_size=12,
    )


conditions = st.sampled_from(
    [
        RecordCondition("status", "eq", ("open",)),
        RecordCondition("status", "nin", ("open", "picked")),
        RecordCondition("channel", "contains", ("EB",)),
        RecordCondition("channel", "not_contains", ("EB",)),
        RecordCondition("channel", "neq", ("web",)),
        RecordCondition("channel", "in", ("web", "other")),
        RecordCondition("updated_date", "gt", (seconds("2026-01-02T00:00:00Z"),)),
        RecordCondition("required_ship_date", "lte", (seconds("2026-01-05T00:00:00Z"),)),
        RecordCondition("trackstar_updated_date", "gte", (START // 1000 + 2,)),
        RecordCondition("trackstar_created_date", "lt", (START // 1000 + 2,)),
        RecordCondition("trackstar_tags", "contains", ("lane:7", "nothing")),
        RecordCondition("trackstar_tags", "not_contains", ("vip",)),
    ]
)


@dataclass
class Moment:
    """All that was stored at some time."""

    at_ms: int
    live: dict[str, bytes]
    gone: dict[str, bytes]


@dataclass
class Story:
    """A connection of its own, what happens to it, and full copies of what was stored after each step."""

    database: Database
    resource: Resource
    connection: ConnectionRow
    now_ms: int = START
    moments: list[Moment] = field(default_factory=lambda: [Moment(0, {}, {})])

    async def happen(self, passes: int, quiet: bool, subject: Json | frozenset[str]) -> None:
        self.now_ms += passes
        target = Target(self.connection, self.resource, "sync", f"job-{uuid.uuid4()}", quiet)
        if isinstance(subject, dict):
            await self.say(target, subject)
        else:
            await self.leave(target, subject)
        self.moments.append(Moment(self.now_ms, await self.stored(), await self.tombstones()))

    async def say(self, target: Target, fields: Json) -> None:
        incoming = [Incoming(key, {"id": key} | fields, None) for key, fields in fields.items()]
        outcome = await commit(self.database, target, Changes(incoming), self.now_ms)
        assert outcome.refused == {}

    async def leave(self, target: Target, remaining_rows: frozenset[str]) -> None:
        async with self.database.transaction() as transaction:
            await records.add_to_snapshot(transaction, target.job_id or "", remaining_rows)
        far = self.now_ms + 10_000_000
        await commit(self.database, target, Changes(unmet=UnmetRecords(far, at_most=100)), self.now_ms)

    async def stored(self) -> dict[str, bytes]:
        rows = await self.database.fetch(
            f"SELECT id, document FROM {self.resource.key} WHERE connection_id = ?", self.connection.id
        )
        return {row[0]: bytes(row[1]) for row in rows}

    async def tombstones(self) -> dict[str, bytes]:
        rows = await self.database.fetch(
            "SELECT id, document FROM gone WHERE connection_id = ? AND resource = ?",
            self.connection.id, self.resource.key,
        )  # fmt: skip
        return {row[0]: bytes(row[1]) for row in rows}

    def then(self, second: int) -> Moment:
        """What was stored at the end of a second."""
        return [moment for moment in self.moments if moment.at_ms < (second + 1) * 1000][-1]

    def seconds(self) -> list[int]:
        """Every second in which something happened, and those beside it."""
        happened = {moment.at_ms // 1000 for moment in self.moments[1:]}
        return sorted({number + beside for number in happened for beside in (-1, 0, 1)})

    async def page(self, query: RecordQuery) -> list[bytes]:
        """All pages of a list as it was."""
        data: list[bytes] = []
        for _ in range(50):
            page = await as_of.page(self.database, self.resource, self.connection.id, query)
            assert len(page.documents) <= query.limit
            data += page.documents
            if page.after is None:
                return [bytes(record) for record in data]
            query = replace(query, after=page.after)
        raise AssertionError("the list does not end")

    async def one(self, record_id: str, second: int) -> past.PastState | None:
        end_ms = (second + 1) * 1000
        return await as_of.one(self.database, self.resource, self.connection.id, record_id, end_ms)


@pytest.fixture
def stage(database_url: str) -> Iterator[tuple[Database, Callable[[Coroutine[Any, Any, Made]], Made]]]:
    """A database that stays open over all examples of a test, and what runs coroutines on it."""
    with asyncio.Runner() as runner:
        database = runner.run(connect(database_url))
        yield database, runner.run
        runner.run(database.close())


numbers_of_connections = itertools.count(1)


def new_story(database: Database, resource: Resource) -> Story:
    number = next(numbers_of_connections)
    connection = ConnectionRow(
        id=number, uid=f"uid-{number}", organization_id="org", type="wms", integration="sandbox",
        customer_id=None, me=None, disabled_functions=frozenset(), webhooks_disabled=False, times_used=0,
        last_used_ms=None, created_ms=START,
    )  # fmt: skip
    return Story(database, resource, connection)


def row_of(resource: Resource, document: bytes) -> Row:
    """A document as the oracle of filters sees it."""
    fields = decoder.decode(document)
    times = {name for name, kind in record_columns(resource).items() if kind is Kind.TIME}
    found_seconds = {n: seconds(v) if n in times and v is not None else v for n, v in fields.items()}
    return Row(fields["id"], found_seconds, documents.tags(fields))


LOOSE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
many = settings(max_examples=60, deadline=None, suppress_health_check=LOOSE)
few = settings(many, max_examples=30)


@many
@given(st.data())
def test_p22_any_record_and_any_list_at_any_moment_is_what_full_copies_say(stage, data: st.DataObject):
    database, run = stage
    resource, fields = data.draw(st.sampled_from([(ORDERS, orders), (ORDERS, orders), (ORDER_PACKS, packs)]))
    story = new_story(database, resource)
    for step in data.draw(steps(fields)):
        run(story.happen(*step))
    record_conditions = data.draw(st.lists(conditions, max_size=2)) if resource is ORDERS else []
    limit = data.draw(st.integers(1, 5))
    for second in data.draw(st.sets(st.sampled_from(story.seconds()), min_size=1, max_size=3)):
        run(agrees(story, second, tuple(record_conditions), limit))


async def agrees(
    story: Story, second: int, record_conditions: tuple[RecordCondition, ...], limit: int
) -> None:
    then, resource = story.then(second), story.resource
    for record_id in IDS:
        state = await story.one(record_id, second)
        document = then.live.get(record_id, then.gone.get(record_id))
        assert (state and (bytes(state.document), state.is_gone)) == (
            document and (document, record_id in then.gone)
        )
    everything = [then.live[text] for text in sorted(then.live)]
    assert await story.page(RecordQuery(as_of=second, limit=limit)) == everything
    fitting = [
        content
        for content in everything
        if all(meets(row_of(resource, content), condition) for condition in record_conditions)
    ]
    assert await story.page(RecordQuery(record_conditions, as_of=second, limit=limit)) == fitting
    ids = IDS[::2]
    assert await story.page(RecordQuery(ids=ids, as_of=second, limit=limit)) == [
        then.live[identifier] for identifier in sorted(ids) if identifier in then.live
    ]


@many
@given(steps(orders))
def test_p22_putting_new_values_into_the_first_state_gives_the_stored_record(stage, happened):
    database, run = stage
    story = new_story(database, ORDERS)
    for step in happened:
        run(story.happen(*step))
    last = story.moments[-1]
    for record_id, stored in (last.live | last.gone).items():
        first = next(
            decoder.decode(body_of(ORDERS, moment.live[record_id]))
            for moment in story.moments
            if record_id in moment.live
        )
        value = run(
            as_of.changes(
                database, ORDERS, story.connection.id, record_id, parent=None, before=None, limit=1000
            )
        )
        for change, fields in reversed(value.changes):
            assert {current_field.field for current_field in fields} == set(previous_of(change))
            first = restored(first, {current_field.field: current_field.new for current_field in fields})
        assert encoder.encode(first) == body_of(ORDERS, stored)


def previous_of(change: HistoryChange) -> Json:
    fields: Json = decoder.decode(change.previous)
    return fields


@few
@given(steps(orders), st.lists(conditions, min_size=1, max_size=2))
def test_a_list_as_of_now_is_the_list_as_it_is(stage, happened, wanted):
    database, run = stage
    story = new_story(database, ORDERS)
    for step in happened:
        run(story.happen(*step))
    wanted = [item for item in wanted if item.column != "trackstar_tags"]
    now = run(lists.page(database, ORDERS, story.connection.id, RecordQuery(tuple(wanted))))
    as_it_is = run(story.page(RecordQuery(tuple(wanted), as_of=story.now_ms // 1000)))
    assert as_it_is == sorted(
        (bytes(document) for document in now.documents), key=lambda content: decoder.decode(content)["id"]
    )


@few
@given(steps(orders), st.integers(1, 60_000))
def test_what_is_older_than_the_horizon_is_not_needed_for_what_is_younger(stage, happened, back):
    database, run = stage
    story = new_story(database, ORDERS)
    for step in happened:
        run(story.happen(*step))
    run(database.execute("DELETE FROM horizons"))
    before_ms = story.now_ms - back
    while run(history.forget(database, before_ms, 2)) == 2:
        pass
    since = run(history.kept_since(database, story.now_ms, 90))
    assert since == before_ms
    for second in [second for second in story.seconds() if (second + 1) * 1000 >= since][:4]:
        run(agrees(story, second, (), 1000))


# What is kept


def test_a_float_among_what_has_no_fixed_shape_comes_back_as_it_was_written(stage):
    database, run = stage
    story = new_story(database, ORDERS)
    base = {"created_date": stamp(0), "updated_date": stamp(0), "status": "open"}
    for status, rate in (("open", 1e22), ("picked", 1e22), ("open", Decimal("1E+22")), ("picked", 0.5)):
        step = {"a": base | {"status": status, "additional_fields": {"rate": rate}}}
        run(story.happen(1000, False, step))
    assert b'"rate":1e22' in story.moments[1].live["a"]
    for second in story.seconds():
        run(agrees(story, second, (), 10))


def trail(resource: Resource, document: bytes, *changes: HistoryChange, gone_ms: int | None = None) -> Trail:
    return Trail("a", document, gone_ms, {}, list(changes))


def change(number: int, at_ms: int, kind: history.Kind, previous: bytes = b"{}") -> HistoryChange:
    return HistoryChange(number, at_ms, kind, "sync", None, None, previous, None)


def test_where_a_clock_jumped_back_the_order_in_which_changes_were_stored_counts():
    found_trail = trail(
        ORDER_PACKS, b'{"packs":3}',
        change(3, 2_000, "updated", b'{"packs":2}'), change(2, 9_000, "updated", b'{"packs":1}'),
        change(1, 500, "created"),
    )  # fmt: skip
    states = [past.at(ORDER_PACKS, found_trail, end) for end in (500, 1_000, 3_000, 10_000)]
    assert [state and state.document for state in states] == [
        None, b'{"packs":1}', b'{"packs":3}', b'{"packs":3}',
    ]  # fmt: skip


def test_a_tombstone_from_before_history_knew_deletes_tells_by_its_own_time():
    found_trail = trail(ORDER_PACKS, b"{}", gone_ms=5_000)
    before, after = past.at(ORDER_PACKS, found_trail, 5_000), past.at(ORDER_PACKS, found_trail, 5_001)
    assert [past_state and past_state.is_gone for past_state in (before, after)] == [False, True]


def test_a_field_that_a_newer_version_added_is_not_in_what_was_stored_before_it():
    old_body, new = b'{"packs":[],"carrier":null}', {"packs": [1], "carrier": None, "colour": "red"}
    previous = past.history_body(old_body, new, {"packs": [], "colour": None})
    assert previous == b'{"":%b}' % old_body
    rewind = past.Rewind(ORDER_PACKS, trail(ORDER_PACKS, encoder.encode(new)))
    newest = change(1, 0, "updated", previous)
    assert [(past_change.field, past_change.old, past_change.new) for past_change in rewind.told(newest)] == [
        ("packs", [], [1]), ("colour", None, "red")
    ]  # fmt: skip
    rewind.undo(newest)
    assert rewind.document == old_body


@pytest.mark.parametrize(
    ("path", "value"),
    [("a", 1), ("b.0.c", 2), ("b", [{"c": 2}]), ("b.1", None), ("a.x", None), ("z", None)],
)
def test_a_path_leads_to_its_value_or_to_null(path: str, value: Any):
    assert past.value_at({"a": 1, "b": [{"c": 2}]}, path) == value


async def test_two_that_bring_the_same_new_record_at_once_make_it_once(database: Database):
    story = new_story(database, ORDERS)
    target = Target(story.connection, ORDERS, "sync")
    base = {"id": "a", "created_date": stamp(0), "updated_date": stamp(0)}
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def commit_slowly(incoming: Incoming) -> CommitOutcome:
        async with database.transaction() as transaction:
            outcome = await store_changes(transaction, target, Changes([incoming]), START)
            begun.set()
            await go_on.wait()
        return outcome

    first = asyncio.create_task(commit_slowly(Incoming("a", base | {"status": "open"}, None)))
    await begun.wait()
    second = asyncio.create_task(
        commit(database, target, Changes([Incoming("a", base | {"status": "picked"}, None)]), START)
    )
    await asyncio.wait({second}, timeout=0.2)
    assert not second.done()
    go_on.set()
    commit_outcome, changed = await asyncio.gather(first, second)
    assert (commit_outcome.created, changed.created, changed.updated) == (["a"], [], ["a"])


# Batches


async def test_records_that_changed_more_often_than_a_batch_holds_are_read_all_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(as_of, "CHANGES", 3)
    monkeypatch.setattr(as_of, "BATCH", 2)
    monkeypatch.setattr(as_of, "STRETCH", 2)
    story = new_story(database, ORDERS)
    base = {"created_date": stamp(0), "updated_date": stamp(0), "status": "open"}
    for number in range(8):
        bases = {
            identifier: base | {"order_number": str(number)} for identifier in IDS[: 1 + number % len(IDS)]
        }
        await story.happen(1000, False, bases)
    for second in story.seconds():
        await agrees(story, second, (), 2)
    historical_record = await as_of.changes(
        database, ORDERS, story.connection.id, "a", parent=None, before=None, limit=100
    )
    assert historical_record is not None
    assert [fields[0].new for _, fields in historical_record.changes] == ["7", "6", "5", "4", "3", "2", "1"]


async def test_a_page_ends_after_so_many_records_and_the_next_one_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(as_of, "LOOKED_AT", 2)
    monkeypatch.setattr(as_of, "BATCH", 2)
    story = new_story(database, ORDERS)
    base = {"created_date": stamp(0), "updated_date": stamp(0)}
    await story.happen(0, False, {identifier: base | {"status": "open"} for identifier in IDS[:3]})
    await story.happen(0, False, {IDS[3]: base | {"status": "picked"}})
    query = RecordQuery((RecordCondition("status", "eq", ("picked",)),), as_of=START // 1000)
    first = await as_of.page(database, ORDERS, story.connection.id, query)
    assert (first.documents, first.after) == ([], ("b",))
    assert len(await story.page(query)) == 1
