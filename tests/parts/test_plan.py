"""What a commit is going to write is decided without a database, record by record."""

from typing import Any

import pytest

from crossdock.changes.document import body_of
from crossdock.changes.plan import CommitPlan, Incoming, Target
from crossdock.changes.store_plan import store_plan
from crossdock.resources.schema import Resource
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.inventory_ledger import INVENTORY_LEDGER
from crossdock.resources.wms.orders import ORDERS
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.records.records import StoredRecord
from crossdock.wire import decoder, stamp

NOW = 1_770_000_000_000
CONNECTION = ConnectionRow(
    id=1, uid="c-1", organization_id="org", type="wms", integration="fake", customer_id="cu", me=None,
    disabled_functions=frozenset(), webhooks_disabled=False, times_used=0, last_used_ms=None, created_ms=NOW,
)  # fmt: skip


def plan(resource: Resource = ORDERS, **options: Any) -> CommitPlan:
    return CommitPlan(Target(CONNECTION, resource, cause="sync", **options), NOW)


def order(record_id: str = "o-1", **fields: Any) -> Incoming:
    least = {"id": record_id, "created_date": stamp(NOW), "updated_date": stamp(NOW), "status": "open"}
    return Incoming(record_id, least | fields, b"raw")


def stored(incoming: Incoming) -> StoredRecord:
    """The record as it is stored once it was met twice: when it is new, what is said is not hashed."""
    first, second = plan(), plan()
    first.add(incoming, None, None)
    hidden = dict.fromkeys(ORDERS.hidden)
    record = StoredRecord(first.rows[0].document, None, hidden)
    second.add(incoming, record, None)
    [(_, _, said_hash)] = second.hashes
    return StoredRecord(record.document, said_hash, hidden)


def test_a_new_record_is_a_row_and_an_event():
    one_order = plan()
    one_order.add(order(), None, None)
    assert one_order.outcome.created == ["o-1"]
    assert [row.id for row in one_order.rows] == ["o-1"]
    assert [event.type for event in one_order.events] == ["order.created"]


def test_a_record_that_says_the_same_is_no_row_and_no_event():
    same_plan = plan()
    same_plan.add(order(), stored(order()), None)
    assert (same_plan.rows, same_plan.events, same_plan.history, same_plan.outcome.unchanged) == (
        [],
        [],
        [],
        1,
    )


def test_a_change_is_a_row_an_event_and_a_line_of_history():
    changed = plan()
    changed.add(order(status="processing"), stored(order()), None)
    assert changed.outcome.updated == ["o-1"]
    assert [event.type for event in changed.events] == ["order.updated"]
    assert [decoder.decode(line.previous) for line in changed.history] == [{"status": "open"}]


def test_a_record_that_comes_back_leaves_its_tombstone():
    back = plan()
    back.add(order(), None, stored(order()).document)
    assert (back.restored, back.outcome.created) == (["o-1"], ["o-1"])


def test_a_record_that_is_gone_is_a_tombstone_with_its_document_and_an_event():
    commit_plan = plan()
    document = stored(order()).document
    commit_plan.delete("o-1", document)
    assert commit_plan.tombstones == {"o-1": document}
    assert [event.type for event in commit_plan.events] == ["order.deleted"]
    assert (commit_plan.rows, commit_plan.outcome.gone) == ([], ["o-1"])


@pytest.mark.parametrize("fields", [{"status": 7}, {"created_date": "soon"}])
def test_a_record_that_does_not_fit_leaves_nothing_behind_and_the_others_are_planned(fields: dict[str, Any]):
    mixed = plan()
    mixed.add(order("bad", **fields), None, None)
    mixed.add(order("good"), None, None)
    assert [row.id for row in mixed.rows][-1] == "good"
    assert [*mixed.outcome.refused, *mixed.outcome.misfits] == ["bad"]
    assert mixed.outcome.created[-1] == "good"


def test_a_record_that_has_to_be_there_is_refused_where_there_is_none():
    tags = plan()
    tags.add(Incoming("o-9", {"id": "o-9", "trackstar_tags": ["vip"]}, None, must_be_there=True), None, None)
    assert tags.outcome.refused == {"o-9": "there is no 'o-9'"}
    assert tags.rows == []


def test_a_first_sync_is_quiet_but_for_its_history():
    quiet = plan(quiet=True)
    quiet.delete("o-1", stored(order()).document)
    assert quiet.events == []
    assert [line.kind for line in quiet.history] == ["gone"]


def test_tags_are_planned_with_their_record_and_only_where_they_are_said():
    tagged = plan()
    tagged.add(order("o-1", trackstar_tags=["vip", {"route": "north"}]), None, None)
    tagged.add(order("o-2"), None, None)
    assert tagged.tags == {"o-1": frozenset({"vip", "route:north"})}


def test_what_is_planned_is_the_document_that_readers_get():
    one_order = plan()
    one_order.add(order(), None, None)
    record = decoder.decode(one_order.rows[0].document)
    assert (record["id"], record["trackstar_created_date"]) == ("o-1", stamp(NOW))
    assert b"trackstar_created_date" not in body_of(ORDERS, one_order.rows[0].document)


async def test_an_empty_plan_asks_the_database_for_nothing():
    await store_plan(None, plan())  # type: ignore[arg-type]


def test_the_ledger_says_itself_what_it_is_derived_from():
    assert INVENTORY.derives is INVENTORY_LEDGER


UNDATED: dict[str, Any] = {"created_date": None, "updated_date": None}
LATER = NOW + 60_000


def dates_of(document: bytes) -> tuple[str, str]:
    record = decoder.decode(document)
    return record["created_date"], record["updated_date"]


def test_a_vendor_without_dates_gets_ours_since_when_we_know_a_record():
    first_plan = plan()
    first_plan.add(order(**UNDATED), None, None)
    assert dates_of(first_plan.rows[0].document) == (stamp(NOW), stamp(NOW))
    assert first_plan.outcome.misfits == {}


def test_a_vendor_without_dates_moves_ours_when_a_record_changed_and_only_then():
    held = stored(order(**UNDATED))
    same_plan = CommitPlan(Target(CONNECTION, ORDERS, cause="sync"), LATER)
    same_plan.add(order(**UNDATED), held, None)
    assert (same_plan.rows, same_plan.outcome.unchanged) == ([], 1)

    changed_plan = CommitPlan(Target(CONNECTION, ORDERS, cause="sync"), LATER)
    changed_plan.add(order(**UNDATED, order_number="7"), held, None)
    assert dates_of(changed_plan.rows[0].document) == (stamp(NOW), stamp(LATER))
    previous = decoder.decode(changed_plan.events[0].body)["previous_attributes"]
    assert previous.keys() == {"order_number", "updated_date"}


def test_a_date_that_only_misses_is_not_ours():
    """One of two has the other in its place, and what was left out keeps what is stored."""
    held = stored(order())
    changed_plan = CommitPlan(Target(CONNECTION, ORDERS, cause="sync"), LATER)
    changed_plan.add(Incoming("o-1", {"id": "o-1", "order_number": "7"}, b"other"), held, None)
    assert dates_of(changed_plan.rows[0].document) == (stamp(NOW), stamp(NOW))
