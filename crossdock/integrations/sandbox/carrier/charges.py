"""What the sandbox carriers charge for, in the words of all carriers."""

from crossdock.invoices.charges import ChargeVocabulary

CHARGES = ChargeVocabulary(
    codes={"FRT": "base", "FSC": "fuel"},
    words=(
        (r"^residential|^liftgate", "residential"),
        (r"^delivery area", "delivery_area"),
        (r"^address correction", "address_correction"),
        (r"^handling", "handling"),
    ),
    service=("Original Service Description",),
    billed_weight=("Billed Weight",),
    weight_unit=("Billed Weight Unit of Measure",),
    shipped_on=("Transaction Date",),
    invoiced_on=("Invoice Date",),
    actual_weight=(("Entered Weight", "Entered Weight Unit of Measure"),),
)
