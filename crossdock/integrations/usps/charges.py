"""What USPS charges for, in the words of all carriers. Its files know neither weights nor surcharges."""

from crossdock.invoices.charges import ChargeVocabulary
from crossdock.invoices.claim_desks import ClaimDesk

CHARGES = ChargeVocabulary(
    words=(
        (r"return", "return"),
        (r"label|shipping services file|postage|refund|adjustment", "base"),
    ),
    service=("Mail Class",),
)

CLAIMS = ClaimDesk(
    "The USPS dispute site for postage adjustments, one parcel at a time, with the dispute's number.",
    days=60,
    source="https://apvdisputes.usps.com",
)
