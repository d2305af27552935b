"""What the audit tells, in hand-computed cents: docs/carrier-audit.md defines each rule."""

from decimal import Decimal
from typing import Any

import pytest

from crossdock.audit.rules import Finding, UsualCost, of_parcel, unreconciled
from crossdock.invoices.carriers import vocabulary_of
from crossdock.invoices.charges import CATEGORIES
from crossdock.kit.registry import integrations_of
from crossdock.store.carriers.audit import ChargeRow

DAY = 86_400


def charge(
    number: int, label: str, net: str | None, category: str = "base", day: int = 0, **extra_fields: Any
) -> ChargeRow:
    values: dict[str, Any] = {
        "item_id": f"i{number}", "account_id": "A1", "invoice_id": "INV1", "tracking_number": "1Z 1",
        "parcel": "1Z1", "label": label, "category": category, "gross": net, "net": net, "currency": "USD",
        "charged_on": day * DAY, "service": None, "zone": None, "billed_weight": None,
        "actual_weight": None, "weight_unit": "lb",
    }  # fmt: skip
    return ChargeRow(**values | extra_fields)


def found(*charges: ChargeRow, was_shipped: bool | None = True) -> list[tuple[str, str]]:
    """(rule, amount) of all findings."""
    return [(finding.rule, str(finding.amount)) for finding in of_parcel(charges, was_shipped=was_shipped)]


def one(*charges: ChargeRow, was_shipped: bool | None = True) -> Finding:
    [only] = of_parcel(charges, was_shipped=was_shipped)
    return only


# Duplicates


def test_the_same_label_twice_is_told_with_what_is_too_much():
    finding = one(charge(1, "Residential", "4.35"), charge(2, "Residential", "4.35"))
    assert (finding.rule, finding.amount, finding.currency) == ("duplicate_charge", Decimal("4.35"), "USD")
    assert [line_item["invoice_line_item_id"] for line_item in finding.detail["line_items"]] == ["i1", "i2"]


def test_a_duplicate_on_another_invoice_is_one_too():
    finding = one(charge(1, "Fuel", "1.10"), charge(2, "Fuel", "1.10", invoice_id="INV2"))
    assert finding.amount == Decimal("1.10")
    assert finding.invoice_id is None


def test_of_several_the_dearest_is_taken_as_due():
    # 3.00 + 2.50 + 3.00 less the dearest, 3.00
    assert found(*(charge(n, "Fuel", net) for n, net in enumerate(("3.00", "2.50", "3.00")))) == [
        ("duplicate_charge", "5.50")
    ]


def test_a_duplicate_that_was_given_back_is_none():
    charges = [charge(1, "Fuel", "3.00"), charge(2, "Fuel", "3.00"), charge(3, "Fuel", "-3.00")]
    assert found(*charges) == [("matched_refund", "3.00")]


def test_other_labels_other_currencies_and_amounts_of_nothing_are_no_duplicates():
    assert found(charge(1, "Fuel", "1.00"), charge(2, "Base", "1.00")) == []
    assert found(charge(1, "Fuel", "1.00"), charge(2, "Fuel", "1.00", currency="EUR")) == []
    assert found(charge(1, "Fuel", "0.00"), charge(2, "Fuel", None)) == []


# Refunds


def test_a_refund_is_matched_to_the_charge_of_its_label_and_amount():
    finding = one(charge(1, "Base", "9.99"), charge(2, "Fuel", "9.99"), charge(3, "Fuel", "-9.99"))
    assert (finding.rule, finding.amount) == ("matched_refund", Decimal("9.99"))
    assert [original["invoice_line_item_id"] for original in finding.detail["originals"]] == ["i2"]


def test_else_to_one_of_its_amount_else_to_all_of_an_invoice():
    by_amount = one(charge(1, "Base", "8.00"), charge(2, "Service Refund", "-8.00"))
    assert by_amount.rule == "matched_refund"
    whole_finding = one(
        charge(1, "Base", "8.00"), charge(2, "Fuel", "0.96"),
        charge(3, "Service Refund", "-8.96", invoice_id="INV2"),
    )  # fmt: skip
    assert whole_finding.rule == "matched_refund"
    assert len(whole_finding.detail["originals"]) == 2


def test_a_refund_that_gives_back_nothing_that_was_charged_is_told():
    finding = one(charge(1, "Base", "8.00"), charge(2, "Credit", "-5.00"))
    assert (finding.rule, finding.amount, finding.detail["originals"]) == (
        "unmatched_refund", Decimal("5.00"), [],
    )  # fmt: skip


def test_one_charge_is_given_back_once():
    charges = [charge(1, "Base", "8.00"), charge(2, "R", "-8.00"), charge(3, "R", "-8.00")]
    assert found(*charges) == [("matched_refund", "8.00"), ("unmatched_refund", "8.00")]


def test_a_discount_is_no_refund():
    assert found(charge(1, "Base", "8.00"), charge(2, "Earned Discount", "-2.00", "discount")) == []


# Weights


def test_weight_that_was_not_there_is_told_with_its_share_of_the_price():
    # 15 lb billed, 10 lb weighed: a third of 10.00 is 3.333…
    finding = one(charge(1, "Base", "10.00", billed_weight="15", actual_weight="10"))
    assert (finding.rule, finding.amount) == ("overbilled_weight", Decimal("3.33"))
    assert finding.message == "billed for 15 lb, weighed 10 lb"


def test_half_a_cent_is_rounded_up():
    # 5 of 20 lb of 0.10 is 0.025
    assert one(charge(1, "Base", "0.10", billed_weight="20", actual_weight="15")).amount == Decimal("0.03")


@pytest.mark.parametrize(
    ("billed", "actual"),
    [("10", "10"), ("11", "10"), ("1.5", "1"), ("9", "10"), (None, "10"), ("10", None)],
)
def test_what_is_within_a_tenth_or_half_a_unit_or_unknown_is_let_be(billed: str | None, actual: str | None):
    assert found(charge(1, "Base", "10.00", billed_weight=billed, actual_weight=actual)) == []


def test_only_the_base_price_goes_by_weight():
    assert found(charge(1, "Fuel", "10.00", "fuel", billed_weight="30", actual_weight="10")) == []


# Charged, not shipped


def test_a_parcel_that_nobody_knows_is_told_with_all_it_cost():
    charges = [charge(1, "Base", "8.00"), charge(2, "Fuel", "0.96")]
    assert found(*charges, was_shipped=False) == [("charged_not_shipped", "8.96")]
    assert found(*charges, was_shipped=True) == []
    assert found(*charges, was_shipped=None) == []


def test_a_parcel_that_was_given_back_in_full_is_not():
    charges = [charge(1, "Base", "8.00"), charge(2, "Base", "-8.00")]
    assert found(*charges, was_shipped=False) == [("matched_refund", "8.00")]


# Surcharges out of the ordinary


def seen(*charges: ChargeRow) -> list[tuple[str, str]]:
    usual = UsualCost()
    return [
        (finding.key[0], str(finding.amount))
        for current_charge in charges
        for finding in usual.see(current_charge)
    ]


def history(count: int, amount: str = "2.00", **extra_fields: Any) -> list[ChargeRow]:
    return [charge(n, "Handling", amount, "handling", day=n, **extra_fields) for n in range(count)]


def test_a_surcharge_above_three_times_the_usual_is_told_with_the_difference():
    assert seen(*history(20), charge(99, "Handling", "6.01", "handling")) == [("i99", "4.01")]
    assert seen(*history(20), charge(99, "Handling", "6.00", "handling")) == []


def test_the_usual_is_the_median_of_what_was_before():
    # Ten of 1.00 and ten of 2.00: 1.50
    before = [*history(10, "1.00"), *history(10, "2.00")]
    assert seen(*before, charge(99, "Handling", "4.60", "handling")) == [("i99", "3.10")]


def test_fewer_than_twenty_before_say_nothing():
    assert seen(*history(19), charge(99, "Handling", "60.00", "handling")) == []


def test_each_account_label_and_currency_has_a_usual_of_its_own():
    different: list[dict[str, Any]] = [{"account_id": "A2"}, {"currency": "EUR"}]
    for extra_entry in different:
        assert seen(*history(20), charge(99, "Handling", "60.00", "handling", **extra_entry)) == []


def test_base_fuel_taxes_and_discounts_are_no_surcharges():
    for category in ("base", "fuel", "duties_and_taxes", "discount"):
        before = [charge(n, "X", "2.00", category) for n in range(20)]
        assert seen(*before, charge(99, "X", "60.00", category)) == []


def test_only_the_last_five_hundred_are_remembered():
    usual = UsualCost()
    for current_charge in [*history(600, "1.00"), *history(600, "50.00")]:
        list(usual.see(current_charge))
    assert len(usual._last) == len(usual._sorted) == 500
    assert usual._median == Decimal("50.00")


# Invoices


def test_an_invoice_that_does_not_add_up_is_told_with_its_gap():
    finding = unreconciled("inv_1", "A1", "INV1", Decimal("-1.25"), "USD", "file_1")
    assert (finding.rule, finding.amount) == ("unreconciled_invoice", Decimal("1.25"))
    assert unreconciled("inv_1", "A1", "INV1", None, "USD", "file_1").amount == 0


# Vocabularies


@pytest.mark.parametrize("carrier", [integration.slug for integration in integrations_of("carrier")])
def test_every_carrier_says_what_its_charges_are(carrier: str):
    [integration] = [integration for integration in integrations_of("carrier") if integration.slug == carrier]
    charges = vocabulary_of(integration)
    assert charges.words, "it has a charges.py"
    assert {text for _, text in charges.words} | set(charges.codes.values()) <= set(CATEGORIES)
    assert charges.category("Something nobody has heard of", None) in ("other", "base")


@pytest.mark.parametrize(
    ("carrier", "label", "code", "category"),
    [
        ("ups", "Transportation Charges", "FRT", "base"),
        ("ups", "Fuel Surcharges", "FSC", "fuel"),
        ("ups", "Residential Surcharge", "ACC", "residential"),
        ("ups", "Delivery Area Surcharge - Extended", "ACC", "delivery_area"),
        ("ups", "Address Correction Ground", "ACC", "address_correction"),
        ("ups", "Large Package Surcharge", "ACC", "oversize"),
        ("ups", "Taxes", "TAX", "duties_and_taxes"),
        ("ups", "Accessorial Charges", "ACC", "other"),
        ("fedex", "Additional Handling Charge", None, "handling"),
        ("fedex", "Remote Area Surcharge", None, "delivery_area"),
        ("fedex", "Duty and Tax Forwarding Charge", None, "duties_and_taxes"),
        ("fedex", "Performance Pricing", None, "discount"),
        ("fedex", "Signature Service", None, "other"),
        ("usps", "Label Purchase", None, "base"),
        ("usps", "Carrier Pickup", None, "other"),
        ("dhl_express", "Weight Charge", None, "base"),
        ("dhl_express", "Duties & Taxes Advanced", "DE", "duties_and_taxes"),
        ("dhl_express", "Oversize Piece", "OS", "oversize"),
        ("dhl_express", "Remote Area Delivery", "RC", "delivery_area"),
        ("dhl_ecom", "Base freight", "ChargeRow", "base"),
        ("dhl_ecom", "Work-share drop-off", "ZZWS1PRI_Dropoff", "discount"),
        ("dhl_ecom", "VAT", "ZRM10_VAT_Tax", "duties_and_taxes"),
        ("dpd", "Energy surcharge", None, "fuel"),
        ("dpd", "Oversized/Overweight surcharge", None, "oversize"),
        ("dpd", "verzoll_gebuehr", None, "duties_and_taxes"),
        ("dpd", "mautpreis", None, "other"),
        ("royal_mail", "Tracked Small Tracked 24", "TSN", "base"),
        ("royal_mail", "Tracked Parcel Tracked Returns", "TPN", "return"),
    ],
)
def test_labels_of_all_carriers_are_told_in_the_same_words(
    carrier: str, label: str, code: str | None, category: str
):
    module = __import__(f"crossdock.integrations.{carrier}.charges", fromlist=["CHARGES"])
    assert module.CHARGES.category(label, code) == category


def test_weights_in_different_units_are_not_compared():
    from crossdock.integrations.ups.charges import CHARGES

    row = {"Billed Weight": "10", "Billed Weight Unit of Measure": "LB", "Entered Weight": "4.5"}
    assert CHARGES.facts("x", row | {"Entered Weight Unit of Measure": "KG"}).actual_weight is None
    same_charge_facts = CHARGES.facts("x", row | {"Entered Weight Unit of Measure": "lb", "Zone": " 5 "})
    assert (same_charge_facts.actual_weight, same_charge_facts.billed_weight, same_charge_facts.zone) == (
        Decimal("4.5"),
        Decimal("10"),
        "5",
    )
