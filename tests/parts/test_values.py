"""Vendor values are taken exactly, or not at all."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.errors import BadVendorValue
from crossdock.kit.values import UnfitValue, added, decimal, leniently, money, text, timestamp, whole


@pytest.mark.parametrize(
    ("value", "found_value"),
    [
        ("a", "a"),
        ("  a b ", "a b"),
        ("", None),
        ("  ", None),
        (None, None),
        (0, "0"),
        (4711, "4711"),
        (-1, "-1"),
    ],
)
def test_a_text_is_trimmed_and_an_empty_one_is_none(value, found_value):
    assert text(value) == found_value


@pytest.mark.parametrize("value", [True, False, 1.5, Decimal(1), [], {}, b"a"])
def test_what_is_no_text_does_not_fit(value):
    with pytest.raises(BadVendorValue, match="wanted a text"):
        text(value)


@pytest.mark.parametrize(
    ("value", "found_value"),
    [
        ("10.50", "10.5"),
        ("10.00", "10"),
        ("100", "100"),
        ("-0.10", "-0.1"),
        (" 7 ", "7"),
        ("1E+3", "1000"),
        ("1.5e-3", "0.0015"),
        (0.1, "0.1"),
        (19.99, "19.99"),
        (3, "3"),
        (Decimal("2.340"), "2.34"),
        ("12345678901234567890.12", "12345678901234567890.12"),
    ],
)
def test_a_number_is_exact_and_in_its_shortest_form(value, found_value):
    assert str(decimal(value)) == found_value
    assert str(money(value)) == found_value


@pytest.mark.parametrize("read", [decimal, money, whole, timestamp])
@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_none(read, value):
    assert read(value) is None


@pytest.mark.parametrize(
    "value", ["1,50", "1.234,50", "EUR 5", "5 EUR", "--1", "0x10", " ", True, [], {}, b"1"]
)
def test_what_is_no_number_does_not_fit(value):
    with pytest.raises(BadVendorValue, match="wanted a number"):
        decimal(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-inf", float("nan"), float("inf"), Decimal("sNaN")])
def test_a_number_that_is_not_finite_does_not_fit(value):
    with pytest.raises(BadVendorValue, match="wanted a finite number"):
        decimal(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_a_number_keeps_its_value(number):
    assert decimal(str(number)) == number
    assert decimal(number) == number


@pytest.mark.parametrize(
    ("value", "found_value"), [(3, 3), ("3", 3), (3.0, 3), ("3.000", 3), (-2, -2), ("1e2", 100)]
)
def test_a_whole_number_may_be_written_in_any_way(value, found_value):
    assert whole(value) == found_value


@pytest.mark.parametrize("value", [3.5, "3.01", Decimal("0.5")])
def test_a_number_with_a_rest_is_not_rounded_to_a_whole_one(value):
    with pytest.raises(BadVendorValue, match="wanted a whole number"):
        whole(value)


@pytest.mark.parametrize(
    ("value", "found_value"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00.999999Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00+05:30", "2026-01-31T03:30:00Z"),
        ("2026-01-31T23:30:00-08:00", "2026-02-01T07:30:00Z"),
        ("2026-01-31 09:00:00", "2026-01-31T09:00:00Z"),
        (" 2026-01-31 ", "2026-01-31T00:00:00Z"),
        (datetime(2026, 1, 31, 9, 0, 0, 5), "2026-01-31T09:00:00Z"),
        (datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=1))), "2026-01-31T08:00:00Z"),
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31T00:00:00Z"),
    ],
)
def test_a_time_is_utc_to_the_second(value, found_value):
    assert timestamp(value) == found_value


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "31.01.2026",
        "2026-02-30",
        "2026-01-31T25:00:00",
        1767225600,
        True,
        date(2026, 1, 31),
        "x" * 50,
    ],
)
def test_what_is_no_time_does_not_fit(value):
    with pytest.raises(BadVendorValue, match="wanted a time"):
        timestamp(value)


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_outside_the_calendar_does_not_fit(value):
    with pytest.raises(BadVendorValue, match="out of range"):
        timestamp(value)


@pytest.mark.parametrize("value", ["1E+999999999", "1E-999999999", "1_000", "NaN", "Infinity"])
def test_a_number_of_unusual_size_or_form_does_not_fit(value: str):
    with pytest.raises(BadVendorValue):
        decimal(value)


def test_minus_nothing_is_nothing():
    assert str(decimal("-0.00")) == "0"


def test_a_year_has_four_digits():
    assert timestamp("0999-01-01T00:00:00") == "0999-01-01T00:00:00Z"


def test_a_text_that_is_not_unicode_does_not_fit():
    with pytest.raises(BadVendorValue):
        text("lost \udcff byte")


def test_a_sum_of_which_a_part_is_not_known_is_not_known():
    assert added([3, Decimal("1.5")], less=[1]) == Decimal("3.5")
    assert added([]) == 0
    assert added([3, None]) is None
    assert added([3], less=[None]) is None
    with leniently() as unfit:
        assert isinstance(added([3, whole("many")]), UnfitValue)
    assert [lost.value for lost in unfit] == ["many"]
