"""What an invoice comes to while it is read, and the verdict on it at the end."""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.kit.files import Invoice, Statement

ZERO = Decimal(0)
NO_GAP = Decimal("0.00")
MOST_MISSES = 1000
"""Shipments of an invoice whose gaps are kept one by one."""


class RunningTotal(msgspec.Struct, gc=False, array_like=True):
    """The totals of what was read of one invoice so far. A text is the first one that was seen."""

    account: str | None = None
    currency: str | None = None
    date: str | None = None
    due_date: str | None = None
    stated: Decimal | None = None
    """What records say the whole invoice comes to."""
    several: str = ""
    """The names of the fields above of which another value was seen, each with a space."""
    net: Decimal = ZERO
    gross: Decimal = ZERO
    rows: int = 0
    items: int = 0
    errors: int = 0
    checks: int = 0
    failed: int = 0
    gap: Decimal = NO_GAP
    """Of the checks of its records."""
    counted: Decimal = ZERO
    """What is to come to the stated total."""
    has_parts: bool = False
    part_checks: int = 0
    part_failed: int = 0
    part_gap: Decimal = NO_GAP
    misses: dict[str, Decimal] | None = None
    """The gaps of its records, by shipment."""
    credit_row: int = 0
    """Where it says that it is a credit note; 0: nowhere."""
    has_negatives: bool = False

    def meet(self, name: str, value: Any) -> None:
        """Take the first value of a field, and note when there is another one."""
        known_getattr = getattr(self, name)
        if known_getattr is None:
            setattr(self, name, value)
        elif value is not None and value != known_getattr and not self.has_several(name):
            self.several += f"{name} "

    def has_several(self, name: str) -> bool:
        return f"{name} " in self.several

    def only(self, name: str) -> Any:
        """The value of a field; None when there are several."""
        return None if self.has_several(name) else getattr(self, name)

    @property
    def is_by_part(self) -> bool:
        """Check whether its records state a total each for a part of it."""
        return self.has_parts and self.has_several("stated")

    def check_part(self, part: "ShipmentPart") -> None:
        if part.stated is not None:
            self.part_checks += 1
            if part.has_several or part.stated != part.counted:
                self.part_failed += 1
                self.part_gap += part.stated - part.counted

    def miss(self, shipment: str, gap: Decimal) -> None:
        """Note that a record states so much more than its charges come to."""
        self.gap += gap
        misses = self.misses = self.misses or {}
        if shipment in misses or len(misses) < MOST_MISSES:
            misses[shipment] = misses.get(shipment, ZERO) + gap

    def whole_gap(self) -> Decimal | None:
        """The total that its records state as a whole, minus what it comes to. None: they state nothing."""
        return None if self.stated is None or self.is_by_part else self.stated - self.counted

    def verdict(self) -> tuple[int, int, Decimal]:
        """The checks, those that failed, and the gap: with the check of the whole, if there is one."""
        gap = self.whole_gap()
        if gap is None:
            return (
                self.checks + self.part_checks,
                self.failed + self.part_failed,
                self.gap + self.part_gap,
            )
        is_right = not gap and not self.has_several("stated")
        return self.checks + 1, self.failed + (not is_right), self.gap if is_right else gap

    def count_in(self, running_total: "RunningTotal") -> None:
        """Add what another invoice comes to."""
        self.net += running_total.net
        self.gross += running_total.gross
        self.items += running_total.items
        self.checks += running_total.checks
        self.failed += running_total.failed
        self.gap += running_total.gap

    def add(self, later: "RunningTotal") -> None:
        """Add what was read of the same invoice later on."""
        for name in ("account", "currency", "date", "due_date", "stated"):
            self.meet(name, getattr(later, name))
            if later.has_several(name) and not self.has_several(name):
                self.several += f"{name} "
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for shipment, gap in (later.misses or {}).items():
            self.miss(shipment, gap)
            self.gap -= gap
        self.has_parts |= later.has_parts
        self.has_negatives |= later.has_negatives
        self.credit_row = self.credit_row or later.credit_row


_ADDED = (
    "net", "gross", "rows", "items", "errors", "checks", "failed", "gap", "counted",
    "part_checks", "part_failed", "part_gap",
)  # fmt: skip
"""What adds up over an invoice that was written out in between."""


class ShipmentPart(msgspec.Struct, gc=False, array_like=True):
    """A part of an invoice: what records state for it, and what it comes to."""

    stated: Decimal | None = None
    has_several: bool = False
    counted: Decimal = ZERO

    def add(self, later: "ShipmentPart") -> None:
        self.state(later.stated, later.counted)
        self.has_several |= later.has_several

    def state(self, stated: Decimal | None, counted: Decimal) -> None:
        if stated is not None:
            self.has_several |= self.stated is not None and self.stated != stated
            self.stated = stated
        self.counted += counted


def invoice(key: str, running_total: RunningTotal, parts: dict[str, Decimal], *, is_split: bool) -> Invoice:
    """The invoice, summed up. parts: what is stated for each shipment."""
    checks, failed, gap = running_total.verdict()
    is_one = not running_total.has_several("currency")
    return Invoice(
        invoice_id=key or None,
        account_id=running_total.only("account"),
        invoice_date=running_total.only("date"),
        due_date=running_total.only("due_date"),
        currency=running_total.only("currency"),
        net=running_total.net if is_one else None,
        gross=running_total.gross if is_one else None,
        stated_total=running_total.only("stated"),
        reconciled=reconciled(checks, failed, running_total.errors),
        gap=gap if checks and is_one else None,
        rows=running_total.rows,
        line_items=running_total.items,
        errors=running_total.errors,
        statement=Statement(
            checks=running_total.checks,
            failed=running_total.failed,
            gap=running_total.gap,
            misses=running_total.misses or {},
            has_parts=running_total.has_parts,
            parts=dict(sorted(parts.items())),
            is_split=is_split,
        ),
    )


def reconciled(checks: int, failed: int, errors: int) -> bool | None:
    """Check whether all is right; None: there was nothing to check."""
    if errors or failed:
        return False
    return True if checks else None
