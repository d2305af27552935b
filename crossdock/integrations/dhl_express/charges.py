"""What DHL Express charges for, in the words of all carriers."""

from decimal import Decimal

from crossdock.invoices.charges import ChargeVocabulary
from crossdock.invoices.claim_desks import ClaimDesk

CHARGES = ChargeVocabulary(
    words=(
        (r"^weight charge$", "base"),
        (r"fuel", "fuel"),
        (r"residential", "residential"),
        (r"remote area|elevated risk|restricted destination", "delivery_area"),
        (r"address correction", "address_correction"),
        (r"over ?size|over ?weight|non[- ]conveyable|large|overlength", "oversize"),
        (r"peak|demand|emergency situation", "peak"),
        (r"handling|non stackable|dangerous|lithium", "handling"),
        (r"return", "return"),
        (r"dut(y|ies)|\btax|\bvat\b|customs|clearance|disbursement|bonded", "duties_and_taxes"),
        (r"discount", "discount"),
    ),
    service=("Product Name", "Product"),
    shipped_on=("Shipment Date",),
    invoiced_on=("Invoice Date",),
    billed_weight=("Weight (kg)",),
    unit="kg",
    actual_weight=(("DHL Scale Weight (B)", None), ("Cust Scale Weight (A)", None)),
    volume_weight=("DHL Vol Weight (W)", "Cust Vol Weight (V)"),
    # The flag names the weight that was billed, as the headers do: A and B were weighed, V and W computed.
    basis_columns=("Weight Flag",),
    basis={"A": "actual", "B": "actual", "V": "dimensional", "W": "dimensional"},
    pieces=("Pieces",),
    address=("Receivers Address 1", "Receivers City", "Receivers Postcode", "Receivers Country"),
    step={"kg": Decimal("0.5")},
    divisors={"kg": (Decimal(5000),)},
)

CLAIMS = ClaimDesk("DHL MyBill: the invoice or its line, Dispute. No deadline is published.")
