"""Refunds: what each gives back, as rows of carriers tell it."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.audit_rows import Cells, detail, fedex, judged, told, ups

BASE = ups("Ground Commercial", "10.00")
FUEL = ups("Fuel Surcharge", "1.50", "FSC")
HOME = ups("Residential Surcharge", "3.05", "ACC")


def back(label: str, amount: str, why: str = "ADJ/ADJ", code: str = "MSC", **cells: str) -> Cells:
    return ups(label, f"-{amount}", code, why, **{"Invoice_Number": "INV2"} | cells)


MATCHED = {
    "the same amount and label": ([BASE, back("Ground Commercial", "10.00")], [("matched_refund", "10.00")]),
    "the label that UPS writes for it": (
        [BASE, HOME, back("Residential Surcharge Adjustment", "3.05")],
        [("matched_refund", "3.05")],
    ),
    "a part of a charge": ([BASE, back("Credit", "3.00")], [("matched_refund", "3.00")]),
    "several parts that are all of it": (
        [BASE, back("Credit", "6.00"), back("Credit", "4.00")],
        [("matched_refund", "4.00"), ("matched_refund", "6.00")],
    ),
    "freight with its fuel, as guarantees pay": (
        [BASE, FUEL, HOME, back("Guaranteed Service Refund", "11.50", "ADJ/GSR")],
        [("matched_refund", "11.50")],
    ),
    "all of an invoice": (
        [BASE, FUEL, HOME, back("Void", "14.55", "ADJ/VOID")],
        [("matched_refund", "14.55")],
    ),
    "any few of several": ([BASE, FUEL, HOME, back("Credit", "13.05")], [("matched_refund", "13.05")]),
    "in capitals": ([BASE, HOME, back("RESIDENTIAL SURCHARGE", "3.05")], [("matched_refund", "3.05")]),
    "a cancelled shipment, in two lines that come to its three charges": (
        [BASE, FUEL, HOME, back("Void A", "12.00", "ADJ/VOID"), back("Void B", "2.55", "ADJ/VOID")],
        [("matched_refund", "12.00"), ("matched_refund", "2.55")],
    ),
}


@pytest.mark.parametrize("case", MATCHED)
def test_a_refund_is_told_with_what_it_gives_back(case: str, tmp_path: Path):
    rows, expected = MATCHED[case]
    findings = judged("ups", rows, tmp_path)
    assert told(findings) == sorted(expected)
    assert all(finding.direction == "credited" and finding.detail["originals"] for finding in findings)


UNMATCHED = {
    "more than all that was charged": ([BASE, back("Credit", "10.01")], "10.01"),
    "nothing was charged": ([back("Credit", "5.00")], "5.00"),
    "on the way back, and only the way out was charged": (
        [BASE, back("Return credit", "2.00", "RTN/RTS")],
        "2.00",
    ),
    "what came back already": (
        [BASE, back("A", "10.00"), back("B", "10.00", Invoice_Number="INV3")],
        "10.00",
    ),
    "another currency": ([BASE, back("Credit", "10.00", Transaction_Currency_Code="CAD")], "10.00"),
}


@pytest.mark.parametrize("case", UNMATCHED)
def test_a_refund_of_what_was_never_charged_is_told_as_that(case: str, tmp_path: Path):
    rows, amount = UNMATCHED[case]
    assert ("unmatched_refund", amount) in told(judged("ups", rows, tmp_path))


NO_REFUNDS = {
    "a discount of FedEx": (
        "fedex",
        [fedex([("Transportation Charge", "8.00"), ("Earned Discount", "-2.00")])],
    ),
    "an incentive in its own column": ("ups", [ups("Ground Commercial", "8.00", Incentive_Amount="2.00")]),
    "a line of a re-rating that is dearer in all": (
        "ups",
        [
            BASE,
            back("Shipping Charge Correction Ground", "10.00", "ADJ/SCC", "FRT"),
            ups("Shipping Charge Correction Ground", "12.00", "FRT", "ADJ/SCC", Invoice_Number="INV2"),
        ],
    ),
    "an amount of nothing": ("ups", [BASE, ups("Credit", "0.00", "MSC")]),
    "a charge": ("ups", [BASE, FUEL]),
}


@pytest.mark.parametrize("case", NO_REFUNDS)
def test_what_is_no_refund_is_none(case: str, tmp_path: Path):
    carrier, rows = NO_REFUNDS[case]
    assert not [told for told in judged(carrier, rows, tmp_path) if "refund" in told.rule]


def test_a_re_rating_is_told_as_what_it_comes_to(tmp_path: Path):
    cheaper = [
        BASE,
        back("Shipping Charge Correction Ground", "10.00", "ADJ/SCC", "FRT"),
        ups("Shipping Charge Correction Ground", "7.00", "FRT", "ADJ/SCC", Invoice_Number="INV2"),
    ]
    assert told(judged("ups", cheaper, tmp_path)) == [("re_rating", "3.00")]
    equal = [
        BASE,
        back("Shipping Charge Correction Ground", "10.00", "ADJ/SCC", "FRT"),
        ups("Shipping Charge Correction Ground", "10.00", "FRT", "ADJ/SCC", Invoice_Number="INV2"),
    ]
    assert told(judged("ups", equal, tmp_path)) == []


def test_one_charge_is_given_back_once(tmp_path: Path):
    rows = [BASE, HOME, back("Ground Commercial", "10.00"), back("Credit", "3.05")]
    findings = judged("ups", rows, tmp_path)
    assert told(findings) == [("matched_refund", "10.00"), ("matched_refund", "3.05")]
    labels = [finding.detail["originals"][0]["charge_description"] for finding in findings]
    assert sorted(labels) == ["Ground Commercial", "Residential Surcharge"]


def test_what_is_left_of_a_charge_is_in_the_evidence(tmp_path: Path):
    findings = judged("ups", [BASE, back("Credit", "3.00")], tmp_path)
    assert detail(findings, "matched_refund")["left"] == Decimal("7.00")
    assert detail(findings, "matched_refund")["kind"] == "part"


def test_fuel_is_not_claimed_where_more_than_the_parcel_came_back(tmp_path: Path):
    rows = [ups("Refund", "-20.00", "MSC", Tracking_Number="1Z0")]
    for number in range(6):
        rows.append(ups("Ground", "10.00", Tracking_Number=f"1Z{number}"))
        fuel = "1.50" if number else "5.00"
        rows.append(ups("Fuel Surcharge", fuel, "FSC", Tracking_Number=f"1Z{number}"))
    assert told(judged("ups", rows[1:], tmp_path)) == [("fuel_percentage", "3.50")]
    assert told(judged("ups", rows, tmp_path)) == [("unmatched_refund", "20.00")]
