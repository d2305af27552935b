"""Charges of an account as they come by label, account and date: fees, adjustments, what is unusual. Pure."""

import re
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from crossdock.audit.findings import MOST_SHOWN, ZERO, Finding, finding_of
from crossdock.store.carriers.charges import ChargeRow

HISTORY, ENOUGH, UNUSUAL_TIMES, UNUSUAL_LEAST = 500, 20, 3, Decimal(1)
"""A surcharge is compared with the median of up to so many charges before it, of no fewer than so many, and
is unusual above so many times that and so much more."""

NOT_SURCHARGES = (
    "base", "fuel", "duties_and_taxes", "discount", "correction", "account_fee", "adjustment",
)  # fmt: skip
"""What grows with the parcel, is no price of the carrier's, or has a rule of its own."""

AVOIDING = (
    (r"payment processing", "Ask the carrier which way of paying is free of this fee."),
    (r"service charge", "On-call or day-specific pickups, drop-off, or a waiver in the contract end it."),
    (r"late payment|late fee", "Pay within the terms, or let the carrier debit the account."),
    (
        r"missing pld",
        "Upload the manifest before parcels are delivered; look for the station that does not.",
    ),
    (r"audit fee", "Have weights and sizes right on the label: the fee depends on the average correction."),
    (r"rebill|chargeback|account number", "Check the account that pays before the label is made."),
    (r"invoice", "Have invoices sent electronically."),
    (r"check|wire", "Pay by direct debit."),
)
"""Regular expressions of labels, and how the fee is avoided."""
REPEATED = ("account_fee", "adjustment")
"""Categories that stand once on an invoice: equal freight without a number is of several parcels."""
_DATES = re.compile(r"\d[\d/.\-]*")


class _History:
    """The last charges of a label on an account, in one currency."""

    def __init__(self) -> None:
        self._last: deque[Decimal] = deque()
        self._sorted: list[Decimal] = []

    @property
    def number(self) -> int:
        """The charges that are kept."""
        return len(self._last)

    @property
    def median(self) -> Decimal:
        """Their median."""
        middle = len(self._sorted) // 2
        if len(self._sorted) % 2:
            return self._sorted[middle]
        return (self._sorted[middle - 1] + self._sorted[middle]) / 2

    def remember(self, amount: Decimal) -> None:
        """Add a charge; the oldest of many goes."""
        self._last.append(amount)
        insort(self._sorted, amount)
        if len(self._last) > HISTORY:
            del self._sorted[bisect_left(self._sorted, self._last.popleft())]


class UsualCost:
    """The cost that an account usually pays for a label, by the last charges of it."""

    def __init__(self) -> None:
        self._about: tuple[str, str] | None = None
        self._histories: dict[str | None, _History] = {}

    def see(self, charge: ChargeRow) -> Iterator[Finding]:
        """Compare a charge with those before it. They come by label and account, the oldest first."""
        if charge.category in NOT_SURCHARGES or charge.reason or not charge.label or charge.amount <= 0:
            return
        if self._about != (charge.label, charge.account_id):
            self._about = (charge.label, charge.account_id)
            self._histories.clear()
        history = self._histories.setdefault(charge.currency, _History())
        if history.number >= ENOUGH:
            usual = history.median
            if charge.amount > UNUSUAL_TIMES * usual and charge.amount - usual >= UNUSUAL_LEAST:
                yield finding_of(
                    "unusual_surcharge", (charge.item_id,), charge.amount - usual, [charge],
                    f"{charge.label!r} cost {charge.amount:f}, usually {usual:f} "
                    f"on account {charge.account_id or '(none)'}",
                    certainty="possible", usual=usual, compared_with=history.number,
                )  # fmt: skip
        history.remember(charge.amount)


@dataclass
class _Fees:
    """Fees of one label, account, currency and month."""

    amount: Decimal = ZERO
    number: int = 0
    shown: list[ChargeRow] = field(default_factory=list)
    """The first ones, and the last."""

    def add(self, charge: ChargeRow) -> None:
        """Add a fee; they come in no order of months."""
        self.amount += charge.amount
        self.number += 1
        if len(self.shown) > MOST_SHOWN:
            self.shown.pop()
        self.shown.append(charge)


class AccountCharges:
    """Charges without a parcel: fees month by month, adjustments, and what comes twice on one invoice."""

    def __init__(self) -> None:
        self._fees: dict[tuple[str, ...], _Fees] = {}
        self._same: list[ChargeRow] = []

    def see(self, charge: ChargeRow) -> Iterator[Finding]:
        """Take a charge in; they come by label, account and date."""
        if charge.parcel:
            return
        if charge.category == "account_fee":
            self._fees.setdefault(_fee_key(charge), _Fees()).add(charge)
        if charge.category == "adjustment" and charge.amount > 0:
            yield finding_of(
                "unexplained_adjustment", (charge.item_id,), charge.amount, [charge],
                f"{charge.label or 'an adjustment'} without a parcel or an explanation; ask what it is for",
            )  # fmt: skip
        yield from self._twice(charge)

    def end(self) -> Iterator[Finding]:
        """Findings that are left once all were seen."""
        for key, fees in self._fees.items():
            yield from _fees_of_month(key, fees)
        yield from self._surplus()

    def _twice(self, charge: ChargeRow) -> Iterator[Finding]:
        """Equal fees of one day on one invoice."""
        if self._same and _day_key(self._same[0]) != _day_key(charge):
            yield from self._surplus()
        if charge.amount > 0 and charge.label and charge.category in REPEATED:
            self._same.append(charge)

    def _surplus(self) -> Iterator[Finding]:
        groups: dict[tuple[tuple[str, ...], Decimal], list[ChargeRow]] = {}
        for charge in self._same:
            groups.setdefault((_same_key(charge), charge.amount), []).append(charge)
        self._same = []
        for (key, amount), equal in groups.items():
            if len(equal) > 1:
                yield finding_of(
                    "duplicate_charge", (*key, str(amount)), amount * (len(equal) - 1), equal,
                    f"{equal[0].label!r} was charged {len(equal)} times on one invoice",
                    certainty="likely", claims=equal[1:], label=equal[0].label,
                )  # fmt: skip


def _fee_key(charge: ChargeRow) -> tuple[str, ...]:
    label = " ".join(_DATES.sub(" ", charge.label).split())
    return label, charge.account_id, charge.currency or "", _month(charge)


def _fees_of_month(key: tuple[str, ...], fees: _Fees) -> Iterator[Finding]:
    if fees.amount > 0:
        first = fees.shown[0]
        yield finding_of(
            "account_fee", key, fees.amount, fees.shown,
            f"{first.label} of account {first.account_id or '(none)'}, {fees.number} in {_month(first)}",
            how_to_avoid=_how_to_avoid(first.label),
        )  # fmt: skip


def _day_key(charge: ChargeRow) -> tuple[str, str, int]:
    """What charges are sorted by."""
    return charge.label, charge.account_id, charge.charged_on


def _same_key(charge: ChargeRow) -> tuple[str, ...]:
    return (
        charge.label, charge.account_id, charge.currency or "", charge.invoice_id, str(charge.charged_on),
    )  # fmt: skip


def _month(charge: ChargeRow) -> str:
    seconds = charge.invoiced_on or charge.charged_on
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m}" if seconds else ""


def _how_to_avoid(label: str) -> str:
    for pattern, advice in AVOIDING:
        if re.search(pattern, label, re.IGNORECASE):
            return advice
    return "Ask the carrier what it is for, and whether the contract waives it."


# Of one invoice


def unreconciled(
    key: str, account_id: str, invoice_id: str, gap: Decimal | None, currency: str | None, file_id: str
) -> Finding:
    """An invoice whose line items are not what it says it comes to."""
    by = "by an unknown amount" if gap is None else f"by {abs(gap):f}"
    return Finding(
        "unreconciled_invoice", (key,), abs(gap or ZERO), currency,
        f"the line items of invoice {invoice_id or '(none)'} miss its total {by}", "to_look_at",
        account_id=account_id or None, invoice_id=invoice_id or None, detail={"gap": gap, "file_id": file_id},
    )  # fmt: skip
