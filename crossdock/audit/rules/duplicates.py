"""Charges that come more than once. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from crossdock.audit.findings import ZERO, Finding, finding_of, to_cent, total
from crossdock.audit.parcels import ParcelCharges
from crossdock.audit.rules.refunds import Refunds, gives_back, plain_label
from crossdock.store.carriers.charges import ChargeRow


def duplicates(parcel: ParcelCharges, refunds: Refunds) -> Iterator[Finding]:
    """The same label more than once on one journey: all but the dearest, less what came back."""
    if len({plain_label(charge.label) for charge in parcel.charges}) == len(parcel.charges):
        return
    for journey, charges in parcel.journeys.items():
        groups = _by_label(charges)
        for (label, _), group in groups.items():
            if len(group) > 1 and group[0].category not in ("discount", "fuel"):
                yield from _surplus(parcel, (journey, label), group, refunds)
        yield from _fuel(parcel, journey, groups, refunds)


def _by_label(charges: Sequence[ChargeRow]) -> dict[tuple[str, bool], list[ChargeRow]]:
    """Charges above zero by their label, those that correct others apart."""
    groups: dict[tuple[str, bool], list[ChargeRow]] = {}
    for charge in charges:
        if charge.amount > 0 and charge.label and not gives_back(charge.label):
            corrects = charge.reason == "charge_correction"
            groups.setdefault((plain_label(charge.label), corrects), []).append(charge)
    return groups


def _fuel(
    parcel: ParcelCharges, journey: str, groups: dict[tuple[str, bool], list[ChargeRow]], refunds: Refunds
) -> Iterator[Finding]:
    """Fuel twice: of equal amounts, and the later with nothing new beside it that it could be of."""
    for (label, _), group in groups.items():
        if group[0].category != "fuel":
            continue
        by_amount: dict[Decimal, list[ChargeRow]] = {}
        for charge in group:
            by_amount.setdefault(charge.amount, []).append(charge)
        for equal in by_amount.values():
            first, *later = equal
            again = [charge for charge in later if not _is_of_something_new(charge, first, parcel)]
            if again:
                yield from _surplus(parcel, (journey, label), [first, *again], refunds)


def _is_of_something_new(fuel: ChargeRow, first: ChargeRow, parcel: ParcelCharges) -> bool:
    """Check whether its invoice has charges, other than fuel, that the first one's has not."""
    if fuel.invoice_id == first.invoice_id:
        return False
    there = {plain_label(charge.label) for charge in parcel.charges if charge.invoice_id == first.invoice_id}
    return any(
        plain_label(charge.label) not in there
        for charge in parcel.charges
        if charge.invoice_id == fuel.invoice_id and charge.category != "fuel" and charge.amount > 0
    )


def _surplus(
    parcel: ParcelCharges, key: tuple[str, str], group: Sequence[ChargeRow], refunds: Refunds
) -> Iterator[Finding]:
    left = {charge.item_id: _paid(charge, parcel, refunds) for charge in group}
    dearest = max(group, key=lambda charge: left[charge.item_id])
    amount = sum(left.values(), ZERO) - left[dearest.item_id]
    if amount > 0:
        label = group[0].label
        is_equal = len({charge.amount for charge in group}) == 1
        yield finding_of(
            "duplicate_charge", (*parcel.key, *key), amount, group,
            f"{label!r} was charged {len(group)} times for {parcel.number}",
            certainty="certain" if is_equal else "likely",
            claims=[charge for charge in group if charge is not dearest], label=label,
        )  # fmt: skip


def _paid(charge: ChargeRow, parcel: ParcelCharges, refunds: Refunds) -> Decimal:
    """The cost of a charge after refunds; of freight also after its share of its invoice's discounts."""
    left = refunds.left(charge)
    if charge.category != "base" or not left:
        return left
    of_invoice = [other for other in parcel.charges if other.invoice_id == charge.invoice_id]
    discounts = total(other for other in of_invoice if other.category == "discount")
    if not discounts:
        return left
    price = total(other for other in of_invoice if other.category == "base" and other.amount > 0)
    return max(to_cent(left + discounts * charge.amount / price), ZERO)
