"""What DHL Express charges for, in the words of all carriers."""

from crossdock.invoices.charges import ChargeVocabulary

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
    billed_weight=("Weight (kg)",),
    unit="kg",
    actual_weight=(("DHL Scale Weight (B)", None), ("Cust Scale Weight (A)", None)),
)
