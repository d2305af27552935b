"""What Royal Mail charges for, in the words of all carriers: its lines are whole products."""

from crossdock.integrations.invoices.charges import Charges

CHARGES = Charges(
    words=((r"returns?\b|\bRTS$", "return"),),
    otherwise="base",
    service=("Product Name", "product_name"),
)
