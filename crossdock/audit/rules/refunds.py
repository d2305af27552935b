"""Refunds, and what each gives back: a charge or a part of it, several together, a re-rating. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import combinations

from crossdock.audit.findings import ZERO, Finding, finding_of, shown, total
from crossdock.audit.parcels import ParcelCharges
from crossdock.store.carriers.charges import ChargeRow

MOST_COMBINED = 10
"""Charges of which all combinations are tried."""
MOST_TOGETHER = 200
"""Charges among which those that a single refund gives back together are looked for."""
RE_RATED = ("charge_correction", "zone_adjustment", "residential_adjustment", "address_correction")
"""Reasons under which old charges are taken back and new ones made in one go."""

_WORDING = re.compile(
    r"\b(shipping charge correction|adjustment|correction|credit|refund|reversal)s?\b", re.IGNORECASE
)


@lru_cache(65536)
def plain_label(label: str) -> str:
    """A label without the words that carriers put around it when they correct a charge."""
    return " ".join(_WORDING.sub(" ", label).split()).casefold() or " ".join(label.split()).casefold()


_GIVES_BACK = re.compile(r"\b(credit|refund|reversal)s?\b", re.IGNORECASE)


@lru_cache(65536)
def gives_back(label: str) -> bool:
    """Check whether a label says refund: some files have refunds without a sign."""
    return _GIVES_BACK.search(label) is not None


@dataclass
class Refunds:
    """Refunds of a parcel: findings, and how much of each charge came back, by item id."""

    findings: list[Finding] = field(default_factory=list)
    given_back: dict[str, Decimal] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    """Refunds that a finding tells of, or that are a line of a re-rating."""

    def left(self, charge: ChargeRow) -> Decimal:
        """The cost of a charge after refunds."""
        if not self.given_back:
            return max(charge.amount, ZERO)
        return max(charge.amount - self.given_back.get(charge.item_id, ZERO), ZERO)

    def give_back(self, charges: Iterable[ChargeRow], amount: Decimal) -> None:
        """Note that an amount of these charges came back, the first ones first."""
        for charge in charges:
            part = min(self.left(charge), amount)
            self.given_back[charge.item_id] = self.given_back.get(charge.item_id, ZERO) + part
            amount -= part


@dataclass(frozen=True)
class _Match:
    charges: Sequence[ChargeRow]
    kind: str
    """whole, part, together."""


def refunds_of(parcel: ParcelCharges) -> Refunds:
    """All refunds of a parcel, journey by journey."""
    refunds = Refunds()
    if all(charge.amount >= 0 for charge in parcel.charges):
        return refunds
    for charges in parcel.journeys.values():
        _of_journey(charges, refunds, parcel)
    return refunds


def _of_journey(charges: Sequence[ChargeRow], refunds: Refunds, parcel: ParcelCharges) -> None:
    negative = [charge for charge in charges if charge.amount < 0 and charge.category != "discount"]
    if not negative:
        return
    _re_ratings(charges, refunds, parcel)
    waiting = [charge for charge in negative if charge.item_id not in refunds.settled]
    positive = [charge for charge in charges if charge.amount > 0]
    _one_by_one(waiting, positive, refunds)
    _whole_invoices(waiting, positive, refunds)
    _parts(waiting, positive, refunds)
    _unmatched(waiting, refunds)


def _re_ratings(charges: Sequence[ChargeRow], refunds: Refunds, parcel: ParcelCharges) -> None:
    """Charges taken back and made anew on one invoice for one reason: only the difference counts."""
    groups: dict[tuple[str, str], list[ChargeRow]] = {}
    for charge in charges:
        if charge.reason in RE_RATED:
            groups.setdefault((charge.invoice_id, charge.reason), []).append(charge)
    for (invoice_id, reason), group in groups.items():
        signs = {charge.amount > 0 for charge in group if charge.amount}
        if len(signs) < 2:
            continue
        refunds.settled |= {charge.item_id for charge in group if charge.amount < 0}
        difference = total(group)
        _take_back(group, charges, refunds)
        if difference < 0:
            refunds.findings.append(
                finding_of(
                    "re_rating", (*parcel.key, invoice_id, reason), -difference, group,
                    f"{parcel.number} was rated again and costs {-difference} less",
                )
            )  # fmt: skip


def _take_back(group: Sequence[ChargeRow], charges: Sequence[ChargeRow], refunds: Refunds) -> None:
    """Take the negative lines of a re-rating off the charges that they replace."""
    own = {charge.item_id for charge in group}
    originals = [charge for charge in charges if charge.amount > 0 and charge.item_id not in own]
    for line in group:
        if line.amount < 0:
            match = _equal(line, originals, refunds) or _similar(line, originals, refunds)
            if match is not None:
                refunds.give_back(match.charges, -line.amount)


def _one_by_one(waiting: Sequence[ChargeRow], positive: Sequence[ChargeRow], refunds: Refunds) -> None:
    """Give each refund the charges whose sum it is exactly."""
    for refund in waiting:
        match = _equal(refund, positive, refunds) or _together(refund, positive, refunds)
        if match is not None:
            _settle([refund], match, refunds)


def _equal(refund: ChargeRow, positive: Iterable[ChargeRow], refunds: Refunds) -> _Match | None:
    """One charge of the refund's amount: of its label, else of its category, else of any."""
    amount = -refund.amount
    equal = [charge for charge in positive if charge.amount == amount == refunds.left(charge)]
    same_label = [charge for charge in equal if charge.label == refund.label]
    like = same_label or _like(refund, equal) or equal
    return _Match(like[:1], "whole") if like else None


def _together(refund: ChargeRow, positive: Sequence[ChargeRow], refunds: Refunds) -> _Match | None:
    """Several charges whose sum the refund is: an invoice, a reason, freight with fuel, else any few."""
    amount = -refund.amount
    if len(positive) > MOST_TOGETHER:
        return None
    open_charges = [charge for charge in positive if refunds.left(charge) > 0]
    for group in _sets(open_charges):
        if sum(map(refunds.left, group), ZERO) == amount:
            return _Match(group, "together")
    if len(open_charges) <= MOST_COMBINED:
        for number in range(2, len(open_charges)):
            for some in combinations(open_charges, number):
                if sum(map(refunds.left, some), ZERO) == amount:
                    return _Match(some, "together")
    return None


def _sets(charges: Sequence[ChargeRow]) -> Iterator[list[ChargeRow]]:
    """The charges that are given back together as a rule."""
    invoices: dict[str, list[ChargeRow]] = {}
    reasons: dict[tuple[str, str], list[ChargeRow]] = {}
    for charge in charges:
        invoices.setdefault(charge.invoice_id, []).append(charge)
        reasons.setdefault((charge.invoice_id, charge.reason), []).append(charge)
    yield list(charges)
    yield from invoices.values()
    yield from reasons.values()
    for group in invoices.values():
        freight = [charge for charge in group if charge.category in ("base", "fuel")]
        if freight:
            yield freight


def _whole_invoices(waiting: Sequence[ChargeRow], positive: Sequence[ChargeRow], refunds: Refunds) -> None:
    """Match refunds of one invoice whose sum is what other charges come to: a cancelled shipment."""
    invoices: dict[str, list[ChargeRow]] = {}
    for refund in waiting:
        if refund.item_id not in refunds.settled:
            invoices.setdefault(refund.invoice_id, []).append(refund)
    for group in invoices.values():
        amount = -total(group)
        open_charges = [charge for charge in positive if refunds.left(charge) > 0]
        for charges in _sets(open_charges):
            if len(group) > 1 and sum(map(refunds.left, charges), ZERO) == amount:
                _settle(group, _Match(charges, "together"), refunds)
                break


def _parts(waiting: Sequence[ChargeRow], positive: Sequence[ChargeRow], refunds: Refunds) -> None:
    """Match refunds of a part of a charge, also several of one."""
    for refund in waiting:
        if refund.item_id in refunds.settled:
            continue
        match = _similar(refund, positive, refunds)
        if match is not None:
            _settle([refund], match, refunds)


def _similar(refund: ChargeRow, positive: Iterable[ChargeRow], refunds: Refunds) -> _Match | None:
    """A charge that the refund may be a part of: of its label, of its category, else the parcel's all."""
    amount = -refund.amount
    open_charges = [charge for charge in positive if refunds.left(charge) > 0]
    large = [charge for charge in open_charges if refunds.left(charge) >= amount]
    if like := _like(refund, large):
        return _Match(like[:1], "part")
    if open_charges and sum(map(refunds.left, open_charges), ZERO) >= amount:
        ordered = sorted(open_charges, key=lambda charge: charge.category != "base")
        return _Match(ordered, "part")
    return None


def _like(refund: ChargeRow, charges: Sequence[ChargeRow]) -> list[ChargeRow]:
    """Charges of the refund's label, else of its category."""
    label = plain_label(refund.label)
    same_label = [charge for charge in charges if plain_label(charge.label) == label]
    return same_label or [charge for charge in charges if charge.category == refund.category]


def _settle(group: Sequence[ChargeRow], match: _Match, refunds: Refunds) -> None:
    amount = -total(group)
    refunds.give_back(match.charges, amount)
    refunds.settled |= {refund.item_id for refund in group}
    left = sum(map(refunds.left, match.charges), ZERO)
    what = "gives back a part of" if match.kind == "part" else "gives back"
    labels = ", ".join(dict.fromkeys(charge.label or "a charge" for charge in match.charges[:3]))
    for refund in group:
        refunds.findings.append(
            finding_of(
                "matched_refund", (refund.item_id,), -refund.amount, [refund],
                f"{refund.label or 'a refund'} {what} {labels!r} of {refund.tracking_number}",
                refund=shown([refund])[0], originals=shown(match.charges), kind=match.kind, left=left,
            )
        )  # fmt: skip


def _unmatched(waiting: Sequence[ChargeRow], refunds: Refunds) -> None:
    for refund in waiting:
        if refund.item_id not in refunds.settled:
            refunds.settled.add(refund.item_id)
            refunds.findings.append(
                finding_of(
                    "unmatched_refund", (refund.item_id,), -refund.amount, [refund],
                    f"{refund.label or 'a refund'} is more than what is left of all charges of "
                    f"{refund.tracking_number}",
                    refund=shown([refund])[0], originals=[],
                )
            )  # fmt: skip
