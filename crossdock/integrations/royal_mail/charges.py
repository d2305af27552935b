"""What Royal Mail charges for, in the words of all carriers: its lines are whole products."""

from crossdock.invoices.charges import ChargeVocabulary
from crossdock.invoices.claim_desks import ClaimDesk

CHARGES = ChargeVocabulary(
    words=((r"returns?\b|\bRTS$", "return"),),
    otherwise="base",
    service=("Product Name", "product_name"),
)

CLAIMS = ClaimDesk("Royal Mail's business account team, before the direct debit. No deadline is published.")
