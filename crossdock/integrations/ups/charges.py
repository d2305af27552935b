"""What UPS charges for, in the words of all carriers, and what its rows state beside."""

from decimal import Decimal

from crossdock.invoices.charges import ChargeVocabulary, SizeColumns
from crossdock.invoices.claim_desks import ClaimDesk

_FEES = (
    r"payment processing|service charge|late payment|\bfee\b.*(invoice|check|wire)|audit fee|chargeback|"
    r"rebill|missing.*account number|missing pld"
)

CHARGES = ChargeVocabulary(
    # ACC and MSC are whatever their label says. Of the class FRT is also what corrects or surcharges freight.
    codes={
        "FRT": "base",
        "FSC": "fuel",
        "TAX": "duties_and_taxes",
        "GOV": "duties_and_taxes",
        "BRK": "duties_and_taxes",
    },
    beats_code=(
        (r"fuel", "fuel"),
        (r"address correction", "address_correction"),
        (r"shipping charge correction", "correction"),
        (r"^residential (adjustment|surcharge)", "residential"),
        (r"^billing adjustment", "adjustment"),
        (_FEES, "account_fee"),
        (r"large package|over maximum", "oversize"),
        (r"additional handling", "handling"),
        (r"undeliverable|return to sender", "return"),
    ),
    words=(
        (r"fuel", "fuel"),
        (r"residential", "residential"),
        (r"delivery area|remote area|extended area", "delivery_area"),
        (r"address correction", "address_correction"),
        (r"shipping charge correction$", "correction"),
        (r"large package|over maximum|oversize", "oversize"),
        (r"peak|demand surcharge", "peak"),
        (_FEES, "account_fee"),
        (r"handling", "handling"),
        (r"return|undeliverable", "return"),
        (r"\bduty|\bduties|\btax|\bvat\b|brokerage|customs", "duties_and_taxes"),
        (r"discount|incentive|rebate", "discount"),
        (r"^billing adjustment", "adjustment"),
    ),
    reason_codes=("Charge Category Code", "Charge Category Detail Code"),
    reasons={
        "ADJ/SCC": "charge_correction",
        "ADJ/RADJ": "residential_adjustment",
        "ADJ/ADC": "address_correction",
        "ADJ/ZONE": "zone_adjustment",
        "ADJ/CLB": "late_billing",
        "ADJ/CADJ": "billing_adjustment",
        "ADJ/VOID": "void",
        "ADJ/DIN": "delivery_intercept",
        "RTN/RTS": "return_to_sender",
    },
    reason_words=(
        (r"shipping charge correction", "charge_correction"),
        (r"address correction", "address_correction"),
        (r"residential adjustment", "residential_adjustment"),
        (r"not previously billed", "late_billing"),
        (r"billing adjustment", "billing_adjustment"),
        (r"undeliverable", "return_to_sender"),
    ),
    service=("Original Service Description",),
    is_service_label=True,
    zone=("Zone",),
    shipped_on=("Shipment Date", "Transaction Date"),
    invoiced_on=("Invoice Date",),
    is_american=True,
    billed_weight=("Billed Weight",),
    weight_unit=("Billed Weight Unit of Measure",),
    actual_weight=(
        ("Scale weight quantity", "Scale Weight Unit of Measure"),
        ("Entered Weight", "Entered Weight Unit of Measure"),
    ),
    basis_columns=("Billed Weight Type",),
    basis={
        **dict.fromkeys(("1", "01", "6", "06", "8", "08"), "actual"),
        **dict.fromkeys(("2", "02", "7", "07", "9", "09", "10", "11", "22", "32"), "dimensional"),
        **dict.fromkeys(("3", "03", "25", "26", "27", "28"), "minimum"),
    },
    size=SizeColumns(("Package Dimensions",), "Package Dimension Unit Of Measure"),
    stated_size=SizeColumns(("Detail Keyed Dim",), "Detail Keyed Unit of Measure"),
    pieces=("Package Quantity",),
    payer_columns=("Bill Option Code",),
    payers={
        "F/C": "collect", "FC": "collect", "C/F": "collect", "T/P": "third_party", "TP": "third_party",
    },
    address=("Receiver Address Line 1", "Receiver City", "Receiver Postal", "Receiver Country"),
    # UPS Rate and Service Guide, "Additional Handling" and "Large Packages".
    minimums={
        "handling": {"lb": Decimal(40)},
        "oversize": {"lb": Decimal(90), "kg": Decimal(40)},
    },
    step={"lb": Decimal(1), "kg": Decimal("0.5")},
    divisors={
        "lb": (Decimal(139), Decimal(166)), "kg": (Decimal(5000),),
    },
)  # fmt: skip

CLAIMS = ClaimDesk(
    "UPS Billing Center, the charge, Dispute; or in writing with tracking number, ship date and reason.",
    days=180,
    source="https://www.ups.com/us/en/help-center/sri/bill-center-adjustment-dispute-support.page",
    by_rule=(("late_delivery", 15),),
)
