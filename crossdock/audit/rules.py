"""What looks wrong in what was charged: one function a rule. Pure; docs/carrier-audit.md defines each.

    of one tracking number    duplicates · refunds · overbilled_weight · charged_not_shipped
    of one account and label  Usual, which sees its charges in the order of their dates
    of one invoice            unreconciled

Amounts are decimal throughout, never below zero, and of one currency each.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from typing import Any

from crossdock.store.carriers.audit import ChargeRow

ZERO = Decimal(0)
CENT = Decimal("0.01")

OVER_SHARE, OVER_LEAST = Decimal("0.10"), Decimal("0.5")
"""A billed weight is over when it is above the actual by more than both: a share of it, and so much."""

HISTORY, ENOUGH, UNUSUAL_TIMES = 500, 20, 3
"""A surcharge is compared with the median of up to so many charges before it, of no fewer than so many, and
is unusual above so many times that."""

NOT_SURCHARGES = ("base", "fuel", "duties_and_taxes", "discount")
"""What grows with the parcel, or is no price of the carrier's."""

RULES = (
    "duplicate_charge",
    "matched_refund",
    "unmatched_refund",
    "overbilled_weight",
    "charged_not_shipped",
    "unusual_surcharge",
    "unreconciled_invoice",
)


@dataclass(frozen=True)
class Finding:
    """An apparent error in what was charged. key: what makes it the same finding in the next audit."""

    rule: str
    key: tuple[str, ...]
    amount: Decimal
    currency: str | None
    message: str
    tracking_number: str | None = None
    account_id: str | None = None
    invoice_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def of_parcel(charges: Sequence[ChargeRow], *, was_shipped: bool | None) -> Iterator[Finding]:
    """The findings of one tracking number's charges. was_shipped: None where nobody can know."""
    for currency, group in groupby(sorted(charges, key=_by_currency), key=lambda charge: charge.currency):
        groups = list(group)
        yield from duplicates(groups, currency)
        yield from refunds(groups, currency)
        yield from overbilled_weight(groups, currency)
        if was_shipped is False:
            yield from charged_not_shipped(groups, currency)


def _by_currency(charge: ChargeRow) -> tuple[str, int, str]:
    return charge.currency or "", charge.charged_on, charge.item_id


def net(charge: ChargeRow) -> Decimal:
    return ZERO if charge.net is None else Decimal(charge.net)


def total(charges: Iterable[ChargeRow]) -> Decimal:
    return sum(map(net, charges), ZERO)


# Of one tracking number, in one currency


def duplicates(charges: Sequence[ChargeRow], currency: str | None) -> Iterator[Finding]:
    """The same label more than once: all but the dearest, less what was given back of that label."""
    for label, same_charges in _grouped(charges, lambda charge: charge.label):
        billed = [charge for charge in same_charges if net(charge) > 0]
        if len(billed) < 2 or not label:
            continue
        given_back = -total(charge for charge in same_charges if net(charge) < 0)
        amount = total(billed) - max(map(net, billed)) - given_back
        if amount > 0:
            yield _finding(
                "duplicate_charge", (charges[0].parcel, label, currency or ""), amount, currency,
                billed, f"{label!r} was charged {len(billed)} times for {charges[0].tracking_number}",
                label=label, line_items=_shown(same_charges),
            )  # fmt: skip


def refunds(charges: Sequence[ChargeRow], currency: str | None) -> Iterator[Finding]:
    """Each refund with what it gives back: the same amount of the same label, else of any, else all."""
    originals = [charge for charge in charges if net(charge) > 0]
    for charge in charges:
        if net(charge) >= 0 or charge.category == "discount":
            continue
        found_charges = _original(charge, originals)
        for current_charge in found_charges:
            originals.remove(current_charge)
        about = "gives back a charge of" if found_charges else "matches no charge of"
        yield _finding(
            "matched_refund" if found_charges else "unmatched_refund",
            (charge.item_id,),
            -net(charge),
            currency,
            [charge],
            f"{charge.label or 'a refund'} {about} {charge.tracking_number}",
            refund=_shown([charge])[0],
            originals=_shown(found_charges),
        )


def _original(refund: ChargeRow, originals: Sequence[ChargeRow]) -> list[ChargeRow]:
    """The charges that a refund gives back; none if it matches none."""
    amount = -net(refund)
    equal = [charge for charge in originals if net(charge) == amount]
    same_charges = [charge for charge in equal if charge.label == refund.label]
    if charges := same_charges or equal:
        return charges[:1]
    for _, group in _grouped(originals, lambda charge: charge.invoice_id):
        if total(group) == amount:
            return group
    return []


def overbilled_weight(charges: Sequence[ChargeRow], currency: str | None) -> Iterator[Finding]:
    """The share of the base price that is for weight above the actual one."""
    for charge in charges:
        if (
            charge.category != "base"
            or net(charge) <= 0
            or not (charge.billed_weight and charge.actual_weight)
        ):
            continue
        billed, actual = Decimal(charge.billed_weight), Decimal(charge.actual_weight)
        over = billed - actual
        if over > OVER_LEAST and over > actual * OVER_SHARE:
            amount = (net(charge) * over / billed).quantize(CENT, ROUND_HALF_UP)
            unit = charge.weight_unit or ""
            yield _finding(
                "overbilled_weight", (charge.item_id,), amount, currency, [charge],
                f"billed for {billed} {unit}, weighed {actual} {unit}".replace("  ", " ").strip(),
                billed_weight=billed, actual_weight=actual, weight_unit=charge.weight_unit,
                line_items=_shown([charge]),
            )  # fmt: skip


def charged_not_shipped(charges: Sequence[ChargeRow], currency: str | None) -> Iterator[Finding]:
    """A parcel that none of the customer's systems knows."""
    amount = total(charges)
    if amount > 0:
        yield _finding(
            "charged_not_shipped", (charges[0].parcel, currency or ""), amount, currency, charges,
            f"no connected system of this customer knows the tracking number {charges[0].tracking_number}",
            line_items=_shown(charges),
        )  # fmt: skip


# Of one account and label, in the order of their dates


class UsualCost:
    """The cost that an account usually pays for a label, by the last charges of it."""

    def __init__(self) -> None:
        self._about: tuple[str, str, str | None] | None = None
        self._last: deque[Decimal] = deque()
        self._sorted: list[Decimal] = []

    def see(self, charge: ChargeRow) -> Iterator[Finding]:
        """Compare a charge with those before it. They come by label and account, the oldest first."""
        if charge.category in NOT_SURCHARGES or not charge.label or net(charge) <= 0:
            return
        if self._about != (charge.label, charge.account_id, charge.currency):
            self._about = (charge.label, charge.account_id, charge.currency)
            self._last.clear()
            self._sorted.clear()
        if len(self._last) >= ENOUGH and net(charge) > UNUSUAL_TIMES * self._median:
            usual = self._median
            yield _finding(
                "unusual_surcharge",
                (charge.item_id,),
                net(charge) - usual,
                charge.currency,
                [charge],
                f"{charge.label!r} cost {net(charge)}, usually {usual} "
                f"on account {charge.account_id or '(none)'}",
                usual=usual,
                compared_with=len(self._last),
                line_items=_shown([charge]),
            )
        self._remember(net(charge))

    @property
    def _median(self) -> Decimal:
        middle = len(self._sorted) // 2
        if len(self._sorted) % 2:
            return self._sorted[middle]
        return (self._sorted[middle - 1] + self._sorted[middle]) / 2

    def _remember(self, amount: Decimal) -> None:
        self._last.append(amount)
        insort(self._sorted, amount)
        if len(self._last) > HISTORY:
            del self._sorted[bisect_left(self._sorted, self._last.popleft())]


# Of one invoice


def unreconciled(
    key: str, account_id: str, invoice_id: str, gap: Decimal | None, currency: str | None, file_id: str
) -> Finding:
    """An invoice whose line items are not what it says it comes to."""
    by = "by an unknown amount" if gap is None else f"by {abs(gap)}"
    return Finding(
        "unreconciled_invoice", (key,), abs(gap or ZERO), currency,
        f"the line items of invoice {invoice_id or '(none)'} miss its total {by}",
        account_id=account_id or None, invoice_id=invoice_id or None, detail={"gap": gap, "file_id": file_id},
    )  # fmt: skip


def _grouped(
    charges: Iterable[ChargeRow], key: Callable[[ChargeRow], str]
) -> Iterator[tuple[str, list[ChargeRow]]]:
    """In the order in which each key is met first."""
    mapping: dict[str, list[ChargeRow]] = {}
    for charge in charges:
        mapping.setdefault(key(charge), []).append(charge)
    yield from mapping.items()


def _finding(
    rule: str,
    key: tuple[str, ...],
    amount: Decimal,
    currency: str | None,
    charges: Sequence[ChargeRow],
    message: str,
    **detail: Any,
) -> Finding:
    invoices = {charge.invoice_id for charge in charges}
    return Finding(
        rule, key, amount, currency, message,
        tracking_number=charges[0].tracking_number or None, account_id=charges[0].account_id or None,
        invoice_id=invoices.pop() or None if len(invoices) == 1 else None, detail=detail,
    )  # fmt: skip


def _shown(charges: Iterable[ChargeRow]) -> list[dict[str, Any]]:
    """The line items that a finding is about; of very many the first."""
    return [
        {
            "invoice_line_item_id": charge.item_id,
            "invoice_id": charge.invoice_id or None,
            "charge_description": charge.label or None,
            "net_cost": None if charge.net is None else Decimal(charge.net),
        }
        for charge, _ in zip(charges, range(100), strict=False)
    ]
