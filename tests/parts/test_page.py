"""A raw page → what is to be committed, what is unchanged, and what does not fit."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.errors import BadVendorValue
from crossdock.kit.contract import Misfit, Page, Raw
from crossdock.kit.values import text, timestamp, whole
from crossdock.store.records.quarantine import QuarantinedRecord
from crossdock.sync.page import KEPT_BYTES, LONGEST_REASON, SortedRecords, read_changed, refuse_part, sort_out

MOST = 1_048_576


def sorted_out(
    *records: Any, key: str = "id", most_bytes: int = MOST, version: bytes = b"v1"
) -> SortedRecords:
    return sort_out(Page(list(records), key=key), version, most_bytes)


def reasons(sorted_records: SortedRecords) -> list[str]:
    return [quarantined_record.reason for quarantined_record in sorted_records.refused]


def test_records_get_their_ids_as_text():
    sorted_records = sorted_out({"id": "a"}, {"id": 7}, {"id": -1}, {"id": " spaced "})
    assert [identified_record.id for identified_record in sorted_records.fine] == ["a", "7", "-1", " spaced "]
    assert sorted_records.refused == []


def test_the_member_that_identifies_a_record_is_the_pages_own():
    sorted_records = sorted_out({"uuid": "a", "id": None}, key="uuid")
    assert [identified_record.id for identified_record in sorted_records.fine] == ["a"]


def test_the_raw_hash_differs_with_what_is_said_and_with_the_code_that_reads_it():
    [identified_record] = sorted_out({"id": "a", "n": 1}).fine
    [other_identified_record] = sorted_out({"id": "a", "n": 2}).fine
    [newer] = sorted_out({"id": "a", "n": 1}, version=b"v2").fine
    assert len({identified_record.raw_hash, other_identified_record.raw_hash, newer.raw_hash}) == 3


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
    sorted_records = sorted_out(record, {"id": "fine"})
    assert reasons(sorted_records) == [reason]
    assert sorted_records.refused[0].key.startswith("without id: ")
    assert sorted_records.ids_refused == {""}
    assert [identified_record.id for identified_record in sorted_records.fine] == ["fine"]


def test_an_id_may_be_as_long_as_it_can_be_stored():
    assert sorted_out({"id": "x" * 512}).refused == []


def test_two_records_without_id_are_two_entries_and_the_same_one_keeps_its_key():
    sorted_records = sorted_out({"n": 1}, {"n": 2}, {"n": 1})
    keys = [quarantined_record.key for quarantined_record in sorted_records.refused]
    assert len(set(keys)) == 3
    assert keys[2] == f"{keys[0]} (2)"
    assert sorted_out({"n": 1}).refused[0].key == keys[0]


def test_a_record_of_10_mb_is_set_aside_with_its_beginning_and_its_size():
    sorted_records = sorted_out({"id": "big", "x": "y" * 10_000_000})
    [refused] = sorted_records.refused
    assert (refused.key, refused.size) == ("big", 10_000_019)
    assert refused.reason == "has 10,000,019 bytes; CROSSDOCK_MAX_RECORD_BYTES allows 1,048,576"
    assert len(refused.raw) == KEPT_BYTES
    assert refused.raw.startswith(b'{"id":"big","x":"yyy')
    assert sorted_records.ids_refused == {"big"}


def test_a_record_that_is_exactly_as_large_as_allowed_is_fine():
    assert sorted_out({"id": "a"}, most_bytes=len(b'{"id":"a"}')).refused == []
    assert sorted_out({"id": "a"}, most_bytes=len(b'{"id":"a"}') - 1).fine == []


def test_the_same_record_twice_is_once():
    sorted_records = sorted_out({"id": "a", "n": 1}, {"id": "a", "n": 1})
    assert len(sorted_records.fine) == 1
    assert sorted_records.refused == []


@pytest.mark.parametrize("times", [1, 2])
def test_different_records_with_one_id_are_all_set_aside(times: int):
    twins = [{"id": "a", "n": number % 2} for number in range(2 * times)]
    sorted_records = sorted_out(*twins, {"id": "b"})
    assert [identified_record.id for identified_record in sorted_records.fine] == ["b"]
    assert set(reasons(sorted_records)) == {"the page holds another record with this id"}
    assert (
        len({quarantined_record.key for quarantined_record in sorted_records.refused})
        == len(sorted_records.refused)
        >= 2
    )
    assert sorted_records.ids_refused == {"a"}


def test_text_that_is_not_utf_8_is_shown_escaped_and_left_to_read_to_judge():
    sorted_records = sorted_out({"id": "a", "note": "\udcff"})
    [identified_record] = sorted_records.fine
    assert b"\\udcff" in identified_record.encoded
    [other_identified_record] = sorted_out({"id": "a", "note": "\udcfe"}).fine
    assert other_identified_record.raw_hash != identified_record.raw_hash


def test_a_record_nested_without_end_is_set_aside():
    deep: dict[str, Any] = {"id": "deep"}
    inner = deep
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]
    sorted_records = sorted_out(deep, {"id": "fine"})
    assert reasons(sorted_records) == ["is nested too deeply"]
    assert sorted_records.ids_refused == {""}
    assert [identified_record.id for identified_record in sorted_records.fine] == ["fine"]


def test_a_reason_can_be_stored_whatever_the_vendor_put_into_it():
    sorted_records = sorted_out({"id": ["\x00" * 10_000]})
    assert len(reasons(sorted_records)[0]) < 200

    def quoting(raw: Raw) -> dict[str, Any]:
        raise BadVendorValue(f"said {raw['note']}")

    [identified_record] = sorted_out({"id": "a", "note": "\x00\udcff" + "x" * 9999}).fine
    refused = read_changed([identified_record], {}, quoting).refused
    assert refused[0].reason.startswith("said \\x00\\udcffxxx")
    assert len(refused[0].reason) < LONGEST_REASON + 20
    assert "\x00" not in refused[0].reason


# Reading


def said(
    raw: Raw, known_fields: dict[str, bytes | None], read: Any
) -> tuple[list[Any], list[QuarantinedRecord], int]:
    read_records = read_changed(sorted_out(raw).fine, known_fields, read)
    return read_records.incoming, read_records.refused, read_records.unchanged


def test_only_what_is_not_stored_like_that_is_read():
    [identified_record] = sorted_out({"id": "a"}).fine
    never = pytest.fail
    assert said({"id": "a"}, {"a": identified_record.raw_hash}, never) == ([], [], 1)
    other_records: list[dict[str, bytes | None]] = [
        {},
        {"a": None},
        {"a": b"another"},
        {"b": identified_record.raw_hash},
    ]
    for known_record in other_records:
        [incoming], refused, unchanged = said({"id": "a"}, known_record, lambda raw: {"id": raw["id"]})
        assert (incoming.id, incoming.fields, incoming.raw_hash) == (
            "a",
            {"id": "a"},
            identified_record.raw_hash,
        )
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


def lenient(raw: Raw) -> dict[str, Any]:
    return {
        "id": raw["id"],
        "updated_date": timestamp(raw["at"]),
        "line_items": [{"quantity": whole(item)} for item in raw["many"]],
        "order_number": text(raw["number"]),
    }


def test_p36_a_value_that_does_not_fit_is_left_out_told_with_its_place_and_all_else_is_read():
    read_records = read_changed(
        sorted_out({"id": "a", "at": "soon", "many": [1, "many", 1.5], "number": 7}).fine, {}, lenient
    )
    assert read_records.refused == []
    assert read_records.incoming[0].fields == {
        "id": "a", "updated_date": None, "order_number": "7",
        "line_items": [{"quantity": 1}, {"quantity": None}, {"quantity": 2}],
    }  # fmt: skip
    assert read_records.misfits["a"] == [
        Misfit("updated_date", "soon", "a time"),
        Misfit("line_items[1].quantity", "many", "a number"),
        Misfit("line_items[2].quantity", 1.5, "a whole number", 2, Decimal("1.5")),
    ]


def test_a_connection_that_wants_exact_numbers_gets_those_that_would_be_rounded():
    raw = {"id": "a", "at": None, "many": [1.5], "number": 7}
    read_records = read_changed(sorted_out(raw).fine, {}, lenient, exact=True)
    assert read_records.incoming[0].fields["line_items"] == [{"quantity": Decimal("1.5")}]
    assert read_records.misfits == {}


def test_a_value_that_read_makes_something_else_of_is_told_without_a_place():
    [incoming] = (
        read_records := read_changed(
            sorted_out({"id": "a"}).fine, {}, lambda raw: {"id": raw["id"], "quantity": whole("x") or 0}
        )
    ).incoming
    assert incoming.fields == {"id": "a", "quantity": 0}
    assert read_records.misfits == {"a": [Misfit("a value", "x", "a number")]}


@pytest.mark.parametrize(
    "read",
    [
        lambda raw: {"id": raw["id"], "quantity": sum([whole("x")])},  # type: ignore[list-item]
        lambda raw: {"id": raw["id"], "channel": f"{text([])} 1"},
        lambda raw: {"id": raw["id"], "channel": str(text([]))},
        lambda raw: {"id": text([])},
    ],
)
def test_a_record_that_can_not_be_read_without_the_value_is_set_aside_for_it(read: Any):
    _, [refused], _ = said({"id": "a"}, {}, read)
    assert refused.kind == "whole"
    assert refused.reason.startswith("wanted a ")


def test_what_did_not_fit_is_said_in_words_with_numbers_as_they_were_sent():
    [identified_record] = sorted_out({"id": "a"}).fine
    misfits = [
        Misfit("total_price", Decimal("1E+400"), "a number"),
        Misfit("status", None, "a text", "other"),
    ]
    assert refuse_part(identified_record, misfits).reason == (
        "total_price is 1E+400, wanted a number; stored is nothing; "
        "status is nothing, wanted a text; stored is other"
    )


def test_a_fault_of_ours_is_not_taken_for_the_vendors():
    def broken(raw: Raw) -> Any:
        raise RuntimeError("not about the record")

    with pytest.raises(RuntimeError):
        said({"id": "a"}, {}, broken)
