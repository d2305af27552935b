"""What Royal Mail charges for, in the words of all carriers: its lines are whole products."""

from crossdock.invoices.charges import ChargeVocabulary

CHARGES = ChargeVocabulary(
    words=((r"returns?\b|\bRTS$", "return"),),
    otherwise="base",
    service=("Product Name", "product_name"),
)
