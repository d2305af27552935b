"""What the sandbox carriers charge for, in the words of all carriers, and what their rows state beside."""

from decimal import Decimal

from crossdock.invoices.charges import ChargeVocabulary, SizeColumns
from crossdock.invoices.claim_desks import ClaimDesk

CHARGES = ChargeVocabulary(
    codes={"FRT": "base", "FSC": "fuel"},
    words=(
        (r"^residential|^liftgate", "residential"),
        (r"^delivery area", "delivery_area"),
        (r"^address correction", "address_correction"),
        (r"^shipping charge correction", "correction"),
        (r"service charge", "account_fee"),
        (r"^handling", "handling"),
    ),
    reason_codes=("Charge Category Code", "Charge Category Detail Code"),
    reasons={"ADJ/SCC": "charge_correction", "ADJ/ADC": "address_correction"},
    service=("Original Service Description",),
    zone=("Zone",),
    billed_weight=("Billed Weight",),
    weight_unit=("Billed Weight Unit of Measure",),
    shipped_on=("Transaction Date",),
    invoiced_on=("Invoice Date",),
    actual_weight=(("Entered Weight", "Entered Weight Unit of Measure"),),
    basis_columns=("Billed Weight Type",),
    basis={"1": "actual", "2": "dimensional"},
    size=SizeColumns(("Package Dimensions",), "Package Dimension Unit Of Measure"),
    address=("Receiver Address Line 1", "Receiver City"),
    step={"lb": Decimal(1)},
    divisors={"lb": (Decimal(139),)},
)

CLAIMS = ClaimDesk(
    "The sandbox's carriers take no claims: a real carrier's way to claim stands here.", days=180
)
