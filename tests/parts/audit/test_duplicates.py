"""Charges that come more than once, and what only looks so."""

from pathlib import Path

import pytest

from tests.audit_rows import Cells, dhl, dpd, fedex, judged, told, ups

BASE = ups("Ground Commercial", "10.00")
HOME = ups("Residential Surcharge", "3.05", "ACC")
INV2 = {"Invoice_Number": "INV2", "Invoice_Date": "2026-02-07"}
SERVICE = {"Tracking_Number": "", "Lead_Shipment_Number": ""}

TWICE: dict[str, tuple[str, list[Cells], str]] = {
    "the same label on one invoice": ("ups", [BASE, HOME, HOME], "3.05"),
    "the same label on the next invoice": (
        "ups",
        [BASE, HOME, ups("Residential Surcharge", "3.05", "ACC", **INV2)],
        "3.05",
    ),
    "in capitals": ("ups", [BASE, HOME, ups("RESIDENTIAL SURCHARGE", "3.05", "ACC")], "3.05"),
    "in the carrier's correction wording": (
        "ups",
        [BASE, HOME, ups("Residential Surcharge Adjustment", "3.05", "ACC", **INV2)],
        "3.05",
    ),
    "the dearest of three is due": (
        "ups",
        [ups("Delivery Area Surcharge", net, "ACC") for net in ("3.00", "2.50", "3.00")],
        "5.50",
    ),
    "freight": ("ups", [BASE, BASE], "10.00"),
    "freight and fuel, both again": (
        "ups",
        [
            BASE,
            ups("Fuel Surcharge", "1.50", "FSC"),
            ups("Ground Commercial", "10.00", **INV2),
            ups("Fuel Surcharge", "1.50", "FSC", **INV2),
        ],
        "11.50",
    ),
    "a fee without a parcel on one invoice": (
        "ups",
        [ups("Service Charge", "36.00", "MSC", "MIS/SVCH", **SERVICE)] * 2,
        "36.00",
    ),
    "a row of FedEx on two invoices": (
        "fedex",
        [
            fedex([("Transportation Charge", "9.00")]),
            fedex([("Transportation Charge", "9.00")], Invoice_Number="FINV2", Invoice_Date="07-FEB-2026"),
        ],
        "9.00",
    ),
    "a shipment of DHL on two invoices": (
        "dhl_express",
        [dhl("60.00"), dhl("60.00", Invoice_Number="DINV2", Invoice_Date="20260207")],
        "60.00",
    ),
    "a parcel of DPD on two invoices": ("dpd", [dpd("6.00"), dpd("6.00", Invoice_number="PINV2")], "6.00"),
}


@pytest.mark.parametrize("case", TWICE)
def test_what_comes_twice_is_told_with_what_is_too_much(case: str, tmp_path: Path):
    carrier, rows, amount = TWICE[case]
    findings = [finding for finding in judged(carrier, rows, tmp_path) if finding.rule == "duplicate_charge"]
    assert f"{sum(finding.amount for finding in findings):.2f}" == amount
    assert all(finding.direction == "recoverable" for finding in findings)


ONCE: dict[str, tuple[str, list[Cells]]] = {
    "another label": ("ups", [BASE, HOME]),
    "another currency": ("ups", [BASE, ups("Ground Commercial", "10.00", Transaction_Currency_Code="CAD")]),
    "given back under another label": (
        "ups",
        [BASE, HOME, HOME, ups("Residential Surcharge Adjustment", "-3.05", "ACC", "ADJ/ADJ", **INV2)],
    ),
    "given back under the same label": (
        "ups",
        [BASE, HOME, HOME, ups("Residential Surcharge", "-3.05", "ACC")],
    ),
    "the way back to the sender, with its own fuel": (
        "ups",
        [
            BASE,
            ups("Fuel Surcharge", "1.50", "FSC"),
            ups("Ground Undeliverable Return", "10.00", "FRT", "RTN/RTS"),
            ups("Fuel Surcharge", "1.50", "FSC", "RTN/RTS"),
        ],
    ),
    "an intercept on the way, with its own fuel": (
        "ups",
        [
            BASE,
            ups("Fuel Surcharge", "1.50", "FSC"),
            ups("Delivery Intercept", "18.00", "ACC", "ADJ/DIN"),
            ups("Fuel Surcharge", "1.50", "FSC", "ADJ/DIN"),
        ],
    ),
    "fuel of a surcharge that was billed later": (
        "ups",
        [
            BASE,
            ups("Fuel Surcharge", "1.50", "FSC"),
            ups("Delivery Area Surcharge", "4.00", "ACC", **INV2),
            ups("Fuel Surcharge", "0.60", "FSC", **INV2),
        ],
    ),
    "a correction on top of the freight": (
        "ups",
        [BASE, ups("Shipping Charge Correction Ground", "2.00", "FRT", "ADJ/SCC", **INV2)],
    ),
    "weekly fees of two days": (
        "ups",
        [
            ups("Service Charge", "36.00", "MSC", "MIS/SVCH", Transaction_Date=day, **SERVICE)
            for day in ("2026-01-17", "2026-01-24")
        ],
    ),
    "fees of two invoices": (
        "ups",
        [
            ups("Service Charge", "36.00", "MSC", "MIS/SVCH", Invoice_Number=number, **SERVICE)
            for number in ("INV1", "INV2")
        ],
    ),
    "a re-rating that says the old price again": (
        "ups",
        [
            BASE,
            ups("Ground Commercial", "-10.00", "FRT", "ADJ/SCC", **INV2),
            ups("Ground Commercial", "12.00", "FRT", "ADJ/SCC", **INV2),
        ],
    ),
    "two parcels of DPD": ("dpd", [dpd("6.00"), dpd("6.00", Parcel_number="05212345678902")]),
}


@pytest.mark.parametrize("case", ONCE)
def test_what_only_looks_so_is_no_duplicate(case: str, tmp_path: Path):
    carrier, rows = ONCE[case]
    assert not [told for told in judged(carrier, rows, tmp_path) if told.rule == "duplicate_charge"]


def test_a_duplicate_of_the_next_invoice_belongs_to_no_single_invoice(tmp_path: Path):
    [finding] = judged("ups", [BASE, ups("Ground Commercial", "10.00", **INV2)], tmp_path)
    assert finding.invoice_id is None
    assert {item["invoice_id"] for item in finding.detail["line_items"]} == {"INV1", "INV2"}
    assert told([finding]) == [("duplicate_charge", "10.00")]


def test_freight_that_comes_twice_is_claimed_as_it_was_paid_after_discounts(tmp_path: Path):
    charges = [("Transportation Charge", "30.00"), ("Performance Pricing", "-9.00")]
    rows = [fedex(charges), fedex(charges, Invoice_Number="F2")]
    assert told(judged("fedex", rows, tmp_path)) == [("duplicate_charge", "21.00")]


def test_charges_of_different_amounts_are_never_certainly_the_same(tmp_path: Path):
    rows = [ups("Residential Surcharge", net, "ACC") for net in ("2.00", "1.00", "3.00")]
    [finding] = judged("ups", rows, tmp_path)
    assert (finding.rule, finding.certainty) == ("duplicate_charge", "likely")


def test_a_refund_without_a_sign_is_no_second_charge(tmp_path: Path):
    rows = [
        {
            "EPS Transaction ID": "1", "EPS Account #": "A", "Package Identification Code (PIC)": "94001",
            "Transaction Date/Time": "2026-01-02", "Transaction Type": label, "Postage": "5.00",
            "Transaction Amount": "5.00",
        }
        for label in ("Label", "Label Refund")
    ]  # fmt: skip
    assert judged("usps", rows, tmp_path) == []


def test_equal_freight_without_a_number_is_of_several_parcels(tmp_path: Path):
    # Royal Mail's report and some rows of USPS have no tracking number.
    row = ups("Ground Commercial", "9.00", **SERVICE)
    assert told(judged("ups", [row, row], tmp_path)) == []
