"""A raw page → what is to be committed, what is unchanged, and what does not fit."""

from typing import Any

import pytest

from crossdock.errors import BadVendorValue
from crossdock.integrations.contract import Page, Raw
from crossdock.store.quarantine import Refused
from crossdock.sync.page import KEPT_BYTES, LONGEST_REASON, Sorted, read_changed, sort_out

MOST = 1_048_576


def sorted_out(*records: Any, key: str = "id", most_bytes: int = MOST, version: bytes = b"v1") -> Sorted:
    return sort_out(Page(list(records), key=key), version, most_bytes)


def reasons(found: Sorted) -> list[str]:
    return [one.reason for one in found.refused]


def test_records_get_their_ids_as_text():
    found = sorted_out({"id": "a"}, {"id": 7}, {"id": -1}, {"id": " spaced "})
    assert [one.id for one in found.fine] == ["a", "7", "-1", " spaced "]
    assert found.refused == []


def test_the_member_that_identifies_a_record_is_the_pages_own():
    found = sorted_out({"uuid": "a", "id": None}, key="uuid")
    assert [one.id for one in found.fine] == ["a"]


def test_the_raw_hash_differs_with_what_is_said_and_with_the_code_that_reads_it():
    [one] = sorted_out({"id": "a", "n": 1}).fine
    [other] = sorted_out({"id": "a", "n": 2}).fine
    [newer] = sorted_out({"id": "a", "n": 1}, version=b"v2").fine
    assert len({one.raw_hash, other.raw_hash, newer.raw_hash}) == 3


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "its 'id' is None, no id"),
        ({"id": None}, "its 'id' is None, no id"),
        ({"id": ""}, "its 'id' is '', no id"),
        ({"id": True}, "its 'id' is True, no id"),
        ({"id": 1.5}, "its 'id' is 1.5, no id"),
        ({"id": ["a"]}, "its 'id' is ['a'], no id"),
        ({"id": "a\x00"}, "its 'id' holds a NUL character"),
        ({"id": "\udcff"}, "its 'id' is not Unicode"),
        ({"id": "x" * 513}, "its 'id' is longer than 512 bytes"),
        ({"id": "ü" * 300}, "its 'id' is longer than 512 bytes"),
        (["a"], "is not an object but list"),
        (None, "is not an object but NoneType"),
        ("text", "is not an object but str"),
    ],
)
def test_a_record_that_nobody_can_identify_is_set_aside_under_a_key_of_its_own(record: Any, reason: str):
    found = sorted_out(record, {"id": "fine"})
    assert reasons(found) == [reason]
    assert found.refused[0].key.startswith("without id: ")
    assert found.ids_refused == {""}
    assert [one.id for one in found.fine] == ["fine"]


def test_an_id_may_be_as_long_as_it_can_be_stored():
    assert sorted_out({"id": "x" * 512}).refused == []


def test_two_records_without_id_are_two_entries_and_the_same_one_keeps_its_key():
    found = sorted_out({"n": 1}, {"n": 2}, {"n": 1})
    keys = [one.key for one in found.refused]
    assert len(set(keys)) == 3
    assert keys[2] == f"{keys[0]} (2)"
    assert sorted_out({"n": 1}).refused[0].key == keys[0]


def test_a_record_of_10_mb_is_set_aside_with_its_beginning_and_its_size():
    found = sorted_out({"id": "big", "x": "y" * 10_000_000})
    [refused] = found.refused
    assert (refused.key, refused.size) == ("big", 10_000_019)
    assert refused.reason == "has 10,000,019 bytes; CROSSDOCK_MAX_RECORD_BYTES allows 1,048,576"
    assert len(refused.raw) == KEPT_BYTES
    assert refused.raw.startswith(b'{"id":"big","x":"yyy')
    assert found.ids_refused == {"big"}


def test_a_record_that_is_exactly_as_large_as_allowed_is_fine():
    assert sorted_out({"id": "a"}, most_bytes=len(b'{"id":"a"}')).refused == []
    assert sorted_out({"id": "a"}, most_bytes=len(b'{"id":"a"}') - 1).fine == []


def test_the_same_record_twice_is_once():
    found = sorted_out({"id": "a", "n": 1}, {"id": "a", "n": 1})
    assert len(found.fine) == 1
    assert found.refused == []


@pytest.mark.parametrize("times", [1, 2])
def test_different_records_with_one_id_are_all_set_aside(times: int):
    twins = [{"id": "a", "n": number % 2} for number in range(2 * times)]
    found = sorted_out(*twins, {"id": "b"})
    assert [one.id for one in found.fine] == ["b"]
    assert set(reasons(found)) == {"the page holds another record with this id"}
    assert len({one.key for one in found.refused}) == len(found.refused) >= 2
    assert found.ids_refused == {"a"}


def test_text_that_is_not_utf_8_is_shown_escaped_and_left_to_read_to_judge():
    found = sorted_out({"id": "a", "note": "\udcff"})
    [one] = found.fine
    assert b"\\udcff" in one.encoded
    [other] = sorted_out({"id": "a", "note": "\udcfe"}).fine
    assert other.raw_hash != one.raw_hash


def test_a_record_nested_without_end_is_set_aside():
    deep: dict[str, Any] = {"id": "deep"}
    inner = deep
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]
    found = sorted_out(deep, {"id": "fine"})
    assert reasons(found) == ["is nested too deeply"]
    assert found.ids_refused == {""}
    assert [one.id for one in found.fine] == ["fine"]


def test_a_reason_can_be_stored_whatever_the_vendor_put_into_it():
    found = sorted_out({"id": ["\x00" * 10_000]})
    assert len(reasons(found)[0]) < 200

    def quoting(raw: Raw) -> dict[str, Any]:
        raise BadVendorValue(f"said {raw['note']}")

    [one] = sorted_out({"id": "a", "note": "\x00\udcff" + "x" * 9999}).fine
    _, refused, _ = read_changed([one], {}, quoting)
    assert refused[0].reason.startswith("said \\x00\\udcffxxx")
    assert len(refused[0].reason) < LONGEST_REASON + 20
    assert "\x00" not in refused[0].reason


# Reading


def said(raw: Raw, known: dict[str, bytes | None], read: Any) -> tuple[list[Any], list[Refused], int]:
    return read_changed(sorted_out(raw).fine, known, read)


def test_only_what_is_not_stored_like_that_is_read():
    [one] = sorted_out({"id": "a"}).fine
    never = pytest.fail
    assert said({"id": "a"}, {"a": one.raw_hash}, never) == ([], [], 1)
    others: list[dict[str, bytes | None]] = [{}, {"a": None}, {"a": b"another"}, {"b": one.raw_hash}]
    for known in others:
        [incoming], refused, unchanged = said({"id": "a"}, known, lambda raw: {"id": raw["id"]})
        assert (incoming.id, incoming.fields, incoming.raw_hash) == ("a", {"id": "a"}, one.raw_hash)
        assert (refused, unchanged) == ([], 0)


def _bad_value(raw: Raw) -> Any:
    raise BadVendorValue("wanted a number, got 'ten'")


READS = {
    "a value that does not fit": (_bad_value, "wanted a number, got 'ten'"),
    "a member that is not there": (lambda raw: {"id": raw["nothing"]}, "lacks 'nothing'"),
    "an index that is not there": (
        lambda raw: list(raw)[5],
        "can't be read: IndexError: list index out of range",
    ),
    "a number that is none": (
        lambda raw: {"id": int(raw["id"])},
        "can't be read: ValueError: invalid literal",
    ),
    "nothing where something is wanted": (lambda raw: raw.get("x").strip(), "can't be read: AttributeError"),
    "a division by zero": (lambda raw: 1 // 0, "can't be read: ZeroDivisionError"),
    "another id": (lambda raw: {"id": "b"}, "is read as 'b', not as its own id"),
    "an id that is no text": (lambda raw: {"id": 7}, "is read as 7, not as its own id"),
    "no id": (lambda raw: {}, "lacks 'id'"),
    "nothing at all": (lambda raw: None, "can't be read: TypeError"),
}


@pytest.mark.parametrize("name", READS)
def test_what_cannot_be_read_is_set_aside_with_the_reason(name: str):
    read, reason = READS[name]
    incoming, [refused], unchanged = said({"id": "a"}, {}, read)
    assert (incoming, unchanged) == ([], 0)
    assert refused.key == "a"
    assert refused.reason.startswith(reason)
    assert refused.raw == b'{"id":"a"}'


def test_a_fault_of_ours_is_not_taken_for_the_vendors():
    def broken(raw: Raw) -> Any:
        raise RuntimeError("not about the record")

    with pytest.raises(RuntimeError):
        said({"id": "a"}, {}, broken)
