"""Pure: how people are recognised and masked, in records, texts and files."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.changes.masking.identity import Term, phone_keys, same_phone
from crossdock.changes.masking.mask import RecordMask, Search, fields_of_people
from crossdock.changes.masking.recognizer import Recognizer, identities_of
from crossdock.erasing.files import FileMask
from crossdock.resources.catalogue import all_resources
from crossdock.resources.personal import Personal, personal_fields

SECRET = b"s" * 32
EMAIL, NAME, STREET = (
    Term("email", "Zoë.O'Hara@Example.com"),
    Term("name", "Zoë O'Hara"),
    Term("address", "Rue 5"),
)
ZOE = {
    "full_name": "Zoë O'Hara", "address1": "Rue 5", "city": "Lyon", "phone_number": "0612345678",
    "email_address": "zoë.o'hara@example.com",
}  # fmt: skip


def masked(search: Search, fields: dict[str, Any]) -> Any:
    mask = RecordMask.of(search, [fields])
    return fields if mask is None else mask.masked(fields)


@pytest.mark.parametrize(
    ("number", "other", "is_same"),
    [
        ("+49 (0)30 123-4567", "030 1234567", True), ("0049301234567", "+49 30 1234567", True),
        ("(415) 555-0100", "+1 415 555 0100", True), ("030 1234567", "030 1234568", False),
        ("030 1234567", "1234567", False), ("12345", "12345", False), ("", "", False),
    ],
)  # fmt: skip
def test_phone_numbers_are_the_same_by_their_digits(number: str, other: str, is_same: bool):
    assert same_phone(number, other) == same_phone(other, number) == is_same


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        (EMAIL, "to <ZOË.O'HARA@example.com>, now", "to <erased@invalid>, now"),
        (EMAIL, "azoë.o'hara@example.com", "azoë.o'hara@example.com"),
        (Term("email", "a@b.c"), "a@b.cd and a@b.c.", "a@b.cd and erased@invalid."),
        (NAME, "ZOË   o'hara; O'Hara, Zoë", "erased; erased"),
        (NAME, "Zoë O'Hararian", "Zoë O'Hararian"),
        (Term("phone", "+33 6 12 34 56 78"), "tel 06.12.34.56.78!", "tel erased!"),
        (Term("phone", "06 12345678"), "id 99061234567800", "id 99061234567800"),
        (Term("phone", "0612345678"), "0033 612-345678", "erased"),
    ],
)
def test_a_term_is_found_as_people_write_it_and_in_nothing_longer(term: Term, text: str, expected: str):
    assert Search(((term,),)).replaced(text) == expected


def test_a_person_is_masked_as_a_whole_and_so_is_what_texts_say_of_them():
    order = {
        "id": "zoë.o'hara@example.com", "ship_to_address": ZOE, "status": "open",
        "bill_to_address": {"full_name": "Zoë O'Hara", "address1": "Quai 1", "city": "Nice"},
        "additional_fields": {"note": "call 06 12 34 56 78", "who": ["Zoë O'Hara"], "n": 3},
    }  # fmt: skip
    fresh = masked(Search(((EMAIL,),)), order)
    assert fresh == {
        "id": "zoë.o'hara@example.com", "status": "open",
        "ship_to_address": {
            "full_name": "erased", "address1": None, "city": "Lyon", "phone_number": None,
            "email_address": "erased@invalid",
        },
        "bill_to_address": {"full_name": "erased", "address1": None, "city": "Nice"},
        "additional_fields": {"note": "call erased", "who": ["erased"], "n": 3},
    }  # fmt: skip
    assert masked(Search(((EMAIL,),)), fresh) is fresh
    assert order["ship_to_address"] is ZOE  # what was given is left as it is


def test_a_warehouse_has_an_address_and_is_nobody():
    order = {"ship_from_address": {"address1": "Quai 9", "city": "Lyon"}, "ship_to_address": ZOE}
    fresh = masked(Search(everyone=True), order)
    assert fresh["ship_from_address"] == order["ship_from_address"]
    assert fresh["ship_to_address"]["full_name"] == "erased"


def test_a_name_with_a_street_needs_both_in_the_same_place():
    both = Search(((NAME, STREET),))
    apart = {
        "a": {"full_name": "Zoë O'Hara", "address1": "Quai 1"},
        "b": {"full_name": "X Y", "address1": "Rue 5"},
    }
    assert masked(both, apart) is apart
    assert masked(both, {"a": ZOE})["a"]["full_name"] == "erased"
    assert both.replaced("Zoë O'Hara, Rue 5, Lyon") == "erased, erased, Lyon"


def test_every_personal_field_is_so_in_every_record():
    assert fields_of_people()["phone_number"] is Personal.PHONE
    assert fields_of_people()["user_last_name"] is Personal.NAME
    records = tuple(resource.record for resource in all_resources())
    assert personal_fields(records) == dict(fields_of_people())


def test_who_was_erased_is_recognised_by_digests_alone():
    known = identities_of(SECRET, [(EMAIL,), (NAME, STREET), (Term("name", "Ann B C"),)], 2_000_000_000_000)
    recognizer = Recognizer.of(SECRET, 1, known)
    assert b"example" not in b"".join(identity.digest for identity in known)
    seen = recognizer.masked(1, "wms_orders", "o1", {"id": "o1", "ship_to_address": ZOE})
    assert seen is not None
    assert seen["ship_to_address"]["full_name"] == "erased"
    street_only = {"id": "o2", "ship_to_address": {"full_name": "zoë o'hara", "address1": "RUE 5"}}
    assert recognizer.masked(1, "wms_orders", "o2", street_only) is not None
    assert recognizer.masked(1, "wms_orders", "o3", {"id": "o3", "note": "for c, ann b"}) is not None
    assert recognizer.masked(1, "wms_orders", "o4", {"id": "o4", "note": "for Zoë O'Hara"}) is None
    later = {"id": "o5", "created_date": "2034-01-01T00:00:00Z", "ship_to_address": ZOE}
    assert recognizer.masked(1, "wms_orders", "o5", later) is None
    assert recognizer.names_somebody('{"mail": "ZOË.O\'HARA@example.com"')


@given(st.text(max_size=60), st.text(max_size=60))
def test_masking_a_text_twice_is_masking_it_once(before: str, after: str):
    search = Search(((EMAIL,), (NAME,), (Term("phone", "0612345678"),)))
    once = search.replaced(f"{before} {EMAIL.value} {NAME.value} 06 12 34 56 78 {after}")
    assert search.replaced(once) == once
    assert EMAIL.value not in once


@given(st.text(max_size=40))
def test_a_phone_number_of_any_text_has_digits_or_is_none(text: str):
    assert all(key.isdigit() and len(key) >= 7 for key in phone_keys(text))


# Files


def copied(tmp_path: Path, content: bytes, search: Search) -> tuple[str, bytes]:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(content)
    outcome = FileMask(search).write(source, target)
    return outcome, target.read_bytes() if target.exists() else b""


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-8-sig"])
def test_a_table_keeps_its_encoding_its_ends_of_lines_and_everybody_else(tmp_path: Path, encoding: str):
    text = "nr;name;mail\r\n1;Zoë O'Hara;zoë.o'hara@example.com\r\n2;Jörg Ä;j@example.com\r\n"
    outcome, fresh = copied(tmp_path, text.encode(encoding), Search(((EMAIL,), (NAME,))))
    expected = "nr;name;mail\r\n1;erased;erased@invalid\r\n2;Jörg Ä;j@example.com\r\n"
    assert (outcome, fresh) == ("masked", expected.encode(encoding))
    assert copied(tmp_path, fresh, Search(((EMAIL,), (NAME,))))[0] == "same"


def test_bytes_of_no_encoding_stay_where_nobody_is_named(tmp_path: Path):
    odd = b"a;\x81\x8d\xff;x\nzo\xeb.o'hara@example.com;\x81\n"
    outcome, fresh = copied(tmp_path, odd, Search(((EMAIL,),)))
    assert (outcome, fresh) == ("masked", b"a;\x81\x8d\xff;x\nerased@invalid;\x81\n")


def test_a_workbook_is_masked_part_by_part(tmp_path: Path):
    import openpyxl

    book, path = openpyxl.Workbook(), tmp_path / "in.xlsx"
    sheet = book.active
    assert sheet is not None
    sheet.append(["Zoë O'Hara", "Rue 5", "a & b <c>"])
    sheet.append(["Anna", "Rue 55", 7])
    book.save(path)
    outcome = FileMask(Search(((NAME, STREET),))).write(path, tmp_path / "out.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.values)  # type: ignore[union-attr]
    assert outcome == "masked"
    assert rows == [("erased", "erased", "a & b <c>"), ("Anna", "Rue 55", 7)]
    assert zipfile.ZipFile(tmp_path / "out.xlsx").testzip() is None


def test_what_is_no_text_is_said_to_be_not_searched(tmp_path: Path):
    assert copied(tmp_path, b"%PDF-1.7 Zo\xeb", Search(((EMAIL,),)))[0] == "unsearched"
