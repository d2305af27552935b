"""The bodies about the audit of charges: findings, claims, settings, rate cards, costs: all extensions."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from crossdock.api.carrier.schemas import COUNT, NEXT
from crossdock.api.schemas import Body, Reply
from crossdock.audit.findings import Certainty, Direction
from crossdock.resources.common import Money, Timestamp
from crossdock.store.carriers.claims import ClaimState


class AuditClaimBody(Body, kw_only=True):
    """The state that a finding is to have, and what takes the place of the note and amount before."""

    state: ClaimState
    note: Annotated[str, Meta(max_length=2000)] = ""
    amount: Annotated[
        Money | None, Meta(description="What was claimed, or came back, in the finding's currency.")
    ] = None


class AuditClaim(Reply, kw_only=True):
    """What was done about a finding."""

    state: Annotated[
        ClaimState,
        Meta(
            description="open: nothing yet; disputed: claimed from the carrier; recovered: given back; "
            "refused: not given back; ignored: not worth a claim."
        ),
    ]
    note: str
    amount: Annotated[Money | None, Meta(description="What was claimed, or came back. Null: nobody said.")]
    changed_by: Annotated[str, Meta(description="The person, or the name of the key.")]
    changed_at: Timestamp


class AuditClaimItem(Reply, kw_only=True):
    data: AuditClaim


class FindingFile(Reply, kw_only=True):
    """A file that line items of a finding stand in."""

    file_id: str
    file_name: str


class ShipmentOrder(Reply, kw_only=True):
    """An order that a shipment belongs to."""

    connection_id: str
    integration_type: Literal["wms", "cart"]
    order_id: str
    order_number: str | None
    net_cost: Annotated[
        Money,
        Meta(
            description="Its share of the shipment's net cost: orders of one system that have the same "
            "tracking number share it equally, to the cent."
        ),
    ]


class AuditFinding(Reply, kw_only=True):
    """Something in what was charged to act on."""

    id: str
    rule: str
    direction: Annotated[
        Direction,
        Meta(
            description="recoverable: to be claimed; credited: came back already; avoidable: right, but need "
            "not have been; to_look_at: nobody can say without looking."
        ),
    ]
    certainty: Certainty
    amount: Annotated[Money, Meta(description="What it is about, in money: never below zero.")]
    currency: str | None
    tracking_number: str | None
    account_id: str | None
    invoice_id: str | None
    service: str | None
    zone: str | None
    charged_date: Annotated[Timestamp | None, Meta(description="When the parcel was sent, as rows say.")]
    invoice_date: Timestamp | None
    message: str
    details: Annotated[dict[str, Any], Meta(description="The evidence: `line_items`, sizes, measures.")]
    orders: Annotated[list[ShipmentOrder], Meta(description="The orders that the parcel was for.")]
    files: list[FindingFile]
    how_to_claim: Annotated[str | None, Meta(description="Null: there is nothing to claim.")]
    claim_until: Annotated[
        Timestamp | None, Meta(description="The last day on which the carrier takes it. Null: none is known.")
    ]
    part_of: Annotated[str | None, Meta(description="The finding that shows it together with others.")]
    found_at: Annotated[Timestamp, Meta(description="When it was found first.")]
    gone_at: Annotated[
        Timestamp | None,
        Meta(description="When an audit did not find it again; it stays for its claim. Null: it is found."),
    ]
    claim: Annotated[AuditClaim | None, Meta(description="Null: nobody has done anything about it.")]


class AuditFindingList(Reply, kw_only=True):
    data: list[AuditFinding]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]
    audited_at: Annotated[
        Timestamp | None,
        Meta(description="When the last audit that came to its end began. Null: none has."),
    ]


class AuditTotal(Reply, kw_only=True):
    """Findings added up. Members of a group count, the group does not: no cent is counted twice."""

    rule: str
    direction: Direction
    account_id: str | None
    month: Annotated[str | None, Meta(description="Of the charge: 2026-01. Null: not known.")]
    currency: str | None
    findings: int
    amount: Money


class AuditTotalList(Reply, kw_only=True):
    data: list[AuditTotal]
    total_count: int
    audited_at: Timestamp | None


class AccountSettings(Reply, kw_only=True):
    """What the charges of an account are judged by."""

    account_id: Annotated[str | None, Meta(description="Null: of all accounts that have none of their own.")]
    dim_divisor: Annotated[
        Money | None,
        Meta(description="What volumes are divided by, in the units of invoices. Null: as rows say or show."),
    ]
    spreads_costs: Annotated[
        bool,
        Meta(description="Costs without a tracking number are spread over the parcels of their invoice."),
    ]


class AuditSettingsList(Reply, kw_only=True):
    data: list[AccountSettings]


class AccountSettingsBody(Body, kw_only=True):
    """What the charges of an account are to be judged by."""

    account_id: Annotated[str, Meta(max_length=200)] | None = None
    dim_divisor: Money | None = None
    spreads_costs: bool = False


class AuditSettingsBody(Body, kw_only=True):
    """All settings, in place of those that there are."""

    settings: Annotated[list[AccountSettingsBody], Meta(max_length=1000)]


class RateCardInfo(Reply, kw_only=True):
    """A rate card that was uploaded."""

    account_id: Annotated[str | None, Meta(description="Null: of all accounts that have none of their own.")]
    name: str
    prices: int
    discounts: int
    uploaded_at: Timestamp


class RateCardItem(Reply, kw_only=True):
    data: RateCardInfo


class RateCardList(Reply, kw_only=True):
    data: list[RateCardInfo]


class RemovedRateCard(Reply, kw_only=True):
    account_id: str | None
    deleted: bool


class ListPrice(Reply, kw_only=True):
    """What an account usually pays for freight, as its own invoices show."""

    account_id: str | None
    service: str
    zone: str
    weight: Money
    weight_unit: str | None
    currency: str | None
    price: Money
    charges: Annotated[int, Meta(description="How many had this price.")]
    first_date: Timestamp | None
    last_date: Timestamp | None


class ListPriceList(Reply, kw_only=True):
    data: list[ListPrice]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]


class AccountCost(Reply, kw_only=True):
    """Charges of an invoice without a tracking number, by label."""

    account_id: str | None
    invoice_id: str | None
    charge_description: str | None
    charge_category: str
    currency: str | None
    charges: int
    net_cost: Money


class AccountCostList(Reply, kw_only=True):
    data: list[AccountCost]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]


class ShipmentCharge(Reply, kw_only=True):
    """One line item of a shipment."""

    invoice_line_item_id: str
    invoice_id: str | None
    charge_category: str
    charge_description: str | None
    net_cost: Money | None
    gross_cost: Money | None


class ShipmentCost(Reply, kw_only=True):
    """What the carrier charged for one tracking number in one currency, and whose order it was."""

    tracking_number: str
    currency: str | None
    net_cost: Money
    gross_cost: Money
    spread_cost: Annotated[
        Money | None,
        Meta(
            description="Its share of the costs without a tracking number on its invoices, by net cost. "
            "Null: the settings do not spread them."
        ),
    ]
    by_category: dict[str, Money]
    service: str | None
    zone: str | None
    billed_weight: Money | None
    actual_weight: Money | None
    weight_unit: str | None
    charges: list[ShipmentCharge]
    orders: Annotated[
        list[ShipmentOrder],
        Meta(description="Of the WMS and cart connections of the same customer; several ways to one order."),
    ]


class ShipmentCostList(Reply, kw_only=True):
    data: list[ShipmentCost]
    next_token: Annotated[str | None, NEXT]
    total_count: Annotated[int, COUNT]
