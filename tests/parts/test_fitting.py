"""A record that does not fit its type is stored with the nearest that does, and what was changed is told."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.changes.document import compose
from crossdock.changes.fitting import fitted
from crossdock.errors import BadVendorValue
from crossdock.resources.catalogue import all_resources
from crossdock.resources.schema import Resource
from crossdock.resources.wms.bills import BILLS
from crossdock.resources.wms.inventory import INVENTORY
from crossdock.resources.wms.labor_activities import LABOR_ACTIVITIES
from crossdock.resources.wms.orders import ORDERS
from crossdock.wire import decoder

CREATED, UPDATED = "2026-01-31T09:00:00Z", "2026-02-01T10:11:12Z"
LEAST = {"id": "o1", "created_date": CREATED, "updated_date": UPDATED, "status": "open"}
LINE = {"product_id": "p1", "quantity": 1, "is_picked": False}
SHIPMENT = {"shipment_id": "s", "warehouse_id": "w", "status": "open"}


def shown(fields: dict[str, Any], *, exact: bool = False) -> dict[str, Any]:
    found_decoder: dict[str, Any] = decoder.decode(compose(ORDERS, fields, None, exact=exact).body)
    return found_decoder


def at(record: Any, path: str) -> Any:
    for step in path.replace("[", ".").replace("]", "").split("."):
        record = record[int(step)] if isinstance(record, list) else record[step]
    return record


def line(**changes: Any) -> dict[str, Any]:
    return {"line_items": [LINE | changes]}


# What the record says, the place that does not fit, what is wanted there, and what is stored.
MISFITS: dict[str, tuple[dict[str, Any], str, str, Any]] = {
    "a text for an amount": ({"total_price": "ten"}, "total_price", "a number", None),
    "no number": ({"total_price": Decimal("NaN")}, "total_price", "a finite number", None),
    "an endless float": ({"total_price": float("inf")}, "total_price", "a finite number", None),
    "no number inside": (
        {"additional_fields": {"a": [Decimal("NaN")]}}, "additional_fields.a[0]", "finite", None,
    ),
    "text that is not Unicode": (
        {"additional_fields": {"a": "\udcff"}}, "additional_fields.a", "UTF-8", None,
    ),
    "what JSON does not have": ({"additional_fields": {"a": object()}}, "additional_fields.a", "JSON", None),
    "a status of nobody": ({"status": "lost"}, "status", "one of: open, confirmed", "other"),
    "no status": ({"status": None}, "status", "one of: open, confirmed", "other"),
    "a type of nobody": ({"type": "gift"}, "type", "one of: d2c, b2b", None),
    "a date of nowhere": ({"updated_date": "soon"}, "updated_date", "a time", CREATED),
    "no date": ({"created_date": None}, "created_date", "a time", UPDATED),
    "a day that there is not": ({"updated_date": "2026-02-30T00:00:00Z"}, "updated_date", "a time", CREATED),
    "a time in a zone": (
        {"updated_date": "2026-01-31T09:00:00.5+01:00"}, "updated_date", "a time", "2026-01-31T08:00:00Z",
    ),
    "a date that may be null": ({"required_ship_date": "soon"}, "required_ship_date", "a time", None),
    "NUL in what is searched": ({"channel": "a\x00b"}, "channel", "without U+0000", None),
    "NUL in a number of theirs": ({"order_number": "a\x00b"}, "order_number", "without U+0000", "o1"),
    "a long text in what is searched": ({"channel": "x" * 2001}, "channel", "at most 2,000 bytes", None),
    "one for true": ({"saturday_delivery": 1}, "saturday_delivery", "true or false", None),
    "a quantity in words": (line(quantity="many"), "line_items[0].quantity", "whole", 0),
    "a quantity as a text": (line(quantity="7"), "line_items[0].quantity", "whole", 7),
    "no quantity": (line(quantity=None), "line_items[0].quantity", "whole", 0),
    "a quantity left out": (
        {"line_items": [LINE, {"product_id": "p", "is_picked": True}]}, "line_items[1].quantity", "whole", 0,
    ),
    "a half": (line(quantity=Decimal("2.5")), "line_items[0].quantity", "whole", 3),
    "a flag in words": (line(is_picked="yes"), "line_items[0].is_picked", "true", False),
    "no list": ({"line_items": 7}, "line_items", "a list", []),
    "a date in a shipment": (
        {"shipments": [SHIPMENT | {"shipped_date": "soon"}]}, "shipments[0].shipped_date", "a time", None,
    ),
    "a channel that contradicts itself": (
        {"channel_object": {"channel_name": "W"}}, "channel_object", "no", {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_p36_one_member_that_does_not_fit_withholds_nothing_else(name: str):
    change, position, due, stored = MISFITS[name]
    fields, misfits = fitted(ORDERS, LEAST | {"trading_partner": "T"} | change, {})
    record = shown(fields)
    assert record["trading_partner"] == "T"
    assert at(record, position) == stored
    assert [misfit.field for misfit in misfits] == [position]
    assert due in misfits[0].wanted


def test_the_other_lines_of_an_order_are_all_there():
    lines = [LINE, LINE | {"quantity": "many", "unit_price": "dear"}, LINE | {"quantity": 3}]
    fields, misfits = fitted(ORDERS, LEAST | {"line_items": lines, "shipments": [SHIPMENT]}, {})
    assert [line["quantity"] for line in shown(fields)["line_items"]] == [1, 0, 3]
    assert [misfit.field for misfit in misfits] == ["line_items[1].quantity", "line_items[1].unit_price"]
    assert lines[1]["quantity"] == "many", "what the vendor said is left as it is"


def test_a_plain_value_in_a_list_that_does_not_fit_is_left_out_of_it():
    fields, misfits = fitted(ORDERS, LEAST | {"tags": ["a", None, {"b": 1}, 7]}, {})
    assert shown(fields)["tags"] == ["a", "7"]
    assert [misfit.field for misfit in misfits] == ["tags[1]", "tags[2]", "tags[3]"]


def test_a_member_of_no_name_of_ours_is_left_out():
    fields, misfits = fitted(
        ORDERS, LEAST | {"colour": "red", "additional_fields": {"\udcff": 1, "a": 1}}, {}
    )
    assert shown(fields)["additional_fields"] == {"a": 1}
    assert [misfit.field for misfit in misfits] == ["additional_fields", "colour"]


def test_exact_numbers_stay_where_they_may():
    fields, misfits = fitted(
        ORDERS, LEAST | {"line_items": [LINE | {"quantity": Decimal("2.5")}]}, {}, exact=True
    )
    assert misfits == []
    assert shown(fields, exact=True)["line_items"][0]["quantity"] == Decimal("2.5")


def test_a_rounded_number_is_told_with_the_exact_one():
    _, [misfit] = fitted(ORDERS, LEAST | {"line_items": [LINE | {"quantity": Decimal("2.5")}]}, {})
    assert (misfit.stored, misfit.exact) == (3, Decimal("2.5"))


def test_what_the_vendor_does_not_say_stays_as_it_is_stored():
    stored = decoder.decode(compose(ORDERS, LEAST | {"channel": "web"}, None).body)
    fields, misfits = fitted(ORDERS, {"id": "o1", "total_price": "ten"}, stored)
    assert fields == {"id": "o1", "total_price": None}
    assert len(misfits) == 1


def test_what_fits_is_left_as_it_is_in_every_resource():
    for resource in all_resources():
        fields: dict[str, Any] = {"id": "x"}
        known_fields = {name: None for name in resource.record.__struct_fields__}
        assert fitted(resource, fields, known_fields) == ({"id": "x"}, [])


def test_stock_of_no_number_is_zero_in_each_place():
    stock = {
        "id": "i", "created_date": CREATED, "updated_date": UPDATED, "name": "n", "active": True,
        "awaiting": 1, "onhand": "?", "committed": 0, "unfulfillable": 0, "fulfillable": 1, "sellable": 1,
        "inventory_by_warehouse_id": {"w-1": {"onhand": None}},
    }  # fmt: skip
    fields, misfits = fitted(INVENTORY, stock, {})
    assert fields["onhand"] == fields["inventory_by_warehouse_id"]["w-1"]["onhand"] == 0
    assert [misfit.field for misfit in misfits] == ["onhand", "inventory_by_warehouse_id.w-1.onhand"]


def test_a_hidden_value_that_does_not_fit_is_none_and_told():
    fields, [misfit] = fitted(
        LABOR_ACTIVITIES, {"id": "l", "warehouse_customer_id": 7}, _held(LABOR_ACTIVITIES)
    )
    assert (fields["warehouse_customer_id"], misfit.field) == (None, "warehouse_customer_id")


def _held(resource: Resource) -> dict[str, Any]:
    return {name: None for name in resource.record.__struct_fields__}


BILL = {"id": "b", "created_date": CREATED, "updated_date": UPDATED, "charge_type": "pick"}
WITHOUT_STAND_IN: dict[str, tuple[Resource, dict[str, Any], str]] = {
    "an id of a line": (ORDERS, LEAST | {"line_items": [LINE | {"product_id": None}]}, "product_id must be"),
    "an amount that has to be there": (BILLS, BILL | {"amount": "ten"}, "amount must be"),
    "two dates": (
        ORDERS,
        LEAST | {"created_date": "x", "updated_date": "y"},
        "must have its documented form",
    ),
}


@pytest.mark.parametrize("name", WITHOUT_STAND_IN)
def test_what_has_no_honest_stand_in_has_its_record_refused(name: str):
    resource, fields, reason = WITHOUT_STAND_IN[name]
    near, _ = fitted(resource, fields, {})
    with pytest.raises(BadVendorValue, match=reason):
        compose(resource, near, None)
