"""What is stored with a page besides its records: pure, from the page and what came of it."""

from typing import Any

from crossdock.changes.plan import CommitOutcome
from crossdock.kit.contract import Fields, Misfit, Page, Raw
from crossdock.sync.effects import PageEffects, effects_of
from crossdock.sync.page import SAME_ID, read_changed, sort_out


def read(raw: Raw) -> Fields:
    return {"id": raw["id"], "name": raw["name"]}


def effects(page: Page, outcome: CommitOutcome | None = None, *waiting: str) -> PageEffects:
    """Of a page none of whose records is known yet."""
    by_key = sort_out(page, b"v1", 1_048_576)
    records = read_changed(by_key.fine, {}, read)
    return effects_of(page, by_key, records, outcome or CommitOutcome(), frozenset(waiting))


def named(*ids: str) -> list[Raw]:
    return [{"id": record_id, "name": "n"} for record_id in ids]


def test_a_run_stands_where_its_page_says_and_counts_what_came_of_it():
    outcome = CommitOutcome(created=["a"], updated=["b"], unchanged=1, gone=["z"], newest=9, oldest=3)
    page = Page(named("a", "b", "c"), cursor={"page": 2}, mark="m")
    progress = effects(page, outcome).progress
    assert (progress.cursor, progress.mark, progress.received) == ('{"page":2}', '"m"', 3)
    assert (progress.created, progress.updated, progress.unchanged) == (1, 1, 1)
    assert (progress.oldest_data, progress.newest_data) == (3, 9)
    assert effects(page, outcome).gone == ["z"]


def test_the_last_page_has_no_cursor():
    assert effects(Page(named("a"))).progress.cursor is None


def test_what_fits_nowhere_on_the_way_is_set_aside_once_each():
    outcome = CommitOutcome(
        refused={"refused": "can't be stored"}, misfits={"partial": [Misfit("name", 1, "a text", None)]}
    )
    page = Page([*named("fine", "refused", "partial"), {"id": "unread"}, {"no": "id"}])
    quarantined = effects(page, outcome).quarantined
    assert [record.kind for record in quarantined] == ["whole"] * 3 + ["partial"]
    assert [record.key for record in quarantined[1:]] == ["unread", "refused", "partial"]
    assert effects(page, outcome).progress.quarantined == 4


def test_a_record_that_waited_and_fits_now_is_released_and_one_that_does_not_stays():
    page = Page([*named("fits"), {"id": "still"}])
    page_effects = effects(page, None, "fits", "still", "elsewhere")
    assert page_effects.released == {"fits"}
    assert page_effects.still_waiting({"fits", "still", "elsewhere"}) == {"still", "elsewhere"}


def test_a_record_that_the_vendor_has_deleted_waits_no_longer():
    assert effects(Page([], deleted=("gone",)), None, "gone").released == {"gone"}


def test_what_stood_twice_and_stands_once_now_releases_its_twin():
    assert effects(Page(named("a")), None, "a", "a (2)").twins == {"a (2)"}


def test_a_snapshot_has_met_what_it_could_not_take_but_not_what_was_deleted():
    torn: list[Any] = [{"id": "torn", "name": "x"}, {"id": "torn", "name": "y"}]
    page_effects = effects(Page([*named("a"), *torn], deleted=("b",)))
    assert page_effects.ids == {"a"}
    assert page_effects.seen == {"a", "torn"}
    assert {record.reason for record in page_effects.quarantined} == {SAME_ID}
