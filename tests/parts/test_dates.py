"""Every form in which programs write a date is the same moment, and what is none says what is wanted."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.resources import dates

NINE = "2026-01-31T09:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T09:00:00Z", "2026-01-31T09:00:00z", "2026-01-31t09:00:00z", "2026-01-31 09:00:00Z",
        "2026-01-31T09:00Z", "2026-01-31T09:00", "2026-01-31T09:00:00", "2026-01-31 09:00",
        "2026-01-31T09:00:00.000Z", "2026-01-31T09:00:00.9", "2026-01-31T09:00:00,5Z",
        "2026-01-31T09:00:00.123456789123Z",
        "2026-01-31T10:00:00+01:00", "2026-01-31T10:00:00+0100", "2026-01-31T10:00:00+01",
        "2026-01-31T10:00:00 01:00", "2026-01-31T03:30:00.25-05:30", "2026-01-31T09:00:00-00:00",
        "20260131T090000Z", "20260131T100000+0100", "20260131T0900",
    ],
)  # fmt: skip
def test_each_form_of_a_date_is_the_same_moment(text: str):
    assert dates.in_utc(text) == NINE
    assert dates.seconds(text) == int(datetime.fromisoformat(NINE).timestamp())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("20260131", "2026-01-31T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z"),
        ("2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"),
        ("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"),
        ("0001-01-01", "0001-01-01T00:00:00Z"),
    ],
)
def test_a_day_a_leap_second_and_the_edge_of_a_year_are_moments(text: str, moment: str):
    assert dates.in_utc(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "yesterday", "now", "1767225600", "2026", "2026-01", "2026-1-31", "26-01-31", "2026-0131",
        "202601-31", "2026-02-30", "2025-02-29", "2026-13-01", "0000-01-01", "2026-01-31T", "2026-01-31Z",
        "2026-01-31T9:00", "2026-01-31T24:00:00Z", "2026-01-31T09:60:00Z", "2026-01-31T09:00:60Z",
        "2026-01-31T09:00:00.Z", "2026-01-31T09:00:00+1", "2026-01-31T09:00:00+24:00",
        "2026-01-31T09:00:00UTC",
        "2026-01-31T09:00:00ZZ", "2026-01-31T09:00:00Z ", " 2026-01-31", "2026-01-31T0900:00",
        "2026-W05-6", "2026-031", "2026-01-31T09:00:00Z\n", "２026-01-31", "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00", "2026-01-31T09:00:00." + "1" * 60,
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused_with_what_is_wanted(text: str):
    with pytest.raises(ValueError, match="is not a date; wanted is an ISO 8601 date such as 2026-01-31T09"):
        dates.moment(text)


def test_a_long_text_is_cut_in_the_message():
    assert len(dates.not_a_date("9" * 100_000)) < 200


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)),
    st.integers(min_value=-23 * 60 - 59, max_value=23 * 60 + 59),
)
def test_whatever_python_prints_is_read_to_the_microsecond(naive: datetime, minutes: int):
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert dates.moment(moment.isoformat()) == moment
    assert dates.moment(moment.isoformat(" ")) == moment
    assert dates.moment(naive.isoformat()) == naive.replace(tzinfo=UTC)
    assert dates.in_utc(dates.in_utc(moment.isoformat())) == dates.in_utc(moment.isoformat())
