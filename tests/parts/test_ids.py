"""Ids that sort by the time they were made."""

from hypothesis import given
from hypothesis import strategies as st

from crossdock.store.database.ids import new_id

moments = st.integers(0, 2**48 - 1)


@given(st.lists(moments, min_size=2, max_size=20, unique=True))
def test_ids_sort_as_they_were_made(made: list[int]):
    ids = [new_id("msg", now_ms) for now_ms in sorted(made)]
    assert ids == sorted(ids)


@given(moments)
def test_an_id_is_its_prefix_and_27_letters_and_digits(now_ms: int):
    text = new_id("msg", now_ms)
    assert text.startswith("msg_")
    assert len(text) == 31
    assert text[4:].isascii()
    assert text[4:].isalnum()


def test_two_ids_of_one_moment_differ():
    assert len({new_id("job", 1_770_000_000_000) for _ in range(10_000)}) == 10_000
