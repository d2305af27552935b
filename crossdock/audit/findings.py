"""What an audit finds: a finding, what each rule means, and which way its money goes. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final, Literal, get_args

from crossdock.store.carriers.charges import ChargeRow

ZERO = Decimal(0)
CENT = Decimal("0.01")
WIDE = Context(prec=100)
"""For rounding: amounts of files may have more digits than a Decimal has by default."""
MOST_SHOWN = 100
"""Line items that a finding shows."""

Direction = Literal["recoverable", "credited", "avoidable", "to_look_at"]
"""To be claimed; come back already; right, but need not have been; nobody can say without looking."""
Certainty = Literal["certain", "likely", "possible"]
DIRECTIONS: Final[tuple[str, ...]] = get_args(Direction)
CERTAINTIES: Final[tuple[str, ...]] = get_args(Certainty)


@dataclass(frozen=True)
class Rule:
    """A rule, in a line. docs/carrier-audit.md defines it."""

    meaning: str
    direction: Direction
    """As a rule; a finding may say otherwise."""


RULES: Final[dict[str, Rule]] = {
    "duplicate_charge": Rule("The same charge more than once", "recoverable"),
    "overbilled_weight": Rule("Billed for more than weight, size and surcharges come to", "recoverable"),
    "billed_over_measured": Rule("Billed for more than the warehouse measured", "recoverable"),
    "above_rate_card": Rule("Dearer than the uploaded rate card", "recoverable"),
    "price_deviation": Rule("Dearer than the same parcels of the account at that time", "recoverable"),
    "fuel_percentage": Rule("More fuel surcharge than the week's percentage", "recoverable"),
    "late_delivery": Rule("Delivered later than the service promises", "to_look_at"),
    "charge_correction": Rule("Measured again by the carrier, and charged for it", "avoidable"),
    "address_correction": Rule("An address that the carrier had to correct", "avoidable"),
    "residential_adjustment": Rule("Told to be a home after the fact", "avoidable"),
    "returned_to_sender": Rule("Returned undelivered, with the way out lost", "avoidable"),
    "late_billing": Rule("Billed long after the parcel was sent", "to_look_at"),
    "billed_to_us": Rule("Sent by others at this account's expense", "to_look_at"),
    "account_fee": Rule("Fees of the account, with how to avoid them", "avoidable"),
    "minimum_charge": Rule("Discounts that a minimum price takes away", "avoidable"),
    "unexplained_adjustment": Rule("Adjusted without parcel or explanation", "to_look_at"),
    "charged_not_shipped": Rule("A parcel that no warehouse of the customer knows", "to_look_at"),
    "unusual_surcharge": Rule("Far above what this surcharge costs the account", "to_look_at"),
    "unreconciled_invoice": Rule("Line items that do not come to the invoice's total", "to_look_at"),
    "matched_refund": Rule("Given back, with what it gives back", "credited"),
    "unmatched_refund": Rule("Given back without a charge that it belongs to", "credited"),
    "re_rating": Rule("Charges replaced by others, for less in all", "credited"),
    "not_judged": Rule("A rule that lacks what it needs", "to_look_at"),
}


@dataclass(frozen=True)
class Finding:
    """An apparent error, or a cost to act on. key: what makes it the same finding in the next audit.

    amount: never below zero. claims: the item ids that the amount is a part of, where it can be claimed.
    """

    rule: str
    key: tuple[str, ...]
    amount: Decimal
    currency: str | None
    message: str
    direction: Direction
    certainty: Certainty = "certain"
    tracking_number: str | None = None
    account_id: str | None = None
    invoice_id: str | None = None
    charged_on: int = 0
    invoiced_on: int = 0
    service: str | None = None
    zone: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    """What it has in common with others that are shown as one; () where it stands alone."""


def finding_of(  # noqa: PLR0913
    rule: str,
    key: tuple[str, ...],
    amount: Decimal,
    charges: Sequence[ChargeRow],
    message: str,
    *,
    direction: Direction | None = None,
    certainty: Certainty = "certain",
    claims: Iterable[ChargeRow] = (),
    group: tuple[str, ...] = (),
    **detail: Any,
) -> Finding:
    """A finding about these charges, which are of one currency. Their last date is its own."""
    last = max(charges, key=lambda charge: (charge.invoiced_on, charge.charged_on))
    return Finding(
        rule, key, amount, charges[0].currency, message,
        direction=direction or RULES[rule].direction, certainty=certainty,
        tracking_number=charges[0].tracking_number or None,
        account_id=_common(charge.account_id for charge in charges),
        invoice_id=_common(charge.invoice_id for charge in charges),
        charged_on=shipped_on(charges), invoiced_on=last.invoiced_on or last.charged_on,
        service=last_text(charges, "service"), zone=last_text(charges, "zone"),
        detail={**detail, "line_items": shown(charges)},
        claims=tuple(charge.item_id for charge in claims), group=group,
    )  # fmt: skip


def _common(texts: Iterable[str]) -> str | None:
    """The text that all have; None where they differ, or have none."""
    distinct = set(texts)
    return (distinct.pop() or None) if len(distinct) == 1 else None


def shipped_on(charges: Iterable[ChargeRow]) -> int:
    """The first day that rows say a parcel was sent, else the first date of a charge, in seconds."""
    charges = list(charges)
    days = [charge.shipped_on for charge in charges if charge.shipped_on]
    return min(days or [charge.charged_on for charge in charges if charge.charged_on], default=0)


def in_order(charges: Iterable[ChargeRow]) -> list[ChargeRow]:
    """Charges by when they were billed and for when, the oldest first."""
    return sorted(charges, key=lambda charge: (charge.invoiced_on, charge.charged_on, charge.item_id))


def last_text(charges: Sequence[ChargeRow], name: str) -> str | None:
    """The text of the last freight row, else of the last row that has any."""
    ordered = in_order(charges)
    freight = [charge for charge in ordered if charge.category in ("base", "correction")]
    for charge in [*reversed(freight), *reversed(ordered)]:
        value: str | None = getattr(charge, name)
        if value is not None:
            return value
    return None


def shown(charges: Iterable[ChargeRow]) -> list[dict[str, Any]]:
    """The line items that a finding is about; of very many the first."""
    return [
        {
            "invoice_line_item_id": charge.item_id,
            "invoice_id": charge.invoice_id or None,
            "charge_description": charge.label or None,
            "net_cost": None if charge.net is None else charge.amount,
        }
        for charge, _ in zip(charges, range(MOST_SHOWN), strict=False)
    ]


def total(charges: Iterable[ChargeRow]) -> Decimal:
    """The sum of charges."""
    return sum((charge.amount for charge in charges), ZERO)


def to_cent(amount: Decimal) -> Decimal:
    """An amount rounded to the cent, half a cent up."""
    return amount.quantize(CENT, ROUND_HALF_UP, WIDE)


def capped(findings: Sequence[Finding], charges: Sequence[ChargeRow]) -> list[Finding]:
    """Findings of one parcel and currency, so that no cent counts twice, nor one that came back.

    What is to be claimed comes before what could be avoided, then what is most certain, then the largest. A
    line item gives no more than it cost, all of them no more than they cost in all. A finding of which
    nothing is left goes. What is only to be looked at has all of its amount.
    """
    left = {charge.item_id: max(charge.amount, ZERO) for charge in charges}
    remaining = max(total(charges), ZERO)
    kept: list[Finding] = []
    for finding in sorted(findings, key=_rank):
        if finding.direction not in CAPPED or not finding.claims:
            kept.append(finding)
            continue
        available = sum((left.get(item_id, ZERO) for item_id in finding.claims), ZERO)
        amount = min(finding.amount, available, remaining)
        if amount > 0:
            remaining -= amount
            _take(left, finding.claims, amount)
            kept.append(_with_amount(finding, amount))
    return kept


def _with_amount(finding: Finding, amount: Decimal) -> Finding:
    if amount == finding.amount:
        return finding
    return replace(finding, amount=amount, detail={**finding.detail, "amount_before_cap": finding.amount})


CAPPED = ("recoverable", "avoidable")


def _rank(finding: Finding) -> tuple[int, int, Decimal, str]:
    certainty = CERTAINTIES.index(finding.certainty)
    return DIRECTIONS.index(finding.direction), certainty, -finding.amount, finding.rule


def _take(left: dict[str, Decimal], claims: Iterable[str], amount: Decimal) -> None:
    for item_id in claims:
        part = min(left.get(item_id, ZERO), amount)
        left[item_id] = left.get(item_id, ZERO) - part
        amount -= part
