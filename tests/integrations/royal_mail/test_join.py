"""Charges of Royal Mail are divided among their parcels exactly, and feeds are told apart."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.integrations.royal_mail.join import divided, shares
from crossdock.invoices.reading import open_invoices
from crossdock.kit.files import Fault, Parcel


def parcel(tracking: str, **extra_fields: Any) -> Parcel:
    return Parcel(row=2, order="SO1", tracking_number=tracking, **extra_fields)


RECORD = {
    "id": "ab", "account_id": "0450001", "invoice_id": "9071", "tracking_number": None, "net_cost": "10.00",
    "gross_cost": "12.00", "charge_description": "Tracked 24", "charge_code": "TPN",
    "cells": {"Account Name": "Acme", "Invoice Date": "31.07.2026", "Volume": "3"},
}  # fmt: skip

amounts = st.decimals(min_value=-100000, max_value=100000, places=2, allow_nan=False, allow_infinity=False)


@given(amounts, st.integers(1, 5000))
def test_shares_add_up_to_the_charge_to_the_last_digit_and_hardly_differ(amount, count):
    parts = shares(amount, count)
    assert (len(parts), sum(parts)) == (count, amount)
    assert max(parts) - min(parts) <= Decimal("1E-15")


@pytest.mark.parametrize(
    ("amount", "count", "first"),
    [("70.14", 8, "8.7675"), ("82.69", 3, "27.563333333333333"), ("19.02", 1, "19.02"), ("0.00", 3, "0")],
)
def test_shares_are_as_long_as_they_must_be(amount, count, first):
    assert shares(Decimal(amount), count)[0] == Decimal(first)


def test_a_charge_without_parcels_stays_as_it_is():
    assert divided(RECORD, []) == [RECORD]


def test_the_first_parcel_keeps_the_id_of_the_charge_and_the_others_have_their_own():
    records = divided(RECORD, [parcel("AA1GB"), parcel("AA2GB"), parcel("AA3GB")])
    ids = [record["id"] for record in records]
    assert ids[0] == "ab"
    assert len(set(ids)) == 3
    assert ids == [record["id"] for record in divided(RECORD, [parcel(f"AA{n}GB") for n in (1, 2, 3)])]
    assert [record["tracking_number"] for record in records] == ["AA1GB", "AA2GB", "AA3GB"]


def test_raw_has_the_sixteen_columns_of_the_combined_file():
    returned = parcel("AA1GB", is_returned=True, reason="Refused", returned_on="2026-07-09")
    [record] = divided(RECORD, [returned])
    assert record["charge_description"] == "Tracked 24 RTS"
    assert len(record["cells"]) == 16
    assert record["cells"]["source_type"] == "rts"
    assert (record["cells"]["reason_for_non_delivery"], record["cells"]["volume"]) == ("Refused", "3")


def test_parcels_of_another_product_of_the_order_take_no_share():
    parcels = [parcel("AA1GB", product_code="TPN"), parcel("AA2GB", product_code="TRN")]
    assert [record["tracking_number"] for record in divided(RECORD, parcels)] == ["AA1GB"]
    assert divided(RECORD, parcels[1:]) == [RECORD]


@pytest.mark.parametrize(
    "header",
    [
        "sales_order_no,tracking_number,reason_for_non_delivery,date_return_to_sender,date_item_delivered",
        "Sales Order No.,Barcode,Reason for Non Delivery,Date Return to Sender,Date Item Delivered",
        "SALES  ORDER NUMBER,Item Barcode,Reason for Non-Delivery,Date Returned to Sender,Date Delivered",
    ],
)
def test_the_feed_of_parcels_is_read_under_its_names(tmp_path: Path, header: str):
    path = tmp_path / "tracking.csv"
    path.write_text(f"{header}\nSO1,AA1GB,,,2026-07-03\nSO1,AA2GB,Refused,09.07.2026,\n,AA3GB,,,\n")
    with open_invoices(path) as reading:
        first, second, fault = reading
    assert (reading.carrier, reading.variant) == ("royal-mail", "tracking")
    assert first == Parcel(row=2, order="SO1", tracking_number="AA1GB", delivered_on="2026-07-03")
    assert second == Parcel(
        row=3,
        order="SO1",
        tracking_number="AA2GB",
        is_returned=True,
        reason="Refused",
        returned_on="2026-07-09",
    )
    assert isinstance(fault, Fault)
    assert "is blank" in fault.message
    assert (reading.summary.line_items, reading.summary.rows) == (0, 3)
