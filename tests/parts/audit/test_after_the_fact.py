"""Charges after the fact, by the reason that a row states: five that are findings, five that are none."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.audit_rows import Cells, fedex, judged, told, ups, weighed

INV2 = {"Invoice_Number": "INV2", "Invoice_Date": "2026-02-07"}
BASE = ups("Ground Commercial", "9.00", **weighed("5", "5"))
HOME = ups("Residential Surcharge", "3.05", "ACC")


def of_rule(rule: str, rows: list[Cells], folder: Path, carrier: str = "ups") -> list[str]:
    return [amount for name, amount in told(judged(carrier, rows, folder)) if name == rule]


ADDRESSES: dict[str, tuple[list[Cells], str | None]] = {
    "by its code": ([ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **INV2)], "22.00"),
    "by its label": ([ups("Address Correction Next Day Air", "22.00", "FRT", "/", **INV2)], "22.00"),
    "an accessorial": ([ups("Address Correction", "18.50", "ACC", "ADJ/ADC", **INV2)], "18.50"),
    "with its fuel": (
        [
            ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **INV2),
            ups("Fuel Surcharge", "3.30", "FSC", "ADJ/ADC", **INV2),
        ],
        "25.30",
    ),
    "less a part that came back": (
        [
            ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **INV2),
            ups("Address Correction Ground", "-2.00", "FRT", "ADJ/ADJ", Invoice_Number="INV3"),
        ],
        "20.00",
    ),
    "given back as a whole": (
        [
            ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **INV2),
            ups("Address Correction Ground", "-22.00", "FRT", "ADJ/ADJ", Invoice_Number="INV3"),
        ],
        None,
    ),
    "a delivery area": ([ups("Delivery Area Surcharge", "4.20", "ACC")], None),
    "freight": ([BASE], None),
    "a correction of the weight": (
        [ups("Shipping Charge Correction", "4.00", "FRT", "ADJ/SCC", **INV2)],
        None,
    ),
    "an amount of nothing": ([ups("Address Correction Ground", "0.00", "FRT", "ADJ/ADC", **INV2)], None),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_addresses_that_were_corrected(case: str, tmp_path: Path):
    rows, amount = ADDRESSES[case]
    assert of_rule("address_correction", [BASE, *rows], tmp_path) == ([amount] if amount else [])


def test_fedex_tells_a_corrected_address_by_its_label(tmp_path: Path):
    row = fedex(
        [("Transportation Charge", "9.00"), ("Address Correction", "21.50"), ("Fuel Surcharge", "1.35")]
    )
    assert of_rule("address_correction", [row], tmp_path, "fedex") == ["21.50"]


HOMES: dict[str, tuple[list[Cells], str | None]] = {
    "by its code": ([ups("Residential Adjustment Ground", "5.90", "FRT", "ADJ/RADJ", **INV2)], "5.90"),
    "by its label": ([ups("Residential Adjustment Ground", "5.90", "FRT", "/", **INV2)], "5.90"),
    "an accessorial of that code": (
        [ups("Residential Surcharge", "3.05", "ACC", "ADJ/RADJ", **INV2)],
        "3.05",
    ),
    "with its fuel": (
        [
            ups("Residential Adjustment Ground", "5.90", "FRT", "ADJ/RADJ", **INV2),
            ups("Fuel Surcharge", "0.89", "FSC", "ADJ/RADJ", **INV2),
        ],
        "6.79",
    ),
    "less what came back": (
        [
            ups("Residential Adjustment Ground", "5.90", "FRT", "ADJ/RADJ", **INV2),
            ups("Residential Adjustment Ground", "-0.90", "FRT", "ADJ/ADJ", Invoice_Number="INV3"),
        ],
        "5.00",
    ),
    "a home from the beginning": ([HOME], None),
    "a service for homes": ([ups("Ground Residential", "9.00", Tracking_Number="1Z2")], None),
    "given back": (
        [
            ups("Residential Adjustment Ground", "5.90", "FRT", "ADJ/RADJ", **INV2),
            ups("Residential Adjustment Ground", "-5.90", "FRT", "ADJ/RADJ", **INV2),
        ],
        None,
    ),
    "a credit": ([HOME, ups("Residential Adjustment Ground", "-3.05", "FRT", "ADJ/RADJ", **INV2)], None),
    "an address": ([ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **INV2)], None),
}


@pytest.mark.parametrize("case", HOMES)
def test_homes_that_were_told_afterwards(case: str, tmp_path: Path):
    rows, amount = HOMES[case]
    assert of_rule("residential_adjustment", [BASE, *rows], tmp_path) == ([amount] if amount else [])


def back(
    net: str, code: str = "FRT", label: str = "Ground Undeliverable Return", why: str = "RTN/RTS"
) -> Cells:
    return ups(label, net, code, why, **INV2)


RETURNS: dict[str, tuple[list[Cells], str | None]] = {
    "by its code": ([back("9.40")], "9.40"),
    "by its label": ([back("9.40", why="/")], "9.40"),
    "with its fuel": ([back("9.40"), back("1.41", "FSC", "Fuel Surcharge")], "10.81"),
    "with a surcharge": ([back("9.40"), back("3.05", "ACC", "Residential Surcharge")], "12.45"),
    "less what came back": ([back("9.40"), back("-0.40", "FRT", "Ground Undeliverable Return")], "9.00"),
    "given back": ([back("9.40"), back("-9.40")], None),
    "an intercept": ([ups("Delivery Intercept", "18.00", "ACC", "ADJ/DIN", **INV2)], None),
    "a return that was ordered": ([ups("Ground Return Service", "9.00", "FRT", "RTN/RS")], None),
    "freight again": ([ups("Ground Commercial", "9.00", **INV2)], None),
    "a credit": ([back("-9.40")], None),
}


@pytest.mark.parametrize("case", RETURNS)
def test_parcels_that_came_back_undelivered(case: str, tmp_path: Path):
    rows, amount = RETURNS[case]
    assert of_rule("returned_to_sender", [BASE, *rows], tmp_path) == ([amount] if amount else [])


LATE: dict[str, tuple[list[Cells], str | None]] = {
    "by its code": ([ups("Missing PLD Fee", "4.40", "MSC", "ADJ/CLB", **INV2)], "4.40"),
    "by its label": ([ups("Not Previously Billed Ground", "9.00", "FRT", "/", **INV2)], "9.00"),
    "half a year after": ([ups("Ground Commercial", "9.00", Shipment_Date="2025-07-20")], "9.00"),
    "with fuel that is as late": (
        [
            ups("Ground Commercial", "9.00", Shipment_Date="2025-07-20"),
            ups("Fuel Surcharge", "1.35", "FSC", Shipment_Date="2025-07-20"),
        ],
        "10.35",
    ),
    "what came back of it is taken off": (
        [
            ups("Ground Commercial", "9.00", Shipment_Date="2025-07-20"),
            ups("Ground Commercial", "-4.00", "FRT", "ADJ/ADJ", Shipment_Date="2025-07-20", **INV2),
        ],
        "5.00",
    ),
    "in time": ([BASE], None),
    "in time, corrected late": (
        [
            BASE,
            ups(
                "Shipping Charge Correction",
                "4.00",
                "FRT",
                "ADJ/SCC",
                Invoice_Date="2026-09-01",
                Invoice_Number="INV9",
            ),
        ],
        None,
    ),
    "no date of the parcel": ([ups("Ground", "9.00", Shipment_Date="", Transaction_Date="")], None),
    "no date of the invoice": ([ups("Ground", "9.00", Shipment_Date="2025-07-20", Invoice_Date="")], None),
    "a credit that is late": (
        [
            BASE,
            ups(
                "Ground Commercial",
                "-9.00",
                "FRT",
                "ADJ/ADJ",
                Invoice_Date="2026-09-01",
                Invoice_Number="INV9",
            ),
        ],
        None,
    ),
}


@pytest.mark.parametrize("case", LATE)
def test_what_was_billed_long_after(case: str, tmp_path: Path):
    rows, amount = LATE[case]
    assert of_rule("late_billing", rows, tmp_path) == ([amount] if amount else [])


PAYERS: dict[str, tuple[list[Cells], str | None]] = {
    "collect": ([BASE | {"Bill Option Code": "F/C"}], "9.00"),
    "third party": ([BASE | {"Bill Option Code": "T/P"}], "9.00"),
    "without the slash": ([BASE | {"Bill Option Code": "TP"}], "9.00"),
    "in small letters": ([BASE | {"Bill Option Code": "t/p"}], "9.00"),
    "with its fuel, which need not say it": (
        [BASE | {"Bill Option Code": "F/C"}, ups("Fuel Surcharge", "1.35", "FSC")],
        "10.35",
    ),
    "prepaid": ([BASE | {"Bill Option Code": "P/P"}], None),
    "nothing said": ([BASE], None),
    "a word that nobody knows": ([BASE | {"Bill Option Code": "X/Y"}], None),
    "given back": (
        [BASE | {"Bill Option Code": "F/C"}, ups("Ground Commercial", "-9.00", "FRT", "ADJ/ADJ", **INV2)],
        None,
    ),
    "an amount of nothing": (
        [ups("Ground", "0.00", Incentive_Amount="9.00") | {"Bill Option Code": "F/C"}],
        None,
    ),
}


@pytest.mark.parametrize("case", PAYERS)
def test_parcels_of_others_at_this_accounts_expense(case: str, tmp_path: Path):
    rows, amount = PAYERS[case]
    assert of_rule("billed_to_us", rows, tmp_path) == ([amount] if amount else [])


def re_rated(*nets: str, why: str = "ADJ/SCC", invoice: str = "INV2") -> list[Cells]:
    return [ups("Shipping Charge Correction Ground", net, "FRT", why, Invoice_Number=invoice) for net in nets]


RE_RATINGS: dict[str, tuple[list[Cells], str | None]] = {
    "cheaper": (re_rated("-9.00", "7.00"), "2.00"),
    "by a cent": (re_rated("-9.00", "8.99"), "0.01"),
    "of the zone": (re_rated("-9.00", "6.50", why="ADJ/ZONE"), "2.50"),
    "in several lines": (re_rated("-9.00", "4.00", "3.00"), "2.00"),
    "of a home that is none": (re_rated("-9.00", "8.00", why="ADJ/RADJ"), "1.00"),
    "dearer": (re_rated("-9.00", "12.00"), None),
    "the same": (re_rated("-9.00", "9.00"), None),
    "only taken back": (re_rated("-9.00"), None),
    "only added": (re_rated("3.00"), None),
    "on two invoices": ([*re_rated("-9.00"), *re_rated("7.00", invoice="INV3")], None),
}


@pytest.mark.parametrize("case", RE_RATINGS)
def test_re_ratings_are_told_by_what_they_come_to(case: str, tmp_path: Path):
    rows, amount = RE_RATINGS[case]
    assert of_rule("re_rating", [BASE, *rows], tmp_path) == ([amount] if amount else [])


UNKNOWN: dict[str, tuple[list[Cells], bool | None, str | None]] = {
    "freight": ([BASE], False, "9.00"),
    "all charges together": ([BASE, HOME], False, "12.05"),
    "less a discount of another row": ([BASE, ups("Incentive", "-1.00", "MSC")], False, "8.00"),
    "less what came back": (
        [BASE, ups("Ground Commercial", "-4.00", "FRT", "ADJ/ADJ", **INV2)],
        False,
        "5.00",
    ),
    "on two invoices": ([BASE, ups("Fuel Surcharge", "1.35", "FSC", **INV2)], False, "10.35"),
    "a parcel that is known": ([BASE], True, None),
    "where nobody can know": ([BASE], None, None),
    "given back as a whole": (
        [BASE, ups("Ground Commercial", "-9.00", "FRT", "ADJ/ADJ", **INV2)],
        False,
        None,
    ),
    "a credit": ([ups("Credit", "-9.00", "MSC")], False, None),
    "nothing was charged": ([ups("Ground", "0.00", Incentive_Amount="9.00")], False, None),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_parcels_that_no_warehouse_knows(case: str, tmp_path: Path):
    rows, was_shipped, amount = UNKNOWN[case]
    findings = told(judged("ups", rows, tmp_path, was_shipped=was_shipped))
    assert [one for name, one in findings if name == "charged_not_shipped"] == ([amount] if amount else [])


def test_no_finding_is_of_less_than_a_cent(tmp_path: Path):
    rows = [BASE, HOME, *re_rated("-9.00", "8.99")]
    assert all(finding.amount >= Decimal("0.01") for finding in judged("ups", rows, tmp_path))
