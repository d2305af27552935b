"""What FedEx charges for, in the words of all carriers. The labels are the same in all its layouts."""

from crossdock.invoices.charges import ChargeVocabulary

CHARGES = ChargeVocabulary(
    words=(
        (r"discount|performance pricing|earned|grace|bonus", "discount"),
        (r"fuel", "fuel"),
        (r"residential", "residential"),
        (r"delivery area|remote area|extended|out of (delivery|pickup) area", "delivery_area"),
        (r"address correction", "address_correction"),
        (r"oversize|unauthorized|maximum", "oversize"),
        (r"peak|demand", "peak"),
        (r"handling", "handling"),
        (r"return", "return"),
        (r"dut(y|ies)|\btax|\bvat\b|clearance|customs|disbursement", "duties_and_taxes"),
        (r"^transportation charge|freight|weight charge", "base"),
    ),
    service=("Service Type", "Service"),
    zone=("Zone Code",),
    billed_weight=("Rated Weight Amount",),
    weight_unit=("Rated Weight Units",),
    actual_weight=(("Actual Weight Amount", "Actual Weight Units"), ("Actual Weight", "Actual Weight Units")),
)
