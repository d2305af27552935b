"""Discounts that a minimum price takes away. Pure."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from crossdock.audit.findings import WIDE, ZERO, Finding, to_cent
from crossdock.store.carriers.charges import DiscountRow

ENOUGH_AT_MINIMUM, ENOUGH_GROSSES = 10, 3
"""A price is a minimum where so many charges have it, and nothing is cheaper, at so many list prices."""


def minimum_charges(rows: Iterable[DiscountRow]) -> Iterator[Finding]:
    """Of each account and service: what the discount of others would have saved at the minimum price."""
    groups: dict[tuple[str, str, str], list[DiscountRow]] = {}
    for row in rows:
        if Decimal(row.net) > 0 and Decimal(row.gross) > 0:
            groups.setdefault((row.account_id, row.service, row.currency), []).append(row)
    for key, group in groups.items():
        yield from _of_service(key, group)


def _of_service(key: tuple[str, str, str], rows: list[DiscountRow]) -> Iterator[Finding]:
    minimum = min(Decimal(row.net) for row in rows)
    at_minimum = [row for row in rows if Decimal(row.net) == minimum]
    if not _is_minimum(at_minimum):
        return
    share = _usual_discount([row for row in rows if Decimal(row.net) > minimum])
    lost = _lost(at_minimum, minimum, share)
    if lost > 0:
        yield _finding(key, at_minimum, minimum, share, lost)


def _is_minimum(rows: list[DiscountRow]) -> bool:
    number = sum(row.charges for row in rows)
    return number >= ENOUGH_AT_MINIMUM and len({Decimal(row.gross) for row in rows}) >= ENOUGH_GROSSES


def _finding(
    key: tuple[str, str, str], rows: list[DiscountRow], minimum: Decimal, share: Decimal, lost: Decimal
) -> Finding:
    account, service, currency = key
    number = sum(row.charges for row in rows)
    return Finding(
        "minimum_charge", key, lost, currency or None,
        f"{number} charges of {service or 'a service'} cost the minimum of {minimum:f}; at the usual "
        f"discount of {share * 100:.1f} % they would be {lost:f} less",
        "avoidable", certainty="possible", account_id=account or None, service=service or None,
        charged_on=max(row.last for row in rows),
        detail={"minimum": minimum, "charges": number, "usual_discount": share},
    )  # fmt: skip


def _lost(rows: list[DiscountRow], minimum: Decimal, share: Decimal) -> Decimal:
    """The money that a share of the list prices would have saved at the minimum price."""
    lost = [max(minimum - Decimal(row.gross) * (1 - share), ZERO) * row.charges for row in rows]
    return to_cent(sum(lost, ZERO))


def _usual_discount(rows: list[DiscountRow]) -> Decimal:
    """The share that most other charges are discounted by, to a thousandth; 0 where there are none."""
    counts: dict[Decimal, int] = {}
    for row in rows:
        share = (1 - Decimal(row.net) / Decimal(row.gross)).quantize(Decimal("0.001"), context=WIDE)
        counts[share] = counts.get(share, 0) + row.charges
    return max(counts, key=lambda share: (counts[share], share), default=ZERO)
