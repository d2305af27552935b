"""Amounts and dates are read as carriers write them, to the last digit, or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.invoices.amounts import AmbiguousAmount, NumberStyle, amount, shows_decimal_comma
from crossdock.invoices.columns import Columns, normalized
from crossdock.invoices.dates import date


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("12.34", "12.34"), ("8.50", "8.50"), ("0", "0"), (".5", "0.5"), ("7", "7"),
        ("12,34", "12.34"), ("0,5", "0.5"), ("12,3456", "12.3456"),
        ("1,234.56", "1234.56"), ("1.234,56", "1234.56"), ("5.476,48", "5476.48"),
        ("1,234,567.8", "1234567.8"),
        ("1,234,567", "1234567"), ("1.234.567", "1234567"), ("1,00,000.50", "100000.50"),
        ("-1.20", "-1.20"), ("12.30-", "-12.30"), ("(1.00)", "-1.00"), ("−3,5", "-3.5"), ("+4", "4"),
        ("€ 12,34", "12.34"), ("$1,234.50", "1234.50"), ("£3", "3"), ("1 234,50", "1234.50"),
        ("1\u00a0234,50", "1234.50"), ("1'234.50", "1234.50"), ("1’234.50", "1234.50"), ("-$5.00", "-5.00"),
        ("6.519444444444444", "6.519444444444444"), ("0.123", "0.123"), ("0,123", "0.123"),
        ("1234.567", "1234.567"), ("1234,567", "1234.567"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_it_is_written(cell, expected):
    number = amount(cell, NumberStyle.UNKNOWN)
    assert str(number) == expected or number == Decimal(expected)
    assert number is not None
    assert number.as_tuple().exponent == Decimal(expected).as_tuple().exponent


@pytest.mark.parametrize(
    ("cell", "point", "comma"),
    [("1.234", "1.234", "1234"), ("1,234", "1234", "1.234"), ("12,345-", "-12345", "-12.345")],
)
def test_one_separator_before_three_digits_is_as_the_file_has_it(cell, point, comma):
    assert amount(cell, NumberStyle.POINT) == Decimal(point)
    assert amount(cell, NumberStyle.COMMA) == Decimal(comma)
    with pytest.raises(AmbiguousAmount):
        amount(cell, NumberStyle.UNKNOWN)


@pytest.mark.parametrize(
    "cell",
    [
        "N/A", "-", "()", "€", "1.2.3", "1,2,3", "12.05.2026", "1.234.56", "1,234.567,8", "1e5", "NaN",
        "Infinity",
        "1_000", "--1", "1-2", "0x10", "٣", "12.34 EUR", "1" * 41, "=A1", "1,", "1.",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_not_guessed(cell):
    with pytest.raises(ValueError):
        amount(cell, NumberStyle.POINT)


@pytest.mark.parametrize("cell", ["", "  ", "\u00a0"])
def test_a_blank_is_no_amount_and_no_zero(cell):
    assert amount(cell, NumberStyle.POINT) is None


@pytest.mark.parametrize(
    ("cell", "shows"),
    [
        ("1,5", True),
        ("1.234,56", True),
        ("12,34-", True),
        ("1,234", False),
        ("1,234,567", False),
        ("1,234.5", False),
        ("1.5", False),
        ("a,b", False),
    ],
)
def test_a_decimal_comma_is_told(cell, shows):
    assert shows_decimal_comma(cell) is shows


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False))
def test_every_amount_survives_every_way_of_writing_it(value):
    plain = f"{value:,.2f}"
    european = plain.translate(str.maketrans(",.", ".,"))
    assert amount(plain, NumberStyle.UNKNOWN) == amount(european, NumberStyle.UNKNOWN) == value
    assert amount(f"{abs(value):.2f}-", NumberStyle.UNKNOWN) == -abs(value)


@given(st.text(max_size=12))
def test_any_text_is_an_amount_a_blank_or_refused(cell):
    try:
        number = amount(cell, NumberStyle.POINT)
    except ValueError:
        return
    assert number is None or number.is_finite()


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31 09:05:07", "2026-01-31T09:05:07Z"),
        ("2026-01-31 09:05", "2026-01-31T09:05:00Z"),
        ("20260131", "2026-01-31T00:00:00Z"),
        ("31.01.2026", "2026-01-31T00:00:00Z"),
        ("1.2.2026", "2026-02-01T00:00:00Z"),
        ("31-JAN-2026", "2026-01-31T00:00:00Z"),
        ("5-mar-2026", "2026-03-05T00:00:00Z"),
        (" 2026-01-31 ", "2026-01-31T00:00:00Z"),
        ("", None),
    ],
)
def test_a_date_is_read_as_it_is_written(cell, expected):
    assert date(cell) == expected


def test_the_month_is_first_only_for_american_carriers():
    assert date("1/31/2026", is_american=True) == "2026-01-31T00:00:00Z"
    with pytest.raises(ValueError):
        date("1/31/2026")


@pytest.mark.parametrize(
    "cell",
    [
        "2026-02-30",
        "20261301",
        "31.02.2026",
        "31-FEB-2026",
        "1-XXX-2026",
        "2026-01-31 25:00:00",
        "soon",
        "2026",
        "0000-01-01",
        "1/2/26",
    ],
)
def test_a_day_that_there_is_not_is_refused(cell):
    with pytest.raises(ValueError):
        date(cell, is_american=True)


@pytest.mark.parametrize(
    "name", ["Net Amount", " net  AMOUNT ", "Net Amount*", "Net Amount :", "\ufeffNet Amount", "NetAmount"]
)
def test_headers_are_compared_without_what_does_not_matter(name):
    assert normalized(name) == "netamount"


def test_repeated_and_missing_headers_have_names_of_their_own():
    columns = Columns(["A", "B", "A", "", "A (2)", "A", ""])
    assert columns.names == ("A", "B", "A (3)", "Column 4", "A (2)", "A (4)")
    assert columns.all("a") == [0, 2, 5]
    assert (columns.at("B"), columns.at("C"), columns.at("C", "B")) == (1, 6, 1)
