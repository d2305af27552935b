"""Prices: of the account's own list, of a rate card, with fuel, at a minimum; and late deliveries."""

from pathlib import Path

import pytest

from crossdock.audit.rate_cards import read_rate_card
from crossdock.audit.rules.minimum import minimum_charges
from crossdock.errors import FileRefused
from crossdock.store.carriers.charges import DiscountRow
from tests.audit_rows import Cells, fedex, judged, told, ups, weighed

GROUND = "Ground Commercial"


def parcels(
    *nets: str, fuel: str | None = None, zone: str = "002", weight: str = "5", begin: int = 0
) -> list[Cells]:
    rows: list[Cells] = []
    for number, net in enumerate(nets, begin):
        rows.append(ups(GROUND, net, Tracking_Number=f"1Z{number:04}", **weighed(weight, weight, zone=zone)))
        if fuel is not None:
            rows.append(ups("Fuel Surcharge", fuel, "FSC", Tracking_Number=f"1Z{number:04}"))
    return rows


def of_rule(rule: str, *args: object, **more: object) -> list[tuple[str, str]]:
    return [one for one in told(judged(*args, **more)) if one[0] == rule]  # type: ignore[arg-type]


DEVIATIONS: dict[str, tuple[list[Cells], str | None]] = {
    "dearer than all others": (parcels(*["9.00"] * 9, "11.40"), "2.40"),
    "by a cent": (parcels(*["9.00"] * 9, "9.01"), "0.01"),
    "than five of six": (parcels(*["9.00"] * 5, "10.00"), "1.00"),
    "than most": (parcels(*["9.00"] * 12, "8.00", "15.00"), "6.00"),
    "at a weight that is not whole": (parcels(*["9.00"] * 8, "9.50", weight="5.5"), "0.50"),
    "cheaper": (parcels(*["9.00"] * 9, "8.00"), None),
    "in another zone": ([*parcels(*["9.00"] * 9), *parcels("11.40", zone="008", begin=50)], None),
    "at another weight": ([*parcels(*["9.00"] * 9), *parcels("11.40", weight="9", begin=50)], None),
    "where four are too few": (parcels(*["9.00"] * 4, "11.40"), None),
    "where no price is usual": (parcels(*["9.00"] * 6, *["10.00"] * 6), None),
    "without a zone": (parcels(*["9.00"] * 9, "11.40", zone=""), None),
}


@pytest.mark.parametrize("case", DEVIATIONS)
def test_freight_that_leaves_the_accounts_own_price_list(case: str, tmp_path: Path):
    rows, amount = DEVIATIONS[case]
    findings = of_rule("price_deviation", "ups", rows, tmp_path, prices=True)
    assert findings == ([("price_deviation", amount)] if amount else [])


def test_a_price_that_rose_for_all_is_no_deviation(tmp_path: Path):
    old = [row | {"Transaction Date": "2026-01-05"} for row in parcels(*["9.00"] * 9)]
    new = [row | {"Transaction Date": "2026-01-12"} for row in parcels(*["9.50"] * 9, begin=100)]
    assert of_rule("price_deviation", "ups", [*old, *new], tmp_path, prices=True) == []


CARD = """service,zone,weight,unit,currency,price
Ground Commercial,002,1,lb,USD,7.10
Ground Commercial,002,5,lb,USD,8.80
Ground Commercial,002,10,lb,USD,10.20
"""
DISCOUNTS = "service,discount_percent,minimum,currency\nGround Commercial,40,7.50,USD\n"
CARD_CASES: dict[str, tuple[str, list[Cells], str | None]] = {
    "dearer than the card": (CARD, parcels("9.00"), "0.20"),
    "at the next step of weight": (CARD, parcels("12.00", weight="6"), "1.80"),
    "with a step below one": (CARD, parcels("7.50", weight="0.5"), "0.40"),
    "less than the agreed discount": (DISCOUNTS, [ups(GROUND, "9.00", Incentive_Amount="3.00")], "1.50"),
    "a service in capitals": (CARD.replace("Ground", "GROUND"), parcels("9.00"), "0.20"),
    "without zones": ("service,weight,price\nGround Commercial,5,8.00\n", parcels("9.00"), "1.00"),
    "as agreed": (CARD, parcels("8.80"), None),
    "cheaper": (CARD, parcels("8.00"), None),
    "heavier than the card knows": (CARD, parcels("19.00", weight="11"), None),
    "another zone": (CARD, parcels("19.00", zone="008"), None),
    "another service": (CARD, [ups("2nd Day Air", "19.00", **weighed("5", "5"))], None),
    "at the agreed minimum": (DISCOUNTS, [ups(GROUND, "7.50", Incentive_Amount="1.00")], None),
    "with the agreed discount": (DISCOUNTS, [ups(GROUND, "9.00", Incentive_Amount="6.00")], None),
}


@pytest.mark.parametrize("case", CARD_CASES)
def test_freight_is_held_against_the_rate_card(case: str, tmp_path: Path):
    card, rows, amount = CARD_CASES[case]
    findings = of_rule("above_rate_card", "ups", rows, tmp_path, rate_card=card)
    assert findings == ([("above_rate_card", amount)] if amount else [])


BAD_CARDS = {
    "": "columns service,zone,weight,unit,currency,price",
    "a,b\n1,2\n": "this one has a,b",
    "service,weight,price\n,5,8\n": "row 2: service is blank",
    "service,weight,price\nGround,five,8\n": "row 2: weight is 'five', wanted a number such as 12.34",
    "service,weight,price\nGround,5,-8\n": "row 2: price is '-8', wanted a number such as 12.34, not",
    "service,weight,price\nGround,5,NaN\n": "row 2: price is 'NaN'",
    "service,weight,price\nGround,5,1e9999999\n": "row 2: price is '1e9999999'",
    "service,weight,price\nGround,5,8\nGround,5,9\n": "row 3: there are two prices",
    "service,weight,price\nGround,5\n": "row 2: price is ''",
    "service,discount_percent\nGround,140\n": "row 2: discount_percent is 140, which is above 100",
}


@pytest.mark.parametrize("text", BAD_CARDS)
def test_a_rate_card_that_does_not_fit_is_refused_by_row_and_column(text: str):
    with pytest.raises(FileRefused) as refused:
        read_rate_card(text)
    assert BAD_CARDS[text] in str(refused.value)


def test_a_rate_card_of_many_rows_is_refused_before_it_is_read():
    with pytest.raises(FileRefused, match="at most"):
        read_rate_card("service,weight,price\n" + "G,1,1\n" * 200_001)


FUEL: dict[str, tuple[list[Cells], str | None]] = {
    # 15 % of 10.00 is 1.50
    "more than the others": (
        [*parcels(*["10.00"] * 6, fuel="1.50"), *parcels("10.00", fuel="4.90", begin=50)],
        "3.40",
    ),
    "a little more": (
        [*parcels(*["10.00"] * 6, fuel="1.50"), *parcels("10.00", fuel="1.60", begin=50)],
        "0.10",
    ),
    "on dearer freight": (
        [*parcels(*["10.00"] * 6, fuel="1.50"), *parcels("40.00", fuel="9.00", begin=50)],
        "3.00",
    ),
    "with a surcharge, at most on both": (
        [
            *parcels(*["10.00"] * 6, fuel="1.50"),
            *parcels("10.00", fuel="3.50", begin=50),
            ups("Residential Surcharge", "10.00", "ACC", Tracking_Number="1Z0050"),
        ],
        "0.50",
    ),
    "of three kinds the median counts": (
        [
            *parcels(*["10.00"] * 2, fuel="1.40"),
            *parcels(*["10.00"] * 6, fuel="1.50", begin=20),
            *parcels("10.00", fuel="2.00", begin=50),
        ],
        "0.50",
    ),
    "the same for all": (parcels(*["10.00"] * 9, fuel="1.50"), None),
    "less": ([*parcels(*["10.00"] * 6, fuel="1.50"), *parcels("10.00", fuel="1.00", begin=50)], None),
    "four are too few to know": (
        [*parcels(*["10.00"] * 3, fuel="1.50"), *parcels("10.00", fuel="4.90", begin=50)],
        None,
    ),
    "within what rounding makes": (
        [*parcels(*["10.00"] * 6, fuel="1.50"), *parcels("10.10", fuel="1.53", begin=50)],
        None,
    ),
    "fuel also on a surcharge": (
        [
            *parcels(*["10.00"] * 6, fuel="1.50"),
            *parcels("10.00", fuel="2.10", begin=50),
            ups("Residential Surcharge", "4.00", "ACC", Tracking_Number="1Z0050"),
        ],
        None,
    ),
    "on freight that is claimed for its weight, with a surcharge": (
        [
            *parcels(*["10.00"] * 6, fuel="1.50"),
            ups("Ground", "10.00", Tracking_Number="1Z0050", **weighed("10", "15")),
            ups("Residential Surcharge", "4.00", "ACC", Tracking_Number="1Z0050"),
            ups("Fuel Surcharge", "2.10", "FSC", Tracking_Number="1Z0050"),
        ],
        None,
    ),
    "another week": (
        [
            *parcels(*["10.00"] * 6, fuel="1.50"),
            *(row | {"Invoice Date": "2026-02-14"} for row in parcels("10.00", fuel="4.90", begin=50)),
        ],
        None,
    ),
}


@pytest.mark.parametrize("case", FUEL)
def test_fuel_above_the_percentage_of_its_week(case: str, tmp_path: Path):
    rows, amount = FUEL[case]
    findings = of_rule("fuel_percentage", "ups", rows, tmp_path)
    assert findings == ([("fuel_percentage", amount)] if amount else [])


def discounts(*prices: tuple[str, str, int]) -> list[DiscountRow]:
    return [DiscountRow("A1", "Ground", "USD", net, gross, count, 0) for gross, net, count in prices]


MINIMUMS: dict[str, tuple[list[DiscountRow], str | None]] = {
    # 50 % of others; 8.00 - 5.00 and so on: 4 x 3.00 + 4 x 2.50 + 4 x 2.00
    "a minimum that three list prices meet": (
        discounts(("10", "8", 4), ("11", "8", 4), ("12", "8", 4), ("40", "20", 50)),
        "30.00",
    ),
    "with several discounts, that of most": (
        discounts(("10", "8", 4), ("11", "8", 4), ("12", "8", 4), ("40", "20", 50), ("50", "40", 3)),
        "30.00",
    ),
    "of very many": (
        discounts(("10", "8", 400), ("11", "8", 1), ("12", "8", 1), ("40", "20", 50)),
        "1204.50",
    ),
    "that saves cents": (
        discounts(("15.98", "8", 10), ("15.9", "8", 1), ("16", "8", 1), ("40", "20", 50)),
        "0.15",
    ),
    "below which nothing is": (
        discounts(("10", "8", 4), ("11", "8", 4), ("12", "8", 4), ("30", "15", 9)),
        "30.00",
    ),
    "one list price only": (discounts(("10", "8", 40), ("40", "20", 50)), None),
    "too few": (discounts(("10", "8", 1), ("11", "8", 1), ("12", "8", 1), ("40", "20", 50)), None),
    "where the discount would save nothing": (
        discounts(("16", "8", 4), ("16.1", "8", 4), ("16.2", "8", 4), ("40", "30", 50)),
        None,
    ),
    "without discounts": ([], None),
    "one price for all": (discounts(("10", "8", 12)), None),
}


@pytest.mark.parametrize("case", MINIMUMS)
def test_discounts_that_a_minimum_takes_away(case: str):
    rows, amount = MINIMUMS[case]
    assert told(minimum_charges(rows)) == ([("minimum_charge", amount)] if amount else [])


LATE: dict[str, tuple[str, str, str, bool]] = {
    # 20 January 2026 is a Tuesday
    "a day late": ("FedEx Priority Overnight", "20-JAN-2026", "22-JAN-2026", True),
    "over a weekend": ("FedEx Standard Overnight", "23-JAN-2026", "27-JAN-2026", True),
    "two days, delivered on the third": ("FedEx 2Day", "20-JAN-2026", "23-JAN-2026", True),
    "three days, delivered on the fourth": ("FedEx Express Saver", "20-JAN-2026", "26-JAN-2026", True),
    "after a holiday": ("FedEx First Overnight", "16-JAN-2026", "21-JAN-2026", True),
    "in time": ("FedEx Priority Overnight", "20-JAN-2026", "21-JAN-2026", False),
    "on the Monday after a Friday": ("FedEx Standard Overnight", "23-JAN-2026", "26-JAN-2026", False),
    "the day after a holiday": ("FedEx First Overnight", "16-JAN-2026", "20-JAN-2026", False),
    "early": ("FedEx Express Saver", "20-JAN-2026", "21-JAN-2026", False),
    "a service without a promise": ("FedEx Ground", "20-JAN-2026", "30-JAN-2026", False),
    "no delivery is known": ("FedEx Priority Overnight", "20-JAN-2026", "", False),
    "over Thanksgiving": ("FedEx Priority Overnight", "25-NOV-2026", "30-NOV-2026", False),
}


@pytest.mark.parametrize("case", LATE)
def test_late_deliveries_are_to_be_looked_at(case: str, tmp_path: Path):
    service, sent, delivered, is_late = LATE[case]
    row = fedex(
        [("Transportation Charge", "40.00"), ("Fuel Surcharge", "6.00")],
        **{"Service Type": service},
        Shipment_Date=sent,
        POD_Delivery_Date=delivered,
    )
    findings = [one for one in judged("fedex", [row], tmp_path) if one.rule == "late_delivery"]
    assert told(findings) == ([("late_delivery", "46.00")] if is_late else [])
    assert all(one.direction == "to_look_at" for one in findings)


def test_a_cell_of_the_price_list_is_of_its_account(tmp_path: Path):
    others = [row | {"Account Number": "A2"} for row in parcels(*["9.00"] * 9)]
    assert (
        of_rule("price_deviation", "ups", [*others, *parcels("11.40", begin=50)], tmp_path, prices=True) == []
    )


def test_half_a_cent_of_a_discounted_price_is_rounded_up(tmp_path: Path):
    row = ups("Ground", "5.03", Incentive_Amount="5.02")
    assert judged("ups", [row], tmp_path, rate_card="service,discount_percent\nGround,50\n") == []


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("service,discount_percent\nGround,10\nGround,20\n", "row 3: there are two discounts"),
        ("service,discount_percent\nGround,1E-999999\n", "row 2: discount_percent is '1E-999999'"),
        ("service,weight,price\nGround,1E-999999,1\n", "row 2: weight is '1E-999999'"),
    ],
)
def test_a_rate_card_that_nobody_can_mean_is_refused(card: str, message: str):
    with pytest.raises(FileRefused, match=message):
        read_rate_card(card)


def test_a_usual_price_is_one_however_its_numbers_are_written(tmp_path: Path):
    rows = [
        ups("Ground", net, Tracking_Number=f"1Z{net}{number}") | weighed("2", billed)
        for billed, net in (("2", "9.5"), ("2.0", "9.50"))
        for number in range(4)
    ]
    dear = ups("Ground", "12.00", Tracking_Number="1Z9") | weighed("2", "2")
    assert told(judged("ups", [*rows, dear], tmp_path, prices=True)) == [("price_deviation", "2.50")]


def test_amounts_of_thirty_digits_do_not_stop_an_audit():
    rows = [
        DiscountRow("A1", GROUND, "USD", "9" * net, f"{gross}{'0' * net}", 10, 1)
        for net, gross in ((29, 1), (29, 11), (29, 12), (30, 20))
    ]
    assert [finding.rule for finding in minimum_charges(rows)] == ["minimum_charge"]
