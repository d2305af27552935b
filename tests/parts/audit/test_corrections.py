"""What carriers charge after the fact, each with what its row states."""

from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.audit.volume import PackageMeasures
from tests.audit_rows import Cells, detail, judged, told, ups, weighed

INV2 = {"Invoice_Number": "INV2", "Invoice_Date": "2026-02-07"}
BASE = ups("Ground Commercial", "9.00", **weighed("5", "5"))


def corrected(net: str, size: str = "22x17x12", billed: str = "40", **cells: str) -> Cells:
    measures = weighed("5", billed, "08", size)
    return ups("Shipping Charge Correction Ground", net, "FRT", "ADJ/SCC", **measures, **INV2 | cells)


def rule(findings: list, name: str) -> list[tuple[str, str]]:
    return [pair for pair in told(findings) if pair[0] == name]


def test_a_correction_is_told_with_old_and_new_weight_and_size(tmp_path: Path):
    findings = judged("ups", [BASE, corrected("6.00")], tmp_path)
    assert told(findings) == [("charge_correction", "6.00")]
    evidence = detail(findings, "charge_correction")
    assert (evidence["billed_weight_before"], evidence["billed_weight"]) == (Decimal(5), Decimal(40))
    assert evidence["size"] == [Decimal(22), Decimal(17), Decimal(12)]
    assert findings[0].direction == "avoidable"
    assert findings[0].group[0] == "carton"


CORRECTIONS: dict[str, tuple[list[Cells], str]] = {
    "freight alone": ([corrected("6.00")], "6.00"),
    "with its fuel and what it adds": (
        [
            corrected("6.00"),
            ups("Fuel Surcharge", "0.90", "FSC", "ADJ/SCC", **INV2),
            ups("Additional Handling", "25.00", "ACC", "ADJ/SCC", **INV2),
        ],
        "31.90",
    ),
    "less what came back of it": (
        [
            corrected("6.00"),
            ups(
                "Shipping Charge Correction Ground",
                "-2.00",
                "FRT",
                "ADJ/ADJ",
                Invoice_Number="INV3",
                Invoice_Date="2026-02-14",
            ),
        ],
        "4.00",
    ),
    "old price taken back, new price made": (
        [corrected("-9.00"), corrected("15.00")],
        "6.00",
    ),
    "of the zone": ([ups("Zone Adjustment Ground", "1.25", "FRT", "ADJ/ZONE", **INV2)], "1.25"),
    "that the label alone tells": (
        [ups("Shipping Charge Correction Ground", "3.00", "FRT", "", **INV2)],
        "3.00",
    ),
}


@pytest.mark.parametrize("case", CORRECTIONS)
def test_what_a_correction_cost_in_all_is_to_the_cent(case: str, tmp_path: Path):
    rows, amount = CORRECTIONS[case]
    assert rule(judged("ups", [BASE, *rows], tmp_path), "charge_correction") == [
        ("charge_correction", amount)
    ]


NO_CORRECTIONS: dict[str, list[Cells]] = {
    "none": [BASE],
    "cheaper": [BASE, corrected("-9.00"), corrected("7.00")],
    "given back as a whole": [BASE, corrected("6.00"), ups("Credit", "-6.00", "MSC", "ADJ/ADJ", **INV2)],
    "a surcharge of the first billing": [BASE, ups("Additional Handling", "25.00", "ACC")],
    "of the address": [BASE, ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **INV2)],
}


@pytest.mark.parametrize("case", NO_CORRECTIONS)
def test_what_is_no_correction_is_none(case: str, tmp_path: Path):
    assert rule(judged("ups", NO_CORRECTIONS[case], tmp_path), "charge_correction") == []


def test_a_correction_that_the_warehouse_contradicts_is_to_be_claimed(tmp_path: Path):
    package = PackageMeasures(
        weight=Decimal("4.2"), weight_unit="lb", size=(Decimal(10), Decimal(8), Decimal(6)), size_unit="in"
    )
    rows = [BASE, corrected("6.00")]
    # 480 / 139 = 3.5: 5 lb is right, as it was billed first
    findings = judged("ups", rows, tmp_path, package=package, divisor="139")
    [finding] = [finding for finding in findings if finding.rule == "charge_correction"]
    assert (finding.direction, finding.certainty) == ("recoverable", "likely")
    assert finding.detail["warehouse"]["weight"] == Decimal("4.2")
    big = PackageMeasures(
        weight=Decimal("4.2"), weight_unit="lb", size=(Decimal(22), Decimal(17), Decimal(12)), size_unit="in"
    )
    for known in (big, None, PackageMeasures(weight=Decimal(4), weight_unit="lb")):
        findings = judged("ups", rows, tmp_path, package=known, divisor="139")
        [finding] = [finding for finding in findings if finding.rule == "charge_correction"]
        assert finding.direction == "avoidable"


def test_a_row_after_a_correction_is_not_taken_for_an_overcharge_by_weight(tmp_path: Path):
    assert rule(judged("ups", [corrected("6.00")], tmp_path), "overbilled_weight") == []


def test_address_corrections_are_their_own_and_know_the_address(tmp_path: Path):
    place = {
        "Receiver_Address_Line_1": "1 Main St",
        "Receiver_City": "Springfield",
        "Receiver_Postal": "12345",
    }
    findings = judged(
        "ups",
        [
            BASE,
            ups("Address Correction Ground", "22.00", "FRT", "ADJ/ADC", **place, **INV2),
            ups("Fuel Surcharge", "3.30", "FSC", "ADJ/ADC", **INV2),
        ],
        tmp_path,
    )
    assert told(findings) == [("address_correction", "25.30")]
    assert findings[0].group[0] == "address"
    assert "Main" not in str(findings), "an address is known by its digest"
    again = judged(
        "ups",
        [
            BASE,
            ups(
                "Address Correction", "22.00", "ACC", "ADJ/ADC", **place | {"Receiver_City": " SPRINGFIELD "}
            ),
        ],
        tmp_path,
    )
    assert again[0].group == findings[0].group


def test_a_home_that_is_told_afterwards(tmp_path: Path):
    row = ups("Residential Adjustment Ground", "5.90", "FRT", "ADJ/RADJ", **INV2)
    findings = judged("ups", [BASE, row], tmp_path)
    assert told(findings) == [("residential_adjustment", "5.90")]
    assert told(judged("ups", [BASE, ups("Residential Surcharge", "5.90", "ACC")], tmp_path)) == []


def test_a_return_is_told_with_the_way_out_that_was_lost(tmp_path: Path):
    back = ups("Ground Undeliverable Return", "9.40", "FRT", "RTN/RTS", **INV2)
    fuel = ups("Fuel Surcharge", "1.41", "FSC", "RTN/RTS", **INV2)
    findings = judged("ups", [BASE, ups("Fuel Surcharge", "1.35", "FSC"), back, fuel], tmp_path)
    assert told(findings) == [("returned_to_sender", "10.81")]
    assert detail(findings, "returned_to_sender")["lost_outbound_cost"] == Decimal("10.35")


LATE: dict[str, tuple[Cells, str | None]] = {
    "not previously billed": (
        ups("Not Previously Billed Missing PLD Fee", "4.40", "MSC", "ADJ/CLB", **INV2),
        "4.40",
    ),
    "91 days after": (ups("Ground Commercial", "9.00", Shipment_Date="2025-11-01"), "9.00"),
    "90 days after": (ups("Ground Commercial", "9.00", Shipment_Date="2025-11-02"), None),
    "in time": (ups("Ground Commercial", "9.00"), None),
    "without any date of the parcel": (
        ups("Ground Commercial", "9.00", Shipment_Date="", Transaction_Date=""),
        None,
    ),
    "a correction that came late": (corrected("6.00", Shipment_Date="2025-06-01"), None),
}


@pytest.mark.parametrize("case", LATE)
def test_what_was_billed_late(case: str, tmp_path: Path):
    row, amount = LATE[case]
    findings = rule(judged("ups", [row], tmp_path), "late_billing")
    assert findings == ([("late_billing", amount)] if amount else [])


@pytest.mark.parametrize(
    ("option", "amount"),
    [("F/C", "9.00"), ("T/P", "9.00"), ("FC", "9.00"), ("P/P", None), ("", None), ("XYZ", None)],
)
def test_what_others_sent_at_our_expense(option: str, amount: str | None, tmp_path: Path):
    findings = rule(judged("ups", [BASE | {"Bill Option Code": option}], tmp_path), "billed_to_us")
    assert findings == ([("billed_to_us", amount)] if amount else [])
