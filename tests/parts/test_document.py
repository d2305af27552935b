"""What `read` says of a record → the bytes that are sent, and the columns it is found by."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from crossdock.changes.document import (
    LONGEST_TEXT,
    body_of,
    columns,
    compose,
    created_of,
    document,
    stamps_of,
)
from crossdock.errors import BadVendorValue
from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import Resource
from crossdock.resources.wms.labor_activities import LABOR_ACTIVITIES
from crossdock.resources.wms.orders import ORDERS, Order
from crossdock.resources.wms.packs import ORDER_PACKS
from crossdock.resources.wms.warehouses import WAREHOUSES
from crossdock.store.schema.records import record_columns
from crossdock.wire import decoder, encoder, hashed, seconds, stamp

CREATED, UPDATED = "2026-01-31T09:00:00Z", "2026-02-01T10:11:12Z"


def fields(**extra_fields: Any) -> dict[str, Any]:
    """The least that an order has."""
    return {"id": "o1", "created_date": CREATED, "updated_date": UPDATED, "status": "open"} | extra_fields


def stored(**extra_fields: Any) -> bytes:
    return compose(ORDERS, fields(**extra_fields), None).body


def shown(body: bytes) -> dict[str, Any]:
    found_decoder: dict[str, Any] = decoder.decode(body)
    return found_decoder


# The body


def test_every_field_is_there_in_the_order_that_the_resource_declares():
    assert list(shown(stored())) == list(Order.__struct_fields__)


def test_the_order_of_what_is_said_does_not_matter():
    backwards = dict(reversed(fields(order_number="7").items()))
    assert compose(ORDERS, backwards, None).body == stored(order_number="7")


def test_what_nobody_knows_is_an_empty_object_or_null_as_the_contract_has_it():
    body = shown(stored())
    assert body["channel_object"] == {}
    assert body["total_price"] is None
    assert body["line_items"] == []
    assert set(body["ship_to_address"].values()) == {None}
    assert body["additional_fields"] == {}
    assert body["invoice_currency_code"] == "USD"


def test_an_object_that_is_partly_known_has_all_its_members():
    body = shown(stored(channel_object={"channel_id": "web"}))
    assert body["channel_object"] == {"channel_id": "web", "channel_name": None}
    with pytest.raises(BadVendorValue, match="channel_name but no channel_id"):
        stored(channel_object={"channel_name": "Web"})


@pytest.mark.parametrize(
    "amount", ["12345678901234567.89", "10.50", "0.1", "-0.01", "100000000000000000000", "1E+3", "0"]
)
def test_an_amount_keeps_every_digit(amount: str):
    body = stored(total_price=Decimal(amount))
    assert b'"total_price":%s,' % amount.encode() in body
    assert shown(body)["total_price"] == Decimal(amount)


def test_an_amount_survives_being_stored_and_merged_again():
    first = stored(total_price=Decimal("12345678901234567.89"))
    second = compose(ORDERS, {"id": "o1", "status": "picked"}, first)
    assert second.body == stored(total_price=Decimal("12345678901234567.89"), status="picked")


def test_what_the_vendor_does_not_say_keeps_its_value_and_null_clears_it():
    before = stored(channel="web", total_price=Decimal("1.5"), line_items=[_line()])
    kept_body = shown(compose(ORDERS, {"id": "o1", "status": "picked"}, before).body)
    assert (kept_body["channel"], kept_body["total_price"], len(kept_body["line_items"])) == (
        "web",
        Decimal("1.5"),
        1,
    )
    cleared = shown(compose(ORDERS, {"id": "o1", "channel": None, "line_items": []}, before).body)
    assert (cleared["channel"], cleared["line_items"]) == (None, [])


def test_our_own_tags_survive_what_the_vendor_says():
    before = stored(trackstar_tags=["vip", {"lane": "7"}])
    assert shown(compose(ORDERS, fields(status="picked"), before).body)["trackstar_tags"] == [
        "vip", {"lane": "7"}
    ]  # fmt: skip


def _line(**extra_fields: Any) -> dict[str, Any]:
    return {"product_id": "p1", "quantity": 1, "is_picked": False} | extra_fields


MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "a status that is none of ours": ({"status": "lost"}, "status must be one of: backordered, cancelled, "),
    "a field that is none of ours": ({"colour": "red"}, "colour unknown member"),
    "text for a number": (
        {"line_items": [_line(quantity="1")]},
        "line_items[0].quantity must be a whole number, not '1'",
    ),
    "a half where a whole is wanted": (
        {"line_items": [_line(quantity=Decimal("1.5"))]},
        "line_items[0].quantity must be a whole number, not 1.5",
    ),
    "true for a number": (
        {"line_items": [_line(quantity=True)]},
        "line_items[0].quantity must be a whole number, not true",
    ),
    "one for true": ({"saturday_delivery": 1}, "saturday_delivery must be true or false or null, not 1"),
    "null where something must be": ({"status": None}, "status must be"),
    "a time with a fraction": (
        {"updated_date": "2026-01-31T09:00:00.5Z"},
        "updated_date must have its documented form",
    ),
    "a time in another zone": (
        {"updated_date": "2026-01-31T09:00:00+01:00"},
        "updated_date must have its documented form",
    ),
    "no number": ({"total_price": Decimal("NaN")}, "not finite"),
    "no number among what is not searched": ({"additional_fields": {"a": [Decimal("NaN")]}}, "not finite"),
    "an endless number": ({"total_price": Decimal("-Infinity")}, "not finite"),
    "a float that is no number": ({"total_price": float("nan")}, "not finite"),
    "text that is not Unicode": ({"additional_fields": {"a": "\udcff"}}, "surrogates not allowed"),
    "what JSON does not have": ({"additional_fields": {"a": object()}}, "can't be JSON"),
    "UNSET, which is to leave it out": ({"channel": UNSET}, "channel must be a text or null"),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_fit_is_refused_with_its_place(name: str):
    change, reason = MISFITS[name]
    with pytest.raises(BadVendorValue) as raised:
        stored(**change)
    assert reason in str(raised.value)


def test_a_link_that_a_page_would_run_is_refused():
    with pytest.raises(BadVendorValue, match="begins neither with http://"):
        stored(external_system_url="javascript:alert(1)")


def test_what_is_missing_is_named():
    with pytest.raises(BadVendorValue, match="status is required"):
        compose(ORDERS, {"id": "o1", "created_date": CREATED, "updated_date": UPDATED}, None)


def test_an_object_without_end_is_refused():
    deep: dict[str, Any] = {}
    inner = deep
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]
    with pytest.raises(BadVendorValue, match="is nested too deeply"):
        stored(additional_fields=deep)


def test_words_that_look_like_no_number_are_words():
    assert shown(stored(channel="NaN and Infinity"))["channel"] == "NaN and Infinity"


# The document: the body with our stamps


def test_a_document_ends_with_our_stamps_and_gives_them_back():
    content = document(ORDERS, stored(), CREATED, UPDATED)
    assert list(shown(content))[-2:] == ["trackstar_created_date", "trackstar_updated_date"]
    assert shown(content) == shown(stored()) | {
        "trackstar_created_date": CREATED, "trackstar_updated_date": UPDATED
    }  # fmt: skip
    assert body_of(ORDERS, content) == stored()
    assert stamps_of(ORDERS, content) == (CREATED, UPDATED)
    assert created_of(ORDERS, content) == CREATED


def test_a_record_without_stamps_is_its_body():
    body = compose(ORDER_PACKS, {"id": "o1", "packs": []}, None).body
    assert document(ORDER_PACKS, body, CREATED, UPDATED) == body
    assert body_of(ORDER_PACKS, body) == body
    assert created_of(ORDER_PACKS, body) is None
    assert "id" not in shown(body)


@settings(max_examples=200, deadline=None)
@given(
    tail=st.dictionaries(st.text(max_size=8), st.text(max_size=60), max_size=3),
    now_ms=st.integers(0, 4_102_444_800_000),
)
def test_any_body_comes_back_from_its_document_byte_for_byte(tail: dict[str, str], now_ms: int):
    body, when = stored(additional_fields=tail), stamp(now_ms)
    content = document(ORDERS, body, when, when)
    assert body_of(ORDERS, content) == body
    assert stamps_of(ORDERS, content) == (when, when)
    assert msgspec.json.decode(content)["trackstar_updated_date"] == when


@pytest.mark.parametrize("resource", all_resources(), ids=lambda value: value.key)
def test_our_stamps_are_never_fields_of_a_resource(resource: Resource):
    assert not [
        struct_field
        for struct_field in resource.record.__struct_fields__
        if struct_field in ("trackstar_created_date", "trackstar_updated_date")
    ]


# Columns


def test_columns_hold_what_a_list_is_filtered_by():
    record = compose(ORDERS, fields(order_number="Straße 1", required_ship_date=CREATED), None)
    body = dict(zip(record_columns(ORDERS), columns(ORDERS, record, CREATED, UPDATED), strict=True))
    assert body["order_number"] == "Straße 1"
    assert body["order_number_folded"] == "strasse 1"
    assert body["created_date"] == body["required_ship_date"] == 1_769_850_000
    assert body["channel"] is None
    assert body["status"] == "open"
    assert body["trackstar_updated_date"] == seconds(UPDATED) == 1_769_940_672


def test_a_hidden_column_is_not_shown_keeps_its_value_and_can_be_cleared():
    mapping = {
        "id": "l1", "created_date": CREATED, "updated_date": UPDATED, "user_id": "u", "warehouse_id": "w",
        "activity_type": "pick", "activity_start_time": CREATED, "warehouse_customer_id": "c1",
    }  # fmt: skip
    first = compose(LABOR_ACTIVITIES, mapping, None)
    assert first.hidden == {"warehouse_customer_id": "c1"}
    assert b"warehouse_customer_id" not in first.body
    unsaid = {key: value for key, value in mapping.items() if key != "warehouse_customer_id"}
    assert compose(LABOR_ACTIVITIES, unsaid, first.body, first.hidden).hidden == first.hidden
    cleared = compose(LABOR_ACTIVITIES, mapping | {"warehouse_customer_id": None}, first.body, first.hidden)
    assert cleared.hidden == {"warehouse_customer_id": None}
    with pytest.raises(BadVendorValue, match="warehouse_customer_id is 7, no text"):
        compose(LABOR_ACTIVITIES, mapping | {"warehouse_customer_id": 7}, None)


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ("a\x00b", "channel holds a NUL character"),
        ("x" * (LONGEST_TEXT + 1), "channel has 2,001 bytes; at most 2,000 can be searched"),
        ("ü" * 1001, "channel has 2,002 bytes"),
    ],
)
def test_a_text_that_a_database_cannot_index_is_refused(channel: str, reason: str):
    with pytest.raises(BadVendorValue, match=reason):
        columns(ORDERS, compose(ORDERS, fields(channel=channel), None), CREATED, UPDATED)


def test_a_text_that_only_its_folded_copy_makes_too_long_is_refused():
    with pytest.raises(BadVendorValue, match="order_number_folded has"):
        columns(ORDERS, compose(ORDERS, fields(order_number="ΐ" * 900), None), CREATED, UPDATED)


def test_a_day_that_the_calendar_does_not_have_is_refused():
    record = compose(ORDERS, fields(updated_date="2026-02-30T00:00:00Z"), None)
    with pytest.raises(BadVendorValue, match="there is no such time: '2026-02-30T00:00:00Z'"):
        columns(ORDERS, record, CREATED, UPDATED)


def test_a_time_before_1970_counts_backwards():
    assert seconds("1969-12-31T23:59:59Z") == -1
    assert seconds("0001-01-01T00:00:00Z") == -62_135_596_800


# Hashes


def test_a_hash_differs_when_any_part_does():
    assert hashed(b"a", b"b") == hashed(b"a", b"b")
    assert len({hashed(b"a", b"b"), hashed(b"ab"), hashed(b"", b"ab"), hashed(b"a", b"b", b"")}) == 4


def test_encoding_what_was_decoded_gives_the_same_bytes():
    text = b'{"a":10.50,"b":12345678901234567.89,"c":1,"d":-0.0,"e":12345678901234567890123}'
    assert encoder.encode(decoder.decode(text)) == text


def test_the_reference_of_an_order_is_its_id_until_it_has_one():
    body = shown(stored())
    assert (body["reference_id"], body["order_number"]) == ("o1", "o1")
    assert WAREHOUSES.stamped
