"""Weights: what a parcel may be billed for. Amounts are computed by hand, beside each case."""

from decimal import Decimal
from pathlib import Path

import pytest

from crossdock.audit.volume import PackageMeasures
from tests.audit_rows import detail, dhl, dpd, fedex, judged, told, ups, weighed

GROUND = "Ground Commercial"
RIGHT_UPS = {
    "rounded up to the next pound": (weighed("2.1", "3"), None),
    "billed as it was weighed": (weighed("10", "10"), None),
    "dimensional, and no size is known": (weighed("10", "20", "02"), None),
    "dimensional: 20 x 15 x 9.2 in / 139 is 21.6, as each side is rounded up": (
        weighed("10", "22", "02", "20.0x 15.0x 9.2"),
        "139",
    ),
    "dimensional, and no divisor is known": (weighed("10", "40", "02", "20.0x 15.0x 9.2"), None),
    "a size, and nothing says how it was billed": (weighed("10", "20", "", "20.0x 15.0x 9.2"), None),
    "below one pound": (weighed("0.3", "1"), None),
    "no entered weight": (weighed("", "20"), None),
}


@pytest.mark.parametrize("case", RIGHT_UPS)
def test_what_ups_may_bill_is_no_finding(case: str, tmp_path: Path):
    cells, divisor = RIGHT_UPS[case]
    assert told(judged("ups", [ups(GROUND, "20.00", **cells)], tmp_path, divisor=divisor)) == []


WRONG_UPS = {
    # 15 of 16 lb billed: 16 - 11 = 5 of 16 of 20.00
    "more than the next pound": (weighed("10.2", "16"), None, "6.25"),
    # 10 of 20 lb of 20.00, and the row itself says that it was weighed
    "by weight, though a size is there": (weighed("10", "20", "01", "5x5x5"), None, "10.00"),
    # ceil(1800 / 139) = 13; 7 of 20 lb of 20.00
    "more than the size comes to": (weighed("10", "20", "02", "15x12x10"), "139", "7.00"),
    # the account's own divisor: ceil(1800 / 225) = 8, the weight of 10 counts; 10 of 20 lb
    "with the divisor that was set": (weighed("10", "20", "02", "15x12x10"), "225", "10.00"),
    # 1 of 3 lb of 20.00: 6.666…, half a cent up
    "one pound above": (weighed("2", "3"), None, "6.67"),
}


@pytest.mark.parametrize("case", WRONG_UPS)
def test_what_ups_bills_above_that_is_a_finding_to_the_cent(case: str, tmp_path: Path):
    cells, divisor, amount = WRONG_UPS[case]
    findings = judged("ups", [ups(GROUND, "20.00", **cells)], tmp_path, divisor=divisor)
    assert told(findings) == [("overbilled_weight", amount)]
    [finding] = findings
    assert (finding.direction, finding.certainty) == ("recoverable", "likely")


def test_the_minimum_weight_of_a_surcharge_counts_while_it_is_charged(tmp_path: Path):
    rows = [ups(GROUND, "40.00", **weighed("2.3", "40", "03")), ups("Additional Handling", "25.00", "ACC")]
    assert told(judged("ups", rows, tmp_path)) == []
    large = [
        ups(GROUND, "90.00", **weighed("30", "90", "03")),
        ups("Large Package Surcharge", "99.00", "ACC"),
    ]
    assert told(judged("ups", large, tmp_path)) == []


def test_a_surcharge_taken_back_while_the_price_stays_at_its_minimum_is_found(tmp_path: Path):
    rows = [
        ups(GROUND, "40.00", **weighed("2.3", "40", "03")),
        ups("Additional Handling", "25.00", "ACC"),
        ups("Additional Handling", "-25.00", "ACC", "ADJ/SCC", Invoice_Number="INV2"),
    ]
    findings = judged("ups", rows, tmp_path)
    # 37 of 40 lb of 40.00
    assert ("overbilled_weight", "37.00") in told(findings)
    evidence = detail(findings, "overbilled_weight")
    assert evidence["minimum_of_surcharge_taken_back"] == "handling"


def test_the_accounts_own_prices_make_the_amount_where_they_are_known(tmp_path: Path):
    others = [
        ups(GROUND, "9.40", **weighed("11", "11"), Tracking_Number=f"1Z0{number}") for number in range(5)
    ]
    wrong = ups(GROUND, "12.15", **weighed("10.2", "16"))
    findings = judged("ups", [*others, wrong], tmp_path, prices=True)
    # 12.15 - 9.40, the account's price of 11 lb
    assert told(findings) == [("overbilled_weight", "2.75")]
    assert detail(findings, "overbilled_weight")["amount_by"] == "price list"


def test_what_was_given_back_is_not_asked_for_again(tmp_path: Path):
    rows = [
        ups(GROUND, "20.00", **weighed("10", "20")),
        ups("Ground Commercial Adjustment", "-20.00", "FRT", "ADJ/ADJ", Invoice_Number="INV2"),
    ]
    assert told(judged("ups", rows, tmp_path)) == [("matched_refund", "20.00")]


def test_fedex_says_size_and_divisor_in_its_rows(tmp_path: Path):
    weights = {
        "Actual Weight Amount": "10",
        "Actual Weight Units": "L",
        "Rated Weight Amount": "22",
        "Rated Weight Units": "L",
        "Dim Length": "20",
        "Dim Width": "15",
        "Dim Height": "10",
        "Dim Divisor": "139",
        "Dim Unit": "I",
    }
    pounds = weights | {"Actual Weight Units": "lb", "Rated Weight Units": "lb", "Dim Unit": "in"}
    charge = [("Transportation Charge", "30.00")]
    # 3000 / 139 = 21.6: 22 lb
    assert told(judged("fedex", [fedex(charge, **weights)], tmp_path)) == []
    assert told(judged("fedex", [fedex(charge, **pounds)], tmp_path)) == []
    # 30 lb billed: 8 of 30 lb of 30.00
    more = pounds | {"Rated Weight Amount": "30"}
    assert told(judged("fedex", [fedex(charge, **more)], tmp_path)) == [("overbilled_weight", "8.00")]
    # 30 lb by weight alone, in the letters that FedEx writes: 20 of 30 lb
    plain = {name: cell for name, cell in weights.items() if not name.startswith("Dim")}
    letters = plain | {"Rated Weight Amount": "30"}
    assert told(judged("fedex", [fedex(charge, **letters)], tmp_path)) == [("overbilled_weight", "20.00")]


def test_the_share_of_a_price_is_of_what_is_paid_after_discounts(tmp_path: Path):
    weights = {
        "Actual Weight Amount": "10",
        "Actual Weight Units": "lb",
        "Rated Weight Amount": "20",
        "Rated Weight Units": "lb",
    }
    charges = [
        ("Transportation Charge", "30.00"),
        ("Performance Pricing", "-6.00"),
        ("Earned Discount", "-3.00"),
    ]
    # half of the 21.00 that were paid
    assert told(judged("fedex", [fedex(charges, **weights)], tmp_path)) == [("overbilled_weight", "10.50")]


def test_dhl_says_what_it_computed_of_the_volume(tmp_path: Path):
    right = {"DHL Scale Weight (B)": "5", "DHL Vol Weight (W)": "8.0", "Weight Flag": "W", "Weight (kg)": "8"}
    assert told(judged("dhl_express", [dhl("60.00", **right)], tmp_path)) == []
    half = {"DHL Scale Weight (B)": "5.1", "Weight Flag": "B", "Weight (kg)": "5.5"}
    assert told(judged("dhl_express", [dhl("60.00", **half)], tmp_path)) == []
    # 8 kg may be billed: 2 of 10 kg of 60.00
    wrong = right | {"Weight (kg)": "10"}
    assert told(judged("dhl_express", [dhl("60.00", **wrong)], tmp_path)) == [("overbilled_weight", "12.00")]
    # two pieces may each be rounded up
    pieces = {"DHL Scale Weight (B)": "5.1", "Weight Flag": "B", "Weight (kg)": "6", "Pieces": "2"}
    assert told(judged("dhl_express", [dhl("60.00", **pieces)], tmp_path)) == []
    # volume says nothing where none was computed
    unknown = {"DHL Scale Weight (B)": "5", "Weight Flag": "W", "Weight (kg)": "10"}
    assert told(judged("dhl_express", [dhl("60.00", **unknown)], tmp_path)) == []


def test_dpd_weighs_in_grams_and_states_nothing_to_compare_with(tmp_path: Path):
    row = dpd("6.00", Weight="700", Length="40", Width="26", Height="29")
    assert told(judged("dpd", [row], tmp_path)) == []
    # what the warehouse measured, 0.5 kg, is 200 g less: 200 of 700 g of 6.00
    measured = PackageMeasures(weight=Decimal("0.5"), weight_unit="kg")
    plain = dpd("6.00", Weight="700")
    assert told(judged("dpd", [plain], tmp_path, package=measured)) == [("billed_over_measured", "1.71")]
    same = PackageMeasures(weight=Decimal("0.7"), weight_unit="kg")
    assert told(judged("dpd", [plain], tmp_path, package=same)) == []


MEASURED = PackageMeasures(
    weight=Decimal("4"), weight_unit="lb", size=(Decimal(12), Decimal(10), Decimal(8)), size_unit="in"
)


@pytest.mark.parametrize(
    ("billed", "kind", "package", "amount"),
    [
        # 960 / 139 = 6.9: 7 lb; 13 of 20 lb of 20.00
        ("20", "02", MEASURED, "13.00"),
        ("7", "02", MEASURED, None),
        # in centimetres and kilograms: 30.48 x 25.4 x 20.32 cm, 1.8 kg
        (
            "20",
            "02",
            PackageMeasures(
                weight=Decimal("1.8"),
                weight_unit="kg",
                size=(Decimal("30.48"), Decimal("25.4"), Decimal("20.32")),
                size_unit="cm",
            ),
            "13.00",
        ),
        # nobody knows the size of what was billed by volume
        ("20", "02", PackageMeasures(weight=Decimal(4), weight_unit="lb"), None),
        # a unit that nobody knows
        ("20", "", PackageMeasures(weight=Decimal(4), weight_unit="stone"), None),
        # by weight: 16 of 20 lb of 20.00
        ("20", "01", PackageMeasures(weight=Decimal(4), weight_unit="lb"), "16.00"),
        # a size and no weight
        ("20", "02", PackageMeasures(size=(Decimal(1), Decimal(1), Decimal(1)), size_unit="in"), None),
    ],
)
def test_what_is_billed_is_held_against_what_the_warehouse_measured(
    billed: str, kind: str, package: PackageMeasures, amount: str | None, tmp_path: Path
):
    # the shipper entered 20 lb, so that the row itself is right
    row = ups(GROUND, "20.00", **weighed("20", billed, kind))
    findings = told(judged("ups", [row], tmp_path, divisor="139", package=package))
    assert findings == ([("billed_over_measured", amount)] if amount else [])


def test_a_parcel_is_asked_for_once_however_many_rules_find_it(tmp_path: Path):
    # 10.00 twice, 20 lb where 10 were weighed: 10.00 for the second, half of the first
    rows = [ups(GROUND, "10.00", **weighed("10", "20")), ups(GROUND, "10.00", **weighed("10", "20"))]
    assert told(judged("ups", rows, tmp_path)) == [
        ("duplicate_charge", "10.00"),
        ("overbilled_weight", "5.00"),
    ]
    both = judged("ups", rows[:1], tmp_path, package=MEASURED, divisor="139")
    # 13 of 20 lb by the warehouse, of which 10 of 20 stand in the row: no more than the whole price together
    assert sum(finding.amount for finding in both) <= Decimal("10.00")


SIZES_OF_NOTHING = ("0x0x0", "20x0x10", "x x", "1x1", "abc")


@pytest.mark.parametrize("size", SIZES_OF_NOTHING)
def test_a_size_of_nothing_is_no_size(size: str, tmp_path: Path):
    row = ups(GROUND, "20.00", **weighed("10", "20", "02", size))
    assert told(judged("ups", [row], tmp_path, divisor="139")) == []


def test_what_is_to_be_claimed_is_not_told_as_avoidable_too(tmp_path: Path):
    row = ups("Address Correction Ground", "18.50", "FRT", "ADJ/ADC", Invoice_Number="INV2")
    findings = judged("ups", [ups(GROUND, "9.00"), row, row], tmp_path)
    assert told(findings) == [("address_correction", "18.50"), ("duplicate_charge", "18.50")]


def in_kg(cells: dict[str, str]) -> dict[str, str]:
    """Weights in kilograms."""
    return {name: "KG" if cell == "LB" else cell for name, cell in cells.items()}


@pytest.mark.parametrize(
    ("entered", "billed"), [("20.2", "21"), ("25.3", "26"), ("19.6", "20"), ("3.1", "3.5")]
)
def test_kilograms_are_rounded_up_to_whole_ones_above_twenty(tmp_path: Path, entered: str, billed: str):
    row = ups("Express", "50.00") | in_kg(weighed(entered, billed))
    assert judged("ups", [row], tmp_path) == []


def test_a_large_package_is_billed_for_forty_kilograms(tmp_path: Path):
    row = ups("Standard", "50.00") | in_kg(weighed("20", "40", "03"))
    large = ups("Large Package Surcharge", "60.00", "ACC")
    assert judged("ups", [row, large], tmp_path) == []
    assert told(judged("ups", [row], tmp_path)) == [("overbilled_weight", "25.00")]


def test_a_parcel_of_the_last_day_there_is_does_not_stop_the_others(tmp_path: Path):
    row = fedex(
        [("Transportation Charge", "30.00")], Service_Type="FedEx Priority Overnight",
        Shipment_Date="31-DEC-9999", POD_Delivery_Date="31-DEC-9999",
    )  # fmt: skip
    assert judged("fedex", [row], tmp_path) == []
