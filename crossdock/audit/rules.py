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

from crossdock.store.audit import Charge

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
    """Something that looks wrong. key: what makes it the same finding in the next audit."""

    rule: str
    key: tuple[str, ...]
    amount: Decimal
    currency: str | None
    message: str
    tracking_number: str | None = None
    account_id: str | None = None
    invoice_id: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def of_parcel(charges: Sequence[Charge], *, was_shipped: bool | None) -> Iterator[Finding]:
    """What the charges of one tracking number show. was_shipped: None where nobody can know."""
    for currency, group in groupby(sorted(charges, key=_by_currency), key=lambda one: one.currency):
        found = list(group)
        yield from duplicates(found, currency)
        yield from refunds(found, currency)
        yield from overbilled_weight(found, currency)
        if was_shipped is False:
            yield from charged_not_shipped(found, currency)


def _by_currency(one: Charge) -> tuple[str, int, str]:
    return one.currency or "", one.charged_on, one.item_id


def net(one: Charge) -> Decimal:
    return ZERO if one.net is None else Decimal(one.net)


def total(charges: Iterable[Charge]) -> Decimal:
    return sum(map(net, charges), ZERO)


# Of one tracking number, in one currency


def duplicates(charges: Sequence[Charge], currency: str | None) -> Iterator[Finding]:
    """The same label more than once: all but the dearest, less what was given back of that label."""
    for label, same in _grouped(charges, lambda one: one.label):
        billed = [one for one in same if net(one) > 0]
        if len(billed) < 2 or not label:
            continue
        given_back = -total(one for one in same if net(one) < 0)
        amount = total(billed) - max(map(net, billed)) - given_back
        if amount > 0:
            yield _finding(
                "duplicate_charge", (charges[0].parcel, label, currency or ""), amount, currency,
                billed, f"{label!r} was charged {len(billed)} times for {charges[0].tracking_number}",
                label=label, line_items=_shown(same),
            )  # fmt: skip


def refunds(charges: Sequence[Charge], currency: str | None) -> Iterator[Finding]:
    """Each refund with what it gives back: the same amount of the same label, else of any, else all."""
    originals = [one for one in charges if net(one) > 0]
    for one in charges:
        if net(one) >= 0 or one.category == "discount":
            continue
        found = _original(one, originals)
        for each in found:
            originals.remove(each)
        about = "gives back a charge of" if found else "matches no charge of"
        yield _finding(
            "matched_refund" if found else "unmatched_refund", (one.item_id,), -net(one), currency, [one],
            f"{one.label or 'a refund'} {about} {one.tracking_number}",
            refund=_shown([one])[0], originals=_shown(found),
        )  # fmt: skip


def _original(refund: Charge, originals: Sequence[Charge]) -> list[Charge]:
    """The charges that a refund gives back; none if it matches none."""
    amount = -net(refund)
    equal = [one for one in originals if net(one) == amount]
    same = [one for one in equal if one.label == refund.label]
    if found := same or equal:
        return found[:1]
    for _, group in _grouped(originals, lambda one: one.invoice_id):
        if total(group) == amount:
            return group
    return []


def overbilled_weight(charges: Sequence[Charge], currency: str | None) -> Iterator[Finding]:
    """The share of the base price that is for weight above the actual one."""
    for one in charges:
        if one.category != "base" or net(one) <= 0 or not (one.billed_weight and one.actual_weight):
            continue
        billed, actual = Decimal(one.billed_weight), Decimal(one.actual_weight)
        over = billed - actual
        if over > OVER_LEAST and over > actual * OVER_SHARE:
            amount = (net(one) * over / billed).quantize(CENT, ROUND_HALF_UP)
            unit = one.weight_unit or ""
            yield _finding(
                "overbilled_weight", (one.item_id,), amount, currency, [one],
                f"billed for {billed} {unit}, weighed {actual} {unit}".replace("  ", " ").strip(),
                billed_weight=billed, actual_weight=actual, weight_unit=one.weight_unit,
                line_items=_shown([one]),
            )  # fmt: skip


def charged_not_shipped(charges: Sequence[Charge], currency: str | None) -> Iterator[Finding]:
    """A parcel that none of the customer's systems knows."""
    amount = total(charges)
    if amount > 0:
        yield _finding(
            "charged_not_shipped", (charges[0].parcel, currency or ""), amount, currency, charges,
            f"no connected system of this customer knows the tracking number {charges[0].tracking_number}",
            line_items=_shown(charges),
        )  # fmt: skip


# Of one account and label, in the order of their dates


class Usual:
    """What an account usually pays for a label, by the last charges of it."""

    def __init__(self) -> None:
        self._about: tuple[str, str, str | None] | None = None
        self._last: deque[Decimal] = deque()
        self._sorted: list[Decimal] = []

    def see(self, one: Charge) -> Iterator[Finding]:
        """Compares a charge with those before it. They come by label and account, the oldest first."""
        if one.category in NOT_SURCHARGES or not one.label or net(one) <= 0:
            return
        if self._about != (one.label, one.account_id, one.currency):
            self._about = (one.label, one.account_id, one.currency)
            self._last.clear()
            self._sorted.clear()
        if len(self._last) >= ENOUGH and net(one) > UNUSUAL_TIMES * self._median:
            usual = self._median
            yield _finding(
                "unusual_surcharge", (one.item_id,), net(one) - usual, one.currency, [one],
                f"{one.label!r} cost {net(one)}, usually {usual} on account {one.account_id or '(none)'}",
                usual=usual, compared_with=len(self._last), line_items=_shown([one]),
            )  # fmt: skip
        self._remember(net(one))

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


def _grouped(charges: Iterable[Charge], key: Callable[[Charge], str]) -> Iterator[tuple[str, list[Charge]]]:
    """In the order in which each key is met first."""
    found: dict[str, list[Charge]] = {}
    for one in charges:
        found.setdefault(key(one), []).append(one)
    yield from found.items()


def _finding(
    rule: str,
    key: tuple[str, ...],
    amount: Decimal,
    currency: str | None,
    charges: Sequence[Charge],
    message: str,
    **detail: Any,
) -> Finding:
    invoices = {one.invoice_id for one in charges}
    return Finding(
        rule, key, amount, currency, message,
        tracking_number=charges[0].tracking_number or None, account_id=charges[0].account_id or None,
        invoice_id=invoices.pop() or None if len(invoices) == 1 else None, detail=detail,
    )  # fmt: skip


def _shown(charges: Iterable[Charge]) -> list[dict[str, Any]]:
    """The line items that a finding is about; of very many the first."""
    return [
        {
            "invoice_line_item_id": one.item_id,
            "invoice_id": one.invoice_id or None,
            "charge_description": one.label or None,
            "net_cost": None if one.net is None else Decimal(one.net),
        }
        for one, _ in zip(charges, range(100), strict=False)
    ]
