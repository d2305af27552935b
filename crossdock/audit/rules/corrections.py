"""Charges that carriers make after the fact, each for a reason that its row states. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from crossdock.audit.findings import ZERO, Finding, finding_of, shown, total
from crossdock.audit.parcels import Knowledge, ParcelCharges
from crossdock.audit.rules.refunds import Refunds
from crossdock.audit.volume import PackageMeasures, billable, size_in, volume_of, weight_in
from crossdock.invoices.charges import LENGTH_OF
from crossdock.store.carriers.charges import ChargeRow
from crossdock.store.carriers.measures import Measures, measures_of

LATE_DAYS = 90
DAY = 86_400


def corrections(parcel: ParcelCharges, knowledge: Knowledge, refunds: Refunds) -> Iterator[Finding]:
    """Findings about all that came on top of what was billed first."""
    if any(charge.reason or charge.category == "address_correction" for charge in parcel.charges):
        yield from _charge_correction(parcel, knowledge, refunds)
        yield from _address_correction(parcel, refunds)
        yield from _residential_adjustment(parcel, refunds)
        yield from _returned_to_sender(parcel, refunds)
    yield from _late_billing(parcel, refunds)
    yield from _billed_to_us(parcel, refunds)


def _positive(charges: Sequence[ChargeRow]) -> list[ChargeRow]:
    return [charge for charge in charges if charge.amount > 0]


def _of_reason(parcel: ParcelCharges, reason: str) -> list[ChargeRow]:
    return [charge for charge in parcel.charges if charge.reason == reason]


def _cost(charges: Sequence[ChargeRow], refunds: Refunds) -> Decimal:
    """The cost of charges after refunds, the lines of a re-rating taken together."""
    if not charges:
        return ZERO
    plain = [charge for charge in charges if charge.amount < 0 and charge.item_id in refunds.settled]
    matched = {finding.key[0] for finding in refunds.findings if finding.rule.endswith("matched_refund")}
    taken_off = total(charge for charge in plain if charge.item_id not in matched)
    return sum((refunds.left(charge) for charge in charges), ZERO) + taken_off


def _cost_with_discounts(charges: Sequence[ChargeRow], refunds: Refunds) -> Decimal:
    """The cost of charges after refunds and discounts."""
    cost = _cost([charge for charge in charges if charge.category != "discount"], refunds)
    return cost + total(charge for charge in charges if charge.category == "discount")


def _charge_correction(parcel: ParcelCharges, knowledge: Knowledge, refunds: Refunds) -> Iterator[Finding]:
    """Measured again: what it cost in all, with old and new weight and size."""
    charges = _of_reason(parcel, "charge_correction") + _of_reason(parcel, "zone_adjustment")
    amount = _cost(charges, refunds)
    if amount <= 0:
        return
    before, after = _before(parcel), _after(charges)
    evidence = _sizes(before, after)
    carton = _carton(before, after)
    contradicted = _contradicted(parcel, knowledge, before, after)
    yield finding_of(
        "charge_correction", parcel.key, amount, charges,
        f"corrected after the fact: {_words(before, after)}",
        direction="recoverable" if contradicted else "avoidable",
        certainty="likely" if contradicted else "certain",
        claims=_positive(charges),
        group=("carton", charges[0].account_id, *carton) if carton else (),
        **evidence, **contradicted,
    )  # fmt: skip


def _before(parcel: ParcelCharges) -> ChargeRow | None:
    """The first freight row of the parcel: as it was billed first."""
    rows = [charge for charge in parcel.outbound if charge.category == "base" and not charge.reason]
    return rows[0] if rows else None


def _after(charges: Sequence[ChargeRow]) -> ChargeRow:
    """The last row of the correction that has a weight, else the last."""
    weighed = [charge for charge in charges if charge.billed_weight and Decimal(charge.billed_weight)]
    return (weighed or list(charges))[-1]


def _sizes(before: ChargeRow | None, after: ChargeRow) -> dict[str, Any]:
    measures, unit = measures_of(after.measures), after.weight_unit
    old = NO_MEASURES if before is None else measures_of(before.measures)
    values: dict[str, Any] = {
        "weight_unit": unit,
        "billed_weight_before": None if before is None else _number(before.billed_weight),
        "billed_weight": _number(after.billed_weight),
        "stated_weight": _number(after.actual_weight or (before.actual_weight if before else None)),
        "size": _list(measures.size),
        # Of the two sizes of a row, sources differ over which is the shipper's: both are shown.
        "other_size": _list(measures.stated_size or old.size),
        "size_unit": measures.size_unit or old.size_unit,
    }
    return {name: value for name, value in values.items() if value is not None}


NO_MEASURES = Measures()


def _carton(before: ChargeRow | None, after: ChargeRow) -> tuple[str, ...]:
    """The mark of one wrong carton: the stated weight and the corrected size; () if unknown."""
    size = measures_of(after.measures).size
    stated = after.actual_weight or (before.actual_weight if before else None)
    if size is None or stated is None:
        return ()
    return (_plain(stated), after.weight_unit or "", " x ".join(_plain(str(side)) for side in size))


def _contradicted(
    parcel: ParcelCharges, knowledge: Knowledge, before: ChargeRow | None, after: ChargeRow
) -> dict[str, Any]:
    """The warehouse's measures, where they say that the first billing was right; {} where they do not."""
    package = parcel.package
    if package is None or before is None or before.billed_weight is None or after.billed_weight is None:
        return {}
    allowed, divisor = _measured(package, knowledge, after)
    if allowed is None or not allowed <= Decimal(before.billed_weight) < Decimal(after.billed_weight):
        return {}
    return {"warehouse": package.evidence, "billable_weight": allowed, "dim_divisor": divisor}


def _measured(
    package: PackageMeasures, knowledge: Knowledge, charge: ChargeRow
) -> tuple[Decimal | None, Decimal | None]:
    """The weight that the warehouse's measures allow, and the divisor; None where they do not say enough."""
    unit = charge.weight_unit or ""
    if package.size is None or package.weight is None:
        return None, None
    weight = weight_in(unit, package.weight, package.weight_unit)
    sides = size_in(LENGTH_OF.get(unit, ""), package.size, package.size_unit)
    divisor = knowledge.divisors.of(charge, measures_of(charge.measures).divisor)
    if weight is None or sides is None or divisor is None:
        return None, None
    allowed = billable(knowledge.vocabulary, unit, weight, volume_of(sides) / divisor.value, None)
    return allowed.weight, divisor.value


def _address_correction(parcel: ParcelCharges, refunds: Refunds) -> Iterator[Finding]:
    """Every charge for correcting the address, with its fuel."""
    charges = [
        charge for charge in parcel.charges
        if charge.reason == "address_correction" or charge.category == "address_correction"
    ]  # fmt: skip
    amount = _cost(charges, refunds)
    if amount > 0:
        address = next(
            (found for charge in charges if (found := measures_of(charge.measures).address) is not None), None
        )
        yield finding_of(
            "address_correction", parcel.key, amount, charges,
            f"the address of {parcel.number} had to be corrected",
            claims=_positive(charges), group=("address", charges[0].account_id, address) if address else (),
        )  # fmt: skip


def _residential_adjustment(parcel: ParcelCharges, refunds: Refunds) -> Iterator[Finding]:
    charges = _of_reason(parcel, "residential_adjustment")
    amount = _cost(charges, refunds)
    if amount > 0:
        yield finding_of(
            "residential_adjustment", parcel.key, amount, charges,
            f"{parcel.number} was sent as to a business and delivered to a home", claims=_positive(charges),
        )  # fmt: skip


def _returned_to_sender(parcel: ParcelCharges, refunds: Refunds) -> Iterator[Finding]:
    """The way back, with the way out that was for nothing."""
    charges = parcel.journeys.get("return_to_sender", [])
    amount = _cost(charges, refunds)
    if amount > 0:
        lost = _cost(parcel.outbound, refunds)
        yield finding_of(
            "returned_to_sender", parcel.key, amount, charges,
            f"{parcel.number} came back undelivered; the way out had cost {lost:f}",
            claims=_positive(charges), lost_outbound_cost=lost, outbound=shown(parcel.outbound),
        )  # fmt: skip


def _late_billing(parcel: ParcelCharges, refunds: Refunds) -> Iterator[Finding]:
    """Charges that were not billed in time, as the row says, or came months after the parcel was sent."""
    late = [charge for charge in parcel.charges if _is_late(charge)]
    if not late:
        return
    amount = _cost_with_discounts(late, refunds)
    if amount > 0:
        days = _days_after(late[0])
        labels = ", ".join(dict.fromkeys(charge.label for charge in late[:3]))
        after = "late" if days is None else f"{days} days after it was sent"
        yield finding_of(
            "late_billing", parcel.key, amount, late,
            f"{labels} of {parcel.number} was billed {after}",
            days_after=days,
        )  # fmt: skip


def _is_late(charge: ChargeRow) -> bool:
    days = _days_after(charge)
    return charge.reason == "late_billing" or (not charge.reason and days is not None and days > LATE_DAYS)


def _days_after(charge: ChargeRow) -> int | None:
    """The days between sending a parcel and billing it; None where a date is missing."""
    if not charge.shipped_on or not charge.invoiced_on:
        return None
    return (charge.invoiced_on - charge.shipped_on) // DAY


def _billed_to_us(parcel: ParcelCharges, refunds: Refunds) -> Iterator[Finding]:
    """Parcels that somebody else sent at this account's expense."""
    payers = {
        payer
        for charge in parcel.outbound
        if charge.measures and (payer := measures_of(charge.measures).payer)
    }
    if not payers:
        return
    amount = _cost_with_discounts(parcel.outbound, refunds)
    if amount > 0:
        payer = min(payers)
        words = "freight collect" if payer == "collect" else "as third party"
        yield finding_of(
            "billed_to_us", parcel.key, amount, parcel.outbound,
            f"{parcel.number} was billed to this account {words}",
            group=("payer", parcel.charges[0].account_id, payer), payer=payer,
        )  # fmt: skip


def _words(before: ChargeRow | None, after: ChargeRow) -> str:
    unit = after.weight_unit or ""
    new = _number(after.billed_weight)
    old = None if before is None else _number(before.billed_weight)
    size = measures_of(after.measures).size
    parts = []
    if new is not None and old is not None and old != new:
        parts.append(f"from {old.normalize():f} to {new.normalize():f} {unit}".strip())
    if size is not None:
        parts.append("measured as " + " x ".join(_plain(str(side)) for side in size))
    return ", ".join(parts) or (after.label or "no reason is stated")


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _list(size: tuple[Decimal, ...] | None) -> list[Decimal] | None:
    return None if size is None else list(size)


def _plain(text: str) -> str:
    return format(Decimal(text).normalize(), "f")
