"""Documents taken apart to names and values, and put together again."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crossdock.store.records.packing import Shape, bulky_keys, is_packed, taken_apart
from crossdock.wire import encoder

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def put_together(data: bytes) -> bytes:
    taken = taken_apart(data)
    return Shape(taken.shape).filled(taken.values) if taken.shape else taken.values


@given(st.dictionaries(TEXTS, VALUES, max_size=4))
def test_what_was_taken_apart_is_put_together_byte_for_byte(document: dict[str, Any]):
    data = encoder.encode(document)
    assert put_together(data) == data
    assert not is_packed(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":""}', b'{"a":"","b":"","c":""}', b'{"a":"x\\"},{\\"b\\":1","c":-1.50e+3}', b"{}",
        b'{"a":[],"b":{},"c":{"d":null}}', b'{"quote\\"":1,"x\\":5":"y","x\\":\\"z":"w"}',
        b'{"a":"\x02","b":1}', b'{"a":"","b":null,"c":"","d":"\\\\","e":"","f":1}',
        b'{"a":"one\nline","b":"\x03"}', b'{ "a" : 1, "b":\t2 }', b'"text"', b"", b"\xff\xfe\x00",
        '{"Straße":"Übergrößen","空":"値"}'.encode(),
    ],
)  # fmt: skip
def test_whatever_the_bytes_are_they_come_back(data: bytes):
    assert put_together(data) == data


NAMES = TEXTS.filter(lambda name: "secret" not in name)


@example({":": "secret"})
@example({"Zone": "secret", ":": "secret"})
@given(st.dictionaries(NAMES, TEXTS.map(lambda text: f"secret{text}"), min_size=1, max_size=4))
def test_a_shape_holds_no_value(raw: dict[str, str]):
    document = {"id": "secret-1", "raw": raw, "net_cost": 12.5, "tags": None}
    assert b"secret" not in taken_apart(encoder.encode(document)).shape


@given(st.lists(VALUES.filter(lambda value: value != []), min_size=1, max_size=4))
def test_the_items_of_a_list_are_no_part_of_a_shape(items: list[Any]):
    assert taken_apart(encoder.encode({"id": "1", "trackstar_tags": items})).shape == b""


def test_rows_of_one_file_have_one_shape():
    one, other = (
        taken_apart(encoder.encode({"id": name, "cost": cost, "raw": {"Zone": "", "Weight": name}}))
        for name, cost in (("1", 1.5), ("2", None))
    )
    assert one.shape == other.shape
    assert one.values != other.values


def test_only_line_items_of_invoices_are_packed():
    assert bulky_keys() == {"carrier_invoice_line_items"}
