"""Page tokens: what one list issued, only that list accepts."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.errors import Invalid
from crossdock.web.page_tokens import LONGEST, PageTokens

KEY = b"0123456789abcdef0123456789abcdef"
ORDERS = PageTokens(KEY, 7, "wms_orders")
BASE64 = string.ascii_letters + string.digits + "-_"

ids = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
seconds = st.integers(min_value=-(2**40), max_value=2**40)
places = st.one_of(
    st.tuples(ids).map(lambda key: (key, None)),
    st.tuples(seconds, ids).map(lambda key: (key, "updated_date")),
)


def refused(pages: PageTokens, token: str, order: str | None = None) -> bool:
    try:
        pages.after(token, order)
    except Invalid as fault:
        return list(fault.detail["query"]) == ["page_token"]
    return False


@given(places)
def test_a_token_gives_back_the_key_it_was_made_of(place):
    after, order = place
    assert ORDERS.after(ORDERS.token(after, order), order) == after


@given(places)
def test_a_token_needs_no_escaping_in_an_address_or_in_json(place):
    assert set(ORDERS.token(*place)) <= set(BASE64)


@given(places, st.data())
def test_any_changed_character_is_refused(place, data):
    after, order = place
    token = ORDERS.token(after, order)
    at = data.draw(st.integers(0, len(token) - 1))
    other_draw = data.draw(st.sampled_from(BASE64.replace(token[at], "")))
    assert refused(ORDERS, token[:at] + other_draw + token[at + 1 :], order)


def test_any_changed_bit_is_refused():
    token = ORDERS.token((1_700_000_000, "order_id_1"), "updated_date")
    flipped = [
        token[:at] + chr(ord(token[at]) ^ 1 << bit) + token[at + 1 :]
        for at in range(len(token))
        for bit in range(8)
    ]
    assert all(refused(ORDERS, text, "updated_date") for text in flipped)


@given(st.text(max_size=400), st.sampled_from([None, "updated_date"]))
def test_what_was_never_issued_is_refused(text, order):
    assert refused(ORDERS, text, order)


@pytest.mark.parametrize(
    "other_value",
    [
        PageTokens(KEY, 8, "wms_orders"),
        PageTokens(KEY, 7, "wms_returns"),
        PageTokens(KEY, 7, "wms_orders", parent="warehouse_1"),
        PageTokens(KEY[::-1], 7, "wms_orders"),
    ],
    ids=["connection", "resource", "parent", "server"],
)
def test_the_token_of_another_list_is_refused(other_value):
    assert refused(other_value, ORDERS.token(("order_id_1",), None))


@pytest.mark.parametrize(
    ("issued", "value"),
    [(None, "updated_date"), ("updated_date", None), ("updated_date", "created_date")],
)
def test_the_token_of_another_order_is_refused(issued, value):
    token = ORDERS.token(("order_id_1",) if issued is None else (1_700_000_000, "order_id_1"), issued)
    assert refused(ORDERS, token, value)


@pytest.mark.parametrize("ending", ["=", "==", "\n", " ", "A", "AAAA", "."])
def test_a_token_with_something_behind_it_is_refused(ending):
    assert refused(ORDERS, ORDERS.token(("order_id_1",), None) + ending)


def test_a_token_for_the_longest_ids_still_fits():
    longest = "\N{GRINNING FACE}" * 1500
    assert len(ORDERS.token((longest,), None)) <= LONGEST
    assert refused(ORDERS, "A" * (LONGEST + 1))
