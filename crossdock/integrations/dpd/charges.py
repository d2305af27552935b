"""What DPD charges for, in the words of all carriers: English, Dutch and German headers."""

from decimal import Decimal

from crossdock.invoices.charges import ChargeVocabulary, SizeColumns
from crossdock.invoices.claim_desks import ClaimDesk

CHARGES = ChargeVocabulary(
    words=(
        (r"^base price$|^tarief$", "base"),
        (r"energy|fuel", "fuel"),
        (r"peak", "peak"),
        (r"return", "return"),
        (r"oversize|overweight", "oversize"),
        (r"customs|verzoll", "duties_and_taxes"),
    ),
    service=("Service", "Dienst"),
    zone=("Destination zone", "Bestemmingszone", "Zielgebiet"),
    shipped_on=("Shipment date", "Verzenddatum", "Versanddatum"),
    invoiced_on=("Invoice date", "Factuurdatum"),
    billed_weight=("Weight", "Gewicht"),
    unit="g",
    size=SizeColumns(("Length", "Width", "Height"), unit="cm"),
    step={"g": Decimal(1)},
)

CLAIMS = ClaimDesk("Your contact at DPD, as the invoice names it. No deadline is published.")
