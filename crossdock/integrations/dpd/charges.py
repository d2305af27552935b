"""What DPD charges for, in the words of all carriers: English, Dutch and German headers."""

from crossdock.invoices.charges import ChargeVocabulary

CHARGES = ChargeVocabulary(
    words=(
        (r"^base price$|^tarief$", "base"),
        (r"energy|fuel", "fuel"),
        (r"peak", "peak"),
        (r"return", "return"),
        (r"oversize|overweight", "oversize"),
        (r"customs|verzoll", "duties_and_taxes"),
    ),
    service=("Service",),
    zone=("Destination zone", "Bestemmingszone"),
    billed_weight=("Weight",),
    unit="kg",
)
