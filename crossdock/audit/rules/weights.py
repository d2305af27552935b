"""Weights and prices of freight: what a parcel may be billed for, and what the account pays. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crossdock.audit.findings import ZERO, Finding, finding_of, to_cent, total
from crossdock.audit.parcels import Knowledge, ParcelCharges
from crossdock.audit.rules.refunds import Refunds
from crossdock.audit.volume import BillableWeight, PackageMeasures, billable, size_in, volume_of, weight_in
from crossdock.invoices.charges import LENGTH_OF
from crossdock.store.carriers.charges import ChargeRow
from crossdock.store.carriers.measures import measures_of


@dataclass(frozen=True)
class Freight:
    """A base charge. paid: what it costs after discounts and refunds."""

    charge: ChargeRow
    paid: Decimal

    @property
    def share(self) -> Decimal:
        """The share of its price that is paid."""
        return self.paid / self.charge.amount

    def price_of(self, difference: Decimal) -> Decimal:
        """The money paid for a difference of its price, to the cent."""
        return to_cent(difference * self.share)


def freight_of(parcel: ParcelCharges, refunds: Refunds) -> list[Freight]:
    """The base charges of the way out that still cost something. Discounts are shared by price."""
    base = [charge for charge in parcel.outbound if charge.category == "base" and charge.amount > 0]
    discounts = total(charge for charge in parcel.outbound if charge.category == "discount")
    in_all = total(base)
    freight: list[Freight] = []
    for charge in base:
        discount = discounts if len(base) == 1 else discounts * charge.amount / in_all
        paid = refunds.left(charge) + discount
        if paid > 0:
            freight.append(Freight(charge, paid))
    return freight


def overbilled_weight(parcel: ParcelCharges, knowledge: Knowledge, freight: Freight) -> Iterator[Finding]:
    """Find freight billed for more than its own row, and the surcharges still charged, account for."""
    charge = freight.charge
    if not _is_weighed(charge):
        return
    allowed = _by_row(parcel, knowledge, charge, Decimal(charge.actual_weight or 0))
    if allowed is None or Decimal(charge.billed_weight or 0) <= allowed.weight:
        return
    amount, evidence = _overcharge(knowledge, freight, allowed)
    taken_back = _taken_back_minimum(parcel, knowledge, charge)
    if taken_back:
        evidence["minimum_of_surcharge_taken_back"] = taken_back
    if amount > 0:
        unit, billable_weight = charge.weight_unit or "", allowed.evidence["billable_weight"]
        yield finding_of(
            "overbilled_weight", (charge.item_id,), amount, [charge],
            f"billed for {_weight(charge.billed_weight)} {unit}; weight, size and surcharges come to "
            f"{billable_weight:f} {unit}",
            certainty="certain" if taken_back or evidence["amount_by"] == "price list" else "likely",
            claims=[charge], billed_weight=Decimal(charge.billed_weight or 0), **evidence,
        )  # fmt: skip


def _is_weighed(charge: ChargeRow) -> bool:
    """Check whether a row is a first billing that says both weights."""
    return not charge.reason and charge.billed_weight is not None and charge.actual_weight is not None


def lacks_size(freight: Freight, knowledge: Knowledge) -> bool:
    """Check whether freight was billed by volume, and its size or the divisor is unknown."""
    charge = freight.charge
    if not _is_weighed(charge):
        return False
    measures = measures_of(charge.measures)
    if measures.basis != "dimensional" or measures.volume_weight is not None:
        return False
    return measures.size is None or knowledge.divisors.of(charge, measures.divisor) is None


def _by_row(
    parcel: ParcelCharges, knowledge: Knowledge, charge: ChargeRow, actual: Decimal
) -> BillableWeight | None:
    """The weight that the row itself allows; None where it is dimensional and no size is known."""
    unit, measures = charge.weight_unit or "", measures_of(charge.measures)
    volume_weight, evidence = _volume_weight(knowledge, charge, measures.size, measures.size_unit)
    if measures.volume_weight is not None:
        volume_weight = max(measures.volume_weight, volume_weight or ZERO)
    may_be_volume = measures.basis == "dimensional" or (measures.basis is None and measures.size is not None)
    if volume_weight is None and may_be_volume:
        return None
    minimum = _minimum(parcel, knowledge, unit)
    allowed = billable(knowledge.vocabulary, unit, actual, volume_weight, minimum, measures.pieces)
    return BillableWeight(allowed.weight, {**allowed.evidence, **evidence})


def _volume_weight(
    knowledge: Knowledge, charge: ChargeRow, size: tuple[Decimal, ...] | None, size_unit: str | None
) -> tuple[Decimal | None, dict[str, Any]]:
    """The weight by volume in the unit of the billed one, and what it was computed from."""
    unit = charge.weight_unit or ""
    divisor = knowledge.divisors.of(charge, measures_of(charge.measures).divisor)
    sides = None if size is None else size_in(LENGTH_OF.get(unit, ""), size, size_unit)
    if sides is None or divisor is None:
        return None, {}
    evidence = {
        "size": list(size or ()), "size_unit": size_unit, "dim_divisor": divisor.value,
        "dim_divisor_from": divisor.source,
    }  # fmt: skip
    return volume_of(sides) / divisor.value, evidence


def _minimum(parcel: ParcelCharges, knowledge: Knowledge, unit: str) -> Decimal | None:
    """The largest minimum weight of the surcharges that are still charged."""
    minimums = [
        by_unit[unit]
        for category, by_unit in knowledge.vocabulary.minimums.items()
        if unit in by_unit and parcel.still_charged(category) > 0
    ]
    return max(minimums, default=None)


def _taken_back_minimum(parcel: ParcelCharges, knowledge: Knowledge, charge: ChargeRow) -> str | None:
    """The surcharge whose minimum the billed weight is, though it was taken back; None: there is none."""
    for category, by_unit in knowledge.vocabulary.minimums.items():
        if by_unit.get(charge.weight_unit or "") == Decimal(charge.billed_weight or 0):
            was = any(other.category == category and other.amount > 0 for other in parcel.outbound)
            if was and parcel.still_charged(category) <= 0:
                return category
    return None


def _overcharge(
    knowledge: Knowledge, freight: Freight, allowed: BillableWeight
) -> tuple[Decimal, dict[str, Any]]:
    """The cost of the surplus weight: by the account's own prices, else by its share of the weight."""
    charge, evidence = freight.charge, dict(allowed.evidence)
    usual = knowledge.prices.usual(charge, allowed.weight)
    if usual is not None:
        evidence |= {"amount_by": "price list", "price": usual.amount}
        return freight.price_of(max(charge.amount - usual.amount, ZERO)), evidence
    billed = Decimal(charge.billed_weight or 1)
    evidence["amount_by"] = "estimate"
    return freight.price_of(charge.amount * (billed - allowed.weight) / billed), evidence


def billed_over_measured(parcel: ParcelCharges, knowledge: Knowledge, freight: Freight) -> Iterator[Finding]:
    """Find freight billed for more than what the warehouse measured of the package comes to."""
    charge, package = freight.charge, parcel.package
    if package is None or charge.billed_weight is None or charge.reason:
        return
    allowed = _by_warehouse(parcel, package, knowledge, charge)
    if allowed is None or Decimal(charge.billed_weight) <= allowed.weight:
        return
    amount, evidence = _overcharge(knowledge, freight, allowed)
    if amount > 0:
        unit = charge.weight_unit or ""
        yield finding_of(
            "billed_over_measured", (charge.item_id,), amount, [charge],
            f"billed for {_weight(charge.billed_weight)} {unit}; what the warehouse measured comes to "
            f"{allowed.weight:f} {unit}",
            certainty="likely", claims=[charge], billed_weight=Decimal(charge.billed_weight),
            warehouse=package.evidence, **evidence,
        )  # fmt: skip


def _by_warehouse(
    parcel: ParcelCharges, package: PackageMeasures, knowledge: Knowledge, charge: ChargeRow
) -> BillableWeight | None:
    """The weight that the warehouse's measures allow; None where they do not say enough."""
    unit, measures = charge.weight_unit or "", measures_of(charge.measures)
    weight = None if package.weight is None else weight_in(unit, package.weight, package.weight_unit)
    if weight is None or measures.pieces > 1:
        return None
    source = package if package.size else measures
    volume_weight, evidence = _volume_weight(knowledge, charge, source.size, source.size_unit)
    if volume_weight is None and (source.size is not None or measures.basis == "dimensional"):
        return None
    allowed = billable(knowledge.vocabulary, unit, weight, volume_weight, _minimum(parcel, knowledge, unit))
    return BillableWeight(allowed.weight, allowed.evidence | evidence)


def above_rate_card(knowledge: Knowledge, freight: Freight) -> Iterator[Finding]:
    """Find freight that costs more after discounts than the rate card says."""
    charge = freight.charge
    if charge.reason:
        return
    agreed = knowledge.rate_cards.price_of(charge)
    if agreed is not None and freight.paid > agreed.amount:
        yield finding_of(
            "above_rate_card", (charge.item_id,), freight.paid - agreed.amount, [charge],
            f"{freight.paid:f} for {charge.service}, where the rate card says {agreed.amount:f}",
            claims=[charge], paid=freight.paid, agreed_price=agreed.amount, agreed_by=agreed.because,
        )  # fmt: skip


def price_deviation(knowledge: Knowledge, freight: Freight) -> Iterator[Finding]:
    """Find freight that is dearer than what the account paid for the same at that time."""
    charge = freight.charge
    if charge.reason:
        return
    usual = knowledge.prices.usual(charge)
    if usual is not None and charge.amount > usual.amount:
        amount = freight.price_of(charge.amount - usual.amount)
        weight = f"{_weight(charge.billed_weight)} {charge.weight_unit or ''}".strip()
        if amount > 0:
            yield finding_of(
                "price_deviation", (charge.item_id,), amount, [charge],
                f"{charge.amount:f} for {charge.service}, zone {charge.zone}, {weight}, "
                f"where {usual.charges} others cost {usual.amount:f}",
                certainty="likely", claims=[charge], usual_price=usual.amount, compared_with=usual.charges,
            )  # fmt: skip


def _weight(text: str | None) -> str:
    return "" if text is None else format(Decimal(text).normalize(), "f")
