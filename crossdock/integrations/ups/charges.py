"""What UPS charges for, in the words of all carriers."""

from crossdock.invoices.charges import ChargeVocabulary

CHARGES = ChargeVocabulary(
    # ACC and MSC are whatever their label says.
    codes={
        "FRT": "base",
        "FSC": "fuel",
        "TAX": "duties_and_taxes",
        "GOV": "duties_and_taxes",
        "BRK": "duties_and_taxes",
    },
    words=(
        (r"fuel", "fuel"),
        (r"residential", "residential"),
        (r"delivery area|remote area|extended area", "delivery_area"),
        (r"address correction", "address_correction"),
        (r"large package|over maximum|oversize", "oversize"),
        (r"peak|demand surcharge", "peak"),
        (r"handling", "handling"),
        (r"return|undeliverable", "return"),
        (r"\bduty|\bduties|\btax|\bvat\b|brokerage|customs", "duties_and_taxes"),
        (r"discount|incentive|rebate", "discount"),
    ),
    service=("Original Service Description",),
    zone=("Zone",),
    billed_weight=("Billed Weight",),
    weight_unit=("Billed Weight Unit of Measure",),
    actual_weight=(
        ("Scale weight quantity", "Scale Weight Unit of Measure"),
        ("Entered Weight", "Entered Weight Unit of Measure"),
    ),
)
