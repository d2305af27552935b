"""What FedEx charges for, in the words of all carriers. The labels are the same in all its layouts."""

from decimal import Decimal

from crossdock.invoices.charges import ChargeVocabulary, SizeColumns
from crossdock.invoices.claim_desks import ClaimDesk

CHARGES = ChargeVocabulary(
    words=(
        (r"discount|performance pricing|earned|grace|bonus|volume incentive|rebate", "discount"),
        (r"fuel", "fuel"),
        (r"residential", "residential"),
        (r"delivery area|remote area|extended|out of (delivery|pickup) area|\bDAS\b", "delivery_area"),
        (r"address correction", "address_correction"),
        (r"weight (correction|adjustment)", "correction"),
        (r"oversize|unauthorized|maximum", "oversize"),
        (r"peak|demand", "peak"),
        (r"handling|\bAHS\b", "handling"),
        (r"return", "return"),
        (r"weekly service charge|late fee|rebill fee|payment processing", "account_fee"),
        (r"dut(y|ies)|\btax|\bvat\b|clearance|customs|disbursement", "duties_and_taxes"),
        (r"^transportation charge|freight|weight charge", "base"),
    ),
    reason_words=(
        (r"address correction", "address_correction"),
        (r"weight (correction|adjustment)", "charge_correction"),
    ),
    service=("Service Type", "Service"),
    zone=("Zone Code",),
    shipped_on=("Shipment Date", "Ship Date"),
    invoiced_on=("Invoice Date",),
    is_american=True,
    delivered_on=("POD Delivery Date", "POD Date"),
    billed_weight=("Rated Weight Amount",),
    weight_unit=("Rated Weight Units",),
    actual_weight=(("Actual Weight Amount", "Actual Weight Units"), ("Actual Weight", "Actual Weight Units")),
    size=SizeColumns(("Dim Length", "Dim Width", "Dim Height"), "Dim Unit"),
    divisor=("Dim Divisor",),
    pieces=("Number of Pieces",),
    address=(
        "Recipient Address Line 1",
        "Recipient City",
        "Recipient Zip Code",
        "Recipient Country/Territory",
    ),
    # FedEx Service Guide: Oversize, and Additional Handling for dimensions.
    minimums={
        "handling": {"lb": Decimal(40)},
        "oversize": {"lb": Decimal(90)},
    },
    step={"lb": Decimal(1), "kg": Decimal("0.5")},
    divisors={"lb": (Decimal(139),), "kg": (Decimal(5000),)},
    # Days in which time-definite services deliver; whether that is guaranteed now, FedEx's guide says.
    promised_days=(
        (r"first overnight|priority overnight|standard overnight", 1),
        (r"2 ?day", 2),
        (r"express saver", 3),
    ),
)

CLAIMS = ClaimDesk(
    "FedEx Billing Online: the shipment, Dispute, with type, reason and comment.",
    days=180,
    source="https://www.fedex.com/en-jp/new-customer/how-to-dispute-invoice-online.html",
    by_rule=(("late_delivery", 15),),
)
