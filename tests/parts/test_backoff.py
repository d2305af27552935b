"""Attempt number → how long to wait before the next."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.jobs.backoff import LONGEST_SECONDS, seconds_to_wait

attempts = st.integers(1, 1000)
chances = st.floats(0, 1)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (7, 320), (8, 640), (9, 900), (1000, 900)]
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(attempt: int, seconds: float):
    assert seconds_to_wait(attempt, lambda: 0.5) == pytest.approx(seconds)


@given(attempts, chances)
def test_the_wait_is_within_a_fifth_of_what_is_planned(attempt: int, chance: float):
    planned = seconds_to_wait(attempt, lambda: 0.5)
    assert 0.799 * planned <= seconds_to_wait(attempt, lambda: chance) <= 1.201 * planned


@given(attempts, chances)
def test_no_wait_is_longer_than_the_longest_and_a_fifth(attempt: int, chance: float):
    assert seconds_to_wait(attempt, lambda: chance) <= 1.201 * LONGEST_SECONDS


def test_the_wait_is_spread_over_all_of_its_range():
    assert seconds_to_wait(1, lambda: 0.0) == pytest.approx(4)
    assert seconds_to_wait(1, lambda: 1.0) == pytest.approx(6)
