"""Fees, adjustments and what is unusual: charges of an account rather than of a parcel."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from crossdock.audit.notes import Unknown
from crossdock.audit.rules.account import unreconciled
from tests.audit_rows import Cells, charges_of, detail, judged, told, ups

NO_PARCEL = {"Tracking_Number": "", "Lead_Shipment_Number": ""}


def fee(label: str, net: str, day: str = "2026-01-31", why: str = "MIS/SVCH", code: str = "MSC") -> Cells:
    cells = {"Invoice_Date": day, "Invoice_Number": f"I{day}", "Transaction_Date": day, "Shipment_Date": ""}
    return ups(label, net, code, why, **NO_PARCEL, **cells)


FEES: dict[str, tuple[Cells, str | None]] = {
    "a payment processing fee, though its class is freight": (
        fee("Payment Processing Fee", "31.20", code="FRT"),
        "31.20",
    ),
    "a weekly service charge": (fee("Service Charge", "36.00"), "36.00"),
    "a late payment fee": (fee("Late Payment Fee", "12.00"), "12.00"),
    "an audit fee": (fee("Shipping Charge Correction Audit Fee", "8.00"), "8.00"),
    "a chargeback": (fee("Chargeback Fee", "22.00"), "22.00"),
    "a fee that came back": (fee("Service Charge", "-36.00"), None),
    "fuel of the account": (fee("Fuel Surcharge", "5.00", code="FSC"), None),
    "a pickup": (fee("One Time Pickup", "9.00", code="ACC"), None),
    "freight without a number": (fee("Ground Commercial", "9.00", why="SHP/", code="FRT"), None),
    "an adjustment": (fee("Billing Adjustment for W/E 01/17/2026", "-9.00", why="ADJ/CADJ"), None),
}


@pytest.mark.parametrize("case", FEES)
def test_fees_are_told_with_how_to_avoid_them(case: str, tmp_path: Path):
    row, amount = FEES[case]
    findings = [finding for finding in judged("ups", [row], tmp_path) if finding.rule == "account_fee"]
    assert told(findings) == ([("account_fee", amount)] if amount else [])
    assert all(finding.detail["how_to_avoid"] for finding in findings)
    assert all(finding.direction == "avoidable" for finding in findings)


def test_fees_of_a_month_are_one_finding_and_of_two_months_two(tmp_path: Path):
    rows = [fee("Service Charge", "36.00", day) for day in ("2026-01-10", "2026-01-17", "2026-02-07")]
    assert told(judged("ups", rows, tmp_path)) == [("account_fee", "36.00"), ("account_fee", "72.00")]


ADJUSTMENTS: dict[str, tuple[Cells, str | None]] = {
    "a debit without explanation": (
        fee("Billing Adjustment for W/E 01/17/2026", "58.62", why="ADJ/CADJ"),
        "58.62",
    ),
    "of the class freight": (
        fee("Billing Adjustment for W/E 01/10/2026", "7.00", why="ADJ/CADJ", code="FRT"),
        "7.00",
    ),
    "a cent": (fee("Billing Adjustment", "0.01", why="ADJ/CADJ"), "0.01"),
    "in small letters": (fee("billing adjustment", "3.00", why="ADJ/CADJ"), "3.00"),
    "without codes": (fee("Billing Adjustment for W/E 01/03/2026", "1.00", why="/"), "1.00"),
    "a credit": (fee("Billing Adjustment for W/E 01/17/2026", "-58.62", why="ADJ/CADJ"), None),
    "nothing": (fee("Billing Adjustment for W/E 01/17/2026", "0.00", why="ADJ/CADJ"), None),
    "a fee": (fee("Service Charge", "36.00"), None),
    "of a parcel": (ups("Billing Adjustment for W/E 01/17/2026", "5.00", "MSC", "ADJ/CADJ"), None),
    "an audit fee": (fee("Shipping Charge Correction Audit Fee", "5.00", why="ADJ/CADJ"), None),
}


@pytest.mark.parametrize("case", ADJUSTMENTS)
def test_adjustments_without_parcel_or_explanation(case: str, tmp_path: Path):
    row, amount = ADJUSTMENTS[case]
    findings = [one for one in told(judged("ups", [row], tmp_path)) if one[0] == "unexplained_adjustment"]
    assert findings == ([("unexplained_adjustment", amount)] if amount else [])


def surcharges(label: str, *nets: str, code: str = "ACC") -> list[Cells]:
    begin = date(2026, 1, 1)
    return [
        ups(
            label,
            net,
            code,
            Tracking_Number=f"1Z{number:03}",
            Transaction_Date=str(begin + timedelta(number)),
        )
        for number, net in enumerate(nets)
    ]


UNUSUAL: dict[str, tuple[list[Cells], str | None]] = {
    "three times the median and a cent": (surcharges("Delivery Area", *["1.00"] * 20, "3.01"), "2.01"),
    "far above": (surcharges("Additional Handling", *["25.00"] * 20, "236.08"), "211.08"),
    "the median of an even number": (surcharges("Peak", *["1.00"] * 10, *["2.00"] * 10, "9.00"), "7.50"),
    "after many": (surcharges("Peak", *["2.00"] * 40, "7.00"), "5.00"),
    "residential": (surcharges("Residential Surcharge", *["3.05"] * 20, "30.50"), "27.45"),
    "exactly three times": (surcharges("Delivery Area", *["1.00"] * 20, "3.00"), None),
    "after only 19": (surcharges("Delivery Area", *["1.00"] * 19, "30.00"), None),
    "less than a whole unit of money above": (surcharges("Toll", *["0.10"] * 20, "0.99"), None),
    "fuel grows with the parcel": (surcharges("Fuel Surcharge", *["1.00"] * 20, "9.00", code="FSC"), None),
    "freight does, too": (surcharges("Ground", *["1.00"] * 20, "9.00", code="FRT"), None),
    "a credit": (surcharges("Delivery Area", *["1.00"] * 20, "-9.00"), None),
}


@pytest.mark.parametrize("case", UNUSUAL)
def test_a_surcharge_far_above_the_accounts_own(case: str, tmp_path: Path):
    rows, amount = UNUSUAL[case]
    findings = [one for one in told(judged("ups", rows, tmp_path)) if one[0] == "unusual_surcharge"]
    assert findings == ([("unusual_surcharge", amount)] if amount else [])


def test_the_finding_of_a_surcharge_says_what_is_usual(tmp_path: Path):
    findings = judged("ups", surcharges("Peak", *["2.00"] * 40, "7.00"), tmp_path)
    evidence = detail(findings, "unusual_surcharge")
    assert (str(evidence["usual"]), evidence["compared_with"]) == ("2", 40)


def test_an_invoice_that_misses_its_total_is_told_with_the_gap():
    from decimal import Decimal

    finding = unreconciled("k", "A1", "INV1", Decimal("-9.00"), "USD", "file_1")
    assert (finding.amount, finding.direction) == (Decimal("9.00"), "to_look_at")
    assert unreconciled("k", "A1", "INV1", None, "USD", "file_1").message.endswith("by an unknown amount")


@pytest.mark.parametrize(
    "others",
    [
        {"Transaction_Currency_Code": "CAD"},
        {"Account_Number": "A2"},
        {"Invoice_Number": "INV2", "Invoice_Date": "2026-02-07"},
    ],
)
def test_the_fees_of_a_month_are_one_finding_with_others_between_them(tmp_path: Path, others: dict[str, str]):
    def weekly(day: int, **cells: str) -> dict[str, str]:
        cells |= {"Tracking_Number": "", "Lead_Shipment_Number": "", "Transaction_Date": f"2026-01-{day:02}"}
        return ups(f"Service Charge {day:02}/01/2026", "12.00", "MSC", **cells)

    found = judged("ups", [weekly(1), weekly(2, **others), weekly(3), weekly(3, **others)], tmp_path)
    assert [str(finding.amount) for finding in found if finding.rule == "account_fee"] == ["24", "24"]
    assert len({finding.key for finding in found}) == len(found)


def test_fees_that_come_twice_are_found_on_each_invoice_and_in_each_currency(tmp_path: Path):
    rows = [
        ups("Missing PLD Fee", "5.00", "MSC", Tracking_Number="", Lead_Shipment_Number="", **cells)
        for _ in range(2)
        for cells in (
            {"Invoice_Number": "I1"},
            {"Invoice_Number": "I2"},
            {"Invoice_Number": "I3", "Transaction_Currency_Code": "CAD"},
        )
    ]
    twice = [finding for finding in judged("ups", rows, tmp_path) if finding.rule == "duplicate_charge"]
    assert sorted((str(one.invoice_id), str(one.currency), f"{one.amount:f}") for one in twice) == [
        ("I1", "USD", "5"), ("I2", "USD", "5"), ("I3", "CAD", "5"),
    ]  # fmt: skip


def test_an_unusual_surcharge_is_found_with_another_currency_between(tmp_path: Path):
    rows = [
        ups(
            "Residential Surcharge", "9.00" if number == 49 else "1.00", "ACC",
            Tracking_Number=f"1Z{number:03}", Transaction_Currency_Code="USD" if number % 2 else "CAD",
            Transaction_Date=f"2026-{number // 25 + 1:02}-{number % 25 + 1:02}",
        )
        for number in range(50)
    ]  # fmt: skip
    assert told(judged("ups", rows, tmp_path)) == [("unusual_surcharge", "8.00")]


def test_the_cost_of_parcels_that_warehouses_do_not_know_is_told_by_currency(tmp_path: Path):
    rows = [ups("Ground", "10.00"), ups("Duty", "7.00", "BRK", Transaction_Currency_Code="CAD")]
    unknown = Unknown(since=1, shares={"A1": (10, 1)})
    assert unknown.was_shipped(charges_of("ups", rows, tmp_path)) is None
    assert sorted((finding.currency, str(finding.amount)) for finding in unknown.findings()) == [
        ("CAD", "7"), ("USD", "10"),
    ]  # fmt: skip
