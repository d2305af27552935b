"""What USPS charges for, in the words of all carriers. Its files know neither weights nor surcharges."""

from crossdock.invoices.charges import ChargeVocabulary

CHARGES = ChargeVocabulary(
    words=(
        (r"return", "return"),
        (r"label|shipping services file|postage|refund|adjustment", "base"),
    ),
    service=("Mail Class",),
)
