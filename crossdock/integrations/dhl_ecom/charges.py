"""What DHL eCommerce charges for, in the words of all carriers. Work-share is what presorting takes off."""

from crossdock.invoices.charges import ChargeVocabulary
from crossdock.invoices.claim_desks import ClaimDesk

CHARGES = ChargeVocabulary(
    words=(
        (r"^base freight", "base"),
        (r"work-share", "discount"),
        (r"fuel", "fuel"),
        (r"^return", "return"),
        (r"unassignable address", "address_correction"),
        (r"handling|irregular|non-automation|ORM-D", "handling"),
        (r"\b(GST|HST|PST|VAT|duties|tax)\b", "duties_and_taxes"),
    ),
    zone=("Pricing_Zone",),
    shipped_on=("PUDATE*",),
    volume_weight=("DIM_Weight",),
    billed_weight=("BILLWEIGHT",),
    weight_unit=("UOM_BillWgt",),
    actual_weight=(("ACTWeight", "UOM_ACTWeight"),),
)

CLAIMS = ClaimDesk("Your account manager at DHL eCommerce. No deadline is published.")
