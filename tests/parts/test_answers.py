"""A vendor's answer: decoded without loss, and shown without secrets."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from multidict import CIMultiDict

from crossdock.errors import VendorNonsense
from crossdock.kit.responses import Redaction, Response, member
from crossdock.net.retry_after import retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def response(body: bytes, kind: str = "application/json") -> Response:
    return Response(200, CIMultiDict({"Content-Type": kind}), body, "http://v/")


def test_a_number_with_a_fraction_is_exact():
    assert response(b'{"a": 10.10, "b": 3, "c": 123456789012345678901}').json() == {
        "a": Decimal("10.10"), "b": 3, "c": 123456789012345678901,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "records"),
    [
        (b'[{"id": "1"}, {"id": "2", "name": "caf\xe9"}]', [{"id": "1"}, {"id": "2", "name": "caf\udce9"}]),
        (b'[{"id": "1"}, {"id": "\\ud83d"}]', [{"id": "1"}, {"id": "\ud83d"}]),
        (b'\xef\xbb\xbf[{"id": "1"}]', [{"id": "1"}]),
        (b'[{"id": "1", "note": "two\nlines"}]', [{"id": "1", "note": "two\nlines"}]),
        (b'[{"id": "1", "price": -Infinity}]', [{"id": "1", "price": Decimal("-Infinity")}]),
    ],
)
def test_a_bad_record_does_not_cost_us_its_page(body, records):
    assert response(body).json() == records


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (b'"caf\xe9"', "ISO-8859-1"),
        (b'"caf\xc3\xa9"', "utf-8"),
        (b'"caf\xc3\xa9\\ud800"', "us-ascii"),
        ('"café"'.encode("utf-16"), '"UTF-16"'),
        (b'"caf\xc3\xa9"', "rot13"),
    ],
)
def test_a_charset_that_the_vendor_names_is_used_unless_it_is_wrong(body, charset):
    found_body = response(body, f"application/json; charset={charset}").json()
    assert found_body.removesuffix("\ud800") == "café"


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 200_000, b"1" * 5000, b'{"a": tru}', b"\x00\xff"])
def test_what_is_not_json_is_nonsense(body):
    with pytest.raises(VendorNonsense, match="wanted JSON, got"):
        response(body).json()


def test_a_member_that_the_vendor_promised_is_there_and_of_its_kind():
    assert member({"data": []}, "data", list) == []


@pytest.mark.parametrize("value", [{}, {"data": None}, {"data": {}}, [], "data", None])
def test_a_member_that_is_missing_or_of_another_kind_is_nonsense(value):
    with pytest.raises(VendorNonsense, match="wanted 'data' in the answer to be a list"):
        member(value, "data", list)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2026 12:01:00 -0000", 60),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("nan", None),
        ("1e9", None),
        ("9" * 400, None),
        ("Sun, 99 Mar 2026 12:01:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_a_date_or_nothing(value, seconds):
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("Sun, 01 Mar 2026 11:59:00 GMT", NOW - timedelta(minutes=1)),
        ("Sun, 01 Mar 2026 11:59:00 -0000", NOW - timedelta(minutes=1)),
        ("Sun, 99 Mar 2026 11:59:00 GMT", NOW),
        ("", NOW),
    ],
)
def test_the_moment_of_an_answer_is_told_by_the_vendors_clock_or_else_by_ours(sent, moment):
    answer = Response(200, {"Date": sent} if sent else {}, b"", "https://vendor.example")
    assert answer.moment(NOW) == moment


def test_the_longest_secret_is_taken_out_first():
    assert Redaction.of(["abc", "abcdef", ""])("abcdef abc") == "*** ***"
