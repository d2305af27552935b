"""What is a slip of the pen, and what only looks like one; which links may be followed."""

from typing import Any

import pytest

from crossdock.changes.document import compose
from crossdock.changes.fitting import fitted
from crossdock.resources.dates import in_utc as utc
from crossdock.resources.links import all_safe, is_link
from crossdock.resources.wms.orders import ORDERS
from crossdock.resources.wms.products import PRODUCTS
from crossdock.writes.meaning import is_slip


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("quanity", "quantity"),
        ("qauntity", "quantity"),
        ("Quantity", "quantity"),
        ("lineItems", "line_items"),
        ("line-items", "line_items"),
        ("product_ids", "product_id"),
        ("postcode", "postal_code"),
        ("skus", "sku"),
        ("wharehouse_id", "warehouse_id"),
        ("discount_amout", "discount_amount"),
    ],
)
def test_a_misspelt_name_is_noticed(written: str, text: str):
    assert is_slip(written, text)


@pytest.mark.parametrize(
    ("written", "other_text"),
    [
        ("address3", "address2"),
        ("carrier_name", "carrier_id"),
        ("unit_cost", "unit_price"),
        ("id", "sku"),
        ("state", "status"),
        ("notes", "name"),
        ("weight_kg", "weight"),
        ("quantity_received", "quantity"),
    ],
)
def test_another_name_is_no_slip(written: str, other_text: str):
    assert not is_slip(written, other_text)


@pytest.mark.parametrize(
    "link", ["https://a.example/x?y#z", "HTTP://A.example", "http://[::1]/", "https://a.example/ä"]
)
def test_a_link_of_the_web_is_one(link: str):
    assert is_link(link)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://a.example/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//a.example",
        "",
        "https://",
        "http:/a",
        " https://a.example",
        "java\nscript:x",
        "https://a.example/\n",
        "file:///etc/passwd",
    ],
)
def test_anything_else_is_no_link(text: str):
    assert not is_link(text)


def test_a_link_that_a_page_would_run_is_null_in_a_record_at_any_depth_and_told():
    parcel = {"package_id": "T", "tracking_url": "javascript:alert(1)"}
    shipment = {"shipment_id": "s", "warehouse_id": "w", "status": "open"}
    fields: dict[str, Any] = {
        "id": "o", "status": "open", "created_date": DAY, "updated_date": DAY,
        "external_system_url": "https://a.example",
        "shipments": [shipment | {"packages": [parcel, {"package_id": "U", "tracking_url": None}]}],
    }  # fmt: skip
    assert not all_safe(ORDERS.record, fields)
    clean, [misfit] = fitted(ORDERS, fields, {})
    assert all_safe(ORDERS.record, clean)
    assert clean["external_system_url"] == "https://a.example"
    assert clean["shipments"][0]["packages"][0] == {"package_id": "T", "tracking_url": None}
    assert (misfit.field, misfit.value) == ("shipments[0].packages[0].tracking_url", "javascript:alert(1)")
    assert parcel["tracking_url"] == "javascript:alert(1)"


DAY = "2026-01-01T00:00:00Z"


def test_every_record_passes_by_that_rule():
    fields: dict[str, Any] = {
        "id": "p",
        "name": "P",
        "sku": "S",
        "gtin": None,
        "warehouse_customer_id": None,
        "supplier_object": {},
        "created_date": "2026-01-01T00:00:00Z",
        "updated_date": "2026-01-01T00:00:00Z",
        "active": True,
        "is_kit": False,
        "inventory_items": [],
        "external_system_url": "data:text/html,x",
    }
    known_struct_fields = set(PRODUCTS.record.__struct_fields__)
    clean, misfits = fitted(
        PRODUCTS, {name: field for name, field in fields.items() if name in known_struct_fields}, {}
    )
    assert b'"external_system_url":null' in compose(PRODUCTS, clean, None).body
    assert [misfit.field for misfit in misfits] == ["external_system_url"]


@pytest.mark.parametrize(
    ("written", "kept_text"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00.999Z", "2026-01-31T09:00:00Z"),
        ("2026-01-31T09:00:00+05:30", "2026-01-31T03:30:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T09:00:00", "2026-01-31T09:00:00Z"),
        ("0999-01-01T00:00:00Z", "0999-01-01T00:00:00Z"),
    ],
)
def test_a_time_in_any_form_is_the_same_moment(written: str, kept_text: str):
    assert utc(written) == kept_text


@pytest.mark.parametrize(
    "text", ["soon", "2026-02-30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"]
)
def test_a_time_that_there_is_not_is_refused(text: str):
    with pytest.raises(ValueError, match=r"."):
        utc(text)
